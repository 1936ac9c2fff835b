#!/usr/bin/env bats
# limits.bats - what holds consumers and publishers back: pauses, max-leased, exclusive
# groups, full queues

load lib/common
load lib/expect

# leased QUEUE/GROUP
leased() {
	field leased "$1"
}

# A command that notes its message and waits until there is ./go, but not for ever.
# shellcheck disable=SC2016 # for sh
slow='cat >>seen; i=0; until [ -e go ] || [ $((i += 1)) = 1000 ]; do sleep 0.02; done'

# ------------------------------------------------------------------ pausing

@test "pause: a paused group is given nothing, others are, and publishing goes on" {
	mq-pub q one two
	mq-ctl create q/a q/b
	run -0 mq-ctl pause q/a
	assert_output ''
	mq-pub q three
	run -1 mq-sub -e q/a
	assert_output ''
	run -1 mq-sub -W 10ms q/a -- cat
	run -0 mq-sub -e q/b
	assert_output $'one\ntwo\nthree'
	assert_equal "$(field paused q/a) $(field paused q/b)" 'true false'
	assert_equal "$(mq-stat -J q | jq -r 'select(.uuid) | .paused')" false
	run -0 mq-ctl resume q/a
	run -0 mq-sub -e q/a
	assert_output $'one\ntwo\nthree'
	assert_equal "$(field paused q/a)" false
}

@test "pause: of a queue pauses all its groups, and apart from their own pause" {
	mq-pub q one
	mq-ctl create q/a q/b
	mq-ctl pause q q/a
	assert_equal "$(mq-stat -J q | jq -c .paused | uniq)" true
	run -1 mq-sub -e q/b
	mq-ctl resume q
	run -0 mq-sub -e q/b
	assert_output one
	run -1 mq-sub -e q/a
	mq-ctl resume q/a
	run -0 mq-sub -e q/a
	assert_output one
}

@test "pause: what was given out before can be settled" {
	mq-pub q one two three
	mq-sub -m -e q >took
	mq-ctl pause q/default
	cut -f 1 took | sed -n 1p | mq-ack
	cut -f 1 took | sed -n 2p | mq-ack --release
	cut -f 1 took | sed -n 3p | mq-ack --reject
	assert_equal "$(depth q/default) $(leased q/default)" '1 0'
	assert_equal "$(messages q.dead)" 1
	run -1 mq-sub -e q
	mq-ctl resume q/default
	run -0 mq-sub -e q
	assert_output two
}

@test "pause: a consumer that is settling claims no more in the same commit" {
	seq 5 | mq-pub q
	mq-sub --prefetch 1 q -- sh -c "$slow" &
	until_true '[ "$(cat seen 2>/dev/null)" = 1 ]'
	mq-ctl pause q
	touch go
	until_true '[ "$(field acked q/default)" = 1 ]'
	assert_equal "$(leased q/default) $(cat seen)" '0 1'
	mq-ctl resume q
	until_true '[ "$(cat seen)" = 12345 ]'
}

# woken WHAT: how long it takes from the end of a pause of WHAT until a consumer has got
# a message.
woken() {
	local began
	mq-ctl pause "$1" || return
	mq-pub q x
	mq-sub -c 1 q/g >out 3>&- &
	until_true '[ "$(field consumers q/g)" = 1 ]' || return
	[ ! -s out ] || return
	began=$(ms)
	mq-ctl resume "$1"
	wait $! || return
	echo $(($(ms) - began))
	rm out
}

@test "resume: wakes who waits, group or queue" {
	mq-ctl create q/g
	# Less than the second after which it would look anyway.
	soon 600 woken q/g
	soon 600 woken q
}

@test "pause: again is no error; what is not there is" {
	mq-ctl create q
	fails 66 "mq-ctl pause: r: no such queue in $MQ_SPOOL" mq-ctl pause r
	fails 66 'mq-ctl resume: q/g: no such group' mq-ctl resume q/g
	mq-ctl pause q q
	mq-ctl resume q q
	sound q
}

