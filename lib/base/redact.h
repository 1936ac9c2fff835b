/* redact.h - the name of a spool without its password, to be shown in messages */
#ifndef MQS_BASE_REDACT_H
#define MQS_BASE_REDACT_H

#include <stddef.h>

/*
 * Copies the name of a spool; the password in "scheme://user:password@host" becomes "***".
 * The result is cut to size bytes, NUL included.  Returns buf.
 */
char	*mqs_redact(const char *where, char *buf, size_t size);

#endif
