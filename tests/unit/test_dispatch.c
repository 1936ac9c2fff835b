/*
 * test_dispatch.c - what mqspool.h refuses before an engine is asked, and in what words
 *
 * With the embedded engine for the checks of arguments, and with an engine that has no
 * function but spool_open for those that it lacks.
 */
#include <stdlib.h>

#include "engine.h"
#include "engine/dispatch.h"

static const char *const bad_names[] = { "", "..", "a/b", "-a", "a b", "\xc3\xa4" };

/* A call failed with that code, and said so. */
#define refused(call, code, said) do { \
	err.text[0] = '\0'; \
	check_int((call), (code)); \
	check_str(err.text, (said)); \
} while (0)

static void
test_names(void)
{
	struct mqs_publisher *p;
	struct mqs_consumer *c;
	struct mqs_reader *r;
	uint64_t n;
	size_t i;

	start();
	for (i = 0; i < sizeof(bad_names) / sizeof(bad_names[0]); i++) {
		const char *bad = bad_names[i];

		check_int(mqs_publisher_open(&p, spool, bad, NULL, &err), MQS_EINVAL);
		check_int(mqs_consumer_open(&c, spool, bad, "g", NULL, &err), MQS_EINVAL);
		check_int(mqs_consumer_open(&c, spool, "q", bad, NULL, &err), MQS_EINVAL);
		check_int(mqs_reader_open(&r, spool, "q", bad, NULL, &err), MQS_EINVAL);
		check_int(mqs_create(spool, bad, NULL, NULL, &err), MQS_EINVAL);
		check_int(mqs_delete(spool, "q", bad, &err), MQS_EINVAL);
		check_int(mqs_pause(spool, bad, NULL, 1, &err), MQS_EINVAL);
		check_int(mqs_stat(spool, bad, NULL, NULL, NULL, NULL, &err), MQS_EINVAL);
	}
	refused(mqs_publisher_open(&p, spool, NULL, NULL, &err), MQS_EINVAL, "queue: no name");
	check_int(mqs_consumer_open(&c, spool, "q", NULL, NULL, &err), MQS_EINVAL);
	check_int(mqs_rewind(spool, "q", NULL, NULL, NULL, &err), MQS_EINVAL);
	check_int(mqs_trim(spool, NULL, &n, &err), MQS_EINVAL);
	check_int(mqs_list(spool, "a b", NULL, NULL, &err), MQS_EINVAL);
	check_int(mqs_list(spool, "q", NULL, NULL, &err), MQS_ENOENT);
	refused(mqs_stat(spool, NULL, "g", NULL, NULL, NULL, &err), MQS_EINVAL,
	    "g: a group without a queue");
	check_int(mqs_stat(spool, "q", NULL, NULL, NULL, NULL, &err), MQS_ENOENT);
	finish();
}

static void
test_options(void)
{
	const struct mqs_publisher_options flags = { .flags = 4 };
	struct mqs_consumer_options options = { .flags = 4 };
	const struct mqs_settlement verb = { .verb = (enum mqs_verb)9 };
	struct mqs_publisher *p;
	struct mqs_consumer *c;
	struct mqs_settler *s;

	start();
	refused(mqs_publisher_open(&p, spool, "q", &flags, &err), MQS_EINVAL,
	    "q: unknown flag of a publisher");
	refused(mqs_consumer_open(&c, spool, "q", "g", &options, &err), MQS_EINVAL,
	    "q/g: unknown flag of a consumer");
	options = (struct mqs_consumer_options){ .lease = -1 };
	refused(mqs_consumer_open(&c, spool, "q", "g", &options, &err), MQS_EINVAL,
	    "q/g: a time below 0");
	options = (struct mqs_consumer_options){ .nbindings = 1 };
	refused(mqs_consumer_open(&c, spool, "q", "g", &options, &err), MQS_EINVAL,
	    "q/g: bindings or settings that are nowhere");
	refused(mqs_create(spool, "q", "g", &options, &err), MQS_EINVAL,
	    "q/g: bindings or settings that are nowhere");
	ok(mqs_consumer_open(&c, spool, "q", "g", NULL, &err));
	refused(mqs_consumer_settle(c, &verb, &err), MQS_EINVAL, "settle: no such verb: 9");
	mqs_consumer_free(c);
	ok(mqs_settler_open(&s, spool, NULL, NULL, &err));
	refused(mqs_settler_add(s, "q/g/1.2", &verb, 0, &err), MQS_EINVAL,
	    "settle: no such verb: 9");
	refused(mqs_settler_add(s, NULL, &verb, 0, &err), MQS_EINVAL, "settle: no receipt");
	mqs_settler_free(s);
	finish();
}

