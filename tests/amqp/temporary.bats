#!/usr/bin/env bats
# temporary.bats - groups that go by themselves: temporary ones, and those with the setting expires
#
# Has the cluster to itself.  tests/routing.bats has what the tools make of it.

load ../lib/common
load ../lib/expect

# left: what the broker has of groups of q, queues and exchanges.
left() {
	nodes api GET "queues/$vhost" | jq -r '.[].name | select(contains("/"))'
	nodes api GET "exchanges/$vhost" | jq -r '.[].name | select(contains("/"))'
}

# groups: those of q that are listed, a temporary one as temp-*.
groups() {
	mq-ctl list q | sed -n 's|^q/||p' | sed 's/^temp-[0-9a-f]\{16\}$/temp-*/'
}

@test "a temporary group whose mq-sub was killed goes in a minute, and leaves nothing; others stay" {
	mq-pub q 1
	mq-ctl create q/g
	mq-sub --temp q >out 3>&- &
	until_true '[ "$(cat out)" = 1 ]'
	# A retry binds it at the delays.
	run -0 mq-sub --temp -c 2 q -- sh -c '[ "$MQ_ATTEMPT" = 2 ] || exit 75'
	[ "$(groups)" = $'g\ntemp-*' ]
	kill -KILL $!
	wait $! || :
	mq-pub q 2
	patience=1800 until_true '[ "$(left | sort -u)" = q/g ]'
	[ "$(groups)" = g ]
	mq-pub q 3
	run -0 mq-sub -e q/g
	[ "$output" = $'1\n2\n3' ]
	# What is left of it in mq.settings is in nobody's way.
	mq-ctl delete q
	[ -z "$(left)" ]
}

@test "a temporary group outlives its connection: nothing is missed" {
	mq-pub q 1
	mq-sub --temp q >out 3>&- &
	until_true '[ "$(cat out)" = 1 ]'
	until_true '[ -n "$(nodes api GET "vhosts/$vhost/connections" | jq -r ".[].name")" ]'
	nodes api GET "vhosts/$vhost/connections" | jq -r '.[].name | @uri' | while read -r name; do
		nodes api DELETE "connections/$name"
	done
	mq-pub q 2
	until_true '[ "$(wc -l <out)" = 2 ]'
	[ "$(cat out)" = $'1\n2' ]
	kill -TERM $!
	wait $!
	[ -z "$(left)" ]
}

@test "a broker that is killed and started again: its temporary group goes on" {
	local i
	mq-pub q 1
	mq-sub --temp q >out 2>err 3>&- &
	until_true '[ "$(cat out)" = 1 ]'
	# A node that is killed while this is not yet in its files knows nothing of the queue afterwards.
	until_true '[ "$(grep -alsF "$(mq-ctl list q | tail -n 1)" "$MQ_CLUSTER"/mnesia/*/quorum/*/names.dets | wc -l)" = "$(nodes count)" ]'
	for ((i = 1; i <= $(nodes count); i++)); do
		nodes kill "$i"
	done
	for ((i = 1; i <= $(nodes count); i++)); do
		nodes restart "$i"
	done
	nodes ready
	mq-pub q 2
	until_true '[ "$(wc -l <out)" = 2 ]'
	[ "$(cat out)" = $'1\n2' ]
	kill -TERM $!
	wait $!
	[ -z "$(left)" ]
}

@test "a temporary group whose queue is deleted: 66" {
	mq-pub q 1
	mq-sub --temp q >out 2>err 3>&- &
	until_true '[ "$(cat out)" = 1 ]'
	mq-ctl delete q
	status=0
	wait $! || status=$?
	[ "$status" = 66 ]
	[ "$(cat err)" = 'mq-sub: q: queue was deleted' ]
	[ -z "$(left)" ]
}

@test "expires: a group that nobody consumes goes, one that is consumed stays" {
	mq-pub q 1
	mq-ctl create --set expires=2500ms --set max-attempts=7 q/idle q/used
	mq-sub q/used >out 3>&- &
	until_true '[ "$(groups)" = used ]'
	mq-pub q 2
	until_true '[ "$(wc -l <out)" = 2 ]'
	kill -TERM $!
	wait $!
	run -0 mq-ctl show q/used
	assert_line expires=2500ms
	until_true '[ -z "$(left)" ]'
	# It is made anew without its settings.
	run -0 mq-sub -e q/used
	[ "$output" = $'1\n2' ]
	run -0 mq-ctl show q/used
	assert_line expires=never
	assert_line max-attempts=5
}

@test "expires: what moves a group keeps the argument" {
	mq-pub q 1
	mq-ctl create --set expires=3s q/g
	mq-replay --rewind q/g --to oldest
	[ "$(groups)" = g ]
	until_true '[ -z "$(left)" ]'
}

@test "expires: a group that is there, and a time that is too long" {
	mq-ctl create q/g
	fails 69 "mq-ctl set: q/g: the amqp engine can't change expires of a group that is there; delete it, and make it anew with mq-ctl create --set expires=DURATION" \
	    mq-ctl set q/g expires=1h
	mq-ctl set q/g expires=never
	fails 78 "mq-ctl create: q/h: expires=3651d: is too large (at most 3650d, RabbitMQ's limit of x-expires)" \
	    mq-ctl create --set expires=3651d q/h
	missing q/h
	mq-ctl create --set expires=3650d q/h
	run -0 mq-ctl show q/h
	assert_line expires=3650d
}
