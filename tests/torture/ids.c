/* ids.c - see ids.h */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ids.h"

/* FNV-1a. */
static uint64_t
hash(const char *text)
{
	uint64_t h = UINT64_C(14695981039346656037);

	while (*text != '\0')
		h = (h ^ (unsigned char)*text++) * UINT64_C(1099511628211);
	return h;
}

/* Where an id is in the hash table, or belongs. */
static uint64_t *
place(const struct ids *ids, const char *text)
{
	uint64_t at = hash(text) % ids->room;

	while (ids->places[at] != 0 && strcmp(ids->texts[ids->places[at]], text) != 0)
		at = (at + 1) % ids->room;
	return &ids->places[at];
}

/* Twice the room, so that half of the table at least is free. */
static void
grow(struct ids *ids)
{
	uint64_t i;

	ids->room = ids->room == 0 ? 1024 : 2 * ids->room;
	free(ids->places);
	ids->places = calloc(ids->room, sizeof(*ids->places));
	ids->texts = reallocarray(ids->texts, ids->room / 2 + 1, sizeof(*ids->texts));
	if (ids->places == NULL || ids->texts == NULL)
		err(70, NULL);
	for (i = 1; i <= ids->n; i++)
		*place(ids, ids->texts[i]) = i;
}

uint64_t
ids_number(struct ids *ids, const char *text)
{
	uint64_t *at;

	if (strlen(text) >= ID_SIZE)
		errx(70, "id too long: %s", text);
	if (ids->n == ids->room / 2)
		grow(ids);
	at = place(ids, text);
	if (*at == 0) {
		*at = ++ids->n;
		(void)snprintf(ids->texts[ids->n], ID_SIZE, "%s", text);
	}
	return *at;
}

const char *
ids_text(const struct ids *ids, uint64_t number)
{
	return ids->texts[number];
}

void
ids_free(struct ids *ids)
{
	free(ids->texts);
	free(ids->places);
	memset(ids, 0, sizeof(*ids));
}
