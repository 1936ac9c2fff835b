/* power.h - what disk.c and fail.c call a file */
#ifndef MQ_TESTS_POWER_H
#define MQ_TESTS_POWER_H

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>

#define POWER_NAME	64

/* The name of what is at `path' in a directory, or ("") of an open file: 0 or -1. */
static inline int
power_name(int fd, const char *path, char name[POWER_NAME])
{
	struct statx st;

	if (statx(fd, path, AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW,
	    STATX_INO | STATX_BTIME | STATX_TYPE, &st) == -1)
		return -1;
	if (!(st.stx_mask & STATX_BTIME))
		st.stx_btime.tv_sec = st.stx_btime.tv_nsec = 0;
	snprintf(name, POWER_NAME, "%llu-%lld-%u", (unsigned long long)st.stx_ino,
	    (long long)st.stx_btime.tv_sec, st.stx_btime.tv_nsec);
	return 0;
}

#endif
