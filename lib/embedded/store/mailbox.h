/*
 * mailbox.h - a caller's mailbox: where the reply to its message is put
 *
 * SPOOL/QUEUE/owner/call-NAME, NAME 16 hex digits.  A mailbox is made unnamed, locked, then
 * linked, like an owner file.  The caller holds a lock of byte 0 (of the open file
 * description) as long as it lives.  A mailbox without that lock is a dead caller's, and
 * whoever finds it removes it.
 *
 *	  0	header: magic 8, size of the body 8, why it failed (text, NULs; all NUL: it
 *		did not) 32, zeros, checksum (XXH3-64 of the 56 bytes before) at 56
 *	 64	the body
 *
 * A replier locks byte 1, writes the body, and then the header with one write.  Until then the
 * header does not verify, so there is no reply.  A replier that is killed before leaves no
 * reply, and the next one begins anew.  The first reply counts.
 *
 * Nothing of it is ever synced: it does not outlive its caller.
 */
#ifndef MQS_EMBEDDED_STORE_MAILBOX_H
#define MQS_EMBEDDED_STORE_MAILBOX_H

#include "embedded/store/queue_dir.h"
#include "mqspool.h"

#define MQS_MAILBOX_NAME	22	/* room for "call-", 16 digits and NUL */
#define MQS_MAILBOX_BEFORE	"call-"
#define MQS_MAILBOX_BODY	64	/* where the body begins */
#define MQS_MAILBOX_REASON	32

struct mqs_mailbox_reply {
	uint64_t	size;
	char		reason[MQS_MAILBOX_REASON + 1];	/* "": it went well */
};

/* The caller's side.  Makes one: its number and descriptor. */
int	mqs_mailbox_new(const struct mqs_dir *, uint64_t *number, int *fd, struct mqs_error *err);
/* Removes it while it is still locked, and closes it. */
void	mqs_mailbox_end(const struct mqs_dir *, uint64_t number, int fd);

/* The replier's side.  MQS_NOTHING: the caller is gone (what it left is removed). */
int	mqs_mailbox_open(const struct mqs_dir *, uint64_t number, int *fd, struct mqs_error *err);
/* Puts all of a file in as the reply, unless there is one. */
int	mqs_mailbox_put(int fd, const char *reason, int body, struct mqs_error *err);

/* Either side: MQS_OK and the reply, or MQS_NOTHING. */
int	mqs_mailbox_get(int fd, struct mqs_mailbox_reply *, struct mqs_error *err);

/* Removes the mailboxes of dead callers. */
int	mqs_mailbox_sweep(const struct mqs_dir *, uint64_t *removed, struct mqs_error *err);

#endif
