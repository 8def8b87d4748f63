// System calls that the child may not make, as a seccomp filter.

#define _GNU_SOURCE
#include "child.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#if defined(__x86_64__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#else
#error "the filter knows x86-64 and arm64"
#endif

#define LOAD(field) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define ALLOW BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)
#define REFUSE(code) BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (code))
// Skips the next `count` statements unless the loaded value is `value`.
#define UNLESS(value, count) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, count)
#define REFUSE_CALL(name) UNLESS(SYS_##name, 1), REFUSE(EPERM)

#define NEW_NAMESPACES                                                                   \
  (CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | \
   CLONE_NEWNET)

int ts_filter_system_calls(const ts_child *child) {
  static const struct sock_filter statements[] = {
      LOAD(arch),
      UNLESS(ARCHITECTURE, 1),
      BPF_JUMP(BPF_JMP | BPF_JA, 1, 0, 0),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
      LOAD(nr),
#if defined(__x86_64__)
      // The numbers of the x32 ABI, which this list does not name.
      BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 0x40000000, 0, 1), REFUSE(EPERM),
#endif
      // Namespaces and mounts: a new user namespace would bring back what was taken away.
      REFUSE_CALL(unshare), REFUSE_CALL(setns), REFUSE_CALL(mount), REFUSE_CALL(umount2),
      REFUSE_CALL(pivot_root), REFUSE_CALL(chroot), REFUSE_CALL(open_tree),
      REFUSE_CALL(move_mount), REFUSE_CALL(fsopen), REFUSE_CALL(fsconfig), REFUSE_CALL(fsmount),
      REFUSE_CALL(fspick), REFUSE_CALL(mount_setattr), REFUSE_CALL(open_by_handle_at),
      // Other processes, and the kernel's own machinery.
      REFUSE_CALL(ptrace), REFUSE_CALL(process_vm_readv), REFUSE_CALL(process_vm_writev),
      REFUSE_CALL(bpf), REFUSE_CALL(perf_event_open), REFUSE_CALL(userfaultfd),
      REFUSE_CALL(io_uring_setup), REFUSE_CALL(io_uring_enter), REFUSE_CALL(io_uring_register),
      REFUSE_CALL(keyctl), REFUSE_CALL(add_key), REFUSE_CALL(request_key),
      REFUSE_CALL(kexec_load),
      // Memory that the limit on address space does not count.
      REFUSE_CALL(memfd_create), REFUSE_CALL(shmget),
      // clone3 hides its flags in memory; the C library then falls back to clone.
      UNLESS(SYS_clone3, 1), REFUSE(ENOSYS),
      UNLESS(SYS_clone, 4),
      LOAD(args[0]),
      BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, NEW_NAMESPACES, 0, 1), REFUSE(EPERM),
      ALLOW,
      // A new network namespace is silent, but not every kind of socket belongs to it.
      UNLESS(SYS_socket, 4),
      LOAD(args[0]),
      UNLESS(AF_UNIX, 1), ALLOW,
      REFUSE(EPERM),
      ALLOW,
  };
  struct sock_fprog program = {
      .len = sizeof statements / sizeof *statements, .filter = (struct sock_filter *)statements};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
    return ts_fail(child, "no_new_privs", NULL, errno);
  }
  if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) {
    return ts_fail(child, "seccomp", NULL, errno);
  }
  return 0;
}
