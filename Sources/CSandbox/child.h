#pragma once

#include "temper_sandbox.h"

// What the child does between clone and execve. It shares its parent's memory and must not call
// anything that takes a lock, allocates, or minds other threads: system calls, and no more.

typedef struct {
  const ts_program *program;
  ts_fault *fault;
  uid_t user;  // the parent's
  gid_t group;
} ts_child;

// The user that a program of root becomes outside of its user namespace, and the one that every
// isolated program is inside.
#define TS_NOBODY 65534
#define TS_INSIDE 1000

// Each returns 0, or -1 with the fault filled.

// Replaces the root folder by one that holds the program's readable folders and the scratch. What was
// the root is at TS_OLD_ROOT until it is left.
int ts_enter_new_root(const ts_child *child);
int ts_leave_old_root(const ts_child *child);
#define TS_OLD_ROOT "/.old-root"

// Writes the program's files into the scratch folder.
int ts_write_files(const ts_child *child);

// Refuses system calls that a program under judgement has no use for and a kernel's flaw might lie
// behind, and every socket that is not local.
int ts_filter_system_calls(const ts_child *child);

// ts_spawn on the calling thread: the child is killed when that thread ends.
pid_t ts_spawn_here(const ts_program *program, ts_fault *fault);

static inline int ts_fail(const ts_child *child, const char *step, const char *path, int code) {
  *child->fault = (ts_fault){.step = step, .path = path, .code = code};
  return -1;
}
