// Sizes that the block kernel of sampling and its caller agree on.
#pragma once

enum { TK_SAMPLE_BUCKETS = 1 << 13 };

// Floats: the running sums of blocks of 1024 ids, the mass in each bucket, and a list of (number,
// id) for as many as all ids.
#define TK_SAMPLE_SCRATCH(allowed) \
  (2 * (((allowed) + 1023) / 1024) + 2 * TK_SAMPLE_BUCKETS + 2 * (allowed))
