#!/usr/bin/env bats
# dead-letters.bats - mq-ctl redrive on RabbitMQ: what a kill leaves, and many letters
#
# What else it does is in tests/redrive.bats.

load ../lib/common

bury() {
	mq-sub -e q/g -- sh -c 'exit 100'
}

# letters COUNT: as many messages die; each hundredth for another reason.
letters() {
	mq-ctl create q/g
	seq "$1" | mq-pub q
	mq-sub -m -e -f '%r %s\n' q/g >receipts
	awk '$2 % 100 == 0 { print $1 }' receipts | mq-ack --reject=other
	awk '$2 % 100 != 0 { print $1 }' receipts | mq-ack --reject=why
}

@test "killed at any moment: each message comes, and the others stay" {
	letters 900
	for _ in $(seq 12); do
		timeout -s KILL "0.$((RANDOM % 30 + 10))" \
		    mq-ctl redrive --reason 'wh?' -c 100 q.dead >/dev/null || :
	done
	until_true 'mq-ctl redrive -q --reason "wh?" q.dead; [ "$(depth q.dead/redrive)" = 9 ]'
	mq-sub -e q/g | sort -nu | cmp - <(seq 900 | awk '$1 % 100')
	mq-ctl redrive -q q.dead
	mq-sub -e q/g | sort -nu | cmp - <(seq 100 100 900)
}

@test "a letter with a large body, and one of a message that another client published" {
	head -c 3000000 /dev/urandom >body
	mq-ctl create q/g
	mq-pub -F q body
	bury
	run -0 mq-ctl redrive q.dead
	[ "$output" = 'q.dead: 1 letter redriven, 0 left' ]
	mq-sub -e q/g -- cat >got
	cmp body got
	nodes api POST "exchanges/$vhost/q/publish" \
	    '{"properties":{"correlation_id":"c1"},"routing_key":"k","payload":"hello","payload_encoding":"string"}' >/dev/null
	bury
	mq-ctl redrive -q q.dead
	run -0 mq-sub -J -e q/g
	[ "$(jq -c '[.key, .headers["mq-correlation-id"], .body]' <<<"$output")" = '["k","c1","hello"]' ]
}

@test "letters that do not match are passed over, however many, in their order" {
	mq-ctl create q/g
	seq 3000 | mq-pub q
	mq-sub -m -e q/g | mq-ack --reject=why
	mq-pub q last
	mq-sub -m -e q/g | mq-ack --reject=other
	run -0 mq-ctl redrive --reason other q.dead
	[ "$output" = 'q.dead: 1 letter redriven, 3000 left' ]
	run -0 mq-sub -e q/g
	[ "$output" = last ]
	until_true '[ "$(depth q.dead/redrive)" = 3000 ]'
	mq-sub -e q.dead/redrive | cmp - <(seq 3000)
}
