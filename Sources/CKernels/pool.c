#include "temper_kernels.h"
