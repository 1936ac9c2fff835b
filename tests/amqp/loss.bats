#!/usr/bin/env bats
# loss.bats - nodes of a RabbitMQ cluster are killed, stopped and started again while the
# tools are at work: what they said they had done is done
#
# Has the cluster to itself.  Needs three nodes.

load ../lib/common
load ../lib/expect
load loss

# url NODE: as other clients want it.
url() {
	echo "amqp://mq:secret@127.0.0.1:$(nodes port "$1")/$vhost"
}

# confirmed NAME N: so many ids are printed, or more.
confirmed() {
	[ "$(wc -l <"$1.ids")" -ge "$2" ]
}

# more NAME: a thousand confirms more than when this was called.
more() {
	until_true "confirmed $1 $(($(wc -l <"$1.ids") + 1000))"
}

# all_logged NAME: no number is missing in the stream of that queue, and no id, as they are read from the first
# node.  What has no id is a sign of mq-replay's.
all_logged() {
	mq-pub "$1" end
	"$top/tests/amqp/stream" "$(url 1)" "$1.log" >log
	grep -v '^-' log | cut -f 2 | sort -u | cmp - <(sort "$1.numbers")
	[ -z "$(cut -f 1 log | sort -u | comm -13 - <(sort "$1.ids"))" ]
}

# followed_up: who follows the log has what is in it up to now.
followed_up() {
	until_true '[ "$(tail -n 1 followed | cut -d " " -f 2)" -ge "$(wc -l <q.ids)" ]'
}

@test "kill -9 of each node in turn, the log's leader first: every id is there, and who follows gets all, in order, once" {
	local first node reader
	three
	publishing q 100 0.1 q
	more q
	mq-replay -F -f '%o %s\n' q >followed 2>follow.said 3>&- 7>&- &
	reader=$!
	first=$(nodes leader "$vhost" q.log)
	for node in "$first" $((first % 3 + 1)) $(((first + 1) % 3 + 1)); do
		nodes kill "$node"
		more q
		followed_up
		nodes restart "$node"
		more q
	done
	published q
	all_logged q
	until_true 'grep -q " end$" followed'
	kill "$reader"
	mq-replay -f '%o %s\n' q | cmp - followed
}

@test "a node that says nothing any more: noticed, and every id is there" {
	three
	publishing q 100 0.1 q
	more q
	nodes pause "$(nodes leader "$vhost" q.log)"
	more q
	nodes whole
	more q
	published q
	all_logged q
}

@test "a node that says nothing any more, without a stream: the group gets every id" {
	three
	mq-ctl create q/g
	mq-ctl set q retain=0
	publishing q 100 0.1 q
	more q
	nodes pause "$(nodes leader "$vhost" q/g)"
	more q
	nodes whole
	published q
	mq-sub -e -f '%o %s\n' q/g >got
	cut -d ' ' -f 2 got | sort -u | cmp - <(sort q.numbers)
	[ -z "$(cut -d ' ' -f 1 got | sort -u | comm -13 - <(sort q.ids))" ]
}

@test "all nodes are killed, and started again: every id is there" {
	three
	publishing q 100 0.1 q
	more q
	nodes kill 1 2 3
	nodes restart 1 2 3
	more q
	published q
	all_logged q
}

@test "all nodes stand still: a signal ends the wait" {
	three
	yes | head -n 2000000 >lines
	watched ended mq-pub -I q <lines >q.ids 2>said &
	more q
	nodes pause 1 2 3
	kill -INT "$(cat ended.pid)"
	wait $!
	nodes continue 1 2 3
	[ "$(cat ended)" = "signal 2" ]
}
