/* common/environment.h - the environment's variables that every tool reads */
#ifndef MQ_CMD_COMMON_ENVIRONMENT_H
#define MQ_CMD_COMMON_ENVIRONMENT_H

#include <stddef.h>

/* Reads $MQ_NOW and $MQ_AUTOCREATE into `common'; one that is malformed ends the tool with 64. */
void	environment_read(void);
/*
 * $MQ_SPOOL, else mq in the user's state directory, else /var/spool/mq.  A state directory
 * or a home that is not absolute counts as none: it would be another one in each directory.
 */
const char *environment_spool(void);
/* $MQ_ENGINES, the folder of engines that are not part of the library, or NULL. */
const char *environment_engines(void);
/* $MQ_LIBEXEC, the folder of the programs that the library starts, or NULL. */
const char *environment_helpers(void);
/* $MQ_MAPSIZE in bytes, or 0; if it is malformed, the tool ends with 64. */
size_t	environment_map_size(void);

#endif
