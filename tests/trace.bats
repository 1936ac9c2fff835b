#!/usr/bin/env bats
# trace.bats - mq-stat --message: what is still known of one message, in each state

load lib/common

# is TEXT: the line of q/g; AT: is how a time looks, ID and PID are numbers.
is() {
	local want=$1
	want=${want//AT/[0-9T:.+-]+Z?}
	run -0 --separate-stderr mq-stat --message "$id" q
	assert_line -n 1 --regexp "^q/g: $want\$"
}

# field NAME: of q/g's object.
field() {
	mq-stat -J --message "$id" q | jq -r --arg f "$1" 'select(.group == "g") | .[$f]'
}

one() {
	mq-ctl create q/g
	id=$(mq-pub -I q one)
}

@test "the message: all that is known of it" {
	id=$(mq-pub -I -k 'a"b' -p 3 -i mid --at '@4000000000' --ttl 1h q hello)
	run -0 mq-stat --message "$id" q
	assert_output --regexp "^q: message $id: retained, 5 bytes, published [^ ]+, key \"a\\\\\"b\", message id \"mid\", priority 3, not before 2096-10-02T07:06:40[^ ]*, expires 2096-10-02T08:06:40[^ ]*\$"
	run -0 mq-stat -J --message "$id" q
	[ "$(jq -c '[.queue, .id, .retained, .bytes, .key, .priority, .message_id]' <<<"$output")" = \
	    "[\"q\",\"$id\",true,5,\"a\\\"b\",3,\"mid\"]" ]
	[ "$(jq -r '.not_before[:19] + " " + .expires[:19]' <<<"$output")" = '2096-10-02T07:06:40 2096-10-02T08:06:40' ]
}

@test "not looked at yet, for the group or not, and expired" {
	one
	is 'not looked at yet'
	[ "$(field state) $(field matches)" = 'new true' ]
	mq-ctl create -k x.y q/h
	run -0 mq-stat --message "$id" q
	assert_line -n 2 'q/h: not looked at yet; it is not for this group'
	id=$(mq-pub -I --ttl 1m q two)
	MQ_NOW=+1h run -0 mq-stat --message "$id" q
	assert_line -n 0 --partial ', expired '
	assert_line -n 1 'q/g: not looked at yet; it has expired'
}

@test "leased, ready again, waiting" {
	one
	mq-sub -m -c 1 q/g >took
	receipt=$(cut -f 1 took)
	is "leased by .*, attempt 1, receipt $receipt"
	[ "$(field state) $(field receipt)" = "leased $receipt" ]
	# The same number as everywhere: which one this is, not how many there were before.
	[ "$(field attempt) $(field attempts)" = '1 null' ]
	[ "$(mq-stat -lJ q | jq .attempt)" = 1 ]
	mq-ack --extend 1h "$receipt"
	is "leased by .* until AT, attempt 1, receipt $receipt"
	mq-ack --release "$receipt"
	is 'ready, attempts so far: 0'
	mq-sub -m -c 1 q/g >took
	mq-ack --retry -d 1h "$(cut -f 1 took)"
	is 'waiting, until AT, attempts so far: 1'
	[ "$(field state) $(field attempts)" = 'waiting 1' ]
}

@test "leased by a living process" {
	one
	mkfifo hold
	mq-sub -c 1 q/g -- cat hold >/dev/null 3>&- &
	pid=$!
	until_true '[ "$(field state)" = leased ]'
	is "leased by process $pid, attempt 1, receipt q/g/${id}[.][0-9]+"
	[ "$(field consumer)" = "$pid" ]
	: >hold
	wait "$pid"
	is settled
}

@test "parked behind its key" {
	mq-ctl create q/g
	mq-ctl set q/g ordered=on
	mq-pub -k k q first
	id=$(mq-pub -I -k k q second)
	mq-sub -m -c 1 q/g >took
	mq-sub -e -m q/g || :
	is 'parked behind another message of its key, attempts so far: 0'
}

@test "settled, by an ack or because it did not match; and skipped" {
	mq-ctl create -k 'a.#' q/g
	acked=$(mq-pub -I -k a.b q one)
	passed=$(mq-pub -I -k c q two)
	id=$(mq-pub -I -k a.b q three)
	mq-ctl skip q/g "$id"
	is skipped
	mq-sub -e q/g
	id=$acked is settled
	id=$passed is 'settled, or passed: it is not for this group'
	[ "$(id=$acked field state) $(id=$passed field matches)" = 'settled false' ]
}

@test "a dead letter: which message of which queue" {
	one
	id2=$(mq-pub -I q two)
	mq-sub -m -c 2 --prefetch 2 q/g >took
	mq-ack --reject "$(sed -n 2p took | cut -f 1)"
	mq-ack --reject "$(sed -n 1p took | cut -f 1)"
	dead=$(mq-replay -J q.dead | jq -r 'select(.body == "one") | .id')
	is "dead letter: message $dead of q.dead"
	[ "$(field dead_queue) $(field dead_id)" = "q.dead $dead" ]
	dead=$(mq-replay -J q.dead | jq -r 'select(.body == "two") | .id')
	id=$id2 is "dead letter: message $dead of q.dead"
}

@test "removed: what groups know of it" {
	one
	mq-sub -e q/g
	mq-ctl set q retain=0s
	mq-ctl trim q
	mq-ctl create --from oldest q/h
	run -0 mq-stat --message "$id" q
	assert_line -n 0 "q: message $id: not retained: removed, or there never was one of this id"
	assert_line -n 1 'q/g: settled'
	[ "$(field matches)" = null ]
	mq-ctl create p/g
	mq-ctl set p overflow=drop-oldest max-messages=1
	id=$(mq-pub -I p one)
	mq-pub p two
	run -0 mq-stat --message "$id" p
	assert_line -n 1 'p/g: not looked at before it was removed, if it ever was there'
}

@test "an id that never was: said where it is known, and ids are numbers" {
	one
	local after
	after=$(mq-pub -I q two)
	# Before the first, and between two.
	local never
	for never in 5 $((id - 1)) $((id + 1)) $((after - 1)); do
		run -66 --separate-stderr mq-stat -J --message "$never" q
		assert_equal "$stderr" "mq-stat: q: message $never: there never was one of this id"
		assert_equal "$output" ''
	done
	run -66 --separate-stderr mq-stat --message 0005 q
	assert_equal "$stderr" 'mq-stat: q: message 5: there never was one of this id'
	run -0 mq-stat -J --message "00$id" q
	assert_equal "$(jq -r '.id // empty' <<<"$output")" "$id"
	run -0 mq-stat --message "00$id" q
	assert_line -n 0 --partial "q: message $id: retained"
	# The first was removed: what was there before it is not known any more.
	mq-sub -e -c 1 q/g >/dev/null
	mq-ctl set q retain=0s
	mq-ctl trim q
	run -0 mq-stat -J --message 0005 q
	assert_equal "$(jq -c 'select(.id) | [.id, .retained]' <<<"$output")" '["5",false]'
	# Of what compaction left there are gaps.
	mq-ctl create c/g
	mq-ctl set c compact=key
	mq-pub -k k c first
	id=$(mq-pub -I -k k c second)
	mq-pub -k k c third
	mq-sub -e c/g >/dev/null
	mq-ctl trim c
	assert_equal "$(mq-stat -J c | jq -s '.[0].messages')" 1
	run -0 mq-stat --message "$id" c
	assert_line -n 0 --partial 'not retained: removed, or there never was one of this id'
}

@test "a dead letter of a queue that has had another name" {
	local dead
	one
	mq-sub -m -c 1 q/g >took
	mq-ack --reject "$(cut -f 1 took)"
	dead=$(mq-replay -J q.dead | jq -r .id)
	mq-ctl rename q new
	run -0 mq-stat --message "$id" new
	assert_line -n 1 "new/g: dead letter: message $dead of q.dead"
	# A queue that has the old name now is another one, and so are its letters.
	mq-pub q other
	run -0 mq-stat --message "$id" new
	assert_line -n 1 'new/g: settled'
}

@test "expired or acknowledged: the group does not keep which" {
	mq-ctl create q/g
	id=$(mq-pub -I --ttl 1h q one)
	mq-sub -e q/g
	is settled
	MQ_NOW=+2h is 'settled, or expired: the group does not keep which'
	[ "$(MQ_NOW=+2h field state)" = settled ]
}

@test "statuses" {
	one
	run -66 --separate-stderr mq-stat --message $((id + 1)) q
	assert_equal "$stderr" "mq-stat: q: message $((id + 1)): there was none yet; the last id is $id"
	run -66 mq-stat --message 0 q
	run -66 mq-stat --message "$id" nowhere
	run -64 --separate-stderr mq-stat --message x q
	[[ $stderr == *"'x': not an id"* ]]
	run -64 --separate-stderr mq-stat --message "$id"
	[[ $stderr == *'--message: needs one QUEUE, whose message it is'* ]]
	run -64 mq-stat --message "$id" q/g
	run -64 mq-stat --message "$id" q p
	run -64 mq-stat -l --message "$id" q
}
