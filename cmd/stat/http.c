/*
 * stat/http.c - mq-stat --http: one HTTP request on stdin, its answer on stdout
 *
 * For a superserver that starts a process for each connection.  The order is: read the whole
 * request, open the spool, make the answer in memory, close the spool, write the answer.  So
 * a client that is slow to ask or to read holds no file of the spool.  Each of these steps that
 * may wait has the same limit.
 *
 * Every request that came gets an answer, also if the spool can't be opened: that ends the
 * tool, and before it ends, answer_failure answers 503.
 *
 * Nothing of the request is repeated in an answer.  What queues contain is escaped by
 * stat/prometheus.c and by the page, and headers forbid a browser to guess the type, to load
 * anything and to keep it.
 *
 * inetd connects stderr to the client as well.  It is closed then, so that messages do not
 * land in the answer.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/address.h"
#include "base/bytes.h"
#include "base/clock.h"
#include "common/common_options.h"
#include "common/diagnostics.h"
#include "common/exit_status.h"
#include "common/open_spool.h"
#include "common/output.h"
#include "common/signals.h"
#include "stat/gather.h"
#include "stat/http.h"
#include "stat/http_connection.h"
#include "stat/http_request.h"
#include "stat/page.h"
#include "stat/prometheus.h"

#define PLAIN	"text/plain; charset=utf-8"

struct answer {
	enum http_status status;
	const char	*type;
	struct mqs_buf	 body;
};

/* Of the one request that this process answers. */
static int64_t limit;
static int head_only;
static int unanswered;

static const char *
reason_of(enum http_status status)
{
	switch (status) {
	case HTTP_OK:
		return "OK";
	case HTTP_BAD_REQUEST:
		return "Bad Request";
	case HTTP_NOT_FOUND:
		return "Not Found";
	case HTTP_METHOD_NOT_ALLOWED:
		return "Method Not Allowed";
	case HTTP_REQUEST_TIMEOUT:
		return "Request Timeout";
	case HTTP_CONTENT_TOO_LARGE:
		return "Content Too Large";
	case HTTP_UNAVAILABLE:
		return "Service Unavailable";
	}
	return "";
}

static void
add_head(struct mqs_buf *to, const struct answer *a)
{
	char date[64];
	time_t now = time(NULL);
	struct tm tm;

	must(mqs_buf_addf(to, "HTTP/1.1 %d %s\r\n", (int)a->status, reason_of(a->status)));
	if (gmtime_r(&now, &tm) != NULL &&
	    strftime(date, sizeof(date), "%a, %d %b %Y %H:%M:%S GMT", &tm) > 0)
		must(mqs_buf_addf(to, "Date: %s\r\n", date));
	if (a->status == HTTP_METHOD_NOT_ALLOWED)
		must(mqs_buf_addf(to, "Allow: GET, HEAD\r\n"));
	must(mqs_buf_addf(to, "Content-Type: %s\r\n"
	    "Content-Length: %zu\r\n"
	    "Connection: close\r\n"
	    "Cache-Control: no-store\r\n"
	    "X-Content-Type-Options: nosniff\r\n"
	    "Referrer-Policy: no-referrer\r\n"
	    "Content-Security-Policy: " PAGE_POLICY "\r\n"
	    "\r\n", a->type, a->body.n));
}

/* Sends the answer and ends the connection. */
static void
send_answer(const struct answer *a)
{
	int64_t deadline = mqs_later(mqs_boottime(), limit);
	struct mqs_buf head = { 0 };

	add_head(&head, a);
	unanswered = 0;
	if (http_send(head.p, head.n, deadline) == -1 ||
	    (!head_only && http_send(a->body.p, a->body.n, deadline) == -1))
		note("the client did not take the answer");
	http_end(deadline);
	mqs_buf_free(&head);
}

/* An answer that is only a line of text: the status, and why. */
static void
send_line(enum http_status status, const char *why)
{
	struct answer a = { .status = status, .type = PLAIN };

	note("answering %d: %s", (int)status, why);
	must(mqs_buf_addf(&a.body, "%d %s: %s\n", (int)status, reason_of(status), why));
	send_answer(&a);
	mqs_buf_free(&a.body);
}

/* Called when the tool ends. */
static void
answer_failure(void)
{
	if (!unanswered)
		return;
	unanswered = 0;
	send_line(HTTP_UNAVAILABLE, "mq-stat failed; its standard error says why");
}

