/* ctl/schema_argument.c - see schema_argument.h */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/diagnostics.h"
#include "common/exit_status.h"
#include "common/output.h"
#include "ctl/schema_argument.h"

#define FILE_MAX	((size_t)1 << 20)	/* bytes; the library takes no more */

static void
read_file(struct mqs_buf *text, const char *path)
{
	char chunk[4096];
	const size_t from = text->n;
	size_t n;
	FILE *f = fopen(path, "re");

	if (f == NULL)
		fail(STATUS_DATA, "%s: %s", path, strerror(errno));
	do {
		n = fread(chunk, 1, sizeof(chunk), f);
		if (ferror(f))
			fail(STATUS_DATA, "%s: %s", path, strerror(errno));
		must(mqs_buf_add(text, chunk, n));
		if (text->n - from > FILE_MAX)
			fail(STATUS_DATA, "%s: longer than a schema may be (1M)", path);
	} while (n == sizeof(chunk));
	(void)fclose(f);
	if (text->n > from && memchr(text->p + from, '\0', text->n - from) != NULL)
		fail(STATUS_DATA, "%s: a NUL: no JSON", path);
	if (text->n == from)
		fail(STATUS_DATA, "%s: empty: no JSON", path);
}

void
schema_argument(struct mqs_buf *text, const char *arg)
{
	const char *begin = arg + strspn(arg, " \t\r\n");

	if (*begin == '{' || strcmp(arg, "true") == 0 || strcmp(arg, "false") == 0)
		must(mqs_buf_add(text, arg, strlen(arg)));
	else
		read_file(text, arg);
}
