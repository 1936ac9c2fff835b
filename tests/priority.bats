#!/usr/bin/env bats
# priority.bats - the urgent goes first, and nobody waits for ever

load lib/common
load lib/expect

# given [OPTION...] GROUP: what a group is given, in a line.
given() {
	mq-sub -e "$@" | tr '\n' ' '
}

@test "-p: the most urgent first, in order within each" {
	mq-pub q a0
	mq-pub -p 5 q b5 c5
	mq-pub --priority 9 q d9
	mq-pub -p 0 q e0
	mq-pub -p 5 q f5
	mq-pub -p 1 q g1
	[ "$(depth q/g || :)" = '' ]
	run -0 given q/g
	assert_output 'd9 b5 c5 f5 g1 a0 e0 '
	has depth q/g 0
	sound q
	run -0 sh -c 'mq-replay -J q | jq -r ".priority // 0" | tr -d "\n"'
	assert_output 0559051
}

@test "-p: also where one is taken at a time, in all ways of taking" {
	local i p
	for i in 1 2 3 4 5 6 7 8 9 10; do
		for p in 0 3 9; do
			mq-pub -p "$p" q "$p$i"
		done
	done
	mq-sub -c 3 q/g >out
	mq-sub -c 12 --prefetch 2 q/g >>out
	sound q
	has depth q/g 15
	mq-sub -c 5 q/g -- sh -c 'cat; echo' >>out
	mq-sub -m -c 5 --prefetch 5 -f '%r\n' q/g >receipts
	mq-replay q/g | wc -l >left
	[ "$(<left)" = 10 ]
	mq-ack <receipts
	has depth q/g 5
	sound q
	mq-sub -e q/g >>out
	paste -s -d ' ' out >line
	run -0 cat line
	assert_output '91 92 93 94 95 96 97 98 99 910 31 32 33 34 35 36 37 38 39 310 06 07 08 09 010'
	sound q
}

@test "an urgent message overtakes what others are before" {
	seq 100 | mq-pub q
	mq-sub -c 10 q/g >/dev/null
	mq-pub -p 9 q urgent
	has depth q/g 91
	run -0 mq-sub -c 2 q/g
	assert_output $'urgent\n11'
	has depth q/g 89
	sound q
	mq-pub -p 9 q again
	run -0 mq-sub -c 1 q/g
	assert_output again
	# What the cursor comes to, it passes.
	mq-sub -e q/g >rest
	[ "$(wc -l <rest)" = 89 ]
	has acked q/g 102
	has depth q/g 0
	sound q
}

@test "a waiting consumer is woken by an urgent message, too" {
	mq-sub -c 1 q/g >out &
	until_true '[ "$(field consumers q/g 2>/dev/null)" = 1 ]'
	mq-pub -p 7 q x
	wait $!
	[ "$(<out)" = x ]
}

@test "a retry keeps its priority, and goes before what is new of the same" {
	mq-pub -p 5 q a
	mq-sub -m -c 1 -f '%r\n' q/g | mq-ack --retry -d 0
	mq-pub q zero
	mq-pub -p 5 q b
	mq-pub -p 6 q c
	run -0 given -f '%s%p%a\n' q/g
	assert_output 'c61 a52 b51 zero01 '
	sound q
}

@test "an old retry does not starve behind new messages of its priority" {
	mq-pub q old
	mq-sub -m -c 1 -f '%r\n' q/g | mq-ack --retry -d 0
	mq-pub q new
	run -0 mq-sub -c 1 q/g
	assert_output old
}

@test "a release keeps its priority" {
	mq-pub q low
	mq-pub -p 4 q high
	mq-sub -m -c 2 -f '%r\n' q/g | mq-ack --release
	run -0 given q/g
	assert_output 'high low '
}

@test "a delayed message goes by its priority when it is due" {
	mq-pub -d 1h -p 3 q late3
	mq-pub -d 1h q late0
	mq-pub q now0
	[ "$(given q/other)" = 'now0 ' ]
	export MQ_NOW=+2h
	mq-pub -p 2 q now2
	run -0 given q/g
	assert_output 'late3 now2 late0 now0 '
	sound q
}