@test "pause: shown as a line that set passes over" {
	mq-ctl create q/g
	assert_equal "$(mq-ctl show --changed q q/g)" $'# q\n# q/g'
	mq-ctl pause q/g
	assert_equal "$(mq-ctl show --changed q q/g)" $'# q\n# q/g\n# paused'
	mq-ctl show q/g | mq-ctl set q/g
	mq-ctl pause q
	assert_equal "$(mq-ctl show --changed q)" '# paused'
}

# --------------------------------------------------------------- max-leased

@test "max-leased: all consumers of a group together hold no more" {
	seq 10 | mq-pub q
	mq-ctl create q/g
	mq-ctl set q/g max-leased=3
	mq-sub -m -c 2 q/g >took
	assert_equal "$(leased q/g)" 2
	mq-sub -m -c 1 q/g >>took
	assert_equal "$(leased q/g)" 3
	# Held back is not nothing: -e waits.
	mq-sub -m -e q/g >more &
	until_true '[ "$(field consumers q/g)" = 1 ]'
	[ ! -s more ]
	cut -f 1 took | head -n 2 | mq-ack
	until_true '[ "$(wc -l <more)" = 2 ]'
	assert_equal "$(leased q/g)" 3
	mq-ctl set q/g max-leased=off
	until_true '[ "$(wc -l <more)" = 7 ]'
	wait $!
}

@test "max-leased: bounds what one consumer takes at a time, and all is delivered" {
	seq 1000 | mq-pub q
	mq-ctl create q/g
	mq-ctl set q/g max-leased=7
	run -0 mq-sub -e q/g
	assert_equal "$output" "$(seq 1000)"
	mq-ctl set q/g max-leased=1
	seq 3 | mq-pub q
	run -0 mq-sub -e -P 3 q/g -- sh -c 'cat; echo'
	assert_equal "$(sort <<<"$output")" "$(seq 3)"
	assert_equal "$(depth q/g)" 0
}

@test "max-leased: what a dead consumer held makes room" {
	seq 4 | mq-pub q
	mq-ctl create q/g
	mq-ctl set q/g max-leased=2
	mq-sub -m --prefetch 2 q/g >took &
	until_true '[ "$(leased q/g)" = 2 ]'
	mq-ctl set q/g lease=1ms
	kill -KILL $!
	run -0 mq-sub -W 2s -c 4 q/g
	assert_equal "$(sort <<<"$output")" "$(seq 4)"
}

@test "max-leased, exclusive: values, and wrong ones" {
	mq-ctl create q/g
	fails 78 'mq-ctl set: q/g: max-leased=0: is too small (more than 0)' mq-ctl set q/g max-leased=0
	fails 78 'mq-ctl set: q/g: max-leased=x: is neither a number nor off' mq-ctl set q/g max-leased=x
	fails 78 'mq-ctl set: q/g: exclusive=maybe: is neither on nor off' mq-ctl set q/g exclusive=maybe
	fails 78 'mq-ctl set: q: exclusive: a setting of groups: name QUEUE/GROUP' mq-ctl set q exclusive=on
	mq-ctl set q/g max-leased=1 exclusive=on
	assert_equal "$(mq-ctl show --changed q/g)" $'max-leased=1\nexclusive=on'
	mq-ctl set q/g max-leased=off exclusive=off
	assert_equal "$(mq-ctl show q/g | grep -E "max-l|excl")" $'max-leased=off\nexclusive=off'
}

# ---------------------------------------------------------------- exclusive

# standby NAME: a consumer of q/g that writes to NAME.
standby() {
	mq-sub q/g >"$1" &
}

@test "exclusive: one consumer gets everything, another takes over when it ends" {
	local first
	mq-ctl create q/g
	mq-ctl set q/g exclusive=on
	standby a
	first=$!
	mq-pub q 0
	until_true '[ -s a ]'
	standby b
	until_true '[ "$(field consumers q/g)" = 2 ]'
	seq 100 | mq-pub q
	until_true '[ "$(wc -l <a)" = 101 ]'
	[ ! -s b ]
	kill -TERM "$first"
	wait "$first"
	mq-pub q last
	until_true '[ "$(cat b)" = last ]'
}

