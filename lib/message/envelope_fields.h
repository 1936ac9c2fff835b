/* envelope_fields.h - what each field of an envelope means; for envelope_parse.c */
#ifndef MQS_MESSAGE_ENVELOPE_FIELDS_H
#define MQS_MESSAGE_ENVELOPE_FIELDS_H

#include <jansson.h>

#include "message/envelope.h"

/* An envelope on its way from JSON into *e. */
struct mqs_fields {
	struct mqs_envelope *e;		/* its store has room for all that is kept */
	json_t		*headers;	/* not yet taken; NULL if there are none */
	const char	*body_field;	/* the one that was there, or NULL */
	const char	*json;		/* the text of "json", whose place has a null; or NULL */
	size_t		 json_len;
	struct mqs_error *err;
};

/*
 * Takes one field, headers only by remembering them: 0, or MQS_EDATA (an unknown
 * field, a value of the wrong type or out of range).
 */
int	mqs_fields_take(struct mqs_fields *, const char *name, json_t *value);
/* Copies n bytes and a NUL to the store, which has the room; returns the copy. */
const char *mqs_fields_keep(struct mqs_fields *, const char *bytes, size_t n);
/* "a string", "null" ... */
const char *mqs_json_type(const json_t *);

#endif
