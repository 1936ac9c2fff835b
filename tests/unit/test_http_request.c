/* test_http_request.c - where the head of a request ends, and what is refused */
#include <stdlib.h>

#include "check.h"
#include "stat/http_request.h"

/* Parses a whole head; -1 if http_head_end refuses it, 0 if it has not ended. */
static int
parse(const char *text, struct http_request *r, char head[HTTP_HEAD_MAX])
{
	size_t n = strlen(text), length;
	int ended = http_head_end(text, n, &length);

	if (ended != 1)
		return ended;
	memcpy(head, text, length);
	return (int)http_parse(head, length, r);
}

static void
test_end(void)
{
	static const struct { const char *text; int ended; size_t length; } cases[] = {
		{ "", 0, 0 },
		{ "GET / HTTP/1.0\r\n", 0, 0 },
		{ "GET / HTTP/1.0\r\n\r", 0, 0 },
		{ "GET / HTTP/1.0\r\n\r\nmore", 1, 18 },
		{ "GET / HTTP/1.0\n\nmore", 1, 16 },
		{ "GET / HTTP/1.0\r\n\nmore", 1, 17 },
		{ "\r\n\nGET / HTTP/1.0\n\n", 1, 19 },
		{ "\r\n\r\n\r\n", 0, 0 },
		{ "GET /\r/ HTTP/1.0\n\n", -1, 0 },
		{ "GET /\001 HTTP/1.0", -1, 0 },
		{ "\026\003\001", -1, 0 },
		{ "GET / HTTP/1.0\na:\tb\n\n", 1, 21 }
	};
	size_t i, length;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		length = 0;
		if (!check_int(http_head_end(cases[i].text, strlen(cases[i].text), &length),
		    cases[i].ended) || !check_u64(length, cases[i].length))
			printf("# case %zu\n", i);
	}
	check_int(http_head_end("GET / HTTP/1.0\n\0\n\n", 18, &length), -1);
}

#define H	" HTTP/1.1\r\nHost: x\r\n"

static void
test_status(void)
{
	static const struct { const char *text; int status; } cases[] = {
		{ "GET /metrics" H "\r\n", 200 },
		{ "HEAD /" H "\r\n", 200 },
		{ "GET http://h:1/metrics" H "\r\n", 200 },
		{ "GET HTTPS://h" H "\r\n", 200 },
		{ "GET / HTTP/1.0\r\n\r\n", 200 },
		{ "GET / HTTP/1.9\r\nHost:\r\n\r\n", 200 },
		{ "GET /" H "Content-Length: 0\r\n\r\n", 200 },
		{ "GET /" H "X-Any: \xc3\xa9 \t b\r\n\r\n", 200 },
		{ "GET /favicon.ico" H "\r\n", 404 },
		{ "GET /%6detrics" H "\r\n", 404 },
		{ "GET /metrics/" H "\r\n", 404 },
		{ "GET //" H "\r\n", 404 },
		{ "HEAD /none" H "\r\n", 404 },
		{ "POST /metrics" H "Content-Length: 5\r\n\r\nhello", 405 },
		{ "get /" H "\r\n", 405 },
		{ "GETS /" H "\r\n", 405 },
		{ "OPTIONS *" H "\r\n", 405 },
		{ "CONNECT h:1" H "\r\n", 405 },
		{ "GET /" H "Content-Length: 5\r\n\r\nhello", 413 },
		{ "GET /" H "Content-Length: 00000000000000000000001\r\n\r\n", 413 },
		{ "GET /" H "Transfer-Encoding: chunked\r\n\r\n", 413 },
		/* The request line. */
		{ "GET /\r\n\r\n", 400 },
		{ "GET\r\n\r\n", 400 },
		{ " GET / HTTP/1.1\r\n\r\n", 400 },
		{ "G(T /" H "\r\n", 400 },
		{ "GET  /" H "\r\n", 400 },
		{ "GET /  HTTP/1.1\r\nHost: x\r\n\r\n", 400 },
		{ "GET / HTTP/1.1 \r\nHost: x\r\n\r\n", 400 },
		{ "GET\t/" H "\r\n", 400 },
		{ "GET / HTTP/2.0\r\nHost: x\r\n\r\n", 400 },
		{ "GET / HTTP/1.10\r\nHost: x\r\n\r\n", 400 },
		{ "GET / http/1.1\r\nHost: x\r\n\r\n", 400 },
		{ "GET *" H "\r\n", 400 },
		{ "GET metrics" H "\r\n", 400 },
		{ "GET http:///" H "\r\n", 400 },
		{ "GET ftp://x/" H "\r\n", 400 },
		{ "GET /#x" H "\r\n", 400 },
		{ "GET /?\xc3\xa9" H "\r\n", 400 },
		/* Headers. */
		{ "GET / HTTP/1.1\r\n\r\n", 400 },
		{ "POST / HTTP/1.1\r\n\r\n", 400 },
		{ "GET /" H "host: y\r\n\r\n", 400 },
		{ "GET / HTTP/1.1\r\nHost: x/y\r\n\r\n", 400 },
		{ "GET /" H "A: b\r\n folded\r\n\r\n", 400 },
		{ "GET /" H "A : b\r\n\r\n", 400 },
		{ "GET /" H "A\r\n\r\n", 400 },
		{ "GET /" H ": b\r\n\r\n", 400 },
		{ "GET /" H "Content-Length: -1\r\n\r\n", 400 },
		{ "GET /" H "Content-Length:\r\n\r\n", 400 },
		{ "GET /" H "Content-Length: 0\r\nContent-Length: 0\r\n\r\n", 400 }
	};
	char head[HTTP_HEAD_MAX];
	struct http_request r;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int status = parse(cases[i].text, &r, head);

		if (!check_int(status, cases[i].status) || (status != 200 &&
		    !check(r.why != NULL)))
			printf("# %.40s\n", cases[i].text);
	}
}

static void
test_parts(void)
{
	char head[HTTP_HEAD_MAX];
	struct http_request r;

	check_int(parse("\r\nGET /metrics?a=b?c HTTP/1.0\n\n", &r, head), 200);
	check_int(r.page, HTTP_METRICS);
	check_str(r.query, "a=b?c");
	check_int(r.head_only, 0);
	check_int(parse("HEAD http://h?q HTTP/1.0\n\n", &r, head), 200);
	check_int(r.page, HTTP_ROOT);
	check_str(r.query, "q");
	check_int(r.head_only, 1);
	check_int(parse("GET / HTTP/1.0\n\n", &r, head), 200);
	check_str(r.query, "");
	/* An answer to HEAD has no body, whatever is wrong with the request. */
	check_int(parse("HEAD /x HTTP/1.0\n\n", &r, head), 404);
	check_int(r.head_only, 1);
}

int
main(void)
{
	run_test("where a head ends", test_end);
	run_test("what is answered with which status", test_status);
	run_test("page, query and method", test_parts);
	return finish_tests();
}
