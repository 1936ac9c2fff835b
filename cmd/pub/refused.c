/* pub/refused.c - see refused.h */
#include <stdio.h>
#include <string.h>

#include "common/output.h"
#include "pub/refused.h"

struct refused_entry {
	uint64_t	 number;
	size_t		 at, len;	/* its envelope in lines */
	size_t		 receipt;
};

void
refused_keep(struct refused *f, uint64_t number, struct mqs_slice line, size_t receipt)
{
	const struct refused_entry e = { number, f->lines.n, line.n, receipt };

	if (f->reject == NULL || !f->json)
		return;
	must(mqs_buf_add(&f->lines, line.p, line.n));
	must(mqs_buf_add(&f->entries, &e, sizeof(e)));
}

/* Takes out the line that begins there. */
static void
drop_receipt(struct refused *f, size_t at)
{
	struct mqs_buf *b = f->receipts;
	char *line = b->p + (at - f->cut);
	size_t n = (size_t)((char *)memchr(line, '\n', b->n - (at - f->cut)) - line) + 1;

	b->n -= n;
	memmove(line, line + n, b->n - (at - f->cut));
	f->cut += n;
}

static void
put_envelope_aside(struct refused *f, uint64_t number)
{
	const size_t n = f->entries.n / sizeof(struct refused_entry);
	struct refused_entry e;

	while (f->next < n) {
		memcpy(&e, f->entries.p + f->next++ * sizeof(e), sizeof(e));
		if (e.number != number)
			continue;
		reject_record(f->reject, (struct mqs_slice){ f->lines.p + e.at, e.len });
		if (e.receipt < f->receipts->n + f->cut)
			drop_receipt(f, e.receipt);
		return;
	}
}

int
refused_record(struct refused *f, uint64_t tag, const struct mqs_message *m, const char *why)
{
	const struct mqs_slice none = { "", 0 };

	if (f->reject == NULL) {
		f->number = tag;
		(void)snprintf(f->why, sizeof(f->why), "%s", why);
		return 1;
	}
	f->count++;
	if (f->json)
		put_envelope_aside(f, tag);
	else
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
