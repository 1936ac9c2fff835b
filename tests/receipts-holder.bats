#!/usr/bin/env bats
# receipts-holder.bats - mq-sub -m on an engine whose deliveries end with their consumer
#
# The engine is tests/engines/holding.  It writes down who settled what, and which process
# consumed.

load lib/common
load lib/expect

setup() {
	cd "$BATS_TEST_TMPDIR" || return 1
	record=$BATS_TEST_TMPDIR/record
	export MQ_RECORD=$record MQ_ENGINES=$MQ_BUILD/engines/holding
	export MQ_SPOOL=kafka://user:secret@host:1/p.
	export XDG_RUNTIME_DIR=$BATS_TEST_TMPDIR/run
	mkdir -m 700 run
}

# The process that consumed last.
holder() {
	sed -n 's/^consumer_open //p' "$record" | tail -n 1
}

# lives PID.  What nobody has waited for is gone.
lives() {
	local state
	state=$(ps -o stat= -p "$1") && [[ $state != Z* ]]
}

gone() {
	! lives "$1"
}

# left_nothing PID: it ends, and so does its socket.
left_nothing() {
	until_true "gone $1"
	[ -z "$(ls run/mq)" ] || { ls -l run/mq; return 1; }
}

# recorded LINE: that often.
recorded() {
	grep -cxF -- "$1" "$record" || :
}

# one_receipt [OPTION...]: takes a message; its receipt is in $receipt, its holder in $pid.
one_receipt() {
	receipt=$(mq-sub -m -c 1 "$@" q/g | cut -f 1)
	pid=$(holder)
	[[ $receipt = q/g/3:0.* ]]
}

teardown() {
	local pid
	for pid in $(sed -n 's/^consumer_open //p' "$record"); do
		kill -KILL "$pid" 2>/dev/null || :
	done
}

@test "a receipt can be used when mq-sub has ended; the holder ends when it was" {
	one_receipt
	lives "$pid"
	[ "$(ls run/mq | wc -l)" = 1 ]
	[ "$(stat -c %a run/mq)" = 700 ]
	run -0 --separate-stderr mq-ack -v "$receipt"
	[ "$stderr" = 'mq-ack: 1 delivery was settled' ]
	left_nothing "$pid"
	[ "$(recorded 'client ack 0')" = 1 ]
	[ "$(grep -c '^back' "$record")" = 0 ]
	fails 66 "mq-ack: $receipt: its consumer (process $pid) is gone: the delivery was settled, or the message is delivered again" \
	    mq-ack "$receipt"
}

@test "the holder stays until all is settled; every verb" {
	run -0 --separate-stderr mq-sub -m -e q/g
	mapfile -t receipts < <(cut -f 1 <<<"$output")
	[ "$(cut -f 2 <<<"$output")" = $'one\ntwo\nthree' ]
	pid=$(holder)
	mq-ack --extend 1m "${receipts[0]}"
	mq-ack --retry -d 1s "${receipts[0]}"
	mq-ack --reject=bad "${receipts[1]}"
	lives "$pid"
	fails 66 "mq-ack: ${receipts[0]}: settled or delivered again meanwhile" mq-ack "${receipts[0]}"
	mq-ack --release <<<"${receipts[2]}"
	left_nothing "$pid"
	[ "$(grep '^client' "$record")" = $'client extend 0\nclient retry 0\nclient reject 1\nclient release 2' ]
}

@test "-v: which process holds how much, and for how long" {
	run -0 --separate-stderr mq-sub -v -m -l 1h -c 2 q/g
	pid=$(holder)
	[[ $stderr =~ ^"mq-sub: process $pid holds 2 deliveries until settled, for "(1h|59m[0-9]+s)" at most"$ ]]
	cut -f 1 <<<"$output" | mq-ack
	left_nothing "$pid"
}

