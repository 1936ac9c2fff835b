#!/usr/bin/env bats
# The examples of the manual and of the README do what they say.

load lib/common

examples() {
	mkdir run
	cd run || return 1
	run "$top/tests/lib/examples.sh" "$top/$1"
	assert_success
}

@test "mq-pub(1)" { examples man/mq-pub.1; }
@test "mq-sub(1)" { examples man/mq-sub.1; }
@test "mq-ack(1)" { examples man/mq-ack.1; }
@test "mq-stat(1)" { examples man/mq-stat.1; }
@test "mq-replay(1)" { examples man/mq-replay.1; }
@test "mq-ctl(1)" { examples man/mq-ctl.1; }
@test "mq(7)" { examples man/mq.7; }
@test "README.md" { examples README.md; }

@test "mqspool(3): the example compiles and runs" {
	[ -e "$MQ_BIN/../libmqspool.a" ] || skip "no library beside the tools"
	awk '$1 == ".Sh" { on = ($2 == "EXAMPLES") } /^\.Ed/ { c = 0 } on && c
	    /^\.Bd/ { c = on }' "$top/man/mqspool.3" | sed 's/\\e/\\/g; s/\\&//g' >example.c
	flags=
	[ -z "${MQ_SANITIZED:-}" ] || flags=-fsanitize=address,undefined
	# shellcheck disable=SC2086 # none, or one
	${CC:-cc} -std=c11 -Wall -Wextra -Werror $flags -I"$top/lib" -o example example.c \
	    "$MQ_BIN/../libmqspool.a" -llmdb -ljansson -lbsd
	run ./example
	assert_success
	assert_output "hello"
}

@test "every page with examples is in this list" {
	for page in "$top"/man/*; do
		grep -qx '.Sh EXAMPLES' "$page" || continue
		grep -qF "${page#"$top"/}" "$BATS_TEST_FILENAME"
	done
}
