/*
 * pub/input_position.c - how much of the input has been read, for progress
 *
 * Nothing is counted while records are read: the kernel knows the offset of a file, and is asked
 * when somebody wants to know.  What was read ahead counts as read, at most a few MB.
 */
#include <sys/stat.h>

#include <signal.h>
#include <stdatomic.h>
#include <unistd.h>

#include "pub/input_position.h"

static struct {
	volatile sig_atomic_t fd;	/* -1: none */
	_Atomic int64_t	 from;		/* the offset where it began */
	_Atomic uint64_t before;	/* bytes of files before it */
	_Atomic uint64_t whole;		/* of all; 0: not known */
} at = { .fd = -1 };

void
input_position_stdin(void)
{
	struct stat st;
	off_t from;

	input_position_open(STDIN_FILENO);
	from = (off_t)at.from;
	if (fstat(STDIN_FILENO, &st) == 0 && S_ISREG(st.st_mode) && from >= 0 && st.st_size > from)
		at.whole = (uint64_t)(st.st_size - from);
}

void
input_position_files(char **paths, int n)
{
	struct stat st;
	uint64_t sum = 0;
	int i;

	for (i = 0; i < n; i++) {
		if (stat(paths[i], &st) != 0 || !S_ISREG(st.st_mode))
			return;
		sum += (uint64_t)st.st_size;
	}
	at.whole = sum;
}

void
input_position_open(int fd)
{
	at.from = lseek(fd, 0, SEEK_CUR);
	at.fd = fd;
}

void
input_position_close(void)
{
	const off_t now = lseek(at.fd, 0, SEEK_CUR);

	at.fd = -1;
	if (now > at.from)
		at.before += (uint64_t)(now - at.from);
}

int
input_position(uint64_t *part, uint64_t *whole)
{
	const off_t now = at.fd == -1 ? 0 : lseek(at.fd, 0, SEEK_CUR);

	*part = at.before + (at.fd != -1 && now > at.from ? (uint64_t)(now - at.from) : 0);
	*whole = at.whole;
	return *whole != 0;
}
