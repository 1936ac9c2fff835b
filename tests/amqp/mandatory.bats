#!/usr/bin/env bats
# mandatory.bats - mq-pub --mandatory where a queue has no stream (retain=0)

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
