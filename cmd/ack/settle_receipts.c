/*
 * ack/settle_receipts.c - receipts, from operands or from stdin, and their settling
 *
 * On stdin a receipt is the first field of a record, or "receipt" in an envelope.  All
 * receipts that are ready to be read are settled in one batch, so that a worker's
 * receipts are settled while it waits for more work.
 *
 * A receipt that is no longer valid, because its message was delivered again meanwhile,
 * is reported, and the other receipts are still settled.  Text that is no receipt ends
 * the run after the receipts before it have been settled.
 *
 * A kill leaves some receipts settled and some not.  The run can be repeated: settling a
 * delivery twice does no harm.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "ack/settle_receipts.h"
#include "common/diagnostics.h"
#include "common/exit_status.h"
#include "common/input.h"
#include "common/signals.h"
#include "message/framing.h"

#define READ_BYTES	(256u << 10)
#define GATHER_BYTES	(1u << 20)
#define LONG_LINE	(1u << 20)

/* The outcome for one receipt. */
static void
on_settled(void *arg, uint64_t tag, int code, const char *text)
{
	struct ack *a = arg;
	const char *receipt = a->receipts.p + tag;
	int status = status_of(code);

	if (code == MQS_OK) {
		a->settled++;
		return;
	}
	if (a->status == STATUS_OK || a->status == STATUS_MISSING)
		a->status = status;
	if (code != MQS_ESTALE && code != MQS_ENOENT)
		return;		/* not the receipt's fault: flush says it, once */
	if (text == NULL || text[0] == '\0')
		text = mqs_strerror(code);
	if (strstr(text, receipt) != NULL)
		report("%s", text);
	else
		report("%s: %s", receipt, text);
}

static void
flush(struct ack *a)
{
	struct mqs_error err;

	if (mqs_settler_flush(a->settler, &err) != 0) {
		if (err.code == MQS_EINTR && stopping != 0) {
			complain("%s", err.text);
			signal_end(STATUS_AGAIN);
		}
		fail_error(&err);
	}
	a->receipts.n = 0;
}

/* Adds one receipt of n bytes: NULL, or why it is none. */
static const char *
add_receipt(struct ack *a, const char *receipt, size_t n, struct mqs_error *err)
{
	size_t at = a->receipts.n;
	int code;

	if (n == 0)
		return "no receipt in it";
	if (n >= MQS_RECEIPT_SIZE || memchr(receipt, '\0', n) != NULL)
		return "not a receipt";
	if (mqs_buf_add(&a->receipts, receipt, n) != 0 ||
	    mqs_buf_addc(&a->receipts, '\0') != 0)
		fail(STATUS_SYSTEM, "%s", strerror(errno));
	code = mqs_settler_add(a->settler, a->receipts.p + at,
	    a->settlement, at, err);
	if (code == MQS_OK)
		return NULL;
	a->receipts.n = at;
	if (code != MQS_EINVAL)
		fail_error(err);
	return err->text;
}

int
ack_operands(struct ack *a, char **receipts, int n)
{
	struct mqs_error err;
	const char *fault;
	int i;

	for (i = 0; i < n && stopping == 0; i++) {
		fault = add_receipt(a, receipts[i], strlen(receipts[i]), &err);
		if (fault == NULL)
			continue;
		flush(a);
		if (fault == err.text)
			usage_error("%s", fault);
		usage_error("'%s': %s", receipts[i], fault);
	}
	flush(a);
	return i == n;
}

/* Adds the receipt of a record: NULL, or what is wrong with it. */
static const char *
take_record(struct ack *a, struct mqs_slice s, struct mqs_error *err)
{
	const char *p = s.p, *end;
	size_t n = s.n;

	if (a->json || (s.n > 0 && *p == '{')) {
		if (mqs_envelope_parse(&a->envelope, p, s.n, 0, err) != 0)
			return err->text;
		p = a->envelope.receipt;
		if (p == NULL)
			return "no \"receipt\" in it";
		return add_receipt(a, p, strlen(p), err);
	}
	if (n > 0 && (end = memchr(p, '\t', n)) != NULL)
		n = (size_t)(end - p);
	if (n > 0 && (end = memchr(p, ' ', n)) != NULL)
		n = (size_t)(end - p);
	return add_receipt(a, p, n, err);
}

/*
 * Takes a record or a piece of one.  Of a long line only the first piece matters,
 * which has the receipt; a long envelope is held until it is whole.
 */
static const char *
take_piece(struct ack *a, enum mqs_piece kind, struct mqs_slice s, struct mqs_error *err)
{
	struct mqs_slice whole;
	const char *fault;

	if (kind == MQS_PIECE_WHOLE || kind == MQS_PIECE_FIRST)
		a->number++;
	if (kind == MQS_PIECE_WHOLE)
		return take_record(a, s, err);
	if (kind == MQS_PIECE_FIRST && (s.n == 0 || *(const char *)s.p != '{'))
		return take_record(a, s, err);
	if (kind != MQS_PIECE_FIRST && a->held.n == 0)
		return NULL;
	if (mqs_buf_add(&a->held, s.p, s.n) != 0)
		fail(STATUS_SYSTEM, "%s", strerror(errno));
	if (kind != MQS_PIECE_LAST)
		return NULL;
	whole = (struct mqs_slice){ a->held.p, a->held.n };
	fault = take_record(a, whole, err);
	mqs_buf_free(&a->held);
	a->held = (struct mqs_buf){ 0 };
	return fault;
}

static void
take_records(struct ack *a, struct mqs_split *split)
{
	struct mqs_error err;
	struct mqs_slice s;
	enum mqs_piece kind;
	const char *fault;

	while ((kind = mqs_split_next(split, &s)) != MQS_PIECE_MORE) {
		fault = take_piece(a, kind, s, &err);
		if (fault == NULL)
			continue;
		flush(a);
		fail(STATUS_DATA, "stdin: line %llu: %s",
		    (unsigned long long)a->number, fault);
	}
}

int
ack_stdin(struct ack *a)
{
	const int fd = STDIN_FILENO;
	struct mqs_split split;
	int all;

	mqs_split_init(&split, &a->delim, 1, a->json ? 0 : LONG_LINE,
	    READ_BYTES);
	while (!split.eof && stopping == 0) {
		if (!input_ready(fd) && input_wait(fd) != 0)
			break;
		if (input_gather(&split, fd, GATHER_BYTES) != 0)
			fail(STATUS_IO, "stdin: %s", input_reason(errno));
		take_records(a, &split);
		flush(a);
	}
	all = split.eof;
	mqs_split_free(&split);
	return all;
}

void
ack_open(struct ack *a, struct mqs_spool *spool)
{
	struct mqs_error err;

	if (mqs_settler_open(&a->settler, spool, on_settled, a, &err) != 0)
		fail_error(&err);
}

void
ack_close(struct ack *a)
{
	mqs_settler_free(a->settler);
	mqs_envelope_free(&a->envelope);
	mqs_buf_free(&a->receipts);
	mqs_buf_free(&a->held);
}
