// SHA-256 as FIPS 180-4 writes it: names and section numbers are the standard's.

#include "temper_hashes.h"

#include <stdatomic.h>
#include <string.h>

#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>
#endif

// Section 4.2.2: the first 32 bits of the fractional parts of the cube roots of the first 64
// primes.
static const uint32_t K[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

static uint32_t rotr(uint32_t x, int n) { return (x >> n) | (x << (32 - n)); }

static uint32_t big_endian(const uint8_t *p) {
  return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

// Section 6.2.2: one 64-byte block.
static void compress_block(uint32_t chain[8], const uint8_t *block) {
  uint32_t W[64];
  for (int t = 0; t < 16; t++) W[t] = big_endian(block + 4 * t);
  for (int t = 16; t < 64; t++) {
    uint32_t sigma0 = rotr(W[t - 15], 7) ^ rotr(W[t - 15], 18) ^ (W[t - 15] >> 3);
    uint32_t sigma1 = rotr(W[t - 2], 17) ^ rotr(W[t - 2], 19) ^ (W[t - 2] >> 10);
    W[t] = sigma1 + W[t - 7] + sigma0 + W[t - 16];
  }

  uint32_t a = chain[0], b = chain[1], c = chain[2], d = chain[3];
  uint32_t e = chain[4], f = chain[5], g = chain[6], h = chain[7];
  for (int t = 0; t < 64; t++) {
    uint32_t Sigma1 = rotr(e, 6) ^ rotr(e, 11) ^ rotr(e, 25);
    uint32_t Sigma0 = rotr(a, 2) ^ rotr(a, 13) ^ rotr(a, 22);
    uint32_t Ch = (e & f) ^ (~e & g);
    uint32_t Maj = (a & b) ^ (a & c) ^ (b & c);
    uint32_t T1 = h + Sigma1 + Ch + K[t] + W[t];
    uint32_t T2 = Sigma0 + Maj;
    h = g, g = f, f = e, e = d + T1;
    d = c, c = b, b = a, a = T1 + T2;
  }
  chain[0] += a, chain[1] += b, chain[2] += c, chain[3] += d;
  chain[4] += e, chain[5] += f, chain[6] += g, chain[7] += h;
}

static void compress_portable(uint32_t chain[8], const uint8_t *blocks, size_t count) {
  for (size_t i = 0; i < count; i++) compress_block(chain, blocks + 64 * i);
}

#if defined(__x86_64__)
// The same with the SHA instructions, some six times as fast: four rounds at a time, the state
// as the two vectors (a b e f) and (c d g h) that the instructions want.
__attribute__((target("sha,sse4.1,ssse3"))) static void compress_sha_ni(
    uint32_t chain[8], const uint8_t *blocks, size_t count) {
  const __m128i swap_bytes = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
  __m128i cdab = _mm_shuffle_epi32(_mm_loadu_si128((const __m128i *)chain), 0xb1);
  __m128i efgh = _mm_shuffle_epi32(_mm_loadu_si128((const __m128i *)(chain + 4)), 0x1b);
  __m128i abef = _mm_alignr_epi8(cdab, efgh, 8);
  __m128i cdgh = _mm_blend_epi16(efgh, cdab, 0xf0);

  for (; count > 0; blocks += 64, count--) {
    __m128i W[4];  // the next 16 words of the message schedule
    for (int i = 0; i < 4; i++)
      W[i] = _mm_shuffle_epi8(_mm_loadu_si128((const __m128i *)blocks + i), swap_bytes);
    __m128i abef_before = abef, cdgh_before = cdgh;
    for (int t = 0; t < 64; t += 4) {
      __m128i WK = _mm_add_epi32(W[0], _mm_loadu_si128((const __m128i *)(K + t)));
      cdgh = _mm_sha256rnds2_epu32(cdgh, abef, WK);
      abef = _mm_sha256rnds2_epu32(abef, cdgh, _mm_shuffle_epi32(WK, 0x0e));

      __m128i next = _mm_sha256msg1_epu32(W[0], W[1]);
      next = _mm_add_epi32(next, _mm_alignr_epi8(W[3], W[2], 4));
      next = _mm_sha256msg2_epu32(next, W[3]);
      W[0] = W[1], W[1] = W[2], W[2] = W[3], W[3] = next;
    }
    abef = _mm_add_epi32(abef, abef_before);
    cdgh = _mm_add_epi32(cdgh, cdgh_before);
  }

  __m128i feba = _mm_shuffle_epi32(abef, 0x1b);
  __m128i dchg = _mm_shuffle_epi32(cdgh, 0xb1);
  _mm_storeu_si128((__m128i *)chain, _mm_blend_epi16(feba, dchg, 0xf0));
  _mm_storeu_si128((__m128i *)(chain + 4), _mm_alignr_epi8(dchg, feba, 8));
}

static int has_sha_instructions(void) {
  unsigned a, b, c, d;
  if (!__get_cpuid_count(7, 0, &a, &b, &c, &d) || !(b & bit_SHA)) return 0;
  return __get_cpuid(1, &a, &b, &c, &d) && (c & bit_SSE4_1) && (c & bit_SSSE3);
}
#endif

static atomic_int portable_only;

void th_sha256_force_portable(int on) { portable_only = on; }

static void compress(uint32_t chain[8], const uint8_t *blocks, size_t count) {
#if defined(__x86_64__)
  static atomic_int answer;  // 0 unasked, 1 no, 2 yes
  if (answer == 0) answer = 1 + has_sha_instructions();
  if (answer == 2 && !portable_only) {
    compress_sha_ni(chain, blocks, count);
    return;
  }
#endif
  compress_portable(chain, blocks, count);
}

void th_sha256_begin(th_sha256 *state) {
  // Section 5.3.3: fractional parts of the square roots of the first eight primes.
  static const uint32_t H0[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  memcpy(state->chain, H0, sizeof H0);
  state->length = 0;
}

void th_sha256_append(th_sha256 *state, const void *bytes, size_t count) {
  const uint8_t *next = bytes;
  size_t held = state->length % 64;
  state->length += count;
  if (held > 0) {
    size_t taken = count < 64 - held ? count : 64 - held;
    if (taken > 0) memcpy(state->pending + held, next, taken);
    if (held + taken < 64) return;
    compress(state->chain, state->pending, 1);
    next += taken, count -= taken;
  }
  compress(state->chain, next, count / 64);
  if (count % 64 > 0) memcpy(state->pending, next + count / 64 * 64, count % 64);
}

void th_sha256_finish(th_sha256 *state, uint8_t digest[32]) {
  // Section 5.1.1: a one bit, zeros, and the length in bits, to a multiple of 64 bytes.
  static const uint8_t one_then_zeros[64] = {0x80};
  uint64_t bits = state->length * 8;
  uint8_t length[8];
  for (int i = 0; i < 8; i++) length[i] = (uint8_t)(bits >> (56 - 8 * i));
  th_sha256_append(state, one_then_zeros, 1 + (119 - state->length % 64) % 64);
  th_sha256_append(state, length, sizeof length);
  for (int i = 0; i < 32; i++) digest[i] = (uint8_t)(state->chain[i / 4] >> (24 - 8 * (i % 4)));
}
