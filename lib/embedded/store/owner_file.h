/*
 * owner_file.h - the layout of an owner file, for both of its sides
 *
 * See owner.h for what the parts mean.  Numbers are little-endian; a checksum is
 * the XXH3-64 of the bytes of its part before it.
 *
 *	  0	magic 8, boot number 8, pid 8, process start 8, time 8 (the wall clock, ns
 *		since the epoch, when it was made), zeros, checksum at 56
 *	 64	hand-out mark: lease 8, count 8, checksum 8, zeros
 *	128	slots of 64 bytes: lease 8, id 8, pid 8, process start 8, started 8,
 *		zeros, checksum at 56
 */
#ifndef MQS_EMBEDDED_STORE_OWNER_FILE_H
#define MQS_EMBEDDED_STORE_OWNER_FILE_H

#include <stddef.h>
#include <stdint.h>

#define MQS_OWNER_HEADER	64	/* bytes of each part */
#define MQS_OWNER_MARK		24
#define MQS_OWNER_SLOT		64

#define MQS_OWNER_AT_MARK	64
#define MQS_OWNER_AT_SLOTS	128
#define MQS_OWNER_MAX_RUNS	65536	/* a file with more slots is damaged */

struct mqs_owner_header {
	uint64_t	boot, pid, start, since;
};

struct mqs_owner_mark {
	uint64_t	lease, count;
};

struct mqs_owner_entry {
	uint64_t	lease, id, pid, start, started;
};

/* Decoding returns 1, or 0 for a part that doesn't verify (an empty one doesn't). */
void	mqs_owner_header_put(unsigned char b[MQS_OWNER_HEADER], const struct mqs_owner_header *);
int	mqs_owner_header_get(const unsigned char b[MQS_OWNER_HEADER], struct mqs_owner_header *);
void	mqs_owner_mark_put(unsigned char b[MQS_OWNER_MARK], const struct mqs_owner_mark *);
int	mqs_owner_mark_get(const unsigned char b[MQS_OWNER_MARK], struct mqs_owner_mark *);
void	mqs_owner_entry_put(unsigned char b[MQS_OWNER_SLOT], const struct mqs_owner_entry *);
int	mqs_owner_entry_get(const unsigned char b[MQS_OWNER_SLOT], struct mqs_owner_entry *);

#endif
