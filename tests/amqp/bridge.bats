#!/usr/bin/env bats
# bridge.bats - a queue of this machine is copied to a cluster, by the recipe of mq(7), while the
# cluster goes away and every part of the pipeline is killed
#
# Has the cluster to itself.

load ../lib/common
load ../lib/expect
load loss

# recipe N: the Nth block of the recipe, with the test's cluster.
recipe() {
	awk -v recipe='A bridge' -v block="$1" -f "$top/tests/lib/recipe.awk" "$top/man/mq.7" |
		sed "s|amqp://[^ ]*|$cluster|"
}

# url: the cluster's first node, as other clients want it.
url() {
	echo "amqp://mq:secret@127.0.0.1:$(nodes port 1)/$vhost"
}

# publishing: numbers, ten at a time, until there is a file ./stop.
publishing() {
	local i
	for ((i = 0; ; i += 10)); do
		[ ! -e stop ] || break
		seq "$((i + 1))" "$((i + 10))"
		read -rt 0.05 <>pace || :
	done | tee numbers | mq-pub -I orders >ids
} 3>&- 7>&-

# keeping: runs the script again and again, its process in ./bridge.pid, until there is a file
# ./stopped.
keeping() {
	until [ -e stopped ]; do
		sh -c 'echo $$ >bridge.pid; . ./bridge' 2>>said || :
		read -rt 0.2 <>pace || :
	done
} 3>&- 7>&-

# settled N: so many messages are, or more.
settled() {
	local depth
	depth=$(depth orders/bridge)
	[ "$(($(wc -l <ids) - depth))" -ge "$1" ]
}

# more: of what is published from now on.
more() {
	until_true "settled $(($(wc -l <ids) + 50))"
}

@test "a bridge: every part of it is killed, and the cluster goes away: nothing is lost, order kept" {
	local part bridging published node last
	cluster=$MQ_SPOOL
	export MQ_SPOOL=$PWD/here
	mkfifo pace
	recipe 1 | sh
	recipe 2 >bridge
	[ "$(recipe 3)" = 'while sleep 1; do sh bridge; done' ]
	publishing &
	published=$!
	keeping &
	bridging=$!
	more
	for part in mq-sub mq-pub mq-ack mq-pub; do
		until_true "pkill -KILL -x $part -P \"\$(<bridge.pid)\""
		more
	done
	for ((node = 1; node <= $(nodes count); node++)); do
		nodes kill "$node"
	done
	# It is durable here meanwhile.
	last=$(wc -l <ids)
	until_true "[ \"\$(wc -l <ids)\" -ge $((last + 100)) ]"
	nodes whole
	more
	touch stop
	wait "$published"
	[ "$(wc -l <ids)" = "$(wc -l <numbers)" ]
	until_true '[ "$(depth orders/bridge)" = 0 ]'
	touch stopped
	pkill -TERM -x mq-sub -P "$(<bridge.pid)"
	wait "$bridging"
	MQ_SPOOL=$cluster mq-pub orders end
	"$top/tests/amqp/stream" "$(url)" orders.log >log
	diff <(cut -f 2 log | awk '!seen[$0]++') numbers
	# What came twice was on its way when something ended.
	[ "$(($(wc -l <log) - $(wc -l <numbers)))" -le $((6 * 1000)) ]
	sound
}

@test "a bridge: the message keeps its key and headers, and says where it is from" {
	local id
	cluster=$MQ_SPOOL
	export MQ_SPOOL=$PWD/here
	recipe 1 | sh
	recipe 2 | sed 's/mq-sub -m/& -e/' >bridge
	id=$(mq-pub -I -k a.b -H color=red orders message)
	sh bridge
	[ "$(depth orders/bridge)" = 0 ]
	MQ_SPOOL=$cluster run -0 mq-sub -e -J orders
	jq -e --arg id "$id" '.body == "message" and .key == "a.b" and .headers.color == "red" and
	    .headers["mq-origin-id"] == $id and .headers["mq-origin-queue"] == "orders"' <<<"$output"
}
