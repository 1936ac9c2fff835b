#!/usr/bin/env bats
# redrive.bats - mq-ctl redrive: dead letters go back to where they died

load lib/common
load lib/expect

# A group q/g that gives up at once.
impatient() {
	mq-ctl create "${1:-q}/g"
	mq-ctl set "${1:-q}/g" max-attempts=1
}

# bury STATUS [QUEUE]: all that QUEUE/g has dies.
bury() {
	mq-sub -e "${2:-q}/g" -- sh -c "echo why >&2; exit $1" 2>/dev/null
}

redriven() {
	local text=$1
	shift
	run -0 --separate-stderr mq-ctl redrive "$@"
	assert_equal "$stderr" ''
	assert_output "$text"
}

@test "the message itself, in its group, as if for the first time" {
	impatient
	mq-ctl create q/h
	mq-pub -I -k a.b -H app=shop q body >id
	bury 3
	mq-sub -e q/h >/dev/null
	redriven 'q.dead: 1 letter redriven, 0 left' q.dead
	[ "$(messages q)" = 1 ]
	[ "$(depth q/g) $(depth q/h)" = '1 0' ]
	run -0 mq-sub -J -e q/g
	assert_equal "$(jq -c '[.id, .key, .headers, .attempt, .body]' <<<"$output")" \
	    "[\"$(cat id)\",\"a.b\",{\"app\":\"shop\"},1,\"body\"]"
	[ "$(depth q/g)" = 0 ]
	sound
}

@test "headers of one name that come twice" {
	impatient
	mq-pub -H app=shop -H app=two q body
	bury 3
	redriven 'q.dead: 1 letter redriven, 0 left' q.dead
	run -0 mq-sub -J -e q/g
	assert_equal "$(jq -c .headers <<<"$output")" '{"app":["shop","two"]}'
}

@test "what dies again makes another letter, which can be redriven again" {
	impatient
	mq-pub q m
	local i
	for i in 1 2 3; do
		bury "$i"
		[ "$(messages q.dead)" = "$i" ]
		redriven 'q.dead: 1 letter redriven, 0 left' q.dead
	done
	run -0 mq-sub -J -e q.dead
	assert_equal "$(jq -r '.headers["mq-dead-reason"]' <<<"$output")" 'exit 1
exit 2
exit 3'
	run -0 mq-sub -e q/g
	assert_output m
}

@test "the copy is due, though the bindings changed meanwhile" {
	impatient
	mq-ctl bind -k a q/g
	mq-pub -k a q body
	bury 3
	MQ_NOW=+8d mq-ctl trim -q q
	mq-ctl bind -k z q/g
	mq-ctl unbind -k a q/g
	redriven 'q.dead: 1 letter redriven, 0 left' q.dead
	run -0 mq-stat --next-due q/g
	assert_output 0
	run -0 mq-sub -e q/g
	assert_output body
}

@test "a message that was trimmed: a copy, with key, headers and priority, for that group alone" {
	impatient
	mq-ctl create q/h
	echo '{"key":"a.b","headers":{"app":"shop"},"priority":4,"body":"m"}' | mq-pub -J q
	bury 3
	mq-sub -e q/h >/dev/null
	MQ_NOW=+8d mq-ctl trim q
	[ "$(messages q)" = 0 ]
	redriven 'q.dead: 1 letter redriven, 0 left' q.dead
	[ "$(messages q)" = 1 ]
	run -1 mq-sub -e q/h
	run -0 mq-sub -J -e q/g
	assert_equal "$(jq -c '[.key, .headers, .priority, .attempt, .body]' <<<"$output")" \
	    '["a.b",{"app":"shop"},4,1,"m"]'
	redriven 'q.dead: 0 letters redriven, 0 left' q.dead
}

@test "a copy that dies makes a letter of its own, and goes back too" {
	impatient
	mq-pub q m
	bury 3
	MQ_NOW=+8d mq-ctl trim q
	mq-ctl redrive q.dead
	bury 4
	[ "$(messages q.dead)" = 2 ]
	redriven 'q.dead: 1 letter redriven, 0 left' q.dead
	run -0 mq-sub -e q/g
	assert_output m
}

@test "a group that is gone: 66, its letters stay until there is one, the others go back" {
	impatient
	mq-pub q m
	bury 3
	mq-sub --temp -e q -- sh -c 'exit 100'
	[ "$(messages q.dead)" = 2 ]
	mq-ctl delete q/g
	run -66 --separate-stderr mq-ctl redrive q.dead
	[[ $stderr == "mq-ctl redrive: q/"*": no such group" ]]
	[ "$(depth q.dead/redrive)" = 2 ]
	[ "$(messages q)" = 1 ]
	# Made again at the end: what died is not beside a copy of itself.
	mq-ctl create --from newest q/g
	run -66 --separate-stderr mq-ctl redrive q.dead
	assert_output 'q.dead: 1 letter redriven, 1 left'
	[[ $stderr == "mq-ctl redrive: q/temp-"*": no such group" ]]
	run -0 mq-sub -e q/g
	assert_output m
}

