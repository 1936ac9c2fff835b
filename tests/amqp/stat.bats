#!/usr/bin/env bats
# stat.bats - numbers of a RabbitMQ cluster: the management API, and what is known without it

load ../lib/common

# configure LINE...: amqp.conf has these lines, beside user and password.
configure() {
	export XDG_CONFIG_HOME=$BATS_TEST_TMPDIR/config
	mkdir -p "$XDG_CONFIG_HOME/mq"
	(umask 077; printf '%s\n' user=mq password=secret "$@" >"$XDG_CONFIG_HOME/mq/amqp.conf")
}

# numbers WANT FILTER NAME: mq-stat comes to say so of a queue or group.
numbers() {
	until_true "[ '$1' = \"\$(mq-stat -J $3 | jq -c 'select(.group == ${4-null}) | $2')\" ]"
}
group() {
	numbers "$1" "$2" q/g '"g"'
}

# serve SOCAT-ADDRESS COMMAND: a server on a free port, which is in $port.
serve() {
	rm -f listening
	socat -d -d "$1" EXEC:"$2" 2>listening >/dev/null </dev/null 3>&- &
	until_true 'grep -q "listening on" listening'
	port=$(sed -n 's/.*listening on.*:\([0-9]*\)$/\1/p' listening)
}
plain=TCP-LISTEN:0,bind=127.0.0.1,fork,reuseaddr
# answer STATUS BODY: a command that answers so; what it is called is printed.
answer() {
	local name=$PWD/answer-${1%% *}
	printf 'HTTP/1.1 %s\r\ncontent-length: %d\r\nconnection: close\r\n\r\n%s' "$1" "${#2}" "$2" >"$name.text"
	printf '#!/bin/sh\nwhile read -r l && [ ${#l} -gt 1 ]; do :; done\ncat "$0.text"\n' >"$name"
	chmod +x "$name"
	echo "$name"
}

# without TEXT: what is ready and the consumers are told, and a notice has that text, once.
without() {
	run -0 --separate-stderr mq-stat -J q q/g
	[ "$(grep -c "without the management API" <<<"$stderr")" = 1 ]
	[[ $stderr == *"$1"* ]] || fail "not on stderr: $1
$stderr"
	[[ $stderr != *secret* ]]
	[ "$(jq -sc 'map(select(.group))[0] | [.depth, .ready, .leased, .delayed, .delivered, .consumers]' \
	    <<<"$output")" = '[2,2,null,null,null,0]' ]
}
two() {
	mq-ctl create q/g
	printf 'one\nthree\n' | mq-pub q
	until_true "[ \"\$(mq-stat -J q/g | jq .ready)\" = 2 ]"
}

@test "what is ready, and what consumers have; bytes; what was published and delivered" {
	mq-ctl create q/g
	seq 5 | mq-pub q
	group '[5,5,0,5,0]' '[.depth, .ready, .leased, .depth_bytes, .consumers]'
	mq-sub -m -c 2 --prefetch 2 q/g >took
	group '[5,3,2]' '[.depth, .ready, .leased]'
	cut -f 1 took | mq-ack
	group '[3,3,0,3,2,2]' '[.depth, .ready, .leased, .depth_bytes, .delivered, .acked]'
	numbers '[5,1]' '[.in_messages, .groups]' q
	run -0 mq-stat
	assert_output --regexp $'\nq +g +3 +3 +0 +0 +- +- +- +2 '
}

@test "what the broker does not tell is unknown, and never 0" {
	mq-ctl create q/g
	echo x | mq-pub q
	group '[1,0]' '[.ready, .leased]'
	run -0 mq-stat -J q/g
	[ "$(jq -c '[.retried, .released, .rejected, .dead, .expired, .acked_bytes, .lag, .oldest, .ack_latency]' \
	    <<<"$output")" = '[null,null,null,null,null,null,null,null,null]' ]
	run -0 mq-stat --prometheus
	refute_output --partial mq_group_dead_lettered_messages_total
	refute_output --partial mq_group_ack_latency_seconds
	assert_output --partial 'mq_group_ready_messages{queue="q",group="g"} 1'
}

