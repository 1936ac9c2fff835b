/* ctl/ctl.h - the subcommands of mq-ctl, and what they do alike */
#ifndef MQ_CMD_CTL_CTL_H
#define MQ_CMD_CTL_CTL_H

#include "common/tool.h"

/* Each reads its own options and operands (argv[0] is its name); returns a status. */
struct ctl_command {
	const char	*name;
	struct tool	 tool;
	int		(*run)(int argc, char **argv);
};

extern const struct ctl_command ctl_create, ctl_set, ctl_show, ctl_list, ctl_delete,
    ctl_purge, ctl_trim, ctl_redrive, ctl_check, ctl_bind, ctl_unbind,
    ctl_pause, ctl_resume, ctl_skip;

/* Starts a subcommand that has the common options only. */
void	ctl_start(const struct ctl_command *, int argc, char **argv);

/*
 * Does something to one operand: 0, or an MQS_E... and why.  group is NULL where
 * the operand names none.
 */
typedef int	ctl_fn(void *arg, struct mqs_spool *, const char *queue,
	    const char *group, struct mqs_error *err);

enum ctl_operands { CTL_QUEUES, CTL_GROUPS, CTL_QUEUES_AND_GROUPS };

/*
 * Checks that there are operands and that all are well formed (else the tool ends
 * with 64 before anything was done), then calls fn for each.  One that fails is
 * reported, and the others are still done; returns the status of the first failure.
 */
int	ctl_each(char **operands, int n, enum ctl_operands, unsigned spool_flags,
	    ctl_fn *fn, void *arg);

#endif
