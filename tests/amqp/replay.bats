#!/usr/bin/env bats
# replay.bats - mq-replay on a RabbitMQ cluster: what is different from files
#
# What is alike is in tests/mq-replay.bats, keys.bats and rewind.bats.

load ../lib/common
load ../lib/expect

# foreign EXCHANGE KEY BODY [PROPERTIES]: published by a client that knows nothing of mq.
foreign() {
	nodes api POST "exchanges/$vhost/$1/publish" "$(jq -n --arg key "$2" --arg body "$3" \
	    --argjson properties "${4-"{}"}" '{routing_key: $key, payload: $body,
	    payload_encoding: "string", properties: $properties}')" >/dev/null
}

# logged: how many messages the log of q has, signs included.
logged() {
	nodes api GET "queues/$vhost/q.log" | jq '.messages // 0'
}

# break_connections: ends all connections of this test's vhost.
break_connections() {
	local name
	nodes api GET "vhosts/$vhost/connections" | jq -r '.[].name | @uri' | while read -r name; do
		nodes api DELETE "connections/$name"
	done
}

# connected: there is a connection.
connected() {
	[ "$(nodes api GET "vhosts/$vhost/connections" | jq length)" -gt 0 ]
}

@test "other clients' messages: the offset is the id; key, headers and time as they are" {
	mq-pub q 0
	foreign q eu.fr 1 '{"headers": {"n": 5, "deep": {"a": 1}}, "timestamp": 1767323045, "type": "order"}'
	foreign q '' 2
	mq-pub q 3
	run -0 mq-replay q
	assert_output "$(seq 0 3)"
	run -0 jq -c '[.id, .key, .headers.n, .headers["mq-type"], .time]' <<<"$(mq-replay -J --key eu.fr q)"
	assert_output '["1","eu.fr","5","order","2026-01-02T03:04:05.000000000Z"]'
	run -0 mq-replay -f '%o %s\n' --since 1 --until 2 q
	assert_output $'1 1\n2 2'
	run -0 mq-replay --since 2 q
	assert_output $'2\n3'
	run -0 mq-replay -F --since 2 -c 2 q
	assert_output $'2\n3'
	# One without a time is as old as the one before it.
	run -0 mq-replay --until @1767323046 q
	assert_output $'1\n2'
	run -0 mq-replay --pace 1000000 -c 4 q
	assert_output "$(seq 0 3)"
	run -1 mq-replay --since 1000 q
	mq-ctl create q/g
	mq-replay --rewind --to 2 q/g
	run -0 mq-sub -e q/g
	assert_output $'2\n3'
	mq-ctl create --from 1 q/h
	run -0 mq-sub -e q/h
	assert_output "$(seq 3)"
}

@test "a header without a name, by another client: replayed, and a group that is filled gets it" {
	mq-pub q 1
	nodes api POST "exchanges/$vhost/q/publish" '{"properties":{"headers":{"":"none","x":"y"}},
	    "routing_key":"","payload":"2","payload_encoding":"string"}' >/dev/null
	mq-pub q 3
	[ "$(mq-replay q)" = "$(seq 3)" ]
	mq-ctl create q/g
	[ "$(mq-sub -e q/g)" = "$(seq 3)" ]
}

@test "headers with several values come back by consuming and replay alike" {
	mq-pub -H a=1 -H b=2 -H a='"é' -H x-a=3 -H a= -H x-a=4 -H mq-more-a=5 q m
	for how in 'mq-replay -J q' 'mq-sub -J -e q/filled' 'mq-sub -J -e q/bound'; do
		[ "$how" != 'mq-sub -J -e q/bound' ] ||
		    mq-pub -H a=1 -H b=2 -H a='"é' -H x-a=3 -H a= -H x-a=4 -H mq-more-a=5 q m
		run -0 jq -cS .headers <<<"$($how)"
		assert_output '{"a":["1","\"é",""],"b":"2","mq-more-a":"5","x-a":["3","4"]}'
		[ "$how" != 'mq-replay -J q' ] || mq-ctl create --from newest q/bound
	done
	# A client that knows nothing of mq reads one value under the name.
	nodes api PUT "queues/$vhost/box" '{"durable": true}'
	nodes api POST "bindings/$vhost/e/q/q/box" '{"routing_key": "#"}'
	mq-pub -H a=1 -H a=2 q m
	[ "$(nodes api POST "queues/$vhost/box/get" '{"count": 1, "ackmode": "ack_requeue_false",
	    "encoding": "auto"}' | jq -c '.[0].properties.headers | [.a, .["mq-more-a"]]')" = \
	    '["1","[\"2\"]"]' ]
}

@test "nothing of the reader's own is seen: signs are nobody's messages" {
	seq 5 | mq-pub q
	mq-replay q >/dev/null
	mq-replay --last 2 q >/dev/null
	mq-ctl create q/g
	mq-replay -q --rewind --to -2 q/g
	until_true '[ "$(logged)" -gt 8 ]'
	run -0 mq-replay q
	assert_output "$(seq 5)"
	run -0 mq-replay --last 3 q
	assert_output "$(seq 3 5)"
	run -0 mq-sub -e q/g
	assert_output $'4\n5'
	run -0 mq-sub -e q/new
	assert_output "$(seq 5)"
	mq-pub p x
	run -1 mq-replay --since now p
	run -0 timeout 60 mq-replay -F -c 1 p
	assert_output x
}