# taken_over: how long it takes from the death of the active consumer until the other has
# got what it left.
taken_over() {
	local active other began
	mq-sub q/g >a 3>&- &
	active=$!
	mq-pub q one
	until_true '[ "$(cat a)" = one ]' || return
	mq-sub -c 1 q/g >b 3>&- &
	other=$!
	until_true '[ "$(field consumers q/g)" = 2 ]' || return
	kill -STOP "$active"
	mq-pub q two
	began=$(ms)
	kill -KILL "$active"
	wait "$other" || return
	[ "$(cat b)" = two ] || return
	echo $(($(ms) - began))
}

@test "exclusive: a killed consumer is replaced, within a second" {
	mq-ctl create q/g
	mq-ctl set q/g exclusive=on
	soon 1000 taken_over
	sound q
}

@test "exclusive: an orphaned command is waited for" {
	local first
	mq-pub q one
	mq-ctl create q/g
	mq-ctl set q/g exclusive=on
	mq-sub q/g -- sh -c "$slow; echo ended" >a &
	first=$!
	until_true '[ -s seen ]'
	kill -KILL "$first"
	mq-pub q two
	standby b
	until_true '[ "$(field consumers q/g)" = 1 ]'
	[ ! -s b ]
	touch go
	until_true 'grep -q two b'
	grep -q ended a
}

@test "exclusive: a standby with something to deliver is held back, and without is not" {
	mq-ctl create q/g
	mq-ctl set q/g exclusive=on
	mq-pub q one
	mq-sub --prefetch 1 q/g -- sh -c "$slow" &
	until_true '[ -s seen ]'
	run -1 mq-sub -e q/g
	mq-pub q two
	mq-sub -e q/g >b &
	until_true '[ "$(field consumers q/g)" = 2 ]'
	[ ! -s b ]
	kill -TERM "$(jobs -p %1)"
	touch go
	until_true '[ "$(cat b)" = two ]'
	wait %2
}

@test "exclusive: turned off, all get messages" {
	mq-ctl create q/g
	mq-ctl set q/g exclusive=on
	mq-pub q one
	mq-sub --prefetch 1 q/g -- sh -c "$slow" &
	until_true '[ -s seen ]'
	standby b
	until_true '[ "$(field consumers q/g)" = 2 ]'
	mq-pub q two
	[ ! -s b ]
	mq-ctl set q/g exclusive=off
	until_true '[ "$(cat b)" = two ]'
	touch go
}

# ------------------------------------------------------------- full queues

# full QUEUE COUNT: QUEUE with a group g, limited to COUNT messages, and full.
full() {
	mq-ctl create "$1/g"
	mq-ctl set "$1" max-messages="$2"
	seq "$2" | mq-pub "$1"
}

# take N QUEUE/GROUP: consumes so many.
consume() {
	mq-sub -c "$1" --prefetch "$1" "$2" >/dev/null
}

@test "full: -W 0 fails at once, says so, and publishes what fits" {
	mq-ctl create q/g
	mq-ctl set q max-messages=10
	run -75 --separate-stderr mq-pub -W 0 -I q < <(seq 12)
	assert_equal "$stderr" 'mq-pub: q: queue full (10 messages) (10 messages were published before)'
	assert_equal "$output" "$(mq-replay -f '%o\n' q)"
	fails 75 'mq-pub: q: queue full (10 messages)' mq-pub -W 0 q x
	fails 75 'mq-pub: q: queue full (10 messages)' mq-pub --wait 10ms q x
	assert_equal "$(messages q)" 10
	consume 1 q/g
	mq-pub -W 0 q x
	fails 64 "mq-pub: -W: 'x': needs a number" mq-pub -W x q y
}

@test "full: max-bytes, of bodies" {
	mq-ctl create q/g
	mq-ctl set q max-bytes=10
	mq-pub -W 0 q 12345 1234
	fails 75 'mq-pub: q: queue full (10 bytes)' mq-pub -W 0 q 12
	mq-pub -W 0 q 1 ''
	# What can never fit is the message's fault.
	fails 65 'mq-pub: stdin: record 1: q: message of more than 10 bytes (max-bytes)' \
	    mq-pub q < <(echo 12345678901)
	fails 75 'mq-pub: q: queue full (10 bytes)' mq-pub -W 0 q 1234567890
	mq-sub -e q/g >/dev/null
	mq-pub -W 0 q 1234567890
}

