/* stat/page_numbers.h - what the page for people shows of queues, in memory */
#ifndef MQ_CMD_STAT_PAGE_NUMBERS_H
#define MQ_CMD_STAT_PAGE_NUMBERS_H

#include "base/bytes.h"
#include "mqspool.h"
#include "stat/gather.h"

enum page_level { PAGE_FINE, PAGE_NOTICE, PAGE_BAD };

struct page_group {
	const struct mqs_group_stat *st;
	double		 acked_rate;	/* a second; negative: not known */
};

struct page_queue {
	struct mqs_queue_stat st;	/* MQS_UNKNOWN if only groups were asked for */
	struct page_group *groups;
	size_t		 n_groups;
	double		 in_rate;	/* a second; negative: not known */
	/* Settings; "" if they can't be read. */
	char		 dead_letter[MQS_NAME_MAX + 1];
	char		 overflow[16];
	char		*description;	/* NULL if there is none */
	/* Of a dead-letter queue: */
	int		 has_letters;	/* 1: it is one */
	uint64_t	 letters;	/* those that nobody has dealt with; MQS_UNKNOWN if that is not known */
	struct mqs_buf	 letters_html;	/* the newest of them */
	/* Consumers: mqs_consumer_stat each; no_consumers says why they can't be listed. */
	struct mqs_buf	 consumers;
	char		*no_consumers;
	/* Found by page_attention: */
	enum page_level	 level;
	const char	*state;		/* in a word or two */
	struct mqs_buf	 reasons_html;	/* each in an <li> */
};

struct page_numbers {
	struct gathered	 gathered;
	struct page_queue *queues;	/* in the order of names */
	struct page_group *groups;
	size_t		 n_queues;
	struct mqs_buf	 messages;	/* what was said about what could not be read; NUL behind each */
	int64_t		 now;		/* by which ages are judged */
	double		 in_rate, acked_rate;	/* of all; negative: not known */
	double		 seconds;	/* that rates are over; 0: there are none */
	unsigned	 bad, notices;	/* queues of these levels */
};

/*
 * Fills *p for n operands QUEUE[/GROUP] and the dead-letter queues of these queues, or for
 * everything if n is 0.
 */
void	page_numbers(struct page_numbers *p, struct mqs_spool *, char **operands, int n);
/* Finds or returns NULL. */
struct page_queue *page_numbers_find(const struct page_numbers *, const char *queue);
void	page_numbers_free(struct page_numbers *);

#endif
