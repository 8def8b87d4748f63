/* A shared library that is no plugin. Opening it leaves a mark. */
#define _POSIX_C_SOURCE 200809L
#include <stdlib.h>

__attribute__((constructor)) static void opened(void) { setenv("TEMPER_TEST_STRANGER", "1", 1); }

int stranger(void) { return 42; }