@test "a message that has expired: a copy that does not" {
	impatient
	mq-pub --ttl 1h q m
	bury 3
	MQ_NOW=+2h redriven 'q.dead: 1 letter redriven, 0 left' q.dead
	MQ_NOW=+2h run -0 mq-sub -e q/g
	assert_output m
}

@test "large bodies share one file, and each outlives the others" {
	impatient
	head -c 300000 /dev/urandom >body
	mq-pub -F q body
	bury 3
	[ "$(stat -c %i spool/q/blob/*)" = "$(stat -c %i spool/q.dead/blob/*)" ]
	MQ_NOW=+8d mq-ctl trim q
	[ "$(find spool/q/blob -type f | wc -l)" = 0 ]
	redriven 'q.dead: 1 letter redriven, 0 left' q.dead
	[ "$(stat -c %i spool/q/blob/*)" = "$(stat -c %i spool/q.dead/blob/*)" ]
	sound
	mq-ctl purge q.dead
	mq-ctl trim q.dead
	sound
	mq-sub -e q/g -- cat >got
	cmp body got
}

@test "a large body that can't be shared is copied" {
	impatient
	head -c 300000 /dev/urandom >body
	mq-pub -F q body
	mq-ctl create q.dead
	chmod 700 spool/q.dead/blob
	bury 3
	[ "$(stat -c %a spool/q.dead/blob/*)" = 600 ]
	[ "$(stat -c %i spool/q/blob/*)" != "$(stat -c %i spool/q.dead/blob/*)" ]
	mq-replay q.dead | head -c 300000 | cmp body
}

@test "-c: so many, the oldest first" {
	impatient
	seq 5 | mq-pub q
	bury 3
	redriven 'q.dead: 2 letters redriven, 3 left' --count 2 q.dead
	run -0 mq-sub -e q/g
	assert_output '1
2'
	redriven 'q.dead: 3 letters redriven, 0 left' -c 9 q.dead
}

@test "--reason: those that died so, by a pattern; the others stay" {
	impatient
	seq 2 | mq-pub q
	bury 3
	mq-pub q 3
	bury 30
	mq-pub q 4
	mq-sub -m -c 1 q/g | mq-ack --reject='not today'
	redriven 'q.dead: 0 letters redriven, 4 left' --reason 'exit' q.dead
	missing q.dead/redrive
	redriven 'q.dead: 2 letters redriven, 2 left' --reason 'exit 3' q.dead
	run -0 mq-sub -e q/g
	assert_output "$(seq 2)"
	redriven 'q.dead: 0 letters redriven, 2 left' --reason 'exit ?' q.dead
	redriven 'q.dead: 1 letter redriven, 1 left' --reason 'exit *' q.dead
	redriven 'q.dead: 1 letter redriven, 0 left' --reason 'not today' q.dead
	run -0 mq-sub -e q/g
	assert_output '3
4'
}

@test "--dry-run: says how many, and changes nothing" {
	impatient
	seq 5 | mq-pub q
	bury 3
	redriven 'q.dead: 5 letters would be redriven, 0 left' --dry-run q.dead
	redriven 'q.dead: 2 letters would be redriven, 3 left' -q --dry-run -c 2 q.dead
	missing q.dead/redrive
	[ "$(depth q/g)" = 0 ]
	mq-ctl redrive -c 1 q.dead
	redriven 'q.dead: 0 letters would be redriven, 4 left' --dry-run --reason x q.dead
	redriven 'q.dead: 4 letters would be redriven, 0 left' --dry-run q.dead
	[ "$(depth q/g)" = 1 ]
}

@test "-q: without a word" {
	impatient
	mq-pub q m
	bury 3
	redriven '' -q q.dead
	[ "$(depth q/g)" = 1 ]
}

@test "letters of several queues and groups, each to its own" {
	local q
	for q in a b; do
		impatient "$q"
		mq-ctl set "$q" dead-letter=graveyard
		seq 2 | mq-pub "$q"
		bury 3 "$q"
	done
	mq-ctl create a/h
	mq-ctl set a/h max-attempts=1
	mq-sub -e a/h -- false
	redriven 'graveyard: 6 letters redriven, 0 left' graveyard
	[ "$(depth a/g) $(depth a/h) $(depth b/g)" = '2 2 2' ]
}

