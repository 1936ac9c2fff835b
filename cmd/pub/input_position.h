/* pub/input_position.h - how much of the input has been read, for progress */
#ifndef MQ_CMD_PUB_INPUT_POSITION_H
#define MQ_CMD_PUB_INPUT_POSITION_H

#include <stdint.h>

/* All of stdin from here on, or all of n files, is the input. */
void	input_position_stdin(void);
void	input_position_files(char **paths, int n);
/* A file of it is being read; it was read. */
void	input_position_open(int fd);
void	input_position_close(void);
/* A progress_part_fn, in bytes: 0 if the input is not made of files. */
int	input_position(uint64_t *part, uint64_t *whole);

#endif
