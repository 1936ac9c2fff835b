/* envelope_fields.h - reads the fields of an envelope, one by one; for envelope_parse.c */
#ifndef MQS_MESSAGE_ENVELOPE_FIELDS_H
#define MQS_MESSAGE_ENVELOPE_FIELDS_H

#include <jansson.h>

#include "message/envelope.h"

/* An envelope that is being parsed into *e. */
struct mqs_fields {
	struct mqs_envelope *e;		/* e->store has room for all fields */
	json_t		*headers;	/* not yet read; NULL if there are none */
	const char	*body_field;	/* the name of the field that gave the body, or NULL */
	const char	*json;		/* the text of "json", whose place has a null; or NULL */
	size_t		 json_len;
	struct mqs_error *err;
};

/*
 * Reads one field; of headers it only remembers where they are.  0, or MQS_EDATA (an
 * unknown field, a value of the wrong type or out of range).
 */
int	mqs_fields_take(struct mqs_fields *, const char *name, json_t *value);
/* Copies n bytes and a NUL into the envelope's store, which must have room; returns the copy. */
const char *mqs_fields_keep(struct mqs_fields *, const char *bytes, size_t n);
/* Names the type of a value, for messages: "a string", "null" ... */
const char *mqs_json_type(const json_t *);

#endif