@test "what consumers that died had comes back in its order" {
	mq-ctl create q/g
	mq-ctl set q/g lease=1ms
	mq-pub q a0
	mq-pub -p 8 q b8
	mq-sub -m --prefetch 5 q/g >/dev/null &
	until_true '[ "$(field leased q/g)" = 2 ]'
	sound q
	kill -KILL $!
	wait $! || :
	run -0 timeout 60 mq-sub -c 2 q/g
	assert_output $'b8\na0'
}

@test "groups: each has its own cursors; one that is new begins where it should" {
	mq-pub q a0
	mq-pub -p 9 q b9
	first=$(mq-pub -I q c0)
	mq-pub -p 9 q d9
	run -0 given q/old
	assert_output 'b9 d9 a0 c0 '
	run -0 given --from "$first" q/middle
	assert_output 'd9 c0 '
	run -0 given --from newest q/newest
	assert_output ''
	mq-pub -p 1 q e1
	run -0 given q/newest
	assert_output 'e1 '
	run -0 given q/old
	assert_output 'e1 '
	sound q
}

@test "a rewound group begins again with the urgent" {
	mq-pub q a0
	mq-pub -p 9 q b9
	[ "$(given q/g)" = 'b9 a0 ' ]
	mq-replay --rewind q/g --to oldest
	run -0 given q/g
	assert_output 'b9 a0 '
	sound q
}

@test "purge: all priorities; what is published then is delivered" {
	mq-pub q a b
	mq-pub -p 9 q c d
	mq-sub -c 1 q/g >/dev/null
	run -0 --separate-stderr mq-ctl -v purge q/g
	[[ $stderr == *'purged 3 messages' ]]
	has depth q/g 0
	sound q
	mq-pub -p 9 q e
	run -0 given q/g
	assert_output 'e '
}

@test "purge of the queue while the urgent are ahead" {
	mq-pub q a b
	mq-pub -p 9 q c d
	mq-sub -c 1 q/g >/dev/null
	mq-ctl purge q
	mq-pub q e
	mq-pub -p 3 q f
	run -0 given q/g
	assert_output 'f e '
	has depth q/g 0
	sound q
}

@test "trimmed messages that were taken ahead are no loss" {
	mq-pub q a
	mq-pub -p 9 q b
	mq-sub -c 1 q/g >/dev/null
	MQ_NOW=+30d mq-ctl trim q
	has depth q/g 1
	run -0 given q/g
	assert_output 'a '
	MQ_NOW=+30d mq-ctl trim q
	has messages q 0
	sound q
}

@test "what a group has yet to settle, seen by mq-replay" {
	mq-pub q a0 b0
	mq-pub -p 9 q c9 d9
	mq-sub -c 1 q/g >/dev/null
	run -0 sh -c 'mq-replay q/g | sort | tr "\n" " "'
	assert_output 'a0 b0 d9 '
}

@test "the dead letter of an urgent message is as urgent" {
	mq-pub -p 6 q x
	mq-sub -m -c 1 -f '%r\n' q/g | mq-ack --reject
	run -0 given -f '%s %p\n' q.dead
	assert_output 'x 6 '
}

@test "-p with -J: fills what an envelope lacks" {
	printf '%s\n' '{"body":"a","priority":2}' '{"body":"b"}' | mq-pub -J -p 7 q
	run -0 given -f '%s%p\n' q
	assert_output 'b7 a2 '
}

@test "many of all priorities, several consumers, none lost, none twice" {
	local p
	for p in 3 0 9 1 0 5; do
		seq -f "$p %g" 2000 | mq-pub -p "$p" q
	done
	mq-sub -e --prefetch 100 q/g >one &
	mq-sub -e --prefetch 10 q/g >two &
	mq-sub -e q/g >three
	wait
	[ "$(cat one two three | sort -u | wc -l)" = 10000 ]
	[ "$(cat one two three | wc -l)" = 12000 ]
	has depth q/g 0
	has acked q/g 12000
	sound q
}

@test "-p: malformed" {
	fails 64 "mq-pub: -p: '10': too large (at most 9)" mq-pub -p 10 q x
	fails 64 "mq-pub: -p: '-1': too small (at least 0)" mq-pub -p -1 q x
	fails 64 "mq-pub: -p: 'high': not a number" mq-pub -p high q x
	untouched
}
