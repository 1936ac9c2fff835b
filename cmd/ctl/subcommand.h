/* ctl/subcommand.h - what a subcommand of mq-ctl is, and what all of them do alike */
#ifndef MQ_CMD_CTL_SUBCOMMAND_H
#define MQ_CMD_CTL_SUBCOMMAND_H

#include "common/tool.h"
#include "mqspool.h"

/* run reads the subcommand's options and operands (argv[0] is its name); returns a status. */
struct ctl_command {
	const char	*name;
	struct tool	 tool;
	int		(*run)(int argc, char **argv);
};

/* Starts a subcommand that has only the common options, and reads these. */
void	ctl_start(const struct ctl_command *, int argc, char **argv);

/*
 * Does something to one operand: 0, or an MQS_E... and why.  group is NULL where
 * the operand names none.
 */
typedef int	ctl_fn(void *arg, struct mqs_spool *, const char *queue,
	    const char *group, struct mqs_error *err);

enum ctl_operands { CTL_QUEUES, CTL_GROUPS, CTL_QUEUES_AND_GROUPS };

/*
 * Checks that there are operands and that each is well formed (else the tool ends
 * with 64 before anything was done), then calls fn for each.  One that fails is
 * reported, and the others are still done; returns the status of the first failure.
 */
int	ctl_each(char **operands, int n, enum ctl_operands, unsigned spool_flags,
	    ctl_fn *fn, void *arg);

#endif
