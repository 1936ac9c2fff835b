#!/usr/bin/env bats
# groups.bats - groups are made, filled and bound
#
# What the tools make of it is in tests/routing.bats and mq-ctl.bats.

load ../lib/common
load ../lib/expect
load ../lib/steps

setup_file() {
	steps_setup_file ../steps/steps.c
}

# api_group GROUP: what the broker knows of the quorum queue of a group of q.
api_group() {
	nodes api GET "queues/$vhost/q%2F$1"
}

# has GROUP COUNT: so many messages are in it.
has() {
	until_true "[ \"\$(api_group $1 | jq .messages)\" = $2 ]"
}

# bodies GROUP [ACKMODE]: takes all messages of a group, a body a line.
bodies() {
	nodes api POST "queues/$vhost/q%2F$1/get" \
	    "{\"count\":100000,\"ackmode\":\"${2-ack_requeue_false}\",\"encoding\":\"auto\"}" |
	    jq -r '.[].payload'
}

@test "a new group has all that is retained, once and in order, and what comes afterwards" {
	seq 3000 | mq-pub q
	mq-ctl create q/all
	seq 3001 3010 | mq-pub q
	has all 3010
	[ "$(bodies all)" = "$(seq 3010)" ]
	# Nothing is left of what filled it.
	[ "$(nodes api GET "exchanges/$vhost" | jq -r '.[].name | select(contains("/"))')" = q/all ]
}

@test "--from newest, an id, a time" {
	mq-pub q 1
	second=$(mq-pub -I q 2)
	mq-ctl create --from newest q/newest
	mq-ctl create --from "$second" q/second
	mq-ctl create --from +1h q/later
	mq-ctl create --from -1h q/hour
	mq-pub q 3
	has second 2
	has newest 1
	has later 1
	has hour 3
	[ "$(bodies second)" = $'2\n3' ]
	[ "$(bodies newest)" = 3 ]
}

@test "--from an offset that is behind the end: what comes from there on" {
	seq 20 | mq-pub q
	mq-ctl create --from 1000000 q/g
	run -1 mq-sub -e q/g
	mq-pub q later
	run -0 mq-sub -e q/g
	[ "$output" = later ]
}

@test "bindings of all kinds, before and after" {
	publish() {
		mq-pub -k eu.fr q "$1 fr"
		mq-pub -k us.ny -H urgent=yes -H x-size=1 q "$1 ny"
		mq-pub -H urgent=yes -H x-size=2 q "$1 two"
	}
	publish old
	mq-ctl create -k 'eu.*' q/eu
	mq-ctl create --key us.ny q/ny
	mq-ctl create -H urgent=yes -H x-size=1 q/all
	mq-ctl create -H x-size=2 -H color=red --any q/any
	publish new
	has eu 2
	has ny 2
	has all 2
	has any 2
	[ "$(bodies eu)" = $'old fr\nnew fr' ]
	[ "$(bodies ny)" = $'old ny\nnew ny' ]
	[ "$(bodies all)" = $'old ny\nnew ny' ]
	[ "$(bodies any)" = $'old two\nnew two' ]
}

@test "what the broker can't do is said, and nothing is made" {
	run -69 --separate-stderr mq-ctl create --key 'a.*' q/g
	[ "$stderr" = "mq-ctl create: q/g: the amqp engine can't bind to the key 'a.*' literally: '*' and '#' are wildcards there; publish with another key" ]
	[ "$(nodes api GET "queues/$vhost" | jq -r '.[].name | select(contains("/"))')" = '' ]
}

@test "large bodies, headers of every kind, and what a retry may not keep, survive the filling" {
	head -c 1000000 /dev/urandom | base64 -w 0 >large
	mq-pub -F -k a -H CC=x -H x-y=z -H n=1 q large
	mq-ctl create q/g
	has g 1
	nodes api POST "queues/$vhost/q%2Fg/get" \
	    '{"count":1,"ackmode":"ack_requeue_false","encoding":"auto"}' >got
	[ "$(jq -r '.[0].payload' got)" = "$(cat large)" ]
	jq -e '.[0].properties.headers | .["mq-h-CC"] == "x" and .["mq-h-x-y"] == "z" and .n == "1"' got
}

