/* ctl/subcommands.h - the list of mq-ctl's subcommands, by the file that defines them */
#ifndef MQ_CMD_CTL_SUBCOMMANDS_H
#define MQ_CMD_CTL_SUBCOMMANDS_H

#include "ctl/subcommand.h"

extern const struct ctl_command ctl_backup;				/* ctl/backup.c */
extern const struct ctl_command ctl_bind, ctl_unbind;			/* ctl/bind.c */
extern const struct ctl_command ctl_compact;				/* ctl/compact.c */
extern const struct ctl_command ctl_create;				/* ctl/create.c */
extern const struct ctl_command ctl_delete, ctl_purge, ctl_trim;	/* ctl/delete_purge_trim.c */
extern const struct ctl_command ctl_list, ctl_check;			/* ctl/list_check.c */
extern const struct ctl_command ctl_pause, ctl_resume;			/* ctl/pause.c */
extern const struct ctl_command ctl_redrive;				/* ctl/redrive.c */
extern const struct ctl_command ctl_rename;				/* ctl/rename.c */
extern const struct ctl_command ctl_salvage;				/* ctl/salvage.c */
extern const struct ctl_command ctl_set, ctl_show;			/* ctl/settings.c */
extern const struct ctl_command ctl_skip;				/* ctl/skip.c */

#endif
