/*
 * admin_backup.c - copying a queue while it is used
 *
 * The copy is what would be left if the power failed at one moment: the snapshots of the log
 * and of all groups are taken while the log's write lock is held.  Nothing is published or
 * trimmed and no group is made meanwhile, so no group is ahead of the log, and what a group
 * has yet to settle is in it.  That takes microseconds; everything slow is done before it
 * (the files are opened and their pages verified) or after it (copying):
 *
 *	the groups' files, the log's	from the snapshots.  As long as one is pinned, the pages
 *					that commits give up are not used again: the file
 *					that is copied grows meanwhile (rule 8.6).
 *	the large bodies		named by the copied log.  Nobody unlinks them meanwhile
 *					(store/blob_hold.h).
 *
 * The copy is built under a temporary name, as a new queue is (store/queue_dir_create.c), and
 * everything in it is synced before it gets its name.  A crash leaves a name .new-* that the
 * next queue or backup made there, or trimming of a queue there, removes; and perhaps bodies that the original trimmed
 * meanwhile, which its next trimming removes.
 *
 * Status pages and owner files are not copied.  Without a page, trimming supposes that
 * nothing was settled; without its owner file a consumer is dead, so what it worked on is
 * delivered again.
 */
#include <sys/file.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/error.h"
#include "base/name.h"
#include "embedded/admin_remove_orphans.h"
#include "embedded/copy_file.h"
#include "embedded/queue/group_file.h"
#include "embedded/queue/log_tx.h"
#include "embedded/store/blob_hold.h"
#include "embedded/store/directory.h"
#include "embedded/store/queue_dir_rename.h"

#define TRIES	100

struct snapshot {
	struct mqs_group	*group;
	struct mqs_tx		*tx;
};

struct backup {
	struct mqs_spool	*spool;
	struct mqs_log		*log;
	struct mqs_tx		*log_tx;
	struct snapshot		*groups;
	size_t			 n, cap;
	dev_t			 dev;		/* of the directory that is built */
	ino_t			 ino;
	int			 unopened;	/* a group came after the others were opened */
	uint64_t		 bodies;	/* large ones that were copied */
	struct mqs_backup	*result;
	struct mqs_error	*err;
};

/* ----------------------------------------------------------- snapshots -- */

static int
group_spec(const struct mqs_group *group, char file[MQS_GROUP_FILE],
    char label[2 * MQS_NAME_MAX + 2], struct mqs_db_spec *spec)
{
	mqs_group_file(file, group->name, "mdb");
	(void)snprintf(label, 2 * MQS_NAME_MAX + 2, "%s/%s", group->log->dir.name,
	    group->name);
	mqs_group_spec(spec, group->log, file, label);
	return MQS_OK;
}

/* Opens a group, and verifies its pages if it was not open yet. */
static int
open_group(void *arg, const char *name)
{
	char file[MQS_GROUP_FILE], label[2 * MQS_NAME_MAX + 2];
	struct backup *b = arg;
	struct mqs_db_spec spec;
	struct mqs_group *group;
	int rc;

	if (mqs_spool_find_group(b->spool, b->log, name) != NULL)
		return MQS_OK;
	rc = mqs_spool_group(b->spool, b->log->dir.name, name, 0, NULL, &group, b->err);
	if (rc == MQS_ENOENT)
		return MQS_OK;		/* deleted meanwhile */
	if (rc != MQS_OK)
		return rc;
	(void)group_spec(group, file, label, &spec);
	return mqs_copy_verify(b->spool, group->db, &spec, b->err);
}

/* Takes the snapshot of a group; the log's write lock is held. */
static int
pin_group(void *arg, const char *name)
{
	struct backup *b = arg;
	struct mqs_group *group = mqs_spool_find_group(b->spool, b->log, name);
	size_t cap = b->cap == 0 ? 16 : 2 * b->cap;
	struct snapshot *groups;
	int rc;

	if (group == NULL) {
		b->unopened = 1;
		return 1;
	}
	if (b->n == b->cap) {
		if ((groups = reallocarray(b->groups, cap, sizeof(*groups))) == NULL)
			return mqs_fail_errno(b->err, "%s", b->log->dir.name);
		b->groups = groups;
		b->cap = cap;
	}
	if ((rc = mqs_db_check_path(group->db, b->err)) != MQS_OK ||
	    (rc = mqs_tx_read(group->db, &b->groups[b->n].tx, b->err)) != MQS_OK)
		return rc;
	b->groups[b->n++].group = group;
	return MQS_OK;
}

static void
unpin_groups(struct backup *b)
{
	while (b->n > 0)
		mqs_tx_abort(b->groups[--b->n].tx);
}

static void
unpin_log(struct backup *b)
{
	mqs_tx_abort(b->log_tx);
	b->log_tx = NULL;
}

