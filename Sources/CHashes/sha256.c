#include "temper_hashes.h"
