/* mq-stat - shows queues and groups without touching them */
#include <errno.h>
#include <unistd.h>

#include "base/address.h"
#include "base/clock.h"
#include "base/units.h"
#include "common/arguments.h"
#include "common/common_options.h"
#include "common/diagnostics.h"
#include "common/exit_status.h"
#include "common/open_spool.h"
#include "common/signals.h"
#include "common/tool.h"
#include "mqspool.h"
#include "stat/check.h"
#include "stat/check_errors.h"
#include "stat/conditions.h"
#include "stat/deliveries.h"
#include "stat/http.h"
#include "stat/next_due.h"
#include "stat/prometheus.h"
#include "stat/show.h"
#include "stat/trace.h"
#include "stat/watch.h"

enum {
	OPT_NAMES = TOOL_LONG, OPT_NEXT_DUE, OPT_PROMETHEUS, OPT_HTTP,
	OPT_CHECK, OPT_WARN, OPT_INTERVAL, OPT_MESSAGE
};

static const struct tool_option options[] = {
	{ 'J', "json", NULL, "one JSON object a line, for each queue and each group" },
	{ 'l', "list", NULL, "consumers, and each message that is out to one" },
	{ OPT_NEXT_DUE, "next-due", NULL, "only the seconds until there is work" },
	{ OPT_MESSAGE, "message", "ID", "what is still known of that message of QUEUE" },
	{ 'w', "watch", "[DURATION]", "again and again, with rates: every DURATION (" WATCH_EVERY ")" },
	{ OPT_NAMES, "names", NULL, "only the names, one QUEUE or QUEUE/GROUP a line" },
	{ OPT_PROMETHEUS, "prometheus", NULL, "in Prometheus' text exposition format" },
	{ 'o', "output", "FILE", "with --prometheus: replace FILE, as a whole" },
	{ OPT_HTTP, "http", NULL, "answer one HTTP request on standard input" },
	{ 'W', "wait", "DURATION", "with --http: how long the request may take to come (" HTTP_LIMIT ")" },
	{ OPT_CHECK, "check", "EXPR", "as a monitoring plugin: critical unless this holds, such as age<5m" },
	{ OPT_WARN, "warn", "EXPR", "as a monitoring plugin: a warning unless this holds" },
	{ OPT_INTERVAL, "interval", "DURATION", "--check: between the two looks for a rate (1s)" },
	{ 0 }
};

/* What not every engine can do. */
static const char *const asks[] = {
	"list", "message", "next-due", NULL
};

static const struct tool_status statuses[] = {
	{ 0, "done" },
	{ 1, "--next-due: no work is to be expected" },
	{ 64, "usage" },
	{ 66, "a queue or a group does not exist; the others are shown" },
	TOOL_STATUSES,
	{ 74, "input or output error, or the spool is damaged" },
	{ 75, "try again: a queue is in use otherwise" },
	{ 77, "permission denied; what may be read is shown" },
	{ 0 }
};

static const struct tool tool = {
	.name = "mq-stat",
	.synopsis = "[options] [QUEUE[/GROUP]...]",
	.purpose = "Shows how many messages queues hold and groups have yet to settle.",
	.options = options,
	.asks = asks,
	.statuses = statuses
};

/* What was asked for; of list and those below it one at most, and -J only with list. */
struct request {
	int		 json;
	int		 list, next_due, names, prometheus, http, check, watch;
	const char	*message;	/* an id; NULL: was not given */
	const char	*output;	/* of --prometheus */
	const char	*wait;		/* of --http */
	struct conditions conditions;	/* of --check and --warn */
	int64_t		 interval;	/* --interval; -1: was not given */
	const char	*every;		/* of --watch; NULL: was not given */
	int		 operand;	/* where those begin that name something */
};

/* A completion asks for names before there is a spool: nothing to say then. */
static int
spool_missing(void)
{
	return !mqs_is_address(common.spool, NULL) &&
	    access(common.spool, F_OK) == -1 && errno == ENOENT;
}

static void
take_condition(struct request *r, int id, const char *arg)
{
	r->check = 1;
	check_errors_begin();
	conditions_add(&r->conditions, id == OPT_CHECK ? "--check" : "--warn", arg, id == OPT_CHECK);
}

