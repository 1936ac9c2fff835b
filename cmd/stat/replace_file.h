/* stat/replace_file.h - a file that is replaced as a whole, or stays as it was */
#ifndef MQ_CMD_STAT_REPLACE_FILE_H
#define MQ_CMD_STAT_REPLACE_FILE_H

#include <stddef.h>

/*
 * Begins to write what shall replace the file at path, which is borrowed; one at a time.  A
 * failure ends the tool: with 64 if there is something at path that is no file, with 75 if
 * another process is replacing it now, else with 74.
 */
void	replace_file_begin(const char *path);
/* Ends the tool with 74 if it can't write. */
void	replace_file_write(const void *p, size_t n);
/* Puts what was written in the place of the file, on disk.  Ends the tool with 74 if it can't. */
void	replace_file_finish(void);

#endif
