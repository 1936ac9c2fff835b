#!/usr/bin/env bats
# batch.bats - mq-sub --batch: several messages to one run of a command
#
# A command that shall last reads a line from the fifo ./gate, which the test holds open
# as descriptor 8.

load lib/common
load lib/expect

quick() {
	mq-ctl create "$1"
	mq-ctl set "$@" backoff=0ms
}

@test "up to so many messages, one a line, and their number in MQ_COUNT" {
	seq 10 | mq-pub q
	run -0 mq-sub -e --batch 4 q -- sh -c 'echo "$MQ_COUNT:" $(cat)'
	assert_equal "${lines[0]}" '4: 1 2 3 4'
	assert_equal "${lines[1]}" '4: 5 6 7 8'
	assert_equal "$(sed 's/.*: //' <<<"$output" | paste -sd ' ')" '1 2 3 4 5 6 7 8 9 10'
	# What a broker sends when there is room again comes as it comes.
	[ -n "${MQ_CLUSTER-}" ] || assert_equal "${lines[2]}" '2: 9 10'
	has acked q/default 10
	run -1 mq-sub -e --batch 4 q -- cat
}

@test "the environment has nothing of a single message" {
	mq-pub -k key -H a=b q x
	export MQ_ID=theirs MQ_KEY=theirs MQ_COUNT=theirs
	run -0 mq-sub -e --batch 3 q/g -- sh -c "env | grep ^MQ_ | grep -Ev '^MQ_($set_for_tests)=' | sort"
	assert_output "MQ_COUNT=1
MQ_GROUP=g
MQ_QUEUE=q
MQ_SPOOL=$MQ_SPOOL"
	run -0 mq-sub -e q/h -- sh -c 'echo "[$MQ_COUNT]"'
	assert_output '[]'
}

@test "framing: -0, -D, -J and -f" {
	printf '%s\n' one two | mq-pub -k key q
	run -0 mq-sub -e --batch 9 -0 q/a -- sh -c 'tr "\0" "|"'
	assert_output 'one|two|'
	run -0 mq-sub -e --batch 9 -D ', ' q/b -- cat
	assert_output 'one, two, '
	run -0 mq-sub -e --batch 9 -f '%k=%s;' q/c -- cat
	assert_output 'key=one;key=two;'
	run -0 mq-sub -e --batch 9 -J q/d -- jq -r '[.key, .body, .group, (.receipt | startswith("q/d/"))] | @csv'
	assert_output '"key","one","d",true
"key","two","d",true'
}

@test "large bodies among small ones, whole and in order" {
	head -c 1000000 /dev/urandom | base64 -w 0 >large
	printf small >small
	mq-pub -F q small large small
	mq-sub -e --batch 10 q -- sh -c 'cat >got'
	cmp got <(cat small; echo; cat large; echo; cat small; echo)
}

@test "many full batches, several commands at once" {
	seq 1000 | mq-pub q
	mq-sub -e --batch 50 -P 3 q -- sh -c 'echo "$MQ_COUNT" >>counts; cat' | sort -n | cmp - <(seq 1000)
	[ "$(awk '{ n += $1 } $1 > 50 { n = -10000 } END { print n }' counts)" = 1000 ]
	# A broker's come as they come.
	[ -n "${MQ_CLUSTER-}" ] || [ "$(sort counts | uniq -c | sed 's/^ *//')" = '20 50' ]
	has depth q/default 0
}

@test "-c and --prefetch bound them; more than are held are never given" {
	seq 10 | mq-pub q
	run -0 mq-sub --batch 4 -c 6 q/a -- sh -c 'echo "$MQ_COUNT"'
	assert_output $'4\n2'
	run -0 mq-sub -e --batch 100 --prefetch 5 q/b -- sh -c 'echo "$MQ_COUNT"'
	[ "${lines[0]}" = 5 ]
	[ "$(awk '{ n += $1 } $1 > 5 { n = 100 } END { print n }' <<<"$output")" = 10 ]
	[ -n "${MQ_CLUSTER-}" ] || assert_output $'5\n5'
}

