/*
 * spool.h - a spool on a RabbitMQ cluster
 *
 * Opening a spool takes its address apart and reads the configuration, so that mistakes in
 * those are told at once.  It does not connect.  The first call that names a queue connects.
 * All publishers, consumers and readers of a spool share that connection; each has a channel.
 */
#ifndef MQS_AMQP_SPOOL_H
#define MQS_AMQP_SPOOL_H

#include "amqp/connection.h"
#include "amqp/management.h"
#include "engine/engine.h"

/* LENGTH:TOCORRELATION-ID; see reply.c. */
#define MQS_AMQP_REPLY_SIZE	520
#define MQS_AMQP_NOBODYS	256

struct mqs_spool {
	struct mqs_handle		 handle;	/* the seam's; first */
	struct mqs_options		 options;
	struct mqs_amqp_address		 address;
	struct mqs_amqp_configuration	 configuration;
	struct mqs_amqp_connection	*connection;	/* NULL until it is first used */
	struct mqs_amqp_management	*management;	/* NULL until numbers are asked for */
	int				 told_no_management;	/* that it can't be had */
	struct mqs_call			*call;		/* open, without a publisher (call.h) */
	char				 reply_to[MQS_AMQP_REPLY_SIZE];	/* the last address that was told */
	uint64_t			 nobodys[MQS_AMQP_NOBODYS];	/* hashes of addresses; see look_job in reply.c */
	size_t				 nnobodys;	/* how many there ever were */
	char				 shown[512];	/* the address, without a password */
};

int	mqs_amqp_spool_open(struct mqs_spool **out, const char *where,
	    const struct mqs_options *, struct mqs_error *err);
void	mqs_amqp_spool_free(struct mqs_spool *);
/* The spool's connection, made if this is its first use. */
int	mqs_amqp_spool_connection(struct mqs_amqp_connection **out, struct mqs_spool *,
	    struct mqs_error *err);
/* Reports that a queue does not exist there: MQS_ENOENT. */
int	mqs_amqp_no_queue(const struct mqs_spool *, const char *queue, struct mqs_error *err);
/* Looks whether a queue is there, and reports it if it is not: MQS_ENOENT.  A part of a job. */
int	mqs_amqp_expect_queue(const struct mqs_amqp_link *, const struct mqs_spool *,
	    const char *queue, struct mqs_error *err);
/* Tells, of a queue that was made, that its name leaves no room for that of its dead letters. */
void	mqs_amqp_note_name(const struct mqs_spool *, const char *queue);

#endif
