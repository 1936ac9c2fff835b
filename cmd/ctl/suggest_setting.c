/*
 * ctl/suggest_setting.c - see suggest_setting.h
 *
 * Which settings there are is the engine's to say: mqs_show lists them.
 */
#include <stdio.h>
#include <string.h>

#include "common/suggest.h"
#include "ctl/suggest_setting.h"

#define NAME_ROOM	(SUGGEST_MAX + 4)

/* One pair, held against every setting there is. */
struct search {
	struct suggestion near;
	int		 there;
};

static int
offer(void *arg, const char *name, const char *value, int is_default)
{
	struct search *s = arg;

	(void)value;
	(void)is_default;
	s->there |= strlen(name) == s->near.n && memcmp(name, s->near.word, s->near.n) == 0;
	suggest_offer(&s->near, name);
	return 0;
}

/* Whether the error names the setting: several pairs may be wrong, and it is about the first. */
static int
is_about(const struct mqs_error *err, const char *pair, size_t n)
{
	char said[NAME_ROOM];

	return n <= SUGGEST_MAX &&
	    snprintf(said, sizeof(said), " %.*s: ", (int)n, pair) > 0 &&
	    strstr(err->text, said) != NULL;
}

void
suggest_setting(struct mqs_spool *spool, const char *queue, const char *group,
    const char *const *pairs, int n, struct mqs_error *err)
{
	struct mqs_error unsaid;
	struct search s;
	int i;

	if (strstr(err->text, "no such setting") == NULL)
		return;
	for (i = 0; err->code == MQS_ECONFIG && i < n; i++) {
		size_t len = strcspn(pairs[i], "=");

		if (!is_about(err, pairs[i], len))
			continue;
		s.there = 0;
		suggest_begin(&s.near, pairs[i], len);
		if (mqs_show(spool, queue, group, offer, &s, &unsaid) == MQS_OK && !s.there)
			suggest_append(err, suggest_text(&s.near, ""));
		return;
	}
}
