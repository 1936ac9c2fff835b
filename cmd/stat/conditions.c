/*
 * stat/conditions.c - the expressions of mq-stat --check and --warn: what must hold
 *
 *	expression = condition { "," condition }
 *	condition  = name ( "<" | "<=" | ">" | ">=" | "=" | "==" | "!=" ) value
 *	value      = a whole number, a duration (age), or a decimal number (rate)
 *
 * Blanks may stand around each part.  An expression says what is fine, as in "depth<1000,age<5m":
 * the alert is for the condition that does not hold.
 *
 * Monitoring systems draw the limits of a value from the plugins' ranges.  A range includes its
 * ends, so "<1000" of something that is counted is the range up to 999.
 */
#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/units.h"
#include "common/diagnostics.h"
#include "common/exit_status.h"
#include "common/output.h"
#include "stat/conditions.h"

const struct measure measures[MEASURES] = {
	[DEPTH] = { "depth", OF_GROUP, COUNT },
	[READY] = { "ready", OF_GROUP, COUNT },
	[LEASED] = { "leased", OF_GROUP, COUNT },
	[DELAYED] = { "delayed", OF_GROUP, COUNT },
	[LAG] = { "lag", OF_GROUP, COUNT },
	[AGE] = { "age", OF_GROUP, SECONDS },
	[CONSUMERS] = { "consumers", OF_GROUP, COUNT },
	[DEAD] = { "dead", OF_QUEUE, COUNT },
	[RATE] = { "rate", OF_QUEUE, PER_SECOND },
};

static const struct {
	const char	*text;		/* none begins another that comes after it */
	enum comparison	 comparison;
} comparisons[] = {
	{ "<=", AT_MOST }, { "<", LESS }, { ">=", AT_LEAST }, { ">", MORE },
	{ "==", EQUAL }, { "=", EQUAL }, { "!=", UNEQUAL }
};

#define VALUE_MAX	64
#define COUNT_MAX_TEXT	"1000000000000000"
#define COUNT_MAX	1e15	/* up to there, doubles count exactly */

/* Where an expression is being read; for messages. */
struct reading {
	const char	*option, *expression, *at;
};

static void
skip_blanks(struct reading *r)
{
	while (isspace((unsigned char)*r->at))
		r->at++;
}

static enum measure_id
read_name(struct reading *r)
{
	const char *at = r->at;
	size_t n = 0, i;

	while (isalpha((unsigned char)at[n]))
		n++;
	for (i = 0; i < MEASURES; i++)
		if (strlen(measures[i].name) == n && strncmp(at, measures[i].name, n) == 0)
			break;
	if (i == MEASURES)
		usage_error("%s: '%s': %s%.*s%s; there are depth, ready, leased, delayed, lag, "
		    "age, consumers, dead, rate", r->option, r->expression,
		    n == 0 ? "a name is missing" : "no such number as '", (int)n, at,
		    n == 0 ? "" : "'");
	r->at += n;
	return (enum measure_id)i;
}

static enum comparison
read_comparison(struct reading *r, enum measure_id of)
{
	size_t i, n;

	for (i = 0; i < sizeof(comparisons) / sizeof(comparisons[0]); i++) {
		n = strlen(comparisons[i].text);
		if (strncmp(r->at, comparisons[i].text, n) != 0)
			continue;
		r->at += n;
		return comparisons[i].comparison;
	}
	usage_error("%s: '%s': %s: needs one of < <= > >= = != and a value", r->option,
	    r->expression, measures[of].name);
}

/* A number in decimal, whole or not: 0, or -1. */
static int
read_number(const char *text, int whole, double *value, const char **why)
{
	char *end;

	*why = whole ? "not a whole number" : "not a number that is not negative";
	if (text[strspn(text, whole ? "0123456789" : "0123456789.")] != '\0')
		return -1;
	errno = 0;
	*value = strtod(text, &end);
	if (end == text || *end != '\0')
		return -1;
	*why = "too large (at most " COUNT_MAX_TEXT ")";
	return errno != 0 || *value > COUNT_MAX ? -1 : 0;
}

