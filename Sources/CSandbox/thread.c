// The thread that starts all children.
//
// The kernel ties a child's life to the thread that started it, and threads of a pool end when
// they are idle; this one stays as long as the process.

#define _GNU_SOURCE
#include "child.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>

static pthread_once_t begun = PTHREAD_ONCE_INIT;
static int problem;  // why there is no thread; 0 where there is one
static sem_t asked, answered;

static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;
static const ts_program *program;
static ts_fault *fault;
static pid_t result;

static void await(sem_t *semaphore) {
  while (sem_wait(semaphore) != 0) {}  // interrupted by a signal
}

static void *serve(void *unused) {
  (void)unused;
  for (;;) {
    await(&asked);
    result = ts_spawn_here(program, fault);
    sem_post(&answered);
  }
  return NULL;
}

static void begin(void) {
  sem_init(&asked, 0, 0);
  sem_init(&answered, 0, 0);
  pthread_t thread;
  problem = pthread_create(&thread, NULL, serve, NULL);
  if (problem == 0) pthread_detach(thread);
}

pid_t ts_spawn(const ts_program *wanted, ts_fault *found) {
  pthread_once(&begun, begin);
  if (problem != 0) {
    *found = (ts_fault){.step = "pthread_create", .code = problem};
    return -1;
  }
  pthread_mutex_lock(&turn);
  program = wanted;
  fault = found;
  sem_post(&asked);
  await(&answered);
  pid_t child = result;
  pthread_mutex_unlock(&turn);
  return child;
}
