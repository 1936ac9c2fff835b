/* address.c - see address.h */
#include <string.h>

#include "base/address.h"

int
mqs_is_address(const char *where, size_t *n)
{
	size_t len = strcspn(where, ":/");

	if (n != NULL)
		*n = len;
	return strncmp(where + len, "://", 3) == 0;
}
