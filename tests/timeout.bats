#!/usr/bin/env bats
# timeout.bats - mq-sub --timeout: commands that take too long
#
# What a command is to have done when its time is up, such as setting a trap, must be done
# in that time on a busy machine, too.

load lib/common
load lib/expect

# header NAME: of all messages of q.dead.
header() {
	mq-replay -J q.dead | jq -r ".headers[\"$1\"]"
}

# quick ATTEMPTS: q/g, whose retries need not be waited for.
quick() {
	mq-ctl create q/g
	mq-ctl set q/g backoff=0ms max-attempts="$1"
}

# gone FILE...: the processes whose numbers are in the files have ended.
gone() {
	local file
	for file; do
		! kill -0 "$(cat "$file")" 2>/dev/null || [ "$(cut -d ' ' -f 3 "/proc/$(cat "$file")/stat")" = Z ] || return 1
	done
}

@test "a command that takes longer gets SIGTERM; its message is retried" {
	quick 3
	mq-pub q x
	mq-sub -v -c 2 --timeout 100ms q/g -- sleep 100 2>said
	[ "$(grep -c ': timeout$' said)" = 2 ]
	has retried q/g 2
	run -0 mq-sub -e --timeout 1h q/g -- sh -c 'echo "$MQ_ATTEMPT"'
	assert_output 3
}

@test "the reason in a dead letter; what the command says about it is kept" {
	quick 1
	mq-pub q x
	mq-sub -e --timeout 2s q/g -- sh -c 'trap "echo interrupted >&2; exit 3" TERM; while :; do sleep 0.01; done'
	[ "$(header mq-dead-reason)" = timeout ]
	[[ $(header mq-dead-stderr) == *interrupted ]]
}

@test "a command that ends well only after its time was up is retried all the same" {
	quick 1
	mq-pub q x
	mq-sub -e --timeout 1s q/g -- sh -c 'trap "exit 0" TERM; while :; do sleep 0.01; done'
	[ "$(header mq-dead-reason)" = timeout ]
}

@test "a status that would stop mq-sub does not, after the time is up" {
	quick 1
	mq-pub q x
	run -0 mq-sub -e --timeout 1s q/g -- sh -c 'trap "exit 127" TERM; while :; do sleep 0.01; done'
	[ "$(header mq-dead-reason)" = timeout ]
}

@test "a command that does not mind SIGTERM is killed 5 seconds later" {
	quick 1
	mq-pub q x
	mq-sub -e --timeout 2s q/g -- sh -c 'trap "date +%s%N >term" TERM; while :; do sleep 0.01; done'
	date +%s%N >killed
	[ "$(header mq-dead-reason)" = timeout ]
	[ $(($(cat killed) - $(cat term))) -ge 4900000000 ]
}

@test "the whole process group: also what does not mind SIGTERM, once the command has ended" {
	quick 1
	mq-pub q x
	mq-sub -e --timeout 2s q/g -- sh -c '
		sleep 100 & echo $! >one
		sh -c "trap : TERM; while :; do sleep 0.01; done" & echo $! >two
		exec sleep 100'
	until_true 'gone one two'
}

@test "commands in time are let be, each by its own time" {
	seq 8 | mq-pub q
	run -0 mq-sub -e -P 2 --timeout 20s q/g -- sh -c 'sleep 0.05; cat'
	has acked q/g 8
	run -1 mq-sub -e q/g
}

@test "only the slow one is ended" {
	quick 1
	printf '%s\n' slow fast1 fast2 fast3 | mq-pub q
	run -0 sh -c 'mq-sub -e -P 2 --timeout 3s q/g -- sh -c "read -r x; [ \$x != slow ] || exec sleep 100; echo \$x" | sort'
	assert_output $'fast1\nfast2\nfast3'
	[ "$(mq-replay q.dead)" = slow ]
}

@test "with --to: the output of a command that took too long is not published" {
	quick 2
	mq-pub q x
	mq-sub -c 1 --timeout 1s --to out q/g -- sh -c 'echo "attempt $MQ_ATTEMPT"; exec sleep 100'
	mq-sub -e --timeout 1h --to out q/g -- sh -c 'echo "attempt $MQ_ATTEMPT"'
	[ "$(mq-replay out)" = 'attempt 2' ]
}

@test "while it is being stopped, mq-sub still ends commands in time" {
	local pid
	quick 5
	mq-pub q x
	mq-sub --timeout 3s q/g -- sh -c 'echo >begun; exec sleep 100' 3>&- &
	pid=$!
	until_true '[ -e begun ]'
	kill "$pid"
	wait "$pid"
	has retried q/g 1
}

@test "usage" {
	fails 64 "mq-sub: --timeout: there is no command" mq-sub --timeout 1s q
	fails 64 "mq-sub: --timeout: '0s': too short" mq-sub --timeout 0s q -- true
	run -64 mq-sub --timeout soon q -- true
}
