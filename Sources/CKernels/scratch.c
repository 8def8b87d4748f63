#include "scratch.h"

#include <pthread.h>
#include <stdlib.h>

typedef struct buffer {
  float *memory;
  int64_t floats;
} buffer;

static pthread_key_t key;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void release(void *held) {
  free(((buffer *)held)->memory);
  free(held);
}
static void make_key(void) {
  if (pthread_key_create(&key, release) != 0) abort();
}

float *tk_scratch(int64_t floats) {
  pthread_once(&once, make_key);
  buffer *held = pthread_getspecific(key);
  if (held == NULL) {
    held = calloc(1, sizeof *held);
    if (held == NULL || pthread_setspecific(key, held) != 0) abort();
  }
  if (held->floats < floats) {
    free(held->memory);
    held->floats = (floats + 1023) / 1024 * 1024;
    held->memory = aligned_alloc(64, (size_t)held->floats * sizeof(float));
    if (held->memory == NULL) abort();
  }
  return held->memory;
}
