/*
 * stat/http_request.c - the head of an HTTP request: where it ends, and what it asks for
 *
 * By RFC 9112, for HTTP/1.0 and 1.1.  It is strict, since nobody types requests by hand and
 * what two programs read differently is how requests are smuggled.  A line may end in LF
 * alone, and empty lines may come before the request, as the RFC allows.  Refused with 400
 * are: control characters, a CR that no LF follows, a header continued on the next line,
 * blanks before a header's colon, more than one Host or Content-Length, and HTTP/1.1 without
 * Host.  A request with a body is refused with 413.
 *
 * The path is compared as it stands: percent-encoded letters are another path.
 */
#include <string.h>
#include <strings.h>

#include "stat/http_request.h"

/* A head that is being read, and what was met in it. */
struct head {
	char		*at, *end;
	struct http_request *r;
	int		 minor;		/* of the version, HTTP/1.x */
	int		 hosts, lengths;
	int		 body;		/* 1: headers announce one */
};

static int
is_control(unsigned char c)
{
	return c < ' ' || c == 0x7f;
}

int
http_head_end(const char *p, size_t n, size_t *length)
{
	size_t i, line = 0;	/* bytes of the line so far, without its CR */
	int begun = 0;		/* a line that is not empty has come */

	for (i = 0; i < n; i++) {
		if (p[i] == '\n') {
			if (line == 0 && begun) {
				*length = i + 1;
				return 1;
			}
			begun |= line != 0;
			line = 0;
		} else if (p[i] == '\r') {
			if (i + 1 < n && p[i + 1] != '\n')
				return -1;
		} else if (is_control((unsigned char)p[i]) && p[i] != '\t') {
			return -1;
		} else {
			line++;
		}
	}
	return 0;
}

static enum http_status
refuse(struct http_request *r, enum http_status status, const char *why)
{
	r->why = why;
	return status;
}

/* The next line, ended by NUL in the place of its CR or LF. */
static char *
next_line(struct head *h)
{
	char *line = h->at, *lf = memchr(h->at, '\n', (size_t)(h->end - h->at));

	if (lf == NULL)		/* only if the head has not ended */
		lf = h->end - 1;
	h->at = lf + 1;
	if (lf > line && lf[-1] == '\r')
		lf--;
	*lf = '\0';
	return line;
}

/* How many characters of a token (a method, a header's name) s begins with. */
static size_t
token(const char *s)
{
	return strspn(s, "!#$%&'*+-.^_`|~0123456789"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");
}

/* Takes "HTTP/1.x": 0, or -1 if it is not that. */
static int
take_version(struct head *h, const char *s)
{
	if (strncmp(s, "HTTP/1.", 7) != 0 || s[7] < '0' || s[7] > '9' || s[8] != '\0')
		return -1;
	h->minor = s[7] - '0';
	return 0;
}

/* The path and query of a target; NULL if it has none. */
static char *
path_of(char *target)
{
	size_t scheme = strncasecmp(target, "http://", 7) == 0 ? 7 :
	    strncasecmp(target, "https://", 8) == 0 ? 8 : 0;
	size_t host;

	if (target[0] == '/')
		return target;
	if (scheme == 0 || (host = strcspn(target + scheme, "/?")) == 0)
		return NULL;
	return target + scheme + host;
}

static enum http_status
take_target(struct http_request *r, char *target)
{
	char *path = path_of(target), *query;
	size_t i;

	for (i = 0; target[i] > ' ' && target[i] < 0x7f && target[i] != '#'; i++)
		;
	if (path == NULL || target[i] != '\0')
		return refuse(r, HTTP_BAD_REQUEST, "the target of the request is malformed");
	r->query = "";
	if ((query = strchr(path, '?')) != NULL) {
		*query = '\0';
		r->query = query + 1;
	}
	r->page = HTTP_ROOT;
	if (strcmp(path, "/metrics") == 0)
		r->page = HTTP_METRICS;
	else if (path[0] != '\0' && strcmp(path, "/") != 0)
		return refuse(r, HTTP_NOT_FOUND, "there are / and /metrics");
	return HTTP_OK;
}

/* METHOD SP TARGET SP VERSION. */
static enum http_status
take_request_line(struct head *h, char *line)
{
	struct http_request *r = h->r;
	size_t method = token(line), target;
	char *after;
	int get;

	if (method == 0 || line[method] != ' ')
		return refuse(r, HTTP_BAD_REQUEST, "the request line has no method");
	get = method == 3 && memcmp(line, "GET", 3) == 0;
	r->head_only = method == 4 && memcmp(line, "HEAD", 4) == 0;
	line += method + 1;
	target = strcspn(line, " \t");
	after = line + target;
	if (target == 0 || *after != ' ' || take_version(h, after + 1) == -1)
		return refuse(r, HTTP_BAD_REQUEST,
		    "the request line is not METHOD TARGET HTTP/1.1");
	*after = '\0';
	if (get || r->head_only)
		return take_target(r, line);
	return refuse(r, HTTP_METHOD_NOT_ALLOWED, "there are GET and HEAD");
}

/* Looks at the headers by which a request ends or is refused: 0, or -1 for a wrong value. */
static int
note_header(struct head *h, const char *name, const char *value)
{
	if (strcasecmp(name, "host") == 0)
		return h->hosts++ > 0 || value[strcspn(value, " \t/?#@")] != '\0' ? -1 : 0;
	if (strcasecmp(name, "transfer-encoding") == 0)
		h->body = 1;
	if (strcasecmp(name, "content-length") != 0)
		return 0;
	if (h->lengths++ > 0 || value[0] == '\0' ||
	    value[strspn(value, "0123456789")] != '\0')
		return -1;
	h->body |= value[strspn(value, "0")] != '\0';
	return 0;
}

/* NAME ":" OWS VALUE OWS: 0, or -1. */
static int
take_header(struct head *h, char *line)
{
	size_t name = token(line), n;
	char *value = line + name;

	if (name == 0 || *value != ':')
		return -1;
	*value++ = '\0';
	value += strspn(value, " \t");
	for (n = strlen(value); n > 0 && strchr(" \t", value[n - 1]) != NULL; n--)
		value[n - 1] = '\0';
	return note_header(h, line, value);
}

enum http_status
http_parse(char *p, size_t n, struct http_request *r)
{
	struct head h = { .at = p, .end = p + n, .r = r };
	enum http_status status;
	char *line;

	memset(r, 0, sizeof(*r));
	do {
		if (h.at >= h.end)
			return refuse(r, HTTP_BAD_REQUEST, "the request is empty");
		line = next_line(&h);
	} while (*line == '\0');
	status = take_request_line(&h, line);
	if (status == HTTP_BAD_REQUEST)
		return status;
	while (h.at < h.end && *(line = next_line(&h)) != '\0')
		if (take_header(&h, line) == -1)
			return refuse(r, HTTP_BAD_REQUEST, "a header is malformed");
	if (h.hosts == 0 && h.minor > 0)
		return refuse(r, HTTP_BAD_REQUEST, "HTTP/1.1 needs the header Host");
	if (status == HTTP_OK && h.body)
		return refuse(r, HTTP_CONTENT_TOO_LARGE, "the request has a body");
	return status;
}
