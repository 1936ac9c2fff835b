#!/usr/bin/env bats
# dead-letters.bats - mq-ctl redrive on RabbitMQ: what a kill leaves, and many letters
#
# What else it does is in tests/redrive.bats.

load ../lib/common
load ../lib/expect

bury() {
	mq-sub -e q/g -- sh -c 'exit 100'
}

# letters COUNT: as many messages die; each hundredth for another reason.
letters() {
	mq-ctl create q/g
	seq "$1" | mq-pub q
	mq-sub -m -e -f '%r %s\n' q/g >receipts
	awk '$2 % 100 == 0 { print $1 }' receipts | mq-ack --reject=other
	awk '$2 % 100 != 0 { print $1 }' receipts | mq-ack --reject=why
}

@test "killed at any moment: each message comes, and the others stay" {
	letters 900
	for _ in $(seq 12); do
		timeout -s KILL "0.$((RANDOM % 30 + 10))" \
		    mq-ctl redrive --reason 'wh?' -c 100 q.dead >/dev/null || :
	done
	until_true 'mq-ctl redrive -q --reason "wh?" q.dead; [ "$(depth q.dead/redrive)" = 9 ]'
	mq-sub -e q/g | sort -nu | cmp - <(seq 900 | awk '$1 % 100')
	mq-ctl redrive -q q.dead
	mq-sub -e q/g | sort -nu | cmp - <(seq 100 100 900)
}

@test "a letter with a large body, and one of a message that another client published" {
	head -c 3000000 /dev/urandom >body
	mq-ctl create q/g
	mq-pub -F q body
	bury
	run -0 mq-ctl redrive q.dead
	[ "$output" = 'q.dead: 1 letter redriven, 0 left' ]
	mq-sub -e q/g -- cat >got
	cmp body got
	nodes api POST "exchanges/$vhost/q/publish" \
	    '{"properties":{"correlation_id":"c1"},"routing_key":"k","payload":"hello","payload_encoding":"string"}' >/dev/null
	bury
	mq-ctl redrive -q q.dead
	run -0 mq-sub -J -e q/g
	[ "$(jq -c '[.key, .headers["mq-correlation-id"], .body]' <<<"$output")" = '["k","c1","hello"]' ]
}

@test "letters that do not match are passed over, however many, in their order" {
	mq-ctl create q/g
	seq 3000 | mq-pub q
	mq-sub -m -e q/g | mq-ack --reject=why
	mq-pub q last
	mq-sub -m -e q/g | mq-ack --reject=other
	run -0 mq-ctl redrive --reason other q.dead
	[ "$output" = 'q.dead: 1 letter redriven, 3000 left' ]
	run -0 mq-sub -e q/g
	[ "$output" = last ]
	until_true '[ "$(depth q.dead/redrive)" = 3000 ]'
	mq-sub -e q.dead/redrive | cmp - <(seq 3000)
}

@test "a group that another consumer has to itself: 75" {
	letters 30
	mkfifo gate
	exec 8<>gate
	mq-sub --exclusive --prefetch 1 q.dead/redrive -- sh -c 'echo >begun; read -r x <gate' 3>&- 8>&- &
	local holder=$!
	until_true '[ -e begun ]'
	fails 75 "mq-ctl redrive: q.dead/redrive: another consumer has this group to itself (exclusive); redrive when it has ended" \
	    timeout 60 mq-ctl redrive q.dead
	kill -KILL "$holder"
	wait "$holder" || :
	run -0 timeout 60 mq-ctl redrive q.dead
	[ "$output" = 'q.dead: 30 letters redriven, 0 left' ]
	echo >&8
	exec 8>&-
}

@test "a group that refuses, as one without a leader does: letters go there when it takes them again" {
	local redriving
	letters 30
	nodes api PUT "policies/$vhost/full" \
	    '{"pattern":"^q/g$","apply-to":"queues","definition":{"max-length":5,"overflow":"reject-publish"}}'
	until_true '! mq-pub -W 1s q filler 2>/dev/null'
	mq-ctl redrive q.dead >redriven 2>said 3>&- &
	redriving=$!
	until_true 'grep -q "RabbitMQ refused a copy" said'
	mq-sub -c 1 q/g >got
	until_true 'mq-sub -e q/g >>got || :; ended "$redriving"'
	wait "$redriving"
	[ "$(<redriven)" = 'q.dead: 30 letters redriven, 0 left' ]
	mq-sub -e q/g >>got || :
	grep -v filler got | sort -nu | cmp - <(seq 30)
}

@test "letters that are to stay hide others of an exclusive group: 69" {
	local why="RabbitMQ shows no more than the first 256 letters of this group (exclusive), and they are to stay"
	letters 300
	mq-sub --exclusive -c 1 q.dead/redrive -- sh -c 'exit 75' 2>/dev/null
	fails 69 "mq-ctl redrive: q.dead/redrive: $why; redrive them first, without --dry-run and --reason" \
	    timeout 60 mq-ctl redrive --reason other? q.dead
	run -0 timeout 60 mq-ctl redrive q.dead
	[[ $output = *', 0 left' ]]
}

@test "who lacks a permission: 77, with what was refused, and the letters stay" {
	local host=${MQ_SPOOL#*://} who
	host=${host%/*}
	letters 2
	mq-pub -d 1s q waits
	nodes user "target-$vhost" secret "$vhost" '.*' '^(?!q/g$).*' '.*'
	nodes user "out-$vhost" secret "$vhost" '.*' '.*' '^(?!mq[.]delay[.]out$).*'
	nodes user "send-$vhost" secret "$vhost" '.*' '^(?!mq[.]delay[.]out$).*' '.*'
	nodes user "sign-$vhost" secret "$vhost" '.*' '^(?!amq[.]default$).*' '.*'
	for who in "sign amq.default" "target q/g" "out mq.delay.out" "send mq.delay.out"; do
		run -77 --separate-stderr timeout 60 mq-ctl redrive \
		    -s "amqp://${who% *}-$vhost:secret@$host/$vhost" q.dead
		[[ $stderr = *"'${who#* }' in vhost '$vhost' refused for user '${who% *}-$vhost'"* ]]
	done
	run -0 mq-ctl redrive q.dead
	[ "$output" = 'q.dead: 2 letters redriven, 0 left' ]
}

@test "a letter for which the broker closes the channel holds up nothing else" {
	local host=${MQ_SPOOL#*://} pid
	mq-ctl create q/g
	mq-ctl set q/g backoff=100ms..1s
	mq-ctl create q.dead
	nodes user "n-$vhost" secret "$vhost" '.*' '^(?!q\.dead$)' '.*'
	seq 6 | mq-pub q
	mq-sub -s "amqp://n-$vhost:secret@$host" q/g -- sh -c 'read -r x
		[ $((x % 2)) = 0 ] || exit 100
		[ "$MQ_ATTEMPT" = 1 ] || echo "$x" >>done
		[ "$MQ_ATTEMPT" != 1 ]' 2>said 3>&- &
	pid=$!
	until_true '[ "$(sort done 2>/dev/null)" = $'"'2\n4\n6'"' ]'
	kill -TERM "$pid"
	wait "$pid" || :
	grep 'q/g: a copy: RabbitMQ: .*q.dead' said
	until_true '[ "$(depth q/g)" = 3 ]'
	run -0 mq-sub -e q/g
	[ "$(sort <<<"$output")" = $'1\n3\n5' ] || { echo "$output"; return 1; }
}
