/* libcurl.c - see libcurl.h */
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "amqp/libcurl.h"
#include "base/error.h"

/* The name of the library's interface, which has not changed since 2006. */
#define NAME	"libcurl.so.4"

static pthread_once_t once = PTHREAD_ONCE_INIT;
static struct mqs_amqp_libcurl loaded;
static char why[256];

/* POSIX has functions fit into void *; ISO C has no cast for it. */
static int
find(void *library, const char *name, void *function)
{
	void *found = dlsym(library, name);

	memcpy(function, &found, sizeof(found));
	return found != NULL;
}

static void
load(void)
{
	void *library = dlopen(NAME, RTLD_NOW | RTLD_LOCAL);
	CURLcode (*global_init)(long);
	struct mqs_amqp_libcurl l;
	const char *said;

	if (library != NULL && find(library, "curl_global_init", &global_init) &&
	    find(library, "curl_easy_init", &l.init) &&
	    find(library, "curl_easy_cleanup", &l.cleanup) &&
	    find(library, "curl_easy_setopt", &l.set) &&
	    find(library, "curl_easy_perform", &l.perform) &&
	    find(library, "curl_easy_getinfo", &l.info) &&
	    find(library, "curl_easy_escape", &l.escape) && find(library, "curl_free", &l.free) &&
	    find(library, "curl_easy_strerror", &l.text) &&
	    global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK) {
		loaded = l;
		return;
	}
	said = dlerror();
	(void)snprintf(why, sizeof(why), "%s", said != NULL ? said : NAME ": it does not start");
}

const struct mqs_amqp_libcurl *
mqs_amqp_libcurl(struct mqs_error *err)
{
	(void)pthread_once(&once, load);
	if (loaded.init != NULL)
		return &loaded;
	(void)mqs_fail(err, MQS_EBUSY, "management API: %s", why);
	return NULL;
}
