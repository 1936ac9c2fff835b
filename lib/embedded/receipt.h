/*
 * receipt.h - the embedded engine's receipts: QUEUE/GROUP/ID.LEASE, numbers in decimal
 */
#ifndef MQS_EMBEDDED_RECEIPT_H
#define MQS_EMBEDDED_RECEIPT_H

#include "mqspool.h"

struct mqs_receipt {
	char		queue[MQS_NAME_MAX + 1];
	char		group[MQS_NAME_MAX + 1];
	uint64_t	id, lease;
};

/* Parses a receipt: 0, or -1 and why (a constant phrase). */
int	mqs_receipt_parse(const char *s, struct mqs_receipt *, const char **why);
/* Writes a receipt; returns buf. */
char	*mqs_receipt_format(const char *queue, const char *group, uint64_t id,
	    uint64_t lease, char buf[MQS_RECEIPT_SIZE]);

#endif