@test "a queue of that name that is somebody else's: 78, and it is left as it is" {
	mq-pub q 1
	nodes api PUT "queues/$vhost/q%2Fg" '{"durable":true,"arguments":{"x-queue-type":"quorum"}}'
	nodes api POST "exchanges/$vhost/amq.default/publish" \
	    '{"properties":{},"routing_key":"q/g","payload":"theirs","payload_encoding":"string"}'
	run -78 --separate-stderr mq-ctl create q/g
	[[ $stderr = *"q/g"*"x-delivery-limit"* ]]
	[ "$(bodies g)" = theirs ]
}

@test "two who make a group at once make one" {
	seq 1000 | mq-pub q
	local i pids=()
	for i in 1 2 3 4; do
		mq-ctl create -p q/g &
		pids+=($!)
	done
	for i in "${pids[@]}"; do
		wait "$i"
	done
	has g 1000
	[ "$(bodies g)" = "$(seq 1000)" ]
}

# binds GROUP: its bindings on the broker, without the one by its name.
binds() {
	nodes api GET "queues/$vhost/q%2F$1/bindings" |
	    jq -r '.[] | select(.source != "") | "\(.source) \(.routing_key) \(.arguments | tojson)"' | sort
}

@test "bind and unbind change what the broker has, and nothing twice" {
	mq-ctl create q/g
	[ "$(binds g)" = 'q # {}' ]
	mq-ctl bind -k a --key a -H x=1 -H y=2 q/g
	[ "$(binds g)" = 'q a {}
q.headers  {"x":"1","x-match":"all-with-x","y":"2"}' ]
	# The pattern and the key are one there.
	mq-ctl unbind -k a q/g
	[ "$(binds g | head -n 1)" = 'q a {}' ]
	mq-ctl unbind -H y=2 -H x=1 q/g
	[ "$(binds g)" = 'q a {}' ]
	run -66 --separate-stderr mq-ctl unbind -k b q/g
	[ "$stderr" = "mq-ctl unbind: q/g: no such binding: -k 'b'" ]
	mq-ctl unbind --key a q/g
	[ "$(binds g)" = 'q # {}' ]
	mq-ctl bind --replace -k 'b.#' -k c q/g
	mq-ctl set q/g binding=pattern:c binding=any:n=1
	[ "$(binds g)" = 'q c {}
q.headers  {"n":"1","x-match":"any-with-x"}' ]
	run -0 mq-ctl show --changed q/g
	assert_output $'binding=pattern:c\nbinding=any:n=1'
}

@test "what others took away is there again: a binding by bind, a stream by set" {
	mq-ctl create -k a -k b q/g
	nodes api DELETE "bindings/$vhost/e/q/q/q%2Fg/a"
	mq-pub -k a q lost
	mq-ctl bind -k a q/g
	mq-pub -k a q got
	mq-pub -k b q too
	has g 2
	[ "$(bodies g)" = $'got\ntoo' ]
	nodes api DELETE "queues/$vhost/q.log"
	mq-ctl set q "$(mq-ctl show q | grep '^retain=')"
	mq-pub -k a q kept
	[ "$(mq-replay q)" = kept ]
}

# RabbitMQ has who consumes a queue consume the next one of that name, and sends nothing.
@test "a group that is deleted under its consumer, and made anew at once: who consumed it ends" {
	local i
	for i in 1 2; do
		mq-ctl create q/g
		mq-sub q/g 2>err 3>&- &
		until_true '[ "$(api_group g | jq .consumers)" = 1 ]'
		mq-ctl delete q/g
		mq-ctl create --from newest q/g
		mq-pub q "$i"
		status=0
		wait $! || status=$?
		[ "$status" = 66 ]
		[ "$(timeout 20 mq-sub -c 1 q/g)" = "$i" ]
		mq-ctl delete q/g
	done
}

@test "a queue of others that has the name of a lock: 78" {
	mq-ctl create q/g
	nodes api PUT "queues/$vhost/q%2Fg%2Flock" '{"durable":true}'
	nodes api PUT "queues/$vhost/q%2Fh%2Flock" '{"durable":true}'
	run -78 --separate-stderr timeout 30 mq-ctl bind -k k q/g
	[[ $stderr = *"q/g/lock: is a queue of others"* ]]
	run -78 --separate-stderr timeout 30 mq-sub -e q/h
	[[ $stderr = *"q/h/lock: is a queue of others"* ]]
	nodes api GET "queues/$vhost/q%2Fh%2Flock" | jq -e .durable
}

@test "settings are kept, by queue and by group, and what the engine lacks is said" {
	mq-ctl create q/g q/h
	mq-ctl set q/g lease=1m backoff=1s..1h
	mq-ctl set q dead-letter=letters description=Orders
	mq-ctl set q/h max-attempts=9
	mq-ctl set q/g lease=
	[ "$(mq-ctl show --changed q/g)" = backoff=1s..1h ]
	[ "$(mq-ctl show --changed q/h)" = max-attempts=9 ]
	[ "$(mq-ctl show --changed q)" = $'dead-letter=letters\ndescription=Orders' ]
	# The default is no change, whether or not there is such a thing.
	mq-ctl set q/g max-leased=off
	fails 69 'mq-ctl set: q/g: max-leased: the amqp engine does not have this setting' \
	    mq-ctl set q/g lease=5m max-leased=3
	[ "$(mq-ctl show --changed q/g)" = backoff=1s..1h ]
	run -69 --separate-stderr mq-ctl set q/g ordered=on
	[[ $stderr = *"delete it, and make it anew with that" ]]
	run -78 mq-ctl set q/g lease=x
	fails 66 'mq-ctl set: q/i: no such group' mq-ctl set q/i lease=1m
	fails 66 "mq-ctl show: r: no such queue in $MQ_SPOOL" mq-ctl show r
	mq-ctl show q/g | mq-ctl set q/h
	[ "$(mq-ctl show q/g)" = "$(mq-ctl show q/h)" ]
}

# late COMMAND...: the first record of mq.settings that the broker sends comes three seconds late.
late() {
	local status=0
	rm -f port
	"$top/tests/amqp/proxy" "127.0.0.1:$(nodes port 1)" 3 $'mq.settings\006record' >port 3>&- 7>&- &
	until_true '[ -s port ]'
	MQ_SPOOL="amqp://127.0.0.1:$(<port)/$vhost" "$@" || status=$?
	kill $!
	return "$status"
}

@test "a node that is slow to tell settings: they count all the same" {
	command -v python3 >/dev/null || skip "needs python3"
	mq-ctl create --set ordered=on q/g
	mq-ctl set q/g max-attempts=1
	mq-ctl set q dead-letter=grave
	mq-ctl show q/g >settings
	late mq-ctl show q/g | cmp - settings
	mq-ctl list >queues
	late mq-ctl list | cmp - queues
	mq-pub q x
	late mq-sub -e q/g -- false
	[ "$(mq-replay grave)" = x ]
}

@test "four who change a group at once lose no change" {
	mq-ctl create q/g
	local i pids=()
	for i in 1 2 3 4; do
		mq-ctl bind -k "$i" q/g &
		pids+=($!)
	done
	for i in "${pids[@]}"; do
		wait "$i"
	done
	[ "$(binds g)" = $'q 1 {}\nq 2 {}\nq 3 {}\nq 4 {}' ]
}

@test "retain=0 removes what is retained, and makes --mandatory possible" {
	mq-pub q 1
	run -69 --separate-stderr mq-ctl set q retain=1d
	[[ $stderr = *"rabbitmqctl set_policy, for q.log"* ]]
	mq-ctl set q retain=0
	run -66 mq-pub --mandatory q 2
	mq-ctl create q/g
	mq-pub --mandatory q 3
	has g 1
	mq-ctl set q retain=1d
	mq-pub q 4
	mq-ctl create q/h
	has h 1
	[ "$(nodes api GET "queues/$vhost/q.log" | jq -r '.arguments["x-max-age"]')" = 86400s ]
}

@test "deleting leaves what others made: 78" {
	nodes api PUT "exchanges/$vhost/direct" '{"type":"direct","durable":true}'
	run -78 --separate-stderr mq-ctl delete direct
	[[ $stderr = *"'topic'"*"'direct'"* || $stderr = *"'direct'"*"'topic'"* ]]
	nodes api PUT "exchanges/$vhost/theirs" '{"type":"topic","durable":true}'
	run -78 --separate-stderr mq-ctl delete theirs
	[[ $stderr = *"theirs: an exchange that mq did not make"* ]]
	mq-ctl create q/g
	nodes api PUT "queues/$vhost/q%2Fprint" '{"durable":true}'
	nodes api POST "exchanges/$vhost/amq.default/publish" \
	    '{"properties":{},"routing_key":"q/print","payload":"x","payload_encoding":"string"}'
	run -78 mq-sub -e q/print
	mq-ctl delete q
	[ "$(nodes api GET "exchanges/$vhost" | jq -r '.[].name' | grep -cxE 'direct|theirs|q')" = 2 ]
	until_true '[ "$(nodes api GET "queues/$vhost/q%2Fprint" | jq .messages)" = 1 ]'
}

@test "max-messages: a new group drops the oldest" {
	mq-ctl create q
	run -69 --separate-stderr mq-ctl set q max-messages=3
	[[ $stderr = *"overflow=drop-oldest"* ]]
	mq-ctl set q max-messages=3 overflow=drop-oldest
	mq-ctl create q/g
	seq 10 | mq-pub q
	has g 3
	[ "$(bodies g)" = $'8\n9\n10' ]
}

@test "max-bytes and retain-bytes are what the broker has for them" {
	mq-ctl create q
	mq-ctl set q retain=0
	mq-ctl set q retain=1d retain-bytes=40m
	[ "$(nodes api GET "queues/$vhost/q.log" | jq -r '.arguments["x-max-length-bytes"]')" = $((40 << 20)) ]
	mq-ctl set q max-bytes=3k overflow=drop-oldest
	mq-ctl create q/g
	[ "$(api_group g | jq -r '.arguments["x-max-length-bytes"]')" = 3072 ]
	seq -f '%01000.0f' 10 | mq-pub q
	has g 3
	[ "$(bodies g)" = "$(seq -f '%01000.0f' 8 10)" ]
}

@test "purge empties a group, or a queue; delete leaves nothing" {
	seq 10 | mq-pub q
	mq-ctl create q/g q/h
	run -0 --separate-stderr mq-ctl -v purge q/g
	[ "$stderr" = "mq-ctl purge: q/g: purged 10 messages" ]
	has h 10
	mq-ctl purge q
	has h 0
	mq-pub q 11
	mq-ctl create q/i
	has i 1
	has g 1
	mq-ctl delete q/g
	fails 66 'mq-ctl delete: q/g: no such group' mq-ctl delete q/g
	# A group of that name starts anew.
	mq-ctl create -k x q/g
	[ "$(mq-ctl show --changed q/g)" = binding=pattern:x ]
	mq-ctl delete q
	[ "$(nodes api GET "queues/$vhost" | jq -r '.[].name')" = mq.settings ]
	[ "$(nodes api GET "exchanges/$vhost" | jq -r '.[].name | select(test("^(amq[.]|$)") | not)')" = mq.settings ]
	fails 66 "mq-ctl delete: q: no such queue in $MQ_SPOOL" mq-ctl delete q
}

# A kill at each step of making a group: each request that it sends to the broker.  Before it there are 5
# messages; 3 are published when it is dead, and 3 while the group is made by another.
@test "kill -9 at any step of making a group: whatever is published meanwhile, it has all of it" {
	local n=0 steps again=0
	can_be_stepped
	mq-ctl create other/group
	export steps_dir=socket:
	seq 5 | mq-pub q0
	steps STOP 0 mq-ctl create q0/g
	steps=$(cat "$BATS_TEST_TMPDIR/steps")
	echo "$steps steps"
	[ "$steps" -gt 50 ]
	while ((++n <= steps)); do
		seq 5 | mq-pub "q$n"
		steps KILL "$n" mq-ctl create "q$n/g" 2>/dev/null && continue
		seq 6 8 | mq-pub "q$n"
		seq 9 11 | mq-pub "q$n" &
		mq-ctl create -p "q$n/g"
		wait $!
		seq 12 13 | mq-pub "q$n"
		nodes api POST "queues/$vhost/q$n%2Fg/get" \
		    '{"count":100,"ackmode":"ack_requeue_true","encoding":"auto"}' |
		    jq -r '.[].payload' >got
		# At least once: twice only what was published while it was being filled.
		[ "$(sort -nu got)" = "$(seq 13)" ] || { echo "step $n:"; cat got; return 1; }
		[ "$(sort -n got | uniq -d | grep -vcx '[678]\|9\|1[01]')" = 0 ] || { echo "step $n:"; cat got; return 1; }
		[ "$(wc -l <got)" = 13 ] || ((++again))
		nodes api DELETE "queues/$vhost/q$n%2Fg"
	done
	echo "$again groups had messages twice"
}

@test "list: what was published to, created or given a group; and not what is gone" {
	run -0 mq-ctl list
	assert_output ''
	mq-pub b 1
	mq-ctl create a/g a/f c
	nodes api PUT "exchanges/$vhost/theirs" '{"type":"topic","durable":true}'
	run -0 mq-ctl list
	assert_output $'a\na/f\na/g\nb\nc'
	mq-ctl create theirs/g
	mq-ctl delete a/g c
	run -0 mq-ctl list
	assert_output $'a\na/f\nb\ntheirs\ntheirs/g'
	# Somebody deleted it without mq.
	nodes api DELETE "exchanges/$vhost/a"
	run -0 mq-ctl list
	assert_output $'b\ntheirs\ntheirs/g'
	mq-ctl create a
	mq-ctl set a description=again
	mq-pub a 1
	[ "$(mq-ctl show --changed a)" = description=again ]
}

@test "rewind: to the oldest, an id, a time, the last, the end; bindings stay" {
	local third
	seq 5 | mq-pub -k a -I q >ids
	third=$(sed -n 3p ids)
	mq-pub -k b q other
	mq-ctl create -k a q/g
	has g 5
	moved() {
		run -0 mq-replay --rewind q/g --to "$1"
		[ "$(bodies g)" = "$2" ] || { bodies g; return 1; }
	}
	[ "$(bodies g)" = "$(seq 5)" ]
	moved oldest "$(seq 5)"
	moved "$third" $'3\n4\n5'
	# Of the last three messages of the queue one does not match.
	moved -3 $'4\n5'
	moved -1h "$(seq 5)"
	moved newest ''
	run -0 mq-replay --rewind q/g --to oldest --dry-run
	assert_output --partial "5 messages to settle, 0 before"
	has g 0
	mq-pub -k a q 6
	mq-pub -k b q 7
	has g 1
	[ "$(mq-ctl show --changed q/g)" = binding=pattern:a ]
	[ "$(nodes api GET "exchanges/$vhost" | jq -r '.[].name | select(contains("/"))')" = q/g ]
	fails 66 'mq-replay: q/h: no such group' mq-replay --rewind q/h --to oldest
}

@test "a setting whose record the broker refuses is sent again, until it is taken" {
	mq-ctl create q/g
	# Another queue takes the records, too, and is full.
	nodes api PUT "queues/$vhost/full" \
	    '{"durable":true,"arguments":{"x-max-length":1,"x-overflow":"reject-publish"}}'
	nodes api POST "exchanges/$vhost/amq.default/publish" \
	    '{"properties":{},"routing_key":"full","payload":"x","payload_encoding":"string"}' >/dev/null
	nodes api POST "bindings/$vhost/e/mq.settings/q/full" '{"routing_key":"record"}'
	until_true '[ "$(nodes api GET "queues/$vhost/full" | jq .messages)" = 1 ]'
	mq-ctl set q/g max-attempts=7 3>&- &
	# The stream takes each that is sent.
	until_true '[ "$(nodes api GET "queues/$vhost/mq.settings" | jq .messages)" -ge 6 ]'
	kill -0 $!
	# Emptied, it would take one record, and a setting is two.
	nodes api DELETE "queues/$vhost/full"
	wait $!
	mq-ctl show q/g | grep -x 'max-attempts=7'
}

@test "rewind: 75 while the group has consumers" {
	seq 3 | mq-pub q
	mq-ctl create q/g
	mq-sub q/g >out 3>&- &
	until_true '[ "$(wc -l <out)" = 3 ]'
	run -75 --separate-stderr mq-replay --rewind q/g --to oldest
	[ "$stderr" = "mq-replay: q/g: has consumers (1): the amqp engine moves a group when they have ended" ]
	kill $!
	wait $!
	mq-replay --rewind q/g --to oldest
	has g 3
}

@test "a purge that was cut off before it made the stream anew is finished by the next" {
	seq 3 | mq-pub q
	nodes api DELETE "queues/$vhost/q.log"
	mq-ctl purge q
	mq-pub q after
	run -0 mq-replay q
	[ "$output" = after ]

	# An exchange of somebody else's gets none.
	nodes api PUT "exchanges/$vhost/other" '{"type":"topic","durable":true}'
	mq-ctl purge other
	run -69 mq-replay other
}

@test "retain that was set and not written down can be set again" {
	mq-ctl create q
	mq-ctl set q retain=0
	nodes api PUT "queues/$vhost/q.log" '{"durable":true,"arguments":{"x-queue-type":"stream",
	    "x-stream-max-segment-size-bytes":16777216,"x-max-age":"1209600s"}}'
	mq-ctl set q retain=14d
	mq-pub q a
	run -0 mq-replay q
	[ "$output" = a ]
}

