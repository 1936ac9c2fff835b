/*
 * framing.h - splits a stream of bytes into records that end in a delimiter
 *
 * Reading is apart from splitting, so that a caller can handle all that has arrived without
 * waiting for more: mqs_split_fill reads once, and mqs_split_next gives the complete
 * records, one by one.  Records point into the buffer, and are good until the next
 * mqs_split_fill.  A record longer than `large' bytes is given in pieces, so that memory
 * does not grow with it.
 */
#ifndef MQS_MESSAGE_FRAMING_H
#define MQS_MESSAGE_FRAMING_H

#include "base/bytes.h"
#include "mqspool.h"

#define MQS_DELIM_MAX	64

struct mqs_split {
	struct mqs_buf	 buf;
	size_t		 pos;		/* next byte to look at */
	size_t		 scanned;	/* bytes after pos known to hold no delimiter */
	size_t		 large;		/* longest record given whole; 0: no limit */
	size_t		 chunk;		/* how much to read at once */
	char		 delim[MQS_DELIM_MAX];
	size_t		 delim_len;	/* 0: all of the input is one record */
	int		 in_large;	/* inside a record that comes in pieces */
	int		 eof;
	uint64_t	 offset;	/* of buf.p[pos] in the whole input */
};

enum mqs_piece {
	MQS_PIECE_MORE,		/* no complete record: read more; at the end of input, there is none */
	MQS_PIECE_WHOLE,	/* a whole record, delimiter not included */
	MQS_PIECE_FIRST,	/* the first part of a large record */
	MQS_PIECE_NEXT,		/* a further part */
	MQS_PIECE_LAST		/* its last part (may be empty) */
};

/* Begins; delim is a delimiter whose escapes are resolved, large and chunk as above. */
void	mqs_split_init(struct mqs_split *, const char *delim, size_t delim_len,
	    size_t large, size_t chunk);
/*
 * Reads once from fd: the number of bytes read, 0 at the end of the input, or -1 with errno.
 * Records that were given before are invalid afterwards.
 */
long	mqs_split_fill(struct mqs_split *, int fd);
/* Gives the next record, or piece of one. */
enum mqs_piece mqs_split_next(struct mqs_split *, struct mqs_slice *);
/*
 * Goes on in another buffer, so that records given so far stay good.  The bytes not yet
 * given are moved to `other', which becomes the buffer; *other becomes the old buffer,
 * in which those records are.  The caller frees it in the end.  0, or -1 with errno and
 * nothing changed.
 */
int	mqs_split_swap(struct mqs_split *, struct mqs_buf *other);
void	mqs_split_free(struct mqs_split *);

/*
 * Resolves the escapes (\n \t \r \0 \\ \xNN) of a delimiter or format.  Writes at most room
 * bytes to out; returns how many, or -1 and why.
 */
long	mqs_unescape(const char *s, char *out, size_t room, const char **why);

#endif
