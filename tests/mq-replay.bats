#!/usr/bin/env bats
# mq-replay.bats - reading what queues retain, again, without touching any group

load lib/common

# said TEXT: the last command's stderr has it.
said() {
	[[ $stderr == *"$1"* ]] || fail "not on stderr: $1
stderr: $stderr"
}

# one_each QUEUE MESSAGE...: each by a process of its own, so that their times differ.
one_each() {
	local queue=$1 message
	shift
	for message; do
		mq-pub "$queue" "$message"
	done
}

# of FIELD QUEUE BODY: that field of the envelope of the message with this body.
of() {
	mq-replay -J "$2" | jq -r --arg body "$3" "select(.body == \$body) | .$1"
}

# shifted NS ID: the id of that time; what else there is of it on a cluster is as in ID.
shifted() {
	sed "s/^[0-9]*/$1/" <<<"$2"
}

# A group that has everything: of 1 to 9, 1 is settled, 2 waits for an hour, 3 was given
# back, 4 and 5 are being worked on, 6 is settled, 7 to 9 are new.
worked_on() {
	seq 9 | mq-pub q
	mq-ctl create q/g
	mq-sub -m -c 6 --prefetch 6 q/g >took
	receipt() { sed -n "$1p" took | cut -f 1; }
	mq-ack "$(receipt 1)" "$(receipt 6)"
	mq-ack --retry -d 1h "$(receipt 2)"
	mq-ack --release "$(receipt 3)"
}

@test "a queue: everything it retains, in order, whatever groups did" {
	seq 1000 | mq-pub q
	mq-sub -e q/g >/dev/null
	run -0 --separate-stderr mq-replay q
	assert_output "$(seq 1000)"
	assert_equal "$stderr" ''
	# And again: nothing was touched.
	run -0 mq-replay q
	assert_output "$(seq 1000)"
	run -0 mq-ctl list
	assert_output 'q
q/g'
}

@test "bodies are binary, and may be empty" {
	printf 'a\0b\377\n' >body
	: >empty
	mq-pub -F q body empty
	mq-replay q >out
	{ cat body; printf '\n\n'; } >want
	run -0 cmp want out
}

@test "--since and --until by id: both included" {
	seq 5 | mq-pub -I q >ids
	local second fourth
	second=$(sed -n 2p ids)
	fourth=$(sed -n 4p ids)
	run -0 mq-replay --since "$fourth" q
	assert_output '4
5'
	run -0 mq-replay --until "$second" q
	assert_output '1
2'
	run -0 mq-replay --since "$second" --until "$fourth" q
	assert_output '2
3
4'
	run -1 --separate-stderr mq-replay --since "$fourth" --until "$second" q
	assert_output ''
	# An id of none is a place all the same.
	run -0 mq-replay --since "$(shifted "$((${second%%-*} + 1))" "$second")" q
	assert_output '3
4
5'
	run -0 mq-replay --since "$(shifted 100000000000000 "$second")" q
	assert_output "$(seq 5)"
}

@test "--since and --until by time: since included, until not" {
	one_each q 1 2 3 4
	local second third
	second=$(of time q 2)
	third=$(of time q 3)
	run -0 mq-replay --since "$second" q
	assert_output '2
3
4'
	run -0 mq-replay --until "$third" q
	assert_output '1
2'
	run -0 mq-replay --since "$second" --until "$third" q
	assert_output 2
	run -0 mq-replay --since "@$(date -d "$third" +%s.%N)" q
	assert_output '3
4'
	run -0 mq-replay --since -1h --until +1h q
	assert_output "$(seq 4)"
	run -1 mq-replay --since now q
	run -1 mq-replay --until -1h q
	run -0 mq-replay --until now q
	assert_output "$(seq 4)"
	run -0 mq-replay --since 2001-02-03 --until '2100-01-01 12:00' q
	assert_output "$(seq 4)"
	# A time and an id together.
	run -0 mq-replay --since "$second" --until "$(of id q 3)" q
	assert_output '2
3'
}

@test "--since and --until: ages are counted from MQ_NOW" {
	one_each q 1 2
	MQ_NOW=+2h run -1 mq-replay --since -1h q
	MQ_NOW=+2h run -0 mq-replay --since -3h q
	assert_output '1
2'
	MQ_NOW=-2h run -1 mq-replay --until now q
	MQ_NOW=-2h run -0 mq-replay --until +3h q
	assert_output '1
2'
}

