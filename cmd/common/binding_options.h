/*
 * common/binding_options.h - the options that bind a group: -k, --key, -H, --any
 *
 * Each -k and each --key is a binding.  All -H of a command line make one binding: a
 * message must have all of these headers, or, with --any, at least one.
 */
#ifndef MQ_CMD_COMMON_BINDING_OPTIONS_H
#define MQ_CMD_COMMON_BINDING_OPTIONS_H

#include "base/bytes.h"
#include "mqspool.h"

enum { BINDINGS_KEY = 0x200, BINDINGS_ANY };

#define BINDINGS_OPTIONS(VERB) \
	{ 'k', "pattern", "PATTERN", VERB " keys of that pattern (words split by dots, * one, # any number)" }, \
	{ BINDINGS_KEY, "key", "KEY", VERB " exactly that key" }, \
	{ 'H', "header", "NAME=VALUE", VERB " messages with that header; with several, with all of them" }, \
	{ BINDINGS_ANY, "any", NULL, "one of several -H is enough" }

/* What a synopsis means by BINDING. */
#define BINDINGS_WORD	"A BINDING is -k PATTERN, --key KEY, or -H NAME=VALUE... [--any]."

/* Their names, for struct tool.asks. */
#define BINDINGS_ASKS	"pattern", "key", "header", "any"

/* { 0 } has no bindings. */
struct bindings {
	struct mqs_binding	*list;
	size_t			 n, cap;
	struct mqs_buf		 headers;
	int			 any;		/* --any */
};

/* Takes an option: 1, or 0 if it is another one; a malformed argument ends the tool with 64. */
int	bindings_option(struct bindings *, int id, const char *arg);
/* Call after the last option: list and n are complete then, and checked. */
void	bindings_done(struct bindings *);
void	bindings_free(struct bindings *);

#endif
