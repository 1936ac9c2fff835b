#!/usr/bin/env bats
# descriptors.bats - many queues, and many groups of one, within the usual limit of descriptors
#
# Several operands are dealt with one after the other: what is done with is closed.
# shellcheck disable=SC2046 # many names are many operands

load lib/common
load lib/expect

QUEUES=130
GROUPS_OF_ONE=600

# few COMMAND...: with 1,024 descriptors, as most systems have it.
few() {
	(ulimit -n 1024 && exec "$@")
}

many() {
	seq -f "r%g$1" "$QUEUES"
}

@test "mq-ctl and mq-stat with many queues as operands, or with all of a spool" {
	local command
	few mq-ctl create $(many /g)
	[ "$(mq-ctl list --queues | wc -l)" = "$QUEUES" ]
	for command in 'set r1/g lease=1m' 'show r1/g' list "list $(many '')" "show $(many '')" \
	    "show $(many /g)" "check $(many '')" check "trim $(many '')" "pause $(many /g)" \
	    "resume $(many /g)" "bind --key k $(many /g)" "unbind --key k $(many /g)" \
	    "purge $(many '')" "purge $(many /g)" "redrive $(many '')" "compact $(many '')" \
	    "delete $(many /g)"; do
		few mq-ctl $command >/dev/null
	done
	few mq-ctl create $(many /h)
	for command in '' -J -l --next-due; do
		run few mq-stat $command
		[ "$status" -le 1 ]
		run few mq-stat $command $(many /h)
		[ "$status" -le 1 ]
	done
	few mq-replay --rewind --to oldest $(many /h) >/dev/null
	few mq-ctl delete $(many '')
	[ "$(mq-ctl list | wc -l)" = 0 ]
}

@test "mq-ctl and mq-stat with a queue that has many groups" {
	local command
	mq-pub q one
	few mq-ctl create $(seq -f 'q/g%g' "$GROUPS_OF_ONE")
	for command in 'check q' check 'trim q' 'purge q' 'list q'; do
		few mq-ctl $command >/dev/null
	done
	run few mq-stat --next-due q
	assert_failure 1
	mq-pub q two
	run -0 few mq-stat --next-due q
	assert_output 0
	few mq-stat -l >/dev/null
	# A page that can't be believed is made anew by opening its group.
	rm spool/q/*.group.stat
	run -0 few mq-stat q
	assert_equal "${#lines[@]}" $((GROUPS_OF_ONE + 2))
}

@test "mq-ack: receipts of many queues, in one batch and one after the other" {
	local i
	for i in $(seq "$QUEUES"); do
		mq-pub "r$i" x y
		mq-sub -e -m -f '%r\n' "r$i/g"
	done >receipts
	few mq-ack <receipts
	run -0 mq-stat -J
	[ "$(jq -s 'map(.depth // 0) | add' <<<"$output")" = 0 ]
	mq-pub r1 a b
	mq-sub -e -m -f '%r\n' r1/g >receipts
	few mq-ack --reject $(cat receipts)
	[ "$(mq-replay r1.dead)" = $'a\nb' ]
}

@test "mq-ctl redrive: letters that died in many queues" {
	local i
	for i in $(seq "$QUEUES"); do
		mq-ctl create "r$i/g"
		mq-ctl set "r$i" dead-letter=dead
		mq-pub "r$i" x
		mq-sub -e -m -f '%r\n' "r$i/g"
	done >receipts
	few mq-ack --reject <receipts
	run -0 few mq-ctl redrive dead
	assert_output "dead: $QUEUES letters redriven, 0 left"
	[ "$(mq-sub -e r77/g)" = x ]
}

@test "mq-replay of more queues than there are descriptors: says so, before it prints anything" {
	for i in $(seq "$QUEUES"); do
		echo "$i" | mq-pub "r$i"
	done
	run -0 few mq-replay $(many '' | head -n 60)
	assert_equal "${#lines[@]}" 60
	run -71 --separate-stderr few mq-replay $(many '')
	assert_output ''
	[[ $stderr == "mq-replay: "*"Too many open files (ulimit -n is 1024); of $QUEUES, which are read at once, "[1-9]*" could be opened" ]]
}

@test "mq-pub --atomic: more large bodies than descriptors" {
	local files last
	mq-ctl create q
	head -c 300000 /dev/zero >large
	files=$(yes large | head -n 200)
	mq-pub q first
	(ulimit -n 100 && exec mq-pub --atomic -F q $files)
	[ "$(mq-replay -f '%S\n' q | sort | uniq -c | xargs)" = '200 300000 1 5' ]
	[ "$(find spool/q/blob -type f | wc -l)" = 200 ]
	mq-ctl check q
	# From a stream, and all or nothing.
	last=$(mq-replay --last 1 -f %o q)
	mq-pub q more
	for _ in $files; do cat large; echo; done >stream
	run -75 bash -c "ulimit -n 100 && exec mq-pub --atomic --expect-last $last q <stream"
	[ "$(find spool/q/blob -type f | wc -l)" = 200 ]
	(ulimit -n 100 && exec mq-pub --atomic q <stream)
	[ "$(find spool/q/blob -type f | wc -l)" = 400 ]
	mq-ctl check q
	mq-ctl purge q
	[ -z "$(find spool/q/blob -type f)" ]
}

@test "mq-pub --atomic: more large bodies than descriptors, held against a schema" {
	local n
	mq-ctl create q
	mq-ctl set q 'schema={"type":"string","maxLength":300000}'
	for n in $(seq 150); do printf '"%300000s"\n' "$n"; done >stream
	(ulimit -n 100 && exec mq-pub --atomic q <stream)
	mq-replay q | cmp - stream
	printf '"%300001s"\n' long >>stream
	run -65 --separate-stderr bash -c 'ulimit -n 100 && exec mq-pub --atomic q <stream'
	[[ $stderr = 'mq-pub: stdin: record 151: breaks the schema'* ]]
	mq-pub --atomic --reject-to bad q <stream 2>said
	[ "$(wc -c <bad)" = 300004 ]
	[ "$(find spool/q/blob -type f | wc -l)" = 300 ]
	mq-ctl check q
}
