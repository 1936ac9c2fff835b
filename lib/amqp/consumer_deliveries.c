/* consumer_deliveries.c - see consumer_deliveries.h */
#include <stdlib.h>

#include "amqp/consumer_deliveries.h"

#define LEAST	64	/* fewer empty places are left as they are */

/* The first place with that tag or a higher one. */
static size_t
place_of(const struct mqs_amqp_deliveries *t, uint64_t tag)
{
	size_t low = t->first, high = t->n, middle;

	while (low < high) {
		middle = low + (high - low) / 2;
		if (t->places[middle].tag < tag)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static void
compact(struct mqs_amqp_deliveries *t)
{
	size_t i, n = 0;

	for (i = t->first; i < t->n; i++)
		if (t->places[i].held != NULL)
			t->places[n++] = t->places[i];
	t->first = 0;
	t->n = n;
}

int
mqs_amqp_deliveries_add(struct mqs_amqp_deliveries *t, struct mqs_amqp_held *h)
{
	size_t cap = t->cap == 0 ? 2 * LEAST : 2 * t->cap;
	struct mqs_amqp_place *more;

	if (t->n == t->cap && t->n - t->live >= t->n / 2 && t->n > 0)
		compact(t);
	if (t->n == t->cap) {
		if ((more = reallocarray(t->places, cap, sizeof(*more))) == NULL)
			return -1;
		t->places = more;
		t->cap = cap;
	}
	t->places[t->n++] = (struct mqs_amqp_place){ .tag = h->tag, .held = h };
	t->live++;
	return 0;
}

struct mqs_amqp_held *
mqs_amqp_deliveries_find(const struct mqs_amqp_deliveries *t, uint64_t tag)
{
	size_t i = place_of(t, tag);

	return i < t->n && t->places[i].tag == tag ? t->places[i].held : NULL;
}

struct mqs_amqp_held *
mqs_amqp_deliveries_from(const struct mqs_amqp_deliveries *t, uint64_t tag)
{
	size_t i;

	for (i = place_of(t, tag); i < t->n; i++)
		if (t->places[i].held != NULL)
			return t->places[i].held;
	return NULL;
}

void
mqs_amqp_deliveries_remove(struct mqs_amqp_deliveries *t, const struct mqs_amqp_held *h)
{
	t->places[place_of(t, h->tag)].held = NULL;
	t->live--;
	while (t->first < t->n && t->places[t->first].held == NULL)
		t->first++;
	if (t->first == t->n)
		t->first = t->n = 0;
	else if (t->n - t->first >= 2 * LEAST && t->live < (t->n - t->first) / 2)
		compact(t);
}

void
mqs_amqp_deliveries_free(struct mqs_amqp_deliveries *t)
{
	free(t->places);
}
