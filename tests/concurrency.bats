#!/usr/bin/env bats
# concurrency.bats - many processes at once: nothing lost, nothing twice, nobody waits
# for ever
#
# Every command here runs under timeout(1), so that a deadlock is a failure and not a
# test that never ends.

load lib/common

limit='timeout -k 5 120'
declare -a what

# start COMMAND...: in the background; finish waits for all of them and wants status 0.
start() {
	$limit "$@" 3>&- &
	pids+=("$!")
	what[$!]=$*
}

finish() {
	local pid status failed=0
	for pid in "${pids[@]}"; do
		status=0
		wait "$pid" || status=$?
		[ "$status" = 0 ] || { echo "status $status of ${what[$pid]}"; failed=1; }
	done
	[ "$failed" = 0 ]
	pids=()
}

# once N FILE...: the numbers 1 to N, each once.
once() {
	local n=$1
	shift
	sort -n "$@" | cmp - <(seq "$n")
}

# made NAME...: on a cluster, these groups are made first.  One that is made while others publish gets
# what they publish besides what was there: in no order, and some of it twice.
made() {
	local name
	[ -n "${MQ_CLUSTER-}" ] || return 0
	for name; do
		mq-ctl create "$name"
	done
}

@test "8 publishers and 4 consumers at once: each message once, each publisher's in order" {
	local p c consumers=()
	pids=()
	mq-ctl create q/g
	for c in 1 2 3 4; do
		$limit mq-sub --prefetch 100 q/g >"got.$c" 3>&- &
		consumers+=("$!")
	done
	for p in 1 2 3 4 5 6 7 8; do
		start sh -c "seq -f '$p-%.0f' 2500 | mq-pub q"
	done
	finish
	until_true '[ "$(depth q/g)" = 0 ]'
	kill -TERM "${consumers[@]}"
	for c in "${consumers[@]}"; do
		wait "$c"
	done
	[ "$(cat got.* | wc -l)" = 20000 ]
	[ "$(sort -u got.* | wc -l)" = 20000 ]
	[ "$(mq-replay q | wc -l)" = 20000 ]
	# In the log, and at every consumer, what one publisher sent is in its order.
	mq-replay q >log
	for c in log got.*; do
		run awk -F - '$2 + 0 <= last[$1] { print } { last[$1] = $2 + 0 }' "$c"
		assert_output ''
	done
	mq-replay -f '%o\n' q >ids
	ids_ascend <ids
	[ "$(sort -u ids | wc -l)" = 20000 ]
	has acked q/g 20000
	has leased q/g 0
	sound q
}

@test "publishers of one message each, at once: as many ids as processes" {
	local p
	pids=()
	for p in $(seq 40); do
		start mq-pub -I q "$p" >"id.$p"
	done
	finish
	once 40 <(mq-replay q)
	[ "$(cat id.* | sort -u | wc -l)" = 40 ]
	mq-replay -f '%o\n' q >ids
	ids_ascend <ids
	[ "$(cat id.* | sort -n)" = "$(sort -n ids)" ]
	for p in 1 20 40; do
		[ "$(mq-replay --since "$(cat "id.$p")" -c 1 q)" = "$p" ]
	done
	sound q
}

@test "20 processes make the same queue and group at once: one of each" {
	local p
	pids=()
	for p in $(seq 10); do
		start mq-pub q "$p"
		start sh -c "mq-sub -W 2s -c 1 q/g >got.$p || [ \$? = 1 ]"
	done
	finish
	has messages q 10
	mq-sub -e q/g >got.rest || [ $? = 1 ]
	if [ -n "${MQ_CLUSTER-}" ]; then
		sort -nu got.* >got	# see made
		once 10 got
	else
		once 10 got.*
	fi
	[ "$(mq-ctl list)" = $'q\nq/g' ]
	# No beginning of one is left.
	run ! sh -c 'ls -A "$MQ_SPOOL" "$MQ_SPOOL/q" 2>/dev/null | grep "^\.new"'
	sound q
}