/* All snapshots at one moment: MQS_NOTHING if a group came meanwhile. */
static int
pin(struct backup *b)
{
	struct mqs_log_tx ltx;
	int rc;

	b->unopened = 0;
	if ((rc = mqs_log_begin(&ltx, b->log, 0, b->err)) != MQS_OK)
		return rc;
	if ((rc = mqs_dir_each_group(&b->log->dir, pin_group, b, b->err)) == MQS_OK)
		rc = mqs_tx_read(b->log->db, &b->log_tx, b->err);
	mqs_log_abort(&ltx);
	if (rc != MQS_OK)
		unpin_groups(b);
	return b->unopened ? MQS_NOTHING : rc;
}

static int
open_and_pin(struct backup *b)
{
	struct mqs_db_spec spec;
	int rc, try;

	mqs_log_spec(&spec, &b->log->dir, &b->spool->options);
	if ((rc = mqs_copy_verify(b->spool, b->log->db, &spec, b->err)) != MQS_OK)
		return rc;
	for (try = 0; try < TRIES; try++) {
		if ((rc = mqs_dir_each_group(&b->log->dir, open_group, b, b->err)) != MQS_OK ||
		    (rc = pin(b)) != MQS_NOTHING)
			return rc;
	}
	return mqs_fail(b->err, MQS_EBUSY, "%s: groups are made all the time", b->log->dir.name);
}

/* ------------------------------------------------------------- copying -- */

/*
 * Gives a file or folder of the copy the permissions of the original, and its owner, if that
 * may be done.  Who is not given the group of the original must not have its rights.
 */
static int
like(int from, const char *name, int to, struct mqs_error *err)
{
	struct stat old, new;
	mode_t mode;

	if (fstatat(from, name, &old, 0) == -1 || fstatat(to, name, &new, 0) == -1)
		return mqs_fail_errno(err, "%s", name);
	mode = old.st_mode & 07777;
	if ((old.st_uid != new.st_uid || old.st_gid != new.st_gid) &&
	    fchownat(to, name, old.st_uid, old.st_gid, AT_SYMLINK_NOFOLLOW) == -1 &&
	    old.st_gid != new.st_gid &&
	    fchownat(to, name, (uid_t)-1, old.st_gid, AT_SYMLINK_NOFOLLOW) == -1)
		mode &= ~(mode_t)(S_ISGID | 070);
	if (fchmodat(to, name, mode, 0) == -1)
		return mqs_fail_errno(err, "%s: permissions", name);
	return MQS_OK;
}

static int
copy_groups(struct backup *b, const struct mqs_dir *to)
{
	char file[MQS_GROUP_FILE], label[2 * MQS_NAME_MAX + 2];
	struct mqs_db_spec spec;
	struct mqs_page page;
	size_t i;
	int rc;

	for (i = 0; i < b->n; i++) {
		(void)group_spec(b->groups[i].group, file, label, &spec);
		if ((rc = mqs_copy_snapshot(b->spool, b->groups[i].tx, &spec, to->fd, to->path,
		    file, &page, b->err)) != MQS_OK ||
		    (rc = like(b->log->dir.fd, file, to->fd, b->err)) != MQS_OK)
			return rc;
	}
	b->result->groups = (unsigned)b->n;
	unpin_groups(b);
	return MQS_OK;
}

static int
copy_log(struct backup *b, const struct mqs_dir *to)
{
	struct mqs_backup *r = b->result;
	struct mqs_db_spec spec;
	struct mqs_page page;
	int rc;

	mqs_log_spec(&spec, &b->log->dir, &b->spool->options);
	if ((rc = mqs_copy_snapshot(b->spool, b->log_tx, &spec, to->fd, to->path, spec.file,
	    &page, b->err)) != MQS_OK)
		return rc;
	unpin_log(b);
	r->messages = page.v[MQS_LOG_ORDINAL] - page.v[MQS_LOG_REMOVED];
	r->bytes = page.v[MQS_LOG_IN_BYTES] - page.v[MQS_LOG_REMOVED_BYTES];
	mqs_format_u64(page.v[MQS_LOG_LAST_ID], r->last_id);
	return like(b->log->dir.fd, spec.file, to->fd, b->err);
}

/* Copies the large body of a record, if it has one. */
static int
copy_body(struct backup *b, const struct mqs_dir *to, struct mqs_slice key,
    struct mqs_slice value)
{
	const struct mqs_options *o = &b->spool->options;
	struct mqs_record r;
	int rc;

	if (key.n != 8 || mqs_record_decode(&r, mqs_get_be64(key.p), value, 0, NULL) != MQS_OK ||
	    !(r.flags & MQS_RECORD_LARGE))
		return MQS_OK;
	if (o->interrupted != NULL && o->interrupted(o->arg) != 0)
		return mqs_fail(b->err, MQS_EINTR, "%s: interrupted", b->log->dir.name);
	b->bodies++;
	mqs_progress(b->spool, b->bodies, 0, "%s: copying large bodies", b->log->dir.name);
	if ((rc = mqs_blob_duplicate(&b->log->dir, to, r.blob_name, b->err)) == MQS_NOTHING) {
		mqs_notice(b->spool, "%s: message %llu: its large body is missing, in the copy as "
		    "in the original", b->log->dir.name, (unsigned long long)r.message.seq);
		return MQS_OK;
	}
	return rc;
}

