/* commit_growth.h - keeping the file as long as its next commit says */
#ifndef MQS_EMBEDDED_STORE_LMDB_COMMIT_GROWTH_H
#define MQS_EMBEDDED_STORE_LMDB_COMMIT_GROWTH_H

#include <stddef.h>

#include "embedded/store/lmdb/handle.h"

/* Adds a tree, as the last commit left it, to the bound of the growth: 0 or an error. */
int	mqs_growth_of_tree(struct mqs_tx *, unsigned table);
/* Lengthens the file so that it covers every page that the commit can name. */
int	mqs_growth_extend(struct mqs_tx *);
/* After the commit: lengthens the file if the bound was too small. */
void	mqs_growth_check(struct mqs_db *);

/* Called before a table is changed. */
static inline int
mqs_growth_touch(struct mqs_tx *tx, unsigned table)
{
	return tx->touched & 1u << table ? 0 : mqs_growth_of_tree(tx, table);
}

/* What a put adds: the node with its pointer, or pages of its own. */
static inline size_t
mqs_growth_of_put(struct mqs_tx *tx, size_t key_len, size_t value_len)
{
	size_t n = 8 + key_len + value_len;

	if (n > tx->db->node_max) {
		tx->work.overflow += (16 + value_len) / tx->db->page_size + 1;
		n = 8 + key_len + 8;
	}
	return n + 4;
}

#endif
