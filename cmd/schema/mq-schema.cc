/*
 * schema/mq-schema.cc - holds bodies of messages against a JSON Schema, for libmqspool
 *
 * A process of its own, so that C++ and all that a validator brings stay out of the tools,
 * and a schema or body that crashes it takes no publisher along.
 *
 * The protocol, on stdin and stdout (one socket, or two pipes).  All numbers are
 * little-endian.
 *
 *	to the checker		length of the schema (8 bytes), schema
 *	back			a verdict
 *	to the checker		length of a body (8 bytes), body; as often as wanted
 *	back			a verdict for each, in order
 *
 * A verdict is its length in bytes (4 bytes), and then so many bytes: none at all if the
 * text is good; else a letter (Finding::Kind), a JSON pointer, NUL, and what was expected,
 * or for J and F the reason.  Pointer and text are cut to text_max bytes.
 *
 * It reads as much as there is, checks all of it, and then answers.  Between bodies an end
 * of input ends it with status 0.
 */
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <string>
#include <sys/mman.h>
#include <unistd.h>
#include <vector>

#include <pthread.h>

#include "contract.hpp"

namespace {

constexpr std::size_t head = 8;		/* bytes of a length */
constexpr std::size_t room_least = 256 * 1024;
constexpr std::size_t room_kept = 4 * 1024 * 1024;	/* beyond a body larger than that */
constexpr std::size_t text_max = 4096;	/* of a pointer, and of what was expected */
/* A schema may refer to itself, and so recurse as deep as a body goes. */
constexpr std::size_t stack_size = 512 * 1024 * 1024, stack_least = 16 * 1024 * 1024;

/* Input that was read and is not used up: `at' to `end' of room. */
class Input {
public:
	/* The next text; nullptr at the end of the input.  The byte behind it is a NUL. */
	char *next(std::size_t &n);
	/* 1 if the next text is there already. */
	bool has_next() const;
	void let_go();

private:
	bool fill(std::size_t need);

	std::vector<char> room = std::vector<char>(room_least);
	std::size_t	at = 0, end = 0;
	char		covered = 0;	/* what stood where the NUL behind a text is */
	bool		is_covered = false;
};

std::uint64_t
length_at(const char *p)
{
	std::uint64_t n = 0;

	for (std::size_t i = 0; i < head; i++)
		n |= static_cast<std::uint64_t>(static_cast<unsigned char>(p[i])) << (8 * i);
	return n;
}

bool
Input::has_next() const
{
	char first[head];

	if (end - at < head)
		return false;
	std::memcpy(first, &room[at], head);
	if (is_covered)
		first[0] = covered;
	return end - at - head >= length_at(first);
}

/* Reads until there are `need' bytes from at on; false at the end of the input. */
bool
Input::fill(std::size_t need)
{
	if (end - at < need && at > 0) {
		std::memmove(room.data(), room.data() + at, end - at);
		end -= at;
		at = 0;
	}
	if (room.size() < need + 1)
		room.resize(need + 1);
	while (end - at < need) {
		const ssize_t got = read(STDIN_FILENO, &room[end], room.size() - 1 - end);

		if (got > 0)
			end += static_cast<std::size_t>(got);
		else if (got == 0)
			return false;
		else if (errno != EINTR)
			std::exit(71);
	}
	return true;
}

char *
Input::next(std::size_t &n)
{
	if (is_covered)
		room[at] = covered;
	is_covered = false;
	if (!fill(head))
		return nullptr;
	const std::uint64_t size = length_at(&room[at]);
	if (size > SIZE_MAX / 2)
		std::exit(65);
	n = static_cast<std::size_t>(size);
	if (!fill(head + n))
		return nullptr;
	char *text = &room[at + head];
	at += head + n;
	covered = room[at];
	is_covered = true;
	room[at] = '\0';
	return text;
}

/* Gives back what a very large body needed. */
void
Input::let_go()
{
	if (room.size() <= room_kept || end - at > room_least)
		return;
	std::vector<char> less(room_least);
	if (is_covered)
		room[at] = covered;
	std::memcpy(less.data(), room.data() + at, end - at);
	is_covered = false;
	end -= at;
	at = 0;
	room.swap(less);
}

/* At most so many bytes of a text, and no part of a character. */
std::string
cut(const std::string &text)
{
	std::size_t n = text.size();

	if (n <= text_max)
		return text;
	for (n = text_max; n > 0 && (static_cast<unsigned char>(text[n]) & 0xc0) == 0x80; n--)
		;
	return text.substr(0, n) + "...";
}

void
answer(std::string &out, const std::optional<mq::Finding> &bad)
{
	std::string text;

	if (bad) {
		text += static_cast<char>(bad->kind);
		text += cut(bad->pointer) + '\0' + cut(bad->text);
	}
	for (int shift = 0; shift < 32; shift += 8)
		out += static_cast<char>(text.size() >> shift & 0xff);
	out += text;
}

void
send(std::string &out)
{
	std::size_t done = 0;

	while (done < out.size()) {
		const ssize_t n = write(STDOUT_FILENO, out.data() + done, out.size() - done);

		if (n > 0)
			done += static_cast<std::size_t>(n);
		else if (errno != EINTR)
			std::exit(0);	/* nobody listens any more */
	}
	out.clear();
}

int
serve()
{
	mq::Contract contract;
	Input input;
	std::string out;
	std::size_t n;
	char *text = input.next(n);

	if (text == nullptr)
		return 0;
	auto bad = contract.compile(text, n);
	answer(out, bad);
	send(out);
	if (bad)
		return 65;
	while ((text = input.next(n)) != nullptr) {
		answer(out, contract.check(text, n));
		if (!input.has_next())
			send(out);
		input.let_go();
	}
	return 0;
}

void *
run(void *)
{
	try {
		std::exit(serve());
	} catch (const std::exception &e) {
		std::fprintf(stderr, "mq-schema: %s\n", e.what());
		std::_Exit(71);
	}
}

}

int
main()
{
	pthread_attr_t attributes;
	pthread_t thread;

	if (isatty(STDIN_FILENO)) {
		std::fputs("mq-schema: a part of libmqspool, not for use by hand; "
		    "see mq-ctl(1), `schema'\n", stderr);
		return 64;
	}
	if (pthread_attr_init(&attributes) != 0)
		return 71;
	for (std::size_t size = stack_size; size >= stack_least; size /= 2)
		if (pthread_attr_setstacksize(&attributes, size) == 0 &&
		    pthread_create(&thread, &attributes, run, nullptr) == 0)
			pthread_join(thread, nullptr);
	return 71;
}
