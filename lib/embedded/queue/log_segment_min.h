/* log_segment_min.h - how large a segment is at least; tests have a number of their own */
#ifndef MQS_EMBEDDED_QUEUE_LOG_SEGMENT_MIN_H
#define MQS_EMBEDDED_QUEUE_LOG_SEGMENT_MIN_H

#include <stdint.h>

/* Bytes of a table that is not full. */
extern const uint64_t mqs_log_segment_min;

#endif
