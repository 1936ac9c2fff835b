/* decimal.h - exact numbers with a fraction, for durations and sizes */
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

/* Reads a number at *s and moves *s behind it: 0, or -1 and why (if that is not NULL). */
int	mqs_decimal_take(const char **s, struct mqs_decimal *, const char **why);
/*
 * Multiplies a number by `unit' (at most 2^60) and cuts off the fraction that remains: 0,
 * or -1 if the result exceeds max.
 */
int	mqs_decimal_scale(const struct mqs_decimal *, uint64_t unit, uint64_t max,
	    uint64_t *v);
/*
 * Reads exactly n digits at *s and moves *s behind them: their value, or -1 if they are
 * not there.
 */
int	mqs_digits_take(const char **s, int n);

#endif