@test "--last: the last so many of each queue" {
	seq 9 | mq-pub a
	run -0 mq-replay --last 3 a
	assert_output '7
8
9'
	run -0 mq-replay --last 1 a
	assert_output 9
	run -0 mq-replay --last 100 a
	assert_output "$(seq 9)"
	seq 11 19 | mq-pub b
	run -0 mq-replay --last 2 b a
	assert_output '8
9
18
19'
}

@test "--last with bounds and a key: of those that match" {
	seq 9 | mq-pub -I q >ids
	printf 'x\ny\n' | mq-pub -k red q
	run -0 mq-replay --last 2 --until "$(sed -n 5p ids)" q
	assert_output '4
5'
	run -0 mq-replay --last 5 --since "$(sed -n 8p ids)" q
	assert_output '8
9
x
y'
	run -0 mq-replay --last 1 --key red q
	assert_output y
	run -0 mq-replay --last 2 --key '' q
	assert_output '8
9'
	run -0 mq-replay --last 4 -c 2 q
	assert_output '8
9'
}

@test "-c: stops after so many" {
	seq 9 | mq-pub q
	run -0 mq-replay -c 2 q
	assert_output '1
2'
	run -0 mq-replay --count 1 q
	assert_output 1
	run -0 mq-replay -c 100 q
	assert_output "$(seq 9)"
	seq 2 | mq-pub b
	run -0 mq-replay -c 10 q b
	assert_output "$(seq 9; echo 1)"
}

@test "--key: exactly that key" {
	printf 'eu\ta\neu.de\tb\n\tc\neu\td\nEU\te\n' | mq-pub -K '\t' q
	run -0 mq-replay --key eu q
	assert_output 'a
d'
	run -0 mq-replay --key eu.de q
	assert_output b
	run -0 mq-replay --key '' q
	assert_output c
	run -1 --separate-stderr mq-replay --key 'eu.*' q
	assert_output ''
	local long
	long=$(printf '%255s' '' | tr ' ' k)
	mq-pub -k "$long" q long
	run -0 mq-replay --key "$long" q
	assert_output long
}

@test "QUEUE/GROUP: what it has yet to settle, in order: waiting, given back, leased, new" {
	worked_on
	run -0 --separate-stderr mq-replay q/g
	assert_output '2
3
4
5
7
8
9'
	# Nothing was touched: the leases are good, and what waits still waits.
	mq-ack "$(receipt 4)"
	run -0 mq-replay q/g
	assert_output '2
3
5
7
8
9'
	run -0 sh -c 'mq-stat -J q/g | jq -c "[.ready, .leased, .delayed]"'
	assert_output '[4,1,1]'
	# Everything is still in the log, and another group has all of it ahead.
	run -0 mq-replay q
	assert_output "$(seq 9)"
	mq-ctl create q/h
	run -0 mq-replay q/h
	assert_output "$(seq 9)"
}

@test "QUEUE/GROUP with --last, --since, --until, -c and --key" {
	worked_on
	run -0 mq-replay --last 2 q/g
	assert_output '8
9'
	run -0 mq-replay --last 5 q/g
	assert_output '4
5
7
8
9'
	run -0 mq-replay --last 100 q/g
	assert_output '2
3
4
5
7
8
9'
	run -0 mq-replay --since "$(of id q 4)" q/g
	assert_output '4
5
7
8
9'
	run -0 mq-replay --since "$(of id q 8)" q/g
	assert_output '8
9'
	run -0 mq-replay --until "$(of id q 6)" q/g
	assert_output '2
3
4
5'
	run -0 mq-replay --last 2 --until "$(of id q 4)" q/g
	assert_output '3
4'
	run -0 mq-replay --last 6 --since "$(of id q 5)" q/g
	assert_output '5
7
8
9'
	run -0 mq-replay -c 3 q/g
	assert_output '2
3
4'
	run -1 mq-replay --key none q/g
	echo ten | mq-pub -k red q
	run -0 mq-replay --key red q/g
	assert_output ten
	run -0 mq-replay --last 1 --key '' q/g
	assert_output 9
}

