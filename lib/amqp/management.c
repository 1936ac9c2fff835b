/* management.c - see management.h */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "amqp/libcurl.h"
#include "amqp/management.h"
#include "amqp/management_servers.h"
#include "base/bytes.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/interrupted.h"

struct mqs_amqp_management {
	const struct mqs_amqp_address		*address;
	const struct mqs_amqp_configuration	*configuration;
	const struct mqs_options		*options;
	struct mqs_amqp_servers	 servers;
	size_t			 server;	/* which one answered last */
	const struct mqs_amqp_libcurl *lib;	/* NULL until it is needed */
	CURL			*curl;		/* keeps its connection */
	char			*vhost;		/* as it stands in a URL; curl's */
	struct mqs_buf		 answer;
	int64_t			 rest_until;	/* by mqs_boottime */
	struct mqs_error	 why;		/* it rests */
};

/* -------------------------------------------------------------- making -- */

static size_t
take(char *bytes, size_t size, size_t n, void *arg)
{
	struct mqs_amqp_management *m = arg;

	n *= size;
	if (n > MQS_AMQP_MANAGEMENT_ANSWER - m->answer.n)
		return 0;
	return mqs_buf_add(&m->answer, bytes, n) == 0 ? n : 0;
}

/* Called when a signal has come, and every second besides. */
static int
stop(void *arg, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
	const struct mqs_amqp_management *m = arg;

	(void)a;
	(void)b;
	(void)c;
	(void)d;
	return mqs_interrupted(m->options);
}

static int
set_tls(struct mqs_amqp_management *m)
{
	const struct mqs_amqp_configuration *c = m->configuration;

	return (c->ca == NULL || m->lib->set(m->curl, CURLOPT_CAINFO, c->ca) == CURLE_OK) &&
	    (c->cert == NULL || (m->lib->set(m->curl, CURLOPT_SSLCERT, c->cert) == CURLE_OK &&
	    m->lib->set(m->curl, CURLOPT_SSLKEY, c->key) == CURLE_OK)) &&
	    m->lib->set(m->curl, CURLOPT_SSL_VERIFYPEER, c->verify ? 1L : 0L) == CURLE_OK &&
	    m->lib->set(m->curl, CURLOPT_SSL_VERIFYHOST, c->verify ? 2L : 0L) == CURLE_OK ? 0 : -1;
}

