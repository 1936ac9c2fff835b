/* log_create.c - see log_create.h */
#include <bsd/stdlib.h>

#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "embedded/queue/log_create.h"
#include "embedded/queue/state_values.h"

static void
make_uuid(unsigned char uuid[16])
{
	arc4random_buf(uuid, 16);
	uuid[6] = (unsigned char)((uuid[6] & 0x0f) | 0x40);	/* version 4 */
	uuid[8] = (unsigned char)((uuid[8] & 0x3f) | 0x80);	/* RFC 9562 */
}

char *
mqs_uuid_format(const unsigned char u[16], char buf[MQS_UUID_SIZE])
{
	snprintf(buf, MQS_UUID_SIZE, "%02x%02x%02x%02x-%02x%02x-%02x%02x-"
	    "%02x%02x-%02x%02x%02x%02x%02x%02x", u[0], u[1], u[2], u[3], u[4],
	    u[5], u[6], u[7], u[8], u[9], u[10], u[11], u[12], u[13], u[14],
	    u[15]);
	return buf;
}

/* A queue that is being built. */
struct new_log {
	const struct mqs_options *options;
	unsigned char		 uuid[16];
	mqs_log_fill_fn		*fill;		/* NULL: it stays empty */
	void			*arg;
};

static int
begin(const struct new_log *new, struct mqs_db *db, struct mqs_error *err)
{
	const uint64_t v[MQS_LOG_VALUES] = { 0 };
	unsigned char format[4];
	struct mqs_tx *tx;
	int rc;

	if ((rc = mqs_tx_write(db, 0, &tx, err)) != MQS_OK)
		return rc;
	mqs_put_le32(format, MQS_LOG_FORMAT);
	if ((rc = mqs_tx_put(tx, MQS_DB_MAIN, "format", 6, format, 4, err)) != MQS_OK ||
	    (rc = mqs_tx_put(tx, MQS_DB_MAIN, "uuid", 4, new->uuid, 16, err)) != MQS_OK ||
	    (rc = mqs_state_put(tx, v, MQS_LOG_VALUES, err)) != MQS_OK) {
		mqs_tx_abort(tx);
		return rc;
	}
	return mqs_tx_commit(tx, err);
}

/* Lets the caller's function write to the log, which has no page yet. */
static int
fill_log(const struct new_log *new, const struct mqs_dir *building, struct mqs_db *db,
    struct mqs_error *err)
{
	struct mqs_log *log;
	int rc;

	if (new->fill == NULL)
		return MQS_OK;
	if ((log = calloc(1, sizeof(*log))) == NULL)
		return mqs_fail_errno(err, "%s", building->name);
	log->dir = *building;
	log->db = db;
	log->page = -1;
	log->options = new->options;
	log->settings_seen = UINT64_MAX;
	memcpy(log->uuid, new->uuid, sizeof(log->uuid));
	rc = new->fill(new->arg, log, err);
	free(log);
	return rc;
}

/* Puts the log into a queue that is being built; see mqs_dir_create. */
static int
make_log(void *arg, const struct mqs_dir *building, struct mqs_error *err)
{
	const struct new_log *new = arg;
	struct mqs_db_spec spec;
	struct mqs_db *db;
	int rc;

	mqs_log_spec(&spec, building, new->options);
	spec.flags = MQS_DB_CREATE;
	spec.gate = spec.turn = -1;
	if ((rc = mqs_db_open(&db, &spec, err)) != MQS_OK)
		return rc;
	if ((rc = begin(new, db, err)) == MQS_OK)
		rc = fill_log(new, building, db, err);
	mqs_db_close(db);
	return rc;
}

int
mqs_log_build(const char *spool, const char *queue, const struct mqs_options *options,
    const unsigned char uuid[16], mqs_log_fill_fn *fill, void *arg, struct mqs_error *err)
{
	struct new_log new = { .options = options, .fill = fill, .arg = arg };

	if (uuid != NULL)
		memcpy(new.uuid, uuid, sizeof(new.uuid));
	else
		make_uuid(new.uuid);
	return mqs_dir_create(spool, queue, make_log, &new, err);
}

int
mqs_log_create(const char *spool, const char *queue,
    const struct mqs_options *options, struct mqs_error *err)
{
	return mqs_log_build(spool, queue, options, NULL, NULL, NULL, err);
}
