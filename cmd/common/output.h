/* common/output.h - output that is gathered and printed when the tool ends, checked */
#ifndef MQ_CMD_COMMON_OUTPUT_H
#define MQ_CMD_COMMON_OUTPUT_H

/* added is what adding to a buffer gave: -1 (no memory) ends the tool with 71. */
void	must(int added);
/* Flushes stdio's stdout at the end of a tool; ends it with 74 if any write failed. */
void	finish_stdout(void);

#endif
