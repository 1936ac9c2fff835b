#!/usr/bin/env bats
# alarms.bats - a RabbitMQ cluster that takes nothing for a while: it is low on memory or on disk, or stands still
#
# Has the cluster to itself.

load ../lib/common
load ../lib/expect

teardown_file() {
	"${BATS_TEST_DIRNAME}/nodes" "$MQ_CLUSTER" alarm off
}

setup_file() {
	teardown_file
}

# waiting: the publisher in the background has said, once, that it waits.
waiting() {
	until_true '[ -s err ]'
	[ "$(grep -c 'takes no messages' err)" = 1 ]
}

# stored: how many messages the log of q has.
stored() {
	nodes api GET "queues/$vhost/q.log" | jq -r '.messages // 0'
}

@test "a publisher waits, says so once, and goes on when it is over" {
	mq-pub q first
	nodes alarm on
	mq-pub -I q a b >out 2>err 3>&- &
	waiting
	[ ! -s out ]
	nodes alarm off
	wait $!
	[ "$(wc -l <out)" = 2 ]
	waiting
	until_true '[ "$(stored)" = 3 ]'
}

@test "a publisher that was sending when it began loses nothing, and doubles nothing" {
	mkfifo in
	mq-pub -I q <in >out 2>err 3>&- &
	exec 7>in
	seq 1000 >&7
	until_true '[ "$(wc -l <out)" = 1000 ]'
	nodes alarm on
	seq 1001 2000 >&7
	waiting
	[ "$(wc -l <out)" = 1000 ]
	nodes alarm off
	exec 7>&-
	wait $!
	[ "$(sort -u out | wc -l)" = 2000 ]
	until_true '[ "$(stored)" = 2000 ]'
}

@test "the disk, too" {
	mq-pub q first
	nodes alarm on disk
	mq-pub -I q a b >out 2>err 3>&- &
	waiting
	nodes alarm off
	wait $!
	[ "$(wc -l <out)" = 2 ]
	until_true '[ "$(stored)" = 3 ]'
}

@test "-W: no longer than that; 75" {
	mq-pub q first
	nodes alarm on
	run -75 --separate-stderr timeout 60 mq-pub -W 300ms q a
	run -75 --separate-stderr timeout 60 mq-pub -W 0 q a
	nodes alarm off
	mq-pub q b
}

@test "a signal ends the wait, also while a large body is sent" {
	local signal
	mq-pub q first
	head -c 20000000 /dev/zero >large
	nodes alarm on
	for signal in TERM INT; do
		rm -f err how how.pid
		watched how mq-pub -1 q <large 2>err >/dev/null 3>&- &
		waiting
		kill -"$signal" "$(cat how.pid)"
		until_true '[ -e how ]'
		wait $!
		if [ "$signal" = INT ]; then
			[ "$(cat how)" = 'signal 2' ]
		else
			[[ $(cat how) = 'exit 75' || $(cat how) = 'signal 15' ]]
		fi
	done
	nodes alarm off
}

@test "consuming goes on, and ends with -e, -W and -c as ever" {
	mq-ctl create q/g
	mq-pub q a b c
	nodes alarm on
	run -0 --separate-stderr timeout 20 mq-sub -c 1 q/g
	[ "$output" = a ]
	run -0 --separate-stderr timeout 20 mq-sub -e q/g
	[ "$output" = $'b\nc' ]
	run -1 --separate-stderr timeout 60 mq-sub -e q/g
	run -1 --separate-stderr timeout 60 mq-sub -W 300ms q/g
	nodes alarm off
}

@test "a retry waits for its end, and the message is not lost" {
	mq-ctl create q/g
	mq-pub q a
	nodes alarm on
	mq-sub -c 1 q/g -- sh -c 'touch ran; exit 1' 2>err 3>&- &
	waiting
	[ -e ran ]
	kill -0 $!
	nodes alarm off
	wait $!
	until_true '[ "$(mq-sub -e q/g)" = a ]'
}

@test "a queue that is new: the same" {
	nodes alarm on
	mq-pub q a 2>err 3>&- &
	waiting
	nodes alarm off
	wait $!
	until_true '[ "$(stored)" = 1 ]'
}

@test "nodes that stand still: a signal ends every tool" {
	local node command receipt pid
	mq-pub q one two
	mq-sub -m -c 1 q/g >taken
	receipt=$(cut -f 1 taken)
	for node in $(seq "$(nodes count)"); do
		nodes pause "$node"
	done
	for command in "mq-pub q x" "mq-sub q/g" "mq-sub q/g -- cat" "mq-ack $receipt" "mq-stat" "mq-replay -F q" \
	    "mq-ctl show q" "mq-ctl create q/h"; do
		rm -f how how.pid
		# shellcheck disable=SC2086 # words
		watched how $command >/dev/null 2>&1 3>&- &
		until_true '[ -e how.pid ]'
		pid=$(cat how.pid)
		# It has a connection, and waits.
		until_true '[ -e how ] || { find "/proc/$pid/fd" -lname "socket:*" | grep -q . && grep -q "^State:.S" "/proc/$pid/status"; }'
		kill -TERM "$pid" 2>/dev/null || :
		patience=300 until_true '[ -e how ]' || { echo "$command"; kill -KILL "$pid"; break; }
		wait $!
	done
	for node in $(seq "$(nodes count)"); do
		nodes continue "$node"
	done
	[ -e how ]
}

@test "mq-ack does not end with 0 before the broker has worked on what it settled" {
	local node ended
	mq-pub q one two
	mq-sub -m -c 2 q/g >taken
	for node in $(seq "$(nodes count)"); do
		nodes pause "$node"
	done
	# The acks fit in a socket's buffer, so they can be sent.
	run timeout 3 mq-ack <taken
	ended=$status
	for node in $(seq "$(nodes count)"); do
		nodes continue "$node"
	done
	[ "$ended" != 0 ]
	# What was asked for is done all the same, as soon as it can be.
	has depth q/g 0
}