@test "QUEUE/GROUP: a group with nothing to settle gives nothing, 1" {
	seq 3 | mq-pub q
	mq-sub -e q/g >/dev/null
	run -1 --separate-stderr mq-replay q/g
	assert_output ''
	assert_equal "$stderr" ''
	run -1 mq-replay --last 2 q/g
	# A message that was removed is not there, settled or not.
	seq 3 | mq-pub q
	mq-ctl purge q
	run -1 mq-replay q/g
}

@test "QUEUE/GROUP: envelopes and formats name the group" {
	mq-pub q x
	mq-ctl create q/g
	run -0 mq-replay -f '%t %g %s\n' q/g
	assert_output 'q g x'
	run -0 sh -c 'mq-replay -J q/g | jq -c "[.queue, .group]"'
	assert_output '["q","g"]'
	run -0 sh -c 'mq-replay -J q | jq -c "[.queue, has(\"group\")]"'
	assert_output '["q",false]'
}

@test "several queues: merged in the order of their time" {
	local i
	for i in 1 2 3; do
		mq-pub a "a$i"
		mq-pub b "b$i"
		mq-pub c "c$i"
	done
	run -0 mq-replay c a b
	assert_output 'a1
b1
c1
a2
b2
c2
a3
b3
c3'
	run -0 sh -c 'mq-replay -J c a b | jq -r "[.queue, .body] | @tsv" | head -n 2'
	assert_output 'a	a1
b	b1'
	run -0 mq-replay -c 4 b c
	assert_output 'b1
c1
b2
c2'
}

@test "several queues, and a group among them: merged in the order of their time" {
	local m
	for m in a1 b1 a2 b2 a3 b3; do
		mq-pub "${m:0:1}" "$m"
	done
	mq-sub -e -c 2 a/g >/dev/null
	run -0 mq-replay a/g b
	assert_output 'b1
b2
a3
b3'
}

@test "several queues: many messages and large bodies, merged, nothing mixed up" {
	local i
	head -c 400000 /dev/zero | tr '\0' A >A
	head -c 300000 /dev/zero | tr '\0' B >B
	for i in 1 2 3; do
		mq-pub -F a A
		cat A >>want
		echo >>want
		seq -f "b$i-%.0f" 20000 | mq-pub b
		seq -f "b$i-%.0f" 20000 >>want
		mq-pub -F c B
		cat B >>want
		echo >>want
		mq-pub -k "key $i" -H h="$i" a "small $i"
		echo "small $i" >>want
	done
	mq-replay a b c >out
	run -0 cmp want out
	# Keys and headers belong to their messages still.
	run -0 sh -c 'mq-replay -J a b c | jq -r "select(.key) | [.queue, .key, .headers.h, .body] | @tsv"'
	assert_output 'a	key 1	1	small 1
a	key 2	2	small 2
a	key 3	3	small 3'
}

@test "-D, -0: other delimiters" {
	seq 3 | mq-pub q
	run -0 mq-replay -D , q
	assert_output '1,2,3,'
	run -0 mq-replay --delimiter '\x0a--\t' q
	assert_output "$(printf '1\n--\t2\n--\t3\n--\t')"
	mq-replay -0 q >out
	printf '1\0002\0003\000' >want
	run -0 cmp want out
	mq-replay --null q >out
	run -0 cmp want out
}

@test "-J: one envelope a line, as mq-pub -J reads it" {
	printf '\377\0' >body
	mq-pub -k red -H a=1 -H b='x y' q hello
	mq-pub -F q body
	run -0 --separate-stderr mq-replay -J q
	assert_equal "${#lines[@]}" 2
	run -0 jq -c '[.queue, .key, .headers, .body, .receipt, .attempt]' <<<"${lines[0]}"
	assert_output '["q","red",{"a":"1","b":"x y"},"hello",null,null]'
	run -0 sh -c 'mq-replay --envelopes --last 1 q | jq -r .body_base64 | base64 -d | cmp - body'
	run -0 sh -c 'mq-replay -J q | jq -r "[(.id | type), (.time | test(\"^[0-9-]{10}T[0-9:]{8}\\\\.[0-9]{9}Z$\"))] | @tsv" | sort -u'
	assert_output 'string	true'
	mq-replay -J q | mq-pub -J r
	mq-replay -f '%k %s|' q >want
	mq-replay -f '%k %s|' r >out
	run -0 cmp want out
}

