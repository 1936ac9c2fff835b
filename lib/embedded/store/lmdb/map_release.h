/* map_release.h - giving a file's map back while its process only waits */
#ifndef MQS_EMBEDDED_STORE_LMDB_MAP_RELEASE_H
#define MQS_EMBEDDED_STORE_LMDB_MAP_RELEASE_H

#include "embedded/store/lmdb/handle.h"

/* Before LMDB is called: maps the file again, if its map was given back.  0, or an errno. */
int	mqs_map_restore(struct mqs_db *);

#endif
