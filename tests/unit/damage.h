/*
 * damage.h - damage to the keys of a closed queue
 *
 * A leaf page of LMDB keeps the length of a key (2 bytes) in front of it.  Ids that are found
 * so are those of the table of messages: the keys of the other tables have other lengths.
 */
#ifndef MQ_TESTS_DAMAGE_H
#define MQ_TESTS_DAMAGE_H

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bytes.h"

struct file_copy {
	char		 path[128];
	unsigned char	*bytes;
	size_t		 n;
};

static inline void
file_read(struct file_copy *f)
{
	struct stat st;
	int fd = open(f->path, O_RDONLY);

	must(fd != -1 && fstat(fd, &st) == 0);
	f->n = (size_t)st.st_size;
	must((f->bytes = malloc(f->n)) != NULL);
	must(pread(fd, f->bytes, f->n, 0) == st.st_size);
	close(fd);
}

static inline void
file_write(const struct file_copy *f)
{
	int fd = open(f->path, O_WRONLY);

	must(fd != -1 && pwrite(fd, f->bytes, f->n, 0) == (ssize_t)f->n);
	close(fd);
}

/* Stores the messages with these ids, n from 1, under those keys. */
static inline void
file_set_keys(struct file_copy *f, const uint64_t *ids, const uint64_t *keys, int n)
{
	unsigned char *p = f->bytes, *end = p + f->n - 10;
	uint64_t id;
	int i;

	for (; p <= end; p++) {
		if (p[0] != 8 || p[1] != 0 || (id = mqs_get_be64(p + 2)) < ids[1] || id > ids[n])
			continue;
		for (i = 1; i <= n && ids[i] != id; i++)
			;
		if (i <= n) {
			mqs_put_be64(p + 2, keys[i]);
			p += 9;
		}
	}
}

#endif
