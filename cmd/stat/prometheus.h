/* stat/prometheus.h - numbers of queues and groups in Prometheus' text exposition format */
#ifndef MQ_CMD_STAT_PROMETHEUS_H
#define MQ_CMD_STAT_PROMETHEUS_H

#include "base/bytes.h"
#include "mqspool.h"
#include "stat/gather.h"

/* The format's media type. */
#define PROMETHEUS_TYPE	"text/plain; version=0.0.4; charset=utf-8"

/*
 * Appends metric family number i with its help, its type and all of its samples; nothing if it
 * has no samples.  Returns 0 when there is no family i.
 */
int	prometheus_family(const struct gathered *, size_t i, struct mqs_buf *text);
/* Appends a label's value, in its quotes, escaped. */
void	prometheus_label(struct mqs_buf *text, const char *value);

/*
 * mq-stat --prometheus: prints all families, or replaces the file `to' by them if that is not
 * NULL.  Returns a status.
 */
int	stat_prometheus(struct mqs_spool *, char **operands, int n, const char *to);

#endif