@test "the holder ends when the group's lease has passed" {
	export MQ_HOLDING_LEASE=300ms
	one_receipt
	left_nothing "$pid"
	[ "$(recorded 'back 0 handed out')" = 1 ]
	[ "$(recorded "consumer_close $pid")" = 1 ]
	run -66 mq-ack "$receipt"
}

@test "-l: the holder ends when that has passed" {
	one_receipt -l 300ms
	left_nothing "$pid"
	[ "$(recorded 'back 0 handed out')" = 1 ]
}

@test "nothing that the caller had open is held: pipes, locks" {
	exec 7>lock
	flock 7
	one_receipt
	exec 7>&-
	flock -n lock true
	lives "$pid"
	run -0 ls -l "/proc/$pid/fd"
	[[ $output != *"$BATS_TEST_TMPDIR/lock"* ]]
	[ "$(readlink "/proc/$pid/fd/"{0,1,2} | sort -u)" = /dev/null ]
	[ "$(readlink "/proc/$pid/cwd")" = / ]
	mq-ack "$receipt"
	left_nothing "$pid"
}

@test "without anything to hold there is no holder; statuses are those of one process" {
	MQ_HOLDING=0 run -1 mq-sub -m -e q/g
	[ -z "$output" ]
	gone "$(holder)"
	run -69 --separate-stderr mq-sub -m --ordered q/g
	[[ $stderr = 'mq-sub: --ordered: the holding engine can'*', '* || $stderr = *"can't do that"* ]]
	chmod 755 run/mq
	fails 77 "mq-sub: $PWD/run/mq: receipts can't be settled through it: it is not a directory of this user with mode 0700; remove it, or set XDG_RUNTIME_DIR" \
	    mq-sub -m -e q/g
	chmod 700 run/mq
	[ -z "$(ls run/mq)" ]
}

@test "mq-sub -m | worker | mq-ack: nothing waits for anything else" {
	export MQ_HOLDING=20000
	mq-sub -m --prefetch 20000 -c 20000 q/g | while read -r receipt _; do echo "$receipt"; done | mq-ack
	[ "$(grep -c '^client ack' "$record")" = 20000 ]
	left_nothing "$(holder)"
}

@test "a reader that goes away: what it did not take is given back at once" {
	MQ_HOLDING=20000 mq-sub -m --prefetch 20000 q/g | { read -r receipt _; echo "$receipt"; } >taken
	pid=$(holder)
	lives "$pid"
	[ "$(grep -c '^consumer release' "$record")" = 19999 ]
	[ "$(recorded 'consumer release 0')" = 0 ]
	mq-ack <taken
	left_nothing "$pid"
}

@test "SIGTERM: mq-sub ends with 0, what it has printed can be settled, the rest goes back" {
	local n
	mkfifo pipe
	MQ_HOLDING=20000 watched how mq-sub -m --prefetch 20000 q/g >pipe &
	exec 5<pipe
	read -r first <&5
	until_true '[ -e how.pid ]'
	kill -TERM "$(cat how.pid)"
	cat <&5 >rest	# a message that was begun is written to its end
	exec 5<&-
	until_true '[ -e how ]'
	[ "$(cat how)" = 'exit 0' ]
	pid=$(holder)
	lives "$pid"
	n=$(($(wc -l <rest) + 1))
	[ $((n + $(grep -c '^consumer release' "$record"))) = 20000 ]
	{ echo "$first"; cat rest; } | mq-ack
	[ "$(grep -c '^client ack' "$record")" = "$n" ]
	left_nothing "$pid"
}

@test "SIGINT: mq-sub dies of it, and the receipts stay good" {
	MQ_HOLDING=1 watched how mq-sub -m q/g >out &
	until_true '[ -s out ] && [ -e how.pid ]'
	kill -INT "$(cat how.pid)"
	until_true '[ -e how ]'
	[ "$(cat how)" = 'signal 2' ]
	pid=$(holder)
	lives "$pid"
	mq-ack <out
	left_nothing "$pid"
}

