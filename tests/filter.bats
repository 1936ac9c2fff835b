#!/usr/bin/env bats
# filter.bats - mq-sub IN --to OUT -- COMMAND: what a command prints is in OUT once
#
# A command that shall last reads a line from the fifo ./gate, which the test holds open
# as descriptor 8.

load lib/common
load lib/expect

kills=${MQ_KILLS:-60}

quick() {
	mq-ctl create "$1"
	mq-ctl set "$@" backoff=0ms
}

# header NAME QUEUE
header() {
	mq-replay -J "$2" | jq -r ".headers[\"$1\"]"
}

# ------------------------------------------------------------------ what is made

@test "each line that a command prints is a message" {
	seq 3 | mq-pub in
	run -0 --separate-stderr mq-sub -e in --to out -- sh -c 'read -r x; echo "a$x"; printf "b$x"; echo said >&2'
	assert_output ''
	[ "$stderr" = $'said\nsaid\nsaid' ]
	run -0 mq-replay out
	assert_output $'a1\nb1\na2\nb2\na3\nb3'
	has depth in/default 0
}

@test "no output is no message, and the input is done" {
	seq 4 | mq-pub in
	run -0 mq-sub -e in --to out -- sh -c 'grep -v "[12]" || :'
	run -0 mq-replay out
	assert_output $'3\n4'
	run -1 mq-sub -e in --to out -- cat
}

@test "an empty line is an empty message" {
	mq-pub in x
	mq-sub -e in --to out -- echo
	[ "$(mq-replay -f '[%s]' out)" = '[]' ]
}

@test "-0: records end in NUL; -D: in something else" {
	mq-pub in x
	mq-sub -e in/a -0 --to nul -- printf 'one\ntwo\0three'
	[ "$(mq-replay -f '[%s]' nul)" = $'[one\ntwo][three]' ]
	mq-sub -e in/b -D ', ' --to comma -- printf 'one, two, '
	[ "$(mq-replay -f '[%s]' comma)" = '[one][two]' ]
	mq-sub -e in/c --delimiter '\t' --to tab -- printf 'one\ttwo'
	[ "$(mq-replay -f '[%s]' tab)" = '[one][two]' ]
}

@test "-1: all of the output is one message, to the byte; none is none" {
	head -c 300000 /dev/urandom >large
	head -c 100 /dev/urandom >small
	mq-pub -F in large small /dev/null
	mq-sub -e in/a -1 --to out -- cat
	mq-replay -1 -c 1 out 2>/dev/null | cmp - large || mq-replay -c 1 -f %s out | cmp - large
	[ "$(mq-replay -f '%S\n' out)" = $'300000\n100' ]
	mq-sub -e in/b --one --to more -- cat
	has messages more 2
}

@test "-J: envelopes, with all they hold" {
	mq-pub in x
	mq-sub -e in -J --to out -- printf '%s\n' '{"body":"one","key":"k","headers":{"a":"b"},"priority":3}' \
		'{"body_base64":"/wE=","message_id":"id"}'
	run -0 sh -c 'mq-replay -J out | jq -c "{body, body_base64, key, headers, priority, message_id}"'
	assert_line -n 0 '{"body":"one","body_base64":null,"key":"k","headers":{"a":"b"},"priority":3,"message_id":null}'
	assert_line -n 1 '{"body":null,"body_base64":"/wE=","key":null,"headers":null,"priority":null,"message_id":"id"}'
}

@test "long records among short ones" {
	mq-pub in x
	mq-sub -e in --to out -- sh -c 'echo first; head -c 1000000 /dev/zero | tr "\0" x; echo; echo last'
	[ "$(mq-replay -f '%S\n' out)" = $'5\n1000000\n4' ]
	mq-ctl check -q out
}

