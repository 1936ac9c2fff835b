/* stat/age_text.h - an age in one unit, as a person reads it: "119s", "47h" */
#ifndef MQ_CMD_STAT_AGE_TEXT_H
#define MQ_CMD_STAT_AGE_TEXT_H

#include <stdint.h>

#define AGE_TEXT_SIZE	24

/*
 * How long ago `then' was, in the greatest unit of which there are two at least; "0s" if it is not
 * yet.  Returns buf, which has AGE_TEXT_SIZE bytes.
 */
const char *age_text(int64_t then, int64_t now, char buf[AGE_TEXT_SIZE]);

#endif
