/* stat/http_request.h - the head of an HTTP request: where it ends, and what it asks for */
#ifndef MQ_CMD_STAT_HTTP_REQUEST_H
#define MQ_CMD_STAT_HTTP_REQUEST_H

#include <stddef.h>

/* The most bytes of a request line and its headers. */
#define HTTP_HEAD_MAX	8192

enum http_status {
	HTTP_OK = 200,
	HTTP_BAD_REQUEST = 400,
	HTTP_NOT_FOUND = 404,
	HTTP_METHOD_NOT_ALLOWED = 405,
	HTTP_REQUEST_TIMEOUT = 408,
	HTTP_CONTENT_TOO_LARGE = 413,
	HTTP_UNAVAILABLE = 503
};

enum http_page { HTTP_ROOT, HTTP_METRICS };

struct http_request {
	enum http_page	 page;
	const char	*query;		/* what stands behind the "?", or "" */
	int		 head_only;	/* HEAD */
	const char	*why;		/* of a status that is not HTTP_OK: what is wrong */
};

/*
 * Where the head of a request ends that begins at p: 1 and its length, 0 if n bytes are not
 * all of it, or -1 if they can't become one.
 */
int	http_head_end(const char *p, size_t n, size_t *length);
/*
 * Reads a head that has ended.  It is changed: query points into it.  head_only and why are
 * set in any case, the others with HTTP_OK.
 */
enum http_status http_parse(char *head, size_t n, struct http_request *);

#endif
