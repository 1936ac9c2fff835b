/* clock.h - the clocks, and which boot this is */
#ifndef MQS_BASE_CLOCK_H
#define MQS_BASE_CLOCK_H

#include <stdint.h>

#define MQS_SECOND	INT64_C(1000000000)
#define MQS_MSEC	INT64_C(1000000)

/* Wall clock, in ns since the epoch (CLOCK_REALTIME). */
int64_t	mqs_now(void);
/* Time since boot with sleep counted, in ns (CLOCK_BOOTTIME). */
int64_t	mqs_boottime(void);
/* A time so much later; at most INT64_MAX, at least 0. */
int64_t	mqs_later(int64_t time, int64_t ns);
/* A number for this boot (XXH3 of the kernel's boot id); never 0. */
uint64_t mqs_boot(void);
/* The clock tick in which a time of mqs_boottime is. */
uint64_t mqs_tick(int64_t boottime);
/* The clock tick in which process pid started; 0 if there is none. */
uint64_t mqs_process_start(int64_t pid);

#endif