/* Options that are NULL are options that are all 0. */
static void
test_no_options(void)
{
	struct mqs_redriven redriven = { .left = 1 };
	struct mqs_rewound rewound;

	start();
	ok(mqs_create(spool, "q", "g", NULL, &err));
	ok(publish("q", "m", 1));
	ok(mqs_rewind(spool, "q", "g", NULL, &rewound, &err));
	check_u64(rewound.before, 1);
	check_u64(rewound.depth, 0);
	ok(mqs_redrive(spool, "q", NULL, &redriven, &err));
	check_u64(redriven.redriven, 0);
	finish();
}

static void
test_spool(void)
{
	struct mqs_spool *s;

	refused(mqs_spool_open(&s, NULL, NULL, &err), MQS_EINVAL, "spool: no name");
	refused(mqs_spool_open(&s, "", NULL, &err), MQS_EINVAL, "spool: no name");
	refused(mqs_spool_open(&s, "gopher://x", NULL, &err), MQS_ENOTSUP,
	    "gopher://: no engine of that name (a spool is a directory, amqp://..., "
	    "amqps://... or kafka://...)");
	ok(mqs_spool_open(&s, "/nowhere", NULL, &err));
	check_str(mqs_engine(s), "embedded");
	check_int(mqs_can(s, "priority"), 1);
	check_int(mqs_can(s, "manual-outlives"), 1);
	check_int(mqs_can(s, "levitate"), 0);
	check_int(mqs_can(s, NULL), 0);
	check(mqs_instead(s, "levitate") == NULL);
	check_int(mqs_is_id(s, "1700000000000000000"), 1);
	check_int(mqs_is_id(s, "2026-01-01"), 0);
	check_int(mqs_is_id(s, "3:70"), 0);
	check_int(mqs_is_id(s, NULL), 0);
	mqs_spool_free(s);
}

/* ---------------------------------------- an engine with no functions -- */

static int
bare_open(struct mqs_spool **out, const char *name, const struct mqs_options *options,
    struct mqs_error *e)
{
	struct mqs_handle *handle = calloc(1, sizeof(*handle));

	(void)name;
	(void)options;
	(void)e;
	*out = (struct mqs_spool *)handle;
	return handle == NULL ? MQS_ESYSTEM : MQS_OK;
}

static void
bare_free(struct mqs_spool *s)
{
	free(s);
}

static const struct mqs_engine bare = { .version = MQS_ENGINE_VERSION, .name = "bare",
    .spool_open = bare_open, .spool_free = bare_free };

#define lacks(call, object, what) \
	refused((call), MQS_ENOTSUP, object "the bare engine can't " what \
	    " (see Engines in mq(7))")