@test "a queue that is gone: 66, its letters stay, the others go back" {
	local q
	for q in a b; do
		impatient "$q"
		mq-ctl set "$q" dead-letter=graveyard
		mq-pub "$q" "$q"
		bury 3 "$q"
	done
	mq-ctl delete a
	run -66 --separate-stderr mq-ctl redrive graveyard
	assert_equal "$stderr" "mq-ctl redrive: a: no such queue in $MQ_SPOOL"
	assert_output 'graveyard: 1 letter redriven, 1 left'
	[ "$(depth b/g)" = 1 ]
	missing a
	mq-ctl create a/g
	redriven 'graveyard: 1 letter redriven, 0 left' graveyard
}

@test "a queue without letters gets no group, which would keep its messages" {
	seq 5 | mq-pub q
	run -0 mq-ctl -q redrive q
	run -0 mq-ctl list
	assert_output q
}

@test "messages that are no letters stay" {
	impatient
	mq-pub q m
	bury 3
	mq-pub q.dead 'by hand'
	mq-pub -H mq-dead-queue=../q -H mq-dead-group=g -H mq-dead-id=1 q.dead forged
	mq-pub -H mq-dead-queue=q -H mq-dead-group=g -H mq-dead-id=x q.dead forged
	redriven 'q.dead: 1 letter redriven, 3 left' q.dead
	redriven 'q.dead: 0 letters redriven, 3 left' q.dead
}

@test "headers like a letter's that the message had itself are its own" {
	impatient
	mq-pub -H mq-dead-queue=old -H mq-dead-reason=long-ago q m
	bury 3
	MQ_NOW=+8d mq-ctl trim q
	redriven 'q.dead: 1 letter redriven, 0 left' --reason 'exit 3' q.dead
	run -0 mq-sub -J -e q/g
	assert_equal "$(jq -c .headers <<<"$output")" \
	    '{"mq-dead-queue":"old","mq-dead-reason":"long-ago"}'
}

@test "a message that its group gets again anyway comes once" {
	impatient
	seq 3 | mq-pub q
	bury 3
	mq-replay -q --rewind --to oldest q/g
	mq-sub -m -c 1 --prefetch 1 q/g >took		# one out, two not looked at
	redriven 'q.dead: 3 letters redriven, 0 left' q.dead
	sound
	mq-ack "$(cut -f 1 took)"
	run -0 mq-sub -e q/g
	assert_output '2
3'
	[ "$(depth q/g)" = 0 ]
}

@test "what went back is not trimmed" {
	impatient
	seq 3 | mq-pub q
	bury 3
	mq-ctl redrive -c 1 q.dead
	MQ_NOW=+8d mq-ctl trim q
	[ "$(messages q)" = 3 ]
	mq-sub -e q/g >/dev/null
	MQ_NOW=+8d mq-ctl trim q
	[ "$(messages q)" = 0 ]
}

@test "letters that went back are trimmed like others" {
	impatient
	seq 3 | mq-pub q
	bury 3
	mq-ctl redrive -c 2 q.dead
	MQ_NOW=+8d mq-ctl trim q.dead
	[ "$(messages q.dead)" = 1 ]
}

@test "a consumer that waits wakes up, and gets it" {
	impatient
	mq-pub q m
	bury 3
	mq-sub q/g >out &
	until_true '[ "$(field consumers q/g)" = 1 ]'
	mq-ctl redrive q.dead
	until_true '[ "$(cat out)" = m ]'
	kill %1
}

@test "two at once redrive each letter once" {
	impatient
	seq 3000 | mq-pub q
	mq-sub -m -e q/g | mq-ack --reject=why
	[ "$(messages q.dead)" = 3000 ]
	mq-ctl redrive q.dead >one &
	mq-ctl redrive q.dead >two
	wait %1
	# On a cluster an ack may be lost when its channel ends, and the letter comes again.
	local twice=${MQ_CLUSTER:+u} redriven
	redriven=$(cat one two | awk '{ n += $2 } END { print n }')
	[ "$redriven" = 3000 ] || [[ -n $twice && $redriven -gt 3000 ]]
	mq-sub -e q/g | sort "-n$twice" | cmp - <(seq 3000)
	sound
}

@test "killed at any moment: each message comes once" {
	impatient
	local i
	seq 1000 | mq-pub q
	mq-sub -m -e q/g | mq-ack --reject=why
	# Half of them are trimmed, and come back as copies.
	MQ_NOW=+8d mq-ctl trim q
	seq 1001 2000 | mq-pub q
	mq-sub -m -e q/g | mq-ack --reject=why
	for ((i = 0; i < 30; i++)); do
		timeout -s KILL "0.0$((RANDOM % 60 + 5))" mq-ctl redrive -c 150 q.dead >/dev/null || :
	done
	# The last one may still be dying, with letters in its hands.
	until_true 'mq-ctl redrive -q q.dead; [ "$(depth q.dead/redrive)" = 0 ]'
	sound
	mq-sub -e q/g | sort -n | cmp - <(seq 2000)
	mq-ctl redrive q.dead
	run -1 mq-sub -e q/g
}

