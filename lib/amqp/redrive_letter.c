/* redrive_letter.c - see redrive.h: whether a message is a letter that is asked for */
#include <fnmatch.h>
#include <string.h>

#include "amqp/message_id.h"
#include "amqp/redrive.h"
#include "base/name.h"

int
mqs_amqp_redrive_matches(const struct mqs_redrive_options *o, const struct mqs_message *m,
    struct mqs_dead_letter *out, int *letter)
{
	uint64_t number;

	*letter = mqs_dead_letter_read(out, m);
	/* "-": of a message of another client, which had none.  Numbers: of another engine. */
	if (!*letter || (!mqs_amqp_is_id(out->id) && strcmp(out->id, "-") != 0 &&
	    mqs_parse_u64(out->id, strlen(out->id), &number) == -1))
		return 0;
	return o->reason == NULL || fnmatch(o->reason, out->reason, 0) == 0;
}
