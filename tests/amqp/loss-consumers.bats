#!/usr/bin/env bats
# loss-consumers.bats - nodes of a RabbitMQ cluster are killed and stopped, and the network is cut, while
# groups are consumed in every way: nothing is lost, and what was settled does not come back
#
# Has the cluster to itself.  Needs three nodes.
#
# The tools find the nodes through tests/amqp/proxy, one for each node.

load ../lib/common
load ../lib/expect

setup_file() {
	"${BATS_TEST_DIRNAME}/nodes" "$MQ_CLUSTER" whole
}
teardown_file() {
	setup_file
}

# What a test that failed has left at work must end, too.
eval "common_$(declare -f teardown)"
teardown() {
	touch stop over
	common_teardown
}

# three: a heartbeat of a second, and a proxy before each node.
three() {
	local node
	[ "$(nodes count)" = 3 ] || skip "needs a cluster of three nodes"
	command -v python3 >/dev/null || skip "needs python3"
	export XDG_CONFIG_HOME=$BATS_TEST_TMPDIR/config
	mkdir -p "$XDG_CONFIG_HOME/mq"
	(umask 077; { cat "$BATS_FILE_TMPDIR/config/mq/amqp.conf"; printf '%s\n' heartbeat=1 connect-timeout=2s; } \
	    >"$XDG_CONFIG_HOME/mq/amqp.conf")
	for node in 1 2 3; do
		"$top/tests/amqp/proxy" "127.0.0.1:$(nodes port "$node")" >"proxy$node" 3>&- 7>&- &
		proxies[node]=$!
		until_true "[ -s proxy$node ]"
	done
	MQ_SPOOL="amqp://127.0.0.1:$(<proxy1),127.0.0.1:$(<proxy2),127.0.0.1:$(<proxy3)/$vhost"
	: >losses
}

# publishing: mq-pub -I publishes numbers, 25 a second, until there is a file ./stop; ids go to ./ids.
publishing() {
	local i
	mkfifo pace
	for ((i = 1; ; i++)); do
		[ ! -e stop ] || break
		echo "$i"
		read -rt 0.04 <>pace || :
	done 3>&- 7>&- | tee numbers | mq-pub -I q >ids 2>published.said 3>&- &
	publisher=$!
}

# Each of these consumes a group until it is ended, and writes to ./NAME.got what it got, and when.
stamped() {
	local id
	while read -r id; do
		printf '%s %s\n' "$EPOCHREALTIME" "$id"
	done
}
consume_to_stdout() {
	mq-sub -f '%o\n' q/stdout 2>stdout.said 3>&- 7>&- > >(stamped >stdout.got 3>&- 7>&-) &
	consumers+=($!)
}
consume_with_handlers() {
	cat >handle <<-'END'
		#!/bin/bash
		printf '%s %s\n' "$EPOCHREALTIME" "$MQ_ID" >>handler.got
	END
	chmod +x handle
	mq-sub -P 2 q/handler -- ./handle 2>handler.said 3>&- 7>&- &
	consumers+=($!)
}
consume_manually() {
	mq-sub -m -f '%r\n' q/manual 2>manual.said 3>&- 7>&- > >(while read -r receipt; do
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
		mq-sub -e -f '%o\n' q/all 2>>all.said || status=$?
		[ "$status" -le 1 ] || { echo "status $status" >>all.failed; return; }
	done 3>&- 7>&- > >(stamped >all.got 3>&- 7>&-) &
	looper=$!
}

everybody() {
	local group
	consumers=()
	for group in stdout handler manual all; do
		mq-ctl create "q/$group"
		: >"$group.got"
	done
	publishing
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
	n=$(($(wc -l <ids) + 25))
	until_true "[ \$(wc -l <ids) -ge $n ]"
	for group in stdout handler manual all; do
		until_true "got $group $n"
	done
}

# What is on its way when a loss begins, and until all goes on, may come again.  What was begun a second
# before does not count as being on its way.
loss() {
	printf '%s ' "$EPOCHREALTIME" >>losses
}
over() {
	goes_on
	printf '%s\n' "$EPOCHREALTIME" >>losses
}

# repeats GROUP: messages that came again though they had come, and no loss was near.
repeats() {
	awk 'NR == FNR { from[++n] = $1 - 1; to[n] = $2; next }
	    $2 in before {
		near = 0
		for (i = 1; i <= n; i++)
			near = near || (before[$2] >= from[i] && before[$2] <= to[i])
		if (!near)
			print $2, before[$2], $1
	    }
	    { before[$2] = $1 }' losses "$1.got"
}

# all_came: every id came to every group, nothing came again without need, and everybody is at work still.
all_came() {
	local group pid
	touch stop
	wait "$publisher"
	[ "$(sort -u ids | wc -l)" = "$(wc -l <numbers)" ]
	for group in stdout handler manual all; do
		until_true "[ -z \"\$(cut -d ' ' -f 2 $group.got | sort -u | comm -13 - <(sort -u ids))\" ]"
		[ -z "$(repeats "$group")" ] || { echo "again in $group: $(repeats "$group")"; return 1; }
	done
	for pid in "${consumers[@]}"; do
		kill -TERM "$pid"
		wait "$pid"
	done
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