@test "full: --atomic publishes all or nothing, and fails if it can never" {
	full q 10
	consume 5 q/g
	fails 75 'mq-pub: q: queue full (10 messages)' mq-pub -W 0 --atomic q < <(seq 6)
	assert_equal "$(messages q)" 10
	mq-pub -W 0 --atomic q < <(seq 5)
	fails 65 'mq-pub: q: what can only be published at once is more than max-messages or max-bytes' \
	    mq-pub --atomic q < <(seq 11)
	seq 7 | mq-pub --atomic q &
	until_true '[ "$(field consumers q/g)" = 0 ]'
	consume 6 q/g
	assert_equal "$(messages q)" 15
	consume 1 q/g
	wait $!
	assert_equal "$(messages q)" 22
}

@test "full: what counts is the group that is furthest behind, or all without one" {
	mq-ctl create q
	mq-ctl set q max-messages=3
	mq-pub -W 0 q 1 2 3
	fails 75 'mq-pub: q: queue full (3 messages)' mq-pub -W 0 q 4
	mq-ctl create q/a
	mq-sub -e q/a >/dev/null
	mq-pub -W 0 q 4
	mq-ctl create q/b
	fails 75 'mq-pub: q: queue full (3 messages)' mq-pub -W 0 q 5
	mq-ctl delete q/b
	mq-pub -W 0 q 5 6
	fails 75 'mq-pub: q: queue full (3 messages)' mq-pub -W 0 q 7
	# Also what is leased, delayed or to be tried again.
	mq-sub -m -c 1 q/a >took
	cut -f 1 took | mq-ack --retry -d 1h
	fails 75 'mq-pub: q: queue full (3 messages)' mq-pub -W 0 q 7
	MQ_NOW=+2h mq-sub -e q/a >/dev/null
	mq-pub -W 0 q 7 8 9
	mq-ctl purge q/a
	mq-pub -W 0 q 7 8 9
}

@test "full: another limit counts at once, and so does a rewind" {
	full q 10
	mq-sub -e q/g >/dev/null
	mq-pub -W 0 q 1 2 3
	mq-ctl set q max-messages=3
	fails 75 'mq-pub: q: queue full (3 messages)' mq-pub -W 0 q 4
	mq-ctl set q max-messages=20
	mq-pub -W 0 q 4
	mq-replay --rewind q/g --to oldest
	mq-pub -W 0 q 5 6 7 8 9 10
	fails 75 'mq-pub: q: queue full (20 messages)' mq-pub -W 0 q 11
	mq-ctl set q max-messages=off
	mq-pub -W 0 q 11
}

@test "full: values of the settings, and wrong ones" {
	mq-ctl create q
	fails 78 'mq-ctl set: q: max-messages=0: is too small (more than 0)' mq-ctl set q max-messages=0
	fails 78 'mq-ctl set: q: max-messages=1K: is not a number' mq-ctl set q max-messages=1K
	fails 78 'mq-ctl set: q: max-bytes=0: is too small (more than 0)' mq-ctl set q max-bytes=0
	fails 78 'mq-ctl set: q: overflow=explode: is neither block, reject nor drop-oldest' \
	    mq-ctl set q overflow=explode
	fails 78 'mq-ctl set: q: min-free=lots: is neither a size nor auto' mq-ctl set q min-free=lots
	mq-ctl set q max-messages=5 max-bytes=1M overflow=reject min-free=1K
	assert_equal "$(mq-ctl show --changed q)" \
	    $'max-messages=5\nmax-bytes=1M\noverflow=reject\nmin-free=1K'
	mq-ctl set q max-messages=off max-bytes=off overflow=block min-free=auto
	mq-ctl set q overflow=drop-oldest
}

