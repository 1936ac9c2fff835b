#!/usr/bin/env bats
# replies.bats - mq-pub --call by direct reply-to: other clients, callers that go, lost connections
#
# Runs on a cluster, by tests/amqp/run.  tests/call.bats has what the tools make of it.

load ../lib/common
load ../lib/expect

# rpc ...: another client of this vhost.
rpc() {
	timeout 60 "$top/tests/amqp/rpc" "$(nodes address "$vhost")" "$@"
}

serve() {
	timeout 120 mq-sub rpc -- "$@" >out 2>err 3>&- &
	server=$!
}

# ready QUEUE/GROUP: how many messages nobody has yet.
ready() {
	field ready "$1"
}

# cut: the broker ends all connections to the vhost that there are.
cut_connections() {
	until_true '[ -n "$(nodes api GET "vhosts/$vhost/connections" | jq -r ".[].name")" ]'
	nodes api GET "vhosts/$vhost/connections" | jq -r '.[].name | @uri' | while read -r name; do
		nodes api DELETE "connections/$name"
	done
}

@test "another client answers" {
	mq-ctl create rpc/default
	timeout 60 mq-pub --call rpc hello >reply &
	rpc answer rpc/default
	wait $!
	[ "$(cat reply)" = 'answer to hello' ]
}

@test "another client asks: by a queue of its own, and by direct reply-to" {
	mq-ctl create rpc/default
	serve sh -c 'read -r x; echo "$x $MQ_KEY"; [ "$x" != fail ] || exit 3'
	local queue
	for queue in "replies-$vhost" amq.rabbitmq.reply-to; do
		[ "$(rpc ask rpc "$queue" hello)" = $'hello key\tc-1\t' ]
		[ "$(rpc ask rpc "$queue" fail)" = $'fail key\tc-1\texit 3' ]
	done
	until_true '[ "$(depth rpc/default)" = 0 ]'
	[ ! -s out ]
	missing rpc.dead
}

@test "a reply queue that is gone: the message is as any other" {
	mq-ctl create rpc/default
	nodes api PUT "queues/$vhost/replies" '{"durable":true}'
	mq-pub -H mq-reply-to=replies rpc 1 2
	mq-sub -c 1 rpc -- sh -c 'cat; exit 1' >out
	[ ! -s out ]
	until_true '[ "$(nodes api GET "queues/$vhost/replies" | jq .messages)" = 1 ]'
	nodes api DELETE "queues/$vhost/replies"
	run -0 mq-sub -c 1 rpc -- cat
	assert_output 2
}

@test "a reply queue that goes while the command runs: its status settles the message" {
	mq-ctl create rpc/default
	mq-ctl set rpc/default backoff=0ms
	nodes api PUT "queues/$vhost/replies" '{"durable":true}'
	mq-pub -H mq-reply-to=replies rpc x
	export top MQ_CLUSTER vhost
	run -0 mq-sub -c 2 rpc -- sh -c 'cat; [ "$MQ_ATTEMPT" = 2 ] && exit 0
	    "$top/tests/amqp/nodes" "$MQ_CLUSTER" api DELETE "queues/$vhost/replies"; exit 1'
	# The first output went nowhere, the second one is mq-sub's own.
	assert_output x
}

@test "the engine's own queues are nobody's address" {
	local to
	mq-ctl create rpc/default
	mq-ctl create other/default
	for to in mq.settings other/default other.log amq.rabbitmq.reply-to amq.rabbitmq.reply-to.x; do
		mq-pub -H "mq-reply-to=$to" rpc "$to"
	done
	run -0 mq-sub -e rpc -- sh -c 'cat; echo'
	[ "${#lines[@]}" = 5 ]
	run -1 mq-sub -e other
	run -1 mq-replay other
	mq-ctl show rpc/default
}

@test "a caller that was killed: its message is as any other; -W: it expires" {
	mq-ctl create rpc/default
	mq-pub --call rpc x &
	until_true '[ "$(ready rpc/default)" = 1 ]'
	kill -KILL $!
	wait $! || :
	fails 75 "mq-pub: rpc: no reply in time" mq-pub --call -W 200ms rpc late
	run -0 mq-sub -e rpc -- cat
	assert_output x
}

@test "a caller that is killed while the command runs: its status settles the message" {
	local caller
	mkfifo gate
	exec 8<>gate
	mq-ctl create rpc/default
	mq-ctl set rpc/default backoff=0ms
	mq-pub --call rpc x 8>&- &
	caller=$!
	mq-sub -c 2 rpc -- sh -c 'echo "run $MQ_ATTEMPT" >>begun; read -r x <gate; exit 1' 3>&- 8>&- &
	until_true '[ -e begun ]'
	kill -KILL "$caller"
	wait "$caller" || :
	# The broker learns of it by the end of its connection.
	until_true '[ "$(nodes api GET "vhosts/$vhost/connections" | jq length)" = 1 ]'
	echo >&8
	echo >&8
	wait
	exec 8>&-
	[ "$(cat begun)" = $'run 1\nrun 2' ]
}

@test "the connection is lost while a reply is awaited: 75, and the message is there" {
	local status=0
	mq-ctl create rpc/default
	timeout 60 mq-pub --call rpc x 2>said &
	until_true '[ "$(ready rpc/default)" = 1 ]'
	cut_connections
	wait $! || status=$?
	[ "$status" = 75 ]
	grep -qx 'mq-pub: rpc: the connection was lost, and with it the way of the reply: the message was published' said
	run -0 mq-sub -e rpc -- cat
	assert_output x
}

@test "the handler's connection is lost while it works: it runs again, and the caller has a reply" {
	mq-ctl create rpc/default
	timeout 60 mq-pub --call rpc x >reply &
	local caller=$!
	until_true '[ "$(ready rpc/default)" = 1 ]'
	serve sh -c 'echo >>begun; [ "$(wc -l <begun)" = 2 ] || kill -KILL $PPID; cat'
	until_true '[ -e begun ]'
	wait "$server" || :
	serve cat
	wait "$caller"
	[ "$(cat reply)" = x ]
}

@test "SIGTERM while the command runs: the reply is sent" {
	mq-ctl create rpc/default
	timeout 60 mq-pub --call rpc x >reply &
	local caller=$!
	mq-sub rpc -- sh -c 'kill -TERM $PPID; cat' >out 2>err 3>&- &
	server=$!
	wait "$caller"
	wait "$server"
	[ "$(cat reply)" = x ]
	[ "$(depth rpc/default)" = 0 ]
}

@test "who may not write to the default exchange: told, and retried" {
	mq-ctl create rpc/default
	nodes user "server-$vhost" secret "$vhost" '.*' '^(rpc|mq[.]).*' '.*'
	timeout 60 mq-pub --call rpc x >reply &
	local caller=$! rest=${MQ_SPOOL#*://}
	mq-sub -s "amqp://server-$vhost:secret@${rest%/*}/$vhost" -c 1 rpc -- cat 2>err
	grep -q "access to exchange 'amq.default' in vhost '$vhost' refused for user 'server-$vhost'" err
	serve cat
	wait "$caller"
	[ "$(cat reply)" = x ]
}
