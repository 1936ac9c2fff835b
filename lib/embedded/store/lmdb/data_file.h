/* data_file.h - an LMDB data file before LMDB sees it: is it whole, whose is it */
#ifndef MQS_EMBEDDED_STORE_LMDB_DATA_FILE_H
#define MQS_EMBEDDED_STORE_LMDB_DATA_FILE_H

#include <sys/types.h>

#include "mqspool.h"

struct mqs_data_file {
	uint64_t	size;		/* of the file, in bytes */
	uint64_t	needed;		/* bytes that its last commit refers to */
	uint64_t	tx;		/* number of that commit */
	uint32_t	page_size;
	dev_t		dev;		/* which file it is */
	ino_t		ino;
};

/*
 * Reads it from an open file.  MQS_EDAMAGED: empty, truncated, no database;
 * MQS_EVERSION: of another version of LMDB's format.  name begins messages.
 */
int	mqs_dbfile_read(int fd, const char *name, struct mqs_data_file *, struct mqs_error *err);

struct mqs_page_meta;

/*
 * Reads the meta page that a commit wrote.  It stays as long as a reader has that
 * commit's snapshot and no second commit follows.
 */
int	mqs_dbfile_meta(int fd, const char *name, uint32_t page_size, uint64_t tx,
	    struct mqs_page_meta *, struct mqs_error *err);

/* Number of the commit that the newer meta page is of, unverified; 0 if it can't be read. */
uint64_t mqs_dbfile_last_commit(int fd, uint32_t page_size);

/*
 * Opens a file of a directory, reads the same, and closes it.  readonly, unless it is
 * NULL, is set if the file can be read but not written.
 */
int	mqs_dbfile_check(int dir, const char *file, const char *name, int *readonly,
	    struct mqs_data_file *, struct mqs_error *err);

/* Makes an empty one (MQS_EEXIST if there is one), for LMDB to fill. */
int	mqs_dbfile_make(int dir, const char *file, const char *name, mode_t mode,
	    struct mqs_data_file *, struct mqs_error *err);
/* Removes it and its lock file. */
void	mqs_dbfile_unmake(int dir, const char *file);

#endif