@test "block: goes on as soon as a consumer makes room, in order, nothing lost" {
	mq-ctl create q/g
	mq-ctl set q max-messages=10
	seq 1000 | mq-pub q &
	until_true '[ "$(depth q/g)" = 10 ]'
	run -0 mq-sub -c 1000 q/g
	assert_equal "$output" "$(seq 1000)"
	wait $!
	sound q
}

@test "block: stdin is not read meanwhile, so the pipe holds up the producer" {
	local i
	full q 5
	(for ((i = 1; i <= 400; i++)); do head -c 100000 /dev/zero; echo; echo "$i" >written; done) |
	    mq-pub q &
	consume 50 q/g
	until_true '[ "$(messages q)" = 55 ]'
	# A batch and what is read ahead are a few megabytes.
	[ "$(cat written)" -lt 250 ]
	mq-sub -c 355 q/g >/dev/null
	wait $!
	assert_equal "$(cat written)" 400
}

@test "block: a signal ends it, and it says how many were published" {
	local pid signal
	full q 5
	consume 2 q/g
	watched end mq-pub q < <(seq 10) 2>said &
	until_true '[ "$(messages q)" = 7 ]'
	kill -TERM "$(cat end.pid)"
	until_true '[ -e end ]'
	assert_equal "$(cat end)" 'exit 75'
	assert_equal "$(cat said)" 'mq-pub: q: stopped by a signal: 2 messages were published'
	watched end2 mq-pub q x 2>said &
	until_true '[ -e end2.pid ]'
	kill -INT "$(cat end2.pid)"
	until_true '[ -e end2 ]'
	assert_equal "$(cat end2)" 'signal 2'
	assert_equal "$(messages q)" 7
}

@test "block: many publishers at a limit never go beyond it, and all get through" {
	local i
	mq-ctl create q/g
	mq-ctl set q max-messages=7
	for ((i = 0; i < 6; i++)); do
		seq -f "$i.%g" 50 | mq-pub q &
	done
	mq-sub --prefetch 5 -c 300 q/g >out &
	while kill -0 $! 2>/dev/null; do
		[ "$(depth q/g)" -le 7 ]
	done
	wait
	assert_equal "$(sort -u out | wc -l)" 300
}

@test "block: a page that a killed consumer left behind blocks nobody" {
	full q 5
	cp "$MQ_SPOOL/q/g.group.stat" stale
	mq-sub -e q/g >/dev/null
	# As if it had been killed between the commit and its page.
	cat stale >"$MQ_SPOOL/q/g.group.stat"
	mq-pub -W 0 q 6
	mq-pub q 7 8 9 10
	fails 75 'mq-pub: q: queue full (5 messages)' mq-pub -W 0 q 11
	# A page that says nothing (another boot's) does not either.
	mq-sub -e q/g >/dev/null
	: >"$MQ_SPOOL/q/g.group.stat"
	mq-pub -W 0 q 12
}

@test "reject: at once, whatever -W says" {
	full q 5
	mq-ctl set q overflow=reject
	fails 75 'mq-pub: q: queue full (5 messages)' mq-pub q x
	fails 75 'mq-pub: q: queue full (5 messages)' mq-pub -W 1h q x
	consume 1 q/g
	fails 75 'mq-pub: q: queue full (5 messages) (1 message was published before)' \
	    mq-pub q x y
}

@test "drop-oldest: removes, counts and says how many; the rest is delivered" {
	full q 10
	mq-ctl set q overflow=drop-oldest
	run -0 --separate-stderr mq-pub q 11 12 13
	assert_equal "$stderr" 'mq-pub: q: queue full: 3 messages that were not settled were dropped'
	assert_equal "$(messages q)" 10
	assert_equal "$(mq-stat -J q | jq -c 'select(.uuid) | [.dropped, .trimmed]')" '[3,3]'
	run -0 mq-pub -q q 14
	assert_output ''
	run -0 mq-sub -e q/g
	assert_equal "$output" "$(seq 5 14)"
	assert_equal "$(field dropped q/g) $(depth q/g)" '4 0'
	# What is settled goes first, and is nothing to tell.
	run -0 mq-pub q 15
	assert_output ''
	run -0 --separate-stderr mq-pub q < <(seq 16 40)
	assert_equal "$stderr" 'mq-pub: q: queue full: 16 messages that were not settled were dropped'
	run -0 mq-sub -e q/g
	assert_equal "$output" "$(seq 31 40)"
	sound q
}