@test "a header that a message has twice: a group that is filled gets what one that is bound would" {
	mq-ctl create -H h=2 q/bound
	mq-pub -H h=1 -H h=2 q first-is-1
	mq-pub -H h=2 -H h=1 q first-is-2
	mq-ctl create -H h=2 q/filled
	[ "$(mq-sub -e q/bound)" = first-is-2 ]
	[ "$(mq-sub -e q/filled)" = first-is-2 ]
	mq-replay --rewind q/filled --to oldest
	[ "$(mq-sub -e q/filled)" = first-is-2 ]
}

# A kill leaves the group as it was, or moved; the next who opens it finishes what was begun.
@test "kill -9 at any step of a rewind: nothing that was to be settled is lost, and bindings stay" {
	local n=0 steps moved=0 stride
	can_be_stepped
	export steps_dir=socket:
	seq 5 | mq-pub -k a q
	mq-ctl create -k a q/g
	steps STOP 0 mq-replay --rewind q/g --to oldest
	steps=$(cat "$BATS_TEST_TMPDIR/steps")
	echo "$steps steps"
	[ "$steps" -gt 50 ]
	stride=$((1 + steps / ${MQ_KILLS:-20}))
	while ((n += stride, n <= steps)); do
		mq-replay --rewind q/g --to -3
		steps KILL "$n" mq-replay --rewind q/g --to oldest 2>/dev/null && continue
		mq-ctl create -p q/g
		[ "$(mq-ctl show --changed q/g)" = binding=pattern:a ] || { echo "step $n"; return 1; }
		bodies g ack_requeue_true >got
		if [ "$(cat got)" = "$(seq 5)" ]; then
			((++moved))
		else
			[ "$(cat got)" = $'3\n4\n5' ] || { echo "step $n:"; cat got; return 1; }
		fi
	done
	[ "$moved" -gt 0 ]
}
