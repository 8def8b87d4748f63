// From the parent to the program: clone, identity, limits, execve.

#define _GNU_SOURCE
#include "child.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

// How much stack the child has until it executes the program.
#define STACK_SIZE (256 << 10)

// Writes to a file of `self`, the child's own folder in /proc.
static int write_text(const ts_child *child, int self, const char *name, const char *text) {
  int file = openat(self, name, O_WRONLY | O_CLOEXEC);
  if (file < 0) return ts_fail(child, "open", name, errno);
  size_t size = strlen(text);
  int code = write(file, text, size) == (ssize_t)size ? 0 : errno;
  close(file);
  return code == 0 ? 0 : ts_fail(child, "write", name, code);
}

// In a new user namespace: inside, the program is user and group TS_INSIDE.
static int map_identity(const ts_child *child, int self, uid_t user, gid_t group) {
  char text[64];
  if (write_text(child, self, "setgroups", "deny") != 0) return -1;
  snprintf(text, sizeof text, "%d %u 1", TS_INSIDE, user);
  if (write_text(child, self, "uid_map", text) != 0) return -1;
  snprintf(text, sizeof text, "%d %u 1", TS_INSIDE, group);
  return write_text(child, self, "gid_map", text);
}

// Root puts its privileges down before it enters the user namespace: the limit on processes does
// not bind root, nor do the permissions of its files.
//
// The C library's own setresuid would change every thread of the parent, whose memory this is.
static int drop_root(const ts_child *child, int self) {
  if (syscall(SYS_setgroups, 0, NULL) != 0 ||
      syscall(SYS_setresgid, TS_NOBODY, TS_NOBODY, TS_NOBODY) != 0 ||
      syscall(SYS_setresuid, TS_NOBODY, TS_NOBODY, TS_NOBODY) != 0) {
    return ts_fail(child, "setresuid", NULL, errno);
  }
  // A change of user hides a process from itself, and here the parent too: they share memory.
  if (prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) != 0) return ts_fail(child, "prctl", NULL, errno);
  if (unshare(CLONE_NEWUSER) != 0) return ts_fail(child, "unshare", NULL, errno);
  return map_identity(child, self, TS_NOBODY, TS_NOBODY);
}

static int isolate(const ts_child *child) {
  const int drops_root = child->program->drops_root;
  int self = open("/proc/self", O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (self < 0) return ts_fail(child, "open", "/proc/self", errno);
  // Where a sandbox and others run out of memory together, the sandbox goes first.
  if (write_text(child, self, "oom_score_adj", "1000") != 0) return -1;
  if (!drops_root && map_identity(child, self, child->user, child->group) != 0) return -1;
  sethostname("sandbox", 7);
  if (ts_enter_new_root(child) != 0 || ts_leave_old_root(child) != 0) return -1;
  return drops_root ? drop_root(child, self) : 0;
}

static int limit(const ts_child *child, int resource, const char *name, uint64_t value) {
  struct rlimit bound = {.rlim_cur = value, .rlim_max = value};
  struct rlimit now;
  if (getrlimit(resource, &now) == 0 && now.rlim_max < bound.rlim_max) {
    bound.rlim_cur = bound.rlim_max = now.rlim_max;
  }
  return setrlimit(resource, &bound) == 0 ? 0 : ts_fail(child, "setrlimit", name, errno);
}

static int set_limits(const ts_child *child) {
  const ts_limits *limits = &child->program->limits;
  if (limit(child, RLIMIT_CPU, "cpu", limits->cpu_seconds) != 0 ||
      limit(child, RLIMIT_FSIZE, "file size", limits->file_size) != 0 ||
      limit(child, RLIMIT_NOFILE, "open files", limits->open_files) != 0 ||
      limit(child, RLIMIT_CORE, "core", 0) != 0 ||
      limit(child, RLIMIT_MSGQUEUE, "message queues", 0) != 0) {
    return -1;
  }
  // In a user namespace the count starts at zero; outside it is that of all the user's processes.
  if (child->program->isolated &&
      limit(child, RLIMIT_NPROC, "processes", limits->processes) != 0) {
    return -1;
  }
  return limit(child, RLIMIT_AS, "memory", limits->memory);
}

// Descriptors 0, 1 and 2, and no others.
static int take_descriptors(const ts_child *child) {
  const ts_program *program = child->program;
  int from[3] = {program->input, program->output, program->errors};
  for (int i = 0; i < 3; i++) {  // out of the way of each other
    from[i] = fcntl(from[i], F_DUPFD, 3);
    if (from[i] < 0) return ts_fail(child, "dup", NULL, errno);
  }
  for (int i = 0; i < 3; i++) {
    if (dup2(from[i], i) < 0) return ts_fail(child, "dup", NULL, errno);
  }
  return syscall(SYS_close_range, 3, ~0u, 0) == 0 ? 0 : ts_fail(child, "close_range", NULL, errno);
}

static int prepare(const ts_child *child) {
  const ts_program *program = child->program;
  struct sigaction standard = {.sa_handler = SIG_DFL};
  for (int signal = 1; signal < NSIG; signal++) sigaction(signal, &standard, NULL);
  setsid();  // fails where the child leads a group already
  if (program->isolated && (isolate(child) != 0 || ts_write_files(child) != 0)) return -1;
  if (chdir(program->folder) != 0) return ts_fail(child, "chdir", program->folder, errno);
  // Behind any change of user, which would clear it.
  if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0) return ts_fail(child, "prctl", NULL, errno);
  if (take_descriptors(child) != 0 || set_limits(child) != 0) return -1;
  return ts_filter_system_calls(child);
}

static int run_child(void *argument) {
  const ts_child *child = argument;
  const ts_program *program = child->program;
  if (prepare(child) != 0) _exit(127);
  if (!program->arguments) _exit(0);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
  execve(program->arguments[0], (char *const *)program->arguments,
         (char *const *)program->environment);
  ts_fail(child, "execve", program->arguments[0], errno);
  _exit(127);
}

pid_t ts_spawn_here(const ts_program *program, ts_fault *fault) {
  *fault = (ts_fault){0};
  ts_child child = {.program = program, .fault = fault, .user = geteuid(), .group = getegid()};
  int flags = CLONE_VM | CLONE_VFORK | SIGCHLD;
  if (program->isolated) {
    flags |= CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS;
    if (!program->drops_root) flags |= CLONE_NEWUSER;
  }
  char *stack = mmap(NULL, STACK_SIZE, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
  if (stack == MAP_FAILED) return ts_fail(&child, "mmap", NULL, errno);
  // A handler of the parent's must not run in the child, on the parent's memory.
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  pid_t id = clone(run_child, stack + STACK_SIZE, flags, &child);
  if (id < 0) ts_fail(&child, "clone", NULL, errno);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  munmap(stack, STACK_SIZE);
  if (id > 0 && fault->step) {
    waitpid(id, NULL, 0);
    return -1;
  }
  return id;
}
