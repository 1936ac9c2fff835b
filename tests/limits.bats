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

@test "resume: wakes who waits, group or queue" {
	local what
	mq-pub q one
	for what in q/g q; do
		mq-ctl create -p q/g
		mq-ctl pause "$what"
		mq-sub -c 1 q/g >"out" &
		until_true '[ "$(field consumers q/g)" = 1 ]'
		mq-pub q two
		[ ! -s out ]
		mq-ctl resume "$what"
		# Less than the second after which it would look anyway.
		until_true '[ -s out ]'
		wait $!
	done
}

@test "pause: again is no error; what is not there is" {
	fails 64 'mq-ctl pause: no queue was named' mq-ctl pause
	fails 64 'mq-ctl resume: no queue was named' mq-ctl resume
	mq-ctl create q
	fails 66 "mq-ctl pause: r: no such queue in $MQ_SPOOL" mq-ctl pause r
	fails 66 'mq-ctl resume: q/g: no such group' mq-ctl resume q/g
	mq-ctl pause q q
	mq-ctl resume q q
	mq-ctl check q
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
	fails 78 'mq-ctl set: q/g: max-leased=0: is too small' mq-ctl set q/g max-leased=0
	fails 78 'mq-ctl set: q/g: max-leased=x: is not a number' mq-ctl set q/g max-leased=x
	fails 78 'mq-ctl set: q/g: exclusive=maybe: is neither on nor off' mq-ctl set q/g exclusive=maybe
	fails 78 'mq-ctl set: q: exclusive: no such setting' mq-ctl set q exclusive=on
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

@test "exclusive: a killed consumer is replaced, within a second" {
	local first
	mq-ctl create q/g
	mq-ctl set q/g exclusive=on
	standby a
	first=$!
	mq-pub q one
	until_true '[ -s a ]'
	standby b
	until_true '[ "$(field consumers q/g)" = 2 ]'
	kill -STOP "$first"
	mq-pub q two
	kill -KILL "$first"
	SECONDS=0
	until_true '[ "$(cat b)" = two ]'
	[ "$SECONDS" -le 2 ]
	mq-ctl check q
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
