/* stat/age_text.c - an age in one unit, as a person reads it */
#include <inttypes.h>
#include <stdio.h>

#include "base/clock.h"
#include "stat/age_text.h"

const char *
age_text(int64_t then, int64_t now, char buf[AGE_TEXT_SIZE])
{
	static const struct { int64_t seconds; char name; } units[] = {
		{ 86400, 'd' }, { 3600, 'h' }, { 60, 'm' }, { 1, 's' }
	};
	const int64_t seconds = then < now ? (now - then) / MQS_SECOND : 0;
	size_t i = 0;

	while (units[i].seconds > 1 && seconds < 2 * units[i].seconds)
		i++;
	(void)snprintf(buf, AGE_TEXT_SIZE, "%" PRId64 "%c", seconds / units[i].seconds,
	    units[i].name);
	return buf;
}
