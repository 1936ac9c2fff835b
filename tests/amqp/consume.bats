#!/usr/bin/env bats
# consume.bats - consuming from RabbitMQ: what the broker sends ahead, receipts, what is given back
#
# What the tools make of it is in tests/mq-sub.bats, handlers.bats and the rest.

load ../lib/common

# counts QUEUE/GROUP: messages that are ready and those that are out, as the broker has them.
counts() {
	nodes api GET "queues/$vhost/${1/\//%2F}" | jq -r '"\(.messages_ready) \(.messages_unacknowledged)"'
}

@test "all of it arrives once and in order, however far ahead the broker sends" {
	seq 20000 >in
	mq-pub q <in
	mq-sub -e q >out
	cmp in out
	run -1 mq-sub -e q
	[ -z "$output" ]
}

@test "-c: so many are taken, and the broker has sent none ahead" {
	seq 100 | mq-pub q
	run -0 mq-sub -c 3 q
	[ "$output" = $'1\n2\n3' ]
	run -0 mq-sub -e q
	[ "$output" = "$(seq 4 100)" ]
	[ "${#lines[@]}" = 97 ]
}

@test "one that takes a single message leaves the others to those who wait" {
	seq 10 | mq-pub q
	mq-sub -m -c 1 q >one
	until_true '[ "$(counts q/default)" = "9 1" ]'
	run -0 mq-sub -e q
	[ "$output" = "$(seq 2 10)" ]
	mq-ack <one
	until_true '[ "$(counts q/default)" = "0 0" ]'
}

@test "fairness: two messages for two consumers with commands are worked on at once" {
	local n
	mq-ctl create q/g
	for n in 1 2; do
		# shellcheck disable=SC2016 # for the command
		mq-sub -c 1 q/g -- sh -c 'echo >>seen; while [ "$(wc -l <seen)" -lt 2 ]; do sleep 0.05; done' 3>&- &
		consumers[n]=$!
	done
	until_true '[ "$(mq-stat -J q/g | jq .consumers)" = 2 ]'
	mq-pub q a b
	wait "${consumers[1]}"
	wait "${consumers[2]}"
	run -1 mq-sub -e q/g
}

@test "-e is not nothing while messages are ready, and is when others have them" {
	mq-sub -W 0 q || :
	for n in $(seq 20); do
		echo "$n" | mq-pub q
		run -0 mq-sub -e q
		[ "$output" = "$n" ]
	done
	mq-pub q held
	mq-sub -m -c 1 q >one
	run -1 mq-sub -e q
	mq-ack <one
}

@test "receipts: acked, released, stale, and given back when the holder ends" {
	printf '%s\n' a b c | mq-pub q
	mq-sub -m -c 3 q >three
	mq-ack "$(sed -n 1p three | cut -f 1)"
	mq-ack --release "$(sed -n 2p three | cut -f 1)"
	run -0 mq-sub -e -f '%s %a\n' q
	[ "$output" = 'b 1' ]
	run -66 mq-ack "$(sed -n 1p three | cut -f 1)"
	mq-ack "$(sed -n 3p three | cut -f 1)"
	run -1 mq-sub -e q
	run -66 mq-ack "$(sed -n 3p three | cut -f 1)"
}

@test "a consumer that is killed: what it had comes back at once" {
	seq 5 | mq-pub q
	mq-sub -m q >out 3>&- &
	until_true '[ "$(wc -l <out)" = 5 ]'
	pid=$(pgrep -P $!)
	kill -KILL "$pid"
	wait $! || :
	until_true '[ "$(counts q/default)" = "5 0" ]'
	run -0 mq-sub -e q
	[ "$output" = "$(seq 5)" ]
}

@test "large bodies arrive whole, and many of them need few files" {
	head -c 300000 /dev/urandom >large
	mq-sub -W 0 q || :
	for n in $(seq 150); do
		echo large
	done | xargs mq-pub -F q
	(ulimit -n 100; mq-sub -e -f '%S\n' q) >sizes
	[ "$(sort sizes | uniq -c | tr -s ' ')" = ' 150 300000' ]
	mq-pub -F q large
	mq-sub -e -f %s q | cmp - large
}

