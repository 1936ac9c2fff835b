/*
 * file_growth.c - how far an LMDB file may grow in one commit
 *
 * A healthy file can be shorter than its meta page says, too: pages at its end that
 * were taken and given back within one transaction are never written.  Therefore the
 * file is lengthened (it stays sparse) before each commit, to cover every page that
 * the commit can name.  LMDB does not tell that number beforehand; it has a bound:
 *
 *	copied	Each page from the root to a leaf that is put into, and its
 *		neighbours where something is deleted; no page more than once.
 *	split	A put splits a page, seldom one above it as well.  A split leaves
 *		at least a quarter of a page on either side.
 *	added	Appending leaves pages at least half full, with a branch entry each.
 *	values	Large values have their own pages, counted when they are put.
 *	free	The pages that all this gave up are listed, and the old list rewritten.
 *
 * Invariant: file size >= (last page of the newest meta page + 1) x page size, at
 * any moment, for any reader.  A crash leaves the file longer than needed.  The
 * bound starts at the committed last page and does not add up over transactions.
 */
#include <sys/stat.h>

#include <errno.h>
#include <unistd.h>

#include "embedded/store/lmdb/file_growth.h"

#define STEP		UINT64_C(262144)	/* the file grows by this */
#define LARGE_PAGES	65	/* pages of a large value that is given up */
#define GROWTH		3	/* a tree may become so much deeper */
#define SLACK		32

static uint64_t
lesser(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

uint64_t
mqs_dbwork_bound(const struct mqs_dbwork *w, uint32_t page_size)
{
	uint64_t copied, split, added, given_up, listed;

	copied = lesser((w->puts + 3 * w->dels) * (w->depth + GROWTH), w->tree);
	split = lesser(2 * w->puts, 4 * (w->tree + w->put_bytes / page_size + 1));
	added = w->appended_bytes == 0 ? 0 :
	    3 * w->appended_bytes / page_size + w->depth + GROWTH;
	given_up = lesser((w->puts + w->dels) * LARGE_PAGES,
	    w->values + w->overflow);
	listed = (copied + split + given_up + w->dropped) * sizeof(size_t) / page_size + 2;
	return copied + split + added + w->overflow + listed + 2 * w->free_tree +
	    SLACK;
}

int
mqs_dbwork_extend(int fd, uint64_t need, uint64_t *known)
{
	struct stat st;

	if (need <= *known)
		return 0;
	/* Only who writes lengthens it, so the size can't change meanwhile. */
	if (fstat(fd, &st) == -1)
		return errno;
	*known = (uint64_t)st.st_size;
	if (need <= *known)
		return 0;
	need = (need + STEP - 1) / STEP * STEP;
	while (ftruncate(fd, (off_t)need) == -1) {
		if (errno != EINTR)
			return errno;
	}
	*known = need;
	return 0;
}
