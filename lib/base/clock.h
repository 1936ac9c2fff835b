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
/* Adds ns to a time; the result stays between 0 and INT64_MAX. */
int64_t	mqs_later(int64_t time, int64_t ns);
/* A number that identifies this boot of the system (a hash of the kernel's boot id); never 0. */
uint64_t mqs_boot(void);
/* Converts a time of mqs_boottime to clock ticks since boot, as mqs_process_start counts them. */
uint64_t mqs_tick(int64_t boottime);
/* When process pid started, in clock ticks since boot; 0 if there is no such process. */
uint64_t mqs_process_start(int64_t pid);

#endif