@test "--copy-meta: key and headers of the input; without it none" {
	mq-pub -k key -H a=1 -H b=2 in x
	mq-sub -e in/a --to plain -- cat
	[ "$(mq-replay -f '%k|%h' plain)" = '|' ]
	mq-sub -e in/b --to meta --copy-meta -- printf '1\n2\n'
	[ "$(mq-replay -f '%s %k %h\n' meta)" = $'1 key a=1,b=2\n2 key a=1,b=2' ]
	# What an envelope says itself counts.
	mq-sub -e in/c --to json --copy-meta -J -- printf '%s\n' \
		'{"body":"own","key":"mine","headers":{"b":"3"}}' '{"body":"all"}'
	[ "$(mq-replay -f '%s %k %h\n' json)" = $'own mine b=3,a=1\nall key a=1,b=2' ]
}

@test "--copy-meta: each input's own, though published together" {
	for n in 1 2 3 4 5 6; do mq-pub -k "key$n" -H "n=$n" in "$n"; done
	mq-sub -e -P 3 in --to out --copy-meta -- cat
	[ "$(mq-replay -f '%s %k %h\n' out | sort)" = "$(for n in 1 2 3 4 5 6; do echo "$n key$n n=$n"; done)" ]
}

@test "many inputs, several at once: one output each" {
	seq 300 | mq-pub in
	run -0 mq-sub -e -P 4 in --to out -- cat
	mq-replay out | sort -n | cmp - <(seq 300)
	has depth in/default 0
	mq-ctl check -q out
	mq-ctl check -q in
}

@test "what was printed by a child that goes on after the command is not waited for" {
	mq-pub in x
	mkfifo gate
	exec 8<>gate
	# shellcheck disable=SC2094 # a fifo
	mq-sub -e in --to out -- sh -c 'echo now; { read -r x <gate; echo late; } & exit 0'
	[ "$(mq-replay out)" = now ]
	echo >&8
	exec 8>&-
}

@test "a chain of filters" {
	seq 10 | mq-pub one
	mq-sub -e one --to two -- sh -c 'read -r x; echo $((x * 2))'
	mq-sub -e two --to three -- sh -c 'read -r x; echo $((x + 1))'
	[ "$(mq-replay three | paste -sd ' ')" = '3 5 7 9 11 13 15 17 19 21' ]
}

# ------------------------------------------------------------------ what is not made

@test "a command that fails publishes nothing; when it succeeds, once" {
	quick in/g
	mq-pub in x
	run -0 mq-sub -W 1s in/g --to out -- sh -c 'echo "attempt $MQ_ATTEMPT"; [ "$MQ_ATTEMPT" = 3 ]'
	run -0 mq-replay out
	assert_output 'attempt 3'
}

@test "a command that fails for good: a dead letter, and no output" {
	quick in/g max-attempts=2
	seq 2 | mq-pub in
	mq-sub -W 1s in/g --to out -- sh -c 'echo output; exit 1'
	has messages out 0
	[ "$(header mq-dead-reason in.dead)" = $'exit 1\nexit 1' ]
	mq-sub -e in/other --to out -- sh -c 'echo output; exit 65'
	has messages out 0
}

@test "a command that dies of a signal publishes nothing" {
	quick in/g max-attempts=1
	mq-pub in x
	mq-sub -e in/g --to out -- sh -c 'echo output; kill -9 $$'
	has messages out 0
	[ "$(header mq-dead-reason in.dead)" = 'signal 9' ]
}

@test "a command that does not exist: 127, nothing published, nothing lost" {
	mq-pub in x
	run -127 mq-sub -e in --to out -- ./nonexistent
	has messages out 0
	mq-sub -e in --to out -- cat
	[ "$(mq-replay out)" = x ]
}

@test "-J: output that is no envelope is the command's failure" {
	quick in/g max-attempts=2
	mq-pub in x
	run -0 --separate-stderr mq-sub -v -W 1s in/g -J --to out -- printf '%s\n' '{"body":"good"}' 'bad'
	has messages out 0
	[ "$(header mq-dead-attempts in.dead)" = 2 ]
	[[ $(header mq-dead-reason in.dead) == 'output: message 2: invalid JSON at byte '* ]]
	[[ $stderr == *": output: message 2: invalid JSON"* ]]
}