@test "-f: a format" {
	mq-pub -k red -H a=1 -I q hello >id
	run -0 mq-replay -f '%o %k %K %s %S %t %% \x41\n' q
	assert_output "$(cat id) red 3 hello 5 q % A"
	run -0 mq-replay --format '%T' q
	assert_output "$(($(date -d "$(of time q hello)" +%s%N) / 1000000))"
	# With -f nothing is added after a message.
	mq-pub q x
	run -0 mq-replay -f '%s' q
	assert_output 'hellox'
}

@test "nothing there: 1, and nothing said" {
	mq-ctl create q
	run -1 --separate-stderr mq-replay q
	assert_output ''
	assert_equal "$stderr" ''
	run -1 mq-replay --last 3 q
	run -1 mq-replay -J q
}

@test "-v says how many, -q nothing" {
	seq 3 | mq-pub q
	run -0 --separate-stderr mq-replay -v q
	assert_equal "$stderr" 'mq-replay: 3 messages'
	assert_output "$(seq 3)"
	run -0 --separate-stderr mq-replay -q q
	assert_equal "$stderr" ''
}

@test "a missing spool: 66, named" {
	run -66 --separate-stderr mq-replay q
	said "mq-replay: $MQ_SPOOL: no such spool"
}

@test "a missing queue: 66, named, and nothing is made" {
	mq-pub q x
	run -66 --separate-stderr mq-replay nix
	assert_equal "$stderr" "mq-replay: nix: no such queue in $MQ_SPOOL"
	run -66 --separate-stderr mq-replay q nix
	assert_equal "$stderr" "mq-replay: nix: no such queue in $MQ_SPOOL"
	assert_output ''
	run -66 --separate-stderr mq-replay -F nix
	run -0 mq-ctl list
	assert_output q
}

@test "a missing group: 66, named, and it is not made" {
	mq-pub q x
	run -66 --separate-stderr mq-replay q/nix
	assert_equal "$stderr" 'mq-replay: q/nix: no such group'
	missing q/nix
}

@test "usage errors: 64" {
	run -64 --separate-stderr mq-replay
	said 'mq-replay: no queue was named'
	run -64 --separate-stderr mq-replay --bad q
	said 'mq-replay: no option --bad'
	run -64 --separate-stderr mq-replay --since
	said 'mq-replay: option --since needs an argument'
	run -64 --separate-stderr mq-replay --since yesterday q
	said "mq-replay: --since: 'yesterday': is not a time"
	run -64 --separate-stderr mq-replay --until 2024-02-30 q
	said "mq-replay: --until: '2024-02-30': is not a time"
	run -64 --separate-stderr mq-replay --since 12345x q
	said "mq-replay: --since: '12345x': is not a time"
	[[ $stderr == *"@EPOCH; nor is it the id of a message"* ]]
	run -64 --separate-stderr mq-replay --until 99999999999999999999 q
	said 'mq-replay: --until: 99999999999999999999: too large for an id'
	run -64 --separate-stderr mq-replay -c 0 q
	said "mq-replay: -c: '0': too small (at least 1)"
	run -64 --separate-stderr mq-replay -c x q
	said "mq-replay: -c: 'x': not a number"
	run -64 --separate-stderr mq-replay --last 0 q
	said "mq-replay: --last: '0': too small (at least 1)"
	run -64 --separate-stderr mq-replay --last -1 q
	said "mq-replay: --last: '-1': too small (at least 1)"
	run -64 --separate-stderr mq-replay --key "$(printf '%256s' x)" q
	said 'key has 256 bytes, at most 255'
	run -64 --separate-stderr mq-replay -D '' q
	said 'mq-replay: -D: the delimiter is empty'
	run -64 --separate-stderr mq-replay -D '\q' q
	said "mq-replay: -D: '\\q': has an escape"
	run -64 --separate-stderr mq-replay -f '%z' q
	said "mq-replay: -f: '%z': format has an unknown %z"
	run -64 --separate-stderr mq-replay -J -f '%s' q
	said 'mq-replay: -J and -f: only one of them'
	run -64 --separate-stderr mq-replay 'a b'
	said "mq-replay: 'a b': a name has only letters"
	# Before anything was printed.
	mq-pub q x
	run -64 --separate-stderr mq-replay q a/b/c
	assert_output ''
}

