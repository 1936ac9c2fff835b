/*
 * verify.h - the properties that hold whoever was killed when
 *
 * Each is a function that says with wrong() what it finds.
 */
#ifndef MQ_TORTURE_VERIFY_H
#define MQ_TORTURE_VERIFY_H

#include "past.h"

/* wrong.c: says that the property being checked does not hold, and why. */
void	wrong(const char *format, ...) __attribute__((format(printf, 1, 2)));
void	wrong_begin(const char *property);
/* How often wrong was called since. */
size_t	wrong_end(void);

/* verify_loss.c: what a broker is excused from.  1 if something was away between these. */
int	lost_between(const struct past *p, size_t from, size_t to);
/* 1 if a consumer was killed before that, or gave up what it should have ended. */
int	died_before(const struct run *r, size_t at);
/* 1 if a broker may have given a delivery's message to another consumer before that. */
int	given_back(const struct past *p, const struct delivery *d, size_t at);
/* 1 if a letter's publisher may have sent it again, or left it in some places only. */
int	sent_in_loss(const struct past *p, const struct letter *l);
/* 1 if a message that was not told may be in some groups, and not in the log. */
int	in_groups_only(const struct past *p, const char *name);
/* The same, and if a delayed one may have come out of the delays twice. */
int	sent_twice(const struct past *p, const struct letter *l, size_t first_start);
/* 1 if the message of a delivery may be in its group twice by then. */
int	perhaps_doubled(const struct past *p, const struct delivery *d, size_t at);

/* verify_group.c: the name of a delivery's group; 1 if a group has one of two traits. */
const char *group_name(const struct past *p, const struct delivery *d);
int	has_trait(const struct past *p, size_t group, const char *one, const char *other);
/* A group's deliveries in the order of their starts; *n: how many. */
const struct delivery **group_deliveries(const struct past *p, size_t group, size_t *n);
/* Calls check for each key of each ordered group, with its deliveries in the order of their starts. */
void	for_keys(const struct past *p,
	    void (*check)(const struct past *, const struct delivery **, size_t));
/* When a delivery was over at the earliest. */
size_t	over_at(const struct past *p, const struct delivery *d);
void	only_one_active(const struct past *p);
void	not_too_many(const struct past *p);

/* All of d's group and id, d being the first of them: how many. */
size_t	same_message(const struct past *p, const struct delivery *d);
/* 1 if the run ended of its own will, everything settled. */
int	run_clean(const struct run *r);

/* verify_log.c: what publishers were told. */
void	told_is_there(const struct past *p);
void	each_once(const struct past *p);
void	as_sent(const struct past *p);
void	runs_in_order(const struct past *p);
void	atomic_whole(const struct past *p);
void	ended_well(const struct past *p);

/* verify_delivery.c: what groups got. */
void	bodies_whole(const struct past *p);
void	nothing_lost(const struct past *p);
void	rewound_again(const struct past *p);
void	not_early(const struct past *p);
void	as_bound(const struct past *p);
void	counters_agree(const struct past *p);

/* verify_settle.c: what settles. */
void	settled_stays(const struct past *p);
void	one_lease(const struct past *p);
void	attempts_counted(const struct past *p);

/* verify_dead.c: dead letters. */
void	dead_once(const struct past *p);
void	dead_deserved(const struct past *p);
void	rejected_is_dead(const struct past *p);

/* verify_order.c: the order of deliveries. */
void	single_in_order(const struct past *p);
void	urgent_first(const struct past *p);
void	keys_in_order(const struct past *p);

/* verify_keys.c: the same on a broker. */
void	broker_keys_in_order(const struct past *p);

/* verify_stream.c: groups that are read as a stream. */
void	stream_complete(const struct past *p);
void	stream_settled_stays(const struct past *p);
void	temporary_once(const struct past *p);

/* verify_filter.c: what mq-sub --to published. */
void	filters_once(const struct past *p);

#endif
