/* filesystem.h - can a spool live on this filesystem; names that appear and go at once */
#ifndef MQS_EMBEDDED_STORE_FILESYSTEM_H
#define MQS_EMBEDDED_STORE_FILESYSTEM_H

#include "mqspool.h"

/*
 * MQS_ENOTSUP if fd (of a directory) is on a network filesystem, where mapped memory
 * and locks are not shared with other machines.  path begins messages.
 */
int	mqs_filesystem_check(int fd, const char *path, struct mqs_error *err);

/* Renames within a folder or between two, never replacing: 0, or -1 and errno (EEXIST). */
int	mqs_rename_new(int from_dir, const char *from, int to_dir, const char *to);

/* Removes a file, or a folder with all that is in it: 0 (also if there was none) or -1. */
int	mqs_remove_tree(int dir, const char *name);

/*
 * Makes a directory and those above it that are missing, each synced into its parent.
 */
int	mqs_make_path(const char *path, struct mqs_error *err);

#endif
