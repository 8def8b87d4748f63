#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

// Starts a child process with limits and, where the kernel grants namespaces, with nothing around
// it: no network, no other processes, the system's folders read-only and one empty folder to
// write to. Linux 5.14 or newer.
//
// The parent may be large and have many threads: the child shares its memory until it executes
// the program (as after vfork), so nothing is copied, and until then makes system calls alone.

// A file that stands in the scratch folder when the program starts.
typedef struct {
  const char *name;  // without a slash
  const void *bytes;
  size_t size;
} ts_file;

typedef struct {
  uint64_t cpu_seconds;
  uint64_t memory;        // bytes of address space, a process
  uint64_t processes;     // at once, threads among them; bounded where isolated alone
  uint64_t file_size;     // bytes
  uint64_t scratch_size;  // bytes of all files in the scratch folder; bounded where isolated alone
  uint64_t open_files;
} ts_limits;

typedef struct {
  const char *const *arguments;    // [0] is the program's path; NULL: set everything up, then end
  const char *const *environment;  // all of it
  int input, output, errors;       // become descriptors 0, 1 and 2
  const char *folder;              // to start in, as the child sees it
  int isolated;                    // in namespaces of its own
  int drops_root;                  // isolated: the caller is root and becomes `nobody`
  const char *const *readable;     // isolated: what can be seen, read-only, besides the scratch
  const ts_file *files;            // isolated: what the scratch folder holds
  size_t file_count;
  ts_limits limits;
} ts_program;

// What the child could not do.
typedef struct {
  const char *step;  // "mount", "execve", ...
  const char *path;  // what it was about, or NULL; as long-lived as the program
  int code;          // errno
} ts_fault;

// Where an isolated program finds its scratch folder.
#define TS_SCRATCH "/sandbox"

// Returns the child's id, to be waited for by the caller, or -1 with `fault` filled. One child is
// started at a time. It is killed when this process ends, however that happens.
pid_t ts_spawn(const ts_program *program, ts_fault *fault);

// A pipe, [0] to read and [1] to write, that other programs do not inherit: 0, or -1.
int ts_pipe(int ends[2]);

// A descriptor that is readable once the child has ended, or -1.
int ts_descriptor(pid_t child);

// SIGKILL to the child of such a descriptor.
void ts_kill(int descriptor);

// write(2) that reports a closed pipe as EPIPE alone, without the signal.
ssize_t ts_write(int descriptor, const void *bytes, size_t size);

// Removes a folder with everything in it, as far as that is allowed.
void ts_remove_folder(const char *path);
