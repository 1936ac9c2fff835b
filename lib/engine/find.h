/*
 * find.h - finds the engine for a spool by the spool's name
 *
 * A name without "://" is a directory, which the embedded engine serves.  That engine is
 * part of the library.  The scheme of any other name says the engine.  Each of these is a
 * shared object, SCHEME.so in the folder LIBDIR/mq (or in another folder, to try an engine
 * from a build), because each needs a client library, and loading that would slow down the
 * start of every program.
 *
 * An engine stays loaded until the process ends, because client libraries run threads,
 * whose code must not go away.
 */
#ifndef MQS_ENGINE_FIND_H
#define MQS_ENGINE_FIND_H

#include "engine/engine.h"

/*
 * Finds the engine for a spool, and loads it if necessary.  folder: where engines are; NULL:
 * where they are installed.  MQS_ENOTSUP: the scheme is unknown; or the engine is not
 * installed, can't be loaded, or was built for another version.  The message names the file
 * and its package.
 */
int	mqs_engine_find(const struct mqs_engine **out, const char *where,
	    const char *folder, struct mqs_error *err);

#endif