@test "the status settles all of them" {
	seq 6 | mq-pub q
	quick q/g max-attempts=3
	run -0 --separate-stderr mq-sub -v -e --batch 3 q/g -- sh -c 'echo $(cat); [ ! -e failed ] || exit 0; touch failed; exit 1'
	[[ $stderr == *" and 2 more: exit 1"* ]]
	has retried q/g 3
	has acked q/g 6
	[ "$(tr ' ' '\n' <<<"$output" | sort -n | uniq | wc -l)" = 6 ]
	mq-sub -e --batch 10 q/h -- sh -c 'exit 65'
	has messages q.dead 6
	[ "$(mq-replay -J q.dead | jq -r '.headers["mq-dead-reason"]' | sort -u)" = 'exit 65' ]
	run -127 mq-sub -e --batch 10 q/i -- ./nonexistent
	run -126 mq-sub -e --batch 10 q/i -- sh -c 'exit 126'
	has depth q/i 6
	has released q/i 6+
}

@test "what a command settles itself is not settled again" {
	seq 3 | mq-pub q
	quick q/g
	mq-sub -c 3 --batch 3 -f '%r\n' q/g -- sh -c 'read -r first; mq-ack "$first"; exit 1'
	has acked q/g 1
	has retried q/g 2
}

@test "--timeout: all of them are retried" {
	seq 3 | mq-pub q
	quick q/g
	mq-sub -c 3 --batch 3 --timeout 100ms q/g -- sleep 100
	has retried q/g 3
}

@test "killed while a command runs: none is given to another until it ends; all are counted" {
	local pid
	mkfifo gate
	exec 8<>gate
	seq 5 | mq-pub q
	mq-sub --batch 3 q/g -- sh -c 'echo "$MQ_COUNT" >&2; read -r x <gate' 2>begun 3>&- 8>&- &
	pid=$!
	until_true '[ -s begun ]'
	kill -KILL "$pid"
	wait "$pid" || :
	# What it had claimed beyond that run comes back at once.
	run -0 mq-sub -e --batch 10 -f '%s %a\n' q/g -- cat
	assert_output $'4 1\n5 1'
	has leased q/g 3
	echo >&8
	until_true '[ "$(mq-sub -e --batch 10 -f "%s %a\n" q/g -- tee -a rest >/dev/null; cat rest 2>/dev/null)" != "" ]'
	[ "$(cat rest)" = $'1 2\n2 2\n3 2' ]
	has depth q/g 0
	exec 8>&-
}

@test "killed at any moment: nothing is lost, nothing that was settled comes back" {
	local kill_no pid kills=${MQ_KILLS:-60} n
	n=$((kills * 40))
	seq "$n" | mq-pub q
	mq-ctl create q/g
	mq-ctl set q/g backoff=0ms max-attempts=1000
	for ((kill_no = 0; kill_no < kills; kill_no++)); do
		mq-sub -e --batch 10 -P 2 q/g -- sh -c 'cat >>got' &
		pid=$!
		sleep "0.0$((RANDOM % 50 + 10))"
		kill -KILL "$pid" 2>/dev/null || :
		wait "$pid" || :
	done
	drain q/g mq-sub -e --batch 10 -P 2 q/g -- sh -c 'cat >>got'
	sort -un got | cmp - <(seq "$n")
	has depth q/g 0
	missing q.dead
}

@test "usage" {
	fails 64 "mq-sub: --batch: there is no command" mq-sub --batch 3 q
	fails 64 "mq-sub: --to: not with --batch" mq-sub --batch 3 --to out q -- cat
	fails 64 "mq-sub: -P and --batch: more than 32768 messages at once" mq-sub --batch 4096 -P 9 q -- cat
	run -64 mq-sub --batch 0 q -- cat
	run -64 mq-sub --batch 4097 q -- cat
	fails 64 "mq-sub: -J: a command is given the body alone" mq-sub -J q -- cat
}
