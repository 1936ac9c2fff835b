/* cursor.h - walking the entries of a table in the order of their keys */
#ifndef MQS_EMBEDDED_STORE_LMDB_CURSOR_H
#define MQS_EMBEDDED_STORE_LMDB_CURSOR_H

#include "base/bytes.h"
#include "embedded/store/lmdb/transaction.h"
#include "mqspool.h"

struct mqs_cur;

/*
 * A cursor of a transaction; free it before the transaction ends.  After
 * mqs_tx_renew, a read cursor must be renewed too (and then be placed again).
 */
int	mqs_cur_new(struct mqs_cur **out, struct mqs_tx *, unsigned table, struct mqs_error *err);
int	mqs_cur_renew(struct mqs_cur *, struct mqs_error *err);
void	mqs_cur_free(struct mqs_cur *);

enum mqs_move {
	MQS_FIRST,
	MQS_LAST,
	MQS_NEXT,		/* MQS_FIRST if not placed */
	MQS_PREV,
	MQS_AT,			/* the key given, exactly */
	MQS_FROM		/* the key given, or the next greater */
};
/* key in: for MQS_AT and MQS_FROM; out: where the cursor stands. */
int	mqs_cur_move(struct mqs_cur *, enum mqs_move, struct mqs_slice *key,
	    struct mqs_slice *value, struct mqs_error *err);
/* Deletes the entry that a write cursor stands on; MQS_NEXT then gives the one after. */
int	mqs_cur_del(struct mqs_cur *, struct mqs_error *err);

#endif
