/* find.c - see find.h */
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/address.h"
#include "base/error.h"
#include "engine/find.h"

#ifndef MQ_LIBDIR
#define MQ_LIBDIR	"/usr/local/lib"
#endif

static const struct scheme {
	const char	*scheme;
	const char	*file;		/* without ".so" */
	const char	*where;		/* it is to be had */
} schemes[] = {
	{ "amqp", "amqp", "package mq-tools-amqp, or make install where librabbitmq is" },
	{ "amqps", "amqp", "package mq-tools-amqp, or make install where librabbitmq is" },
	{ "kafka", "kafka", "it will be in the package mq-tools-kafka, which does not exist yet" }
};

static int
cannot_load(const struct scheme *s, const char *path, const char *why, struct mqs_error *err)
{
	return mqs_fail(err, MQS_ENOTSUP, "%s://: no engine: %s: %s", s->scheme, path, why);
}

/* Loads an engine; its text of an error would name the path a second time. */
static int
load(const struct mqs_engine **out, const struct scheme *s, const char *path,
    struct mqs_error *err)
{
	const struct mqs_engine *engine;
	char why[96];
	void *object;

	if (access(path, R_OK) != 0 && errno == ENOENT)
		return mqs_fail(err, MQS_ENOTSUP, "%s://: no engine: %s: not installed (%s)",
		    s->scheme, path, s->where);
	if (access(path, R_OK) != 0)
		return cannot_load(s, path, strerror(errno), err);
	if ((object = dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE)) == NULL) {
		const char *said = dlerror();
		size_t n = strlen(path);

		if (said != NULL && strncmp(said, path, n) == 0 && said[n] == ':')
			said += n + 1 + (said[n + 1] == ' ');
		return cannot_load(s, path, said == NULL ? "can't be loaded" : said, err);
	}
	if ((engine = dlsym(object, MQS_ENGINE_SYMBOL)) == NULL)
		return cannot_load(s, path, "not an engine of mq", err);
	if (engine->version != MQS_ENGINE_VERSION) {
		snprintf(why, sizeof(why), "made for version %u of the engines' interface, "
		    "not %u", engine->version, MQS_ENGINE_VERSION);
		return cannot_load(s, path, why, err);
	}
	*out = engine;
	return MQS_OK;
}

int
mqs_engine_find(const struct mqs_engine **out, const char *where, const char *folder,
    struct mqs_error *err)
{
	size_t n, i;
	char path[4096];
	int len;

	if (!mqs_is_address(where, &n)) {
		*out = &mqs_embedded_engine;
		return MQS_OK;
	}
	for (i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++)
		if (strlen(schemes[i].scheme) == n &&
		    strncasecmp(schemes[i].scheme, where, n) == 0)
			break;
	if (i == sizeof(schemes) / sizeof(schemes[0]))
		return mqs_fail(err, MQS_ENOTSUP, "%.*s://: no engine of that name "
		    "(a spool is a directory, amqp://..., amqps://... or kafka://...)",
		    (int)n, where);
	len = snprintf(path, sizeof(path), "%s/%s.so",
	    folder != NULL ? folder : MQ_LIBDIR "/mq", schemes[i].file);
	if (len < 0 || (size_t)len >= sizeof(path))
		return mqs_fail(err, MQS_EINVAL, "%s: path too long", folder);
	return load(out, &schemes[i], path, err);
}
