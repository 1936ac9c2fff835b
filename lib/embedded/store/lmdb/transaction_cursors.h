/* transaction_cursors.h - the cursors of a transaction, closed before it ends */
#ifndef MQS_EMBEDDED_STORE_LMDB_TRANSACTION_CURSORS_H
#define MQS_EMBEDDED_STORE_LMDB_TRANSACTION_CURSORS_H

#include "embedded/store/lmdb/handle.h"

/* Closes the cursor that stands at the end of a table. */
void	mqs_appender_end(struct mqs_tx *);
/* Closes all cursors of a transaction; those of a read transaction can be renewed. */
void	mqs_cursors_end(struct mqs_tx *);
/* The same, and the transaction forgets them. */
void	mqs_cursors_drop(struct mqs_tx *);

#endif