@test "output longer than max-message is the command's failure, small or large" {
	local size
	mq-ctl create out
	for size in 100 300000; do
		mq-ctl set out max-message="$size"
		quick "in$size/g" max-attempts=1
		mq-pub "in$size" x
		mq-sub -e "in$size/g" --to out -- sh -c 'echo good; head -c "$1" /dev/zero | tr "\0" x' sh $((size + 1))
		has messages out 0
		run -0 header mq-dead-reason "in$size.dead"
		assert_output "output: message 2: out: message of more than $size bytes (max-message)"
	done
}

@test "output larger than a transaction: rejected at once, and the next one is run" {
	seq 2 | mq-pub in
	mq-sub -e in --to out -- sh -c 'read -r x; [ "$x" = 2 ] || yes "$(head -c 100000 /dev/zero | tr "\0" x)" | head -n 700; echo done'
	[ "$(mq-replay out)" = done ]
	[ "$(header mq-dead-reason in.dead)" = 'output too large for one transaction' ]
	[ "$(header mq-dead-attempts in.dead)" = 1 ]
}

@test "large outputs are no more than a transaction together, or are published apart" {
	seq 6 | mq-pub in
	mq-sub -e -P 6 in --to out -- sh -c 'yes "$(head -c 100000 /dev/zero | tr "\0" x)" | head -n 200'
	has messages out 1200
	has depth in/default 0
}

@test "a handler that settles its message itself: what it printed is published once" {
	mq-pub in x
	mq-sub -e in --to out -- sh -c 'mq-ack "$MQ_RECEIPT"; cat'
	[ "$(mq-replay out)" = x ]
	run -1 mq-sub -e in --to out -- cat
}

@test "usage" {
	fails 64 "mq-sub: --to: there is no command" mq-sub --to out in
	fails 64 "mq-sub: --to: 'in': that is where the messages come from" mq-sub --to in in -- cat
	fails 64 "mq-sub: --to: 'in': that is where the messages come from" mq-sub --to in in/g -- cat
	fails 64 "mq-sub: --to: 'out/g': messages go to a queue, not to a group" mq-sub --to out/g in -- cat
	fails 64 "mq-sub: --copy-meta: only with --to" mq-sub --copy-meta in -- cat
	fails 64 "mq-sub: -1: only with --to" mq-sub -1 in -- cat
	fails 64 "mq-sub: -1: only with --to" mq-sub -1 in
	fails 64 "mq-sub: -f: what a command prints is not formatted" mq-sub -f %s --to out in -- cat
	fails 64 "mq-sub: -1 and -J: only one of them" mq-sub -1J --to out in -- cat
	fails 64 "mq-sub: -m: a command's messages are settled by its status" mq-sub -m --to out in -- cat
	untouched
}

@test "--to a queue that may not be made: 66, and nothing was run" {
	mq-pub in x
	mq-ctl create in/default
	fails 66 "mq-sub: out: no such queue$in_spool" env MQ_AUTOCREATE=no mq-sub -e in --to out -- touch ran
	[ ! -e ran ]
	has depth in/default 1
}

@test "no place for the output: 71, said where, and nothing lost" {
	mq-pub in x
	fails 71 "mq-sub: $PWD/none: temporary file: No such file or directory" \
		env TMPDIR="$PWD/none" mq-sub -e in --to out -- cat
	has depth in/default 1
	mkdir tmp
	run -0 env TMPDIR="$PWD/tmp" mq-sub -e in --to out -- cat
	[ -z "$(ls -A tmp)" ]
}

# ------------------------------------------------------------------ stopped and killed

@test "SIGTERM: what runs may finish, its output is published, the rest is released" {
	local pid
	mkfifo gate
	exec 8<>gate
	seq 3 | mq-pub in
	mq-sub in --to out -- sh -c 'read -r x; echo >>begun; read -r y <gate; echo "$x"' 3>&- 8>&- &
	pid=$!
	until_true '[ -e begun ]'
	kill "$pid"
	echo >&8
	wait "$pid"
	[ "$(mq-replay out)" = 1 ]
	has depth in/default 2
	exec 8>&-
}