static void
test_lacking(void)
{
	const char *pair = "a=b", *id = "1";
	struct mqs_binding binding = { MQS_BIND_KEY, "a", 1 };
	struct mqs_publisher *p;
	struct mqs_consumer *c;
	struct mqs_settler *settler;
	struct mqs_reader *r;
	struct mqs_call *call;
	struct mqs_spool *s;
	char uuid[MQS_UUID_SIZE];
	int64_t due;
	uint64_t n;

	ok(bare.spool_open(&s, "x", NULL, &err));
	mqs_engine_made(s, &bare, MQS_OK);
	lacks(mqs_publisher_open(&p, s, "q", NULL, &err), "q: ", "publish");
	lacks(mqs_consumer_open(&c, s, "q", "g", NULL, &err), "q: ", "consume");
	lacks(mqs_settler_open(&settler, s, NULL, NULL, &err), "", "settle by receipt");
	lacks(mqs_reader_open(&r, s, "q", NULL, NULL, &err), "q: ", "replay");
	lacks(mqs_call_open(&call, s, "q", &err), "q: ", "carry a reply to a caller");
	lacks(mqs_reply(s, "a", NULL, 0, &err), "", "carry a reply to a caller");
	check_int(mqs_reply_wanted(s, NULL, NULL, &err), MQS_NOTHING);
	lacks(mqs_stat(s, "q", NULL, NULL, NULL, NULL, &err), "q: ", "count messages");
	lacks(mqs_stat(s, NULL, NULL, NULL, NULL, NULL, &err), "", "count messages");
	lacks(mqs_list(s, "q", NULL, NULL, &err), "q: ", "list queues");
	lacks(mqs_outstanding(s, "q", NULL, NULL, NULL, NULL, &err), "q: ", "list deliveries");
	lacks(mqs_next_due(s, "q", NULL, &due, &err), "q: ", "tell when there is work next");
	lacks(mqs_trace(s, "q", "1", NULL, NULL, NULL, &err), "q: ", "trace a message");
	lacks(mqs_create(s, "q", NULL, NULL, &err), "q: ", "make queues and groups");
	lacks(mqs_set(s, "q", NULL, &pair, 1, &err), "q: ", "change settings");
	lacks(mqs_show(s, "q", NULL, NULL, NULL, &err), "q: ", "show settings");
	lacks(mqs_bind(s, "q", "g", &binding, 1, 0, &err), "q: ", "bind groups");
	lacks(mqs_unbind(s, "q", "g", &binding, 1, NULL, &err), "q: ", "unbind groups");
	lacks(mqs_bindings(s, "q", "g", NULL, NULL, &err), "q: ", "list bindings");
	lacks(mqs_delete(s, "q", NULL, &err), "q: ", "delete queues and groups");
	lacks(mqs_purge(s, "q", NULL, &n, &err), "q: ", "purge queues and groups");
	lacks(mqs_rewind(s, "q", "g", NULL, NULL, &err), "q: ", "rewind groups");
	lacks(mqs_redrive(s, "q", NULL, NULL, &err), "q: ", "redrive dead letters");
	lacks(mqs_pause(s, "q", NULL, 1, &err), "q: ", "pause queues and groups");
	lacks(mqs_skip(s, "q", "g", &id, 1, &err), "q: ", "skip messages");
	lacks(mqs_trim(s, "q", &n, &err), "q: ", "trim queues");
	lacks(mqs_rename(s, "q", "r", &err), "q: ", "rename queues");
	lacks(mqs_compact(s, "q", 0, &n, &n, &err), "q: ", "compact queues");
	lacks(mqs_backup(s, "q", "/x", NULL, &err), "q: ", "back queues up");
	lacks(mqs_check(s, "q", 0, NULL, NULL, &n, &n, &err), "q: ", "check queues");
	lacks(mqs_check_schema(s, "q", "{}", 2, NULL, NULL, &n, &n, &err), "q: ",
	    "hold messages against a schema");
	lacks(mqs_salvage(s, "/x", "q", NULL, NULL, NULL, &err), "q: ", "salvage queues");
	lacks(mqs_salvage_group(s, "q", "g", NULL, NULL, NULL, &err), "q: ", "salvage groups");
	lacks(mqs_queue_uuid(s, "q", uuid, &err), "q: ", "tell a queue's identity");
	check_int(mqs_can(s, "priority"), 0);
	check_int(mqs_is_id(s, "1700000000000000000"), 0);
	mqs_spool_free(s);
}

int
main(void)
{
	run_test("names of queues and groups", test_names);
	run_test("flags, times and verbs", test_options);
	run_test("options that are not given", test_no_options);
	run_test("which engine a spool has, and what it can", test_spool);
	run_test("what an engine lacks is named", test_lacking);
	return finish_tests();
}