@test "--reason, killed at any moment: each message comes once, the others stay" {
	impatient
	local i
	seq 1000 | mq-pub q
	mq-sub -m -e -c 400 q/g | mq-ack --reject=why
	MQ_NOW=+8d mq-ctl trim q
	mq-sub -m -e -c 200 q/g | mq-ack --reject=other
	mq-sub -m -e q/g | mq-ack --reject=why
	for ((i = 0; i < 30; i++)); do
		timeout -s KILL "0.0$((RANDOM % 60 + 5))" \
		    mq-ctl redrive --reason 'wh?' -c 150 q.dead >/dev/null || :
	done
	until_true 'mq-ctl redrive -q --reason "wh?" q.dead; [ "$(depth q.dead/redrive)" = 200 ]'
	sound
	mq-sub -e q/g | sort -n | cmp - <(seq 400; seq 601 1000)
	redriven 'q.dead: 200 letters redriven, 0 left' q.dead
	mq-sub -e q/g | sort -n | cmp - <(seq 401 600)
}

@test "--reason, two at once: each letter once" {
	impatient
	seq 2000 | mq-pub q
	mq-sub -m -e -c 1000 q/g | mq-ack --reject=why
	mq-sub -m -e q/g | mq-ack --reject=other
	mq-ctl redrive -q --reason why q.dead &
	mq-ctl redrive -q --reason other q.dead
	wait $!
	until_true 'mq-ctl redrive -q q.dead; [ "$(depth q.dead/redrive)" = 0 ]'
	mq-sub -e q/g | sort "-n${MQ_CLUSTER:+u}" | cmp - <(seq 2000)
}

# letters COUNT: as if so many messages of q/g had died, each 2000th with exit 9.
letters() {
	awk -v n="$1" 'BEGIN {
		for (i = 1; i <= n; i++)
			printf("{\"headers\":{\"mq-dead-queue\":\"q\",\"mq-dead-group\":\"g\"," \
			    "\"mq-dead-id\":\"1\",\"mq-dead-reason\":\"exit %d\"," \
			    "\"mq-dead-attempts\":\"1\"},\"body\":\"%d\"}\n",
			    i % 2000 ? 1 : 9, i)
	}'
}

@test "--reason: memory does not grow with the letters that do not match" {
	[ -z "${MQ_SANITIZED-}" ] || skip 'the sanitizers take more memory than that'
	impatient
	letters 400000 | mq-pub -J q.dead
	ulimit -d 24576
	redriven 'q.dead: 200 letters redriven, 399800 left' --reason 'exit 9' q.dead
	redriven 'q.dead: 0 letters redriven, 399800 left' --reason 'exit 9' q.dead
	mq-sub -e q/g | cmp - <(seq 2000 2000 400000)
}

@test "usage errors and errors" {
	fails 64 "mq-ctl redrive: 'q/g': names a group, not a queue" mq-ctl redrive q/g
	fails 64 "mq-ctl redrive: -c: '0': too small (at least 1)" mq-ctl redrive -c 0 q
	fails 64 "mq-ctl redrive: -c: 'x': not a number" mq-ctl redrive -c x q
	mq-ctl create other
	fails 66 "mq-ctl redrive: q: no such queue in $MQ_SPOOL" mq-ctl redrive q
	for_everybody
	impatient
	mq-pub q m
	bury 3
	chmod -R a+rX spool
	run -77 as_nobody mq-ctl -s "$MQ_SPOOL" redrive q.dead
	[ "$(depth q/g)" = 0 ]
}

@test "a queue that has no dead letters: says that its messages are none" {
	local text='q: 2 messages without headers mq-dead-* are no dead letters: letters are in QUEUE.dead, or where dead-letter says'
	mq-pub q a b
	run -0 --separate-stderr mq-ctl redrive q
	assert_output 'q: 0 letters redriven, 2 left'
	[ "$stderr" = "mq-ctl redrive: $text" ]
	run -0 --separate-stderr mq-ctl redrive --dry-run q
	[ "$stderr" = "mq-ctl redrive: $text" ]
	run -0 --separate-stderr mq-ctl -q redrive q
	[ "$stderr" = '' ]
	# Letters that do not match are letters.
	mq-pub o x
	mq-ack --reject "$(mq-sub -e -m -f %r o/g)"
	run -0 --separate-stderr mq-ctl redrive --reason none o.dead
	assert_output 'o.dead: 0 letters redriven, 1 left'
	[ "$stderr" = '' ]
}
