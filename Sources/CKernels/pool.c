// A pool of threads that spins for a bounded time and then sleeps on a futex.
//
// A decode step of a small model has some two hundred parallel regions of a few microseconds, so
// waking must not cost more than the work: see the docs on performance.
#define _GNU_SOURCE
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "temper_kernels.h"

enum { MAXIMUM_THREADS = 256 };

typedef struct region {
  void (*task)(void *, int64_t);
  void *context;
  int64_t count;
} region;

static struct {
  pthread_mutex_t entry;  // one region at a time
  pthread_t workers[MAXIMUM_THREADS];
  int threads;            // the caller included; 0 before the first use
  long spin_ns;
  region region;
  _Alignas(64) _Atomic uint32_t generation;  // raised to announce a region; futex word
  _Alignas(64) _Atomic int64_t next;         // next index to deal
  _Alignas(64) _Atomic int32_t running;      // workers not yet done; futex word
  _Atomic int32_t sleepers;
  _Atomic int stopping;
} pool = {.entry = PTHREAD_MUTEX_INITIALIZER};

static _Thread_local int inside_region;

static void futex_wait(void *word, uint32_t expected) {
  syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, expected, NULL, NULL, 0);
}
static void futex_wake_all(void *word) {
  syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, INT32_MAX, NULL, NULL, 0);
}
static long now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000000000L + t.tv_nsec;
}
static void pause_briefly(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#endif
}

static void deal(void) {
  region r = pool.region;
  for (;;) {
    int64_t index = atomic_fetch_add_explicit(&pool.next, 1, memory_order_relaxed);
    if (index >= r.count) return;
    r.task(r.context, index);
  }
}

// Waits until `generation` leaves `seen`: spinning first, then asleep.
static void await_region(uint32_t seen) {
  long deadline = now_ns() + pool.spin_ns;
  for (int spins = 0; atomic_load_explicit(&pool.generation, memory_order_acquire) == seen;) {
    pause_briefly();
    if ((++spins & 63) != 0 || now_ns() < deadline) continue;
    atomic_fetch_add(&pool.sleepers, 1);
    while (atomic_load(&pool.generation) == seen) futex_wait(&pool.generation, seen);
    atomic_fetch_sub(&pool.sleepers, 1);
  }
}

static void *work(void *start) {
  uint32_t seen = (uint32_t)(uintptr_t)start;
  inside_region = 1;
  for (;;) {
    await_region(seen);
    seen = atomic_load_explicit(&pool.generation, memory_order_acquire);
    if (atomic_load(&pool.stopping)) return NULL;
    deal();
    if (atomic_fetch_sub_explicit(&pool.running, 1, memory_order_acq_rel) == 1)
      futex_wake_all(&pool.running);
  }
}

static void announce(void) {
  atomic_fetch_add(&pool.generation, 1);
  if (atomic_load(&pool.sleepers) > 0) futex_wake_all(&pool.generation);
}

static long setting(const char *name, long fallback) {
  const char *text = getenv(name);
  if (text == NULL || *text == 0) return fallback;
  char *end;
  long value = strtol(text, &end, 10);
  return *end == 0 && value >= 0 ? value : fallback;
}

static void start(int threads) {
  if (threads < 1) threads = 1;
  if (threads > MAXIMUM_THREADS) threads = MAXIMUM_THREADS;
  pool.spin_ns = setting("TEMPER_SPIN_US", 50) * 1000;
  pool.threads = threads;
  atomic_store(&pool.stopping, 0);
  uintptr_t generation = atomic_load(&pool.generation);
  for (int i = 1; i < threads; i++)
    if (pthread_create(&pool.workers[i], NULL, work, (void *)generation) != 0) {
      pool.threads = i;  // the machine gives no more: go on with what there is
      break;
    }
}

static void start_if_needed(void) {
  if (pool.threads != 0) return;
  cpu_set_t cores;
  long available = sched_getaffinity(0, sizeof cores, &cores) == 0 ? CPU_COUNT(&cores) : 1;
  start((int)setting("TEMPER_THREADS", available));
}

void tk_pool_resize(int threads) {
  pthread_mutex_lock(&pool.entry);
  atomic_store(&pool.stopping, 1);
  announce();
  for (int i = 1; i < pool.threads; i++) pthread_join(pool.workers[i], NULL);
  start(threads);
  pthread_mutex_unlock(&pool.entry);
}

int tk_pool_threads(void) {
  pthread_mutex_lock(&pool.entry);
  start_if_needed();
  int threads = pool.threads;
  pthread_mutex_unlock(&pool.entry);
  return threads;
}

void tk_parallel(int64_t count, void (*task)(void *context, int64_t index), void *context) {
  if (inside_region || count <= 1) {
    for (int64_t i = 0; i < count; i++) task(context, i);
    return;
  }
  pthread_mutex_lock(&pool.entry);
  start_if_needed();
  inside_region = 1;
  pool.region = (region){task, context, count};
  atomic_store_explicit(&pool.next, 0, memory_order_relaxed);
  atomic_store_explicit(&pool.running, pool.threads - 1, memory_order_relaxed);
  announce();
  deal();
  int32_t left;
  long deadline = now_ns() + pool.spin_ns;
  for (int spins = 0; (left = atomic_load_explicit(&pool.running, memory_order_acquire)) > 0;) {
    pause_briefly();
    if ((++spins & 63) == 0 && now_ns() >= deadline) futex_wait(&pool.running, (uint32_t)left);
  }
  inside_region = 0;
  pthread_mutex_unlock(&pool.entry);
}
