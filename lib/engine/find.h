/*
 * find.h - which engine serves a spool
 *
 * The scheme of the spool's name says it.  A name without "://" is a directory: the
 * embedded engine, which is part of the library.  The others are shared objects, one
 * an engine, because each needs a client library that costs every start of a program
 * that loads it: SCHEME.so in the folder LIBDIR/mq, or in another one that is named
 * for trying an engine from a build.  An engine stays loaded until the process ends:
 * client libraries keep threads, which must not lose their code.
 */
#ifndef MQS_ENGINE_FIND_H
#define MQS_ENGINE_FIND_H

#include "engine/engine.h"

/*
 * Finds the engine for a spool of that name, and loads it if need be.  folder: where
 * engines are; NULL: where they are installed.  MQS_ENOTSUP: an unknown scheme; or an
 * engine that is not installed, can't be loaded, or is of another version: the message
 * names the file and the package that has it.
 */
int	mqs_engine_find(const struct mqs_engine **out, const char *where,
	    const char *folder, struct mqs_error *err);

#endif
