#!/usr/bin/env bats
# delays.bats - delayed messages and retries in the levels of a vhost
#
# The program tests lib/amqp by itself; what the tools make of it is in tests/schedule.bats.

load ../lib/common

@test "messages are delayed for a queue or for one group, and nothing stops a level" {
	local line
	run "$MQ_BUILD/unit/test_amqp_delay_topology" "$MQ_SPOOL"
	# What took how long, beside what failed.
	for line in "${lines[@]}"; do
		echo "$line"
	done
	[ "$status" = 0 ]
	[ "${lines[-1]}" = "1..6" ]
}

# box QUEUE: a queue "box" that gets all that is published to QUEUE.
box() {
	nodes api PUT "queues/$vhost/box" '{"durable":true,"arguments":{"x-queue-type":"quorum"}}'
	nodes api POST "bindings/$vhost/e/$1/q/box" '{"routing_key":"#"}'
}

# in_box: takes a message out of the box: JSON, [] if there is none.
in_box() {
	nodes api POST "queues/$vhost/box/get" \
	    '{"count":1,"ackmode":"ack_requeue_false","encoding":"auto"}'
}

@test "a delayed message is published when it is due, with its key and headers" {
	local begun due
	mq-pub q first
	box q
	begun=$(date +%s%N)
	id=$(mq-pub -I -d 2s -k a.b -H color=red q later)
	until_true 'in_box >got && jq -e ".[0]" got >/dev/null'
	due=$(date +%s%N)
	((due - begun >= 2000000000))
	jq -e --arg id "$id" '.[0] | .payload == "later" and .routing_key == "a.b" and
	    .properties.headers.color == "red" and .properties.headers["mq-id"] == $id' got
}

@test "delays that somebody deleted in part are made anew" {
	mq-pub q first
	box q
	mq-pub -d 1s q a
	until_true 'in_box >got && jq -e ".[0]" got >/dev/null'
	nodes api DELETE "exchanges/$vhost/mq.delay.0"
	mq-pub -d 1s q b
	until_true '[ "$(in_box | jq -r ".[0].payload // empty")" = b ]'

	# The exchange takes the message, and has no queue for it: nothing is lost without a word.
	nodes api DELETE "queues/$vhost/mq.delay.0"
	run -78 --separate-stderr mq-pub -d 1s q c
	[[ $stderr = *"q: a delayed message can't wait: mq.delay.0 takes none"* ]]
	nodes api DELETE "exchanges/$vhost/mq.delay"
	mq-pub -d 1s q d
	until_true '[ "$(in_box | jq -r ".[0].payload // empty")" = d ]'
}

# levels: how many quorum queues of levels there are.
levels() {
	nodes api GET "queues/$vhost" | jq '[.[] | select(.name | test("^mq[.]delay[.][0-9]+$"))] | length'
}

@test "levels for more than an hour are made when a message first needs them" {
	mq-pub -d 4000s q a
	[ "$(levels)" = 12 ]
	mq-pub -d 4100s q b
	[ "$(levels)" = 28 ]
	mq-pub -d 2h q c
	[ "$(levels)" = 28 ]
	nodes api DELETE "queues/$vhost/mq.delay.12"
	run -78 --separate-stderr mq-pub -d 4100s q d
	[[ $stderr = *"mq.delay.12 takes none"*"delete the exchange mq.delay.long,"* ]]
	nodes api DELETE "exchanges/$vhost/mq.delay.long"
	mq-pub -d 4100s q d
	[ "$(levels)" = 28 ]
}

@test "a retry after more than an hour makes the levels that it needs" {
	mq-ctl create q/g
	mq-pub q a
	receipt=$(mq-sub -m -c 1 q/g | cut -f 1)
	mq-ack --retry -d 1s "$receipt"
	[ "$(levels)" = 12 ]
	mq-ctl set q/g backoff=1s..3h
	mq-pub q b
	mq-sub -c 1 q/g -- false || :
	[ "$(levels)" = 28 ]
}

@test "who may not make the delays is told what is missing" {
	local address
	mq-pub q first
	nodes user limited word "$vhost" '^q' '.*' '.*'
	address=${MQ_SPOOL/:\/\//:\/\/limited:word@}
	MQ_SPOOL=$address mq-pub q second
	run -77 --separate-stderr env MQ_SPOOL="$address" mq-pub -d 1s q third
	[[ $stderr = *"mq.delay"*"limited"* ]]
	[[ $stderr != *word* ]]
}
