/* common/diagnostics.h - whose messages they are; what says them is in common/tool.h */
#ifndef MQ_CMD_COMMON_DIAGNOSTICS_H
#define MQ_CMD_COMMON_DIAGNOSTICS_H

/* The program's name, kept, that begins every message. */
void	messages_name(const char *name);

#endif
