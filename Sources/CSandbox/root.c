// The root folder of an isolated program.

#define _GNU_SOURCE
#include "child.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/mount.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

// A path below another; 0 where it is too long.
static int join(char out[PATH_MAX], const char *front, const char *back) {
  size_t a = strlen(front), b = strlen(back);
  if (a + b >= PATH_MAX) return 0;
  memcpy(out, front, a);
  memcpy(out + a, back, b + 1);
  return 1;
}

static int make_folder(const char *path) {
  return mkdir(path, 0755) == 0 || errno == EEXIST ? 0 : -1;
}

// Makes every folder in front of the last slash of `path`.
static int make_parents(const char *path) {
  char part[PATH_MAX];
  if (!join(part, path, "")) return -1;
  for (char *slash = strchr(part + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
    *slash = 0;
    if (make_folder(part) != 0) return -1;
    *slash = '/';
  }
  return 0;
}

static int restrict_mount(const char *path, uint64_t attributes, int flags) {
  struct mount_attr attr = {.attr_set = attributes | MOUNT_ATTR_NOSUID};
  return (int)syscall(SYS_mount_setattr, AT_FDCWD, path, flags, &attr, sizeof attr);
}

// Shows `path` of the old root at the same place of the new one.
static int show(const ts_child *child, const char *path, uint64_t attributes) {
  char old[PATH_MAX], target[PATH_MAX];
  if (!join(old, TS_OLD_ROOT, path)) return ts_fail(child, "mount", path, ENAMETOOLONG);
  struct stat status;
  if (lstat(old, &status) != 0) {
    return errno == ENOENT ? 0 : ts_fail(child, "lstat", path, errno);
  }
  if (make_parents(path) != 0) return ts_fail(child, "mkdir", path, errno);
  if (S_ISLNK(status.st_mode)) {
    ssize_t length = readlink(old, target, sizeof target - 1);
    if (length < 0) return ts_fail(child, "readlink", path, errno);
    target[length] = 0;
    return symlink(target, path) == 0 || errno == EEXIST
               ? 0 : ts_fail(child, "symlink", path, errno);
  }
  if (S_ISDIR(status.st_mode)) {
    if (make_folder(path) != 0) return ts_fail(child, "mkdir", path, errno);
  } else {
    int file = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    if (file < 0) return ts_fail(child, "open", path, errno);
    close(file);
  }
  if (mount(old, path, NULL, MS_BIND | MS_REC, NULL) != 0) {
    return ts_fail(child, "mount", path, errno);
  }
  if (restrict_mount(path, attributes, AT_RECURSIVE) != 0) {
    return ts_fail(child, "mount_setattr", path, errno);
  }
  return 0;
}

static int make_scratch(const ts_child *child) {
  char options[96];
  snprintf(options, sizeof options, "mode=0700,size=%llu,nr_inodes=4096",
           (unsigned long long)child->program->limits.scratch_size);
  if (make_folder(TS_SCRATCH) != 0) return ts_fail(child, "mkdir", TS_SCRATCH, errno);
  if (mount("scratch", TS_SCRATCH, "tmpfs", MS_NOSUID | MS_NODEV, options) != 0) {
    return ts_fail(child, "mount", TS_SCRATCH, errno);
  }
  if (child->program->drops_root && chown(TS_SCRATCH, TS_NOBODY, TS_NOBODY) != 0) {
    return ts_fail(child, "chown", TS_SCRATCH, errno);
  }
  // Programs that know no TMPDIR; where something readable lies in /tmp, the name is taken.
  symlink(TS_SCRATCH, "/tmp");
  return 0;
}

int ts_enter_new_root(const ts_child *child) {
  if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0) {
    return ts_fail(child, "mount", "/", errno);
  }
  // The new root may be mounted anywhere; after pivot_root the old one is whole again below it.
  if (mount("root", "/tmp", "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755,size=1m") != 0) {
    return ts_fail(child, "mount", "/tmp", errno);
  }
  if (mkdir("/tmp" TS_OLD_ROOT, 0755) != 0) return ts_fail(child, "mkdir", TS_OLD_ROOT, errno);
  if (syscall(SYS_pivot_root, "/tmp", "/tmp" TS_OLD_ROOT) != 0) {
    return ts_fail(child, "pivot_root", "/tmp", errno);
  }
  if (chdir("/") != 0) return ts_fail(child, "chdir", "/", errno);

  for (const char *const *path = child->program->readable; *path; path++) {
    if (show(child, *path, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NODEV) != 0) return -1;
  }
  static const char *const devices[] = {
      "/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom"};
  for (size_t i = 0; i < sizeof devices / sizeof *devices; i++) {
    if (show(child, devices[i], MOUNT_ATTR_NOEXEC) != 0) return -1;
  }
  // A kernel that hides parts of its own /proc, as in a container, grants no fresh one; programs
  // do without.
  if (make_folder("/proc") != 0) return ts_fail(child, "mkdir", "/proc", errno);
  mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL);
  return make_scratch(child);
}

int ts_leave_old_root(const ts_child *child) {
  if (umount2(TS_OLD_ROOT, MNT_DETACH) != 0) return ts_fail(child, "umount", TS_OLD_ROOT, errno);
  rmdir(TS_OLD_ROOT);
  if (restrict_mount("/", MOUNT_ATTR_RDONLY | MOUNT_ATTR_NODEV, 0) != 0) {
    return ts_fail(child, "mount_setattr", "/", errno);
  }
  return 0;
}

int ts_write_files(const ts_child *child) {
  for (size_t i = 0; i < child->program->file_count; i++) {
    const ts_file *file = &child->program->files[i];
    char path[PATH_MAX];
    if (!join(path, TS_SCRATCH "/", file->name)) {
      return ts_fail(child, "open", file->name, ENAMETOOLONG);
    }
    int target = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (target < 0) return ts_fail(child, "open", file->name, errno);
    for (size_t written = 0; written < file->size;) {
      ssize_t count = write(target, (const char *)file->bytes + written, file->size - written);
      if (count < 0) return ts_fail(child, "write", file->name, errno);
      written += (size_t)count;
    }
    close(target);
  }
  return 0;
}
