// The block kernels for AVX-512 with AMX, which multiplies tiles of bfloat16: product.amx.h.
#if defined(__x86_64__)
#include <math.h>
#include <stdint.h>
#include <string.h>
#pragma clang attribute push( \
    __attribute__((target( \
        "amx-tile,amx-bf16,avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,avx2,fma,f16c,bmi2"))), \
    apply_to = function)
#define TK_AVX512_BLOCKS 1
#define TK_VNNI_BLOCKS 1
#define TK_AMX_BLOCKS 1
#define TK_TABLE tk_table_amx
#include "blocks.inc"
#pragma clang attribute pop
#endif
