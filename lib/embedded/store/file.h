/*
 * file.h - what the files of a queue's directory have in common
 *
 * Whole reads and writes, locks on single bytes, names that are numbers, and new
 * files whose permissions are the directory's, whatever the umask.  Failing, they
 * leave errno, like the calls beneath them; none of them ends early on EINTR.
 */
#ifndef MQS_EMBEDDED_STORE_FILE_H
#define MQS_EMBEDDED_STORE_FILE_H

#include <sys/stat.h>
#include <sys/types.h>

#include <dirent.h>
#include <stddef.h>
#include <stdint.h>

#include "embedded/store/queue_dir.h"
#include "mqspool.h"

#define MQS_FILE_NAME	17	/* room for mqs_file_name: 16 digits and NUL */
#define MQS_FILE_TEMP	32	/* room for a temporary name */

/* Opens a name of a folder, close-on-exec and never through a symbolic link: fd or -1. */
int	mqs_file_open(int folder, const char *name, int flags);
/* Makes a file with a temporary name (told) in a folder, to be renamed: fd or -1. */
int	mqs_file_temp(int folder, char name[MQS_FILE_TEMP]);
/*
 * Gives it its name, replacing nothing (EEXIST): 0, or -1 and it is removed.  A kill
 * in the middle leaves a temporary file.
 */
int	mqs_file_place(int folder, const char *temp, const char *name);
/* Gives a new file the read and write permissions of its folder: 0 or -1. */
int	mqs_file_share(int fd, int folder);
/* 1 if a file is as one that we would make in a folder: owner, group, permissions. */
int	mqs_file_fits(const struct stat *, int folder);
/* Lists a folder from its beginning, by a descriptor of its own: NULL on error. */
DIR	*mqs_file_list(int folder);

/* Reads n bytes at an offset: how many, fewer only at the end of the file, or -1. */
ssize_t	mqs_file_read(int fd, void *p, size_t n, uint64_t at);
/* Writes all n bytes at an offset: 0 or -1. */
int	mqs_file_write(int fd, const void *p, size_t n, uint64_t at);

/* What an open file is called now, for an error; "a file" if that can't be told. */
void	mqs_file_path(int fd, char *path, size_t size);

/*
 * Locks (F_RDLCK, F_WRLCK) or unlocks (F_UNLCK) one byte for the open file
 * description, waiting if `wait': 0 or -1 (EAGAIN: another has it).
 */
int	mqs_file_lock(int fd, short type, uint64_t byte, int wait);
/* 1 if another description has a lock on any of n bytes (0: to the end), 0 if not, or -1. */
int	mqs_file_locked(int fd, uint64_t byte, uint64_t n);

/*
 * Reports errno about the file that a number names, in a folder of a queue:
 * "SPOOL/QUEUE/blob/0123456789abcdef: write: no space left on device".
 */
int	mqs_file_fail(struct mqs_error *, const struct mqs_dir *, const char *folder,
	    uint64_t number, const char *what);

/* A number as the name of a file: 16 hex digits.  Back: 0, or -1 if it is none. */
char	*mqs_file_name(uint64_t number, char name[MQS_FILE_NAME]);
int	mqs_file_number(const char *name, uint64_t *number);

#endif
