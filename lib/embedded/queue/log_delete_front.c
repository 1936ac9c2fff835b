/* log_delete_front.c - see log_delete_front.h */
#include "base/error.h"
#include "embedded/queue/log_delete_front.h"
#include "embedded/store/lmdb/segments.h"

/* How LMDB fills a page of 4,096 bytes: a header; for each record a place, a header and a key. */
#define PAGE		((size_t)4096)
#define PAGE_QUARTER	((PAGE - 16) / 4)
#define OF_RECORD	((size_t)2 + 8 + 8)
#define LEFT_MAX	(PAGE / 8)		/* bytes of a record that may be left */

static inline size_t
size_in_page(struct mqs_slice value)
{
	return OF_RECORD + ((value.n + 1) & ~(size_t)1);
}

static inline uintptr_t
page_of(struct mqs_slice value)
{
	return (uintptr_t)value.p & ~(uintptr_t)(PAGE - 1);
}

static int
gone(struct mqs_error *err)
{
	return mqs_fail(err, MQS_EBUG, "messages: a record that was read is not there");
}

void
mqs_delete_front_begin(struct mqs_delete_front *d, struct mqs_tx *tx, struct mqs_cur *cur,
    int hides)
{
	memset(d, 0, sizeof(*d));
	d->tx = tx;
	d->hides = hides;
	d->cur = cur;
	d->next = MQS_FIRST;
}

/* Deletes those that are left, backward from the one at which the cursor stands, down to a size. */
static int
delete_backward(struct mqs_delete_front *d, struct mqs_slice value, size_t least,
    struct mqs_error *err)
{
	struct mqs_slice key = { NULL, 0 };
	size_t size;
	int rc;

	while (d->left > 0 && (size = size_in_page(value)) + least <= d->left_size) {
		if ((rc = mqs_cur_del(d->cur, err)) != MQS_OK)
			return rc;
		d->left_size -= size;
		if (--d->left == 0)
			return MQS_OK;
		if ((rc = mqs_cur_move(d->cur, MQS_PREV, &key, &value, err)) != MQS_OK)
			return rc == MQS_NOTHING ? gone(err) : rc;
	}
	return MQS_OK;
}

/* The cursor stands behind a page whose records were left: deletes most, and returns to there. */
static int
delete_page(struct mqs_delete_front *d, struct mqs_error *err)
{
	struct mqs_slice key = { NULL, 0 }, value;
	int rc;

	if ((rc = mqs_cur_move(d->cur, MQS_PREV, &key, &value, err)) == MQS_OK &&
	    (rc = mqs_cur_move(d->cur, MQS_PREV, &key, &value, err)) == MQS_OK &&
	    (rc = delete_backward(d, value, PAGE_QUARTER, err)) == MQS_OK &&
	    (rc = mqs_cur_move(d->cur, MQS_NEXT, &key, &value, err)) == MQS_OK)
		rc = mqs_cur_move(d->cur, MQS_NEXT, &d->key, &d->value, err);
	return rc == MQS_NOTHING ? gone(err) : rc;
}

int
mqs_delete_front_next(struct mqs_delete_front *d, struct mqs_error *err)
{
	int rc = mqs_cur_move(d->cur, d->next, &d->key, &d->value, err);

	d->next = MQS_NEXT;
	if (rc == MQS_OK && page_of(d->value) != d->page && d->left_size >= 2 * PAGE_QUARTER)
		rc = delete_page(d, err);
	return rc;
}

int
mqs_delete_front_del(struct mqs_delete_front *d, struct mqs_error *err)
{
	if (d->hides) {
		d->left++;
		return MQS_OK;
	}
	if (d->value.n > LEFT_MAX)
		return mqs_cur_del(d->cur, err);
	d->left++;
	d->left_size += size_in_page(d->value);
	d->page = page_of(d->value);
	return MQS_OK;
}

int
mqs_delete_front_end(struct mqs_delete_front *d, struct mqs_error *err)
{
	struct mqs_slice key = { NULL, 0 }, value;
	size_t i;
	int rc;

	if (d->left == 0)
		return MQS_OK;
	if (d->hides) {
		rc = mqs_segments_hide(d->tx, d->left, d->cur, err);
		d->left = 0;
		return rc;
	}
	rc = mqs_cur_move(d->cur, MQS_FIRST, &key, &value, err);
	for (i = 1; rc == MQS_OK && i < d->left; i++)
		rc = mqs_cur_move(d->cur, MQS_NEXT, &key, &value, err);
	if (rc == MQS_OK)
		rc = delete_backward(d, value, 0, err);
	if (rc == MQS_NOTHING || (rc == MQS_OK && d->left > 0))
		return gone(err);
	return rc;
}
