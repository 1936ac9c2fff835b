/*
 * error.c - errors: a code, and one line of text that says what went wrong
 *
 * The caller owns the structure, so this module keeps no state.  Tools show the line and put
 * it into logs.  A control character in it (from a name, or from a record that is quoted)
 * becomes '?', so that no text breaks the line or controls a terminal.  Text that is too
 * long is cut.
 */
#include <sys/resource.h>

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"

#ifndef MQ_VERSION
#define MQ_VERSION "0.1.0"
#endif

const char *
mqs_version(void)
{
	return MQ_VERSION;
}

const char *
mqs_strerror(int code)
{
	switch (code) {
	case MQS_OK:
		return "no error";
	case MQS_NOTHING:
		return "nothing there";
	case MQS_EINVAL:
		return "invalid argument";
	case MQS_EDATA:
		return "message can't be accepted";
	case MQS_ENOENT:
		return "no such queue or group";
	case MQS_ESTALE:
		return "stale receipt";
	case MQS_ENOTSUP:
		return "not supported by this engine";
	case MQS_EBUG:
		return "bug in the library";
	case MQS_ESYSTEM:
		return "system resource not available";
	case MQS_EIO:
		return "input/output error";
	case MQS_EDAMAGED:
		return "damaged";
	case MQS_EFULL:
		return "full";
	case MQS_EBUSY:
		return "in use";
	case MQS_EINTR:
		return "interrupted";
	case MQS_EPERM:
		return "not permitted";
	case MQS_ECONFIG:
		return "in conflict with the configuration";
	case MQS_EVERSION:
		return "written by a newer version";
	case MQS_EEXIST:
		return "exists already";
	case MQS_ETIMEOUT:
		return "timed out";
	default:
		return "unknown error";
	}
}

int
mqs_code_of_errno(int error)
{
	switch (error) {
	case ENOENT:
		return MQS_ENOENT;
	case EACCES:
	case EPERM:
	case EROFS:
		return MQS_EPERM;
	case ENOSPC:
	case EDQUOT:
		return MQS_EFULL;
	case EEXIST:
		return MQS_EEXIST;
	case EINTR:
		return MQS_EINTR;
	case EBUSY:
		return MQS_EBUSY;
	case ENOMEM:
	case EMFILE:
	case ENFILE:
	case EAGAIN:
	case ENOBUFS:
	case ENOLCK:
	case ENOSYS:
		return MQS_ESYSTEM;
	default:
		return MQS_EIO;
	}
}

/* Makes control characters harmless: the text stays one line. */
static void
make_harmless(char *text)
{
	unsigned char *s = (unsigned char *)text;

	for (; *s != '\0'; s++) {
		if (*s < 0x20 || *s == 0x7f)
			*s = '?';
		else if (s[0] == 0xc2 && s[1] >= 0x80 && s[1] < 0xa0)
			s[0] = s[1] = '?';	/* U+0080 to U+009F */
	}
}

/* Fills err's text from fmt, and ": " and reason if there is one. */
static void
fill(struct mqs_error *err, const char *reason, const char *fmt, va_list ap)
    __attribute__((format(printf, 3, 0)));

static void
fill(struct mqs_error *err, const char *reason, const char *fmt, va_list ap)
{
	char text[MQS_ERROR_TEXT];	/* an argument may be err's own text */
	size_t room = sizeof(text), n;

	/* The reason comes last, and is what must not be cut off. */
	if (reason != NULL && strlen(reason) + 3 < sizeof(text))
		room -= strlen(reason) + 2;
	if (vsnprintf(text, room, fmt, ap) < 0)
		text[0] = '\0';
	if (reason != NULL) {
		n = strlen(text);
		(void)snprintf(text + n, sizeof(text) - n, "%s%s", n > 0 ? ": " : "",
		    reason);
	}
	make_harmless(text);
	memcpy(err->text, text, strlen(text) + 1);
}

int
mqs_fail(struct mqs_error *err, int code, const char *fmt, ...)
{
	int saved = errno;	/* callers may still want to look at it */
	va_list ap;

	if (err != NULL) {
		va_start(ap, fmt);
		fill(err, NULL, fmt, ap);
		va_end(ap);
		err->code = code;
	}
	errno = saved;
	return code;
}

/* strerror(3)'s text; of descriptors that ran out, the limit as well. */
static const char *
reason_of(int error, char *buf, size_t size)
{
	/* GNU's, which is safe in threads and returns the text. */
	const char *text = strerror_r(error, buf, size);
	struct rlimit limit;

	if (error != EMFILE || getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return text;
	(void)snprintf(buf, size, "Too many open files (ulimit -n is %llu)",
	    (unsigned long long)limit.rlim_cur);
	return buf;
}

int
mqs_fail_errno(struct mqs_error *err, const char *fmt, ...)
{
	int saved = errno, code = mqs_code_of_errno(saved);
	char reason[128];
	va_list ap;

	if (err != NULL) {
		va_start(ap, fmt);
		fill(err, reason_of(saved, reason, sizeof(reason)), fmt, ap);
		va_end(ap);
		err->code = code;
	}
	errno = saved;
	return code;
}
