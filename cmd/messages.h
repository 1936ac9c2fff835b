/* messages.h - whose messages they are; what says them is in tool.h */
#ifndef MQ_CMD_MESSAGES_H
#define MQ_CMD_MESSAGES_H

/* The program's name, kept, that begins every message. */
void	messages_name(const char *name);

#endif
