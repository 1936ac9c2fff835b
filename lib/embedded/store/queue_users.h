/* queue_users.h - which processes use a queue, for a message */
#ifndef MQS_EMBEDDED_STORE_QUEUE_USERS_H
#define MQS_EMBEDDED_STORE_QUEUE_USERS_H

#define MQS_USERS_SIZE	256

/*
 * Writes who holds flock on an open file, "1234 (mq-sub), 1250 (mq-pub)", or "others" if
 * that can't be told; returns text.
 */
char	*mqs_queue_users(int fd, char text[MQS_USERS_SIZE]);

#endif