/* Reads a value up to a comma or the end into `text', which has VALUE_MAX + 1 bytes. */
static double
read_value(struct reading *r, enum measure_id of, char *text)
{
	const char *name = measures[of].name, *why = NULL;
	size_t n = strcspn(r->at, ","), kept;
	double value = 0;
	int64_t ns;
	int rc;

	for (kept = n; kept > 0 && isspace((unsigned char)r->at[kept - 1]); kept--)
		continue;
	if (kept > VALUE_MAX)
		kept = VALUE_MAX;
	memcpy(text, r->at, kept);
	text[kept] = '\0';
	if (measures[of].unit == SECONDS) {
		if ((rc = mqs_parse_duration(text, &ns, &why)) == 0)
			value = (double)ns / (double)MQS_SECOND;
	} else {
		rc = read_number(text, measures[of].unit == COUNT, &value, &why);
	}
	if (rc != 0)
		usage_error("%s: '%s': %s: '%s': %s", r->option, r->expression, name, text, why);
	r->at += n;
	return value;
}

static void
read_condition(struct conditions *c, struct reading *r, int critical)
{
	char value[VALUE_MAX + 1], *text;
	struct condition new = { .critical = critical };
	const char *sign;
	size_t sign_len;

	skip_blanks(r);
	new.measure = read_name(r);
	skip_blanks(r);
	sign = r->at;
	new.comparison = read_comparison(r, new.measure);
	sign_len = (size_t)(r->at - sign);
	skip_blanks(r);
	new.value = read_value(r, new.measure, value);
	if (new.comparison == LESS && new.value <= 0)
		usage_error("%s: '%s': %s: nothing is less than 0", r->option, r->expression,
		    measures[new.measure].name);
	if ((text = malloc(sign_len + strlen(value) + 1)) == NULL)
		fail(STATUS_SYSTEM, "out of memory");
	memcpy(text, sign, sign_len);
	memcpy(text + sign_len, value, strlen(value) + 1);
	new.text = text;
	must(mqs_buf_add(&c->bytes, &new, sizeof(new)));
	c->list = (const void *)c->bytes.p;
	c->n++;
}

void
conditions_add(struct conditions *c, const char *option, const char *expression, int critical)
{
	struct reading r = { option, expression, expression };

	for (;;) {
		read_condition(c, &r, critical);
		if (*r.at == '\0')
			return;
		r.at++;		/* the comma */
	}
}

int
conditions_about(const struct conditions *c, enum measure_id measure)
{
	size_t i;

	for (i = 0; i < c->n; i++)
		if (c->list[i].measure == measure)
			return 1;
	return 0;
}

int
condition_holds(const struct condition *c, double value)
{
	switch (c->comparison) {
	case LESS:
		return value < c->value;
	case AT_MOST:
		return value <= c->value;
	case MORE:
		return value > c->value;
	case AT_LEAST:
		return value >= c->value;
	case UNEQUAL:
		return value < c->value || value > c->value;
	case EQUAL:
	default:
		return value >= c->value && value <= c->value;
	}
}

static double
lesser(double a, double b)
{
	return a < b ? a : b;
}

/* Narrows the range of what is fine to what a condition lets in. */
static void
narrow(const struct condition *c, double *low, double *high)
{
	const double step = measures[c->measure].unit == COUNT ? 1 : 0;

	if (c->comparison == LESS)
		*high = lesser(*high, c->value - step);
	if (c->comparison == AT_MOST || c->comparison == EQUAL)
		*high = lesser(*high, c->value);
	if (c->comparison == MORE)
		*low = -lesser(-*low, -c->value - step);
	if (c->comparison == AT_LEAST || c->comparison == EQUAL)
		*low = -lesser(-*low, -c->value);
}

void
conditions_range(const struct conditions *c, enum measure_id measure, int critical,
    struct mqs_buf *to)
{
	double low = 0, high = INFINITY;
	const struct condition *unequal = NULL;
	size_t i;

	for (i = 0; i < c->n; i++) {
		if (c->list[i].measure != measure || c->list[i].critical != critical)
			continue;
		narrow(&c->list[i], &low, &high);
		if (c->list[i].comparison == UNEQUAL)
			unequal = &c->list[i];
	}
	if (low > high)		/* never fine */
		return;
	if (low > 0)
		must(mqs_buf_addf(to, "%.15g:", low));
	if (high < INFINITY)
		must(mqs_buf_addf(to, "%.15g", high));
	else if (low <= 0 && unequal != NULL)
		must(mqs_buf_addf(to, "@%.15g:%.15g", unequal->value, unequal->value));
}

void
conditions_free(struct conditions *c)
{
	size_t i;

	for (i = 0; i < c->n; i++)
		free(c->list[i].text);
	mqs_buf_free(&c->bytes);
}
