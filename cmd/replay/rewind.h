/* replay/rewind.h - mq-replay --rewind: moving groups to another place of their queues */
#ifndef MQ_CMD_REPLAY_REWIND_H
#define MQ_CMD_REPLAY_REWIND_H

/*
 * Moves each operand QUEUE/GROUP (or only tells, with dry_run) to where --to says, and
 * prints what came of it.  One that fails is reported, and the others are still moved;
 * returns the status of the first failure.
 */
int	rewind_groups(char **operands, int n, const char *to, int dry_run);

#endif
