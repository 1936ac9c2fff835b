/*
 * name.c - names of queues and groups, receipts, UTF-8
 *
 * A name is also the name of a file and a part of a receipt.  So it has none of the
 * characters that mean something there: no '/', and no '.' or '-' at the beginning.
 */
#include <string.h>

#include "base/name.h"

#define DIGITS_SAFE	19	/* so many digits fit into 64 bits, whichever they are */

/* Says why (if it was asked), and fails. */
static int
refuse(const char **why, const char *phrase)
{
	if (why != NULL)
		*why = phrase;
	return -1;
}

static int
is_name_byte(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	    (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.';
}

static int
check_name(const char *name, size_t n, const char **why)
{
	size_t i;

	if (n == 0)
		return refuse(why, "a name is empty");
	if (name[0] == '.' || name[0] == '-')
		return refuse(why, "a name must begin with a letter, digit or _");
	for (i = 0; i < n; i++) {
		if (!is_name_byte(name[i]))
			return refuse(why,
			    "a name has only letters, digits, '.', '_' and '-'");
	}
	if (n > MQS_NAME_MAX)
		return refuse(why, "a name has at most 95 bytes");
	return 0;
}

/* Checks a name of n bytes and copies it. */
static int
take_name(const char *name, size_t n, char out[MQS_NAME_MAX + 1], const char **why)
{
	if (check_name(name, n, why) == -1)
		return -1;
	memcpy(out, name, n);
	out[n] = '\0';
	return 0;
}

int
mqs_name_check(const char *name, const char **why)
{
	return check_name(name, strlen(name), why);
}

int
mqs_name_split(const char *s, char queue[MQS_NAME_MAX + 1],
    char group[MQS_NAME_MAX + 1], const char **why)
{
	const char *slash = strchr(s, '/');

	if (slash == NULL) {
		group[0] = '\0';
		return take_name(s, strlen(s), queue, why);
	}
	if (take_name(s, (size_t)(slash - s), queue, why) == -1)
		return -1;
	return take_name(slash + 1, strlen(slash + 1), group, why);
}

int
mqs_receipt_split(const char *s, char queue[MQS_NAME_MAX + 1],
    char group[MQS_NAME_MAX + 1], const char **rest, const char **why)
{
	const char *slash, *second;

	if (strlen(s) >= MQS_RECEIPT_SIZE || (slash = strchr(s, '/')) == NULL ||
	    (second = strchr(slash + 1, '/')) == NULL || second[1] == '\0')
		return refuse(why, "a receipt is QUEUE/GROUP/ID.LEASE");
	if (take_name(s, (size_t)(slash - s), queue, why) == -1 ||
	    take_name(slash + 1, (size_t)(second - slash - 1), group, why) == -1)
		return -1;
	*rest = second + 1;
	for (slash = *rest; *slash != '\0'; slash++)
		if ((unsigned char)(*slash - '!') > '~' - '!')	/* one word, whatever is printed around it */
			return refuse(why, "a receipt is QUEUE/GROUP/ID.LEASE");
	return 0;
}

int
mqs_parse_u64(const char *s, size_t n, uint64_t *v)
{
	uint64_t r = 0;
	unsigned digit;
	const char *end, *safe;

	if (n == 0)	/* s may be NULL */
		return -1;
	end = s + n;
	safe = n < DIGITS_SAFE ? end : s + DIGITS_SAFE;
	for (; s < safe; s++) {
		if ((digit = (unsigned)*s - '0') > 9)
			return -1;
		r = r * 10 + digit;
	}
	for (; s < end; s++) {
		if ((digit = (unsigned)*s - '0') > 9 || r > (UINT64_MAX - digit) / 10)
			return -1;
		r = r * 10 + digit;
	}
	*v = r;
	return 0;
}

size_t
mqs_format_u64(uint64_t v, char buf[24])
{
	char digits[20];
	size_t n = sizeof(digits), len;

	do {
		digits[--n] = (char)('0' + v % 10);
		v /= 10;
	} while (v > 0);
	len = sizeof(digits) - n;
	memcpy(buf, digits + n, len);
	buf[len] = '\0';
	return len;
}

/* Non-zero if 8 bytes have one above 0x7f, or that is NUL. */
static uint64_t
not_plain(const unsigned char *p, int text)
{
	uint64_t word, high = UINT64_C(0x8080808080808080);

	memcpy(&word, p, sizeof(word));
	if (text)
		return (word | (word - UINT64_C(0x0101010101010101))) & high;
	return word & high;
}

/* Length of the character of more than one byte at p, of n bytes; 0 if malformed. */
static size_t
utf8_length(const unsigned char *p, size_t n)
{
	unsigned char low = 0x80, high = 0xbf;	/* what the second byte may be */
	size_t i, len;

	if (p[0] >= 0xc2 && p[0] <= 0xdf)
		len = 2;
	else if (p[0] >= 0xe0 && p[0] <= 0xef)
		len = 3;
	else if (p[0] >= 0xf0 && p[0] <= 0xf4)
		len = 4;
	else
		return 0;
	if (n < len)
		return 0;
	if (p[0] == 0xe0)
		low = 0xa0;	/* shorter forms exist */
	else if (p[0] == 0xed)
		high = 0x9f;	/* surrogates */
	else if (p[0] == 0xf0)
		low = 0x90;	/* shorter forms exist */
	else if (p[0] == 0xf4)
		high = 0x8f;	/* beyond U+10FFFF */
	if (p[1] < low || p[1] > high)
		return 0;
	for (i = 2; i < len; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	}
	return len;
}

size_t
mqs_utf8_valid(const void *bytes, size_t n, int text)
{
	const unsigned char *p = bytes;
	size_t i = 0, len;

	while (i < n) {
		if (n - i >= 8 && !not_plain(p + i, text)) {
			i += 8;
		} else if (p[i] < 0x80) {
			if (text && p[i] == '\0')
				break;
			i++;
		} else {
			if ((len = utf8_length(p + i, n - i)) == 0)
				break;
			i += len;
		}
	}
	return i;
}
