/*
 * fuzz_envelope.c - any line is parsed or refused; what was written parses to the same
 *
 * An input is a line, and also a body and a message's headers: what may be stored
 * must come back from its envelope.
 */
#include <stdint.h>
#include <stdlib.h>

#include "message/envelope.h"
#include "message/headers.h"

int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static const struct mqs_envelope_place nowhere = { 0 };

static const struct mqs_envelope_place json = { .json = 1 };

static void
must(int holds)
{
	if (!holds)
		abort();
}

/* Message to line to message to line: both lines and both bodies are the same. */
static void
there_and_back(const struct mqs_message *m)
{
	struct mqs_buf line = { 0 }, again = { 0 };
	struct mqs_envelope e = { 0 };
	struct mqs_error err;

	must(mqs_message_check(m, &err) == MQS_OK);
	must(mqs_envelope_write(&line, m, &nowhere, &err) == MQS_OK);
	must(memchr(line.p, '\n', line.n) == NULL);
	must(mqs_envelope_parse(&e, line.p, line.n, 0, &err) == MQS_OK);
	must(e.message.body_len == m->body_len);
	must(m->body_len == 0 ||
	    memcmp(e.message.body, m->body, (size_t)m->body_len) == 0);
	must(e.message.headers_len == m->headers_len);
	must(mqs_envelope_write(&again, &e.message, &nowhere, &err) == MQS_OK);
	must(again.n == line.n && memcmp(again.p, line.p, line.n) == 0);
	mqs_envelope_free(&e);
	mqs_buf_free(&line);
	mqs_buf_free(&again);
}

/* A body that is shown as JSON comes back without its white space, and then stays. */
static void
json_and_back(const struct mqs_message *m)
{
	struct mqs_buf line = { 0 }, again = { 0 };
	struct mqs_envelope e = { 0 };
	struct mqs_error err;

	must(mqs_envelope_write(&line, m, &json, &err) == MQS_OK);
	must(memchr(line.p, '\n', line.n) == NULL);
	must(mqs_envelope_parse(&e, line.p, line.n, 0, &err) == MQS_OK);
	must(e.message.body_len <= m->body_len);
	must(mqs_envelope_write(&again, &e.message, &json, &err) == MQS_OK);
	must(again.n == line.n && memcmp(again.p, line.p, line.n) == 0);
	mqs_envelope_free(&e);
	mqs_buf_free(&line);
	mqs_buf_free(&again);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct mqs_message m = MQS_MESSAGE_INIT;
	struct mqs_envelope e = { 0 };
	struct mqs_error err;

	if (mqs_envelope_parse(&e, (const char *)data, n, 0, &err) == MQS_OK)
		there_and_back(&e.message);
	(void)mqs_envelope_parse(&e, (const char *)data, n, 1, &err);
	mqs_envelope_free(&e);

	m.body = data;
	m.body_len = n;
	there_and_back(&m);
	json_and_back(&m);
	m.headers = (const char *)data;
	m.headers_len = n;
	if (mqs_message_check(&m, &err) == MQS_OK)
		there_and_back(&m);
	return 0;
}
