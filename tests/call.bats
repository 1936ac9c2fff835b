#!/usr/bin/env bats
# call.bats - mq-pub --call: a request, and the reply of the command that handles it
#
# Every caller that could wait for ever is under timeout(1).

load lib/common
load lib/expect

# serve COMMAND...: handles the messages of rpc in the background.
serve() {
	mq-sub rpc -- "$@" >out 2>err 3>&- &
	server=$!
}

call() {
	timeout 60 mq-pub --call "$@"
}

# leased N QUEUE: N deliveries are being worked on.
leased() {
	[ "$(field leased "$2")" = "$1" ]
}

# mailboxes QUEUE
mailboxes() {
	find "$MQ_SPOOL/$1/owner" -name 'call-*' | wc -l
}

@test "the reply is what the command prints, to the byte" {
	serve cat
	run -0 call rpc hello
	assert_output hello
	head -c 1000000 /dev/urandom >large
	head -c 3000 /dev/urandom >small
	: >empty
	for file in large small empty; do
		call -F rpc "$file" | cmp - "$file"
		call -1 rpc <"$file" | cmp - "$file"
	done
	[ ! -s out ]
	[ "$(mailboxes rpc)" = 0 ]
	until_true '[ "$(depth rpc/default)" = 0 ]'
}

@test "the message: operand, file, all of stdin, or one record" {
	serve cat
	[ "$(call rpc operand)" = operand ]
	[ "$(echo record | call rpc)" = record ]
	[ "$(printf 'record\0' | call -0 rpc)" = record ]
	[ "$(printf 'two\nlines\n' | call -1 rpc)" = $'two\nlines' ]
	[ "$(echo '{"body":"envelope"}' | call -J rpc)" = envelope ]
}

@test "key and headers go along; the handler sees where the reply goes" {
	serve sh -c 'echo "$MQ_KEY $MQ_HEADERS"'
	run -0 call -k key -H a=b rpc x
	assert_output --regexp '^key \{"a":"b","mq-reply-to":"rpc/[0-9a-f]{16}"\}$'
}

@test "a command that fails: 1, and its status; the message is done nevertheless" {
	serve sh -c 'read -r x; echo "did $x"; echo inner >&2; exit "$x"'
	local code
	for code in 1 65 75 100; do
		run -1 --separate-stderr call rpc "$code"
		assert_output "did $code"
		[ "$stderr" = "mq-pub: rpc: exit $code" ]
	done
	until_true '[ "$(depth rpc/default)" = 0 ]'
	has acked rpc/default 4
	missing rpc.dead
	[ "$(grep -c inner err)" = 4 ]
}

@test "a command that dies of a signal, or takes too long: 1, and that" {
	serve sh -c 'read -r x; kill "-$x" $$'
	run -1 --separate-stderr call rpc 9
	[ "$stderr" = 'mq-pub: rpc: signal 9' ]
	kill "$server"
	wait "$server" || :
	mq-sub --timeout 200ms rpc -- sleep 100 3>&- &
	run -1 --separate-stderr call rpc nothing
	[ "$stderr" = 'mq-pub: rpc: timeout' ]
}

@test "a command that can't be executed is no reply; the next one's is" {
	call rpc x >reply &
	local caller=$!
	until_true '[ "$(messages rpc)" = 1 ]'
	run -127 mq-sub -e rpc -- ./nonexistent
	run -126 mq-sub -e rpc -- sh -c 'echo no; exit 126'
	run -0 mq-sub -e rpc -- cat
	assert_output ''
	wait "$caller"
	[ "$(cat reply)" = x ]
}

@test "it waits for a handler that comes later; each caller gets its own reply" {
	local n callers=()
	for n in 1 2 3 4 5 6 7 8; do
		call rpc "$n" >"reply.$n" &
		callers+=($!)
	done
	until_true '[ "$(messages rpc)" = 8 ]'
	mq-sub -e -P 4 rpc -- sh -c 'read -r x; echo "of $x"'
	wait "${callers[@]}"
	for n in 1 2 3 4 5 6 7 8; do
		[ "$(cat "reply.$n")" = "of $n" ]
	done
	[ "$(mailboxes rpc)" = 0 ]
}

