/* lock_file.h - the lock file that LMDB puts beside each data file */
#ifndef MQS_EMBEDDED_STORE_LOCK_FILE_H
#define MQS_EMBEDDED_STORE_LOCK_FILE_H

#include <sys/types.h>

#include <limits.h>

#include "mqspool.h"

/* Its name: 0, or -1 if that is too long. */
int	mqs_lock_file_name(const char *data_file, char name[NAME_MAX + 1]);
/*
 * Makes it if it is not there, and takes its room on the disk, since LMDB writes the file
 * through a map, where a full disk is SIGBUS.  Nobody in this process may have it open.  A
 * message begins with name, the name of the data file.
 */
int	mqs_lock_file_fill(int dir, const char *data_file, const char *name, mode_t mode,
	    struct mqs_error *err);
/*
 * Lets everybody who may read a data file of mode `data' write its lock file, as LMDB's
 * readers must, if the lock file is ours.
 */
void	mqs_lock_file_share(int dir, const char *data_file, mode_t data);
/*
 * 1 if a process has locked any of it, or if that can't be found out.  Nobody in this process
 * may have it open.
 */
int	mqs_lock_file_in_use(int dir, const char *data_file);

#endif