/*
 * Ends the library's waits after the limit, as if somebody had asked the tool to stop: a queue
 * that is named is waited for while it is being compacted.
 */
static void
limit_waits(void)
{
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGTERM };
	struct itimerspec after = { .it_value = { .tv_sec = limit / MQS_SECOND,
	    .tv_nsec = limit % MQS_SECOND } };
	timer_t timer;

	catch_signals(1);
	if (timer_create(CLOCK_MONOTONIC, &event, &timer) == -1 ||
	    timer_settime(timer, 0, &after, NULL) == -1)
		fail(STATUS_SYSTEM, "timer: %s", strerror(errno));
}

/* All families, in memory: the length stands in front of them. */
static void
add_metrics(struct mqs_buf *text, char **operands, int n)
{
	struct mqs_spool *spool = open_spool(0);
	struct gathered g = { 0 };
	size_t i;

	(void)gather(&g, spool, operands, n);
	mqs_spool_free(spool);
	for (i = 0; prometheus_family(&g, i, text); i++)
		;
	gather_free(&g);
}

static void
add_page(struct mqs_buf *text, char **operands, int n, const char *query)
{
	struct mqs_spool *spool = open_spool(0);
	struct page_numbers p;

	page_numbers(&p, spool, operands, n);
	mqs_spool_free(spool);
	page_html(text, &p, query);
	page_numbers_free(&p);
}

/* Answers a request for what there is. */
static void
answer_page(const struct http_request *r, char **operands, int n)
{
	struct answer a = { .status = HTTP_OK, .type = PROMETHEUS_TYPE };

	if (!mqs_is_address(common.spool, NULL) && access(common.spool, R_OK | X_OK) == -1) {
		report("%s: %s", common.spool, strerror(errno));
		send_line(HTTP_UNAVAILABLE, errno == ENOENT ? "there is no spool yet" :
		    "the spool can't be read");
		return;
	}
	if (r->page == HTTP_ROOT) {
		a.type = PAGE_TYPE;
		add_page(&a.body, operands, n, r->query);
	} else
		add_metrics(&a.body, operands, n);
	send_answer(&a);
	mqs_buf_free(&a.body);
}

/* Answers what did not come as a whole request. */
static void
answer_broken(enum http_came came)
{
	char text[64];

	switch (came) {
	case HTTP_CAME:
	case HTTP_CAME_NOTHING:
		return;
	case HTTP_CAME_CUT:
		send_line(HTTP_BAD_REQUEST, "the request ends too early");
		return;
	case HTTP_CAME_MALFORMED:
		send_line(HTTP_BAD_REQUEST, "the request is not HTTP/1");
		return;
	case HTTP_CAME_LATE:
		send_line(HTTP_REQUEST_TIMEOUT, "the request came too slowly");
		return;
	case HTTP_CAME_LARGE:
		(void)snprintf(text, sizeof(text), "the request has more than %d bytes",
		    HTTP_HEAD_MAX);
		send_line(HTTP_CONTENT_TOO_LARGE, text);
		return;
	}
}

static void
keep_messages_off_the_answer(void)
{
	struct stat out, err;
	int null;

	if (fstat(STDOUT_FILENO, &out) == -1 || fstat(STDERR_FILENO, &err) == -1 ||
	    !S_ISSOCK(err.st_mode) || out.st_dev != err.st_dev || out.st_ino != err.st_ino)
		return;
	if ((null = open("/dev/null", O_WRONLY | O_CLOEXEC)) == -1 ||
	    dup2(null, STDERR_FILENO) == -1)
		_exit(STATUS_SYSTEM);
	(void)close(null);
}

int
stat_http(char **operands, int n, int64_t most)
{
	char head[HTTP_HEAD_MAX];
	struct http_request r;
	enum http_status status;
	enum http_came came;
	size_t length;

	limit = most;
	keep_messages_off_the_answer();
	unanswered = 1;
	at_end(answer_failure);
	came = http_receive(head, sizeof(head), &length, limit);
	if (came != HTTP_CAME) {
		unanswered = 0;
		answer_broken(came);
		return STATUS_OK;
	}
	status = http_parse(head, length, &r);
	head_only = r.head_only;
	if (status != HTTP_OK) {
		send_line(status, r.why);
	} else {
		limit_waits();
		answer_page(&r, operands, n);
	}
	return STATUS_OK;
}
