#!/usr/bin/env bats
# mandatory.bats - what is published and no queue takes, with mq-pub --mandatory and without

load ../lib/common
load ../lib/expect

@test "--mandatory: a message that some group gets, and one that none gets" {
	mq-ctl create q
	mq-ctl set q retain=0
	fails 66 "mq-pub: q: no group would get a message without a key" mq-pub --mandatory q 1
	mq-ctl create -k a q/g
	mq-pub --mandatory -k a q 2
	fails 66 "mq-pub: q: no group would get a message with key 'b'" mq-pub --mandatory -k b q 3
	fails 66 "mq-pub: q: no group would get a message with key 'c'" \
	    mq-pub --mandatory -K : q < <(printf '%s\n' c:1 b:2)
	mq-pub -k b q 4
	mq-pub --mandatory -k a q 5
	run -0 mq-sub -e q/g
	[ "$output" = $'2\n5' ]
}

@test "--mandatory: headers decide, too; a temporary group counts while it is there" {
	mq-ctl create q
	mq-ctl set q retain=0
	mq-ctl create -H x=1 q/g
	mq-pub --mandatory -H x=1 q 1
	run -66 mq-pub --mandatory -H x=2 q 2
	mq-sub --temp q >out 3>&- &
	until_true '[ "$(mq-ctl list q | grep -c temp-)" = 1 ]'
	mq-pub --mandatory -H x=2 q 3
	until_true '[ "$(cat out)" = 3 ]'
	kill -TERM $!
	wait $!
	run -66 mq-pub --mandatory -H x=2 q 4
	run -0 mq-sub -e q/g
	[ "$output" = 1 ]
}

@test "--mandatory makes no queue, which would retain what is published" {
	run -66 mq-pub --mandatory new a
	[ -z "$(mq-ctl list)" ]
	run nodes api GET "exchanges/$vhost/new"
	[ "$status" != 0 ]
}

@test "-I: no id of a message behind one that is not stored, so that each line's place says whose it is" {
	mq-ctl create q
	mq-ctl set q retain=0
	mq-ctl create -k a q/g
	printf '%s\n' a:1 b:2 a:3 >lines
	run -66 --separate-stderr mq-pub -I --mandatory -K : q <lines
	[ "${#lines[@]}" = 1 ]
	run -0 mq-sub -e -f '%o %s\n' q/g
	[ "${#lines[@]}" = 2 ]
	[[ ${lines[0]} == *' 1' && ${lines[1]} == *' 3' ]]
}

@test "--receipts: none of a message that is not stored, nor of those behind it" {
	mq-ctl create q
	mq-ctl set q retain=0
	mq-ctl create -k a q/g
	mq-ctl create src/g
	printf '%s\n' a:1 b:2 a:3 | mq-pub -K : src
	mq-sub -m -e -J src/g >taken
	run -66 --separate-stderr mq-pub --mandatory -J --receipts q <taken
	[ "$output" = "$(head -n 1 taken | jq -r .receipt)" ]
	run -0 mq-sub -e q/g
	[ "$output" = $'1\n3' ]
}

@test "what no queue takes is never confirmed, but where it is to be dropped (retain=0)" {
	mq-ctl create q
	nodes api DELETE "queues/$vhost/q.log"
	run -66 --separate-stderr timeout 60 mq-pub q a
	[[ $stderr = *"q: no queue takes what is published to it: it has no stream, and no group gets it"* ]]
	mq-ctl create r/g
	nodes api DELETE "queues/$vhost/r.log"
	mq-pub r a	# a group takes it
	[ "$(mq-sub -e r/g)" = a ]
	mq-ctl create p
	mq-ctl set p retain=0
	mq-pub p a
	nodes api PUT "exchanges/$vhost/theirs" '{"type":"topic","durable":true}'
	run -66 --separate-stderr timeout 60 mq-pub theirs a
}

@test "a stream that is deleted while mq-pub publishes: it ends, and tells no id of what is nowhere" {
	local status=0
	mkfifo in
	mq-pub -I q <in >ids 2>said 3>&- &
	exec 7>in
	seq 3 >&7
	until_true '[ "$(wc -l <ids)" = 3 ]'
	nodes api DELETE "queues/$vhost/q.log"
	seq 4 6 >&7
	exec 7>&-
	wait $! || status=$?
	[ "$status" = 66 ]
	[ "$(wc -l <ids)" = 3 ]
	grep "no queue takes" said
}

@test "names that begin with mq. or amq. are no queues: 64, and nothing is made or deleted" {
	local name
	mq-pub --delay 1s q x
	nodes api GET "exchanges/$vhost" | jq -r '.[].name' | sort >before
	for name in mq.x mq.delay mq.delay.out mq.settings amq.topic; do
		run -64 --separate-stderr mq-pub "$name" x
		[[ $stderr = *"names that begin with mq. are this engine's own"* ]]
		run -64 mq-ctl create "$name"
		run -64 mq-ctl delete "$name"
		run -64 mq-sub -e "$name"
		run -64 mq-replay "$name"
	done
	nodes api GET "exchanges/$vhost" | jq -r '.[].name' | sort | cmp before -
	until_true '[ "$(mq-replay q)" = x ]'
}