# one_signal: a second one that comes at once does not end the holder.  A machine that
# is busy for seconds may make it two.
one_signal() {
	rm -f how how.pid out "$record"
	MQ_HOLDING=1 watched how mq-sub -m q/g >out &
	until_true '[ -s out ] && [ -e how.pid ]'
	kill -TERM "$(cat how.pid)"
	until_true '[ -e how ]'
	pid=$(holder)
	kill -TERM "$pid"
	mq-ack <out && left_nothing "$pid"
}

@test "signals that come together are one: senders may signal both processes" {
	one_signal || one_signal || one_signal
}

@test "timeout(1) signals mq-sub and its process group" {
	MQ_HOLDING=1 run -124 timeout 0.5 mq-sub -m q/g
	[ "$(cut -f 2 <<<"$output")" = one ]
	pid=$(holder)
	lives "$pid"
	mq-ack <<<"$output"
	left_nothing "$pid"
}

@test "signals of the process that works reach mq-sub" {
	local sig how
	for sig in TERM INT KILL; do
		rm -f how how.pid out "$record"
		MQ_HOLDING=1 watched how mq-sub -m q/g >out &
		until_true '[ -s out ] && [ -e how.pid ]'
		pid=$(holder)
		[ "$pid" != "$(cat how.pid)" ]
		kill "-$sig" "$pid"
		until_true '[ -e how ]'
		case $sig in
		TERM) [ "$(cat how)" = 'exit 0' ] ;;
		INT) [ "$(cat how)" = 'signal 2' ] ;;
		KILL)
			[ "$(cat how)" = 'signal 9' ]
			run -66 mq-ack <out
			# The next consumer removes the socket.
			one_receipt
			mq-ack "$receipt"
			;;
		esac
		[ "$sig" = KILL ] || mq-ack <out
		left_nothing "$pid"
	done
}

@test "mq-sub is killed: no more is printed, and what was printed can be settled" {
	MQ_HOLDING=1 watched how mq-sub -m q/g >out &
	until_true '[ -s out ] && [ -e how.pid ]'
	kill -KILL "$(cat how.pid)"
	until_true '[ -e how ]'
	pid=$(holder)
	lives "$pid"
	mq-ack <out
	left_nothing "$pid"
}

@test "a signal ends a holder: what it holds goes back" {
	local sig
	for sig in TERM HUP INT; do
		rm -f "$record"
		one_receipt
		kill "-$sig" "$pid"
		left_nothing "$pid"
		[ "$(recorded 'back 0 handed out')" = 1 ]
	done
}

@test "a holder that is killed: 66, in words" {
	one_receipt
	kill -KILL "$pid"
	until_true "gone $pid"
	fails 66 "mq-ack: $receipt: its consumer (process $pid) is gone: the delivery was settled, or the message is delivered again" \
	    mq-ack "$receipt"
}

@test "a receipt that was cut short is none: 64" {
	one_receipt
	run -64 --separate-stderr mq-ack "${receipt%?}"
	[[ $stderr = "mq-ack: ${receipt%?}: not a receipt: "* ]]
	mq-ack "$receipt"
	left_nothing "$pid"
}

@test "who settles has another environment than the consumer" {
	[ ! -e "/tmp/mq-$(id -u)" ] || skip "/tmp/mq-$(id -u) is there"
	unset XDG_RUNTIME_DIR
	receipt=$(mq-sub -m -c 1 q/g | cut -f 1)
	XDG_RUNTIME_DIR=$PWD/run mq-ack "$receipt"
	until_true "gone $(holder)"
	rmdir "/tmp/mq-$(id -u)"
}

@test "a command settles its message itself, while mq-sub waits for it" {
	run -0 mq-sub -c 1 q/g -- sh -c 'mq-ack --reject=bad "$MQ_RECEIPT"'
	[ "$(grep -E '^(client|consumer) [a-z]+ ' "$record")" = 'client reject 0' ]
	left_nothing "$(holder)"
}
