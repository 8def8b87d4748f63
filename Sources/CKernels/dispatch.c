#define _GNU_SOURCE
#include "dispatch.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#if defined(__linux__)
#include <sys/syscall.h>
#include <unistd.h>
#endif

extern const tk_table tk_table_portable;
#if defined(__x86_64__)
extern const tk_table tk_table_avx2, tk_table_avx512, tk_table_avx512vnni, tk_table_amx;
#endif

static _Atomic int current = -1;

// Whether the processor has AMX and the system lets this process keep its tiles.
static int has_tiles(void) {
#if defined(__x86_64__) && defined(__linux__)
  enum { REQUEST_PERMISSION = 0x1023, TILE_DATA = 18 };  // of arch_prctl
  return __builtin_cpu_supports("amx-tile") && __builtin_cpu_supports("amx-bf16") &&
         syscall(SYS_arch_prctl, REQUEST_PERMISSION, TILE_DATA) == 0;
#else
  return 0;
#endif
}

static int machine_has(tk_isa isa) {
  switch (isa) {
    case TK_PORTABLE: return 1;
#if defined(__x86_64__)
    case TK_AVX2: return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    case TK_AVX512:
      return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
             __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
    case TK_AMX: return machine_has(TK_AVX512VNNI) && has_tiles();
    case TK_AVX512VNNI: return machine_has(TK_AVX512) && __builtin_cpu_supports("avx512vnni");
#endif
    default: return 0;
  }
}

static tk_isa widest(void) {
  const char *named = getenv("TEMPER_ISA");
  tk_isa limit = TK_AVX512VNNI;
  if (named != NULL && strcmp(named, "amx") == 0) limit = TK_AMX;  // by name alone: it rounds
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
    case TK_AMX: return &tk_table_amx;
    case TK_AVX512VNNI: return &tk_table_avx512vnni;
    case TK_AVX512: return &tk_table_avx512;
    case TK_AVX2: return &tk_table_avx2;
#endif
    default: return &tk_table_portable;
  }
}