# whole FILE: each input of 1 to $2 has all three lines of one run, and no others.
whole() {
	awk -v n="$2" '
		{ seen[$1]++; if (!($1 in run)) run[$1] = $2; if (run[$1] != $2) print "two runs", $0 }
		$3 != seen[$1] { print "order", $0 }
		END { for (i = 1; i <= n; i++) if (seen[i] != 3) print "input " i ": " seen[i] + 0 }
	' "$1"
}

# A command that says what it was, differently each time.
vary='read -r x; run=$$-$(date +%N); for k in 1 2 3; do echo "$x $run $k"; done'

@test "kill -9 at any moment, several at once: each input's output is there once" {
	local kill_no pid n=$((kills * 10))
	seq "$n" | mq-pub in
	mq-ctl create in/default
	mq-ctl set in/default backoff=0ms max-attempts=1000
	for ((kill_no = 0; kill_no < kills; kill_no++)); do
		mq-sub -e -P 3 in --to out -- sh -c "$vary" &
		pid=$!
		sleep "0.0$((RANDOM % 90 + 10))"
		kill -KILL "$pid" 2>/dev/null || :
		wait "$pid" || :
	done
	drain in/default mq-sub -e -P 3 in --to out -- sh -c "$vary"
	mq-replay out >lines
	run -0 whole lines "$n"
	assert_output ''
	has depth in/default 0
	mq-ctl check -q out
	mq-ctl check -q in
}

@test "kill -9, two at once, with OUT emptied between crash and rerun" {
	local kill_no n=$((kills * 10)) a b
	seq "$n" | mq-pub in
	mq-ctl create in/default
	mq-ctl set in/default backoff=0ms max-attempts=1000
	for ((kill_no = 0; kill_no < kills / 2; kill_no++)); do
		mq-sub -e in --to out -- sh -c "$vary" &
		a=$!
		mq-sub -e in --to out -- sh -c "$vary" &
		b=$!
		sleep "0.0$((RANDOM % 90 + 10))"
		kill -KILL "$a" "$b" 2>/dev/null || :
		wait "$a" || :
		wait "$b" || :
		[ -e "$MQ_SPOOL/out" ] || continue
		mq-replay out >>lines || [ $? = 1 ]
		mq-ctl purge -q out
	done
	drain in/default mq-sub -e -P 3 in --to out -- sh -c "$vary"
	mq-replay out >>lines || [ $? = 1 ]
	run -0 whole lines "$n"
	assert_output ''
}

@test "a rewind produces anew, once" {
	seq 3 | mq-pub in
	mq-sub -e in/g --to out -- sh -c "$vary"
	mq-replay --rewind in/g --to oldest
	mq-sub -e in/g --to out -- sh -c "$vary"
	has messages out 18
	# Each input has the three lines of two runs.
	[ "$(mq-replay out | cut -d ' ' -f 1,2 | sort | uniq -c | sed 's/^ *//;s/ .*//' | sort -u)" = 3 ]
	[ "$(mq-replay out | cut -d ' ' -f 1,2 | sort -u | wc -l)" = 6 ]
	run -1 mq-sub -e in/g --to out -- sh -c "$vary"
}

@test "an output that its queue's limits can never let in: rejected, the others go on" {
	local limit
	for limit in max-messages=2 max-bytes=7; do
		mq-ctl create out
		mq-ctl set out "$limit"
		seq 3 | mq-pub in
		run -0 mq-sub -e in --to out -- sh -c 'read -r x; if [ "$x" = 2 ]; then seq 8; else echo "o$x"; fi'
		[ "$(mq-replay out)" = $'o1\no3' ]
		[ "$(header mq-dead-reason in.dead)" = 'output larger than its queue may ever hold' ]
		has depth in/default 0
		mq-ctl delete -f in in.dead out
	done
}
