/* Stands between a program and its C library, and lets the n-th file call fail or kill: LD_PRELOAD=faults.so.
 *
 * Only calls on files below FAULTS_FOLDER count, and only in a process that called `faults_arm`. The count is shared
 * with the process it was forked from, so that a parent can see how far a child came.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/types.h>
#include <unistd.h>

enum { CHANGES = 1, ONLY_READS = 0 };
static struct { long at; int error, only_changes, lasting; } armed;
static long *count;
static const char *folder;

__attribute__((constructor)) static void begin(void) {
    count = mmap(NULL, sizeof *count, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    folder = getenv("FAULTS_FOLDER");
}

/* The call number `at` fails with `error`, or kills (0); with `lasting` so does every later one. at 0: none. */
void faults_arm(long at, int error, int only_changes, int lasting) {
    armed.at = at, armed.error = error, armed.only_changes = only_changes, armed.lasting = lasting, *count = 0;
}

long faults_count(void) { return *count; }

static int is_ours(const char *path) { return path && folder && strncmp(path, folder, strlen(folder)) == 0; }

static int is_due(const char *path, int changes) {
    if (!armed.at || (armed.only_changes && !changes) || !is_ours(path)) return 0;
    long now = __sync_add_and_fetch(count, 1);
    return now == armed.at || (armed.lasting && now > armed.at);
}

static int is_due_fd(int fd, int changes) {
    char link[64], path[PATH_MAX + 1];
    if (!armed.at) return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, PATH_MAX);
    if (length < 0) return 0;
    path[length] = 0;
    return is_due(path, changes);
}

static int fails(void) {
    if (!armed.error) kill(getpid(), SIGKILL);
    errno = armed.error;
    return -1;
}

#define REAL(name) __typeof__(&name) real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)
/* A process that is killed while it writes may have written a part. */
#define WRITES(name, type, parameters, arguments, half) \
    type name parameters { REAL(name); if (!is_due_fd(fd, CHANGES)) return real arguments; \
        if (!armed.error) { (void)!real half; } \
        return fails(); }
#define ON_FD(name, type, kind, parameters, arguments) \
    type name parameters { REAL(name); return is_due_fd(fd, kind) ? fails() : real arguments; }
#define ON_PATH(name, parameters, arguments) \
    int name parameters { REAL(name); return is_due(path, CHANGES) ? fails() : real arguments; }
#define OPENS(name, parameters, arguments) \
    int name parameters { REAL(name); va_list rest; va_start(rest, flags); mode_t mode = va_arg(rest, mode_t); va_end(rest); \
        return is_due(path, flags & (O_CREAT | O_WRONLY | O_RDWR) ? CHANGES : ONLY_READS) ? fails() : real arguments; }

WRITES(write, ssize_t, (int fd, const void *data, size_t n), (fd, data, n), (fd, data, n / 2))
WRITES(pwrite, ssize_t, (int fd, const void *data, size_t n, off_t at), (fd, data, n, at), (fd, data, n / 2, at))
WRITES(pwrite64, ssize_t, (int fd, const void *data, size_t n, off64_t at), (fd, data, n, at), (fd, data, n / 2, at))
ON_FD(read, ssize_t, ONLY_READS, (int fd, void *data, size_t n), (fd, data, n))
ON_FD(pread, ssize_t, ONLY_READS, (int fd, void *data, size_t n, off_t at), (fd, data, n, at))
ON_FD(pread64, ssize_t, ONLY_READS, (int fd, void *data, size_t n, off64_t at), (fd, data, n, at))
ON_FD(fsync, int, CHANGES, (int fd), (fd))
ON_FD(fdatasync, int, CHANGES, (int fd), (fd))
ON_FD(ftruncate, int, CHANGES, (int fd, off_t n), (fd, n))
ON_FD(ftruncate64, int, CHANGES, (int fd, off64_t n), (fd, n))
ON_PATH(rename, (const char *path, const char *to), (path, to))
ON_PATH(unlink, (const char *path), (path))
ON_PATH(mkdir, (const char *path, mode_t mode), (path, mode))
ON_PATH(chmod, (const char *path, mode_t mode), (path, mode))
OPENS(open, (const char *path, int flags, ...), (path, flags, mode))
OPENS(open64, (const char *path, int flags, ...), (path, flags, mode))

DIR *opendir(const char *path) {
    REAL(opendir);
    if (!is_due(path, ONLY_READS)) return real(path);
    fails();
    return NULL;
}
