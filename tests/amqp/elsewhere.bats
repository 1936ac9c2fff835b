#!/usr/bin/env bats
# elsewhere.bats - what other clients of RabbitMQ see of what mq-pub publishes
#
# Runs on a cluster, by tests/amqp/run.  What mq replays of theirs is in replay.bats.

load ../lib/common
load ../lib/expect

# taken COUNT: the next messages of q/g, a line of JSON each, as the management API has them.
taken() {
	nodes api POST "queues/$vhost/q%2Fg/get" \
	    "{\"count\":$1,\"ackmode\":\"ack_requeue_false\",\"encoding\":\"auto\"}" | jq -c '.[]'
}
# property NAME: of all taken messages in ./taken, a line each.
property() {
	jq -r ".properties.$1" taken
}

@test "content type, persistence, and the body as it is" {
	mq-ctl create q/g
	mq-pub q '{"a":1}' '[1]' text
	printf '\0\1\377' | mq-pub -1 q
	printf '' | mq-pub -1 q
	taken 5 >taken
	[ "$(property content_type)" = "application/json
application/json
text/plain; charset=utf-8
application/octet-stream
application/octet-stream" ]
	[ "$(property delivery_mode | sort -u)" = 2 ]
	[ "$(jq -r .payload taken | head -n 3)" = $'{"a":1}\n[1]\ntext' ]
	[ "$(jq -r .payload taken | sed -n 4p | base64 -d | od -An -tu1)" = "   0   1 255" ]
}

@test "id, time, key, headers and priority" {
	local id before
	mq-ctl create q/g
	before=$EPOCHSECONDS
	id=$(mq-pub -I -k the.key -H a=b -H n=1 -H a=c q x)
	echo '{"body":"y","message_id":"own","priority":3}' | mq-pub -J q
	taken 2 >taken
	[ "$(property message_id)" = "$id"$'\nown' ]
	[ "$(property headers'["mq-id"]' | head -n 1)" = "$id" ]
	[ "$(property timestamp | head -n 1)" -ge "$before" ]
	[ "$(property timestamp | head -n 1)" -le "$EPOCHSECONDS" ]
	[ "${id%-*}" -ge "${before}000000000" ]
	[ "$(jq -c .routing_key taken)" = $'"the.key"\n""' ]
	[ "$(head -n 1 taken | jq -cS '.properties.headers | del(."mq-id", ."x-delivery-count")')" = \
	    '{"a":"b","mq-more-a":"[\"c\"]","n":"1"}' ]
	[ "$(property priority)" = $'null\n3' ]
}

@test "an expiry is the property expiration, too, but where the message is delayed" {
	local left
	mq-pub --delay 1s warm x	# makes the delays, which takes a while
	mq-ctl create q/g
	mq-pub --ttl 1h q x
	mq-pub --ttl 60d q y
	mq-pub --delay 2s --ttl 1h q z
	until_true '[ "$(mq-replay q | wc -l)" = 3 ]'
	taken 3 >taken
	left=$(property expiration | head -n 1)
	[ "$left" -le 3600000 ]
	[ "$left" -gt 3500000 ]
	[ "$(property expiration | tail -n +2)" = $'null\nnull' ]
	[ "$(property 'headers["mq-expires"]' | grep -c '^[0-9]')" = 3 ]
}

@test "what was delayed and has expired since is not delivered" {
	mq-pub --delay 1s warm x
	mq-ctl create q/g
	mq-pub --delay 2s --ttl 1ms q x
	mq-pub --delay 2s --ttl 1h q y
	until_true '[ "$(mq-replay q | wc -l)" = 2 ]'
	[ "$(mq-sub -e q/g)" = y ]
}

@test "what another client publishes is delivered: without an id, as a first attempt" {
	mq-ctl create -k 'a.*' q/g
	nodes api POST "exchanges/$vhost/q/publish" \
	    '{"properties":{},"routing_key":"a.b","payload":"AAEK","payload_encoding":"base64"}' | grep -q '"routed":true'
	nodes api POST "exchanges/$vhost/q/publish" \
	    '{"properties":{"headers":{"n":5,"yes":true}},"routing_key":"a.c","payload":"x","payload_encoding":"string"}'
	# shellcheck disable=SC2016 # for the command
	mq-sub -c 1 q/g -- sh -c 'cat >body; echo "${MQ_ID-none} $MQ_ATTEMPT $MQ_KEY" >seen'
	[ "$(od -An -tx1 <body | tr -d ' ')" = 00010a ]
	[ "$(cat seen)" = "none 1 a.b" ] || [ "$(cat seen)" = " 1 a.b" ]
	mq-sub -J -c 1 q/g >envelope
	[ "$(jq -c '[.id, .attempt, .key, .body, .headers.n, .headers.yes]' envelope)" = '["",1,"a.c","x","5","true"]' ]
}
