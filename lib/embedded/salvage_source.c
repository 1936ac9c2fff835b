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
#include "embedded/queue/state_values.h"
#include "embedded/salvage_source.h"
#include "embedded/store/lmdb/page_scan.h"

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
	return mqs_page_scan_new(&s->scan, s->fd, s->name, &s->metas, err);
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
	mqs_buf_free(&s->settings);
	mqs_buf_free(&s->main_settings);
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
	s->damaged++;
	if (e->key.n == 8)
		s->tell(s->tell_arg, "message %llu: damaged: bad checksum",
		    (unsigned long long)mqs_get_be64(e->key.p));
	else
		s->tell(s->tell_arg, "a message: damaged: its id has %zu bytes", e->key.n);
	return MQS_OK;
}

/* ------------------------------------------------------------------ state -- */

/* These only ever grow. */
static uint64_t
age(const uint64_t v[MQS_LOG_VALUES])
{
	return v[MQS_LOG_ORDINAL] + v[MQS_LOG_REMOVED] + v[MQS_LOG_SETTINGS] +
	    v[MQS_LOG_DUPLICATES];
}

/* Takes a state if it is newer than the one that there is. */
static void
take_state(struct mqs_salvage_source *s, const uint64_t v[MQS_LOG_VALUES])
{
	uint64_t last = s->has_state ? s->v[MQS_LOG_LAST_ID] : 0;

	if (!s->has_state || age(v) > age(s->v))
		memcpy(s->v, v, sizeof(s->v));
	if (s->v[MQS_LOG_LAST_ID] < last)
		s->v[MQS_LOG_LAST_ID] = last;
	s->has_state = 1;
}

static int
key_is(const struct mqs_page_entry *e, const char *key)
{
	return e->key.n == strlen(key) && memcmp(e->key.p, key, e->key.n) == 0;
}

/* Takes the state, if an entry is one: 1 if it is the newest. */
static int
look_for_state(struct mqs_salvage_source *s, const struct mqs_page_entry *e)
{
	uint64_t v[MQS_LOG_VALUES];
	const struct mqs_slice value = { e->value, e->size };
	int newest;

	if (e->value == NULL || !key_is(e, "state") ||
	    mqs_state_decode(value, v, MQS_LOG_VALUES) == -1)
		return 0;
	newest = !s->has_state || age(v) > age(s->v);
	take_state(s, v);
	return newest;
}

static void
look_for_uuid(struct mqs_salvage_source *s, const struct mqs_page_entry *e)
{
	if (!key_is(e, "uuid") || e->value == NULL || e->size != sizeof(s->uuid))
		return;
	memcpy(s->uuid, e->value, sizeof(s->uuid));
	s->has_uuid = 1;
}

/* A schema that is too long for a page of the main table has pages of its own. */
_Static_assert(MQS_SCHEMA_MAX <= RECORD_MAX, "the room for a record has room for a schema");

static int
look_for_setting(struct mqs_salvage_source *s, struct mqs_buf *settings,
    const struct mqs_page_entry *e)
{
	const unsigned char *value = e->value;

	if (e->key.n <= 4 || memcmp(e->key.p, "set:", 4) != 0)
		return MQS_OK;
	if (value == NULL) {
		if (e->size > MQS_SCHEMA_MAX || read_at(s, e->at, s->room, e->size) == -1) {
			s->tell(s->tell_arg, "setting %.*s: not saved: can't be read",
			    (int)e->key.n - 4, (const char *)e->key.p + 4);
			return MQS_OK;
		}
		value = s->room;
	}
	return mqs_buf_addf(settings, "%.*s=%.*s", (int)e->key.n - 4, (const char *)e->key.p + 4,
	    (int)e->size, (const char *)value) == 0 && mqs_buf_addc(settings, '\0') == 0 ?
	    MQS_OK : MQS_ESYSTEM;
}

/* An entry of the main table. */
static int
take_main(void *arg, const struct mqs_page_entry *e)
{
	struct mqs_salvage_source *s = arg;

	(void)look_for_state(s, e);
	look_for_uuid(s, e);
	if (key_is(e, "log"))
		s->is_group = 1;
	return look_for_setting(s, &s->settings, e);
}

/* What may be an entry of the main table: its page is read in the order of keys. */
static int
take_lost_main(struct mqs_salvage_source *s, const struct mqs_page_entry *e)
{
	const struct mqs_buf none = { 0 };

	if (e->page != s->main_page) {
		s->main_page = e->page;
		s->main_is_newest = 0;
		s->main_settings.n = 0;
	}
	if (look_for_state(s, e)) {
		s->main_is_newest = 1;
		mqs_buf_free(&s->settings);
		s->settings = s->main_settings;
		s->main_settings = none;
	}
	if (s->main_is_newest)
		look_for_uuid(s, e);
	return look_for_setting(s, &s->main_settings, e);
}

/* What may be an entry, of any page. */
static int
take_rest(void *arg, const struct mqs_page_entry *e)
{
	struct mqs_salvage_source *s = arg;

	if (is_record(s, e))
		return add_place(s, mqs_get_be64(e->key.p), e, 0);
	return s->main_whole ? MQS_OK : take_lost_main(s, e);
}

/* ---------------------------------------------------------------- markers -- */

/* An entry of the table of markers. */
static int
take_marker(void *arg, const struct mqs_page_entry *e)
{
	struct mqs_salvage_source *s = arg;

	if (e->key.n == MQS_MARKER_KEY)
		return mqs_buf_add(&s->markers, e->key.p, e->key.n) == 0 ? MQS_OK : MQS_ESYSTEM;
	s->tell(s->tell_arg, "a marker: damaged: its key has %zu bytes", e->key.n);
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
		take_state(s, page.v);
}

int
mqs_salvage_find(struct mqs_salvage_source *s, struct mqs_error *err)
{
	int rc;

	rc = mqs_page_scan_table(s->scan, NULL, take_main, s, &s->main_whole, err);
	if (rc >= 0 && s->is_group && !s->has_uuid)
		return mqs_fail(err, MQS_EDATA, "%s: is the file of a group: "
		    "mq-ctl salvage QUEUE/GROUP makes it anew", s->name);
	if (rc >= 0) {
		rc = mqs_page_scan_table(s->scan, "messages", take_reached, s,
		    &s->messages_whole, err);
		s->has_table = rc == MQS_OK;
	}
	if (rc >= 0)
		rc = mqs_page_scan_table(s->scan, "markers", take_marker, s, &s->markers_whole,
		    err);
	if (rc >= 0 && !s->messages_whole)
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