@test "DELAYED is 0 where nothing waits in the vhost, else unknown" {
	mq-ctl create q/g
	group '[0,0]' '[.delayed, .oldest_age // 0]'
	mq-pub -d 1h q later
	group null .delayed
}

@test "limits are those that were set" {
	mq-pub q x
	mq-ctl set q max-messages=7 overflow=drop-oldest
	numbers '[7,0]' '[.max_messages, .max_bytes]' q
}

@test "the management API is not reached: said once, the rest is shown" {
	two
	configure management=1
	without 'http://127.0.0.1:1: '
	run -3 --separate-stderr mq-stat --check 'ready<3'
	[[ $output == 'MQ UNKNOWN - http://127.0.0.1:1: '* ]]
}

@test "the user may not use it: said with what to do" {
	two
	nodes user "plain-$$" other "$vhost"
	printf 'user=%s\npassword=other\n' "plain-$$" >lines
	management=$(sed -n 's/^management=//p' "$XDG_CONFIG_HOME/mq/amqp.conf")
	configure "management=$management" "$(cat lines)"
	without "rabbitmqctl set_user_tags plain-$$ management"
	nodes api DELETE "users/plain-$$"
}

@test "management=no: it is not asked, and nothing is said" {
	two
	configure management=no
	run -0 --separate-stderr mq-stat -J q/g
	assert_equal "$stderr" ''
	[ "$(jq -c '[.ready, .leased]' <<<"$output")" = '[2,null]' ]
	run -0 mq-stat --check 'ready<3' q/g
	run -2 mq-stat --check 'ready<2' q/g
	run -3 mq-stat --check 'leased<2' q/g
}

@test "the page: dead letters that nobody can count are unknown, not none" {
	mq-pub q.dead 1
	total() { grep -o '<dt>dead letters*</dt><dd>[^<]*' page | sed 's/.*>//'; }
	configure management=no
	printf 'GET / HTTP/1.1\r\nHost: x\r\n\r\n' | mq-stat --http >page
	[ "$(total)" = '?' ]
	mq-ctl create q.dead/redrive
	printf 'GET / HTTP/1.1\r\nHost: x\r\n\r\n' | mq-stat --http >page
	[ "$(total)" = 1 ]
}

# page: the page for people, without its style and tags.
page() {
	printf 'GET / HTTP/1.1\r\nHost: x\r\n\r\n' | mq-stat --http |
	    sed '/^<style>/,/<\/style>/d; s/<[^>]*>/ /g' | tr -s ' \n' ' '
}

@test "the page: numbers, and ? for what the broker does not tell" {
	mq-ctl create q/g
	seq 5 | mq-pub q
	mq-sub -m -c 2 --prefetch 2 q/g >took
	head -n 1 took | cut -f 1 | mq-ack
	until_true 'page | grep -q "5 ever published.* g 4 3 1 0 ? - 1 ? ? [12] "'
	page | grep -q ' q working 4 '
}

@test "the page: looking leaves nothing in the queue" {
	mq-pub q.dead 1
	until_true 'page | grep -q "1 dead letter; "'
	page | grep -q 'Not shown, .* mq-replay q.dead reads them'
	mq-pub q.dead end
	[ "$("$top/tests/amqp/stream" "$(nodes address "$vhost")" q.dead.log | cut -f 2)" = 1 ]
}

@test "the limits of several queues, which are read in one go" {
	for i in 1 2 3; do
		mq-ctl create "q$i/g"
		mq-ctl set "q$i" max-messages="$i" overflow=drop-oldest
	done
	run -0 jq -sc 'map(select(.group == null) | .max_messages)' <<<"$(mq-stat -J)"
	assert_output '[1,2,3]'
	run -0 jq -sc 'map(select(.group == null) | .max_messages)' <<<"$(mq-stat -J q3 q1/g)"
	assert_output '[3]'
}
@test "dead letters are counted in their queue" {
	mq-pub q x
	mq-ctl create q/g
	until_true "mq-stat --check dead=0 q"
	mq-sub -m -c 1 q/g | cut -f 1 | mq-ack --reject
	until_true "mq-stat --check dead=0 | grep '^MQ CRITICAL - q dead is 1, not =0'"
}

