/* salvage_source.c - see salvage_source.h */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/error.h"
#include "base/hash.h"
#include "embedded/queue/marker.h"
#include "embedded/salvage_source.h"
#include "embedded/store/lmdb/page_scan_rest.h"
#include "embedded/store/lmdb/page_scan_tree.h"

#define LOG_FILE	"log.mdb"
#define RECORD_MAX	((uint64_t)1 << 20)	/* bytes of a record: larger bodies are files */
#define SIZE_BITS	20

/* --------------------------------------------------------------- opening -- */

static int
open_file(struct mqs_salvage_source *s, const char *path, struct mqs_error *err)
{
	struct stat st;

	if ((s->fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK)) == -1 ||
	    fstat(s->fd, &st) == -1)
		return mqs_fail_errno(err, "%s", path);
	if (!S_ISREG(st.st_mode))
		return mqs_fail(err, MQS_EDATA, "%s: is no log: not a file", path);
	if (st.st_size == 0)
		return mqs_fail(err, MQS_EDATA, "%s: is no log: empty", path);
	return mqs_page_scan_new(&s->scan, s->fd, s->name, err);
}

/* The directory of the file, and its folder of large bodies, if there is one. */
static int
open_folders(struct mqs_salvage_source *s, struct mqs_error *err)
{
	const char *slash = strrchr(s->name, '/');

	s->dir.path = slash == NULL ? strdup(".") :
	    strndup(s->name, slash == s->name ? 1 : (size_t)(slash - s->name));
	if (s->dir.path == NULL)
		return mqs_fail_errno(err, "%s", s->name);
	if ((s->dir.fd = open(s->dir.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) == -1)
		return mqs_fail_errno(err, "%s", s->dir.path);
	s->dir.blob = openat(s->dir.fd, "blob", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return MQS_OK;
}

int
mqs_salvage_open(struct mqs_salvage_source *s, const char *from, struct mqs_error *err)
{
	struct stat st;
	int rc;

	s->fd = s->dir.fd = s->dir.blob = s->dir.gate = s->dir.turn = s->dir.use =
	    s->dir.owner = -1;
	if (stat(from, &st) == -1)
		return mqs_fail_errno(err, "%s", from);
	if (!S_ISDIR(st.st_mode))
		s->name = strdup(from);
	else if (asprintf(&s->name, "%s/%s", from, LOG_FILE) == -1)
		s->name = NULL;
	if (s->name == NULL || (s->room = malloc(RECORD_MAX)) == NULL)
		return mqs_fail_errno(err, "%s", from);
	if (S_ISDIR(st.st_mode) && access(s->name, F_OK) == -1 && errno == ENOENT)
		return mqs_fail(err, MQS_EDATA, "%s: has no %s: not a queue's directory", from,
		    LOG_FILE);
	if ((rc = open_folders(s, err)) != MQS_OK)
		return rc;
	return open_file(s, s->name, err);
}

static void
close_if(int fd)
{
	if (fd != -1)
		close(fd);
}

void
mqs_salvage_close(struct mqs_salvage_source *s)
{
	mqs_page_scan_free(s->scan);
	close_if(s->fd);
	close_if(s->dir.fd);
	close_if(s->dir.blob);
	mqs_buf_free(&s->markers);
	mqs_salvage_main_free(&s->main);
	free(s->dir.path);
	free(s->places);
	free(s->name);
	free(s->room);
}

/* ---------------------------------------------------------------- records -- */

int
mqs_salvage_reached(const struct mqs_salvage_place *p)
{
	return p->where & 1;
}

static int
read_at(const struct mqs_salvage_source *s, uint64_t at, void *p, size_t n)
{
	size_t done = 0;
	ssize_t got;

	while (done < n) {
		got = pread(s->fd, (char *)p + done, n - done, (off_t)(at + done));
		if (got == -1 && errno == EINTR)
			continue;
		if (got <= 0)
			return -1;
		done += (size_t)got;
	}
	return 0;
}

int
mqs_salvage_read(struct mqs_salvage_source *s, const struct mqs_salvage_place *p,
    struct mqs_record *r, struct mqs_error *err)
{
	struct mqs_slice value = { s->room, p->where >> 1 & (RECORD_MAX - 1) };

	if (read_at(s, p->where >> (SIZE_BITS + 1), s->room, value.n) == -1)
		return mqs_fail(err, MQS_EDAMAGED, "message %llu: can't be read any more",
		    (unsigned long long)p->id);
	return mqs_record_decode(r, p->id, value, 1, err);
}

static int
add_place(struct mqs_salvage_source *s, uint64_t id, const struct mqs_page_entry *e, int reached)
{
	size_t cap = s->cap == 0 ? 1024 : 2 * s->cap;
	struct mqs_salvage_place *places;

	if (s->n == s->cap) {
		if ((places = reallocarray(s->places, cap, sizeof(*places))) == NULL)
			return MQS_ESYSTEM;
		s->places = places;
		s->cap = cap;
	}
	s->places[s->n].id = id;
	s->places[s->n++].where = e->at << (SIZE_BITS + 1) | e->size << 1 | (unsigned)reached;
	return MQS_OK;
}

/* 1 if an entry is a whole record of the message that its key names. */
static int
is_record(const struct mqs_salvage_source *s, const struct mqs_page_entry *e)
{
	struct mqs_slice value = { e->value, e->size };

	if (e->key.n != 8 || e->size >= RECORD_MAX)
		return 0;
	if (e->value == NULL) {
		if (read_at(s, e->at, s->room, e->size) == -1)
			return 0;
		value.p = s->room;
	}
	return mqs_record_verify(mqs_get_be64(e->key.p), value);
}

/* An entry of the table of messages. */
static int
take_reached(void *arg, const struct mqs_page_entry *e)
{
	struct mqs_salvage_source *s = arg;

	if (is_record(s, e))
		return add_place(s, mqs_get_be64(e->key.p), e, 1);
	if (e->key.n == 8 && mqs_get_be64(e->key.p) < s->main.hidden_from)
		return MQS_OK;		/* removed */
	s->damaged++;
	if (e->key.n == 8)
		s->main.tell(s->main.tell_arg, "message %llu: damaged: bad checksum",
		    (unsigned long long)mqs_get_be64(e->key.p));
	else
		s->main.tell(s->main.tell_arg, "a message: damaged: its id has %zu bytes", e->key.n);
	return MQS_OK;
}

/* ---------------------------------------------------------------- the rest -- */

/* What may be an entry, of any page. */
static int
take_rest(void *arg, const struct mqs_page_entry *e)
{
	struct mqs_salvage_source *s = arg;

	if (is_record(s, e))
		return add_place(s, mqs_get_be64(e->key.p), e, 0);
	return mqs_salvage_main_lost(&s->main, e);
}

/* ---------------------------------------------------------------- markers -- */

/* An entry of the table of markers. */
static int
take_marker(void *arg, const struct mqs_page_entry *e)
{
	struct mqs_salvage_source *s = arg;

	if (e->key.n == MQS_MARKER_KEY)
		return mqs_buf_add(&s->markers, e->key.p, e->key.n) == 0 ? MQS_OK : MQS_ESYSTEM;
	s->main.tell(s->main.tell_arg, "a marker: damaged: its key has %zu bytes", e->key.n);
	return MQS_OK;
}

/* ------------------------------------------------------------------- all -- */

static int
compare(const void *a, const void *b)
{
	const struct mqs_salvage_place *x = a, *y = b;

	if (x->id != y->id)
		return x->id < y->id ? -1 : 1;
	return mqs_salvage_reached(y) - mqs_salvage_reached(x);
}

static int
is_sorted(const struct mqs_salvage_source *s)
{
	size_t i;

	for (i = 1; i < s->n; i++)
		if (compare(&s->places[i - 1], &s->places[i]) > 0)
			return 0;
	return 1;
}

/* The page beside the log tells the same numbers, of the last commit. */
static void
take_page(struct mqs_salvage_source *s)
{
	struct mqs_page page;
	size_t n = strlen(s->name), suffix = sizeof(LOG_FILE) - 1;

	if (n >= suffix && strcmp(s->name + n - suffix, LOG_FILE) == 0 &&
	    mqs_page_peek_any(&s->dir, "log.stat", &page, NULL) == MQS_OK)
		mqs_salvage_main_stat(&s->main, &page);
}

/* The tables that the messages are in.  Those without a descriptor count as not whole. */
static int
find_messages(struct mqs_salvage_source *s, struct mqs_error *err)
{
	char name[32] = "messages";
	int rc = MQS_OK, whole;
	unsigned i;

	s->messages_whole = 1;
	for (i = 0; i < MQS_LOG_SEGMENTS && rc >= 0; i++) {
		if (i > 0)
			(void)snprintf(name, sizeof(name), "messages.%u", i);
		rc = mqs_page_scan_table(s->scan, name, take_reached, s, &whole, err);
		s->messages_whole &= whole;
		s->has_table |= rc == MQS_OK;
	}
	return rc < 0 ? rc : MQS_OK;
}

int
mqs_salvage_find(struct mqs_salvage_source *s, struct mqs_error *err)
{
	int rc;

	rc = mqs_salvage_main_read(&s->main, s->scan, err);
	if (rc >= 0 && s->main.is_group && !s->main.has_uuid)
		return mqs_fail(err, MQS_EDATA, "%s: is the file of a group: "
		    "mq-ctl salvage QUEUE/GROUP makes it anew", s->name);
	if (rc >= 0)
		rc = find_messages(s, err);
	if (rc >= 0)
		rc = mqs_page_scan_table(s->scan, "markers", take_marker, s, &s->markers_whole,
		    err);
	if (rc >= 0 && (!s->messages_whole || s->main.root.found != MQS_ROOT_SURE))
		rc = mqs_page_scan_rest(s->scan, take_rest, s, err);
	if (rc < 0)
		return rc == MQS_ESYSTEM ? mqs_fail(err, rc, "%s: no memory for what was found",
		    s->name) : rc;
	if (!s->has_table && s->n == 0)
		return mqs_fail(err, MQS_EDATA, "%s: is no log: nothing in it is a message of mq",
		    s->name);
	take_page(s);
	if (!is_sorted(s))
		qsort(s->places, s->n, sizeof(*s->places), compare);
	return MQS_OK;
}