@test "-W: 75 when there is no reply in time, and the message has expired" {
	fails 75 "mq-pub: rpc: no reply in time" mq-pub --call -W 200ms rpc late
	[ "$(mailboxes rpc)" = 0 ]
	run -1 mq-sub -e rpc -- cat
	fails 75 "mq-pub: rpc: no reply in time" mq-pub --call --wait 0s rpc late
	serve cat
	[ "$(mq-pub --call -W 50s rpc soon)" = soon ]
	# An earlier end is kept.
	MQ_NOW=+1h mq-replay -J rpc | jq -r .expires >/dev/null
	fails 75 "mq-pub: other: no reply in time" mq-pub --call -W 300ms --ttl 1h other x
	run -1 mq-sub -e other
}

@test "bad input: nothing is published" {
	fails 65 "mq-pub: stdin: no message" mq-pub --call rpc </dev/null
	printf 'one\ntwo\n' >two
	fails 65 "mq-pub: stdin: record 2: a second one, but --call is for one message" mq-pub --call rpc <two
	echo '{"body":"x","message_id":"i"}' >id
	fails 65 "mq-pub: stdin: record 1: a message id: there may be no reply to what was published before" \
		mq-pub --call -J rpc <id
	echo '{"body":"x","headers":{"mq-reply-to":"rpc/0123456789abcdef"}}' >own
	fails 65 "mq-pub: stdin: record 1: has a header mq-reply-to of its own" mq-pub --call -J rpc <own
	[ "$(messages rpc)" = 0 ]
	[ "$(mailboxes rpc)" = 0 ]
}

@test "a full queue, or none who would get it: nothing is published, no mailbox is left" {
	mq-ctl create rpc/default
	mq-ctl set rpc max-messages=1
	mq-pub rpc first
	fails 75 "mq-pub: rpc: queue full (1 message)" mq-pub --call -W 0 rpc x
	fails 75 "mq-pub: rpc: queue full (1 message)" mq-pub --call -W 10ms rpc x
	mq-ctl set rpc overflow=reject
	fails 75 "mq-pub: rpc: queue full (1 message)" mq-pub --call rpc x
	fails 66 "mq-pub: other: no group would get a message without a key" \
		mq-pub --call --mandatory other x
	[ "$(messages rpc)" = 1 ]
	[ "$(mailboxes rpc)$(mailboxes other)" = 00 ]
}

@test "a full queue: the caller waits for room, and then for the reply" {
	mq-ctl create rpc/default
	mq-ctl set rpc max-messages=1
	mq-pub rpc first
	call rpc second >reply &
	local caller=$!
	until_true '[ "$(mailboxes rpc)" = 1 ]'
	serve cat
	wait "$caller"
	[ "$(cat reply)" = second ]
	[ "$(cat out)" = first ]
}

@test "usage" {
	fails 64 "mq-pub: --call: one message, not 2" mq-pub --call rpc x y
	fails 64 "mq-pub: -I: not with --call" mq-pub --call -I rpc x
	fails 64 "mq-pub: --reject-to: not with --call" mq-pub --call --reject-to f rpc x
	fails 64 "mq-pub: --receipts: not with --call" mq-pub --call -J --receipts rpc
	fails 64 "mq-pub: -i: not with --call: there may be no reply to what was published before" \
		mq-pub --call -i id rpc x
	fails 64 "mq-pub: -H: mq-reply-to is set by --call" mq-pub --call -H mq-reply-to=x rpc x
	untouched
}

@test "a signal ends the waiting, and the mailbox goes" {
	local pid code=0
	mq-pub --call rpc x 2>said &
	pid=$!
	until_true '[ "$(messages rpc)" = 1 ]'
	kill "$pid"
	wait "$pid" || code=$?
	[ "$code" = 75 ]
	[ "$(cat said)" = 'mq-pub: rpc: stopped by a signal: the message was published, there is no reply yet' ]
	[ "$(mailboxes rpc)" = 0 ]
}

@test "SIGINT, while it waits for the reply: the mailbox goes, and it dies of that" {
	watched end mq-pub --call rpc x 2>/dev/null &
	until_true '[ "$(messages rpc)" = 1 ]'
	kill -INT "$(cat end.pid)"
	until_true '[ -e end ]'
	[ "$(cat end)" = 'signal 2' ]
	[ "$(mailboxes rpc)" = 0 ]
}

@test "SIGINT, while it waits for room: the mailbox goes, and it dies of that" {
	mq-ctl create rpc/default
	mq-ctl set rpc max-messages=1
	mq-pub rpc x
	watched full mq-pub --call rpc y 2>/dev/null &
	until_true '[ "$(mailboxes rpc)" = 1 ]'
	kill -INT "$(cat full.pid)"
	until_true '[ -e full ]'
	[ "$(cat full)" = 'signal 2' ]
	[ "$(mailboxes rpc)" = 0 ]
}

