#!/usr/bin/env bats
# connections.bats - how the tools come to a RabbitMQ cluster: hosts, users, TLS, alarms
#
# Runs on a cluster, by tests/amqp/run.  The password of the cluster's user is "secret";
# wrong ones are "mistaken".  Neither may be in anything that a tool says.

load ../lib/common
load ../lib/expect

# configure [NAME=VALUE...]: what amqp.conf says, beside what all tests have in it.
configure() {
	local common=$BATS_FILE_TMPDIR/config/mq/amqp.conf
	export XDG_CONFIG_HOME=$BATS_TEST_TMPDIR/config
	mkdir -p "$XDG_CONFIG_HOME/mq"
	(umask 077; { cat "$common"; [ $# = 0 ] || printf '%s\n' "$@"; } >"$XDG_CONFIG_HOME/mq/amqp.conf")
}

# hosts: those of the cluster, divided by commas.
hosts() {
	local rest=${MQ_SPOOL#*://}
	echo "${rest%/*}"
}

# refused STATUS TEXT COMMAND...: and there is neither password in what it says.
refused() {
	local status=$1 text=$2
	shift 2
	run "-$status" --separate-stderr timeout 60 "$@"
	[[ $stderr = *"$text"* ]] || { echo "said: $stderr"; echo "wanted: $text"; return 1; }
	[[ $stderr$output != *secret* && $stderr$output != *mistaken* ]]
}

# bodies: how many messages the log of q has.
bodies() {
	nodes api GET "queues/$vhost/q.log" | jq -r '.messages // 0'
}

# ------------------------------------------------------------------------- refused

@test "a wrong password: 77, and which user was refused" {
	refused 77 "user mq: wrong user or password" mq-pub -s "amqp://mq:mistaken@$(hosts)/$vhost" q a
	refused 77 "user mq: wrong user or password" env MQ_AMQP_PASSWORD=mistaken mq-pub q a
	refused 77 "user nobody: wrong user or password" mq-pub -s "amqp://nobody:mistaken@$(hosts)/$vhost" q a
}

@test "the password: of the address, else of the environment, else of the file" {
	configure password=mistaken
	refused 77 "user mq" mq-pub q a
	MQ_AMQP_PASSWORD=secret mq-pub q a
	MQ_AMQP_PASSWORD=mistaken mq-pub -s "amqp://mq:secret@$(hosts)/$vhost" q a
}

@test "a vhost that is not there, or that is not the user's: 77, and its name" {
	refused 77 "vhost nosuch" mq-pub -s "amqp://mq:secret@$(hosts)/nosuch" q a
	nodes vhost "$vhost-2" >/dev/null
	nodes user "u-$vhost" secret "$vhost-2"
	refused 77 "vhost $vhost" mq-pub -s "amqp://u-$vhost:secret@$(hosts)/$vhost" q a
	mq-pub -s "amqp://u-$vhost:secret@$(hosts)/$vhost-2" q a
	nodes forget "$vhost-2"
}

@test "a vhost that has as many connections as it may: 75, and later it works" {
	mq-ctl create q/g
	mq-sub -W 1m q/g >out 3>&- &
	until_true '[ "$(field consumers q/g)" = 1 ]'
	nodes api PUT "vhost-limits/$vhost/max-connections" '{"value":1}'
	refused 75 "connection limit (1) is reached" mq-pub q b
	nodes api PUT "vhost-limits/$vhost/max-connections" '{"value":-1}'
	mq-pub q last
	until_true 'grep -q last out'
	kill $!
}

@test "a user who may not write, or not configure: 77, and what was refused" {
	mq-pub q a
	nodes user "reader-$vhost" secret "$vhost" '^$' '^$' '.*'
	nodes user "writer-$vhost" secret "$vhost" '^$' '.*' '.*'
	refused 77 "access to exchange 'q' in vhost '$vhost' refused for user 'reader-$vhost'" \
	    mq-pub -s "amqp://reader-$vhost:secret@$(hosts)/$vhost" q a
	refused 77 "new" mq-pub -s "amqp://writer-$vhost:secret@$(hosts)/$vhost" new a
	mq-pub -s "amqp://writer-$vhost:secret@$(hosts)/$vhost" q b
}

@test "an exchange of that name that is another kind: 78 with both, and it is left" {
	nodes api PUT "exchanges/$vhost/foreign" '{"type":"fanout","durable":true}'
	refused 78 "received 'topic' but current is 'fanout'" mq-pub foreign a
	nodes api GET "exchanges/$vhost/foreign" | jq -e '.type == "fanout"'
}

@test "somebody else's queue that has the name of a stream: 78 with both, and it is left" {
	nodes api PUT "queues/$vhost/q.log" '{"durable":true,"arguments":{"x-queue-type":"quorum"}}'
	refused 78 "received 'stream' but current is 'quorum'" mq-pub q a
	mq-ctl create other
	mq-pub other a
	mq-ctl delete other
	mq-ctl create r
	mq-ctl set r retain=0
	nodes api PUT "queues/$vhost/r.log" '{"durable":true,"arguments":{"x-queue-type":"quorum"}}'
	refused 78 "current is 'quorum'" mq-ctl delete r
	refused 78 "current is 'quorum'" mq-ctl purge r
	refused 78 "current is 'quorum'" mq-ctl set r retain=1d
	[ "$(nodes api GET "queues/$vhost" | jq -r '.[] | select(.type == "quorum") | .name')" = $'q.log\nr.log' ]
}

@test "a file that others may read is refused: 77, and how to mend it" {
	configure
	chmod 640 "$XDG_CONFIG_HOME/mq/amqp.conf"
	refused 77 "(chmod 600 $XDG_CONFIG_HOME/mq/amqp.conf)" mq-pub q a
	chmod 600 "$XDG_CONFIG_HOME/mq/amqp.conf"
	mq-pub q a
}

@test "a file with a mistake: 78, and its line" {
	configure '# a remark' '' hartbeat=3
	refused 78 "hartbeat" mq-pub q a
	[[ $stderr = *"$XDG_CONFIG_HOME/mq/amqp.conf"*6* ]]
	configure heartbeat=often
	refused 78 "heartbeat" mq-pub q a
}

@test "an address that is none: 64 or 78, and no password is shown" {
	local address
	for address in 'amqp://' 'amqp://mq:secret@' "amqp://mq:secret@$(hosts)/a/b" \
	    'amqp://mq:secret@host:port/v' 'amqp://mq:secret@host:99999/v' 'amqp://mq:secret@[::1/v' \
	    'amqp://mq:%zz@host/v'; do
		run --separate-stderr timeout 60 mq-pub -s "$address" q a
		[ "$status" = 64 ] || [ "$status" = 78 ] || { echo "$address: $status: $stderr"; return 1; }
		[[ $stderr != *secret* ]]
	done
}

# --------------------------------------------------------------------------- hosts

@test "hosts are tried in turn; none of them: 75, with the last" {
	mq-pub -s "amqp://127.0.0.1:1,$(hosts)/$vhost" q a
	refused 75 "none of 2 hosts can be reached" mq-pub -s "amqp://127.0.0.1:1,127.0.0.1:2/$vhost" q a
	refused 75 "nosuch.invalid" mq-pub -s "amqp://nosuch.invalid/$vhost" q a
	mq-pub -s "amqp://nosuch.invalid,$(hosts)/$vhost" q a
}

# listener COMMAND: on a free port of 127.0.0.1, which it sets.
listener() {
	socat -d -d "TCP-LISTEN:0,bind=127.0.0.1,fork" "$1" 2>socat.log 3>&- &
	until_true 'grep -q "listening on" socat.log'
	port=$(sed -n 's/.*listening on .*:\([0-9]*\)$/\1/p' socat.log)
}

@test "a host that says nothing is given up after connect-timeout" {
	configure connect-timeout=500ms
	listener SYSTEM:'read line; exec sleep 60'
	mq-pub -s "amqp://127.0.0.1:$port,$(hosts)/$vhost" q a
	refused 75 "127.0.0.1:$port" mq-pub -s "amqp://127.0.0.1:$port/$vhost" q a
}

@test "a host that speaks something else: 75, and the next is tried" {
	listener SYSTEM:'echo HTTP/1.0 400 Bad Request; echo; cat >/dev/null'
	configure connect-timeout=2s
	mq-pub -s "amqp://127.0.0.1:$port,$(hosts)/$vhost" q a
	refused 75 "127.0.0.1:$port" mq-pub -s "amqp://127.0.0.1:$port/$vhost" q a
}

# proxy ARGUMENT...: sets address to that of a proxy (tests/amqp/proxy) before the first node.
proxy() {
	command -v python3 >/dev/null || skip "needs python3"
	configure heartbeat=1
	rm -f port
	"$top/tests/amqp/proxy" "127.0.0.1:$(nodes port 1)" "$@" >port 3>&- 7>&- &
	echo $! >proxy.pid
	until_true '[ -s port ]'
	address=amqp://127.0.0.1:$(<port)/$vhost
}

# broken NAME: sets address to that of a broker that closes each connection on which NAME is asked
# for, as RabbitMQ 3.10 does where a node's death has broken a stream.
broken() {
	proxy close 506 "$1"
}

@test "a queue for which the broker closes the connection, again and again: 75, with its words" {
	broken q.log
	refused 75 "q.log is broken (506)" mq-pub -s "$address" q a
	kill $!
	mq-pub q a
}

@test "a dead letter that can't be kept for that: 75, and the message stays" {
	mq-ctl create q/g
	mq-pub q a
	broken q.dead.log
	refused 75 "q.dead.log is broken (506)" mq-sub -s "$address" q/g -- sh -c 'exit 100'
	kill $!
	[ "$(mq-sub -e q/g)" = a ]
}

@test "a stream that the node has lost sight of: nothing is published past it" {
	mq-ctl create q/g
	mq-pub q a
	nodes hide "$vhost" q.log
	mq-pub -I q b >id 2>said 3>&- &
	until_true 'grep "down or inaccessible" said'
	[ ! -s id ]
	nodes show "$vhost" q.log
	wait $!
	[ "$(wc -l <id)" = 1 ]
	mq-replay q | cmp - <(printf 'a\nb\n')
	mq-sub -e q/g | cmp - <(printf 'a\nb\n')
}

@test "a group that the node has lost sight of was not deleted" {
	mq-ctl create q/g
	mq-pub q a
	nodes hide "$vhost" q/g
	mq-sub -e q/g >got 2>said 3>&- &
	until_true 'grep "down or inaccessible" said'
	nodes show "$vhost" q/g
	wait $!
	[ "$(cat got)" = a ]
}

# out_of_sight N: mq-sub has told N times that the group is out of sight.
out_of_sight() {
	[ "$(grep -c "down or inaccessible.*connecting again" said)" = "$1" ]
}

# end_connections N: by the broker; it knows of them late, and mq-sub may look by itself meanwhile.
end_connections() {
	local name
	until_true "out_of_sight $1"' ||
	    [ "$(nodes api GET "vhosts/$vhost/connections" | jq length)" -gt 0 ]'
	nodes api GET "vhosts/$vhost/connections" | jq -r '.[].name | @uri' | while IFS= read -r name; do
		nodes api DELETE "connections/$name" || :
	done
	until_true "out_of_sight $1"
}

@test "nor was one that gets out of sight while it is consumed; in the end that is 75" {
	local status=0
	mq-ctl create q/g
	configure heartbeat=2
	mq-sub q/g >got 2>said 3>&- &
	until_true '[ "$(mq-stat -J q/g | jq .consumers)" = 1 ]'
	nodes hide "$vhost" q/g
	end_connections 1
	nodes show "$vhost" q/g
	mq-pub q a
	until_true '[ "$(cat got)" = a ]'
	nodes hide "$vhost" q/g
	end_connections 2
	wait $! || status=$?
	[ "$status" = 75 ]
	out_of_sight 2
	nodes show "$vhost" q/g
}

@test "mq-stat tells the others, and of what is out of sight: 75" {
	mq-ctl create p/g q/g q/h r/g
	mq-pub r a
	nodes hide "$vhost" q/g
	run -75 --separate-stderr timeout 60 mq-stat
	[[ $stderr = *"q/g"*"down or inaccessible"* ]]
	grep -E '^q +h ' <<<"$output"
	grep -E '^r +g +1 ' <<<"$output"
	[ "$(grep -c "connection lost" <<<"$stderr")" = 0 ]
	nodes show "$vhost" q/g
}

@test "a request whose caller's queue is out of sight is handled, and ends no connection" {
	mq-ctl create q/g
	nodes api PUT "queues/$vhost/answers" '{"durable":true}'
	nodes api POST "exchanges/$vhost/q/publish" \
	    '{"properties":{"reply_to":"answers"},"routing_key":"","payload":"x","payload_encoding":"string"}'
	nodes hide "$vhost" answers
	run -0 --separate-stderr timeout 60 mq-sub -c 1 q/g -- sh -c 'cat; touch ran'
	[ -e ran ]
	[[ $stderr != *"connection lost"* ]]
	nodes show "$vhost" answers
	run -1 mq-sub -e q/g
}

@test "a queue that stays out of sight: 75 in the end, and told once on the way" {
	mq-ctl create q/g
	configure heartbeat=1
	nodes hide "$vhost" q.log
	refused 75 "q.log: RabbitMQ: NOT_FOUND - home node" mq-pub q a
	[ "$(grep -c "connection lost" <<<"$stderr")" = 1 ]
	[ "$(grep -c "connected again" <<<"$stderr")" = 1 ]
	refused 75 "q.log: RabbitMQ: NOT_FOUND - home node" mq-replay q
	nodes show "$vhost" q.log
	mq-pub q b
	[ "$(mq-sub -e q/g)" = b ]
}

@test "a connection that is lost at the end of a stream: the end is found on the next one" {
	mq-ctl create q/g
	mq-ctl set q/g max-attempts=7
	mq-pub q a
	mq-ctl show q/g >settings
	# What tells the end of the records comes later than the connection is given up.
	proxy 5 '\x002\x00\x0b\x0bmq.settings'	# queue.declare-ok
	timeout 30 mq-ctl -s "$address" show q/g 2>said | cmp - settings
	grep 'connected again' said
	kill $!
	proxy 5 '\x002\x00\x0b\x0bmq.settings'	# queue.declare-ok
	[ "$(timeout 30 mq-replay -s "$address" q 2>said)" = a ]
	grep 'connected again' said
	kill $!
}

@test "a broker that takes no more of what is published is left for another connection" {
	proxy stuck 1 BEGIN
	awk 'BEGIN { print "BEGIN"; for (i = 0; i < 500; i++) printf "%060000d\n", i }' >lines
	run -0 --separate-stderr timeout 60 mq-pub -s "$address" q <lines
	[[ $stderr = *"confirmed nothing for 2 s; trying another connection"*connected*again* ]]
	mq-replay q | sort -u | cmp - <(sort lines)	# what was on its way may be there twice
}

@test "-W ends mq-pub and mq-sub while the broker can't be reached, or does nothing: 75" {
	mq-ctl create q/g
	proxy deaf 9 q.log
	refused 75 "no answer in time" mq-pub -W 1s -s "$address" q a
	kill $!
	proxy
	local between=$! status=0
	mq-sub -W 4s -s "$address" q/g 2>said 3>&- &
	until_true '[ "$(field consumers q/g)" = 1 ]'
	kill -USR1 "$between"
	wait $! || status=$?
	[ "$status" = 75 ]
	grep 'q/g: the cluster could not be reached in time' said
	kill "$between"
}

@test "a stream that has lost its binding is bound again, and has all that is published" {
	mkfifo in
	mq-pub q <in 2>said 3>&- &
	exec 7>in
	echo a >&7
	until_true '[ "$(bodies)" = 1 ]'
	nodes api DELETE "bindings/$vhost/e/q/q/q.log/%23"
	seq 1000 >&7
	exec 7>&-
	wait $!
	[ "$(mq-replay q | sort -u | wc -l)" = 1001 ]
}

@test "a handler that runs for many heartbeats: the connection stays, and the message is handled once" {
	local since=$SECONDS
	configure heartbeat=1
	mq-ctl create q/g
	mq-pub q a
	# shellcheck disable=SC2016 # for the command
	mq-sub -c 1 q/g -- sh -c 'echo "$MQ_ATTEMPT" >>runs; while [ ! -e go ]; do sleep 0.1; done' 2>said 3>&- &
	until_true '[ -s runs ] && [ $((SECONDS - since)) -ge 6 ]'
	touch go
	wait $!
	[ "$(cat runs)" = 1 ]
	[ ! -s said ]
	run -1 mq-sub -e q/g
}

@test "a network that is cut is noticed by the heartbeat, though nothing is being sent" {
	local since
	mq-ctl create q/g
	proxy 0 ''
	mq-sub -s "$address" q/g >got 2>said 3>&- &
	until_true '[ "$(mq-stat -J q/g | jq .consumers)" = 1 ]'
	since=$SECONDS
	kill -USR1 "$(cat proxy.pid)"
	until_true '[ -s said ]'
	[ $((SECONDS - since)) -le 15 ]	# two heartbeats are two seconds; without them it would be hours
	grep "connection lost" said
	kill -USR2 "$(cat proxy.pid)"
	mq-pub q a
	until_true '[ "$(cat got)" = a ]'
}

@test "a question that the broker does not answer is asked on another connection" {
	mq-ctl create q/g
	local question
	# To begin consuming, and how much there is.
	for question in $'q/g\004mq-1' $'q/g\001'; do
		proxy deaf 1 "$question"
		mq-pub q b
		run -0 --separate-stderr timeout 60 mq-sub -e -s "$address" q/g -- true
		[[ $stderr = *"no answer for "*connected*again* ]] || { echo "$question: $stderr"; return 1; }
		kill $!
	done
	until_true '[ "$(depth q/g)" = 0 ]'
	# Whether an ack is in the queue; with it goes the ack, so the message comes again.
	proxy deaf 1 $'\007applied'
	mq-pub q b
	timeout 60 mq-sub -m -e -s "$address" q/g 2>told | { mq-ack || :; }
	grep 'no answer for ' told
	kill $!
	until_true '[ "$(depth q/g)" = 0 ]'
}

# ----------------------------------------------------------------------------- TLS

# tls [HOST]: the address for it.
tls() {
	local address
	address=$(nodes address-tls "$vhost")
	address=${address/mq:secret@/}
	echo "${address//127.0.0.1/${1:-localhost}}"
}

@test "TLS: with the CA that signed it; 77 without, or for another host" {
	refused 77 "its certificate is not good" mq-pub -s "$(tls)" q a
	configure "ca=$MQ_CLUSTER/ca.pem"
	mq-pub -s "$(tls)" q a
	refused 77 "its certificate is not good" mq-pub -s "$(tls 127.0.0.1)" q a
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 \
	    -subj /CN=another -keyout other.key -out other.pem 2>openssl.log
	configure "ca=$PWD/other.pem"
	refused 77 "its certificate is not good" mq-pub -s "$(tls)" q a
	configure verify=no
	mq-pub -s "$(tls)" q a
}

@test "TLS: a client's certificate; files that are missing: 78" {
	configure "ca=$MQ_CLUSTER/ca.pem" "cert=$MQ_CLUSTER/client.pem" "key=$MQ_CLUSTER/client.key"
	mkfifo in
	mq-pub -s "$(tls)" q <in 3>&- &
	exec 7>in
	until_true 'nodes api GET "vhosts/$vhost/connections" | jq -e "map(select(.peer_cert_subject == \"CN=client\")) | length == 1"'
	echo a >&7
	exec 7>&-
	wait $!
	[ "$(mq-replay q)" = a ]
	configure "ca=$PWD/nosuch.pem"
	refused 78 "nosuch.pem" mq-pub -s "$(tls)" q a
	configure "ca=$MQ_CLUSTER/ca.pem" "cert=$PWD/nosuch.pem" "key=$MQ_CLUSTER/client.key"
	refused 78 "nosuch.pem" mq-pub -s "$(tls)" q a
}

@test "TLS and no TLS are not mixed up: 75 or 77, soon" {
	configure verify=no connect-timeout=2s
	run --separate-stderr timeout 60 mq-pub -s "amqps://$(hosts)/$vhost" q a
	[ "$status" = 75 ] || [ "$status" = 77 ]
	run --separate-stderr timeout 60 mq-pub -s "$(tls | sed s/amqps/amqp/)" q a
	[ "$status" = 75 ] || [ "$status" = 77 ]
}

# ------------------------------------------------------------ what is seen of it

@test "no argument and no environment of a process has the password of the file" {
	mkfifo in
	mq-pub q <in 3>&- &
	exec 7>in
	echo a >&7
	until_true '[ "$(bodies)" = 1 ]'
	run ! grep -q secret "/proc/$!/cmdline" "/proc/$!/environ"
	exec 7>&-
	wait $!
}
