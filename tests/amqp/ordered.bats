#!/usr/bin/env bats
# ordered.bats - ordered groups on RabbitMQ: keys apart in the single active consumer
#
# What is the same on every engine is in tests/order.bats.  Its facts about time are here again,
# with short waits in place of MQ_NOW.

load ../lib/common
load ../lib/expect

# ordered QUEUE/GROUP [SETTING...]: makes an ordered group.
ordered() {
	mq-sub -W 0 --ordered "$1" >/dev/null || [ $? = 1 ]
	[ $# = 1 ] || mq-ctl set "$@"
}

# publish KEY:BODY...
publish() {
	printf '%s\n' "$@" | mq-pub -K : q
}

# manual: a consumer of q/g that writes RECEIPT BODY ATTEMPT lines to out.
manual() {
	: >out
	mq-sub -m -f '%r %s %a\n' q/g >out 3>&- &
	consumer=$!
}

# bodies: what out has so far.
bodies() {
	cut -d ' ' -f 2 out | paste -sd ' '
}

# receipt BODY: of its last delivery.
receipt() {
	grep " $1 " out | tail -n 1 | cut -d ' ' -f 1
}

stop() {
	kill -TERM "$consumer"
	wait "$consumer" || :
}

# rest: all that is left, behind what got has.  Through a pipe: a file is synced for each claim.
rest() {
	mq-sub -e -f '%k %s\n' q/g | cat >>got
	return "${PIPESTATUS[0]}"
}

break_connections() {
	nodes api GET "vhosts/$vhost/connections" | jq -r '.[].name | @uri' | while read -r name; do
		nodes api DELETE "connections/$name"
	done
}

connected() {
	[ "$(nodes api GET "vhosts/$vhost/connections" | jq length)" -gt 0 ]
}

@test "one of a key is out; the next goes when it is settled, and other keys go on" {
	ordered q/g
	publish a:a1 a:a2 b:b1 a:a3 b:b2
	manual
	until_true '[ "$(bodies)" = "a1 b1" ]'
	mq-ack "$(receipt b1)"
	until_true '[ "$(bodies)" = "a1 b1 b2" ]'
	mq-ack "$(receipt a1)"
	until_true '[ "$(bodies)" = "a1 b1 b2 a2" ]'
	publish c:c1
	until_true '[ "$(bodies)" = "a1 b1 b2 a2 c1" ]'
	stop
}

@test "a retry keeps its key until it is due, counts, and lets other keys go on" {
	local since
	ordered q/g
	publish a:a1 a:a2
	manual
	until_true '[ "$(bodies)" = a1 ]'
	since=$(ms)
	mq-ack --retry -d 700ms "$(receipt a1)"
	publish b:b1
	until_true '[ "$(bodies)" = "a1 b1" ]'
	until_true '[ "$(bodies)" = "a1 b1 a1" ]'
	[ $(($(ms) - since)) -ge 700 ]
	[ "$(awk '$2 == "a1" { print $3 }' out)" = $'1\n2' ]
	# The receipt of the first delivery is not good for the second.
	run -66 mq-ack "$(grep ' a1 1' out | cut -d ' ' -f 1)"
	[ "$(bodies)" = "a1 b1 a1" ]
	mq-ack "$(receipt a1)"
	until_true '[ "$(bodies)" = "a1 b1 a1 a2" ]'
	stop
}

@test "a command that fails is tried again after the backoff, before what is behind it" {
	ordered q/g backoff=100ms..1s max-attempts=3
	publish a:a1 a:a2 b:b1
	mq-sub -c 5 -P 2 q/g -- sh -c 'read -r x; echo "$x $MQ_ATTEMPT" >>log; [ "$x" != a1 ]'
	[ "$(grep ^a log)" = $'a1 1\na1 2\na1 3\na2 1' ]
	[ "$(grep ^b log)" = 'b1 1' ]
	[ "$(mq-replay -J q.dead | jq -r '"\(.body) \(.headers["mq-dead-attempts"])"')" = 'a1 3' ]
	run -1 mq-sub -e q/g
}

@test "-e does not wait for a retry, nor for what is behind it" {
	ordered q/g backoff=30s..1m
	publish a:a1 a:a2 b:b1
	mq-sub -e q/g -- sh -c 'read -r x; echo "$x" >>log; [ "$x" != a1 ]'
	[ "$(sort log)" = $'a1\nb1' ]
	run -0 mq-sub -e q/g
	assert_output $'a1\na2'
}

@test "a release comes before what is behind it, uncounted; a reject lets that go" {
	ordered q/g
	publish a:a1 a:a2
	manual
	until_true '[ "$(bodies)" = a1 ]'
	mq-ack --release "$(receipt a1)"
	until_true '[ "$(bodies)" = "a1 a1" ]'
	[ "$(cut -d ' ' -f 3 out)" = $'1\n1' ]
	run -66 mq-ack "$(head -n 1 out | cut -d ' ' -f 1)"
	mq-ack --reject "$(receipt a1)"
	until_true '[ "$(bodies)" = "a1 a1 a2" ]'
	[ "$(mq-replay q.dead)" = a1 ]
	mq-ack "$(receipt a2)"
	stop
	run -1 mq-sub -e q/g
}

@test "what expires while its key is busy lets the next go" {
	ordered q/g
	publish a:a1
	manual
	until_true '[ "$(bodies)" = a1 ]'
	mq-pub -k a --ttl 1s -I q a2 >id
	publish a:a3
	until_true '[ "$(date +%s%N)" -gt $(($(cut -d - -f 1 id) + 1000000000)) ]'
	mq-ack "$(receipt a1)"
	until_true '[ "$(bodies)" = "a1 a3" ]'
	stop
}

@test "a consumer under -m that has ended stays the active one until all is settled" {
	ordered q/g
	publish a:a1 a:a2 b:b1
	mq-sub -m -c 2 -f '%r %s %a\n' q/g >out
	[ "$(bodies)" = "a1 b1" ]
	mq-sub -W 30s -c 3 q/g >rest 3>&- &
	until_true '[ "$(nodes api GET "queues/$vhost/q%2Fg" | jq .consumers)" = 2 ]'
	mq-ack "$(receipt b1)"
	mq-ack --release "$(receipt a1)"
	until_true '[ "$(wc -l <rest)" = 2 ]'
	publish a:a3
	wait $!
	[ "$(<rest)" = $'a1\na2\na3' ]
}

@test "a retry that a consumer under -m is told of when it has ended holds the group until it is due" {
	local since
	ordered q/g
	publish a:a1 a:a2 b:b1
	mq-sub -m -c 1 -f '%r %s %a\n' q/g >out
	since=$(ms)
	mq-ack --retry -d 1s "$(receipt a1)"
	mq-sub -W 30s -c 3 q/g >rest
	[ "$(grep a rest)" = $'a1\na2' ]	# b1 has a place of its own
	[ "$(sort rest)" = $'a1\na2\nb1' ]
	[ $(($(ms) - since)) -ge 1000 ]
}

@test "consumers that take a few and end, or are killed: all in order of each key" {
	local n
	ordered q/g
	for n in $(seq 100); do
		printf '%s\n' "a:$n" "b:$n" "c:$n"
	done | mq-pub -K : q
	for n in $(seq 8); do
		mq-sub -c 7 -f '%k %s\n' q/g >>got
		# Another one was killed while it had some out, and more ahead.
		: >out
		mq-sub -m -f '%r\n' q/g >out 3>&- &
		until_true '[ "$(wc -l <out)" = 3 ]'
		kill -KILL "$(pgrep -P $!)"
		wait $! || :
	done
	drain q/g rest
	for n in a b c; do
		grep "^$n" got | cut -d ' ' -f 2 | cmp - <(seq 100)
	done
}

@test "a lost connection: what was out, parked and to be tried again comes again in order" {
	ordered q/g backoff=10m..10m
	publish a:a1 a:a2 b:b1 b:b2 c:c1
	manual
	until_true '[ "$(bodies)" = "a1 b1 c1" ]'
	mq-ack --retry "$(receipt b1)"
	mq-ack "$(receipt c1)"
	until_true connected
	break_connections
	until_true '[ "$(bodies)" = "a1 b1 c1 a1 b1" ]'
	# What a loss has taken back was handed out by another channel.
	run -66 mq-ack "$(head -n 1 out | cut -d ' ' -f 1)"
	mq-ack "$(receipt a1)" "$(receipt b1)"
	until_true '[ "$(bodies)" = "a1 b1 c1 a1 b1 a2 b2" ]'
	stop
}

@test "the broker cancels the consumer of a group that is there: it begins anew, in order" {
	local queue=queues/$vhost/q%2Fg
	ordered q/g
	manual
	nodes api GET "$queue" | jq -c '{durable, arguments}' >declaration
	until_true '[ "$(nodes api GET "$queue" | jq .consumers)" = 1 ]'
	kill -STOP "$(pgrep -P "$consumer")"
	nodes api DELETE "$queue"
	until_true '[ "$(nodes api GET "vhosts/$vhost/channels" | jq "map(.consumer_count) | add")" = 0 ]'
	nodes api PUT "$queue" "$(<declaration)"
	nodes api POST "bindings/$vhost/e/q/q/q%2Fg" '{"routing_key":"#"}'
	publish a:a1 a:a2
	kill -CONT "$(pgrep -P "$consumer")"
	until_true '[ "$(bodies)" = a1 ]'
	mq-ack "$(receipt a1)"
	until_true '[ "$(bodies)" = "a1 a2" ]'
	stop
}

@test "to a pipe that is read slowly: nothing is acked of what is parked" {
	local n
	ordered q/g
	for n in $(seq 2000); do
		printf '%s\n' "a:$n" "b:$n" "$n:$n"
	done | mq-pub -K : q
	mkfifo pipe
	mq-sub -f '%k %s\n' q/g >pipe 3>&- &
	while read -r n; do
		echo "$n"
	done <pipe >got 3>&- &
	until_true '[ "$(wc -l <got)" -gt 50 ]'
	kill -KILL "$(jobs -p %1)"
	wait || :
	drain q/g rest
	for n in a b; do
		grep "^$n " got | cut -d ' ' -f 2 | uniq | sort -nu | cmp - <(seq 2000)
	done
	[ "$(grep -v '^[ab] ' got | sort -u | wc -l)" = 2000 ]
}

@test "large messages whose key is busy: in order, whole, and neither memory nor descriptors grow" {
	local n size memory
	ordered q/g
	for n in $(seq 120); do
		# Above 256 KiB a body is a file of its own.
		size=$((n % 3 == 0 ? 270000 : 200000))
		{ printf '%04d' "$n"; head -c "$size" /dev/zero | tr '\0' x; } >"body$n"
	done
	for n in 1 2 3; do
		mq-pub -k a -F q body{1..120}
	done
	mq-pub -k b q b1
	(ulimit -n 130; exec mq-sub -c 361 -P 2 q/g -- bash -c '
	    [ "$MQ_KEY" = a ] || { touch other; exit; }
	    [ -e go ] || { touch begun; until [ -e go ]; do sleep 0.1; done; }
	    cat >body; read -r -n 4 n <body; cmp -s body "body$((10#$n))" && echo "$n" >>got') 3>&- &
	until_true '[ -e other ]'
	memory=$(awk '/RssAnon/ { print $2 }' "/proc/$!/status")
	touch go
	wait $!
	[ "$memory" -lt 32000 ]
	[ "$(wc -l <got)" = 360 ]
	cmp got <(for n in 1 2 3; do seq -f %04g 120; done)
}

@test "rewind: the order begins again" {
	ordered q/g
	publish a:a1 a:a2
	mq-sub -e q/g | cat >out
	[ "$(<out)" = $'a1\na2' ]
	publish a:a3 b:b1
	mq-replay --rewind q/g --to oldest
	mq-sub -e q/g | cat >out
	[ "$(grep a out)" = $'a1\na2\na3' ]
	[ "$(wc -l <out)" = 4 ]
}

@test "messages to another group of the queue, which is not ordered, are not held up" {
	ordered q/g
	publish a:a1 a:a2 a:a3
	mq-sub -m -c 1 q/g >out
	run -0 mq-sub -e q/plain
	assert_output $'a1\na2\na3'
	mq-ack <out
}

@test "ordered can't be changed afterwards: 69, named" {
	ordered q/g
	run -69 --separate-stderr mq-ctl set q/g ordered=off
	[[ $stderr = *q/g*ordered* ]]
	mq-ctl create q/plain
	run -69 mq-ctl set q/plain ordered=on
	run -78 mq-sub -e --ordered q/plain
	[ "$(mq-ctl show q/g | grep ordered)" = ordered=on ]
	mq-sub -W 0 --exclusive q/x || :
	run -69 mq-ctl set q/x ordered=on
}
