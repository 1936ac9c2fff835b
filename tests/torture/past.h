/*
 * past.h - what the files of a torture run say, read into tables
 *
 * Everything has a position, that of its line in the history: what has the lower one
 * came first.  0 is "never".  Ids are numbers of ids.h: that of a message is its place in the log.
 */
#ifndef MQ_TORTURE_PAST_H
#define MQ_TORTURE_PAST_H

#include <stddef.h>
#include <stdint.h>

#include "ids.h"
#include "letter.h"

/* What was sent, by name; its copies in the log, by id. */
struct letter {
	char		 name[LETTER_NAME], key[64];
	unsigned	 priority, atomic, has_id;
	int64_t		 not_before, expires;
	uint64_t	 size, id, told;	/* id: as in the log, told: as printed */
	size_t		 sent, told_at, copies, run;
	size_t		 nids;		/* different ones in the log */
};

/* A message of the queue, as it is retained. */
struct message {
	uint64_t	 id, size;
	unsigned	 priority;
	char		 key[64], name[LETTER_NAME];
	size_t		 copies;		/* in the log, of the same id */
	int		 differ;		/* from each other */
	struct letter	*letter;		/* NULL: nobody sent it */
};

/* A run of a command under keep or publish. */
struct run {
	char		 name[64];
	size_t		 begin, stop, late, kill, end;
	int		 status;		/* -SIGNAL */
	int		 cut;			/* its connection was lost, or it sent again what was refused */
};

enum outcome { OUTCOME_NONE, OUTCOME_ACK, OUTCOME_RETRY, OUTCOME_REJECT, OUTCOME_DIE,
    OUTCOME_HAND };

/* A delivery: from its start to its outcome. */
struct delivery {
	size_t		 group, message;	/* indexes */
	uint64_t	 id;
	char		 lease[64];
	unsigned	 attempt, priority;
	char		 key[64], name[LETTER_NAME];
	size_t		 run, start, done, settled;
	enum outcome	 outcome;
	unsigned	 printed;		/* lines, by a filter */
	size_t		 later;			/* starts in its run after this one */
	char		 verb[16];		/* of settled */
	int64_t		 wall;
};

struct dead {
	size_t		 group;
	uint64_t	 id, origin;
	unsigned	 attempts;
	char		 reason[64], key[64], name[LETTER_NAME];
};

/* A group was moved back to a message. */
struct rewind {
	size_t		 group, began, done;	/* done 0: perhaps not */
	uint64_t	 id;
};

/* A group: what the driver says of it, and mq-stat. */
struct group {
	char		 name[64], traits[256];
	uint64_t	 depth, acked, dead, expired;
	int		 seen;			/* mq-stat knows it */
};

/* Something of the cluster was away. */
struct loss {
	size_t		 from, to;	/* to 0: it did not come back */
	char		 what[32];
};

struct past {
	int		 broker;	/* the spool is a cluster's */
	struct ids	*ids;
	struct letter	*letters;	/* by name */
	struct message	*messages;	/* as in the log, each id once */
	struct run	*runs;		/* by name */
	struct delivery	*deliveries;	/* by group, id and start */
	struct dead	*dead;		/* by group and id there */
	struct group	*groups;
	struct rewind	*rewinds;
	struct loss	*losses;
	size_t		 nletters, nmessages, nruns, ndeliveries, ndead, ngroups, nrewinds, nlosses;
	size_t		 torn, lines;
};

/* Reads a run's directory; leaves with 70 if it can't be read. */
void	past_read(struct past *p, const char *directory);

void	past_free(struct past *p);

struct letter	*past_letter(const struct past *p, const char *name);
struct message	*past_message(const struct past *p, uint64_t id);
/* An id, as the tools print it. */
const char	*past_id(const struct past *p, uint64_t id);
/* 1 if there is a dead letter of a group's message. */
int		 past_is_dead(const struct past *p, size_t group, uint64_t id);
/* 1 if a group is bound to a key: the trait "keys=KEY/KEY...", or everything. */
int		 group_bound(const struct group *g, const char *key);
/* The group's trait "NAME" or "NAME=VALUE": its value or "", NULL without it. */
const char	*group_trait(const struct group *g, const char *name, char value[64]);

#endif