/* The bodies that the copied log names; it is read instead of the original, which goes on. */
static int
copy_bodies(struct backup *b, const struct mqs_dir *to)
{
	struct mqs_slice key = { NULL, 0 }, value;
	struct mqs_db_spec spec;
	struct mqs_cur *cur;
	struct mqs_tx *tx;
	struct mqs_db *db;
	int rc;

	mqs_log_spec(&spec, to, &b->spool->options);
	spec.flags = MQS_DB_PRIVATE;
	spec.gate = spec.turn = -1;
	if ((rc = mqs_db_open(&db, &spec, b->err)) != MQS_OK)
		return rc;
	if ((rc = mqs_tx_read(db, &tx, b->err)) == MQS_OK) {
		if ((rc = mqs_cur_new(&cur, tx, MQS_LOG_MESSAGES, b->err)) == MQS_OK) {
			while ((rc = mqs_cur_move(cur, MQS_NEXT, &key, &value, b->err)) == MQS_OK)
				if ((rc = copy_body(b, to, key, value)) != MQS_OK)
					break;
			mqs_cur_free(cur);
		}
		mqs_tx_abort(tx);
	}
	mqs_db_close(db);
	if (rc != MQS_NOTHING)
		return rc;
	return mqs_dir_sync(to->blob, to->path, b->err);
}

/* Fills the directory of the copy; see mqs_dir_create. */
static int
fill(void *arg, const struct mqs_dir *to, struct mqs_error *err)
{
	static const char *const parts[] = { "gate", "turn", "use", "blob", "owner", "." };
	struct backup *b = arg;
	struct stat st;
	size_t i;
	int rc;

	(void)err;			/* b->err */
	if (fstat(to->fd, &st) == -1)
		return mqs_fail_errno(b->err, "%s", to->path);
	b->dev = st.st_dev;
	b->ino = st.st_ino;
	if ((rc = copy_groups(b, to)) != MQS_OK || (rc = copy_log(b, to)) != MQS_OK ||
	    (rc = copy_bodies(b, to)) != MQS_OK)
		return rc;
	for (i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if ((rc = like(b->log->dir.fd, parts[i], to->fd, b->err)) != MQS_OK)
			return rc;
	return MQS_OK;
}

/* The copy has its name, but that could not be synced: it is removed. */
static void
remove_copy(const struct backup *b, const char *where)
{
	const char *queue = b->log->dir.name;
	char temp[32];
	struct stat st;
	int fd;

	if ((fd = open(where, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) == -1)
		return;
	if (mqs_dir_lock(fd, LOCK_EX) == 0 &&
	    fstatat(fd, queue, &st, AT_SYMLINK_NOFOLLOW) == 0 && st.st_dev == b->dev &&
	    st.st_ino == b->ino && mqs_rename_new(fd, queue, fd, mqs_temp_name(temp)) == 0)
		(void)mqs_remove_tree(fd, temp);
	close(fd);
}

static int
make(struct backup *b, const char *where)
{
	const char *queue = b->log->dir.name;
	struct stat st;
	int rc, made = stat(where, &st) == -1 && errno == ENOENT;

	rc = mqs_dir_create(where, queue, fill, b, b->err);
	if (rc != MQS_OK && rc != MQS_EEXIST)
		remove_copy(b, where);
	if (rc != MQS_OK && made)
		(void)rmdir(where);
	if (rc == MQS_EEXIST)
		mqs_spool_sweep(where);	/* making one would have done that */
	if (rc == MQS_EEXIST)
		return mqs_fail(b->err, rc, "%s/%s: exists already: back up into another "
		    "directory", where, queue);
	return rc;
}

int
mqs_embedded_backup(struct mqs_spool *spool, const char *queue, const char *where,
    struct mqs_backup *result, struct mqs_error *err)
{
	struct mqs_error own;
	struct backup b = { .spool = spool, .result = result, .err = err == NULL ? &own : err };
	int rc;

	memset(result, 0, sizeof(*result));
	if ((rc = mqs_spool_log(spool, queue, 0, &b.log, b.err)) != MQS_OK ||
	    (rc = mqs_blob_hold(&b.log->dir, b.err)) != MQS_OK)
		return rc;
	if ((rc = open_and_pin(&b)) == MQS_OK)
		rc = make(&b, where);
	unpin_groups(&b);
	unpin_log(&b);
	free(b.groups);
	mqs_blob_release(&b.log->dir);
	/* Bodies that were trimmed meanwhile; if they can't be removed now, trimming does. */
	if (b.bodies > 0)
		(void)mqs_admin_remove_orphans(b.log, NULL);
	return rc;
}
