/*
 * test_group_create.c - a group that can't be made: which one, why, and nothing is left of it
 */
#include "engine.h"

/* How many files of a queue's directory are those of a group that is being made. */
static int
unfinished(const char *queue)
{
	struct dirent *entry;
	char path[128];
	DIR *list;
	int n = 0;

	snprintf(path, sizeof(path), "%s/%s", where, queue);
	must((list = opendir(path)) != NULL);
	while ((entry = readdir(list)) != NULL)
		n += strncmp(entry->d_name, ".new-", 5) == 0;
	closedir(list);
	return n;
}

static void
test_bad_setting(void)
{
	const char *const pair = "lease=nonsense";
	const struct mqs_consumer_options options = { .settings = &pair, .nsettings = 1 };
	struct mqs_consumer *c;

	start();
	check_int(mqs_create(spool, "q", "g", &options, &err), MQS_ECONFIG);
	check(strncmp(err.text, "q/g: lease=nonsense: ", 21) == 0);
	check_int(unfinished("q"), 0);
	check_int(mqs_consumer_open(&c, spool, "q", "g", &options, &err), MQS_ECONFIG);
	check_int(unfinished("q"), 0);
	finish();
}

/* Bindings of half a megabyte, where a file may have a quarter. */
static void
test_no_room(void)
{
	static char keys[2048][MQS_KEY_MAX + 1];
	static struct mqs_binding bindings[2048];
	const struct mqs_options small = { .flags = MQS_AUTOCREATE, .map_size = 256 * 1024 };
	const struct mqs_consumer_options options = { .bindings = bindings, .nbindings = 2048 };
	size_t i;

	for (i = 0; i < 2048; i++) {
		snprintf(keys[i], sizeof(keys[i]), "%0*zu", MQS_KEY_MAX, i);
		bindings[i] = (struct mqs_binding){ MQS_BIND_KEY, keys[i], MQS_KEY_MAX };
	}
	start();
	mqs_spool_free(spool);
	must(mqs_spool_open(&spool, where, &small, &err) == MQS_OK);
	check_int(mqs_create(spool, "q", "g", &options, &err), MQS_EFULL);
	check_str(err.text, "q/g: map is full (MQ_MAPSIZE)");
	check_int(unfinished("q"), 0);
	ok(mqs_create(spool, "q", "g", NULL, &err));
	finish();
}

int
main(void)
{
	run_test("a setting that makes no sense", test_bad_setting);
	run_test("no room for its file", test_no_room);
	return finish_tests();
}