@test "a group that is deleted under its consumer: 66, named" {
	mq-sub -W 0 q || :
	mq-sub q >out 2>err 3>&- &
	until_true '[ "$(nodes api GET "queues/$vhost/q%2Fdefault" | jq .consumers)" = 1 ]'
	nodes api DELETE "queues/$vhost/q%2Fdefault"
	status=0
	wait $! || status=$?
	[ "$status" = 66 ]
	[[ $(<err) = *q/default* ]]
}

# What the broker does when it loses sight of a queue, for instance while nodes are killed.
@test "the broker cancels the consumer of a group that is there: it is consumed again" {
	local pid queue
	mq-sub -W 0 q || :
	queue=queues/$vhost/q%2Fdefault
	nodes api GET "$queue" | jq -c '{durable, arguments}' >declaration
	mq-sub q >out 2>err 3>&- &
	pid=$!
	until_true '[ "$(nodes api GET "$queue" | jq .consumers)" = 1 ]'
	kill -STOP "$pid"
	nodes api DELETE "$queue"
	until_true '[ "$(nodes api GET "vhosts/$vhost/channels" | jq "map(.consumer_count) | add")" = 0 ]'
	nodes api PUT "$queue" "$(<declaration)"
	nodes api POST "bindings/$vhost/e/q/q/q%2Fdefault" '{"routing_key":"#"}'
	mq-pub q one
	kill -CONT "$pid"
	until_true '[ "$(<out)" = one ]'
	mq-pub q two
	until_true '[ "$(<out)" = $'"'one\\ntwo'"' ]'
	kill -TERM "$pid"
	wait "$pid"
	[ ! -s err ]
}

# Asking for more at a time takes a second basic.consume, and one that gets nothing, for a while.
@test "a consumer counts as one when it has settled what it had" {
	local pid
	mq-ctl create q/g
	seq 2000 | mq-pub q
	mq-sub q/g >out 3>&- &
	pid=$!
	until_true '[ "$(wc -l <out)" = 2000 ]'
	until_true '[ "$(mq-stat -J q/g | jq .consumers)" = 1 ]'
	seq 2000 | cmp - out
	kill -TERM "$pid"
	wait "$pid"
}

# The broker refuses what a queue does not take that is full, or whose leader is gone.
@test "messages that the broker refuses are published again, until it takes them" {
	local pid since
	mq-pub q before
	nodes api PUT "queues/$vhost/full" '{"arguments":{"x-max-length":1,"x-overflow":"reject-publish"}}'
	nodes api POST "bindings/$vhost/e/q/q/full" '{"routing_key":"#"}'
	mq-pub q one
	since=$(ms)
	mq-pub -I q two >ids 2>err 3>&- &
	pid=$!
	until_true '[ $(($(ms) - since)) -gt 5000 ]'
	kill -0 "$pid"
	[ ! -s ids ]
	run -75 mq-pub -W 1s q three
	nodes api DELETE "queues/$vhost/full/contents"
	wait "$pid"
	[ "$(wc -l <ids)" = 1 ]
	[ "$(grep -c 'refused a message.*sent again' err)" = 1 ]
}

