/* stat/http.h - mq-stat --http: one HTTP request on stdin, its answer on stdout */
#ifndef MQ_CMD_STAT_HTTP_H
#define MQ_CMD_STAT_HTTP_H

#include <stdint.h>

#define HTTP_LIMIT	"10s"	/* unless -W says so */

/*
 * Answers the request that comes on stdin, about n operands QUEUE[/GROUP] or everything.
 * limit is how long the whole of the request may take to come, and the answer to be read, in
 * ns.  Opens the spool itself, once the request is there.  Returns a status: what clients do
 * wrong is none of mq-stat's failures.
 */
int	stat_http(char **operands, int n, int64_t limit);

#endif
