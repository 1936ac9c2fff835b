/*
 * damage_random.h - damage to one file, chosen by a seed
 *
 * What happens to a file is one of: one to eight bits of a page change, the file is cut off, a
 * page becomes zeros, a page is written where another belongs.  Pages that hold only zeros are
 * not chosen, because nothing was ever written there.  Of a file of LMDB, one of the two meta
 * pages is chosen more often than chance would, because they decide which state counts.
 */
#ifndef MQ_TESTS_DAMAGE_RANDOM_H
#define MQ_TESTS_DAMAGE_RANDOM_H

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DAMAGE_PAGE	4096
#define DAMAGE_META	152		/* bytes of a meta page that mean something */

/* A sequence of numbers that is the same everywhere (splitmix64). */
static inline uint64_t
draw(uint64_t *seed)
{
	uint64_t z = *seed += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

static inline uint64_t
draw_below(uint64_t *seed, uint64_t n)
{
	return draw(seed) % n;
}

struct damaged_file {
	unsigned char	*bytes;
	size_t		 n, pages;
	size_t		*used;		/* numbers of pages that are not zeros */
};

static inline int
damage_load(struct damaged_file *f, const char *path)
{
	static const unsigned char zeros[DAMAGE_PAGE];
	struct stat st;
	size_t i, len;
	int fd = open(path, O_RDONLY);

	if (fd == -1 || fstat(fd, &st) == -1 || st.st_size == 0) {
		if (fd != -1)
			close(fd);
		return -1;
	}
	f->n = (size_t)st.st_size;
	f->bytes = malloc(f->n);
	f->used = malloc((f->n / DAMAGE_PAGE + 1) * sizeof(*f->used));
	if (f->bytes == NULL || f->used == NULL || read(fd, f->bytes, f->n) != st.st_size)
		abort();
	close(fd);
	for (i = f->pages = 0; i < f->n; i += DAMAGE_PAGE) {
		len = f->n - i < DAMAGE_PAGE ? f->n - i : DAMAGE_PAGE;
		if (memcmp(f->bytes + i, zeros, len) != 0)
			f->used[f->pages++] = i / DAMAGE_PAGE;
	}
	return f->pages == 0 ? -1 : 0;
}

static inline void
damage_store(const struct damaged_file *f, const char *path)
{
	int fd = open(path, O_WRONLY | O_TRUNC);

	if (fd == -1 || write(fd, f->bytes, f->n) != (ssize_t)f->n)
		abort();
	close(fd);
}

/* Damages a file; text says how.  0, or -1 if there is nothing in it to damage. */
static inline int
damage_file(const char *path, uint64_t *seed, char text[128])
{
	struct damaged_file f = { 0 };
	size_t page, other, len, at, i, bits;

	if (damage_load(&f, path) == -1) {
		free(f.bytes);
		free(f.used);
		return -1;
	}
	page = f.used[draw_below(seed, f.pages)] * DAMAGE_PAGE;
	if (strlen(path) > 4 && strcmp(path + strlen(path) - 4, ".mdb") == 0 && f.pages > 2 &&
	    draw_below(seed, 8) == 0)
		page = draw_below(seed, 2) * DAMAGE_PAGE;
	len = f.n - page < DAMAGE_PAGE ? f.n - page : DAMAGE_PAGE;
	switch (draw_below(seed, 16)) {
	case 0:
		f.n = draw_below(seed, f.n);
		(void)snprintf(text, 128, "cut off at %zu", f.n);
		break;
	case 1:
		memset(f.bytes + page, 0, len);
		(void)snprintf(text, 128, "zeros at %zu", page);
		break;
	case 2:
		other = f.used[draw_below(seed, f.pages)] * DAMAGE_PAGE;
		if (other + len <= f.n)
			memmove(f.bytes + page, f.bytes + other, len);
		(void)snprintf(text, 128, "%zu written over %zu", other, page);
		break;
	default:
		bits = 1 + draw_below(seed, 8);
		/* Headers and the numbers behind them decide most. */
		if (draw_below(seed, 2) == 0 && len > 192)
			len = 192;
		if (page <= DAMAGE_PAGE && len > DAMAGE_META)
			len = DAMAGE_META;
		(void)snprintf(text, 128, "%zu bits in page %zu", bits, page / DAMAGE_PAGE);
		for (i = 0; i < bits; i++) {
			at = page + draw_below(seed, len);
			f.bytes[at] = (unsigned char)(f.bytes[at] ^ 1u << draw_below(seed, 8));
			if (i == 0)
				(void)snprintf(text, 128, "%zu bits of page %zu, at %zu", bits,
				    page / DAMAGE_PAGE, at % DAMAGE_PAGE);
		}
	}
	damage_store(&f, path);
	free(f.bytes);
	free(f.used);
	return 0;
}

#endif
