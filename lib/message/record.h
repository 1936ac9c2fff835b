/*
 * record.h - a message as the log stores it
 *
 * The key in the log is the id, 8 bytes big-endian.  The value:
 *
 *	bytes 0-3   checksum, little-endian: XXH3-64 over the rest of the value,
 *	            xor id * 0x9e3779b97f4a7c15, its two halves xored
 *	byte  4     format version, 1
 *	varint      flags (below)
 *	varint      ordinal
 *	varint      id - time
 *	KEY         1 byte length, the bytes
 *	HEADERS     varint length, the bytes (name NUL value NUL ...)
 *	PRIORITY    1 byte
 *	NOT_BEFORE  8 bytes, little-endian, ns since the epoch
 *	EXPIRES     8 bytes, likewise
 *	MESSAGE_ID  1 byte length, the bytes
 *	ONLY_GROUP  1 byte length, a group's name: others skip the message
 *	LARGE       8 bytes name of the blob, 8 bytes size, 8 bytes XXH3-64 of it
 *	            (all little-endian); the record ends here
 *	body        all that is left
 *
 * A field in capitals is present if its flag is set; the fields come in this order.  A
 * record with an unknown flag is of a newer format, and is refused.
 *
 * A plain message takes 10 bytes beside its body.  Records are that small because the speed
 * of the disk limits the publishing of short messages; so no field is present, or wider,
 * than it needs to be.
 */
#ifndef MQS_MESSAGE_RECORD_H
#define MQS_MESSAGE_RECORD_H

#include "base/bytes.h"
#include "mqspool.h"

#define MQS_RECORD_VERSION	1

#define MQS_RECORD_KEY		0x01u
#define MQS_RECORD_HEADERS	0x02u
#define MQS_RECORD_LARGE	0x04u
#define MQS_RECORD_PRIORITY	0x08u
#define MQS_RECORD_NOT_BEFORE	0x10u
#define MQS_RECORD_EXPIRES	0x20u
#define MQS_RECORD_MESSAGE_ID	0x40u
#define MQS_RECORD_ONLY_GROUP	0x80u
#define MQS_RECORD_FLAGS	0xffu	/* all that are known */

/* A decoded record.  Its pointers point into the value that was decoded. */
struct mqs_record {
	struct mqs_message message;	/* seq is the id; body NULL if large */
	uint64_t	 ordinal;
	unsigned	 flags;
	const char	*only_group;
	size_t		 only_group_len;
	uint64_t	 blob_name, blob_hash;	/* if large; its size is message.body_len */
};

/*
 * Returns the size of the encoded record, and sets its flags.  Of the record it uses
 * message, ordinal, only_group, and the flag that says that the body is large.
 */
size_t	mqs_record_size(struct mqs_record *);
/* Encodes a record to room; size is what mqs_record_size has returned. */
void	mqs_record_encode(const struct mqs_record *, void *room, size_t size);

/*
 * Decodes a value: 0, MQS_EDAMAGED (a wrong checksum, or fields longer than the value), or
 * MQS_EVERSION.  Without verify the checksum is not computed, and only the front of the
 * record is read; that is for callers that do not hand the message out.
 */
int	mqs_record_decode(struct mqs_record *, uint64_t id, struct mqs_slice value,
	    int verify, struct mqs_error *err);

/* 1 if the checksum says that a value is a record, whole, of the message with that id. */
int	mqs_record_verify(uint64_t id, struct mqs_slice value);
/*
 * Which id from `least' to `most' a whole record is of, where its key is damaged: 1 and *id,
 * or 0.  Tried are the ids that differ from its key in one bit, and a million from either end.
 */
int	mqs_record_find_id(struct mqs_slice value, uint64_t key, uint64_t least, uint64_t most,
	    uint64_t *id);

/*
 * 1 if a record has none of the fields in capitals, together with its ordinal, id - time and
 * the length of its body.  0 if it has some, or is damaged: then mqs_record_decode tells.
 */
static inline int
mqs_record_plain(struct mqs_slice value, uint64_t *ordinal, uint64_t *behind, uint64_t *body_len)
{
	const unsigned char *p = value.p, *end = p + value.n;

	if (value.n < 8 || p[4] != MQS_RECORD_VERSION || p[5] != 0 ||
	    (p = mqs_get_varint(p + 6, end, ordinal)) == NULL ||
	    (p = mqs_get_varint(p, end, behind)) == NULL)
		return 0;
	*body_len = (uint64_t)(end - p);
	return 1;
}

#endif
