/*
 * libcurl.h - libcurl, loaded when it is first needed
 *
 * Only numbers need it, and it brings some thirty libraries with it, which take longer to load
 * than a message takes to publish.  So amqp.so is not linked with it: it is loaded by its name, on
 * first use, and stays.  Where it is not installed, numbers are told as without the management API.
 */
#ifndef MQS_AMQP_LIBCURL_H
#define MQS_AMQP_LIBCURL_H

#include <curl/curl.h>
/* Macros that check the types of arguments; these calls go by pointers. */
#undef curl_easy_setopt
#undef curl_easy_getinfo

struct mqs_error;

struct mqs_amqp_libcurl {
	CURL		*(*init)(void);
	void		 (*cleanup)(CURL *);
	CURLcode	 (*set)(CURL *, CURLoption, ...);
	CURLcode	 (*perform)(CURL *);
	CURLcode	 (*info)(CURL *, CURLINFO, ...);
	char		*(*escape)(CURL *, const char *, int n);
	void		 (*free)(void *);
	const char	*(*text)(CURLcode);
};

/* The functions, or NULL: it can't be loaded. */
const struct mqs_amqp_libcurl *mqs_amqp_libcurl(struct mqs_error *err);

#endif
