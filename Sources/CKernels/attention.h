// Sizes that the block kernels of attention and their callers agree on.
#pragma once

enum { TK_ATTENTION_CHUNK = 64 };  // queries, and keys, that the backward takes at a time

#define TK_ATTENTION_PADDED(width) (((width) + 15) / 16 * 16)
// Six rows of 512 scores, six queries and their outputs.
#define TK_ATTENTION_SCRATCH(width) (6 * (512 + 2 * TK_ATTENTION_PADDED(width)))
// Keys and values packed in two ways and their gradients, then one block of queries.
#define TK_ATTENTION_BACKWARD_SCRATCH(rows, width)                                         \
  ((5 * (((rows) + 63) / 64 * 64) + 3 * TK_ATTENTION_CHUNK) * TK_ATTENTION_PADDED(width) + \
   2 * TK_ATTENTION_CHUNK * TK_ATTENTION_CHUNK)
