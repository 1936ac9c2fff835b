#!/usr/bin/env bats
# keys.bats - finding messages by key, pattern, header and time; the newest of each key

load lib/common
load lib/expect

# events: keys, headers and bodies, one after another: eu.fr eu.de us eu.fr, and none.
events() {
	mq-pub -k eu.fr -H app=shop -H kind=new q f1
	mq-pub -k eu.de -H app=shop q d1
	mq-pub -k us -H app=till q u1
	mq-pub -k eu.fr -H app=till -H kind=new q f2
	mq-pub q n1
}

lines() {
	printf '%s\n' "$@"
}

# ------------------------------------------------------------------------------- finding

@test "replay -k: keys of a pattern; several: any of them" {
	events
	run -0 mq-replay -k 'eu.*' q
	assert_output "$(lines f1 d1 f2)"
	run -0 mq-replay --pattern 'eu.de' -k us q
	assert_output "$(lines d1 u1)"
	run -0 mq-replay -k '#' q
	assert_output "$(lines f1 d1 u1 f2 n1)"
	run -1 mq-replay -k 'eu.*.#.x' q
	assert_output ''
}

@test "replay --key: exactly that key; several; with a pattern" {
	events
	run -0 mq-replay --key eu.fr q
	assert_output "$(lines f1 f2)"
	run -0 mq-replay --key eu.fr --key us q
	assert_output "$(lines f1 u1 f2)"
	run -0 mq-replay --key us -k 'eu.de' q
	assert_output "$(lines d1 u1)"
	run -0 mq-replay --key '' q
	assert_output n1
	# No wildcards there.
	run -1 mq-replay --key 'eu.*' q
}

@test "replay -H: all of the headers, or --any of them; or a key" {
	events
	run -0 mq-replay -H app=shop q
	assert_output "$(lines f1 d1)"
	run -0 mq-replay -H app=till -H kind=new q
	assert_output f2
	run -0 mq-replay --any -H app=till -H kind=new q
	assert_output "$(lines f1 u1 f2)"
	run -0 mq-replay --header kind=new --key us q
	assert_output "$(lines f1 u1 f2)"
	run -1 mq-replay -H app=none q
}

@test "replay: what matches, together with times, ids, --last, -c, several queues and groups" {
	local third
	events
	third=$(mq-replay -f '%o\n' q | sed -n 3p)
	run -0 mq-replay --since "$third" -k 'eu.*' q
	assert_output f2
	run -0 mq-replay --until "$third" -k 'eu.*' q
	assert_output "$(lines f1 d1)"
	run -0 mq-replay --last 2 -k 'eu.*' q
	assert_output "$(lines d1 f2)"
	run -0 mq-replay -c 1 -k 'eu.*' q
	assert_output f1
	mq-pub -k eu.it p i1
	run -0 mq-replay -k 'eu.#' q p
	assert_output "$(lines f1 d1 f2 i1)"
	mq-sub -e -c 1 q/g
	run -0 mq-replay -k 'eu.*' q/g
	assert_output "$(lines d1 f2)"
}

@test "replay -F -k: follows what matches" {
	events
	mq-replay -F -c 4 -k 'eu.*' q >out 3>&- &
	until_true '[ "$(wc -l <out)" = 3 ]'
	mq-pub -k us q u2
	mq-pub -k eu.it q i1
	wait $!
	[ "$(cat out)" = "$(lines f1 d1 f2 i1)" ]
}

@test "replay: patterns and headers that are none: 64" {
	events
	run -64 --separate-stderr mq-replay --any q
	[[ $stderr = 'mq-replay: --any: there is no -H'* ]]
	run -64 --separate-stderr mq-replay -H app q
	run -64 --separate-stderr mq-replay --key "$(printf '%0256d' 0)" q
	[[ $stderr = *'key has 256 bytes, at most 255'* ]]
	run -64 --separate-stderr mq-replay --rewind --to oldest -k a q/g
	[[ $stderr = *'--rewind goes with --to and --dry-run only'* ]]
}

# -------------------------------------------------------------------------------- latest

@test "replay --latest: the newest message of each key, in the order of their ids" {
	events
	run -0 mq-replay --latest q
	assert_output "$(lines d1 u1 f2 n1)"
}

@test "replay --latest: a key whose newest body is empty is deleted" {
	events
	mq-pub -k us q ''
	run -0 mq-replay --latest q
	assert_output "$(lines d1 f2 n1)"
	mq-pub -k us q u3
	run -0 mq-replay --latest q
	assert_output "$(lines d1 f2 n1 u3)"
}

@test "replay --latest: of what matches and lies within the bounds: the state at any past moment" {
	local ids time
	events
	mq-pub -k eu.de q ''
	mapfile -t ids < <(mq-replay -f '%o\n' q)
	run -0 mq-replay --latest --until "${ids[2]}" q
	assert_output "$(lines f1 d1 u1)"
	time=$(mq-replay -J q | jq -r 'select(.body == "f2") | .time')
	run -0 mq-replay --latest --until "$time" q
	assert_output "$(lines f1 d1 u1)"
	run -0 mq-replay --latest --since "${ids[1]}" --until "${ids[3]}" q
	assert_output "$(lines d1 u1 f2)"
	run -0 mq-replay --latest -k 'eu.*' q
	assert_output f2
	# The newest of those that match, not what matches of the newest.
	run -0 mq-replay --latest -H app=shop q
	assert_output "$(lines f1 d1)"
	run -0 mq-replay --latest -c 2 q
	assert_output "$(lines u1 f2)"
	run -1 mq-replay --latest --key eu.de q
	run -0 mq-replay --latest --key us q
	assert_output u1
}

