/*
 * blob_file.c - the file of a finished large body: opening, verifying, removing
 *
 * See blob.c for the life of a blob.
 */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/error.h"
#include "base/hash.h"
#include "embedded/store/blob_file.h"
#include "embedded/store/file.h"

#define CHUNK	((size_t)256 * 1024)

/* Hashes a whole file, leaving its offset: 0 or -1. */
static int
hash_file(int fd, uint64_t *hash)
{
	XXH3_state_t *state = XXH3_createState();
	char *b = malloc(CHUNK);
	uint64_t at = 0;
	ssize_t n = -1;

	if (state == NULL || b == NULL) {
		errno = ENOMEM;
		goto done;
	}
	XXH3_64bits_reset(state);
	while ((n = mqs_file_read(fd, b, CHUNK, at)) > 0) {
		XXH3_64bits_update(state, b, (size_t)n);
		at += (uint64_t)n;
	}
	if (n == 0)
		*hash = XXH3_64bits_digest(state);
done:
	free(b);
	if (state != NULL)
		XXH3_freeState(state);
	return n == 0 ? 0 : -1;
}

/* 0 if an open file is what the record says. */
static int
compare(const struct mqs_dir *dir, int fd, const struct mqs_blob_ref *ref,
    int verify, struct mqs_error *err)
{
	char text[MQS_FILE_NAME];
	struct stat st;
	uint64_t hash = 0;

	mqs_file_name(ref->name, text);
	if (fstat(fd, &st) == -1)
		return mqs_file_fail(err, dir, "blob", ref->name, "size");
	if (!S_ISREG(st.st_mode) || (uint64_t)st.st_size != ref->size)
		return mqs_fail(err, MQS_EDAMAGED,
		    "%s/blob/%s: has %lld bytes, not %llu", dir->path, text,
		    (long long)st.st_size, (unsigned long long)ref->size);
	if (!verify)
		return 0;
	if (hash_file(fd, &hash) == -1)
		return mqs_file_fail(err, dir, "blob", ref->name, "read");
	if (hash != ref->hash)
		return mqs_fail(err, MQS_EDAMAGED,
		    "%s/blob/%s: checksum does not fit", dir->path, text);
	return 0;
}

int
mqs_blob_open(const struct mqs_dir *dir, const struct mqs_blob_ref *ref,
    int verify, int *fd, struct mqs_error *err)
{
	char text[MQS_FILE_NAME];
	int rc;

	*fd = mqs_file_open(dir->blob, mqs_file_name(ref->name, text),
	    O_RDONLY | O_NONBLOCK);	/* damage may have put a pipe there */
	if (*fd == -1)
		return errno == ENOENT ? MQS_NOTHING :
		    mqs_file_fail(err, dir, "blob", ref->name, "open");
	rc = compare(dir, *fd, ref, verify, err);
	if (rc == 0 && fcntl(*fd, F_SETFL, 0) == -1)
		rc = mqs_file_fail(err, dir, "blob", ref->name, "open");
	if (rc != 0) {
		close(*fd);
		*fd = -1;
	}
	return rc;
}

int
mqs_blob_unlink(const struct mqs_dir *dir, uint64_t name, struct mqs_error *err)
{
	char text[MQS_FILE_NAME];

	if (unlinkat(dir->blob, mqs_file_name(name, text), 0) == -1 &&
	    errno != ENOENT)
		return mqs_file_fail(err, dir, "blob", name, "remove");
	return 0;
}
