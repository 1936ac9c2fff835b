/*
 * test_copy.c - queues of odd messages, copied by the tools, have lost nothing
 *
 * Messages are made here, by chance, and published through the library; the tools copy the
 * queue; and the copies are read through the library again and compared byte by byte.  A
 * copy names its original in the header mq-origin-id.
 */
#include <stdlib.h>
#include <unistd.h>

#include "engine.h"
#include "message/headers.h"

#define MESSAGES	300

struct original {
	uint64_t	 seq;
	struct mqs_message m;
	struct mqs_buf	 key, headers, id, body;
	int		 seen;
};

static struct original originals[MESSAGES];
static uint64_t state = 88172645463325252;

static unsigned
chance(unsigned n)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (unsigned)(state * UINT64_C(0x2545f4914f6cdd1d) >> 33) % n;
}

/* At most n bytes of text: characters of every length, control characters if they may be. */
static void
random_text(struct mqs_buf *b, size_t n, int control)
{
	static const char *const wide[] = {
		"\xc2\x80", "\xc3\xa9", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf",
		"\xee\x80\x80", "\xef\xbf\xbf", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf"
	};

	while (n > 0) {
		const char *c = wide[chance(9)];
		char one = (char)(control ? 1 + chance(126) : ' ' + chance(95));

		if (chance(4) == 0 && control && strlen(c) <= n) {
			must(mqs_buf_add(b, c, strlen(c)) == 0);
			n -= strlen(c);
		} else {
			must(mqs_buf_addc(b, one) == 0);
			n--;
		}
	}
}

static void
random_headers(struct mqs_buf *b)
{
	static const char *const names[] = { "a", "b", "\xc3\xa4 \"", "\\", "body", "mq-reply" };
	struct mqs_buf value = { 0 };
	unsigned n = chance(8);

	while (n-- > 0) {
		const char *name = names[chance(6)];

		value.n = 0;
		random_text(&value, chance(3) == 0 ? 0 : chance(200), 1);
		must(mqs_headers_add(b, name, strlen(name), value.p, value.n) == 0);
	}
	mqs_buf_free(&value);
}

static void
random_body(struct mqs_buf *b, unsigned i)
{
	static const size_t sizes[] = {
		0, 1, 255, 256, 4096, MQS_INLINE_MAX - 1, MQS_INLINE_MAX, MQS_INLINE_MAX + 1,
		3 * MQS_INLINE_MAX
	};
	size_t n = i < 9 ? sizes[i] : i < 18 ? sizes[i - 9] : chance(600), j;

	if (i % 3 == 0 && i >= 9) {
		random_text(b, n, 1);
	} else if (i % 7 == 0) {
		must(mqs_buf_addf(b, "{ \"n\": %u.50, \"a\": [1 ,2 ] }", i) == 0);
	} else if (i == 256) {
		for (j = 0; j < 256; j++)
			must(mqs_buf_addc(b, (char)j) == 0);
	} else {
		for (j = 0; j < n; j++)
			must(mqs_buf_addc(b, (char)chance(256)) == 0);
	}
}

static void
random_message(struct original *o, unsigned i)
{
	struct mqs_message *m = &o->m;

	*m = (struct mqs_message)MQS_MESSAGE_INIT;
	random_text(&o->key, chance(3) == 0 ? MQS_KEY_MAX : chance(20), 1);
	random_headers(&o->headers);
	random_body(&o->body, i);
	must(mqs_buf_addf(&o->id, "%u ", i) == 0);
	random_text(&o->id, chance(2) ? MQS_MSGID_MAX - o->id.n : chance(9), 0);
	m->key = o->key.p;
	m->key_len = o->key.n;
	m->headers = o->headers.p;
	m->headers_len = o->headers.n;
	m->body = o->body.n > 0 ? o->body.p : "";
	m->body_len = o->body.n;
	m->priority = (int)chance(10);
	m->not_before = chance(3) ? 0 : 1 + (int64_t)chance(UINT32_MAX);
	m->expires = chance(3) ? 0 : INT64_MAX - (int64_t)chance(UINT32_MAX);
	if (chance(2)) {
		m->message_id = o->id.p;
		m->message_id_len = o->id.n;
	}
}

static void
publish_originals(void)
{
	struct mqs_reader *r;
	struct mqs_message m;
	unsigned i;

	for (i = 0; i < MESSAGES; i++) {
		random_message(&originals[i], i);
		ok(publish_message("a", &originals[i].m));
	}
	ok(mqs_reader_open(&r, spool, "a", NULL, NULL, &err));
	for (i = 0; i < MESSAGES && ok(mqs_reader_next(r, &m, &err)); i++)
		originals[i].seq = m.seq;
	mqs_reader_free(r);
}

/* ----------------------------------------------------------- comparing -- */

