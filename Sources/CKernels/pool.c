// A pool of threads that spins for a bounded time and then sleeps on a futex.
//
// A decode step of a small model has some two hundred parallel regions of a few microseconds, so
// waking must not cost more than the work. Each thread has its own part of the indices, the same
// in every region, so that it finds in its caches what it left there; then it helps the others.
// A region is over when its tasks are: a worker that the system has put aside is not waited for.
#define _GNU_SOURCE
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "dispatch.h"

enum { MAXIMUM_THREADS = 256, SPINS_PER_LOOK = 64 };

typedef void (*task_function)(void *, int64_t);

// A ticket holds the region's number above and the next index of one thread's part below, so that
// a worker that comes late to one region cannot take an index of another. At CLOSED nothing is
// dealt, and the region may be rewritten.
static const uint64_t INDEX_BITS = 32, INDEX_MASK = 0xffffffff, CLOSED = 0x80000000;
static const int64_t MOST_TASKS = 1 << 30;

typedef struct part {
  _Alignas(64) _Atomic uint64_t ticket;
} part;

static struct {
  pthread_mutex_t entry;  // one region at a time
  pthread_t workers[MAXIMUM_THREADS];
  _Atomic int threads;  // the caller included; 0 before the first use
  uint32_t first_generation;  // the last region before the workers were started
  long spin_ns;
  _Atomic(task_function) task;
  _Atomic(void *) context;
  _Atomic uint32_t count;
  _Alignas(64) _Atomic uint32_t generation;  // the region's number; futex word of idle workers
  _Atomic int32_t sleepers;
  part parts[MAXIMUM_THREADS];
  _Alignas(64) _Atomic uint32_t done;  // tasks of the region; futex word of the caller
  _Atomic int waiting;                 // the caller sleeps
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
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

// The first index of a thread's part; the end of the part before.
static uint32_t part_begin(uint32_t count, int thread) {
  return (uint32_t)((uint64_t)count * (uint64_t)thread / (uint64_t)pool.threads);
}

// Takes and runs tasks of region `generation` until there are none: first those of thread `me`.
//
// A worker that sees a field of the next region also sees that its tickets were closed before, so
// a ticket taken with this region's number proves that the fields are this region's.
static void deal(uint32_t generation, int me) {
  task_function task = atomic_load_explicit(&pool.task, memory_order_acquire);
  void *context = atomic_load_explicit(&pool.context, memory_order_acquire);
  uint32_t count = atomic_load_explicit(&pool.count, memory_order_acquire);
  uint32_t ran = 0;
  int threads = pool.threads;
  for (int i = 0; i < threads; i++) {
    int owner = me + i < threads ? me + i : me + i - threads;
    _Atomic uint64_t *part = &pool.parts[owner].ticket;
    uint32_t end = part_begin(count, owner + 1);
    uint64_t ticket = atomic_load_explicit(part, memory_order_acquire);
    while ((uint32_t)(ticket >> INDEX_BITS) == generation && (ticket & INDEX_MASK) < end) {
      if (!atomic_compare_exchange_weak(part, &ticket, ticket + 1)) continue;
      task(context, (int64_t)(ticket & INDEX_MASK));
      ran++;
      ticket = atomic_load_explicit(part, memory_order_acquire);
    }
  }
  if (ran == 0) return;
  if (atomic_fetch_add(&pool.done, ran) + ran == count && atomic_load(&pool.waiting))
    futex_wake_all(&pool.done);
}

// Waits until `generation` leaves `seen`, spinning first, then asleep; gives the new one.
static uint32_t await_region(uint32_t seen) {
  long deadline = now_ns() + pool.spin_ns;
  uint32_t generation;
  for (int spins = 1;; spins++) {
    generation = atomic_load_explicit(&pool.generation, memory_order_acquire);
    if (generation != seen) return generation;
    pause_briefly();
    if (spins % SPINS_PER_LOOK != 0 || now_ns() < deadline) continue;
    atomic_fetch_add(&pool.sleepers, 1);
    while (atomic_load(&pool.generation) == seen) futex_wait(&pool.generation, seen);
    atomic_fetch_sub(&pool.sleepers, 1);
  }
}

static void *work(void *number) {
  int me = (int)(intptr_t)number;
  uint32_t generation = pool.first_generation;
  inside_region = 1;
  for (;;) {
    generation = await_region(generation);
    if (atomic_load(&pool.stopping)) return NULL;
    deal(generation, me);
  }
}

static void announce(uint32_t generation) {
  atomic_store(&pool.generation, generation);
  if (atomic_load(&pool.sleepers) > 0) futex_wake_all(&pool.generation);
}

static void await_tasks(uint32_t count) {
  long deadline = now_ns() + pool.spin_ns;
  uint32_t done;
  for (int spins = 1; (done = atomic_load_explicit(&pool.done, memory_order_acquire)) != count;
       spins++) {
    pause_briefly();
    if (spins % SPINS_PER_LOOK != 0 || now_ns() < deadline) continue;
    atomic_store(&pool.waiting, 1);
    while ((done = atomic_load(&pool.done)) != count) futex_wait(&pool.done, done);
    atomic_store(&pool.waiting, 0);
    return;
  }
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
  // Signals are for the threads of the program.
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  pool.first_generation = atomic_load(&pool.generation);
  for (int i = 1; i < threads; i++)
    if (pthread_create(&pool.workers[i], NULL, work, (void *)(intptr_t)i) != 0) {
      pool.threads = i;  // the machine gives no more: go on with what there is
      break;
    }
  pthread_sigmask(SIG_SETMASK, &before, NULL);
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
  announce(atomic_load(&pool.generation) + 1);
  for (int i = 1; i < pool.threads; i++) pthread_join(pool.workers[i], NULL);
  start(threads);
  pthread_mutex_unlock(&pool.entry);
}

int tk_pool_threads(void) {
  int threads = atomic_load(&pool.threads);
  if (threads != 0) return threads;
  pthread_mutex_lock(&pool.entry);
  start_if_needed();
  pthread_mutex_unlock(&pool.entry);
  return atomic_load(&pool.threads);
}

static void run_region(task_function task, void *context, uint32_t count) {
  uint32_t generation = atomic_load(&pool.generation) + 1;
  uint64_t number = (uint64_t)generation << INDEX_BITS;
  int threads = pool.threads;
  for (int i = 0; i < threads; i++)
    atomic_store_explicit(&pool.parts[i].ticket, number | CLOSED, memory_order_relaxed);
  atomic_store_explicit(&pool.task, task, memory_order_release);
  atomic_store_explicit(&pool.context, context, memory_order_release);
  atomic_store_explicit(&pool.count, count, memory_order_release);
  atomic_store_explicit(&pool.done, 0, memory_order_relaxed);
  for (int i = 0; i < threads; i++)
    atomic_store_explicit(&pool.parts[i].ticket, number | part_begin(count, i),
                          memory_order_release);
  announce(generation);
  deal(generation, 0);
  await_tasks(count);
}

void tk_parallel(int64_t count, void (*task)(void *context, int64_t index), void *context) {
  if (inside_region || count <= 1) {
    for (int64_t i = 0; i < count; i++) task(context, i);
    return;
  }
  if (count > MOST_TASKS) abort();  // the tickets hold no more
  pthread_mutex_lock(&pool.entry);
  start_if_needed();
  inside_region = 1;
  if (pool.threads > 1)
    run_region(task, context, (uint32_t)count);
  else
    for (int64_t i = 0; i < count; i++) task(context, i);
  inside_region = 0;
  pthread_mutex_unlock(&pool.entry);
}