@test "stdout full or closed: 74" {
	seq 100000 | mq-pub q
	run -74 --separate-stderr sh -c 'mq-replay q >/dev/full'
	assert_equal "$stderr" 'mq-replay: standard output: No space left on device'
	run -74 --separate-stderr sh -c 'mq-replay q >&-'
	assert_equal "$stderr" 'mq-replay: standard output: Bad file descriptor'
}

@test "a reader that has had enough: quiet, 0" {
	seq 200000 | mq-pub q
	run -0 --separate-stderr bash -c 'mq-replay q | head -n 2; exit ${PIPESTATUS[0]}'
	assert_output '1
2'
	assert_equal "$stderr" ''
	head -c 2000000 /dev/zero >large
	mq-pub -F r large
	run -0 --separate-stderr bash -c 'mq-replay r | head -c 0; exit ${PIPESTATUS[0]}'
	assert_equal "$stderr" ''
}

@test "-F: goes on with what is published, until the reader goes" {
	mkfifo pipe
	seq 2 | mq-pub q
	mq-replay -F q >pipe 2>said &
	local pid=$!
	exec 5<pipe
	read -r line <&5
	[ "$line" = 1 ]
	read -r line <&5
	[ "$line" = 2 ]
	mq-pub q 3
	read -r -t 30 line <&5
	[ "$line" = 3 ]
	seq 4 6 | mq-pub q
	read -r -t 30 line <&5
	[ "$line" = 4 ]
	# It ends without having to write once more.
	exec 5<&-
	wait "$pid"
	[ ! -s said ]
}

@test "-F: status 0 when its reader is gone, and what came is in order" {
	seq 3 | mq-pub q
	run -0 --separate-stderr bash -c '
		mq-replay -F q > >(head -n 5 >got) 2>said & pid=$!
		seq 4 50000 | mq-pub q
		wait $pid'
	assert_equal "$stderr" ''
	until_true '[ "$(wc -l <got)" = 5 ]'
	run -0 cat got
	assert_output "$(seq 5)"
	[ ! -s said ]
}

@test "-F with -c ends after so many" {
	mq-pub q 1
	mq-replay -F -c 3 q >out &
	local pid=$!
	until_true '[ "$(wc -l <out)" = 1 ]'
	seq 2 9 | mq-pub q
	wait "$pid"
	run -0 cat out
	assert_output "$(seq 3)"
}

@test "-F with --last and --since: from there on" {
	seq 5 | mq-pub -I q >ids
	mq-replay -F -c 3 --last 2 q >last &
	mq-replay -F -c 2 --since "$(tail -n 1 ids)" q >since &
	mq-replay -F -c 1 --since now q >now &
	until_true '[ "$(wc -l <last)" = 2 ] && [ "$(wc -l <since)" = 1 ]'
	# The third has nothing to show that it has begun: publish until it ends.
	until_true 'mq-pub q 6; [ -z "$(jobs -r)" ]'
	wait
	run -0 cat last
	assert_output '4
5
6'
	run -0 cat since
	assert_output '5
6'
	run -0 cat now
	assert_output 6
}

@test "-F with --until ends when that time has passed" {
	seq 3 | mq-pub q
	run -0 timeout 60 mq-replay -F --until now q
	assert_output "$(seq 3)"
	run -1 timeout 60 mq-replay -F --until -1h q
	# An id is a time too.
	seq 4 6 | mq-pub -I q >ids
	run -0 timeout 60 mq-replay -F --until "$(head -n 1 ids)" q
	assert_output "$(seq 4)"
}

@test "-F with --key, -J and several queues" {
	mq-ctl create a b
	mq-replay -F -J -c 3 --key red a b >out &
	local pid=$!
	printf 'blue\t1\nred\t2\n' | mq-pub -K '\t' a
	until_true '[ "$(wc -l <out)" = 1 ]'
	printf 'red\t3\nblue\t4\n' | mq-pub -K '\t' b
	until_true '[ "$(wc -l <out)" = 2 ]'
	printf 'red\t5\n' | mq-pub -K '\t' a
	wait "$pid"
	run -0 jq -r '[.queue, .key, .body] | join(" ")' out
	assert_output 'a red 2
b red 3
a red 5'
}

