/*
 * queue_dir.h - the spool's and a queue's directory
 *
 *	SPOOL/QUEUE/log.mdb, log.stat, GROUP.group.mdb, GROUP.group.stat,
 *	gate, turn, use, blob/, owner/
 *
 * A queue is built under a temporary name (".new-" and random digits) and
 * renamed into place, so that it is there whole or not at all; likewise a group.
 */
#ifndef MQS_EMBEDDED_STORE_QUEUE_DIR_H
#define MQS_EMBEDDED_STORE_QUEUE_DIR_H

#include "base/bytes.h"
#include "mqspool.h"

/* An open queue directory. */
struct mqs_dir {
	char	*path;		/* SPOOL/QUEUE */
	char	 name[MQS_NAME_MAX + 1];
	int	 fd;		/* of the directory */
	int	 gate;		/* flock: opening (8.1) */
	int	 turn;		/* byte locks: waiting to write (8.7); -1: no permission to write */
	int	 use;		/* flock, held while open: shared, or exclusive (8.19) */
	int	 blob, owner;	/* of the folders */
};

/* Refuses network filesystems (MQS_ENOTSUP), files, and what can't be reached. */
int	mqs_spool_check(const char *spool, int make, struct mqs_error *err);

/*
 * Opens the directory of a queue, and holds `use' shared (MQS_EBUSY if somebody
 * has the queue to itself).  MQS_ENOENT: there is none; MQS_EDAMAGED: a
 * directory that is no queue (it says what is missing).
 */
int	mqs_dir_open(struct mqs_dir *, const char *spool, const char *queue, struct mqs_error *err);
/*
 * The same with the queue to itself: holds `use' exclusively.  MQS_EBUSY, and who, if others
 * use the queue.
 */
int	mqs_dir_open_sole(struct mqs_dir *, const char *spool, const char *queue,
	    struct mqs_error *err);
/*
 * Opens what is left of a queue that lacks parts, for mqs_dir_delete alone.
 * MQS_EDAMAGED: nothing in it says that it ever was a queue.
 */
int	mqs_dir_open_remains(struct mqs_dir *, const char *spool, const char *queue,
	    struct mqs_error *err);
void	mqs_dir_close(struct mqs_dir *);

/*
 * Makes a queue: a temporary directory with its locks and folders, `fill' to put
 * log.mdb into it, all synced, then renamed.  MQS_EEXIST if it is there already
 * (also when another process was faster).
 */
int	mqs_dir_create(const char *spool, const char *queue,
	    int (*fill)(void *arg, const struct mqs_dir *building, struct mqs_error *err),
	    void *arg, struct mqs_error *err);

/* Locks and unlocks the gate; waits. */
int	mqs_dir_gate(struct mqs_dir *, int lock, struct mqs_error *err);

/*
 * Removes the whole queue: renamed to a temporary name first, so that nobody
 * finds half of it.
 */
int	mqs_dir_delete(struct mqs_dir *, const char *spool, struct mqs_error *err);

/*
 * Calls fn with each queue's name in the spool, sorted; or each group's name in a
 * queue (files NAME.group.mdb).  Non-zero from fn stops and is returned.
 */
typedef int	mqs_name_fn(void *arg, const char *name);
int	mqs_dir_each_queue(const char *spool, mqs_name_fn *fn, void *arg, struct mqs_error *err);
int	mqs_dir_each_group(const struct mqs_dir *, mqs_name_fn *fn, void *arg, struct mqs_error *err);
/* The groups of a queue that is not opened.  MQS_ENOENT: there is no such queue. */
int	mqs_dir_each_group_of(const char *spool, const char *queue, mqs_name_fn *fn, void *arg,
	    struct mqs_error *err);
/* The same with each group of which a file or a status page is there. */
int	mqs_dir_each_group_left(const struct mqs_dir *, mqs_name_fn *fn, void *arg,
	    struct mqs_error *err);

/* 1 if a group's file is there. */
int	mqs_dir_has_group(const struct mqs_dir *, const char *group);

/*
 * Puts a finished temporary file in its place: syncs it, renames it without
 * replacing (MQS_EEXIST), syncs the directory; removes tmp and tmp-lock.  Call with
 * the gate held: a -lock file left by an earlier file of that name is removed too.
 */
int	mqs_dir_install(const struct mqs_dir *, const char *tmp, const char *name, struct mqs_error *err);
/*
 * Removes what dead makers left in a queue: files and folders named .new-*.  Call it with the
 * gate held.  `removed' (may be NULL) is told each name.
 */
int	mqs_dir_sweep(const struct mqs_dir *, void (*removed)(void *arg, const char *name),
	    void *arg, struct mqs_error *err);
/* Removes what dead makers left in a spool; what another user's did may stay. */
void	mqs_spool_sweep(const char *spool);
/* The same in the spool that a queue is in; `removed' (may be NULL) is told each name. */
void	mqs_spool_sweep_around(const struct mqs_dir *, void (*removed)(void *arg, const char *name),
	    void *arg);
/* The names that these two would remove, without removing them; the gate held for the first. */
int	mqs_dir_left_over(const struct mqs_dir *, void (*found)(void *arg, const char *name),
	    void *arg, struct mqs_error *err);
void	mqs_spool_left_over_around(const struct mqs_dir *, void (*found)(void *arg, const char *name),
	    void *arg);
/* A name for a temporary file: ".new-" and 16 hex digits. */
char	*mqs_temp_name(char buf[32]);

#endif
