/* sub/stdout_writer.h - stdout as mq-sub fills it: never waiting, and knowing who took what */
#ifndef MQ_CMD_SUB_STDOUT_WRITER_H
#define MQ_CMD_SUB_STDOUT_WRITER_H

#include <stddef.h>
#include <stdint.h>

#include "common/printer.h"
#include "mqspool.h"

enum writer_kind {
	WRITER_FILE,		/* taken once it is on stable storage */
	WRITER_PIPE,		/* taken once the reader has read it */
	WRITER_SOCKET,		/* taken once written */
	WRITER_OTHER		/* a terminal or device: likewise */
};

/* A message that was printed and is not done with. */
struct printed {
	uint64_t	 end;		/* offset in all output where it ends */
	uint64_t	 seq, lease;
};

struct stdout_writer {
	struct printer	*printer;	/* buf: what is to be written, from `off' on */
	size_t		 off;
	enum writer_kind kind;
	int		 fd;
	int		 own;		/* fd is a description of our own, non-blocking */
	int		 gone;		/* who reads has gone away */
	uint64_t	 synced;	/* WRITER_FILE: bytes on stable storage */
	struct printed	*ring;		/* n of them from `first' on, the oldest first */
	size_t		 first, n, cap;
	uint64_t	 begin;		/* where the oldest of them begins */
};

int	writer_init(struct stdout_writer *, struct printer *, struct mqs_error *err);
void	writer_free(struct stdout_writer *);

/* Bytes that are printed and not yet written. */
size_t	writer_waiting(const struct stdout_writer *);
/*
 * Prints a message that was claimed, into the buffer.  A large body is copied out,
 * which may wait; it is its own flush, so what waits must have been written before.
 */
int	writer_print(struct stdout_writer *, const struct mqs_message *,
	    const struct mqs_envelope_place *, struct mqs_error *err);
/* Writes what can be written now.  A reader that is gone is no error: see gone. */
int	writer_write(struct stdout_writer *, struct mqs_error *err);
/* WRITER_FILE: puts on stable storage what was written. */
int	writer_sync(struct stdout_writer *, struct mqs_error *err);
/* How many bytes of all output were taken. */
uint64_t writer_taken(const struct stdout_writer *);
/* How many bytes can surely be begun without waiting: 0 if none. */
size_t	writer_room(const struct stdout_writer *);

/* The i-th oldest message that is not done with; i < n. */
struct printed *writer_peek(const struct stdout_writer *, size_t i);
/* How many of the oldest end within the first `taken' bytes and are of one lease. */
size_t	writer_done(const struct stdout_writer *, uint64_t taken);
/* Forgets the n oldest. */
void	writer_pop(struct stdout_writer *, size_t n);
/* How many of the newest have been printed, but no byte of them written. */
size_t	writer_unbegun(const struct stdout_writer *);
/* Takes the n newest back, of which none may have been begun. */
void	writer_drop(struct stdout_writer *, size_t n);

#endif
