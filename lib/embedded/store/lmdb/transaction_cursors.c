/*
 * transaction_cursors.c - the cursors of a transaction, closed before it ends (rule 8.18)
 *
 * LMDB leaves a dangling pointer where a cursor outlives a write transaction.  Every
 * cursor is therefore in a list of its transaction.
 */
#include <lmdb.h>
#include <stddef.h>

#include "embedded/store/lmdb/handle.h"
#include "embedded/store/lmdb/transaction_cursors.h"

void
mqs_appender_end(struct mqs_tx *tx)
{
	if (tx->appender != NULL)
		mdb_cursor_close(tx->appender);
	tx->appender = NULL;
}

void
mqs_cursors_end(struct mqs_tx *tx)
{
	struct mqs_cur *cur;

	mqs_appender_end(tx);
	for (cur = tx->cursors; cur != NULL; cur = cur->next) {
		if (cur->cursor != NULL)
			mdb_cursor_close(cur->cursor);
		cur->cursor = NULL;
	}
}

/* The transaction goes; cursors that were not freed must not point to it. */
void
mqs_cursors_drop(struct mqs_tx *tx)
{
	struct mqs_cur *cur;

	mqs_cursors_end(tx);
	while ((cur = tx->cursors) != NULL) {
		tx->cursors = cur->next;
		cur->tx = NULL;
		cur->next = NULL;
		cur->link = NULL;
	}
}
