#!/usr/bin/env bats
# ack-timeout.bats - readers and consumers of a cluster that closes the channel of whoever does not acknowledge
# for longer than its consumer_timeout
#
# Has the cluster to itself.

load ../lib/common
load ../lib/expect

setup_file() {
	"${BATS_TEST_DIRNAME}/nodes" "$MQ_CLUSTER" ack-timeout 1000
}
teardown_file() {
	"${BATS_TEST_DIRNAME}/nodes" "$MQ_CLUSTER" ack-timeout default
}

# unacknowledged: how many messages were sent to readers of this test's vhost and not acknowledged.
unacknowledged() {
	nodes api GET "vhosts/$vhost/channels" | jq '[.[].messages_unacknowledged] | add // 0'
}


@test "following a quiet queue: what was read is acknowledged, and nothing is said" {
	seq 3 | mq-pub q
	mq-replay -F q >out 2>err 3>&- &
	pid=$!
	until_true '[ "$(wc -l <out)" = 3 ]'
	until_true '[ "$(unacknowledged)" = 0 ]'
	mq-pub q 4
	until_true '[ "$(wc -l <out)" = 4 ]'
	until_true '[ "$(unacknowledged)" = 0 ]'
	kill "$pid"
	run ! wait "$pid"
	[ "$(cat out)" = "$(seq 4)" ]
	[ ! -s err ]
}

@test "a reader that is slower than the time-out goes on at the next message, and says so once" {
	seq -f '%0100.0f' 20000 | mq-pub q
	mkfifo pipe
	mq-replay q >pipe 2>err 3>&- &
	pid=$!
	exec 5<pipe
	# Twice: the stream's channel is closed, and after more was read, again.  The other one of
	# the connection is for requests, and stays.
	for bytes in 1 900000; do
		head -c "$bytes" <&5 >>out
		until_true '[ "$(nodes channels)" = 2 ]'
		until_true '[ "$(nodes channels)" = 1 ]'
	done
	timeout 120 cat <&5 >>out
	wait "$pid"
	exec 5<&-
	cmp out <(seq -f '%0100.0f' 20000)
	[ "$(grep -c consumer_timeout err)" = 1 ]
}

@test "a command that takes longer: mq-sub says so, goes on, and the message comes again" {
	mq-ctl create q/g
	mq-pub q a
	nodes api GET overview | jq -e '.rabbitmq_version | split(".") | map(tonumber? // 0) | . < [3, 12]' ||
	    skip "from RabbitMQ 3.12 on the queue's own limit counts, which is long"
	# shellcheck disable=SC2016 # for the command
	mq-sub q/g -- sh -c 'echo >>runs; [ "$(wc -l <runs)" -gt 1 ] || while [ ! -e go ]; do sleep 0.1; done' 2>said 3>&- &
	until_true 'grep -q "longer than its consumer_timeout" said'
	touch go
	until_true '[ "$(wc -l <runs)" = 2 ]'
	has depth q/g 0
	kill $!
	wait $!
	[ "$(grep -c consumer_timeout said)" = 1 ]
}
