/* sub/stdout_writer.h - stdout as mq-sub fills it: never waiting, and knowing who took what */
#ifndef MQ_CMD_SUB_STDOUT_WRITER_H
#define MQ_CMD_SUB_STDOUT_WRITER_H

#include <stddef.h>
#include <stdint.h>

#include "common/output.h"
#include "mqspool.h"

enum outlet_kind {
	OUTLET_FILE,		/* taken once it is on stable storage */
	OUTLET_PIPE,		/* taken once the reader has read it */
	OUTLET_SOCKET,		/* taken once written */
	OUTLET_OTHER		/* a terminal or device: likewise */
};

/* A message that was printed and is not done with. */
struct printed {
	uint64_t	 end;		/* offset in all output where it ends */
	uint64_t	 seq, lease;
};

struct outlet {
	struct printer	*printer;	/* buf: what is to be written, from `off' on */
	size_t		 off;
	enum outlet_kind kind;
	int		 fd;
	int		 own;		/* fd is a description of our own, non-blocking */
	int		 gone;		/* who reads has gone away */
	uint64_t	 synced;	/* OUTLET_FILE: bytes on stable storage */
	struct printed	*ring;		/* n of them from `first' on, the oldest first */
	size_t		 first, n, cap;
	uint64_t	 begin;		/* where the oldest of them begins */
};

int	outlet_init(struct outlet *, struct printer *, struct mqs_error *err);
void	outlet_free(struct outlet *);

/* Bytes that are printed and not yet written. */
size_t	outlet_waiting(const struct outlet *);
/*
 * Prints a message that was claimed, into the buffer.  A large body is copied out,
 * which may wait; it is its own flush, so what waits must have been written before.
 */
int	outlet_print(struct outlet *, const struct mqs_message *,
	    const struct mqs_envelope_place *, struct mqs_error *err);
/* Writes what can be written now.  A reader that is gone is no error: see gone. */
int	outlet_write(struct outlet *, struct mqs_error *err);
/* OUTLET_FILE: puts on stable storage what was written. */
int	outlet_sync(struct outlet *, struct mqs_error *err);
/* How many bytes of all output were taken. */
uint64_t outlet_taken(const struct outlet *);
/* How many bytes can surely be begun without waiting: 0 if none. */
size_t	outlet_room(const struct outlet *);

/* The i-th oldest message that is not done with; i < n. */
struct printed *outlet_peek(const struct outlet *, size_t i);
/* How many of the oldest end within the first `taken' bytes and are of one lease. */
size_t	outlet_done(const struct outlet *, uint64_t taken);
/* Forgets the n oldest. */
void	outlet_pop(struct outlet *, size_t n);
/* How many of the newest have been printed, but no byte of them written. */
size_t	outlet_unbegun(const struct outlet *);
/* Takes the n newest back, of which none may have been begun. */
void	outlet_drop(struct outlet *, size_t n);

#endif