@test "20 processes make the same queue with mq-ctl: one wins, the others are told" {
	local p
	for p in $(seq 20); do
		$limit sh -c "mq-ctl create q/g 2>said.$p; echo \$? >status.$p" 3>&- &
	done
	wait
	[ "$(cat status.* | grep -cx 0)" = 1 ]
	[ "$(cat status.* | sort -u | wc -l)" = 2 ]
	mq-pub q one
	run -0 mq-sub -e q/g
	assert_output one
	sound q
}

@test "many groups: each gets everything, while it is published" {
	local g
	pids=()
	made q/group{1..12}
	for g in $(seq 12); do
		start mq-sub -c 1000 "q/group$g" >"got.$g"
	done
	for g in 1 2 3 4; do
		seq $((g * 250 - 249)) $((g * 250)) | mq-pub q
	done
	finish
	for g in $(seq 12); do
		cmp "got.$g" <(seq 1000)
	done
	[ "$(mq-stat -J q | jq -s 'map(select(.group != null)) | length')" = 12 ]
	for g in $(seq 12); do
		has depth "q/group$g" 0
	done
	sound q
}

@test "many queues: publishers and consumers do not get in each other's way" {
	local n
	pids=()
	made q{1..10}/default
	for n in $(seq 10); do
		start sh -c "mq-sub -c 300 q$n >got.$n"
		start sh -c "seq 300 | mq-pub q$n"
	done
	finish
	for n in $(seq 10); do
		cmp "got.$n" <(seq 300)
	done
}

@test "trimming while it is consumed and published: nothing unread goes" {
	local round
	pids=()
	mq-ctl create q/fast
	mq-ctl create q/slow
	mq-ctl set q retain=1ms
	start mq-sub -c 10000 q/fast >fast
	start mq-sub --prefetch 50 -c 10000 q/slow >slow
	start sh -c 'for n in $(seq 20); do seq $((n * 500 - 499)) $((n * 500)) | mq-pub q; done'
	for round in $(seq 30); do
		MQ_NOW=+1h $limit mq-ctl trim -q q
	done
	finish
	cmp fast <(seq 10000)
	cmp slow <(seq 10000)
	MQ_NOW=+1h mq-ctl trim -q q
	has messages q 0
	sound q
}

@test "a purge while it is consumed and published: in order, nothing twice, no error" {
	local round
	pids=()
	mq-ctl create q/g
	start sh -c 'for n in $(seq 20); do seq $((n * 100 - 99)) $((n * 100)) | mq-pub q; done; mq-pub q end'
	start sh -c 'mq-sub q/g | sed -u "/end/q" >got'
	for round in 1 2 3 4 5; do
		$limit mq-ctl purge q/g
	done
	# The purge may have had the end, too; and sed is not gone before mq-sub is told so.
	until_true 'mq-pub q end; grep -qs end got'
	finish
	grep -v end got | sort -nuc
	sound q
}

@test "readers that follow while publishers run: all of it, in order, the same for all" {
	local r p
	pids=()
	mq-ctl create q
	for r in 1 2 3; do
		start mq-replay -F -c 4000 q >"read.$r"
	done
	for p in 1 2 3 4; do
		start sh -c "seq -f '$p-%.0f' 1000 | while read -r line; do echo \"\$line\"; done | mq-pub q"
	done
	finish
	mq-replay q >log
	[ "$(wc -l <log)" = 4000 ]
	for r in 1 2 3; do
		cmp log "read.$r"
	done
}

@test "retries, rejects and acks of many consumers: every message ends once" {
	local c
	pids=()
	mq-ctl create q/g
	mq-ctl set q/g backoff=1ms..5ms max-attempts=3
	seq 300 | mq-pub q
	for c in 1 2 3; do
		start sh -c 'mq-sub -W 1s -P 2 q/g -- sh -c "read -r x
			case \$x in *7) exit 100 ;; *3) exit 1 ;; *5) [ \$MQ_ATTEMPT = 2 ] || exit 75 ;; esac
			echo \$x >>handled" || [ $? = 1 ]'
	done
	finish
	has depth q/g 0
	cmp <(sort -n handled) <(seq 300 | grep -v '[37]$')
	cmp <(mq-replay q.dead | sort -n) <(seq 300 | grep '[37]$')
	has acked q/g 240
	has dead q/g 60
	has rejected q/g 30
	sound q q.dead
}

