/* pub/refused.c - see refused.h */
#include <stdio.h>
#include <string.h>

#include "common/output.h"
#include "pub/refused.h"

struct refused_entry {
	uint64_t	 number;
	size_t		 at, len;	/* its envelope in lines */
	size_t		 receipt;	/* its line in receipts, before any was taken out */
	size_t		 cut;		/* bytes of that line that were taken out */
};

void
refused_keep(struct refused *f, uint64_t number, struct mqs_slice line, size_t receipt)
{
	const struct refused_entry e = { number, f->lines.n, line.n, receipt, 0 };

	if (f->reject == NULL || !f->json)
		return;
	must(mqs_buf_add(&f->lines, line.p, line.n));
	must(mqs_buf_add(&f->entries, &e, sizeof(e)));
}

/* Takes out the line that begins there, and returns its length. */
static size_t
drop_receipt(struct mqs_buf *b, size_t at)
{
	char *line = b->p + at;
	size_t n = (size_t)((char *)memchr(line, '\n', b->n - at) - line) + 1;

	b->n -= n;
	memmove(line, line + n, b->n - at);
	return n;
}

/*
 * Goes on to the entry of that number, around the end if need be: under one schema records
 * are refused in order, but another one is held against those before them once more.
 */
static int
find_entry(struct refused *f, uint64_t number, struct refused_entry *e)
{
	const size_t n = f->entries.n / sizeof(*e);
	size_t looked;

	for (looked = 0; looked < n; looked++) {
		if (f->next == n)
			f->next = f->cut = 0;
		memcpy(e, f->entries.p + f->next * sizeof(*e), sizeof(*e));
		if (e->number == number)
			return 1;
		f->next++;
		f->cut += e->cut;
	}
	return 0;
}

/* 0 if the record's envelope is not there. */
static int
put_envelope_aside(struct refused *f, uint64_t number)
{
	struct refused_entry e;

	if (!find_entry(f, number, &e))
		return 0;
	reject_record(f->reject, (struct mqs_slice){ f->lines.p + e.at, e.len });
	if (e.receipt < f->receipts->n + f->cut) {
		e.cut = drop_receipt(f->receipts, e.receipt - f->cut);
		memcpy(f->entries.p + f->next * sizeof(e), &e, sizeof(e));
	}
	return 1;
}

int
refused_record(struct refused *f, uint64_t tag, const struct mqs_message *m, const char *why)
{
	const struct mqs_slice none = { "", 0 };

	if (f->reject == NULL || (f->json && !put_envelope_aside(f, tag))) {
		f->number = tag;
		(void)snprintf(f->why, sizeof(f->why), "%s", why);
		return 1;
	}
	f->count++;
	if (!f->json)
		reject_message(f->reject, f->key_delim.n > 0 ?
		    (struct mqs_slice){ m->key, m->key_len } : none, f->key_delim, m);
	return 0;
}

void
refused_flushed(struct refused *f)
{
	f->lines.n = f->entries.n = f->next = f->cut = 0;
	f->count = 0;
}

void
refused_free(struct refused *f)
{
	mqs_buf_free(&f->lines);
	mqs_buf_free(&f->entries);
}
