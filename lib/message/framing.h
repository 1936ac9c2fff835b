/*
 * framing.h - a stream of bytes as records that end in a delimiter
 *
 * Reading is split from parsing, so that a caller can take all that is there
 * without ever waiting inside: mqs_split_fill reads once; mqs_split_next gives
 * the records that are complete.  Records are borrowed from the buffer until the
 * next mqs_split_fill.  A record longer than `large' bytes comes in pieces, so
 * that memory does not grow with it.
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
	MQS_PIECE_MORE,		/* no complete record: fill again (or, at eof, the end) */
	MQS_PIECE_WHOLE,	/* a whole record, delimiter not included */
	MQS_PIECE_FIRST,	/* the first part of a large one */
	MQS_PIECE_NEXT,		/* a further part */
	MQS_PIECE_LAST		/* its last part (may be empty) */
};

/* delim as given by mqs_delim_parse; large and chunk as above. */
void	mqs_split_init(struct mqs_split *, const char *delim, size_t delim_len,
	    size_t large, size_t chunk);
/*
 * Reads once from fd: >0 bytes read, 0 at the end of the input, -1 with errno.
 * Everything borrowed before is invalid afterwards.
 */
long	mqs_split_fill(struct mqs_split *, int fd);
enum mqs_piece mqs_split_next(struct mqs_split *, struct mqs_slice *);
/*
 * Goes on in another buffer (emptied; freed by the caller in the end), which gets what
 * was not given yet; `other' is then the one that what was given stands in.  0, or -1
 * with errno and nothing changed.
 */
int	mqs_split_swap(struct mqs_split *, struct mqs_buf *other);
void	mqs_split_free(struct mqs_split *);

/*
 * Resolves escapes (\n \t \r \0 \\ \xNN) of a delimiter or format text into out:
 * its length, or -1 and why.  out may have room bytes.
 */
long	mqs_unescape(const char *s, char *out, size_t room, const char **why);

#endif
