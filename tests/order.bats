#!/usr/bin/env bats
# order.bats - ordered groups: one message of a key at a time, in order

load lib/common
load lib/expect

# publish KEY:BODY...
publish() {
	printf '%s\n' "$@" | mq-pub -K : q
}

# hand COUNT: takes what it can and leaves it unsettled, printing RECEIPT BODY lines.
hand() {
	mq-sub -m -c "$1" -W 0 -f '%r %s\n' q/g
}

# ordered QUEUE/GROUP [SETTING...]: makes an ordered group, as every engine can.
ordered() {
	mq-sub -W 0 --ordered "$1" >/dev/null || [ $? = 1 ]
	[ $# = 1 ] || mq-ctl set "$@"
}

@test "one of a key is out; the next goes when it is settled, also by another process" {
	ordered q/g
	publish a:a1 a:a2 b:b1 a:a3 b:b2
	hand 2 >first
	run -0 sed 's/.* //' first
	assert_output $'a1\nb1'
	has depth q/g 5
	sound q
	# Neither is out of the way until it is settled.
	run -1 hand 10
	grep a1 first | mq-ack
	sound q
	run -0 sh -c 'mq-sub -m -c 1 -e -f "%r %s\n" q/g | sed "s/.* //"'
	assert_output a2
	sound q
}

@test "--ordered: all of it, in order of each key, to a pipe and to a file" {
	local i k
	for i in 1 2 3 4 5; do
		for k in a b c; do
			echo "$k:$k$i"
		done
	done | mq-pub -K : q
	mq-sub -e --ordered q/g | cat >out
	[ "$(wc -l <out)" = 15 ]
	for k in a b c; do
		assert_equal "$(grep $k out | tr -d '\n')" "${k}1${k}2${k}3${k}4${k}5"
	done
	mq-sub -e --ordered q/file >out2
	[ "$(wc -l <out2)" = 15 ]
	assert_equal "$(grep b out2 | tr -d '\n')" b1b2b3b4b5
	[ "$(mq-ctl show q/g | grep ordered)" = ordered=on ]
	sound q
}

@test "messages without a key have no order among them" {
	ordered q/g
	mq-pub q 1 2 3
	run -0 sh -c 'mq-sub -m -c 3 -e -f "%r %s\n" q/g | sed "s/.* //"'
	assert_output $'1\n2\n3'
}

@test "a retry keeps its key: what is behind it waits" {
	ordered q/g
	publish a:a1 a:a2 b:b1
	hand 1 | mq-ack --retry -d 1h
	sound q
	run -0 mq-sub -e q/g
	assert_output b1
	[ "$(depth q/g)" = 2 ]
	run -0 env MQ_NOW=+2h mq-sub -e q/g
	assert_output $'a1\na2'
	sound q
}

@test "a release comes back before what is behind it" {
	ordered q/g
	publish a:a1 a:a2
	hand 1 | mq-ack --release
	run -0 mq-sub -e q/g
	assert_output $'a1\na2'
}

@test "a reject, a last attempt: the next goes" {
	ordered q/g max-attempts=1
	publish a:a1 a:a2 a:a3
	hand 1 | mq-ack --reject
	hand 1 | mq-ack --retry
	run -0 mq-sub -e q/g
	assert_output a3
	run -0 mq-replay q.dead
	assert_output $'a1\na2'
	sound q
}

@test "what is out of an ordered group and expires lets the next go" {
	ordered q/g
	mq-pub -k a --ttl 1h q a1
	publish a:a2
	hand 1 | mq-ack --retry -d 2h
	run -0 env MQ_NOW=+3h mq-sub -e q/g
	assert_output a2
	[ "$(field expired q/g)" = 1 ]
	sound q
}

@test "what is parked and expires lets the next go, also to the dead letters" {
	ordered q/g
	mq-ctl set q dead-letter=gone
	publish a:a1
	mq-pub -k a --ttl 1h q a2
	publish a:a3
	hand 1 >first
	MQ_NOW=+2h mq-ack <first
	run -0 env MQ_NOW=+2h mq-sub -e q/g
	assert_output a3
	[ "$(mq-replay gone)" = a2 ]
	sound q
}

@test "what was removed from the queue lets the next go" {
	ordered q/g
	publish a:a1 a:a2
	hand 1 | mq-ack --retry -d 0
	mq-ctl purge q
	publish a:a3
	run -0 mq-sub -e q/g
	assert_output a3
	sound q
}

@test "a delayed message has no place until it is due, then that of its id" {
	ordered q/g
	mq-pub -k a -d 1h q late
	publish a:a1 a:a2 a:a3
	hand 1 >first
	run -0 sed 's/.* //' first
	assert_output a1
	export MQ_NOW=+2h
	run -1 hand 1
	sound q
	mq-ack <first
	run -0 mq-sub -e q/g
	assert_output $'late\na2\na3'
	sound q
}

@test "a consumer that died: its message comes back first" {
	ordered q/g
	publish a:a1 a:a2 b:b1
	# shellcheck disable=SC2016 # for the command
	run -137 mq-sub q/g -- sh -c 'kill -KILL "$PPID"'
	# A broker has it back at once.
	[ -n "${MQ_CLUSTER-}" ] || [ "$(field leased q/g)" = 2 ]
	sound q
	run -0 mq-sub -W 30s -c 3 q/g
	# When b1 comes from a broker, a1 may be settled already.
	[ -n "${MQ_CLUSTER-}" ] || assert_output $'a1\nb1\na2'
	[ "$(grep a <<<"$output")" = $'a1\na2' ]
	[ "$(sort <<<"$output")" = $'a1\na2\nb1' ]
	sound q
}

@test "commands in parallel: of a key never two at once, and in order" {
	local i k
	for i in 1 2 3 4 5 6; do
		for k in a b c d; do
			echo "$k:$i"
		done
	done | mq-pub -K : q
	mkdir running
	# shellcheck disable=SC2016 # for the command
	mq-sub -e -P 4 --ordered q/g -- sh -c '
		mkdir "running/$MQ_KEY" || echo "two of $MQ_KEY" >>wrong
		read -r n; echo "$n" >>"out.$MQ_KEY"
		rmdir "running/$MQ_KEY"' &
	mq-sub -W 1s -P 2 --ordered q/g -- sh -c '
		mkdir "running/$MQ_KEY" || echo "two of $MQ_KEY" >>wrong
		read -r n; echo "$n" >>"out.$MQ_KEY"
		rmdir "running/$MQ_KEY"' || [ $? = 1 ]
	wait
	[ ! -e wrong ]
	for k in a b c d; do
		assert_equal "$(tr -d '\n' <out.$k)" 123456
	done
	has depth q/g 0
	sound q
}

@test "a key with many that wait does not hold others up" {
	ordered q/g
	seq -f 'a:%g' 5000 | mq-pub -K : q
	seq -f 'b%g:x' 10 | mq-pub -K : q
	hand 11 >out
	[ "$(wc -l <out)" = 11 ]
	[ "$(grep -c x out)" = 10 ]
	has depth q/g 5010
	sound q
}

@test "purge: what is out and what is parked goes" {
	ordered q/g
	seq -f 'a:%g' 100 | mq-pub -K : q
	hand 1 >/dev/null
	run -0 --separate-stderr mq-ctl -v purge q/g
	[ "$stderr" = 'mq-ctl purge: q/g: purged 100 messages' ]
	sound q
	publish a:again
	run -0 mq-sub -e q/g
	assert_output again
}

@test "priority decides between keys, and not within one" {
	ordered q/g
	mq-pub -k a q a1
	mq-pub -k b q b1
	mq-pub -k a -p 9 q a2
	mq-pub -k c -p 5 q c1
	mq-pub -p 7 q none
	run -0 sh -c 'mq-sub -m -c 4 -e -f "%r %s\n" q/g | sed "s/.* //"'
	assert_output $'none\nc1\na1\nb1'
	sound q
	mq-ctl purge q/g
	mq-pub -k a -p 1 q a3
	mq-pub -k a -p 9 q a4
	run -0 mq-sub -e q/g
	assert_output $'a3\na4'
	sound q
}

@test "an ordered group and another see the same queue" {
	publish a:a1 a:a2
	mq-pub -k a -p 3 q a3
	run -0 mq-sub -e --ordered q/o
	assert_output $'a1\na2\na3'
	run -0 mq-sub -e q/plain
	assert_output $'a3\na1\na2'
}

@test "ordered on and off while nothing is out: nothing is lost, nothing twice" {
	publish a:1 a:2
	mq-pub -p 9 q 3 4
	run -0 mq-sub -c 1 q/g
	assert_output 3
	mq-ctl set q/g ordered=on
	run -0 mq-sub -e q/g
	assert_output $'4\n1\n2'
	publish b:6
	mq-ctl set q/g ordered=off
	mq-pub -p 9 q 5
	run -0 mq-sub -e q/g
	assert_output $'5\n6'
	[ "$(depth q/g)" = 0 ]
	sound q
}

@test "rewind: the order begins again" {
	publish a:a1 a:a2
	mq-sub -e --ordered q/g >/dev/null
	publish a:a3 a:a4
	hand 1 >/dev/null
	mq-replay --rewind q/g --to oldest
	sound q
	run -0 mq-sub -e q/g
	assert_output $'a1\na2\na3\na4'
}

@test "ordered: what can't be" {
	publish a:a1 a:a2
	hand 1 >first
	fails 75 "mq-ctl set: q/g: ordered can't change while messages are being delivered or held (1)" \
	    mq-ctl set q/g ordered=on
	fails 78 "mq-sub: q/g: exists with another value of ordered; to change that: mq-ctl -s $MQ_SPOOL set q/g 'ordered=on'" \
	    mq-sub -e --ordered q/g
	mq-ctl set q/g max-attempts=7 ordered=off
	mq-ack <first
	mq-ctl set q/g ordered=on
	mq-sub -c 1 --ordered --ordered q/g >/dev/null
	fails 78 'mq-ctl set: q/g: ordered=1: is neither on nor off' mq-ctl set q/g ordered=1
}
