#!/usr/bin/env bats
# many-consumers.bats - many consumers of a group that wait, in a line

load lib/common

teardown() {
	[ ! -s pids ] || xargs kill -KILL <pids 2>/dev/null || :
	disown -a
}

# consumers N: starts so many of q/g, and waits until all of them are idle.
consumers() {
	local i
	mq-ctl create -p q/g
	for ((i = 0; i < $1; i++)); do
		mq-sub q/g >>out 2>>errors 3>&- &
		echo $! >>pids
	done
	until_true "[ \"\$(field consumers q/g)\" -ge $1 ]"
	for i in $(tail -n "$1" pids); do
		until_true "grep -qs 'S (sleeping)' /proc/$i/status"
	done
}

# sleeps: how often each consumer has gone to sleep, a line each.
sleeps() {
	local pid
	while read -r pid; do
		sed -n "s/^voluntary_ctxt_switches:[[:space:]]*/$pid /p" "/proc/$pid/status"
	done <pids | sort
}

delivered() {
	[ "$(wc -l <out)" -ge "$1" ]
}

@test "a message wakes one of a group's idle consumers, not all of them" {
	local began i quiet
	touch out
	consumers 60
	began=$SECONDS
	sleeps >before
	for i in $(seq 50); do
		mq-pub q "m$i"
	done
	until_true 'delivered 50'
	sleeps >after
	[ $((SECONDS - began)) -lt 15 ] || skip "the machine is too slow to tell"
	# Each looks once a second; 50 are woken by a message, the others by nothing else.
	quiet=$(join before after | awk '$3 - $2 < 25' | wc -l)
	[ "$quiet" -ge 10 ] || { join before after; return 1; }
	[ "$(sort out | uniq | wc -l)" = 50 ]
}

@test "whoever of the line is killed, the next takes its place" {
	local pid i=0
	touch out
	consumers 8
	while read -r pid; do
		mq-pub q "m$((++i))"
		until_true "delivered $i"
		# Settled, or it is delivered again.
		until_true '[ "$(depth q/g)" = 0 ]'
		kill -KILL "$pid"
	done < <(head -n 7 pids)
	mq-pub q last
	until_true 'delivered 8'
	[ "$(sort out | uniq -d)" = "" ]
}

@test "whoever of the line is stopped, the others look for themselves" {
	local pid i=0
	touch out
	consumers 5
	while read -r pid; do
		kill -STOP "$pid"
		mq-pub q "m$((++i))"
		until_true "delivered $i"
		# The next one may have it: not to be stopped while it writes to the group.
		until_true '[ "$(depth q/g)" = 0 ]'
	done < <(head -n 4 pids)
	xargs kill -CONT <pids
	[ "$(sort out | uniq | wc -l)" = 4 ]
}

@test "many messages at once: all idle consumers are called upon" {
	local i
	mkdir seen
	mq-ctl create q/g
	for ((i = 0; i < 6; i++)); do
		mq-sub q/g -- sh -c 'echo $PPID >seen/$MQ_ID; until [ -e go ]; do sleep 0.05; done' 3>&- &
		echo $! >>pids
	done
	until_true '[ "$(field consumers q/g)" = 6 ]'
	seq 6 | mq-pub q
	until_true '[ "$(sort -u seen/* 2>/dev/null | wc -l)" = 6 ]'
	touch go
	until_true '[ "$(depth q/g)" = 0 ]'
}

# few_mapped FILE: no more than two of the consumers have the file mapped.
few_mapped() {
	local pid n=0
	while read -r pid; do
		! grep -q "/$1\$" "/proc/$pid/maps" || n=$((n + 1))
	done <pids
	echo "$n have $1"
	[ "$n" -le 2 ]
}

@test "consumers behind the first and the standby give their maps back" {
	touch out
	consumers 6
	mq-pub q m
	until_true 'delivered 1'
	until_true 'few_mapped log.mdb && few_mapped g.group.mdb'
	for _ in 1 2 3 4 5 6; do
		mq-pub q m
	done
	until_true 'delivered 7'
	until_true '[ "$(depth q/g)" = 0 ] && few_mapped log.mdb && few_mapped g.group.mdb'
}

@test "a consumer that stands behind leaves with its queue" {
	consumers 4
	mq-ctl delete q
	until_true '! xargs kill -0 <pids 2>/dev/null'
	grep -q "q: queue was deleted" errors
}
