/*
 * publish_consume.c - publishes messages, then consumes what there is
 *
 * usage: publish_consume SPOOL [MESSAGE...]
 *
 * Publishes each MESSAGE to the queue `greetings' of a spool (a directory), and prints all
 * messages that its group `readers' has not had yet.
 *
 *	cc publish_consume.c $(pkg-config --cflags --libs mqspool) -o publish_consume
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <mqspool.h>

#define QUEUE	"greetings"
#define GROUP	"readers"

/* Stores messages: when the flush has returned MQS_OK, they are on the disk. */
static int
publish(struct mqs_spool *spool, char **messages, int n, struct mqs_error *err)
{
	struct mqs_publisher *publisher;
	int rc, i;

	rc = mqs_publisher_open(&publisher, spool, QUEUE, NULL, err);
	if (rc != MQS_OK)
		return rc;
	for (i = 0; i < n && rc == MQS_OK; i++) {
		struct mqs_message m = MQS_MESSAGE_INIT;

		m.body = messages[i];
		m.body_len = strlen(messages[i]);
		rc = mqs_publisher_send(publisher, &m, 0, err);
		if (rc == MQS_EBUSY) {	/* the batch is full */
			rc = mqs_publisher_flush(publisher, err);
			i--;
		}
	}
	if (rc == MQS_OK)
		rc = mqs_publisher_flush(publisher, err);
	mqs_publisher_free(publisher);
	return rc;
}

/* Prints a body.  Large ones come as a descriptor.  Returns -1 if not all of it was written. */
static int
print(const struct mqs_message *m)
{
	char buf[65536];
	off_t at = 0;
	ssize_t n = 1;

	if (m->body != NULL)
		fwrite(m->body, 1, m->body_len, stdout);
	else if (m->body_fd != -1)
		while ((n = pread(m->body_fd, buf, sizeof(buf), at)) > 0) {
			fwrite(buf, 1, (size_t)n, stdout);
			at += n;
		}
	putchar('\n');
	return n < 0 || fflush(stdout) != 0 || ferror(stdout) ? -1 : 0;
}

/* Consumes until there is nothing.  A message is acknowledged after it was printed. */
static int
consume(struct mqs_consumer *consumer, struct mqs_error *err)
{
	struct mqs_settlement ack = { .verb = MQS_ACK };
	struct mqs_message m;
	size_t count;
	int rc;

	do {
		while ((rc = mqs_consumer_next(consumer, &m, err)) == MQS_OK) {
			if (print(&m) != 0) {
				err->code = MQS_EIO;
				snprintf(err->text, sizeof(err->text), "message not printed: %s",
				    strerror(errno));
				return MQS_EIO;
			}
			ack.seq = m.seq;
			ack.lease = m.lease;
			if ((rc = mqs_consumer_settle(consumer, &ack, err)) != MQS_OK)
				return rc;
		}
		if (rc == MQS_NOTHING)	/* this carries out the settlements, too */
			rc = mqs_consumer_claim(consumer, 100, &count, NULL, err);
	} while (rc == MQS_OK);
	return rc == MQS_NOTHING ? mqs_consumer_close(consumer, err) : rc;
}

int
main(int argc, char **argv)
{
	struct mqs_options options = { .flags = MQS_AUTOCREATE };
	struct mqs_error err = { 0 };
	struct mqs_consumer *consumer;
	struct mqs_spool *spool;
	int rc;

	if (argc < 2) {
		fprintf(stderr, "usage: publish_consume SPOOL [MESSAGE...]\n");
		return 64;
	}
	rc = mqs_spool_open(&spool, argv[1], &options, &err);
	if (rc == MQS_OK) {
		rc = publish(spool, argv + 2, argc - 2, &err);
		if (rc == MQS_OK)
			rc = mqs_consumer_open(&consumer, spool, QUEUE, GROUP, NULL, &err);
		if (rc == MQS_OK) {
			rc = consume(consumer, &err);
			mqs_consumer_free(consumer);
		}
		mqs_spool_free(spool);
	}
	if (rc != MQS_OK)
		fprintf(stderr, "publish_consume: %s\n", err.text);
	return rc == MQS_OK ? 0 : 1;
}
