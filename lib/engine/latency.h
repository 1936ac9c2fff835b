/*
 * latency.h - the classes in which the time from publishing to acknowledging is counted
 *
 * They are the same for each engine and each queue, so that histograms can be added up:
 * 1, 5, 25, 100 and 500 ms; 1, 5 and 30 s; 2 and 10 minutes; an hour; a day; more.
 */
#ifndef MQS_ENGINE_LATENCY_H
#define MQS_ENGINE_LATENCY_H

#include <stdint.h>

#include "mqspool.h"

/* The class of a time in ns.  A negative one, of a clock that was set back, is of the first. */
unsigned mqs_latency_class(int64_t ns);

#endif
