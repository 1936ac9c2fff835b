/* copy_file.h - a verified copy of a log's or a group's file, without its free pages */
#ifndef MQS_EMBEDDED_COPY_FILE_H
#define MQS_EMBEDDED_COPY_FILE_H

#include "embedded/spool.h"
#include "embedded/store/lmdb/db_copy.h"

/* MQS_EDAMAGED if a page of an open file is damaged. */
int	mqs_copy_verify(struct mqs_spool *, struct mqs_db *, const struct mqs_db_spec *,
	    struct mqs_error *err);
/*
 * Copies what a read transaction sees of the file that a spec is about to a new file `name'
 * of a directory, synced; tells the spool's owner how far it has come, and stops if that one
 * says so.  *page gets the copy's state and the
 * number of its last commit.
 */
int	mqs_copy_snapshot(struct mqs_spool *, struct mqs_tx *, const struct mqs_db_spec *,
	    int dir, const char *path, const char *name, struct mqs_page *page,
	    struct mqs_error *err);
/* Opens the file of a spec, verifies it, and copies it. */
int	mqs_copy_file(struct mqs_spool *, const struct mqs_db_spec *, int dir,
	    const char *path, const char *name, struct mqs_page *page, struct mqs_error *err);

#endif