@test "-F of a group: what it has yet to settle, then what comes" {
	worked_on
	mq-replay -F -c 8 q/g >out &
	local pid=$!
	until_true '[ "$(wc -l <out)" = 7 ]'
	mq-pub q 10
	wait "$pid"
	run -0 cat out
	assert_output '2
3
4
5
7
8
9
10'
}

@test "-F: SIGTERM ends it" {
	mq-pub q x
	mq-replay -F q >out &
	local pid=$! status=0
	until_true '[ -s out ]'
	kill -TERM "$pid"
	wait "$pid" || status=$?
	[ "$status" = 143 ]
}

@test "-F: a queue that is deleted meanwhile: 66, named" {
	mq-pub q x
	mq-replay -F q >out 2>said &
	local pid=$! status=0
	until_true '[ -s out ]'
	mq-ctl delete q
	wait "$pid" || status=$?
	[ "$status" = 66 ]
	run -0 cat said
	assert_output --regexp '^mq-replay: .*q.*deleted'
}

@test "-F: a publisher that is killed between its commits leaves no gap" {
	local i
	mq-ctl create q
	mq-replay -F q >out &
	local pid=$!
	for i in 1 2 3 4 5; do
		seq 100000 | mq-pub q &
		until_true '[ "$(mq-stat -J q | jq .messages)" -gt '"$((i * 2000))"' ]'
		kill -KILL $! 2>/dev/null || :
		wait $! || :
	done
	mq-replay q >all
	until_true '[ "$(wc -l <out)" = "$(wc -l <all)" ]'
	run -0 cmp all out
	kill "$pid"
}

