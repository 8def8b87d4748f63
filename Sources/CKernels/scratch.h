// Working memory of a thread.
#pragma once
#include <stdint.h>

#include "temper_kernels.h"

// 64-byte aligned room for `floats` floats, contents undefined. It is the calling thread's own and
// valid until the thread asks again; it is kept for the next call and freed with the thread.
// tk_room is another such room, for callers of kernels.
float *tk_scratch(int64_t floats);