@test "drop-oldest: what was leased or held; its ack succeeds, and nobody else loses more" {
	full q 4
	mq-ctl set q overflow=drop-oldest
	mq-sub -m -c 3 --prefetch 3 q/g >took
	cut -f 1 took | sed -n 1p | mq-ack --retry -d 1ms
	mq-pub -q q 5 6 7
	# One is held, two are leased, and all three are gone.
	assert_equal "$(messages q) $(mq-replay q | tr '\n' ' ')" '4 4 5 6 7 '
	cut -f 1 took | sed -n 2p | mq-ack
	mq-pub -q q 8
	assert_equal "$(messages q)" 4
	run -0 mq-sub -e q/g
	assert_output $'5\n6\n7\n8'
	cut -f 1 took | sed -n 3p | mq-ack
	assert_equal "$(depth q/g)" 0
	sound q
}

@test "drop-oldest: max-bytes, and more than one transaction removes" {
	mq-ctl create q/g
	seq 5000 | mq-pub q
	mq-ctl set q max-bytes=100 overflow=drop-oldest
	mq-pub -q q "$(printf '%0100d' 7)"
	assert_equal "$(messages q)" 1
	mq-ctl set q max-bytes=off max-messages=2
	seq 10 | mq-pub -q q
	run -0 mq-sub -e q/g
	assert_output $'9\n10'
	sound q
}

@test "min-free: below it publishing fails and settling goes on; -W waits" {
	small_disk 8M
	export MQ_SPOOL=$PWD/disk/spool
	mq-pub q 1 2 3
	mq-ctl create q/g
	mq-ctl set q min-free=7M
	head -c 2M /dev/zero >disk/filler
	fails 75 'mq-pub: q: disk full (less than 7340032 bytes are free, min-free)' mq-pub q 4
	fails 75 'mq-pub: q: disk full (less than 7340032 bytes are free, min-free)' mq-pub -W 10ms q 4
	run -0 mq-sub -e q/g
	assert_output $'1\n2\n3'
	assert_equal "$(depth q/g)" 0
	mq-pub -W 1m q 4 &
	rm disk/filler
	wait $!
	head -c 2M /dev/zero >disk/filler
	mq-ctl set q min-free=0
	mq-pub q 5
	mq-ctl set q min-free=auto
	mq-pub q 6
	rm disk/filler
	head -c 8M /dev/zero >disk/filler 2>/dev/null || :
	fails 75 'mq-pub: q: disk full (less than 786432 bytes are free, min-free)' mq-pub q 7
	rm disk/filler
	mq-pub q 7
}

@test "a full queue does not wait for a consumer that waits for other messages" {
	local max overflow
	for max in 1 100; do
		for overflow in block reject; do
			mq-ctl create q/g
			mq-ctl bind -k yes q/g
			mq-ctl set q "max-messages=$max" "overflow=$overflow"
			mq-sub q/g >out &
			until_true '[ "$(mq-stat -J q/g | jq .consumers)" = 1 ]'
			if [ "$overflow" = block ]; then
				seq 300 | mq-pub -k no q
			else
				# Each once the one before was passed.
				for _ in $(seq 20); do
					until_true 'mq-pub -q -k no q x'
				done
			fi
			until_true 'mq-pub -q -W 1m -k yes q last'
			until_true '[ -s out ]'
			kill $!
			wait $! || :
			[ "$(depth q/g)" = 0 ]
			sound q
			mq-ctl delete -f q
			rm out
		done
	done
}

# fill QUEUE: publishes until its disk has no more than min-free, some 100 bytes at a time.
fill() {
	local n
	for n in 20000 1000 1 1; do
		while seq -f '%099.0f' "$n" | mq-pub "$1" 2>/dev/null; do
			:
		done
	done
	run -75 --separate-stderr mq-pub "$1" one
	[[ $stderr == "mq-pub: $1: disk full "*min-free* ]]
}

