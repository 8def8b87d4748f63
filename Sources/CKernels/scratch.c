#include "scratch.h"

#include <pthread.h>
#include <stdlib.h>

typedef struct buffer {
  float *memory;
  int64_t floats;
} buffer;

// One for kernels, one for their callers.
typedef struct buffers {
  buffer kernel, caller;
} buffers;

static pthread_key_t key;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void release(void *held) {
  free(((buffers *)held)->kernel.memory);
  free(((buffers *)held)->caller.memory);
  free(held);
}
static void make_key(void) {
  if (pthread_key_create(&key, release) != 0) abort();
}

static buffers *held_by_thread(void) {
  pthread_once(&once, make_key);
  buffers *held = pthread_getspecific(key);
  if (held == NULL) {
    held = calloc(1, sizeof *held);
    if (held == NULL || pthread_setspecific(key, held) != 0) abort();
  }
  return held;
}

static float *grown(buffer *held, int64_t floats) {
  if (held->floats < floats) {
    free(held->memory);
    held->floats = (floats + 1023) / 1024 * 1024;
    held->memory = aligned_alloc(64, (size_t)held->floats * sizeof(float));
    if (held->memory == NULL) abort();
  }
  return held->memory;
}

float *tk_scratch(int64_t floats) { return grown(&held_by_thread()->kernel, floats); }
float *tk_room(int64_t floats) { return grown(&held_by_thread()->caller, floats); }
