/*
 * blobs.h - large bodies in a directory made by hand, for unit tests
 */
#ifndef MQ_TESTS_BLOBS_H
#define MQ_TESTS_BLOBS_H

#include <sys/file.h>
#include <sys/mount.h>
#include <sys/resource.h>

#include <sched.h>
#include "base/hash.h"

#include "base/clock.h"
#include "check.h"
#include "embedded/store/blob.h"
#include "embedded/store/blob_sweep.h"
#include "tree.h"

static struct mqs_dir dir;
static struct mqs_error err;

static inline char *
blob_path(uint64_t name)
{
	static char path[512];

	snprintf(path, sizeof(path), "%s/blob/%016" PRIx64, dir.path, name);
	return path;
}

/* Compares a whole file with n bytes. */
static inline void
check_content(int fd, const void *want, size_t n)
{
	unsigned char *got = malloc(n + 1);
	size_t have = 0;
	ssize_t r;

	must(got != NULL);
	check_int(lseek(fd, 0, SEEK_CUR), 0);
	while (have <= n && (r = read(fd, got + have, n + 1 - have)) > 0)
		have += (size_t)r;
	check_mem(got, have, want, n);
	free(got);
}

static inline struct mqs_blob *
new_blob(void)
{
	struct mqs_blob *blob = NULL;

	must(mqs_blob_new(&blob, &dir, &err) == 0);
	return blob;
}

/* A blob of `text', kept. */
static inline struct mqs_blob_ref
keep(const char *text)
{
	struct mqs_blob *blob = new_blob();
	struct mqs_blob_ref ref = { 0 };

	must(mqs_blob_write(blob, text, strlen(text), &err) == 0);
	must(mqs_blob_finish(blob, &ref, &err) == 0);
	mqs_blob_free(blob, 1);
	return ref;
}

#endif
