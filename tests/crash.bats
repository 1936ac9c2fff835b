#!/usr/bin/env bats
# crash.bats - SIGKILL at random moments, a few hundred times
#
# Nothing here depends on when the kill comes: what was told before it must hold
# after it, whichever moment that was.  MQ_KILLS sets how many kills a test makes.

load lib/common

# (Not `i': the run and assert helpers use that name for themselves.)

kills=${MQ_KILLS:-60}

# pause: up to $1 ms (60), at random.
pause() {
	sleep "$(printf '0.%03d' $((RANDOM % ${1:-60})))"
}

clean() {
	local queue
	for queue in "$@"; do
		mq-ctl check -q "$queue" || return 1
	done
}

@test "publishers: every id told is in the log once, in order, with its body" {
	local kill_no pid
	for ((kill_no = 0; kill_no < kills; kill_no++)); do
		seq -f "$kill_no-%.0f" 100000 | mq-pub -I "q$((kill_no % 3))" >"ids.$kill_no" 2>/dev/null &
		pid=$!
		pause
		kill -KILL "$pid" 2>/dev/null || :
		wait "$pid" || :
	done
	clean q0 q1 q2
	for kill_no in 0 1 2; do
		mq-replay -f '%o %s\n' "q$kill_no" || :
	done >log
	# Ids are unique and ascend within a queue.
	run sh -c 'cut -d " " -f 1 log | sort | uniq -d'
	assert_output ''
	for kill_no in 0 1 2; do
		mq-replay -f '%o\n' "q$kill_no" | sort -nc
	done
	# The k-th id that run kill_no was told belongs to line k of run kill_no.
	for ((kill_no = 0; kill_no < kills; kill_no++)); do
		# A line that was cut by the kill says nothing.
		awk -v run="$kill_no" 'length($0) >= 19 { print $1, run "-" NR }' "ids.$kill_no"
	done | sort >told
	sort log >have
	run comm -23 told have
	assert_output ''
	# What was published twice would show as a body twice.
	run sh -c 'cut -d " " -f 2 log | sort | uniq -d'
	assert_output ''
	# Each run's messages are a prefix of its input.
	run awk -F '[ -]' '$3 != ++n[$2] { print }' log
	assert_output ''
}

@test "queues and groups: killed while they are made, whole or not there" {
	local kill_no pid
	for ((kill_no = 0; kill_no < kills; kill_no++)); do
		mq-ctl create "made$((kill_no % 7))/g$kill_no" 2>/dev/null &
		pid=$!
		pause 12
		kill -KILL "$pid" 2>/dev/null || :
		wait "$pid" || :
	done
	for kill_no in 0 1 2 3 4 5 6; do
		mq-pub "made$kill_no" message
		mq-ctl trim -q "made$kill_no"
		run -0 mq-sub -e "made$kill_no/fresh"
		assert_output message
		run -0 sh -c "ls -A '$MQ_SPOOL/made$kill_no'"
		refute_output --partial .new-
	done
	clean made0 made1 made2 made3 made4 made5 made6
}

@test "consumers to a file: everything arrives, nothing settled comes back" {
	local kill_no pid n=20000
	seq "$n" | mq-pub q
	mq-ctl create q/g
	for ((kill_no = 0; kill_no < kills; kill_no++)); do
		mq-sub -e --prefetch 50 q/g >"out.$kill_no" 2>/dev/null &
		pid=$!
		pause
		kill -KILL "$pid" 2>/dev/null || :
		wait "$pid" || :
		mq-stat -J q/g >"stat.$kill_no"
	done
	mq-sub -e q/g >out.last || [ $? = 1 ]
	[ "$(depth q/g)" = 0 ]
	sort -un out.* >have
	seq "$n" >want
	run diff want have
	assert_success
	# Settled messages never grow fewer.
	for ((kill_no = 0; kill_no < kills; kill_no++)); do
		jq -r 'select(.group == "g") | .acked' "stat.$kill_no"
	done >acked
	sort -nc acked
	# What was settled is not delivered again: at most the prefetch of each
	# killed consumer comes twice.
	kill_no=$(cat out.* | wc -l)
	[ "$kill_no" -le $((n + kills * 50)) ]
	[ "$(field acked q/g)" = "$n" ]
	clean q
}

