/*
 * stat/table.c - aligned columns of text, buffered until all of it is known
 *
 * The text of all cells stands in one text, in order, each cell ended by NUL, which needs
 * no more memory however long the table gets.  The width of each column is kept
 * up to date as cells come.  Invariant: `cells' holds exactly `filled' strings.
 */
#include <stdarg.h>
#include <string.h>

#include "stat/table.h"

static void
add(struct table *t, const char *text, size_t n)
{
	size_t column = t->filled % t->n;

	long_text_add(&t->cells, text, n);
	long_text_add(&t->cells, "", 1);
	if (n > t->width[column])
		t->width[column] = n;
	t->filled++;
}

void
table_init(struct table *t, const struct table_column *columns, size_t n)
{
	size_t i;

	memset(t, 0, sizeof(*t));
	long_text_init(&t->cells);
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
table_print(struct table *t, FILE *f)
{
	size_t i, column, n, pad;
	const char *cell = long_text_all(&t->cells, &n);

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
	long_text_free(&t->cells);
}