@test "mq-sub -m and two mq-acks with the same receipts: each is settled once" {
	local a
	seq 2000 | mq-pub q
	mq-sub -m -e --prefetch 5000 q/g >all
	for a in 1 2; do
		sort -R all >"shuffled.$a"
		$limit sh -c "mq-ack -v <shuffled.$a 2>said.$a; echo \$? >status.$a" 3>&- &
	done
	wait
	has depth q/g 0
	has acked q/g 2000
	# What one of them settled was stale for the other.
	[ "$(cat said.* | grep -c 'settled or delivered again')" = 2000 ]
	[ $(($(sed -n 's/.*: \([0-9]*\) deliveries.*/\1/p' said.* | paste -sd +))) = 2000 ]
}

@test "pipelines from queue to queue, several stages at once" {
	pids=()
	for stage in a b c; do
		mq-ctl create "$stage/g"
	done
	start sh -c 'mq-sub -c 500 -P 2 a/g -- sh -c "mq-pub b \$(cat)1"'
	start sh -c 'mq-sub -c 500 b/g | sed -u "s/\$/2/" | mq-pub c'
	start sh -c 'mq-sub -c 500 c/g >out'
	seq 500 | mq-pub a
	finish
	cmp <(sort -n out) <(seq -f '%.0f12' 500)
}

@test "two of everything at once" {
	local two upkeep='mq-ctl check -q q; mq-ctl trim -q q'
	pids=()
	mq-ctl create q/g
	# On a broker a group that is made while others publish may get a message twice.
	if [ -n "${MQ_CLUSTER-}" ]; then
		upkeep='mq-ctl show q; mq-ctl list'
		mq-ctl create q/manual q/handled
	fi
	for two in 1 2; do
		start sh -c "seq -f '$two-%.0f' 700 | mq-pub q"
		start sh -c "seq -f '$two-x%.0f' 300 | jq -cR '{body: .}' | mq-pub -J q"
		start sh -c "mq-sub -W 3s q/g >taken.$two || [ \$? = 1 ]"
		start sh -c "mq-sub -W 3s -m --prefetch 50 q/manual | tee printed.$two | mq-ack"
		start sh -c "mq-sub -W 3s --prefetch 200 -P 2 q/handled -- sh -c 'echo \"\$(cat)\" >>handled.$two' || [ \$? = 1 ]"
		start sh -c "mq-replay -F -c 2000 q >read.$two"
		start sh -c 'for n in $(seq 20); do mq-stat -J >/dev/null; done'
		start sh -c "for n in \$(seq 10); do $upkeep; done"
	done
	finish
	mq-replay q | sort >want
	[ "$(wc -l <want)" = 2000 ]
	sort read.1 | cmp want -
	cmp read.1 read.2
	sort taken.1 taken.2 | cmp want -
	cut -f 2 printed.1 printed.2 | sort | cmp want -
	cat handled.[12] | sort | cmp want -
	has depth q/g 0
	has depth q/manual 0
	has depth q/handled 0
	sound q
}

# many COMMAND: runs a shell command in each of 1,100 processes, made by a few.
many() {
	local i
	for ((i = 0; i < 11; i++)); do
		sh -c 'i=0; while [ $i -lt 100 ]; do '"$1"' & i=$((i + 1)); done; wait' 3>&- &
	done
}

@test "1,100 consumers wait: looking, publishing and one more consumer work" {
	case ${MQ_BIN:-} in
	*/asan/*) skip "a process takes ten times the memory and the time under the sanitizers" ;;
	esac
	mq-pub q before
	mq-sub -e q/g
	mq-ctl create q/h
	many 'mq-sub -q -W 60s q/g >>got'
	until_true '[ "$(field consumers q/g)" = 1100 ]'
	has depth q/h 1
	timeout 30 mq-pub q one two
	[ "$(timeout 30 mq-sub -e q/h | wc -l)" = 3 ]
	[ "$(timeout 30 mq-replay q | wc -l)" = 3 ]
	timeout 30 mq-ctl check q
	timeout 30 mq-ctl list
	until_true '[ "$(wc -l <got)$(depth q/g)" = 20 ]'
	mq-ctl delete q
	wait
}