# dead_caller BODY: one that is killed while it waits.
dead_caller() {
	local pid before
	before=$(messages rpc)
	mq-pub --call rpc "$1" &
	pid=$!
	until_true "[ \"\$(messages rpc)\" = $((${before:-0} + 1)) ]"
	kill -KILL "$pid"
	wait "$pid" || :
}

@test "a caller that was killed: its message is as any other, and nothing is left" {
	dead_caller ok
	[ "$(mailboxes rpc)" = 1 ]
	mq-ctl create rpc/default
	mq-ctl set rpc/default backoff=0ms
	run -0 mq-sub -e rpc -- sh -c 'cat; [ "$MQ_ATTEMPT" = 2 ]'
	assert_output okok
	[ "$(mailboxes rpc)" = 0 ]
}

@test "a caller that was killed: the next caller removes what it left" {
	dead_caller x
	fails 75 "mq-pub: rpc: no reply in time" mq-pub --call -W 100ms rpc y
	[ "$(mailboxes rpc)" = 0 ]
}

@test "a caller that was killed: mq-ctl trim removes what it left, and not a living one's" {
	local pid
	dead_caller x
	mq-pub --call rpc alive &
	pid=$!
	until_true '[ "$(messages rpc)" = 2 ]'
	mq-ctl trim -q rpc
	[ "$(mailboxes rpc)" = 1 ]
	kill "$pid"
	wait "$pid" || :
}

@test "a caller that is killed while the command runs: its status settles the message" {
	local pid
	mkfifo gate
	exec 8<>gate
	mq-pub --call rpc x 8>&- &
	pid=$!
	mq-sub -c 1 rpc -- sh -c 'echo >begun; read -r x <gate; echo output; exit 1' >out 3>&- 8>&- &
	until_true '[ -e begun ]'
	kill -KILL "$pid"
	wait "$pid" || :
	echo >&8
	wait
	has retried rpc/default 1
	[ "$(mailboxes rpc)" = 0 ]
	[ ! -s out ]
	exec 8>&-
}

@test "what is written in mq-reply-to may be anything" {
	local to
	for to in '' x / nowhere/0123456789abcdef rpc/0123456789abcdef rpc/../../x rpc/0 ../rpc/0123456789abcdef; do
		mq-pub -H "mq-reply-to=$to" rpc "$to"
	done
	run -0 mq-sub -e rpc -- sh -c 'cat; echo'
	[ "${#lines[@]}" -ge 6 ]
	[ "$(depth rpc/default)" = 0 ]
	[ "$(mq-ctl list | grep -v /)" = rpc ]
}

@test "through filters that copy the headers, the last one replies" {
	mq-sub one --to two --copy-meta -- sh -c 'read -r x; echo $((x + 1))' 3>&- &
	mq-sub two -- sh -c 'read -r x; echo "result $x"' >out 3>&- &
	[ "$(call one 41)" = 'result 42' ]
	[ ! -s out ]
}

@test "consumers killed at any moment: each caller gets one whole reply" {
	local n callers=() pid kills=${MQ_KILLS:-60} kill_no
	mq-ctl create rpc/default
	mq-ctl set rpc/default backoff=0ms max-attempts=1000
	for ((n = 0; n < 20; n++)); do
		(
			for ((k = 0; k < 5; k++)); do
				timeout 100 mq-pub --call rpc "$n.$k"
			done >"reply.$n"
		) &
		callers+=($!)
	done
	for ((kill_no = 0; kill_no < kills; kill_no++)); do
		mq-sub -P 3 rpc -- sh -c 'read -r x; echo "begin $x"; echo "end $x"' &
		pid=$!
		sleep "0.0$((RANDOM % 90 + 10))"
		kill -KILL "$pid" 2>/dev/null || :
		wait "$pid" || :
	done
	mq-sub -P 3 rpc -- sh -c 'read -r x; echo "begin $x"; echo "end $x"' 3>&- &
	wait "${callers[@]}"
	for ((n = 0; n < 20; n++)); do
		cmp "reply.$n" <(for ((k = 0; k < 5; k++)); do echo "begin $n.$k"; echo "end $n.$k"; done)
	done
	[ "$(mailboxes rpc)" = 0 ]
	missing rpc.dead
}