@test "a large body that was changed or lost" {
	head -c 300000 /dev/zero >large
	mq-pub q before
	mq-pub -F q large
	mq-pub q after
	printf X | dd of="$(echo spool/q/blob/*)" bs=1 seek=1000 conv=notrunc status=none
	run -74 --separate-stderr mq-replay q
	assert_output $'before\nafter'
	said 'spool/q/blob/'
	rm spool/q/blob/*
	run -74 --separate-stderr mq-replay q
	[[ $output = before* ]]
	said 'mq-replay: q: message '
	said ': damaged: its body '
}

@test "a truncated log: 74, named" {
	mq-pub q x
	truncate -s 8192 spool/q/log.mdb
	run -74 --separate-stderr mq-replay q
	said 'spool/q/log.mdb: truncated'
}

@test "a spool that may only be read" {
	[ "$(id -u)" = 0 ] || skip "needs root to become another user"
	seq 3 | mq-pub q
	head -c 300000 /dev/zero | tr '\0' L >large
	mq-pub -F q large
	mq-ctl create q/g
	chmod a+x "$BATS_RUN_TMPDIR"
	chmod -R a+rX "$BATS_TEST_TMPDIR"
	run -0 --separate-stderr as_nobody mq-replay -s "$MQ_SPOOL" q
	assert_output "$(seq 3; cat large)"
	run -0 --separate-stderr as_nobody mq-replay -s "$MQ_SPOOL" --last 2 -c 1 q
	assert_output 3
	# What a group has yet to settle is in a file that it takes more to open.
	run -77 --separate-stderr as_nobody mq-replay -s "$MQ_SPOOL" q/g
	said 'q'
	chmod 700 spool/q
	run -77 --separate-stderr as_nobody mq-replay -s "$MQ_SPOOL" q
	said 'spool/q: Permission denied'
}

@test "help and version on stdout, status 0" {
	run -0 --separate-stderr mq-replay --help
	assert_line -n 0 'usage: mq-replay [options] QUEUE[/GROUP]...'
	assert_equal "$stderr" ''
	run -0 mq-replay --version
	assert_output --regexp '^mq-replay \(mq\) '
}

# ------------------------------------------------------------------------- damage

# damage QUEUE FROM TO: changes bytes in a queue's log, as many as there were.
damage() {
	perl -pi -e "s/$2/$3/g" "$MQ_SPOOL/$1/log.mdb"
}

# damaged QUEUE ID: what is said about a message with changed bytes.
damaged() {
	echo "mq-replay: $1: message $2: damaged: bad checksum ($MQ_SPOOL/$1/log.mdb)"
}

@test "damaged messages are named, the others printed; 74 at the end" {
	local one two
	mq-pub q a
	one=$(mq-pub -I q FIRSTBAD)
	mq-pub q b
	two=$(mq-pub -I q OTHERBAD)
	mq-pub q c
	mq-ctl create q/g
	damage q '(FIRST|OTHER)BAD' '$1BAT'
	run -74 --separate-stderr mq-replay q
	assert_output $'a\nb\nc'
	[ "$stderr" = "$(damaged q "$one")"$'\n'"$(damaged q "$two")" ]
	run -74 --separate-stderr mq-replay q/g
	assert_output $'a\nb\nc'
	[ "$stderr" = "$(damaged q "$one")"$'\n'"$(damaged q "$two")" ]
	# One that no bound asks for is no reason to fail.
	run -0 --separate-stderr mq-replay --since "$((two + 1))" q
	[ "$output$stderr" = c ]
	run -0 --separate-stderr mq-replay --until "$((one - 1))" q
	[ "$output$stderr" = a ]
	run -0 --separate-stderr mq-replay --last 1 q
	[ "$output$stderr" = c ]
	run -0 --separate-stderr mq-replay -c 1 q
	[ "$output$stderr" = a ]
	run -74 --separate-stderr mq-replay -c 2 q
	[ "$output/$stderr" = $'a\nb/'"$(damaged q "$one")" ]
	# Whatever the form: what goes on to another queue is what is whole.
	run -74 bash -c 'set -o pipefail; mq-replay -J q 2>/dev/null | mq-pub -J copy'
	[ "$(mq-replay copy)" = $'a\nb\nc' ]
	# All of it may be damaged.
	mq-ctl delete -f copy
	mq-pub copy ALONEBAD
	damage copy ALONEBAD ALONEBAT
	run -74 --separate-stderr mq-replay copy
	[ -z "$output" ]
}

@test "damaged messages of several queues, and a group's last" {
	local one two
	mq-pub q a
	one=$(mq-pub -I r FIRSTBAD)
	mq-pub r b
	two=$(mq-pub -I q OTHERBAD)
	mq-pub q c
	mq-pub r d
	mq-ctl create q/g
	damage q OTHERBAD OTHERBAT
	damage r FIRSTBAD FIRSTBAT
	run -74 --separate-stderr mq-replay q r
	assert_output $'a\nb\nc\nd'
	[ "$(sort <<<"$stderr")" = "$({ damaged q "$two"; damaged r "$one"; } | sort)" ]
	run -74 --separate-stderr mq-replay --last 2 q/g
	[ "$output/$stderr" = $'a\nc/'"$(damaged q "$two")" ]
	# What a group holds is listed by id.
	mq-sub -c 3 -m q/held >/dev/null 2>&1 || true
	run -74 --separate-stderr mq-replay q/held
	[ "$output/$stderr" = $'a\nc/'"$(damaged q "$two")" ]
}

@test "-F: a damaged message does not end it" {
	local id status=0
	mq-pub q a
	id=$(mq-pub -I q FIRSTBAD)
	damage q FIRSTBAD FIRSTBAT
	mq-replay -F -c 3 q >out 2>err &
	until_true '[ -s err ]'
	mq-pub q b c
	wait $! || status=$?
	[ "$status" = 74 ]
	[ "$(cat out)/$(cat err)" = $'a\nb\nc/'"$(damaged q "$id")" ]
}

@test "a file that can't be read on is said once" {
	local pages i
	seq -f '%0.100f' 5000 | mq-pub q
	pages=$(($(stat -c %s "$MQ_SPOOL/q/log.mdb") / 4096))
	# Not the first pages: with these it would not open.
	for ((i = 60; i < pages; i++)); do
		printf '\xff\xff\xff\xff' | dd of="$MQ_SPOOL/q/log.mdb" bs=1 seek=$((i * 4096 + 8)) \
		    conv=notrunc status=none
	done
	run -74 --separate-stderr timeout 20 mq-replay q
	[ "$(wc -l <<<"$stderr")" = 1 ]
}
