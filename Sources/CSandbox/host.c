// What the parent needs of the kernel and Swift does not reach: descriptors of processes, a write
// without a signal, the removal of a folder.

#define _GNU_SOURCE
#include "temper_sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

int ts_pipe(int ends[2]) { return pipe2(ends, O_CLOEXEC); }

int ts_descriptor(pid_t child) { return (int)syscall(SYS_pidfd_open, child, 0); }

void ts_kill(int descriptor) {
  syscall(SYS_pidfd_send_signal, descriptor, SIGKILL, NULL, 0);
}

ssize_t ts_write(int descriptor, const void *bytes, size_t size) {
  sigset_t pipe, before;
  sigemptyset(&pipe);
  sigaddset(&pipe, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &pipe, &before);
  ssize_t count = write(descriptor, bytes, size);
  int code = errno;
  if (count < 0 && code == EPIPE && !sigismember(&before, SIGPIPE)) {
    // The signal is this thread's and waits; it is taken before anybody else minds it.
    sigtimedwait(&pipe, NULL, &(struct timespec){0});
  }
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  errno = code;
  return count;
}

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *place) {
  (void)status, (void)type, (void)place;
  remove(path);
  return 0;
}

void ts_remove_folder(const char *path) {
  nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}
