/*
 * base64.c - bytes as text and back; see base64.h
 *
 * Three bytes become four characters of six bits each.  At the end of the text, one byte
 * becomes two characters and "==", and two bytes become three characters and "=".
 */
#include <stdint.h>

#include "base/base64.h"

static const char digits[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* What a character stands for, plus one; 0 if it is not one of them. */
static const unsigned char values[256] = {
	['A'] = 1, ['B'] = 2, ['C'] = 3, ['D'] = 4, ['E'] = 5, ['F'] = 6,
	['G'] = 7, ['H'] = 8, ['I'] = 9, ['J'] = 10, ['K'] = 11, ['L'] = 12,
	['M'] = 13, ['N'] = 14, ['O'] = 15, ['P'] = 16, ['Q'] = 17, ['R'] = 18,
	['S'] = 19, ['T'] = 20, ['U'] = 21, ['V'] = 22, ['W'] = 23, ['X'] = 24,
	['Y'] = 25, ['Z'] = 26, ['a'] = 27, ['b'] = 28, ['c'] = 29, ['d'] = 30,
	['e'] = 31, ['f'] = 32, ['g'] = 33, ['h'] = 34, ['i'] = 35, ['j'] = 36,
	['k'] = 37, ['l'] = 38, ['m'] = 39, ['n'] = 40, ['o'] = 41, ['p'] = 42,
	['q'] = 43, ['r'] = 44, ['s'] = 45, ['t'] = 46, ['u'] = 47, ['v'] = 48,
	['w'] = 49, ['x'] = 50, ['y'] = 51, ['z'] = 52, ['0'] = 53, ['1'] = 54,
	['2'] = 55, ['3'] = 56, ['4'] = 57, ['5'] = 58, ['6'] = 59, ['7'] = 60,
	['8'] = 61, ['9'] = 62, ['+'] = 63, ['/'] = 64
};

void
mqs_base64_encode(char *out, const void *bytes, size_t n)
{
	const unsigned char *p = bytes;
	uint32_t v;

	for (; n >= 3; n -= 3, p += 3, out += 4) {
		v = (uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2];
		out[0] = digits[v >> 18];
		out[1] = digits[v >> 12 & 63];
		out[2] = digits[v >> 6 & 63];
		out[3] = digits[v & 63];
	}
	if (n == 0)
		return;
	v = (uint32_t)p[0] << 16 | (n == 2 ? (uint32_t)p[1] << 8 : 0);
	out[0] = digits[v >> 18];
	out[1] = digits[v >> 12 & 63];
	out[2] = n == 2 ? digits[v >> 6 & 63] : '=';
	out[3] = '=';
}

/* Six bits each of k characters into v, from the top of 24: how many were good. */
static size_t
take(const unsigned char *s, size_t k, uint32_t *v)
{
	size_t i;

	*v = 0;
	for (i = 0; i < k && values[s[i]] != 0; i++)
		*v |= (uint32_t)(values[s[i]] - 1) << (18 - 6 * i);
	return i;
}

int
mqs_base64_decode(void *out, size_t *len, const char *text, size_t n,
    const char **why, size_t *at)
{
	const unsigned char *s = (const unsigned char *)text;
	unsigned char *start = out, *o = start;
	size_t i, good, k;
	uint32_t v;

	for (i = 0; i + 4 <= n; i += 4, o += k - 1) {
		k = 4;
		if (i + 4 == n && s[n - 1] == '=')
			k = s[n - 2] == '=' ? 2 : 3;
		if ((good = take(s + i, k, &v)) < k) {
			*why = s[i + good] == '=' ? "padding before the end" :
			    "not a base64 character";
			*at = i + good + 1;
			return -1;
		}
		o[0] = (unsigned char)(v >> 16);
		if (k > 2)
			o[1] = (unsigned char)(v >> 8);
		if (k > 3)
			o[2] = (unsigned char)v;
		if (v << 8 * (k - 1) & 0xffffff) {
			*why = "bits beyond the last byte";
			*at = i + k;
			return -1;
		}
	}
	if (i < n) {
		*why = "length is not a multiple of 4";
		*at = n;
		return -1;
	}
	*len = (size_t)(o - start);
	return 0;
}
