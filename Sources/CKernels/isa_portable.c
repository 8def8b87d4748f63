// The block kernels for any machine; fma through the C library where the baseline has none.
#define TK_TABLE tk_table_portable
#include "blocks.inc"
