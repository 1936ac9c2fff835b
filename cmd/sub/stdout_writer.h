/* sub/stdout_writer.h - writing to stdout without waiting, and knowing what its reader took */
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

/* A message that was printed and not yet forgotten. */
struct printed {
	uint64_t	 end;		/* offset in all output where it ends */
	uint64_t	 seq, lease;
};

struct stdout_writer {
	struct printer	*printer;	/* buf: what is to be written, from `off' on */
	size_t		 off;
	enum writer_kind kind;
	int		 fd;
	int		 own;		/* fd is an open file description of ours, non-blocking */
	int		 gone;		/* the reader has gone away */
	uint64_t	 synced;	/* WRITER_FILE: bytes on stable storage */
	struct printed	*ring;		/* n of them from `first' on, the oldest first */
	size_t		 first, n, cap;
	uint64_t	 begin;		/* where the oldest of them begins */
	void		 (*wait)(void *arg);	/* writer_wait_with */
	void		*wait_arg;
};

int	writer_init(struct stdout_writer *, struct printer *, struct mqs_error *err);
void	writer_free(struct stdout_writer *);

/* Has wait called, instead of waiting in write(2), while stdout takes no more of a large body. */
void	writer_wait_with(struct stdout_writer *, void (*wait)(void *arg), void *arg);

/* How many bytes are printed and not yet written. */
size_t	writer_waiting(const struct stdout_writer *);
/*
 * Prints a claimed message into the buffer.  Printing a large body writes the buffer and
 * the body, and may wait; whatever was in the buffer must have been written before.
 */
int	writer_print(struct stdout_writer *, const struct mqs_message *,
	    const struct mqs_envelope_place *, struct mqs_error *err);
/* Writes as much as stdout takes now.  A reader that has gone sets `gone': no error. */
int	writer_write(struct stdout_writer *, struct mqs_error *err);
/* WRITER_FILE: syncs what was written. */
int	writer_sync(struct stdout_writer *, struct mqs_error *err);
/* How many bytes of the whole output the reader took. */
uint64_t writer_taken(const struct stdout_writer *);
/* How many bytes can surely be written without waiting. */
size_t	writer_room(const struct stdout_writer *);

/* The i-th oldest message of the ring; i < n. */
struct printed *writer_peek(const struct stdout_writer *, size_t i);
/* How many of the oldest end within the first `taken' bytes and have one lease. */
size_t	writer_done(const struct stdout_writer *, uint64_t taken);
/* Takes the n oldest out of the ring. */
void	writer_pop(struct stdout_writer *, size_t n);
/* How many of the newest are printed, with no byte of them written. */
size_t	writer_unbegun(const struct stdout_writer *);
/* Takes the n newest out of ring and buffer; no byte of them may have been written. */
void	writer_drop(struct stdout_writer *, size_t n);

#endif
