/* decimal.h - numbers with a fraction, exactly, as units need them */
#ifndef MQS_BASE_DECIMAL_H
#define MQS_BASE_DECIMAL_H

#include <stddef.h>
#include <stdint.h>

/* DIGITS[.DIGITS] */
struct mqs_decimal {
	uint64_t	 whole;
	const char	*fraction;	/* digits after the point, borrowed */
	size_t		 fraction_len;
};

/* Takes a number from *s: 0, or -1 and why (if that is not NULL). */
int	mqs_decimal_take(const char **s, struct mqs_decimal *, const char **why);
/*
 * So many times `unit', which is at most 2^60; what is below 1 is cut off: 0, or -1 if
 * that exceeds max.
 */
int	mqs_decimal_scale(const struct mqs_decimal *, uint64_t unit, uint64_t max,
	    uint64_t *v);
/* Takes exactly n digits from *s: their value, or -1 if they are not there. */
int	mqs_digits_take(const char **s, int n);

#endif
