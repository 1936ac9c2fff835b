/*
 * advice.h - the command in an error's text by which a person goes on
 *
 * The command names its spool: the library does not know which spool the person's shell would
 * take, and the same command might act on another one there.
 */
#ifndef MQS_BASE_ADVICE_H
#define MQS_BASE_ADVICE_H

#include <stddef.h>

#define MQS_CTL_SIZE	160	/* a third of what an error's text may have */

/* Writes a path as a word of the shell, quoted where necessary; if it is too long, PATH. */
char	*mqs_shell_word(char *buf, size_t size, const char *path);

/*
 * Writes "mq-ctl -s SPOOL", with the path as the program was given it, quoted for the shell
 * where that is necessary.  queue is the path of a queue, SPOOL/QUEUE.  If the path is too long,
 * the word SPOOL stands for it.  Returns buf.
 */
char	*mqs_ctl(char buf[MQS_CTL_SIZE], const char *queue);

#endif
