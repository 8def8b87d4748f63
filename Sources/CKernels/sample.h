// Sizes that the block kernel of sampling and its caller agree on.
#pragma once

// Floats: the running sums of blocks of 1024 ids, and where the law is truncated a list of
// (number, id) for as many as all ids.
#define TK_SAMPLE_SCRATCH(allowed) (2 * (((allowed) + 1023) / 1024) + 2 * (allowed))