/* Headers without those of a copy, and those of one name together. */
static void
tidy_headers(struct mqs_buf *to, const struct mqs_message *m)
{
	const char *name, *value, *other, *more;
	size_t at = 0, start, before;

	to->n = 0;
	for (start = 0; mqs_headers_next(m->headers, m->headers_len, &at, &name, &value);
	    start = at) {
		if (strncmp(name, "mq-origin-", 10) == 0 ||
		    strcmp(name, "mq-mirrored-from") == 0 ||
		    mqs_headers_get(m->headers, start, name) != NULL)
			continue;
		for (before = start; mqs_headers_next(m->headers, m->headers_len, &before,
		    &other, &more);)
			if (strcmp(other, name) == 0)
				must(mqs_headers_add(to, name, strlen(name), more,
				    strlen(more)) == 0);
	}
}

static struct original *
original_of(const struct mqs_message *m)
{
	const char *id = mqs_headers_get(m->headers, m->headers_len, "mq-origin-id");
	char text[MQS_ID_SIZE];
	size_t i;

	for (i = 0; id != NULL && i < MESSAGES; i++)
		if (strcmp(mqs_message_id(&(struct mqs_message){ .seq = originals[i].seq },
		    text), id) == 0)
			return &originals[i];
	return NULL;
}

static void
same_body(const struct original *o, const struct mqs_message *m)
{
	char *body = malloc((size_t)m->body_len + 1);

	must(body != NULL);
	if (m->body != NULL)
		memcpy(body, m->body, (size_t)m->body_len);
	else
		must(pread(m->body_fd, body, (size_t)m->body_len, 0) ==
		    (ssize_t)m->body_len);
	check_mem(body, (size_t)m->body_len, o->body.n > 0 ? o->body.p : "", o->body.n);
	free(body);
}

static void
same(struct original *o, const struct mqs_message *m, int mirror)
{
	struct mqs_buf have = { 0 }, want = { 0 };
	const char *id = m->message_id;
	size_t id_len = m->message_id_len;

	check(!o->seen);
	o->seen = 1;
	check_mem(m->key_len > 0 ? m->key : "", m->key_len, o->key.n > 0 ? o->key.p : "",
	    o->key.n);
	tidy_headers(&have, m);
	tidy_headers(&want, &o->m);
	check_mem(have.n > 0 ? have.p : "", have.n, want.n > 0 ? want.p : "", want.n);
	same_body(o, m);
	check_int(m->priority, o->m.priority);
	check_int(m->not_before, o->m.not_before);
	check_int(m->expires, o->m.expires);
	if (mirror) {
		id = mqs_headers_get(m->headers, m->headers_len, "mq-origin-message-id");
		id_len = id != NULL ? strlen(id) : 0;
	}
	if (check_int(id != NULL, o->m.message_id != NULL) && id != NULL)
		check_mem(id, id_len, o->id.p, o->id.n);
	mqs_buf_free(&have);
	mqs_buf_free(&want);
}

/* The queue has a copy of each message, and nothing else. */
static void
all_copied(const char *queue, int mirror)
{
	struct mqs_reader *r;
	struct mqs_message m;
	struct original *o;
	size_t i, n = 0;
	int rc;

	for (i = 0; i < MESSAGES; i++)
		originals[i].seen = 0;
	ok(mqs_reader_open(&r, spool, queue, NULL, NULL, &err));
	for (; (rc = mqs_reader_next(r, &m, &err)) == MQS_OK; n++)
		if (check((o = original_of(&m)) != NULL))
			same(o, &m, mirror);
	check_int(rc, MQS_NOTHING);
	check_u64(n, MESSAGES);
	mqs_reader_free(r);
}

static void
shell(const char *command)
{
	fflush(stdout);
	check_int(system(command), 0);
}

/* Publishes the originals; each test has the same ones. */
static void
begin(void)
{
	start();
	must(setenv("MQ_SPOOL", where, 1) == 0);
	publish_originals();
}

static void
end(void)
{
	size_t i;

	for (i = 0; i < MESSAGES; i++) {
		mqs_buf_free(&originals[i].key);
		mqs_buf_free(&originals[i].headers);
		mqs_buf_free(&originals[i].id);
		mqs_buf_free(&originals[i].body);
	}
	finish();
}

static void
test_replayed(void)
{
	begin();
	shell("mq-replay -J a | mq-pub -J b");
	all_copied("b", 0);
	/* A copy of a copy, by a file. */
	shell("mq-replay -J -0 b >\"$MQ_SPOOL/file\" && mq-pub -J -0 c <\"$MQ_SPOOL/file\"");
	all_copied("c", 0);
	end();
}

static void
test_consumed(void)
{
	begin();
	shell("mq-sub -m -J -e a/g | mq-pub -J b --receipts | mq-ack");
	all_copied("b", 0);
	shell("mq-sub -e a/g; test $? = 1");
	end();
}

static void
test_mirrored(void)
{
	begin();
	shell("mq-sub -m -J -e a/g | mq-pub -J --mirror b --receipts | mq-ack");
	all_copied("b", 1);
	shell("mq-replay -J a | mq-pub -J --mirror b");
	all_copied("b", 1);
	shell("mq-replay -J b | mq-pub -J --mirror c");
	all_copied("c", 1);
	end();
}

int
main(void)
{
	run_test("odd messages, replayed into another queue", test_replayed);
	run_test("odd messages, consumed into another queue", test_consumed);
	run_test("odd messages, mirrored", test_mirrored);
	return finish_tests();
}
