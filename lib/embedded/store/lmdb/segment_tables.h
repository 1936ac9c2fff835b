/* segment_tables.h - which LMDB tables the segmented table is made of; private to this folder */
#ifndef MQS_EMBEDDED_STORE_LMDB_SEGMENT_TABLES_H
#define MQS_EMBEDDED_STORE_LMDB_SEGMENT_TABLES_H

#include "base/bytes.h"
#include "embedded/store/lmdb/handle.h"
#include "embedded/store/lmdb/segments.h"

/* 1 if a table is the segmented one. */
static inline int
mqs_is_segmented(const struct mqs_db *db, unsigned table)
{
	return db->spec.segments != 0 && table == db->spec.segmented;
}

/* 1 if a table is one of the others that the segmented one is made of. */
static inline int
mqs_is_segment(const struct mqs_db *db, unsigned table)
{
	return db->spec.segments != 0 && table > db->spec.ntables + 1 - db->spec.segments;
}

/* The LMDB table at a place in the ring; 0 is the oldest. */
static inline unsigned
mqs_segment_at(const struct mqs_tx *tx, unsigned place)
{
	const struct mqs_db_spec *spec = &tx->db->spec;
	unsigned number = (tx->segments.first + place) % spec->segments;

	return number == 0 ? spec->segmented : spec->ntables + 1 - spec->segments + number;
}

/* The place of a table in the ring. */
unsigned mqs_segment_place(const struct mqs_tx *, unsigned table);
/* The place at which a key is, if it is anywhere. */
unsigned mqs_segment_of_key(const struct mqs_tx *, uint64_t key);
/* A key as a number; one of another length is padded or cut. */
uint64_t mqs_segment_key(const void *key, size_t n);

static inline void
mqs_segments_forget(struct mqs_tx *tx)
{
	tx->segments.known = 0;
}

/* Reads how the ring stands, once in a transaction. */
int	mqs_segments_read(struct mqs_tx *, struct mqs_error *err);

/* Stores how it stands. */
int	mqs_segments_store(struct mqs_tx *, struct mqs_error *err);

static inline int
mqs_segments_know(struct mqs_tx *tx, struct mqs_error *err)
{
	return tx->segments.known ? MQS_OK : mqs_segments_read(tx, err);
}

/*
 * The LMDB table to which an entry with that key is to be appended; begins another one if that
 * was asked for.
 */
int	mqs_segments_appended(struct mqs_tx *, const void *key, size_t n, unsigned *table,
	    struct mqs_error *err);
/* Before the commit: gives up tables that have become empty, and stores how the ring stands. */
int	mqs_segments_settle(struct mqs_tx *, struct mqs_error *err);
/* Entries that are not hidden. */
int	mqs_segments_count(struct mqs_tx *, uint64_t *entries, struct mqs_error *err);

#endif
