/* common/environment.h - what the environment says to every tool */
#ifndef MQ_CMD_COMMON_ENVIRONMENT_H
#define MQ_CMD_COMMON_ENVIRONMENT_H

/* Reads $MQ_NOW and $MQ_AUTOCREATE into `common'; ends with 64 if malformed. */
void	read_environment(void);
/* $MQ_SPOOL, else in the user's state directory, else the system's. */
const char *default_spool(void);

#endif
