/*
 * verify_keys.c - the order of keys in the ordered groups of a broker
 *
 * A group's queue and the log are different queues of the broker, and get what several publishers
 * send at once in different orders; so the order is that of each run of a publisher.  The
 * active consumer keeps it, and what that gives back goes back in its order.
 */
#include "verify.h"

/* The letter of a delivery, if its place in the group's queue is that of its sending. */
static const struct letter *
placed(const struct past *p, const struct delivery *d)
{
	const struct letter *l = past_letter(p, d->name);

	return l == NULL || l->not_before != 0 || sent_in_loss(p, l) ? NULL : l;
}

/* 1 if d's message was sent before a's, by the same run, and so belongs before it. */
static int
belongs_before(const struct past *p, const struct delivery *d, const struct delivery *a)
{
	const struct letter *x = placed(p, d), *y = placed(p, a);

	return x != NULL && y != NULL && x->run == y->run && x->sent < y->sent;
}

static int
first_of_message(const struct past *p, const struct delivery *d)
{
	return d == p->deliveries || d[-1].group != d->group || d[-1].id != d->id;
}

/* What the consumer of d did with its key before, while its connection lasted. */
static void
check_consumer(const struct past *p, const struct delivery **list, size_t i)
{
	const struct delivery *d = list[i], *a;
	const char *group = p->groups[d->group].name;
	int between = 0;
	size_t j;

	for (j = i; j-- > 0;) {
		a = list[j];
		if (a->run != d->run || lost_between(p, a->start, d->start))
			return;
		if (a->id == d->id && between && !perhaps_doubled(p, d, d->start))
			wrong("%s: key %s: %s came again after another had begun", group, d->key,
			    d->name);
		if (a->id == d->id)
			return;
		between = 1;
		if (belongs_before(p, d, a))
			wrong("%s: key %s: %s came after %s", group, d->key, d->name, a->name);
	}
}

/* Whoever had them: no message was passed over. */
static void
check_first(const struct past *p, const struct delivery **list, size_t i)
{
	const struct delivery *d = list[i];
	size_t j;

	for (j = 0; j < i && first_of_message(p, d); j++)
		if (belongs_before(p, d, list[j])) {
			wrong("%s: key %s: %s came first after %s", p->groups[d->group].name, d->key,
			    d->name, list[j]->name);
			return;
		}
}

/* The deliveries of one key, in the order of their starts. */
static void
check_key(const struct past *p, const struct delivery **list, size_t n)
{
	const struct delivery *a, *d;
	size_t i;

	for (i = 1; i < n; i++) {
		a = list[i - 1];
		d = list[i];
		if (d->start < over_at(p, a) && !given_back(p, a, d->start))
			wrong("%s: key %s: %s began while %s was at work", p->groups[d->group].name,
			    d->key, d->name, a->name);
		check_consumer(p, list, i);
		check_first(p, list, i);
	}
}

/* Of a key one message at a time is out, and of each run of a publisher in order. */
void
broker_keys_in_order(const struct past *p)
{
	for_keys(p, check_key);
}