@test "servers are tried in turn: one that is not there, one that fails, one that is another" {
	two
	serve "$plain" "$(answer '500 Internal' '{"error":"not_whole"}')"
	local failing=$port
	serve "$plain" "$(answer '200 OK' '<html>')"
	configure "management=http://127.0.0.1:1,http://127.0.0.1:$failing,http://127.0.0.1:$port,http://127.0.0.1:$(nodes management 1)/"
	group '[2,2,0]' '[.depth, .ready, .leased]'
	run -0 --separate-stderr mq-stat
	assert_equal "$stderr" ''
	# All of them fail.
	configure "management=http://127.0.0.1:$failing,http://127.0.0.1:$port"
	without "http://127.0.0.1:$failing: status 500"
}

@test "a server that takes connections and says nothing is given up after 5 s" {
	two
	serve "$plain" 'sleep 60'
	configure "management=http://127.0.0.1:$port"
	local began=$SECONDS
	without "http://127.0.0.1:$port: Timeout"
	[ $((SECONDS - began)) -ge 4 ]
	# It asks once, however much is to be shown.
	[ $((SECONDS - began)) -lt 25 ]
}

@test "answers with nonsense in them: unknown" {
	two
	serve "$plain" "$(answer '200 OK' '[1,{"name":7},{"name":"q/g","messages":-4,"messages_unacknowledged":"2","message_stats":[]},null]')"
	configure "management=http://127.0.0.1:$port"
	run -0 --separate-stderr mq-stat -J q/g
	assert_equal "$stderr" ''
	[ "$(jq -c '[.depth, .ready, .leased, .depth_bytes, .delivered]' <<<"$output")" = '[2,2,null,null,null]' ]
}

@test "TLS: by the CA that signed the server; else it is not asked" {
	two
	serve "OPENSSL-LISTEN:0,bind=127.0.0.1,fork,reuseaddr,verify=0,cert=$MQ_CLUSTER/server.pem,key=$MQ_CLUSTER/server.key" \
	    "$(answer '200 OK' '[{"name":"q/g","messages":6,"messages_unacknowledged":4}]')"
	configure "management=https://localhost:$port" "ca=$MQ_CLUSTER/ca.pem"
	run -0 --separate-stderr mq-stat -J q/g
	assert_equal "$stderr" ''
	[ "$(jq -c '[.depth, .ready, .leased]' <<<"$output")" = '[6,2,4]' ]
	configure "management=https://localhost:$port"
	without "https://localhost:$port: "
}

@test "management: what is no port and no URL is 78, with the line" {
	local value
	for value in x 0 65536 '15672,' http:// ftp://h 'http://u:p@h'; do
		configure "management=$value"
		run -78 --separate-stderr mq-stat
		[[ $stderr == *'amqp.conf: line 3: management: '* ]] || fail "$stderr"
	done
}

@test "-l, --message and --next-due are 69, before anything is asked" {
	two
	local option
	for option in -l --next-due '--message 1'; do
		# shellcheck disable=SC2086 # an option and its argument
		run -69 --separate-stderr mq-stat $option q
		[[ $stderr == 'mq-stat: --'*"the amqp engine can't do that"* ]] || fail "$stderr"
	done
}

@test "mq-sub -e and names do not ask the management API" {
	mq-pub q x
	configure management=1
	run -0 --separate-stderr mq-sub -e q/g
	assert_output x
	assert_equal "$stderr" ''
	run -0 --separate-stderr mq-stat --names
	assert_output $'q\nq/g'
	assert_equal "$stderr" ''
}

@test "a signal ends a look that waits for an answer, and is no error" {
	two
	serve "$plain" 'sleep 60'
	configure "management=http://127.0.0.1:$port"
	mq-stat -w 1s q/g >out 2>err &
	until_true 'grep -q "accepting connection" listening'
	kill -TERM $!
	local status=0
	wait $! || status=$?
	assert_equal "$status" 0
	assert_equal "$(cat err)" ''
}