@test "a command that fails: tried again after the backoff, with its attempts, key and headers" {
	mq-pub -k a.b -H color=red q task
	mq-sub -c 3 q -- sh -c 'echo "$MQ_ATTEMPT $MQ_KEY $MQ_HEADERS $(cat)" >>log; date +%s%N >>times
	    [ "$MQ_ATTEMPT" = 3 ]'
	[ "$(<log)" = '1 a.b {"color":"red"} task
2 a.b {"color":"red"} task
3 a.b {"color":"red"} task' ]
	# 1 s and 2 s, in whole seconds, a tenth more or less
	mapfile -t times <times
	((times[1] - times[0] >= 900000000))
	((times[2] - times[1] >= 1800000000))
	until_true '[ "$(counts q/default)" = "0 0" ]'
}

@test "a command that rejects: a dead letter, with a large body and the last words" {
	head -c 400000 /dev/urandom >large
	mq-pub -k a.b -F q large
	mq-sub -c 1 q -- sh -c 'echo why >&2; exit 65'
	mq-sub -m -c 1 -J q.dead >letter
	jq -e '.key == "a.b" and .headers["mq-dead-reason"] == "exit 65" and
	    .headers["mq-dead-stderr"] == "why" and .headers["mq-dead-attempts"] == "1" and
	    .headers["mq-dead-group"] == "default"' letter
	jq -r '.body_base64' letter | base64 -d | cmp - large
	mq-ack <letter
	until_true '[ "$(counts q.dead/default)" = "0 0" ]'
	[ "$(counts q/default)" = "0 0" ]
}

@test "a command that is not there: 127, and the message is given back uncounted" {
	mq-pub q a b
	run -127 mq-sub q -- ./none
	until_true '[ "$(counts q/default)" = "2 0" ]'
	[ "$(mq-sub -e -f '%s %a\n' q | given_back)" = $'a 1\nb 1' ]
}

@test "retries by receipt count, up to max-attempts; then it is a dead letter" {
	mq-pub q task
	for n in 1 2 3 4 5; do
		receipt=$(mq-sub -m -c 1 -f '%r %a\n' q)
		[ "${receipt#* }" = "$n" ]
		mq-ack --retry -d 0 "${receipt% *}"
	done
	run -0 mq-sub -c 1 -f '%s %h\n' q.dead
	[[ $output = "task "*mq-dead-attempts=5* ]]
	run -1 mq-sub -e q
}

@test "what retries need was deleted meanwhile: it is made again, and no message is lost" {
	mq-pub q one
	mq-sub -c 2 q -- sh -c 'echo "$(cat) $MQ_ATTEMPT" >>log; [ "$MQ_ATTEMPT" = 2 ]'
	mq-sub q -- sh -c 'echo "$(cat) $MQ_ATTEMPT" >>log; [ "$MQ_ATTEMPT" = 2 ]' 3>&- &
	mq-pub q two
	until_true 'grep -qx "two 2" log'
	# The running consumer has seen the delays, and has to find out.
	nodes api DELETE "exchanges/$vhost/mq.delay.out"
	nodes api DELETE "exchanges/$vhost/mq.delay.0"
	mq-pub q three
	until_true 'grep -qx "three 2" log'
	kill -TERM $!
	wait $!
}

@test "the connection breaks while messages are out: they come again, and stale receipts are told" {
	seq 3 | mq-pub q
	mq-sub -m q >out 2>err 3>&- &
	until_true '[ "$(wc -l <out)" = 3 ]'
	until_true 'nodes api GET connections | jq -er --arg v "$vhost" ".[] | select(.vhost == \$v) |
	    .name" >name'
	nodes api DELETE "connections/$(jq -sRr 'rtrimstr("\n") | @uri' name)"
	until_true '[ "$(wc -l <out)" = 6 ]'
	run -66 mq-ack "$(sed -n 1p out | cut -f 1)"
	sed -n '4,$p' out | mq-ack
	until_true '[ "$(counts q/default)" = "0 0" ]'
	kill -TERM $!
	wait $!
	[[ $(<err) = *"connection lost"* ]]
}

@test "the first batch is as large as it can be" {
	for n in 1 2 3 4 5; do
		seq 20 | mq-pub q
		mq-sub --batch 20 -c 20 q -- sh -c 'echo "$MQ_COUNT" >>counts'
	done
	[ "$(uniq -c counts | tr -s ' ')" = ' 5 20' ]
}

@test "--exclusive: one consumer is active, another takes over with what was not settled" {
	mq-sub --exclusive -W 0 q || :
	mq-sub --exclusive -m q >a 3>&- &
	first=$!
	until_true '[ "$(nodes api GET "queues/$vhost/q%2Fdefault" | jq .consumers)" = 1 ]'
	mq-sub --exclusive q >b 3>&- &
	second=$!
	until_true '[ "$(nodes api GET "queues/$vhost/q%2Fdefault" | jq .consumers)" = 2 ]'
	seq 5 | mq-pub q
	until_true '[ "$(wc -l <a)" = 5 ]'
	[ ! -s b ]
	pid=$(pgrep -P "$first")
	kill -KILL "$pid"
	wait "$first" || :
	until_true '[ "$(wc -l <b)" = 5 ]'
	[ "$(<b)" = "$(seq 5)" ]
	kill -TERM "$second"
	wait "$second"
}

# Somebody made it without a stream, and it has no group yet.
@test "a dead-letter queue with nowhere to put letters: told once, and nothing is lost" {
	nodes api PUT "exchanges/$vhost/q.dead" '{"type":"topic","durable":true}'
	mq-pub -k k q letter
	mq-sub q/g -- sh -c 'exit 65' 2>said &
	pid=$!
	until_true 'grep -q "a copy was returned: q.dead has nowhere to put it" said'
	until_true '[ "$(counts q/g)" = "0 1" ]'
	mq-ctl create q.dead/look
	until_true '[ "$(counts q/g)" = "0 0" ]'
	kill "$pid"
	wait "$pid"
	[ "$(grep -c 'nowhere to put it' said)" = 1 ]
	run -0 mq-sub -e -f '%k %s' q.dead/look
	[ "$output" = 'k letter' ]
}

@test "a dead-letter queue with nowhere to put letters: mq-sub ends, says why, and nothing is lost" {
	nodes api PUT "exchanges/$vhost/q.dead" '{"type":"topic","durable":true}'
	mq-pub q one two
	run -78 --separate-stderr mq-sub -c 2 q/g -- sh -c 'read -r x; [ $x = two ] || exit 65'
	[[ $stderr = *"a copy was returned: q.dead has nowhere to put it" ]]
	until_true '[ "$(counts q/g)" = "1 0" ]'
	[ "$(mq-sub -e q/g)" = one ]
}

@test "while a copy can't be stored, the others are, and come once" {
	nodes api PUT "exchanges/$vhost/q.dead" '{"type":"topic","durable":true}'
	mq-ctl create q/g
	mq-ctl set q/g backoff=1s..1s
	mq-pub q die
	seq 300 | mq-pub q
	# shellcheck disable=SC2016 # the handler's
	mq-sub -P 4 q/g -- sh -c 'read -r x; echo "$x $MQ_ATTEMPT" >>ran
	    [ "$x" != die ] || exit 65; [ "$MQ_ATTEMPT" = 2 ]' 2>said &
	pid=$!
	until_true '[ "$(grep -c " 2$" ran)" -ge 300 ]'
	until_true '[ "$(counts q/g)" = "0 1" ]'
	mq-ctl create q.dead/look
	until_true '[ "$(counts q/g)" = "0 0" ]'
	kill "$pid"
	wait "$pid"
	[ "$(sort ran)" = "$({ echo die 1; for i in $(seq 300); do echo "$i 1"; echo "$i 2"; done; } | sort)" ]
	[ "$(mq-sub -e q.dead/look)" = die ]
}

# A broker keeps some of many acks back for a moment, and forgets them if the channel is closed then.
@test "many receipts at once: what was acked stays so when the holder ends behind the last" {
	seq 100 | mq-pub q
	mq-sub -m -e q >taken
	mq-ack <taken
	until_true '[ -z "$(nodes api GET "vhosts/$vhost/connections" | jq ".[]")" ]'
	run -1 mq-sub -e q
	assert_output ''
}

@test "-e: a retry without a delay, whose copy is on its way, is not nothing" {
	mq-ctl create q/g
	mq-ctl set q/g backoff=0ms max-attempts=4
	for n in $(seq 10); do
		mq-pub q "$n"
		mq-sub -e q/g -- sh -c 'echo "$MQ_ATTEMPT" >>attempts; exit 1'
	done
	[ "$(sort attempts | uniq -c | tr -s ' ')" = "$(printf ' 10 %s\n' 1 2 3 4)" ]
}

@test "a group that is deleted and made anew while its consumer stands still: retries come back" {
	mq-pub q one
	# shellcheck disable=SC2016 # the handler's
	mq-sub q/g -- sh -c 'echo "$MQ_ATTEMPT" >>ran; [ "$MQ_ATTEMPT" = 2 ]' &
	until_true '[ "$(cat ran)" = "$(printf "%s\n" 1 2)" ] && [ "$(counts q/g)" = "0 0" ]'
	kill -STOP $!
	mq-ctl delete q/g
	mq-ctl create q/g
	kill -CONT $!
	until_true '[ "$(cat ran)" = "$(printf "%s\n" 1 2 1 2)" ] && [ "$(counts q/g)" = "0 0" ]'
	kill $!
	wait $!
}

@test "what dies in a dead-letter queue stays in it, and is not tried again" {
	mq-pub q one
	mq-sub -e q -- sh -c 'exit 65'
	mq-sub -e q.dead/g -- sh -c 'exit 65'
	mq-ctl create q.dead/late
	mq-sub -m -c 1 q.dead/late | mq-ack --reject
	until_true '[ "$(counts q.dead/g) $(counts q.dead/late)" = "0 0 0 0" ]'
	run -1 mq-sub -W 2s q.dead/g
	run -0 mq-sub -e q.dead/later
	[ "$output" = one ]
}

# deleted GROUP WHAT TEXT: TEXT is said by a consumer of q/GROUP when WHAT is deleted.
deleted() {
	mq-ctl create "q/$1"
	mq-sub "q/$1" 2>said &
	until_true '[ "$(nodes api GET "queues/$vhost/q%2F'"$1"'" | jq .consumers)" = 1 ]'
	mq-ctl delete "$2"
	local status=0
	wait $! || status=$?
	[ "$status" = 66 ]
	# RabbitMQ 4.0 may end the connection as well.
	[ "$(tail -n 1 said)" = "mq-sub: $3" ]
	run ! grep -v -e ': connection lost: closed by RabbitMQ' -e ': connected again' <(sed '$d' said)
}

@test "what was deleted under a consumer is named: the group alone, or the queue" {
	deleted g q/g 'q/g: group was deleted'
	deleted h q 'q: queue was deleted'
}

@test "a receipt that was changed anywhere: 64, and nothing is settled" {
	local r bad
	mq-pub q a
	mq-sub -m -c 1 q/g >took
	r=$(cut -f 1 took)
	# Another group, queue, delivery and consumer.
	for bad in "q/other/${r#q/g/}" "other/g/${r#q/g/}" "${r%-*-*}-9-${r##*-}" \
	    "${r%.*}.0123456789abcdef-1-1-0000" "${r%?}" q/g/1.1; do
		[ "$bad" != "$r" ]
		run -64 --separate-stderr mq-ack "$bad"
		[[ $stderr = "mq-ack: $bad: not a receipt: "* ]]
	done
	mq-ack "$r"
	run -1 mq-sub -e q/g
}

@test "-l: the lease runs from hand-out; then it comes again, counted; the last is a dead letter" {
	mq-ctl create q/g
	mq-ctl set q/g max-attempts=3
	mq-pub q one
	mq-sub -m -l 300ms -f '%r %a\n' q/g >out 3>&- &
	until_true '[ "$(messages q.dead)" = 1 ]'
	kill -TERM "$!"
	wait "$!"
	[ "$(cut -d ' ' -f 2 out)" = $'1\n2\n3' ]
	run -0 sh -c 'mq-replay -J q.dead | jq -r ".headers[\"mq-dead-reason\"]"'
	[ "$output" = 'lease ran out' ]
	# What is settled in time does not come again.
	mq-pub q two
	mq-sub -m -l 10s -c 1 q/g | mq-ack
	run -1 mq-sub -W 1s q/g
}

@test "the lease of a group runs when its mq-sub is gone; then the attempt counts" {
	mq-ctl create q/g
	mq-ctl set q/g lease=200ms
	mq-pub q one two
	mq-sub -m -c 2 q/g >took
	cut -f 1 took | tail -n 1 | mq-ack
	run -0 mq-sub -W 20s -c 1 -f '%s %a' q/g
	[ "$output" = 'one 2' ]
	run -66 mq-ack "$(head -n 1 took | cut -f 1)"
}

@test "-m: what a worker settles is answered while a large message is on its way to it" {
	local receipt body
	head -c 1000000 /dev/zero | tr '\0' x >large
	mq-ctl create q/g
	mq-pub q small
	mq-pub -F q large
	mq-sub -m -c 2 q/g | {
		IFS=$'\t' read -r receipt body
		[ "$body" = small ]
		timeout 10 mq-ack "$receipt"
		cat >rest
	}
	[ "$(wc -c <rest)" -gt 1000000 ]
	cut -f 1 rest | mq-ack
	run -1 mq-sub -e q/g
}