@test "a time to come: nothing, at once; following goes on" {
	seq 3 | mq-pub q
	for how in '' '--latest' '--last 2' '-c 1' '--until +3h'; do
		# shellcheck disable=SC2086 # options
		run -1 --separate-stderr timeout 4 mq-replay $how --since +2h q
		[ -z "$output$stderr" ]
	done
	mq-ctl create q/g
	timeout 30 mq-replay -q --rewind --to +2h q/g
	run -1 mq-sub -e q/g
	timeout 30 mq-ctl create --from +2h q/h
	mq-replay -F --since +2h q >out 3>&- &
	pid=$!
	until_true connected
	foreign q '' later "{\"timestamp\": $(($(date +%s) + 8000))}"
	until_true '[ "$(cat out)" = later ]'
	kill "$pid"
}

@test "it ends at what was there, while others publish" {
	seq 1000 | mq-pub q
	while :; do seq 20; read -rt 0.02 <>pace || :; done 3>&- | mq-pub q 3>&- &
	pid=$!
	until_true '[ "$(mq-replay q | wc -l)" -gt 1500 ]'
	for how in '' '--last 500' '--latest'; do
		# shellcheck disable=SC2086 # options
		timeout 60 mq-replay $how q >/dev/null
	done
	kill "$pid"
}

@test "following goes on after the connection was closed: nothing is missing, nothing twice" {
	seq 2000 | mq-pub q
	mq-replay -F q >out 2>err 3>&- &
	pid=$!
	until_true '[ "$(wc -l <out)" = 2000 ]'
	for i in 1 2 3; do
		until_true connected
		break_connections
		seq $((2000 + i * 100 - 99)) $((2000 + i * 100)) | mq-pub q
		until_true "[ \"\$(wc -l <out)\" -ge $((2000 + i * 100)) ]"
	done
	kill "$pid"
	[ "$(cat out)" = "$(seq 2300)" ]
	grep -q '^mq-replay: .*connection' err
}

@test "a reader that is slow, and loses its connection in the middle, gets everything once" {
	seq -f '%0100.0f' 100000 | mq-pub q
	mkfifo pipe
	mq-replay q >pipe 2>err 3>&- &
	exec 5<pipe
	head -c 500000 <&5 >out
	until_true connected
	break_connections
	timeout 120 cat <&5 >>out
	wait %1
	exec 5<&-
	cmp out <(seq -f '%0100.0f' 100000)
}

@test "sizes that change: few large messages are ahead, many small ones, and memory is flat" {
	head -c 3000000 /dev/zero | tr '\0' L >large
	head -c 200000 /dev/zero | tr '\0' m >medium
	for i in 1 2; do
		seq 3000 | mq-pub q
		mq-pub -F q large large large large large large large large large large large large
		for ((k = 0; k < 100; k++)); do cat medium; echo; done | mq-pub q
	done
	run -0 /usr/bin/time -o kb -f %M mq-replay -f '%S\n' q
	assert_output "$(for i in 1 2; do
		seq 3000 | awk '{ print length }'
		yes 3000000 | head -n 12
		yes 200000 | head -n 100
	done)"
	[ -n "${MQ_SANITIZED-}" ] || [ "$(cat kb)" -lt 32768 ]
}

@test "while the reader is slow, no more than a few MiB are kept, whatever is sent ahead" {
	head -c 200000 /dev/zero | tr '\0' m >medium
	seq 6000 | mq-pub q
	for ((k = 0; k < 400; k++)); do cat medium; echo; done | mq-pub q
	mkfifo pipe
	/usr/bin/time -o kb -f %M mq-replay q >pipe 3>&- &
	pid=$!
	exec 5<pipe
	# All that is left has been sent when it is unacknowledged.
	until_true '[ "$(nodes api GET "vhosts/$vhost/channels" |
	    jq "[.[].messages_unacknowledged] | add // 0")" -ge 350 ]'
	[ "$(cat <&5 | wc -c)" = $(($(seq 6000 | wc -c) + 400 * 200001)) ]
	wait "$pid"
	exec 5<&-
	[ -n "${MQ_SANITIZED-}" ] || [ "$(cat kb)" -lt 32768 ]
}

@test "a group's messages, and what is not retained: 69, and what to do" {
	mq-pub q m
	mq-ctl create q/g
	run -69 --separate-stderr mq-replay q/g
	[[ $stderr = "mq-replay: q/g: the amqp engine can't show what a group has yet to settle"* ]]
	mq-ctl create p
	mq-ctl set p retain=0
	run -69 --separate-stderr mq-replay p
	[[ $stderr = 'mq-replay: p: has no stream p.log (retain=0)'* ]]
}

@test "who may read, but not publish a sign: 77, and following works" {
	seq 3 | mq-pub q
	nodes user "r-$vhost" other "$vhost" '^$' '^$' '^q'
	export MQ_AMQP_PASSWORD=other
	spool=${MQ_SPOOL/:\/\//:\/\/r-$vhost@}
	run -77 --separate-stderr mq-replay -s "$spool" q
	[[ $stderr = *amq.default* ]]
	run -0 mq-replay -s "$spool" -F -c 3 q
	assert_output "$(seq 3)"
}
