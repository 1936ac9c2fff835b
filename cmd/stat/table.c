/*
 * stat/table.c - aligned columns of text, buffered until all of it is known
 *
 * The text of all cells stands in one buffer, in order, each cell ended by NUL, so that
 * a table of any length is one allocation that grows.  The width of each column is kept
 * up to date as cells come.  Invariant: `cells' holds exactly `filled' strings.
 */
#include <stdarg.h>
#include <string.h>

#include "common/diagnostics.h"
#include "common/exit_status.h"
#include "stat/table.h"

static void
add(struct table *t, const char *text, size_t n)
{
	size_t column = t->filled % t->n;

	if (mqs_buf_add(&t->cells, text, n) == -1 ||
	    mqs_buf_addc(&t->cells, '\0') == -1)
		fail(STATUS_SYSTEM, "out of memory");
	if (n > t->width[column])
		t->width[column] = n;
	t->filled++;
}

void
table_init(struct table *t, const struct table_column *columns, size_t n)
{
	size_t i;

	memset(t, 0, sizeof(*t));
	t->columns = columns;
	t->n = n;
	for (i = 0; i < n; i++)
		add(t, columns[i].title, strlen(columns[i].title));
}

void
table_cell(struct table *t, const char *fmt, ...)
{
	char text[256];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (n < 0)
		n = 0;
	if ((size_t)n >= sizeof(text))
		n = (int)sizeof(text) - 1;
	add(t, text, (size_t)n);
}

void
table_print(const struct table *t, FILE *f)
{
	const char *cell = t->cells.p;
	size_t i, column, n, pad;

	for (i = 0; i < t->filled - t->filled % t->n; i++) {
		column = i % t->n;
		n = strlen(cell);
		pad = t->width[column] - n;
		if (column != 0)
			fputs("  ", f);
		if (t->columns[column].right)
			fprintf(f, "%*s%s", (int)pad, "", cell);
		else if (column + 1 < t->n)
			fprintf(f, "%s%*s", cell, (int)pad, "");
		else
			fputs(cell, f);
		if (column + 1 == t->n)
			fputc('\n', f);
		cell += n + 1;
	}
}

void
table_free(struct table *t)
{
	mqs_buf_free(&t->cells);
}
