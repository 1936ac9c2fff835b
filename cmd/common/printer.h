/* common/printer.h - messages in the framing that was asked for */
#ifndef MQ_CMD_COMMON_PRINTER_H
#define MQ_CMD_COMMON_PRINTER_H

#include <sys/types.h>

#include "base/bytes.h"
#include "message/envelope.h"
#include "message/format.h"
#include "mqspool.h"

/*
 * How messages are printed: -D, -0, -J, -f.  print_message appends to buf; a large
 * body is copied from its descriptor to fd a part at a time, after flushing buf (except
 * in -J, where a record is held whole).  The caller flushes when buf has grown to 64 to
 * 128 KiB, and before it waits.
 */
struct printer {
	int		 fd;
	int		 terminal;	/* fd is a terminal: messages are made harmless */
	struct mqs_buf	 buf;
	uint64_t	 written;	/* bytes that reached fd */
	int		 json;		/* envelopes, which end in delim as well */
	int		 json_bodies;	/* in them, a body that is JSON as the value that it is */
	char		 delim[64];
	size_t		 delim_len;
	size_t		 begin;		/* where in buf the message that is being printed begins */
	struct mqs_format *format;	/* NULL unless -f */
	int		 receipts;	/* plain framing: RECEIPT<TAB> before the body */
	/* Instead of write(2) to fd, if not NULL; what it does while it waits is its affair. */
	ssize_t		 (*write)(void *arg, const char *, size_t);
	void		*write_arg;
};

void	printer_init(struct printer *, int fd);	/* newline framing */
/* Takes an option: 1, or 0 if it is another one; a malformed argument ends the tool with 64. */
int	printer_option(struct printer *, int id, const char *arg);
enum { PRINTER_JSON = 0x300 };
/* The rows of the option table that printer_option takes. */
#define PRINTER_OPTIONS \
	{ 'D', "delimiter", "DELIM", "end each message with DELIM (escapes \\n \\t \\r \\0 \\\\ \\xNN) instead of newline" }, \
	{ '0', "null", NULL, "end each message with NUL" }, \
	{ 'J', "envelopes", NULL, "one JSON envelope a line" }, \
	{ PRINTER_JSON, "json", NULL, "like -J, with bodies that are JSON as they are, not as text" }, \
	{ 'f', "format", "FORMAT", "print as FORMAT says: %s body, %k key, %o id, ... (see the page)" }

/*
 * Appends one message, and flushes only for a large body.  0, MQS_EIO with errno kept
 * (EPIPE: the reader went away), or another error.
 */
int	print_message(struct printer *, const struct mqs_message *,
	    const struct mqs_envelope_place *, struct mqs_error *err);
/*
 * Writes the whole buffer: 0, or MQS_EIO with errno kept.  It waits if fd is non-blocking
 * and takes no more.
 */
int	printer_flush(struct printer *, struct mqs_error *err);
void	printer_free(struct printer *);

#endif