@test "min-free=auto: a queue that filled a small disk has room for its consumers" {
	local size
	for size in 2M 3M 8M; do
		small_disk "$size"
		export MQ_SPOOL=$PWD/disk/spool
		mq-pub q first
		fill q
		# What a consumer needs from the first moment: its group, dead letters, retries.
		run -0 --separate-stderr mq-sub -c 1 q/handler -- cat
		assert_output first
		run -0 mq-sub -c 1000 q/handler
		run -0 mq-sub -c 1 q/dead -- sh -c 'exit 65'
		[ "$(messages q.dead)" = 1 ]
		run -0 mq-sub -e q/handler
		[ "$(depth q/handler)" = 0 ]
		# A group that is not needed makes room.
		mq-ctl delete -f q/dead q.dead
		sound
		umount disk
		rmdir disk
	done
}

@test "min-free=auto: a disk that is smaller than that" {
	small_disk 700K
	export MQ_SPOOL=$PWD/disk/spool
	fails 75 'mq-pub: q: disk full (less than 786432 bytes are free, min-free)' mq-pub q 1
	mq-ctl set q min-free=0
	mq-pub q 1
	run -0 mq-sub -e q/g
	assert_output 1
}

@test "filters: a full output queue holds up the filter, and nothing else" {
	mq-ctl create out/g
	mq-ctl set out max-messages=4
	seq 20 | mq-pub in
	mq-sub -e --to out in -- cat &
	until_true '[ "$(depth out/g)" = 4 ]'
	# The input's group can be used meanwhile.
	mq-pub in 21
	mq-ctl set in/default max-attempts=6
	run -0 mq-sub -c 21 out/g
	assert_equal "$(sort -n <<<"$output")" "$(seq 21)"
	wait
	assert_equal "$(depth in/default)" 0
}

# ---------------------------------------------------------------- fairness

@test "fairness: nobody takes messages ahead while another one is idle" {
	mq-ctl create q/g
	mq-sub q/g -- sh -c "$slow; echo >>seen" &
	mq-sub q/g -- sh -c "$slow; echo >>seen" &
	# Both have said that they wait: bytes below those of lines, which begin at 3 * 2^61.
	until_true '[ "$(awk -v file="$(stat -c %i "$MQ_SPOOL/q/turn")" '"'"'
		$2 == "OFDLCK" && $4 == "READ" && $6 ~ ":" file "$" && $7 < 3 * 2 ^ 61
		'"'"' /proc/locks | wc -l)" = 2 ]'
	mq-pub q 1 2
	until_true '[ -e seen ] && [ "$(tr -d "\n" <seen | wc -c)" = 2 ]'
	assert_equal "$(wc -l <seen)" 0		# at once, not one after the other
	# Now both are busy, and one may hold what is to come.
	mq-pub q 3
	until_true '[ "$(leased q/g)" = 3 ]'
	touch go
	until_true '[ "$(depth q/g)" = 0 ]'
}

@test "mq-sub --exclusive: makes the group so, and insists" {
	mq-pub q 1
	run -0 mq-sub -e --exclusive q/g
	assert_output 1
	assert_equal "$(mq-ctl show q/g | grep exclusive)" exclusive=on
	mq-ctl create q/h
	fails 78 "mq-sub: q/h: exists with another value of exclusive; to change that: mq-ctl -s $MQ_SPOOL set q/h 'exclusive=on'" \
	    mq-sub -e --exclusive q/h
	run -1 mq-sub -e --exclusive q/g
}

@test "a queue whose only group is deleted stays full: all that is retained counts then" {
	mq-ctl create l/g
	mq-ctl set l max-bytes=10
	mq-pub l 1234567890
	fails 75 'mq-pub: l: queue full (10 bytes)' mq-pub -W 0 l 12
	mq-ctl delete l/g
	run -75 mq-pub -W 0 l 12
	mq-ctl purge l
	mq-pub -W 0 l 12
}
