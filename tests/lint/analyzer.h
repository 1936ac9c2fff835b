/*
 * analyzer.h - read before each source, by clang-tidy only
 *
 * The analyzer sees one file at a time.  It can't know that mqs_fail returns the code it
 * was given, takes it to return 0 too, and then follows paths that do not exist.
 */
#include "base/error.h"

#define mqs_fail(err, code, ...) \
	((void)(mqs_fail)((err), (code), __VA_ARGS__), (code))
#define mqs_fail_errno(...) ((void)(mqs_fail_errno)(__VA_ARGS__), MQS_EIO)
