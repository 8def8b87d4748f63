/* A shared library that is no plugin. With EXPLOSIVE, opening it ends the process. */
#include <stdlib.h>

#ifdef EXPLOSIVE
__attribute__((constructor)) static void opened(void) { abort(); }
#endif

int stranger(void) { return abs(-42); }
