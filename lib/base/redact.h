/* redact.h - the name of a spool, fit to be shown */
#ifndef MQS_BASE_REDACT_H
#define MQS_BASE_REDACT_H

#include <stddef.h>

/*
 * Writes the name of a spool with "***" in place of a password: of
 * "scheme://user:password@host".  A name that is no such address is copied.  Cut to size
 * bytes with NUL; returns buf.
 */
char	*mqs_redact(const char *where, char *buf, size_t size);

#endif
