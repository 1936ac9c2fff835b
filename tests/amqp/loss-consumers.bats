#!/usr/bin/env bats
# loss-consumers.bats - nodes of a RabbitMQ cluster are killed and stopped, and the network is cut, while
# groups are consumed in every way: nothing is lost, and what was settled does not come back
#
# Has the cluster to itself.  Needs three nodes.
#
# The tools find the nodes through tests/amqp/proxy, one for each node.

load ../lib/common
load ../lib/expect
load loss

# behind_proxies: a proxy is before each node.
behind_proxies() {
	local node
	command -v python3 >/dev/null || skip "needs python3"
	for node in 1 2 3; do
		"$top/tests/amqp/proxy" "127.0.0.1:$(nodes port "$node")" >"proxy$node" 3>&- 7>&- &
		proxies[node]=$!
		until_true "[ -s proxy$node ]"
	done
	MQ_SPOOL="amqp://127.0.0.1:$(<proxy1),127.0.0.1:$(<proxy2),127.0.0.1:$(<proxy3)/$vhost"
}

# Each of these consumes a group until it is ended, and writes to ./NAME.got what it got, and when, and
# to ./NAME.said what it said, and when.
consume_to_stdout() {
	mq-sub -f '%o\n' q/stdout 2> >(stamped >stdout.said 3>&- 7>&-) 3>&- 7>&- > >(stamped >stdout.got 3>&- 7>&-) &
	consumers+=($!)
}
consume_with_handlers() {
	cat >handle <<-'END'
		#!/bin/bash
		printf '%s %s\n' "$EPOCHREALTIME" "$MQ_ID" >>handler.got
	END
	chmod +x handle
	mq-sub -P 2 q/handler -- ./handle 2> >(stamped >handler.said 3>&- 7>&-) 3>&- 7>&- &
	consumers+=($!)
}
consume_manually() {
	mq-sub -m -f '%r\n' q/manual 2> >(stamped >manual.said 3>&- 7>&-) 3>&- 7>&- > >(while read -r receipt; do
		id=${receipt#*/*/}
		printf '%s %s %s\n' "$EPOCHREALTIME" "${id%%.*}" "$receipt" >>manual.got
		echo "$receipt"
	done 3>&- 7>&- | mq-ack 2>ack.said 3>&- 7>&-) &
	consumers+=($!)
}
# One after another, since each ends.
consume_what_is_there() {
	local status=0
	until [ -e over ]; do
		status=0
		mq-sub -e -f '%o\n' q/all &
		echo $! >all.pid
		wait $! || status=$?
		[ "$status" -le 1 ] || { echo "status $status" >>all.failed; return; }
		read -rt 0.1 <>pace || :
	done 3>&- 7>&- 2> >(stamped >all.said 3>&- 7>&-) > >(stamped >all.got 3>&- 7>&-) &
	looper=$!
}

everybody() {
	local group
	behind_proxies
	for group in stdout handler manual all; do
		mq-ctl create "q/$group"
		: >"$group.got"
	done
	publishing q 5 0.2 q
	consume_to_stdout
	consume_with_handlers
	consume_manually
	consume_what_is_there
	goes_on
}

# got GROUP N: N messages or more, not counting repeats.
got() {
	[ "$(cut -d ' ' -f 2 "$1.got" | sort -u | wc -l)" -ge "$2" ]
}

# goes_on: from here, 25 messages more are published and come to each group.
goes_on() {
	local group n
	n=$(($(wc -l <q.ids) + 25))
	until_true "[ \$(wc -l <q.ids) -ge $n ]"
	for group in stdout handler manual all; do
		until_true "got $group $n"
	done
}

# repeats GROUP: messages that came again though they had come, and no loss was near: none that the test made,
# and none of which the consumer said that its connection was lost.  What came a second before a loss was on
# its way, and two heartbeats more where a connection fell silent.
repeats() {
	awk '/connection lost/ { print $1 - 3, $1 }' "$1.said" | cat losses - >"$1.losses"
	awk 'NR == FNR { from[++n] = $1 - 1; to[n] = $2; next }
	    $2 in before {
		near = 0
		for (i = 1; i <= n; i++)
			near = near || (before[$2] >= from[i] && before[$2] <= to[i])
		if (!near)
			print $2, before[$2], $1
	    }
	    { before[$2] = $1 }' "$1.losses" "$1.got"
}

# all_came: every id came to every group, nothing came again without need, and everybody is at work still.
all_came() {
	local group
	published q
	for group in stdout handler manual all; do
		until_true "[ -z \"\$(cut -d ' ' -f 2 $group.got | sort -u | comm -13 - <(sort -u q.ids))\" ]"
		repeats "$group" >"$group.repeats"
		[ ! -s "$group.repeats" ] || { echo "again in $group: $(head "$group.repeats")"; return 1; }
	done
	still_consuming
	touch over
	wait "$looper"
	[ ! -e all.failed ]
	for group in stdout handler manual all; do
		run -1 mq-sub -e "q/$group"
	done
}

@test "kill -9 of each node in turn, a group's leader first" {
	local first node
	three
	everybody
	first=$(nodes leader "$vhost" q/manual)
	for node in "$first" $((first % 3 + 1)) $(((first + 1) % 3 + 1)); do
		loss
		nodes kill "$node"
		over
		nodes restart "$node"
	done
	all_came
}

@test "the node in use says nothing any more" {
	three
	everybody
	loss
	nodes pause 1
	over
	loss
	nodes whole
	over
	all_came
}

@test "the network to the node in use is cut, and comes back; connections are ended" {
	three
	everybody
	loss
	kill -USR1 "${proxies[1]}"
	over
	kill -USR2 "${proxies[1]}"
	loss
	kill -HUP "${proxies[@]}"
	over
	all_came
}

@test "all nodes are killed, and started again" {
	three
	everybody
	loss
	nodes kill 1 2 3
	nodes restart 1 2 3
	over
	all_came
}

# RabbitMQ 3.10 gives back what consumers of a node that is killed have, but not what those have that
# are cancelled: see lib/amqp/consumer.h.
@test "kill -9 of the node from which a consumer that ends has messages: they come to others when it is back" {
	local node
	three
	mq-ctl create q/g
	seq 10 | mq-pub q
	node=$(($(nodes leader "$vhost" q/g) % 3 + 1))
	# A process stays that settles what was handed out.
	mq-sub -s "amqp://127.0.0.1:$(nodes port "$node")/$vhost" -m -c 3 q/g >held 2>holder.said 3>&- 7>&-
	[ "$(wc -l <held)" = 3 ]
	until_true '! nodes api GET "consumers/$vhost" | jq -r ".[].consumer_tag" | grep -q "^mq-"'
	nodes kill "$node"
	nodes restart "$node"
	run timeout 60 mq-sub -c 10 q/g
	[ "$(sort -n <<<"$output")" = "$(seq 10)" ]
}
