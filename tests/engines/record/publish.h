/* record/publish.h - the engine that records: publishers and large bodies */
#ifndef RECORD_PUBLISH_H
#define RECORD_PUBLISH_H

#include "engine/engine.h"

int	record_publisher_open(struct mqs_publisher **out, struct mqs_spool *spool, const char *queue,
    const struct mqs_publisher_options *options, struct mqs_error *err);
int	record_publisher_send(struct mqs_publisher *p, const struct mqs_message *m, uint64_t tag,
    struct mqs_error *err);
size_t	record_publisher_send_like(struct mqs_publisher *p, const struct mqs_body *bodies, size_t n);
int	record_publisher_flush(struct mqs_publisher *p, struct mqs_error *err);
size_t	record_publisher_stored(const struct mqs_publisher *p);
int	record_publisher_check(struct mqs_publisher *p, size_t *index, struct mqs_error *err);
int	record_publisher_atomic(struct mqs_publisher *p, int more, struct mqs_error *err);
int	record_publisher_expect(struct mqs_publisher *p, const char *id, const char *key, size_t key_len,
    struct mqs_error *err);
uint64_t	record_publisher_dropped(const struct mqs_publisher *p);
size_t	record_publisher_pending(const struct mqs_publisher *p, uint64_t *bytes);
uint64_t	record_publisher_max_message(const struct mqs_publisher *p);
void	record_publisher_free(struct mqs_publisher *p);
int	record_publisher_input(struct mqs_publisher *p, struct mqs_consumer *c, const struct mqs_message *m,
    struct mqs_error *err);
int	record_publisher_feed(struct mqs_publisher *p, struct mqs_consumer *c, struct mqs_error *err);
void	record_publisher_input_drop(struct mqs_publisher *p);
int	record_publisher_input_fits(const struct mqs_publisher *p);
int	record_publisher_input_done(struct mqs_publisher *p, struct mqs_consumer *c,
    const struct mqs_message *m, struct mqs_error *err);
int	record_large_new(struct mqs_large **out, struct mqs_publisher *p, struct mqs_error *err);
int	record_large_write(struct mqs_large *large, const void *bytes, size_t n, struct mqs_error *err);
uint64_t	record_large_size(const struct mqs_large *large);
void	record_large_free(struct mqs_large *large);

#endif
