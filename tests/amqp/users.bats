#!/usr/bin/env bats
# users.bats - users with the permissions that mq-rabbitmq(7) lists, and no more
#
# Runs on a cluster, by tests/amqp/run.

load ../lib/common
load ../lib/expect

# with CONFIGURE WRITE READ COMMAND...: runs it as a user who has these permissions.
with() {
	local user=u-$vhost
	nodes user "$user" secret "$vhost" "$1" "$2" "$3"
	MQ_SPOOL=amqp://$user:secret@${MQ_SPOOL#*://} timeout 60 "${@:4}"
}
# The name of nothing.
none='^$'

# refused COMMAND...: 77, and what was refused.
refused() {
	run -77 --separate-stderr "$@"
	[[ $stderr = *refused* || $stderr = *"may not"* ]]
}

@test "publishing, and with a delay" {
	mq-pub q a
	mq-pub --delay 1s q b
	with "$none" '^q$' "$none" mq-pub q c
	refused with "$none" "$none" '.*' mq-pub q d
	with "$none" '^(q|mq\.delay\..*)$' '^mq\.delay\.out$' mq-pub --delay 1s q d
	refused with "$none" '^q$' "$none" mq-pub --delay 1s q e
	until_true '[ "$(mq-replay q | sort)" = "$(printf "%s\n" a b c d)" ]'
}

@test "consuming, with retries and with dead letters" {
	mq-ctl create q/g
	mq-pub q a b c
	mq-pub --delay 1s q d
	until_true '[ "$(mq-replay q | wc -l)" = 4 ]'
	[ "$(with "$none" '^mq\.settings$' '^(q/g|mq\.settings)$' mq-sub -c 1 q/g)" = a ]
	refused with "$none" '^mq\.settings$' '^mq\.settings$' mq-sub -c 1 q/g
	with "$none" '^(mq\.settings|q/g|mq\.delay\..*)$' '^(mq\.settings|q/g|mq\.delay\.out)$' \
	    mq-sub -c 1 q/g -- sh -c '[ "$MQ_ATTEMPT" = 2 ]'
	with '^q\.dead' '^(mq\.settings|q\.dead.*)$' '^(mq\.settings|q/g|q\.dead.*)$' \
	    mq-sub -c 1 q/g -- sh -c 'exit 100'
	with "$none" '^(mq\.settings|q\.dead)$' '^(mq\.settings|q/g)$' mq-sub -c 1 q/g -- sh -c 'exit 100'
	[ "$(mq-replay q.dead | wc -l)" = 2 ]
	until_true '[ "$(mq-sub -e q/g)" = b ]'	# the retry
}

@test "consuming as the page's example has it" {
	local -a patterns
	mapfile -t patterns < <(sed -n '/^rabbitmqctl set_permissions/,/^\.Ed/p' \
	    "$BATS_TEST_DIRNAME/../../man/mq-rabbitmq.7" | sed 's/\\e$//; s/\\e/\\/g' |
	    grep -o "'[^']*'" | tr -d "'")
	[ "${#patterns[@]}" = 3 ]
	mq-ctl create orders/mail
	mq-pub --delay 1s orders a
	mq-pub orders.dead x
	until_true '[ "$(mq-replay orders)" = a ]'
	mq-pub orders b
	with "${patterns[@]}" mq-sub -c 1 orders/mail -- sh -c 'exit 100'
	with "${patterns[@]}" mq-sub -c 1 orders/mail -- false
	until_true '[ "$(with "${patterns[@]}" mq-sub -e orders/mail)" = b ]'
	[ "$(mq-replay orders.dead)" = $'x\na' ]
	refused with "${patterns[@]}" mq-pub orders c
}

@test "a dead letter that may not be written: who waits for the end waits no longer for it" {
	local -a may=("$none" '^mq\.settings$' '^(mq\.settings|q/g)$')
	mq-ctl create q/g q.dead
	mq-pub q a b
	refused with "${may[@]}" mq-sub -e q/g -- sh -c 'exit 100'
	refused with "${may[@]}" mq-sub -W 1s q/g -- sh -c 'exit 100'
	until_true '[ "$(mq-sub -e q/g | sort)" = "$(printf "%s\n" a b)" ]'
}

@test "calls and replies" {
	local caller
	mq-ctl create q/g
	with "$none" '^q$' "$none" mq-pub -W 60s --call q a >answer 3>&- &
	caller=$!
	until_true '[ "$(mq-stat -J q/g | jq .ready)" = 1 ]'
	nodes user "answers-$vhost" secret "$vhost" "$none" '^(mq\.settings|amq\.default)$' '^(mq\.settings|q/g)$'
	timeout 60 mq-sub -s "amqp://answers-$vhost:secret@${MQ_SPOOL#*://}" -c 1 q/g -- tr a b
	wait "$caller"
	[ "$(cat answer)" = b ]
}

@test "replaying and looking" {
	mq-ctl create q/g
	mq-pub q a b
	[ "$(with "$none" '^amq\.default$' '^q\.log$' mq-replay q)" = $'a\nb' ]
	refused with "$none" "$none" '^q\.log$' mq-replay q
	refused with "$none" '^amq\.default$' "$none" mq-replay q
	with "$none" "$none" '^q/g$' mq-stat q/g >out
	grep -E '^q +g +2 ' out
	with "$none" '^mq\.settings$' '^(q/g|mq\.settings)$' mq-stat q >out
	grep -E '^q +g +2 ' out
	refused with "$none" '^mq\.settings$' '^q/g$' mq-stat q
}

@test "administering, and redriving" {
	local own='^(q.*|mq\.settings)$'
	with "$own" "$own" "$own" mq-ctl create q/g
	with "$own" "$own" "$own" mq-ctl bind -k k q/g
	with "$own" "$own" "$own" mq-ctl set q/g max-attempts=1
	with "$own" "$own" "$own" mq-ctl show q/g | grep -x max-attempts=1
	mq-pub -k k q a
	mq-sub -c 1 q/g -- false
	mq-pub --delay 1s q x	# makes the delays
	with "$own" "$own" "$own" mq-ctl list q >out
	grep -x q/g out
	refused with "$own" "$own" "$own" mq-ctl redrive q.dead
	with "$own" '^(q.*|mq\.settings|amq\.default|mq\.delay\.out)$' \
	    '^(q.*|mq\.settings|mq\.delay\.out)$' mq-ctl redrive q.dead
	[ "$(mq-sub -e q/g)" = a ]
	with "$own" "$own" "$own" mq-ctl purge q/g
	with "$own" "$own" "$own" mq-ctl delete q
	mq-ctl list >out
	run ! grep -x q out
	refused with '^q$' '.*' '.*' mq-ctl create q/g
}
