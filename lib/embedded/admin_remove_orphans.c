/*
 * admin_remove_orphans.c - removes files that crashes left in a queue's directory
 *
 *	- groups that were being made (while the gate is held: makers hold it, so whatever
 *	  is found is of a dead one)
 *	- large bodies that no record names
 *	- mailboxes of callers that are dead
 *	- owner files of dead consumers whose group is gone (if the group is there, its next
 *	  consumer removes them)
 */
#include <stdlib.h>

#include "base/error.h"
#include "embedded/admin_remove_orphans.h"
#include "embedded/consume_state.h"
#include "embedded/queue/group_file.h"
#include "embedded/store/blob_sweep.h"
#include "embedded/store/mailbox.h"

/*
 * The blobs that records name.  Almost every file in blob/ is one of them, so they
 * are listed once; only a file that is not in the list costs a look at a fresh
 * snapshot, taken after the file was locked (embedded/store/blob.h says why).
 */
struct named {
	struct mqs_log	*log;
	uint64_t	*names;
	size_t		 n, cap;
};

static int
add_name(struct named *named, uint64_t name, struct mqs_error *err)
{
	size_t cap = named->cap == 0 ? 64 : 2 * named->cap;
	uint64_t *names;

	if (named->n == named->cap) {
		names = reallocarray(named->names, cap, sizeof(*names));
		if (names == NULL)
			return mqs_fail_errno(err, "%s", named->log->dir.name);
		named->names = names;
		named->cap = cap;
	}
	named->names[named->n++] = name;
	return MQS_OK;
}

static int
compare_names(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

/* Looks at each record that has a blob; stops with 1 in *found at `name' (if not 0). */
static int
each_blob(struct named *named, uint64_t name, int *found, struct mqs_error *err)
{
	struct mqs_log_reader reader;
	struct mqs_record r;
	int rc;

	*found = 0;
	if ((rc = mqs_log_reader_init(&reader, named->log, err)) != MQS_OK)
		return rc;
	while (!*found) {
		rc = mqs_log_reader_next(&reader, 0, &r, err);
		/* A damaged one may still say which file is its own; else none is removed. */
		if (rc == MQS_EDAMAGED && reader.placed &&
		    mqs_record_decode(&r, reader.at, reader.walk.value, 0, NULL) == MQS_OK)
			rc = MQS_OK;
		if (rc != MQS_OK)
			break;
		if (!(r.flags & MQS_RECORD_LARGE))
			continue;
		if (name != 0)
			*found = r.blob_name == name;
		else if ((rc = add_name(named, r.blob_name, err)) != MQS_OK)
			break;
	}
	mqs_log_reader_done(&reader);
	return rc < 0 ? rc : MQS_OK;
}

static int
referenced(void *arg, uint64_t name, struct mqs_error *err)
{
	struct named *named = arg;
	int rc, found;

	if (named->n > 0 && bsearch(&name, named->names, named->n,
	    sizeof(*named->names), compare_names) != NULL)
		return 1;
	if ((rc = each_blob(named, name, &found, err)) != MQS_OK)
		return rc;
	return found;
}

static int
sweep_blobs(struct mqs_log *log, uint64_t *removed, struct mqs_error *err)
{
	struct named named = { .log = log };
	int rc, found;

	rc = each_blob(&named, 0, &found, err);
	if (rc == MQS_OK && named.n > 0)
		qsort(named.names, named.n, sizeof(*named.names), compare_names);
	if (rc == MQS_OK)
		rc = mqs_blob_sweep(&log->dir, referenced, &named, removed, err);
	free(named.names);
	return rc;
}

struct family {
	uint32_t	number;
	int		found;
};

static int
is_of(void *arg, const char *group)
{
	struct family *f = arg;

	if (mqs_group_owner_family(group) == f->number)
		f->found = 1;
	return 0;
}

struct owners {
	const struct mqs_dir	*dir;
	uint64_t		 removed;
	struct mqs_error	*err;
};

/*
 * The groups are listed after the owner was found dead, and the dead make no groups: if
 * its group is not among them, it is gone, or was never made.
 */
static int
sweep_owner(void *arg, uint64_t owner)
{
	struct owners *o = arg;
	struct family f = { (uint32_t)(owner >> 32), 0 };
	enum mqs_owner_life life;
	int rc;

	if ((rc = mqs_owner_look(o->dir, owner, &life, NULL, o->err)) != MQS_OK ||
	    life != MQS_OWNER_DEAD)
		return rc;
	if ((rc = mqs_dir_each_group(o->dir, is_of, &f, o->err)) != MQS_OK || f.found)
		return rc;
	o->removed++;
	return mqs_owner_collect(o->dir, owner, o->err);
}

int
mqs_admin_remove_orphans(struct mqs_log *log, struct mqs_error *err)
{
	struct mqs_orphans removed = { 0 };

	return mqs_admin_count_orphans(log, &removed, err);
}

int
mqs_admin_count_orphans(struct mqs_log *log, struct mqs_orphans *removed, struct mqs_error *err)
{
	struct owners owners = { &log->dir, 0, err };
	int rc, unlocked;

	mqs_spool_sweep_around(&log->dir, removed->made, removed->arg);
	if ((rc = mqs_dir_gate(&log->dir, 1, err)) != MQS_OK)
		return rc;
	rc = mqs_dir_sweep(&log->dir, removed->made, removed->arg, err);
	unlocked = mqs_dir_gate(&log->dir, 0, rc == MQS_OK ? err : NULL);
	if (rc != MQS_OK || unlocked != MQS_OK)
		return rc != MQS_OK ? rc : unlocked;
	if ((rc = mqs_owner_each(&log->dir, sweep_owner, &owners, err)) != MQS_OK ||
	    (rc = mqs_mailbox_sweep(&log->dir, &removed->mailboxes, err)) != MQS_OK)
		return rc;
	removed->owners = owners.removed;
	return sweep_blobs(log, &removed->bodies, err);
}
