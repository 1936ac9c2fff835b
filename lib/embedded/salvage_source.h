/*
 * salvage_source.h - the damaged log from which messages are saved, and what is found in it
 *
 * The file is read page by page (store/lmdb/page_scan.h).  Each record has a checksum over
 * itself and its id, so what is found is a message, or is not: where it lies says nothing.
 *
 * Which of them the queue still had:
 *
 *	reached		The tree of the table leads to the record: the queue has it.
 *			Or it was removed, and is hidden at the front of the oldest table
 *			(store/lmdb/segments.h): its ordinal says so.
 *	found		It lies in a page to which no intact part of a tree leads: the queue
 *			has it, or it was removed and its page not used again.  Ordinals say
 *			which: those up to the state's `removed' are gone.  Where no state can
 *			be read, all of them count, and the caller says so.
 *
 * If all of the table can be reached, from a root that is surely that of the last commit
 * (salvage_main_table.h), nothing else is looked at.
 *
 * Markers have no checksum.  Only those that the tree of their table leads to are taken: one
 * of a commit that never ended would say of an input that its output is here.
 *
 * Memory: 16 bytes for each record, 40 for each marker.
 */
#ifndef MQS_EMBEDDED_SALVAGE_SOURCE_H
#define MQS_EMBEDDED_SALVAGE_SOURCE_H

#include "embedded/salvage_main_table.h"

/* Where a record is: offset in the file, size, 1 if it was reached. */
struct mqs_salvage_place {
	uint64_t	id;
	uint64_t	where;		/* offset << 21 | size << 1 | reached */
};

struct mqs_salvage_source {
	struct mqs_dir	 dir;		/* path, and the folder of large bodies; -1: none */
	char		*name;		/* of the file */
	int		 fd;
	struct mqs_page_scan *scan;
	struct mqs_salvage_main main;	/* with what is to be told */
	int		 messages_whole;
	int		 has_table;	/* there is a table of messages */
	struct mqs_buf	 markers;	/* keys, MQS_MARKER_KEY bytes each */
	int		 markers_whole;
	struct mqs_salvage_place *places;	/* sorted by id; of one id, what was reached first */
	size_t		 n, cap;
	uint64_t	 damaged;	/* records that were reached and are damaged */
	unsigned char	*room;		/* of the record that was read last */
};

/*
 * Opens a log: a queue's directory, or its log.mdb.  MQS_EDATA: it is no log.  The source
 * must be zeros but for main.tell and main.tell_arg.  Call mqs_salvage_close in any case.
 */
int	mqs_salvage_open(struct mqs_salvage_source *, const char *from, struct mqs_error *err);
void	mqs_salvage_close(struct mqs_salvage_source *);
/* Finds all records.  MQS_EDATA: there is nothing of a log in the file. */
int	mqs_salvage_find(struct mqs_salvage_source *, struct mqs_error *err);
/* Reads the record at a place; it is good until the next is read.  MQS_EDAMAGED: it is not there any more. */
int	mqs_salvage_read(struct mqs_salvage_source *, const struct mqs_salvage_place *,
	    struct mqs_record *, struct mqs_error *err);
/* 1 if a tree led to the record at a place. */
int	mqs_salvage_reached(const struct mqs_salvage_place *);

#endif