static int
set_request(struct mqs_amqp_management *m)
{
	const struct mqs_amqp_configuration *c = m->configuration;
	const int64_t all = MQS_AMQP_MANAGEMENT_TIME;
	const int64_t connect = c->connect_timeout < all ? c->connect_timeout : all;

	return m->lib->set(m->curl, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
	    m->lib->set(m->curl, CURLOPT_PROXY, "") == CURLE_OK &&
	    m->lib->set(m->curl, CURLOPT_TIMEOUT_MS, (long)(all / MQS_MSEC)) == CURLE_OK &&
	    m->lib->set(m->curl, CURLOPT_CONNECTTIMEOUT_MS, (long)(connect / MQS_MSEC)) == CURLE_OK &&
	    m->lib->set(m->curl, CURLOPT_HTTPAUTH, CURLAUTH_BASIC) == CURLE_OK &&
	    m->lib->set(m->curl, CURLOPT_USERNAME, c->user) == CURLE_OK &&
	    m->lib->set(m->curl, CURLOPT_PASSWORD, c->password) == CURLE_OK ? 0 : -1;
}

static int
set_functions(struct mqs_amqp_management *m)
{
	return m->lib->set(m->curl, CURLOPT_WRITEFUNCTION, take) == CURLE_OK &&
	    m->lib->set(m->curl, CURLOPT_WRITEDATA, m) == CURLE_OK &&
	    m->lib->set(m->curl, CURLOPT_NOPROGRESS, 0L) == CURLE_OK &&
	    m->lib->set(m->curl, CURLOPT_XFERINFOFUNCTION, stop) == CURLE_OK &&
	    m->lib->set(m->curl, CURLOPT_XFERINFODATA, m) == CURLE_OK ? 0 : -1;
}

/* Makes the handle for requests, once. */
static int
begin(struct mqs_amqp_management *m, struct mqs_error *err)
{
	if (m->vhost != NULL)
		return MQS_OK;
	if ((m->lib = mqs_amqp_libcurl(err)) == NULL)
		return MQS_EBUSY;
	if (m->curl == NULL && (m->curl = m->lib->init()) == NULL)
		return mqs_fail(err, MQS_ESYSTEM, "management API: no memory");
	if (set_request(m) != 0 || set_tls(m) != 0 || set_functions(m) != 0 ||
	    (m->vhost = m->lib->escape(m->curl, m->address->vhost, 0)) == NULL)
		return mqs_fail(err, MQS_ESYSTEM, "management API: libcurl can't do what it must, or "
		    "no memory");
	return MQS_OK;
}

int
mqs_amqp_management_new(struct mqs_amqp_management **out, const struct mqs_amqp_address *a,
    const struct mqs_amqp_configuration *c, const struct mqs_options *options,
    struct mqs_error *err)
{
	struct mqs_amqp_management *m = calloc(1, sizeof(*m));

	if (m == NULL)
		return mqs_fail_errno(err, "management API");
	m->address = a;
	m->configuration = c;
	m->options = options;
	if (mqs_amqp_servers_make(&m->servers, a, c->management) != 0) {
		mqs_amqp_management_free(m);
		return mqs_fail_errno(err, "management API");
	}
	*out = m;
	return MQS_OK;
}

void
mqs_amqp_management_free(struct mqs_amqp_management *m)
{
	if (m == NULL)
		return;
	if (m->curl != NULL) {
		m->lib->free(m->vhost);
		m->lib->cleanup(m->curl);
	}
	mqs_amqp_servers_free(&m->servers);
	mqs_buf_free(&m->answer);
	free(m);
}

/* -------------------------------------------------------------- asking -- */

static int
refused(const struct mqs_amqp_management *m, const char *server, long status,
    struct mqs_error *err)
{
	const char *user = m->configuration->user;

	if (status == 401)
		return mqs_fail(err, MQS_EPERM, "%s: user %s may not use the management API "
		    "(rabbitmqctl set_user_tags %s management)", server, user, user);
	return mqs_fail(err, MQS_EPERM, "%s: status %ld: user %s may not see vhost %s, or it is no "
	    "management API", server, status, user, m->address->vhost);
}

static int
parse(const struct mqs_amqp_management *m, const char *server, json_t **out,
    struct mqs_error *err)
{
	if ((*out = json_loadb(m->answer.p, m->answer.n, 0, NULL)) != NULL && json_is_array(*out))
		return MQS_OK;
	json_decref(*out);
	*out = NULL;
	return mqs_fail(err, MQS_EBUSY, "%s: its answer is none of the management API", server);
}

static int
ask(struct mqs_amqp_management *m, const char *server, const char *url, json_t **out,
    struct mqs_error *err)
{
	long status = 0;
	CURLcode code;

	m->answer.n = 0;
	if (m->lib->set(m->curl, CURLOPT_URL, url) != CURLE_OK)
		return mqs_fail(err, MQS_ESYSTEM, "%s: no memory", server);
	code = m->lib->perform(m->curl);
	if (code == CURLE_ABORTED_BY_CALLBACK)
		return mqs_fail(err, MQS_EINTR, "%s: interrupted", server);
	if (code != CURLE_OK)
		return mqs_fail(err, MQS_EBUSY, "%s: %s", server, m->lib->text(code));
	(void)m->lib->info(m->curl, CURLINFO_RESPONSE_CODE, &status);
	if (status == 401 || status == 403 || status == 404)
		return refused(m, server, status, err);
	if (status != 200)
		return mqs_fail(err, MQS_EBUSY, "%s: status %ld", server, status);
	return parse(m, server, out, err);
}

static int
try_each(struct mqs_amqp_management *m, const char *collection, const char *columns,
    json_t **out, struct mqs_error *err)
{
	struct mqs_error why;
	size_t i;
	int rc = MQS_EBUSY;

	for (i = 0; i < m->servers.n && rc == MQS_EBUSY; i++) {
		size_t server = (m->server + i) % m->servers.n;
		char *url;

		if (asprintf(&url, "%s/api/%s/%s?columns=%s", m->servers.urls[server], collection,
		    m->vhost, columns) == -1)
			return mqs_fail(err, MQS_ESYSTEM, "management API: no memory");
		rc = ask(m, m->servers.urls[server], url, out, &why);
		free(url);
		if (rc == MQS_OK)
			m->server = server;
		else if (err != NULL && (i == 0 || rc != MQS_EBUSY))
			*err = why;
	}
	return rc;
}

int
mqs_amqp_management_list(struct mqs_amqp_management *m, const char *collection,
    const char *columns, json_t **out, struct mqs_error *err)
{
	int rc;

	if (m->servers.n == 0)
		return mqs_fail(err, MQS_ENOTSUP, "management API: not wanted (amqp.conf)");
	if (mqs_boottime() < m->rest_until)
		return mqs_fail(err, m->why.code, "%s", m->why.text);
	if ((rc = begin(m, &m->why)) == MQS_OK)
		rc = try_each(m, collection, columns, out, &m->why);
	if (rc == MQS_OK)
		return rc;
	if (rc != MQS_EINTR)
		m->rest_until = mqs_boottime() + MQS_AMQP_MANAGEMENT_REST;
	return mqs_fail(err, rc, "%s", m->why.text);
}
