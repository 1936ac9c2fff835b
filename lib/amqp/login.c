/* login.c - see login.h */
#include <sys/socket.h>
#include <sys/time.h>

#include <string.h>
#include <unistd.h>

#include "amqp/librabbitmq.h"
#include "amqp/login.h"
#include "amqp/reply_error.h"
#include "amqp/table.h"
#include "base/clock.h"
#include "base/error.h"

#define NFEATURES	4
/* The kernel doubles it, and calls a socket writable while a third of that is free. */
#define SEND_BUFFER	212992

static struct timeval
timeval_of(int64_t ns)
{
	return (struct timeval){ .tv_sec = ns / MQS_SECOND, .tv_usec = ns % MQS_SECOND / 1000 };
}

/* The system's list of who may sign servers, where Debian and others have it; NULL: nowhere. */
static const char *
system_authorities(void)
{
	static const char *const paths[] = { "/etc/ssl/certs/ca-certificates.crt",
	    "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem" };
	size_t i;

	for (i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		if (access(paths[i], R_OK) == 0)
			return paths[i];
	return NULL;
}

/* The certificates, before connecting. */
static int
set_tls(amqp_socket_t *socket, const struct mqs_amqp_configuration *c, struct mqs_error *err)
{
	const char *ca = c->ca != NULL ? c->ca : system_authorities();

	amqp_ssl_socket_set_verify_peer(socket, (amqp_boolean_t)c->verify);
	amqp_ssl_socket_set_verify_hostname(socket, (amqp_boolean_t)c->verify);
	if (ca != NULL && amqp_ssl_socket_set_cacert(socket, ca) != AMQP_STATUS_OK)
		return mqs_fail(err, MQS_ECONFIG, "%s: no certificates (ca in amqp.conf)", ca);
	if (c->cert != NULL && amqp_ssl_socket_set_key(socket, c->cert, c->key) != AMQP_STATUS_OK)
		return mqs_fail(err, MQS_ECONFIG, "%s, %s: no certificate with its key (cert and key "
		    "in amqp.conf)", c->cert, c->key);
	return MQS_OK;
}

/* Who we are, and what the broker may send us beyond AMQP 0-9-1. */
static amqp_rpc_reply_t
send_login(amqp_connection_state_t state, const char *vhost,
    const struct mqs_amqp_configuration *c)
{
	static const char *const names[NFEATURES] = { "connection.blocked",
	    "consumer_cancel_notify", "basic.nack", "publisher_confirms" };
	amqp_table_entry_t features[NFEATURES], entries[3];
	amqp_table_t table;
	size_t i;

	for (i = 0; i < NFEATURES; i++)
		features[i] = (amqp_table_entry_t){ .key = mqs_amqp_text(names[i]),
		    .value = { .kind = AMQP_FIELD_KIND_BOOLEAN, .value.boolean = 1 } };
	entries[0] = mqs_amqp_entry("product", "mq");
	entries[1] = mqs_amqp_entry("version", mqs_version());
	entries[2] = (amqp_table_entry_t){ .key = mqs_amqp_text("capabilities"),
	    .value = { .kind = AMQP_FIELD_KIND_TABLE, .value.table = mqs_amqp_table(features, NFEATURES) } };
	table = mqs_amqp_table(entries, 3);
	return amqp_login_with_properties(state, vhost, 0, MQS_AMQP_FRAME_ASKED, c->heartbeat,
	    &table, AMQP_SASL_METHOD_PLAIN, c->user, c->password);
}

/* A host that answers badly is no reason not to try the next one. */
static int
login_failed(struct mqs_error *err, const char *host, const struct mqs_amqp_address *a,
    const struct mqs_amqp_configuration *c, amqp_rpc_reply_t reply)
{
	struct mqs_error why = { 0 };
	int number = mqs_amqp_reply_number(reply);

	if (number == AMQP_ACCESS_REFUSED)
		return mqs_fail(err, MQS_EPERM, "%s: user %s: wrong user or password, or not allowed "
		    "from here", host, c->user);
	(void)mqs_amqp_fail_reply(&why, host, reply);
	/* A limit of connections passes; ours that was lost may be among those that count. */
	if (number == AMQP_NOT_ALLOWED)
		return mqs_fail(err, strstr(why.text, "connection limit") == NULL ? MQS_EPERM :
		    MQS_EBUSY, "%s: vhost %s, user %s: %s", host, a->vhost, c->user,
		    why.text + strlen(host) + 2);
	return mqs_fail(err, MQS_EBUSY, "%s", why.text);
}

static int
connect_failed(struct mqs_error *err, const char *host, int status)
{
	if (status == AMQP_STATUS_SSL_HOSTNAME_VERIFY_FAILED ||
	    status == AMQP_STATUS_SSL_PEER_VERIFY_FAILED)
		return mqs_fail(err, MQS_EPERM, "%s: its certificate is not good: %s (ca in amqp.conf "
		    "names who signs it)", host, amqp_error_string2(status));
	if (status == AMQP_STATUS_SOCKET_ERROR)	/* the library says no more, nor does errno */
		return mqs_fail(err, MQS_EBUSY, "%s: can't connect: nothing answers there", host);
	return mqs_fail(err, MQS_EBUSY, "%s: can't connect: %s", host, amqp_error_string2(status));
}

static int
login(amqp_connection_state_t state, const struct mqs_amqp_address *a,
    const struct mqs_amqp_host *host, const struct mqs_amqp_configuration *c,
    struct mqs_error *err)
{
	struct timeval timeout = timeval_of(c->connect_timeout);
	amqp_socket_t *socket = a->tls ? amqp_ssl_socket_new(state) : amqp_tcp_socket_new(state);
	int buffer = SEND_BUFFER, status, rc;
	amqp_rpc_reply_t reply;

	if (socket == NULL)
		return mqs_fail(err, MQS_ESYSTEM, "%s: out of memory", host->shown);
	if (a->tls && (rc = set_tls(socket, c, err)) != MQS_OK)
		return rc;
	if ((status = amqp_set_handshake_timeout(state, &timeout)) == AMQP_STATUS_OK)
		status = amqp_socket_open_noblock(socket, host->name, host->port, &timeout);
	if (status != AMQP_STATUS_OK)
		return connect_failed(err, host->shown, status);
	/* Of the first requests; later connection_thread.c has patience of its own. */
	(void)amqp_set_rpc_timeout(state, &timeout);
	if (setsockopt(amqp_get_sockfd(state), SOL_SOCKET, SO_SNDBUF, &buffer, sizeof(buffer)) != 0)
		return mqs_fail_errno(err, "%s: buffer of the socket", host->shown);
	reply = send_login(state, a->vhost, c);
	if (reply.reply_type != AMQP_RESPONSE_NORMAL)
		return login_failed(err, host->shown, a, c, reply);
	return MQS_OK;
}

int
mqs_amqp_login(amqp_connection_state_t *out, const struct mqs_amqp_address *a, size_t host,
    const struct mqs_amqp_configuration *c, struct mqs_error *err)
{
	amqp_connection_state_t state = amqp_new_connection();
	int rc;

	if (state == NULL)
		return mqs_fail(err, MQS_ESYSTEM, "%s: out of memory", a->hosts[host].shown);
	if ((rc = login(state, a, &a->hosts[host], c, err)) != MQS_OK) {
		(void)amqp_destroy_connection(state);
		return rc;
	}
	*out = state;
	return MQS_OK;
}
