/*
 * owner.h - owner files: which consumers live, and what they work on
 *
 * SPOOL/QUEUE/owner/NAME, one for each living consumer.  Made unnamed (O_TMPFILE),
 * locked, filled, then linked, so that whoever sees it can trust its locks; a
 * missing one means dead.  Locks are open-file-description locks on single bytes:
 * byte 0 says that the consumer lives (its descriptor is close-on-exec); byte
 * 1 + run says that the handler of that run lives: each run opens the file anew,
 * locks its byte (or several, of runs with the same handler) and hands that description to its child, so the lock ends with
 * the last of handler and consumer.  Tests use F_OFD_GETLK and take nothing.
 *
 * Layout (little-endian): a header of 64 bytes (magic "mqowner\1", boot number,
 * pid, process start, time, 0..., checksum), then at 64 the hand-out mark (lease, count:
 * what of MQS_MANUAL went out; checksum), then from byte 128 a slot of 64 bytes a
 * run: lease, id, pid, process start, started (0 or 1), 0..., checksum; to the byte
 * in owner_file.h.  A slot is written with one pwrite; one that doesn't verify
 * counts as empty.  A handler is alive if its byte is locked, or (for programs that close descriptors) if its
 * pid lives with the same start time.
 */
#ifndef MQS_EMBEDDED_STORE_OWNER_H
#define MQS_EMBEDDED_STORE_OWNER_H

#include "embedded/store/queue_dir.h"
#include "mqspool.h"

#define MQS_OWNER_NAME	16	/* hex digits of an owner's name */

struct mqs_owner;

/*
 * The own side.  The name goes into leases: its upper half is `family', which the
 * consumers of one group share, its lower half random; as a file, 16 hex digits.
 */
int	mqs_owner_new(struct mqs_owner **out, const struct mqs_dir *, uint32_t family, struct mqs_error *err);
uint64_t mqs_owner_name(const struct mqs_owner *);
/* Removes the file; without it (a crash), mqs_owner_collect does. */
void	mqs_owner_free(struct mqs_owner *, int unlink);
/* Notes that of the deliveries of `lease' the first `count' went out, and all of the leases before it. */
int	mqs_owner_handed_out(struct mqs_owner *, uint64_t lease, uint64_t count, struct mqs_error *err);

/*
 * A run's slot: mqs_owner_run writes it (not started) and gives the descriptor to
 * be inherited (close-on-exec; the caller's spawn dup2s it), locked.
 * mqs_owner_run_end empties the slot and closes the descriptor; those that share it end
 * before the one whose it is.
 */
int	mqs_owner_run(struct mqs_owner *, uint64_t lease, uint64_t id, unsigned *run, int *fd, struct mqs_error *err);
/* One more delivery for the same handler: a run of its own, by the descriptor of run `lead'. */
int	mqs_owner_run_more(struct mqs_owner *, unsigned lead, uint64_t lease, uint64_t id, unsigned *run, struct mqs_error *err);
int	mqs_owner_run_started(struct mqs_owner *, unsigned run, int64_t pid, struct mqs_error *err);
void	mqs_owner_run_end(struct mqs_owner *, unsigned run);

/* The others' side. */
enum mqs_owner_life {
	MQS_OWNER_DEAD,
	MQS_OWNER_ORPHANS,	/* the consumer died, some handler still works */
	MQS_OWNER_LIVES
};

/* What a dead consumer left, or a living one shows. */
struct mqs_owner_left {
	int64_t		 pid;		/* the consumer's; 0: not known */
	int64_t		 since;		/* when it began, by the wall clock; 0: not known */
	uint64_t	 handed_lease, handed_count;	/* the hand-out mark; 0, 0: none */
	struct mqs_owner_slot {
		uint64_t lease, id;
		int64_t	 pid;		/* the handler's; 0: not started */
		int	 started;
		int	 alive;		/* its handler still works */
	}		*slots;
	size_t		 nslots;
};

/*
 * How it is with an owner; left (may be NULL) is filled unless it lives, to be
 * freed with mqs_owner_left_free.  Called often: one open, one fcntl for a living one.
 */
int	mqs_owner_look(const struct mqs_dir *, uint64_t name, enum mqs_owner_life *,
	    struct mqs_owner_left *left, struct mqs_error *err);
/* The same for somebody who only watches: left is filled of a living one too. */
int	mqs_owner_watch(const struct mqs_dir *, uint64_t name, enum mqs_owner_life *,
	    struct mqs_owner_left *left, struct mqs_error *err);
void	mqs_owner_left_free(struct mqs_owner_left *);
/* Removes a dead owner's file once nothing refers to it (not one that lives or has orphans). */
int	mqs_owner_collect(const struct mqs_dir *, uint64_t name, struct mqs_error *err);
/* Calls fn with each owner in the folder. */
int	mqs_owner_each(const struct mqs_dir *, int (*fn)(void *arg, uint64_t name), void *arg, struct mqs_error *err);

#endif
