#!/usr/bin/env bats
# loss.bats - nodes of a RabbitMQ cluster are killed, stopped and started again while the
# tools are at work: what they said they had done is done
#
# Has the cluster to itself.  Needs three nodes.

load ../lib/common
load ../lib/expect

# Two heartbeats are the longest that a silent loss goes unnoticed.
three() {
	[ "$(nodes count)" = 3 ] || skip "needs a cluster of three nodes"
	export XDG_CONFIG_HOME=$BATS_TEST_TMPDIR/config
	mkdir -p "$XDG_CONFIG_HOME/mq"
	(umask 077; { cat "$BATS_FILE_TMPDIR/config/mq/amqp.conf"; echo heartbeat=1; } \
	    >"$XDG_CONFIG_HOME/mq/amqp.conf")
}

# Whatever a test did, all nodes are there for the next.
setup_file() {
	"${BATS_TEST_DIRNAME}/nodes" "$MQ_CLUSTER" whole
}
teardown_file() {
	setup_file
}

# url NODE: as other clients want it.
url() {
	echo "amqp://mq:secret@127.0.0.1:$(nodes port "$1")/$vhost"
}

# publishing: mq-pub -I publishes numbers, hundred at a time, until there is a file ./stop; its
# ids go to ./ids, what was published to ./numbers.
publishing() {
	local i
	for ((i = 0; ; i += 100)); do
		[ ! -e stop ] || break
		seq "$((i + 1))" "$((i + 100))"
		read -rt 0.01 <>pace || :
	done 3>&- 7>&- | tee numbers | mq-pub -I q >ids 2>err 3>&- &
	pid=$!
}

# confirmed N: so many ids are printed, or more.
confirmed() {
	[ "$(wc -l <ids)" -ge "$1" ]
}

# more: a thousand confirms more than when this was called.
more() {
	until_true "confirmed $(($(wc -l <ids) + 1000))"
}

# all_there NODE: as many ids as numbers are printed, no number is missing in the log, and no
# id, as they are read from NODE.
all_there() {
	touch stop
	wait "$pid"
	mq-pub q end
	[ "$(sort -u ids | wc -l)" = "$(wc -l <numbers)" ]
	"$top/tests/amqp/stream" "$(url "$1")" q.log >log
	cut -f 2 log | sort | uniq | cmp - <(sort numbers)
	[ -z "$(cut -f 1 log | sort -u | comm -13 - <(sort ids))" ]
}

@test "kill -9 of each node in turn, the log's leader first: every id is there" {
	local first node
	three
	mkfifo pace
	publishing
	until_true 'confirmed 1000'
	first=$(nodes leader "$vhost" q.log)
	for node in "$first" $((first % 3 + 1)) $(((first + 1) % 3 + 1)); do
		nodes kill "$node"
		more
		nodes restart "$node"
		more
	done
	all_there 1
}

@test "kill -9 of each node in turn: who follows the log gets what is in it, in order, once" {
	local first node
	three
	mkfifo pace
	publishing
	until_true 'confirmed 1000'
	mq-replay -F -f '%o %s\n' q >followed 2>said 3>&- 7>&- &
	reader=$!
	first=$(nodes leader "$vhost" q.log)
	for node in "$first" $((first % 3 + 1)) $(((first + 1) % 3 + 1)); do
		nodes kill "$node"
		more
		until_true '[ "$(tail -n 1 followed | cut -d " " -f 2)" -ge "$(wc -l <ids)" ]'
		nodes restart "$node"
		more
	done
	touch stop
	wait "$pid"
	mq-pub q end
	until_true 'grep -q " end$" followed'
	kill "$reader"
	mq-replay -f '%o %s\n' q | cmp - followed
	[ -z "$(cut -d ' ' -f 1 followed | sort -u | comm -13 - <(sort ids))" ]
}

@test "a node that says nothing any more: noticed, and every id is there" {
	local node
	three
	mkfifo pace
	publishing
	until_true 'confirmed 1000'
	node=$(nodes leader "$vhost" q.log)
	nodes pause "$node"
	more
	nodes whole
	more
	all_there 1
}

@test "a node that says nothing any more, without a stream: the group gets every id" {
	three
	mq-ctl create q/g
	mq-ctl set q retain=0
	mkfifo pace
	publishing
	until_true 'confirmed 1000'
	nodes pause "$(nodes leader "$vhost" q/g)"
	more
	nodes whole
	touch stop
	wait "$pid"
	mq-sub -e -f '%o %s\n' q/g >got
	cut -d ' ' -f 2 got | sort -u | cmp - <(sort numbers)
	[ -z "$(cut -d ' ' -f 1 got | sort -u | comm -13 - <(sort ids))" ]
}

@test "all nodes are killed, and started again: every id is there" {
	three
	mkfifo pace
	publishing
	until_true 'confirmed 1000'
	nodes kill 1 2 3
	nodes restart 1 2 3
	more
	all_there 1
}

@test "all nodes stand still: a signal ends the wait" {
	three
	mkfifo pace
	yes | head -n 2000000 >lines
	watched ended mq-pub -I q <lines >ids 2>said &
	until_true 'confirmed 1000'
	nodes pause 1 2 3
	kill -INT "$(cat ended.pid)"
	wait $!
	nodes whole
	[ "$(cat ended)" = "signal 2" ]
}
