/*
 * header_list.h - a message's headers as a list, in which those of one name are found
 *
 * Headers stay in the order given; each points to the next one of the same name.
 */
#ifndef MQS_MESSAGE_HEADER_LIST_H
#define MQS_MESSAGE_HEADER_LIST_H

#include <stddef.h>

#define MQS_HEADER_LIST_FEW	16	/* so many need no memory of their own */

struct mqs_header {
	const char		*name, *value;	/* NUL-terminated; borrowed from the headers */
	size_t			 name_len;
	struct mqs_header	*next;		/* the next of the same name, or NULL */
	int			 repeats;	/* 1: not the first of its name */
};

struct mqs_header_list {
	struct mqs_header	*all;
	size_t			 count;
	struct mqs_header	 few[MQS_HEADER_LIST_FEW];	/* private */
};

/* Makes the list of headers as in struct mqs_message: 0, or -1 with errno (ENOMEM). */
int	mqs_header_list_make(struct mqs_header_list *, const char *headers, size_t len);
void	mqs_header_list_free(struct mqs_header_list *);

#endif
