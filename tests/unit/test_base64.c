/* test_base64.c - bytes as text and back */
#include <stdlib.h>

#include "base/base64.h"
#include "check.h"

static void
pair(const char *bytes, const char *text)
{
	char out[64];
	const char *why;
	size_t n = strlen(bytes), len, at;

	check_int(MQS_BASE64_ENCODED(n), strlen(text));
	mqs_base64_encode(out, bytes, n);
	check_mem(out, MQS_BASE64_ENCODED(n), text, strlen(text));
	if (check(mqs_base64_decode(out, &len, text, strlen(text), &why, &at) == 0))
		check_mem(out, len, bytes, n);
}

/* The vectors of RFC 4648, section 10, and both special digits. */
static void
test_vectors(void)
{
	pair("", "");
	pair("f", "Zg==");
	pair("fo", "Zm8=");
	pair("foo", "Zm9v");
	pair("foob", "Zm9vYg==");
	pair("fooba", "Zm9vYmE=");
	pair("foobar", "Zm9vYmFy");
	pair("\xfb\xef\xbe\xff\xff\xff", "++++////");
}

static void
refused(const char *text, const char *want, size_t where)
{
	size_t n = strlen(text), len, at = 0;
	char *copy = malloc(n + 1), *out = malloc(MQS_BASE64_DECODED(n) + 1);
	const char *why = NULL;

	if (check(copy != NULL && out != NULL)) {
		memcpy(copy, text, n);
		check_int(mqs_base64_decode(out, &len, copy, n, &why, &at), -1);
		check_str(why, want);
		check_int(at, where);
	}
	free(copy);
	free(out);
}

static void
test_refused(void)
{
	refused("Zg=", "length is not a multiple of 4", 3);
	refused("Zm9vZ", "length is not a multiple of 4", 5);
	refused("Zm9v\n", "length is not a multiple of 4", 5);
	refused("Zm-v", "not a base64 character", 3);
	refused("Zm9vZ\xc3\xa9v", "not a base64 character", 6);
	refused("Zg==Zm9v", "padding before the end", 3);
	refused("Z===", "padding before the end", 2);
	refused("====", "padding before the end", 1);
	refused("Zm9vZg=v", "padding before the end", 7);
	refused("Zh==", "bits beyond the last byte", 2);
	refused("Zm9=", "bits beyond the last byte", 3);
}

static void
test_every_byte(void)
{
	unsigned char all[256], back[258];
	char text[MQS_BASE64_ENCODED(256)];
	const char *why;
	size_t i, n, len, at;

	for (i = 0; i < 256; i++)
		all[i] = (unsigned char)(i * 167);
	for (n = 0; n <= 256; n++) {
		mqs_base64_encode(text, all, n);
		check_int(mqs_base64_decode(back, &len, text,
		    MQS_BASE64_ENCODED(n), &why, &at), 0);
		check_mem(back, len, all, n);
	}
}

int
main(void)
{
	run_test("vectors of the standard", test_vectors);
	run_test("what is not base64 is refused", test_refused);
	run_test("every byte comes back", test_every_byte);
	return finish_tests();
}