@test "acknowledged by mq-ack: stays acknowledged" {
	local kill_no pid n=20000
	seq "$n" | mq-pub q
	mq-ctl create q/g
	mq-ctl set q/g lease=1ms max-attempts=1000
	for ((kill_no = 0; kill_no < kills; kill_no++)); do
		mq-sub -m -e q/g >"took.$kill_no" 2>/dev/null &
		pid=$!
		pause
		kill -KILL "$pid" 2>/dev/null || :
		wait "$pid" || :
		# A cut last line is no receipt; a receipt may be stale by now.
		head -n 200 "took.$kill_no" | awk -F '\t' 'NF == 2' >"try.$kill_no"
		mq-ack -q <"try.$kill_no" 2>"stale.$kill_no" || [ $? = 66 ]
		grep -vFf <(sed -n 's/^mq-ack: \([^ ]*\):.*/\1/p' "stale.$kill_no") "try.$kill_no" |
			cut -f 2 >"acked.$kill_no" || :
		# None of these was acknowledged before.
		if [ -s all ]; then
			run comm -12 <(sort "acked.$kill_no") <(sort all)
			assert_output ''
		fi
		cat "acked.$kill_no" >>all
	done
	mq-replay q/g | sort >left || :
	run comm -12 <(sort all) left
	assert_output ''
	sort -n all left | uniq >have
	seq "$n" >want
	run diff want <(sort -n have)
	assert_success
	clean q
}

@test "handlers: what had not begun is uncounted, what died is counted, all is handled" {
	local kill_no pid n=400
	seq "$n" | mq-pub q
	mq-ctl create q/g
	mq-ctl set q/g max-attempts=1000
	for ((kill_no = 0; kill_no < kills; kill_no++)); do
		mq-sub -e -P 2 q/g -- sh -c 'read -r x; echo "$x $MQ_ATTEMPT $MQ_RECEIPT" >>begun; echo "$x" >>done' 2>/dev/null &
		pid=$!
		pause
		kill -KILL "$pid" 2>/dev/null || :
		wait "$pid" || :
	done
	mq-sub -e -P 2 q/g -- sh -c 'read -r x; echo "$x $MQ_ATTEMPT $MQ_RECEIPT" >>begun; echo "$x" >>done' || [ $? = 1 ]
	until_true '[ "$(depth q/g)" = 0 ]'
	sort -un done >have
	seq "$n" >want
	run diff want have
	assert_success
	# An attempt that is counted was begun: attempt k has at least k - 1 begun before.
	run awk '{ if ($2 > seen[$1] + 1) print; seen[$1]++ }' begun
	assert_output ''
	# The same receipt is never handed out twice.
	run sh -c 'cut -d " " -f 3 begun | sort | uniq -d'
	assert_output ''
	clean q
}

@test "dead letters: once each, and only of what ran" {
	local kill_no pid n=150
	seq "$n" | mq-pub q
	mq-ctl create q/g
	mq-ctl set q/g max-attempts=2 backoff=0s
	for ((kill_no = 0; kill_no < kills; kill_no++)); do
		mq-sub -e -P 2 q/g -- sh -c 'read -r x; echo "$x" >>ran; exit 1' 2>/dev/null &
		pid=$!
		pause
		kill -KILL "$pid" 2>/dev/null || :
		wait "$pid" || :
	done
	until_true 'mq-sub -e -P 2 q/g -- sh -c "read -r x; echo \$x >>ran; exit 1" 2>/dev/null; [ "$(depth q/g)" = 0 ]'
	mq-replay q.dead | sort -n >dead
	seq "$n" >want
	run diff want dead
	assert_success
	run comm -13 <(sort -u ran) <(sort dead)
	assert_output ''
	clean q q.dead
}

@test "publishers and consumers together, all killed" {
	local kill_no pids n
	mq-ctl create q/g
	for ((kill_no = 0; kill_no < kills; kill_no++)); do
		seq -f "$kill_no-%.0f" 5000 | mq-pub -I q >"ids.$kill_no" 2>/dev/null &
		pids=$!
		mq-sub -e q/g >"out.$kill_no" 2>/dev/null &
		pids="$pids $!"
		pause 40
		# shellcheck disable=SC2086 # two
		kill -KILL $pids 2>/dev/null || :
		# shellcheck disable=SC2086
		wait $pids || :
	done
	mq-sub -e q/g >out.last || [ $? = 1 ]
	# The cut last line of a killed consumer is not a message.
	for kill_no in out.*; do
		awk '{ print }' "$kill_no"
	done | sort -u >have
	mq-replay q | sort >want
	n=$(wc -l <want)
	run comm -13 have want
	assert_output ''
	[ "$(field acked q/g)" = "$n" ]
	clean q
}
