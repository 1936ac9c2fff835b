/* address.h - tells the address of a cluster, SCHEME://..., from the name of a directory */
#ifndef MQS_BASE_ADDRESS_H
#define MQS_BASE_ADDRESS_H

#include <stddef.h>

/*
 * 1 if a spool's name has the form SCHEME://..., with the scheme's length in *n (unless NULL).
 * Whatever stands before "://" counts as a scheme, also what RFC 3986 would not allow, as long
 * as it has no '/' and no ':'.  Such a name may hold a password, and no directory must be made
 * of it.  A directory of such a name can be named as ./SCHEME://...
 */
int	mqs_is_address(const char *where, size_t *n);

#endif
