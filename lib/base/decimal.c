/*
 * decimal.c - exact numbers with a fraction, for durations and sizes
 *
 * All arithmetic is on integers, so that 0.1s is 100 ms and nothing else.  strtonum(3) does
 * not serve: it reads no fractions, and nothing above 2^63.
 */
#include "base/decimal.h"
#include "base/name.h"

static int
refuse(const char **why, const char *phrase)
{
	if (why != NULL)
		*why = phrase;
	return -1;
}

static size_t
count_digits(const char *s)
{
	size_t n = 0;

	while (s[n] >= '0' && s[n] <= '9')
		n++;
	return n;
}

int
mqs_decimal_take(const char **s, struct mqs_decimal *d, const char **why)
{
	const char *p = *s;
	size_t n = count_digits(p);

	if (n == 0)
		return refuse(why, "needs a number");
	if (mqs_parse_u64(p, n, &d->whole) == -1)
		return refuse(why, "is too large: it has too many digits");
	p += n;
	d->fraction = p;
	d->fraction_len = 0;
	if (*p == '.') {
		d->fraction = ++p;
		if ((d->fraction_len = count_digits(p)) == 0)
			return refuse(why, "needs digits after the point");
		p += d->fraction_len;
	}
	*s = p;
	return 0;
}

int
mqs_decimal_scale(const struct mqs_decimal *d, uint64_t unit, uint64_t max, uint64_t *v)
{
	uint64_t part = 0;
	size_t i;

	if (d->whole > max / unit)
		return -1;
	/* From the last digit: cutting off at each step is cutting off once. */
	for (i = d->fraction_len; i > 0; i--)
		part = ((uint64_t)(d->fraction[i - 1] - '0') * unit + part) / 10;
	if (part > max - d->whole * unit)
		return -1;
	*v = d->whole * unit + part;
	return 0;
}

int
mqs_digits_take(const char **s, int n)
{
	int i, v = 0;

	for (i = 0; i < n; i++) {
		if ((*s)[i] < '0' || (*s)[i] > '9')
			return -1;
		v = v * 10 + ((*s)[i] - '0');
	}
	*s += n;
	return v;
}
