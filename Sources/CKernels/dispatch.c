#include "dispatch.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

extern const tk_table tk_table_portable;
#if defined(__x86_64__)
extern const tk_table tk_table_avx2, tk_table_avx512, tk_table_avx512vnni;
#endif

static _Atomic int current = -1;

static int machine_has(tk_isa isa) {
  switch (isa) {
    case TK_PORTABLE: return 1;
#if defined(__x86_64__)
    case TK_AVX2: return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    case TK_AVX512:
      return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
             __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
    case TK_AVX512VNNI: return machine_has(TK_AVX512) && __builtin_cpu_supports("avx512vnni");
#endif
    default: return 0;
  }
}

static tk_isa widest(void) {
  const char *named = getenv("TEMPER_ISA");
  tk_isa limit = TK_AVX512VNNI;
  if (named != NULL && strcmp(named, "portable") == 0) limit = TK_PORTABLE;
  if (named != NULL && strcmp(named, "avx2") == 0) limit = TK_AVX2;
  if (named != NULL && strcmp(named, "avx512") == 0) limit = TK_AVX512;
  while (!machine_has(limit)) limit--;
  return limit;
}

tk_isa tk_isa_current(void) {
  int isa = atomic_load_explicit(&current, memory_order_relaxed);
  if (isa < 0) {
    isa = (int)widest();
    atomic_store(&current, isa);
  }
  return (tk_isa)isa;
}

int tk_isa_select(tk_isa isa) {
  if (!machine_has(isa)) return 0;
  atomic_store(&current, (int)isa);
  return 1;
}

const tk_table *tk_kernels(void) {
  switch (tk_isa_current()) {
#if defined(__x86_64__)
    case TK_AVX512VNNI: return &tk_table_avx512vnni;
    case TK_AVX512: return &tk_table_avx512;
    case TK_AVX2: return &tk_table_avx2;
#endif
    default: return &tk_table_portable;
  }
}
