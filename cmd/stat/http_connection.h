/* stat/http_connection.h - the bytes of one HTTP exchange on stdin and stdout, in limited time */
#ifndef MQ_CMD_STAT_HTTP_CONNECTION_H
#define MQ_CMD_STAT_HTTP_CONNECTION_H

#include <stddef.h>
#include <stdint.h>

enum http_came {
	HTTP_CAME,		/* a whole head */
	HTTP_CAME_NOTHING,	/* the client went away before it asked for anything */
	HTTP_CAME_CUT,		/* the client stopped in the midst of it */
	HTTP_CAME_MALFORMED,
	HTTP_CAME_LATE,		/* not all of it within the limit */
	HTTP_CAME_LARGE		/* more than fits */
};

/* Reads the head of a request into buf, at most room bytes; *n is its length. */
enum http_came http_receive(char *buf, size_t room, size_t *n, int64_t limit);
/*
 * Writes bytes until the deadline, a time of mqs_boottime.  Returns 0, or -1 if the client did
 * not take them all.
 */
int	http_send(const void *p, size_t n, int64_t deadline);
/*
 * Ends the connection so that the client gets all that was sent: says that nothing more comes,
 * and reads what the client still sends, until it closes or the deadline.
 */
void	http_end(int64_t deadline);

#endif
