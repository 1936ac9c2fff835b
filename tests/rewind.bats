#!/usr/bin/env bats
# rewind.bats - mq-replay --rewind: moving groups back and on

load lib/common
load lib/expect

# Ten messages that q/g has settled; their ids in ./ids.
ten() {
	seq 10 | mq-pub -I q >ids
	mq-sub -e q/g >/dev/null
	[ "$(depth q/g)" = 0 ]
}

# moved TEXT COMMAND...: says so, where ID is an id and TIME its time.
moved() {
	local text=$1
	shift
	run -0 --separate-stderr "$@"
	assert_equal "$stderr" ''
	assert_equal "$(sed -E 's/ [0-9]{19}(-[0-9a-f]{8})? of [-0-9]+T[0-9:.]+Z/ ID of TIME/' <<<"$output")" "$text"
}

@test "--to oldest: everything again" {
	ten
	moved 'q/g: moved to ID of TIME, 10 messages to settle, 0 before' \
	    mq-replay --rewind --to oldest q/g
	[ "$(depth q/g)" = 10 ]
	run -0 mq-sub -e q/g
	assert_output "$(seq 10)"
	sound q
}

@test "--to -N: the last N, of which there may be fewer" {
	ten
	moved 'q/g: moved to ID of TIME, 3 messages to settle, 0 before' \
	    mq-replay --rewind --to -3 q/g
	run -0 mq-sub -e q/g
	assert_output "$(seq 8 10)"
	moved 'q/g: moved to ID of TIME, 10 messages to settle, 0 before' \
	    mq-replay --rewind --to -99 q/g
	run -0 mq-sub -e q/g
	assert_output "$(seq 10)"
}

@test "--to an id: that message is the next" {
	ten
	id=$(sed -n 4p ids)
	run -0 mq-replay --rewind --to "$id" q/g
	assert_output --partial "moved to $id of "
	run -0 mq-sub -e q/g
	assert_output "$(seq 4 10)"
}

@test "--to an id that is gone: what follows it" {
	ten
	id=$(sed -n 4p ids)
	MQ_NOW=+8d mq-ctl trim q
	seq 11 12 | mq-pub q
	mq-replay --rewind --to "$id" q/g
	run -0 mq-sub -e q/g
	assert_output "$(seq 11 12)"
}

@test "--to a time: from the first message of then or later" {
	ten
	run -0 mq-replay --rewind --to -1h q/g
	run -0 mq-sub -e q/g
	assert_output "$(seq 10)"
	mq-pub q 11
	mq-sub -e q/g >/dev/null
	# Those of one batch have one time.
	mq-replay --rewind --to "$(mq-replay -J --last 1 q | jq -r .time)" q/g
	run -0 mq-sub -e q/g
	assert_output 11
}

@test "--to an age: counted from MQ_NOW" {
	ten
	MQ_NOW=+1h run -0 mq-replay --rewind --to -10m q/g
	assert_output 'q/g: moved to the end, 0 messages to settle, 0 before'
}

@test "--to newest: what was not settled is passed over" {
	seq 10 | mq-pub q
	mq-ctl create q/g
	moved 'q/g: moved to the end, 0 messages to settle, 10 before' \
	    mq-replay --rewind --to newest q/g
	run -1 mq-sub -e q/g
	mq-pub q next
	run -0 mq-sub -e q/g
	assert_output next
}

@test "what was leased or held is forgotten: each message comes once, and old receipts are void" {
	seq 6 | mq-pub q
	mq-ctl create q/g
	mq-sub -m -c 4 --prefetch 4 q/g >took
	mq-ack --retry -d 1h "$(sed -n 2p took | cut -f 1)"
	mq-ack --release "$(sed -n 3p took | cut -f 1)"
	moved 'q/g: moved to ID of TIME, 6 messages to settle, 6 before' \
	    mq-replay --rewind --to oldest q/g
	sound q
	[ "$(field leased q/g) $(field delayed q/g) $(field ready q/g)" = '0 0 6' ]
	run -66 mq-ack "$(sed -n 1p took | cut -f 1)"
	run -0 mq-sub -e q/g
	assert_output "$(seq 6)"
	[ "$(depth q/g)" = 0 ]
}

@test "attempts are counted anew" {
	mq-pub q m
	mq-ctl create q/g
	mq-ctl set q/g backoff=1h
	mq-sub -e q/g -- false
	mq-replay --rewind --to oldest q/g
	run -0 mq-sub -e q/g -- sh -c 'echo "$MQ_ATTEMPT"'
	assert_output 1
}

@test "--dry-run: says what would be, and changes nothing" {
	ten
	moved 'q/g: would move to ID of TIME, 10 messages to settle, 0 before' \
	    mq-replay --rewind --to oldest --dry-run q/g
	moved 'q/g: would move to ID of TIME, 10 messages to settle, 0 before' \
	    mq-replay -q --rewind --to oldest --dry-run q/g
	[ "$(depth q/g)" = 0 ]
	run -1 mq-sub -e q/g
}

@test "-q: moves without a word" {
	ten
	run -0 mq-replay -q --rewind --to -1 q/g
	assert_output ''
	[ "$(depth q/g)" = 1 ]
}

@test "several groups; the others are not touched" {
	ten
	mq-sub -e q/h >/dev/null
	mq-sub -e q/i >/dev/null
	run -0 mq-replay --rewind --to -2 q/g q/h
	[ "$(depth q/g) $(depth q/h) $(depth q/i)" = '2 2 0' ]
}

@test "one that fails is reported, the others are moved" {
	ten
	fails 66 'mq-replay: q/none: no such group' mq-replay --rewind --to -2 q/none q/g
	[ "$(depth q/g)" = 2 ]
	fails 66 "mq-replay: none: no such queue in $MQ_SPOOL" mq-replay --rewind --to -2 none/g
}

@test "what is to come again is not trimmed" {
	ten
	mq-replay --rewind --to -4 q/g
	MQ_NOW=+8d mq-ctl trim q
	run -0 mq-replay q
	assert_output "$(seq 7 10)"
	run -0 mq-sub -e q/g
	assert_output "$(seq 7 10)"
}

@test "a consumer that waits wakes up, and gets it" {
	ten
	mq-sub q/g >out &
	until_true '[ "$(field consumers q/g)" = 1 ]'
	mq-replay --rewind --to -2 q/g
	until_true '[ "$(cat out)" = "9
10" ]'
	kill %1
}

@test "usage errors: 64" {
	mq-pub q m
	mq-ctl create q/g
	fails 64 "mq-replay: 'q': names no group; --rewind moves QUEUE/GROUP" \
	    mq-replay --rewind --to oldest q
	fails 64 'mq-replay: --rewind: --to says where to' mq-replay --rewind q/g
	fails 64 'mq-replay: --to: only with --rewind' mq-replay --to oldest q/g
	fails 64 'mq-replay: --dry-run: only with --rewind' mq-replay --dry-run q/g
	fails 64 'mq-replay: --rewind goes with --to and --dry-run only' \
	    mq-replay --rewind --to oldest -J q/g
	fails 64 "mq-replay: --to: '0': too small (at least 1)" mq-replay --rewind --to -0 q/g
	run -64 --separate-stderr mq-replay --rewind --to soon q/g
	[[ $stderr == "mq-replay: --to: 'soon': "* ]]
}

@test "without permission to publish: 77, and nothing moves" {
	ten
	for_everybody
	chmod -R a+rX spool
	run -77 as_nobody mq-replay -s "$MQ_SPOOL" --rewind --to oldest q/g
	[ "$(depth q/g)" = 0 ]
}
