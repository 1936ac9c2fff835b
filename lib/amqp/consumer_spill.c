/* consumer_spill.c - see consumer_spill.h */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "amqp/consumer_delivery.h"
#include "amqp/consumer_spill.h"
#include "amqp/temporary_file.h"
#include "base/error.h"

#define PIECE	65536	/* of a large body that is copied */

static int
is_large(const struct mqs_amqp_held *h)
{
	return h->body_len > MQS_INLINE_MAX;
}

/* What its bytes take: all of it, but a large body. */
static size_t
bytes_of(const struct mqs_amqp_held *h)
{
	return h->key_len + h->properties_len + (is_large(h) ? 0 : (size_t)h->body_len);
}

static uint64_t
size_in_file(const struct mqs_amqp_held *h)
{
	return bytes_of(h) + (is_large(h) ? h->body_len : 0);
}

static int
read_at(int fd, char *to, size_t n, uint64_t offset, struct mqs_error *err)
{
	ssize_t got;

	for (; n > 0; to += got, offset += (uint64_t)got, n -= (size_t)got) {
		got = pread(fd, to, n, (off_t)offset);
		if (got < 0 && errno == EINTR)
			got = 0;
		else if (got < 0)
			return mqs_fail_errno(err, "a temporary file");
		else if (got == 0)
			return mqs_fail(err, MQS_EIO, "a temporary file is too short");
	}
	return MQS_OK;
}

/* Copies n bytes from an offset of one file to where the other one is written. */
static int
copy_file(int from, uint64_t offset, int to, uint64_t n, struct mqs_error *err)
{
	char piece[PIECE];
	size_t now;
	int rc = MQS_OK;

	for (; n > 0 && rc == MQS_OK; n -= now, offset += now) {
		now = n < sizeof(piece) ? (size_t)n : sizeof(piece);
		if ((rc = read_at(from, piece, now, offset, err)) == MQS_OK)
			rc = mqs_amqp_temporary_write(to, piece, now, err);
	}
	return rc;
}

/* ------------------------------------------------------------ to the file -- */

static int
write_it(struct mqs_amqp_spill *s, const struct mqs_amqp_held *h, struct mqs_error *err)
{
	int rc;

	if (s->fd == -1 && (rc = mqs_amqp_temporary_file(&s->fd, err)) != MQS_OK)
		return rc;
	if (lseek(s->fd, (off_t)s->end, SEEK_SET) == -1)
		return mqs_fail_errno(err, "a temporary file");
	if ((rc = mqs_amqp_temporary_write(s->fd, h->bytes, bytes_of(h), err)) != MQS_OK)
		return rc;
	return is_large(h) ? copy_file(h->body_fd, 0, s->fd, h->body_len, err) : MQS_OK;
}

int
mqs_amqp_spill_put(struct mqs_amqp_spill *s, struct mqs_amqp_held **h, struct mqs_error *err)
{
	/* Not realloc: what that leaves is too small for another one of the same size. */
	struct mqs_amqp_held *small = malloc(sizeof(*small));
	int rc;

	if (small == NULL)
		return mqs_fail_errno(err, "a message");
	if ((rc = write_it(s, *h, err)) != MQS_OK) {
		free(small);
		return rc;
	}
	*small = **h;
	if ((*h)->body_fd != -1)
		(void)close((*h)->body_fd);
	free(*h);
	small->body_fd = -1;
	small->bytes = NULL;
	small->spill = s;
	small->offset = s->end;
	s->end += size_in_file(small);
	s->n++;
	*h = small;
	return MQS_OK;
}

/* ---------------------------------------------------------- from the file -- */

static int
load_body(struct mqs_amqp_held *h, struct mqs_error *err)
{
	int rc;

	if ((rc = mqs_amqp_temporary_file(&h->body_fd, err)) != MQS_OK)
		return rc;
	rc = copy_file(h->spill->fd, h->offset + bytes_of(h), h->body_fd, h->body_len, err);
	if (rc == MQS_OK && lseek(h->body_fd, 0, SEEK_SET) == -1)
		rc = mqs_fail_errno(err, "a temporary file");
	return rc;
}

int
mqs_amqp_spill_load(struct mqs_amqp_held *h, struct mqs_error *err)
{
	int rc;

	if (h->spill == NULL || h->bytes != NULL)
		return MQS_OK;
	if ((h->bytes = malloc(bytes_of(h) + 1)) == NULL)
		return mqs_fail_errno(err, "a message");
	if ((rc = read_at(h->spill->fd, h->bytes, bytes_of(h), h->offset, err)) == MQS_OK &&
	    is_large(h))
		rc = load_body(h, err);
	if (rc != MQS_OK)
		mqs_amqp_spill_unload(h);
	return rc;
}

void
mqs_amqp_spill_unload(struct mqs_amqp_held *h)
{
	if (h->spill == NULL)
		return;
	free(h->bytes);
	h->bytes = NULL;
	if (h->body_fd != -1)
		(void)close(h->body_fd);
	h->body_fd = -1;
}

void
mqs_amqp_spill_remove(struct mqs_amqp_held *h)
{
	struct mqs_amqp_spill *s = h->spill;

	if (s == NULL)
		return;
	mqs_amqp_spill_unload(h);
	/* Where neither can be done, the room is given back when the consumer ends. */
	if (--s->n == 0 && ftruncate(s->fd, 0) == 0)
		s->end = 0;
	else
		(void)fallocate(s->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
		    (off_t)h->offset, (off_t)size_in_file(h));
	h->spill = NULL;
}

void
mqs_amqp_spill_close(struct mqs_amqp_spill *s)
{
	if (s->fd != -1)
		(void)close(s->fd);
}