static void
take_option(struct request *r, int id, const char *arg)
{
	r->json |= id == 'J';
	r->list |= id == 'l';
	r->next_due |= id == OPT_NEXT_DUE;
	r->names |= id == OPT_NAMES;
	r->prometheus |= id == OPT_PROMETHEUS;
	r->http |= id == OPT_HTTP;
	r->watch |= id == 'w';
	if (id == 'w')
		r->every = arg;
	else if (id == OPT_MESSAGE)
		r->message = arg;
	else if (id == 'W')
		r->wait = arg;
	else if (id == 'o')
		r->output = arg;
	else if (id == OPT_CHECK || id == OPT_WARN)
		take_condition(r, id, arg);
	else if (id == OPT_INTERVAL)
		r->interval = arg_duration("--interval", arg);
}

/* Which options go together. */
static void
check_options(const struct request *r)
{
	const int others = r->next_due + r->names + r->prometheus + r->http + r->check + r->watch;

	if (others + r->list + (r->message != NULL) > 1)
		usage_error("only one of -l, -w, --next-due, --names, --prometheus, --http, "
		    "--check, --message");
	if (r->interval == 0)
		usage_error("--interval: 0: needs some time");
	if (r->interval > 0 && !conditions_about(&r->conditions, RATE))
		usage_error("--interval: only with --check or --warn of a rate");
	if (r->json && others > 0)
		usage_error("-J: only alone, or with -l or --message");
	if (r->output != NULL && !r->prometheus)
		usage_error("-o: only with --prometheus");
	if (r->wait != NULL && !r->http)
		usage_error("-W: only with --http");
}

static void
take_operands(struct request *r, int argc, char **argv)
{
	char queue[MQS_NAME_MAX + 1], group[MQS_NAME_MAX + 1] = "";
	const char *why;
	int64_t ns;
	int i;

	r->operand = tool_operand();
	if (r->watch && r->every == NULL && r->operand < argc) {
		const char *word = argv[r->operand];

		if (mqs_parse_duration(word, &ns, &why) == 0 && ns > 0)
			r->every = argv[r->operand++];
		else if (word[strspn(word, "0123456789.")] == '\0')
			usage_error("-w: '%s': as a DURATION it needs a unit, such as %ss; as a QUEUE "
			    "it needs a DURATION before it", word, word);
	}
	for (i = r->operand; i < argc; i++)
		arg_queue(argv[i], queue, group);
	if (r->message != NULL && (argc - r->operand != 1 || group[0] != '\0'))
		usage_error("--message: needs one QUEUE, whose message it is");
}

static void
parse(struct request *r, int argc, char **argv)
{
	const char *arg;
	int id;

	tool_start(&tool, argc, argv);
	while ((id = tool_option(&arg)) != 0)
		take_option(r, id, arg);
	check_options(r);
	take_operands(r, argc, argv);
}

/* A time that is more than 0. */
static int64_t
some_time(const char *option, const char *arg)
{
	int64_t ns = arg_duration(option, arg);

	if (ns == 0)
		usage_error("%s: 0: needs some time", option);
	return ns;
}

static int64_t
http_limit(const char *wait)
{
	int64_t limit = arg_duration("-W", wait != NULL ? wait : HTTP_LIMIT);

	if (limit == 0)
		usage_error("-W %s: leaves no time for a request", wait);
	return limit;
}

static int
run(const struct request *r, struct mqs_spool *spool, char **argv, int n, int64_t every)
{
	if (r->list)
		return stat_list(spool, argv, n, r->json);
	if (r->next_due)
		return stat_next_due(spool, argv, n);
	if (r->message != NULL)
		return stat_trace(spool, argv[0], r->message, r->json);
	if (r->prometheus)
		return stat_prometheus(spool, argv, n, r->output);
	if (r->watch)
		return stat_watch(spool, argv, n, every);
	if (r->check)
		return stat_check(spool, argv, n, &r->conditions,
		    r->interval > 0 ? r->interval : MQS_SECOND);
	return stat_show(spool, argv, n, r->json ? SHOW_JSON : r->names ? SHOW_NAMES : SHOW_TABLE);
}

int
main(int argc, char **argv)
{
	struct request r = { .interval = -1 };
	struct mqs_spool *spool;
	int64_t every = 0;
	int n, status;

	if (check_asked(argc, argv))
		check_errors_begin();
	parse(&r, argc, argv);
	if (r.names && spool_missing())
		return STATUS_OK;
	argv += r.operand;
	n = argc - r.operand;
	if (r.watch) {
		every = some_time("-w", r.every != NULL ? r.every : WATCH_EVERY);
		catch_signals(1);
	}
	if (r.http)
		return stat_http(argv, n, http_limit(r.wait));
	spool = open_spool(0);
	status = run(&r, spool, argv, n, every);
	conditions_free(&r.conditions);
	mqs_spool_free(spool);
	if (stopping != 0)
		signal_end(status);
	return status;
}