@test "replay --latest: what a group has yet to settle; several queues" {
	events
	mq-sub -e -c 3 q/g >/dev/null
	run -0 mq-replay --latest q/g
	assert_output "$(lines f2 n1)"
	mq-pub -k us p u9
	run -0 mq-replay --latest q p
	assert_output "$(lines d1 u1 f2 n1 u9)"
}

@test "replay --latest: many keys, many times, agrees with awk" {
	awk 'BEGIN { srand(7); for (i = 0; i < 60000; i++) printf "k%d:%s\n", rand() * 5000,
	    rand() < 0.2 ? "" : i }' >in
	mq-pub -K : q <in
	awk -F : '{ last[$1] = NR; body[NR] = $2 } END { for (k in last) if (body[last[k]] != "")
	    print last[k], body[last[k]] }' in | sort -n | cut -d ' ' -f 2 >want
	mq-replay --latest q >out
	cmp want out
}

@test "replay --latest: large bodies" {
	head -c 400000 /dev/zero | tr '\0' a >one
	head -c 300000 /dev/zero | tr '\0' b >two
	mq-pub -k k -F q one two
	mq-pub -k other q small
	mq-replay --latest q >out
	{ cat two; echo; echo small; } | cmp - out
}

@test "replay --latest: not with -F or --last: 64" {
	events
	run -64 --separate-stderr mq-replay --latest -F q
	[[ $stderr = 'mq-replay: --latest: not with -F'* ]]
	run -64 --separate-stderr mq-replay --latest --last 3 q
	[[ $stderr = 'mq-replay: --latest: not with --last'* ]]
}

@test "replay --latest: a damaged message is named, and the others are printed" {
	local ids
	mq-pub -k a q a-first
	mq-pub -k b q b-first
	mq-pub -k a q a-second
	mapfile -t ids < <(mq-replay -f '%o\n' q)
	perl -0777 -pi -e 's/a-second/a-sXcond/g or die' "$MQ_SPOOL/q/log.mdb"
	run -74 --separate-stderr mq-replay --latest q
	assert_output "$(lines a-first b-first)"
	[[ $stderr = *"message ${ids[2]}: damaged"* ]]
}

# ---------------------------------------------------------------------------------- pace

@test "replay --pace: as fast as can be, everything comes at once and in order" {
	events
	run -0 mq-replay --pace 1000000000 q
	assert_output "$(lines f1 d1 u1 f2 n1)"
	run -0 mq-replay --pace 1000000000 -c 2 q
	assert_output "$(lines f1 d1)"
}

@test "replay --pace: what was printed goes out before a wait; a signal ends it" {
	local pid status=0
	events
	mq-replay --pace 0.000001 q >out 3>&- &
	pid=$!
	until_true '[ -s out ]'
	[ "$(cat out)" = f1 ]
	kill -0 "$pid"
	kill "$pid"
	wait "$pid" || status=$?
	[ "$status" = 143 ]
	[ "$(cat out)" = f1 ]
}

@test "replay --pace: the wait is the distance in time, divided by the pace" {
	local gap pace want
	command -v strace >/dev/null || skip "no strace"
	[ -z "${MQ_SANITIZED-}" ] || skip "leaks can't be looked for under strace"
	events
	gap=$(mq-replay -J q | jq -r .time | while read -r t; do date -d "$t" +%s%N; done |
	    awk 'NR == 1 { a = $1 } NR == 2 { printf "%d", $1 - a }')
	timeout 60 strace -f -qq -e trace=ppoll -e inject=ppoll:retval=1 -o trace \
	    mq-replay --pace 0.000001 q >out || :
	[ "$(cat out)" = f1 ]
	# Of gap * 1,000,000, some ms are over when the wait is computed.
	want=$((gap / 1000))
	got=$(sed -n 's/.*tv_sec=\([0-9]*\).*/\1/p' trace | head -n 1)
	[ "$got" -le "$want" ]
	[ "$got" -ge $((want - want / 5 - 2)) ]
}

@test "replay --pace: a reader that goes away ends the wait" {
	events
	run -0 --separate-stderr timeout 60 bash -c 'mq-replay --pace 0.000001 q | head -n 1'
	assert_output f1
}

@test "replay --pace: not a number: 64" {
	local bad
	events
	for bad in 0 -1 x 1e3 ''; do
		run -64 --separate-stderr mq-replay --pace="$bad" q
		[[ $stderr = "mq-replay: --pace: '$bad': not a number"* ]]
	done
}

# ------------------------------------------------------------------------------- seeking

# spoil FROM TO: the bodies of messages m-FROM to m-TO are damaged.
spoil() {
	perl -0777 -pi -e 'BEGIN { ($from, $to) = splice @ARGV, 0, 2 }
	    s/m-(\d{6})-/($1 >= $from && $1 <= $to ? "X" : "m") . "-$1-"/ge' \
	    "$1" "$2" "$MQ_SPOOL/q/log.mdb"
}

@test "replay --since, --until: nothing outside of them is read" {
	local ids time
	# Two transactions, so that a time lies between them.
	seq -f m-%06.0f- 1 30000 | mq-pub q
	seq -f m-%06.0f- 30001 60000 | mq-pub q
	mapfile -t ids < <(mq-replay -f '%o\n' q)
	time=$(mq-replay --since "${ids[30000]}" -c 1 -J q | jq -r .time)
	# One good message in front: the search begins behind it.
	spoil 1 29999
	spoil 30011 60000
	run -0 --separate-stderr mq-replay --since "${ids[30000]}" --until "${ids[30009]}" q
	assert_output "$(seq -f m-%06.0f- 30001 30010)"
	assert_equal "$stderr" ''
	run -0 --separate-stderr mq-replay --since "$time" -c 10 q
	assert_output "$(seq -f m-%06.0f- 30001 30010)"
	assert_equal "$stderr" ''
}
