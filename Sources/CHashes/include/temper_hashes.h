#pragma once

#include <stddef.h>
#include <stdint.h>

// SHA-256 (FIPS 180-4), for the checksums of manifests and data files.
//
// A state belongs to one thread at a time; different states are independent.

typedef struct {
  uint32_t chain[8];    // the hash value between blocks
  uint64_t length;      // bytes taken in so far
  uint8_t pending[64];  // the length % 64 bytes that do not fill a block yet
} th_sha256;

// Starts an empty message.
void th_sha256_begin(th_sha256 *state);

// Appends `count` bytes; `bytes` may be null when `count` is 0.
void th_sha256_append(th_sha256 *state, const void *bytes, size_t count);

// Writes the 32-byte digest. The state must be begun again before further use.
void th_sha256_finish(th_sha256 *state, uint8_t digest[32]);

// Turns the processor's SHA instructions off (1) or lets them be used again (0), so that a test
// can compare the two ways. The result is the same.
void th_sha256_force_portable(int on);
