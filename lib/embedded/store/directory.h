/* directory.h - changing what is in a directory: names that appear and go at once */
#ifndef MQS_EMBEDDED_STORE_DIRECTORY_H
#define MQS_EMBEDDED_STORE_DIRECTORY_H

#include "mqspool.h"

/* fsync of a directory by descriptor; `what' begins messages. */
int	mqs_dir_sync(int fd, const char *what, struct mqs_error *err);

/* Renames within a folder or between two, never replacing: 0, or -1 and errno (EEXIST). */
int	mqs_rename_new(int from_dir, const char *from, int to_dir, const char *to);

/* Removes a file, or a folder with all that is in it: 0 (also if there was none) or -1. */
int	mqs_remove_tree(int dir, const char *name);

/*
 * Makes a directory and those above it that are missing, each synced into its parent.
 */
int	mqs_make_path(const char *path, struct mqs_error *err);

#endif
