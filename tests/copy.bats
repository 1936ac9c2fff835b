#!/usr/bin/env bats
# copy.bats - moving data between spools: copies that break off are resumed, nothing is lost,
# doubled or out of order
#
# The script that mq(7) shows is taken from that page and run as it stands there.  ssh and
# mq-sub, mq-ack in it are programs of this file, which run the real ones and break the copy
# off where the test says:
#
#	none		not at all
#	cut N		the stream of envelopes ends after N bytes
#	kill-pub N	the publisher is killed after N bytes
#	kill-sub N	the consumer is killed after N bytes
#	kill-ack N	mq-ack is killed after N bytes of receipts

load lib/common
load lib/expect

# The script of mq(7), as ./mirror, and programs for it in ./bin.
page_script() {
	sed -n '/^mq-stat -l -J "$1\/mirror"/,/^\.Ed/p' "$top/man/mq.7" | sed '/^\.Ed/d; s/\\(aq/'"'"'/g' >mirror
	[ "$(wc -l <mirror)" = 2 ]
	mkdir bin
	cat >bin/mq-sub <<-'END'
		#!/bin/sh
		echo $$ >sub.pid
		exec "$REAL/mq-sub" "$@"
	END
	cat >bin/mq-ack <<-'END'
		#!/bin/sh
		echo $$ >ack.pid
		exec "$REAL/mq-ack" "$@"
	END
	cat >bin/ssh <<-'END'
		#!/bin/bash
		# The other machine is another spool.
		host=$1
		shift
		there() { MQ_SPOOL=$PWD/$host "$@"; }
		killed() { kill -9 "$(cat "$1")" 2>/dev/null; }
		set -- "$host" "$REAL/$@"
		shift
		case $BREAK in
		none) there "$@" ;;
		cut) head -c "$AFTER" | there "$@" ;;
		kill-sub) { head -c "$AFTER"; killed sub.pid; cat; } | there "$@" ;;
		kill-ack) there "$@" | { head -c "$AFTER"; killed ack.pid; cat; } ;;
		kill-pub)
			rm -f fifo
			mkfifo fifo
			there "$@" <fifo &
			exec 4>fifo
			head -c "$AFTER" >&4 2>/dev/null
			kill -9 $!
			;;
		esac
		true
	END
	chmod +x bin/*
	REAL=$(dirname "$(command -v mq-pub)")
	export REAL
	PATH=$PWD/bin:$PATH
}

# run_mirror QUEUE HOST BREAK [AFTER]: one run of the script, as cron would.
run_mirror() {
	BREAK=$3 AFTER=${4-} flock -n .mirror timeout 60 sh mirror "$1" "$2" 2>>noise || :
}

there() {
	MQ_SPOOL=$PWD/there "$@"
}

# all QUEUE: all that a message has, one a line.
all() {
	mq-replay -J "$1" | jq -cS 'del(.id, .queue, .queue_uuid, .time, .message_id) |
	    if .headers then .headers |= with_entries(select(.key | startswith("mq-") | not)) else . end |
	    if .headers == {} then del(.headers) else . end'
}

# some N: messages of many kinds, the numbers in them going on.
number=0
some() {
	jq -cn --argjson first $number --argjson n "$1" 'range($first; $first + $n) | . as $i | tostring as $n |
	    [{key: "k\($n)", headers: {a: ["1", $n, ""], "ü": "\u0001"}, body: $n},
	    {body: ($n + "," * 3000)},
	    {message_id: "id \($n)", body: "\u0000\($n)\n"},
	    {headers: {n: $n}, body_base64: "/wD+"},
	    {key: $n, expires: "2100-01-01T00:00:00.123456789Z"},
	    {headers: {n: $n}},
	    {body: $n, not_before: 1000000000}][$i % 7]' | mq-pub -J q
	number=$((number + $1))
}

@test "mq(7): two spools are kept in step, with breaks in the middle" {
	local rounds=16 round after broken=0 kind kinds=(cut kill-pub kill-sub kill-ack none cut kill-sub)
	page_script
	RANDOM=20261126
	mq-ctl create -p q/mirror
	head -c 400000 /dev/urandom >large
	for ((round = 0; round < rounds; round++)); do
		some 40
		if ((round % 6 == 2)); then
			mq-pub -F q large
		fi
		kind=${kinds[RANDOM % ${#kinds[@]}]}
		after=$((RANDOM % 15000))
		if [ "$kind" = kill-ack ]; then
			after=$((after / 10))
		fi
		run_mirror q there "$kind" $after
		# What is there is the beginning, in order, each once.
		there all q >have
		all q | head -n "$(wc -l <have)" | cmp - have
		if [ "$(field leased q/mirror)" != 0 ]; then
			broken=$((broken + 1))
		fi
	done
	[ "$broken" -ge 3 ]	# times in the middle of what was handed out
	run_mirror q there none
	all q >want
	there all q >have
	cmp want have
	[ "$(wc -l <want)" = $((rounds * 40 + 3)) ]
	[ "$(depth q/mirror)" = 0 ]
	# And again from the beginning, from a file that is cut, in any way.
	mq-replay -q --rewind --to oldest q/mirror
	run_mirror q there cut 100000
	run_mirror q there none
	mq-replay -J q >file
	head -c 300000 file | there mq-pub -J --mirror q 2>err || [ $? = 65 ]
	grep -q '^mq-pub: stdin: record [0-9]*: invalid JSON at byte ' err
	there mq-pub -J --mirror q <file
	there all q | cmp want -
	# Nobody gave up: no attempt was counted so often that it is a dead letter.
	[ ! -e spool/q.dead ]
	mq-ctl check -q
	there mq-ctl check -q
}

@test "mq(7): two spools, each copied to the other, by turns and at once" {
	local i
	page_script
	mkdir there
	mq-ctl create -p q/mirror
	there mq-ctl create -p q/mirror
	back() {
		MQ_SPOOL=$PWD/there BREAK=$1 AFTER=${2-} timeout 60 sh mirror q spool 2>>noise || :
	}
	for i in 1 2 3 4; do
		seq -f "here $i.%g" 50 | mq-pub q
		seq -f "there $i.%g" 50 | there mq-pub q
		run_mirror q there cut $((i * 9000))
		back cut $((i * 7000))
	done
	for i in 1 2 3; do
		run_mirror q there none
		back none
	done
	mq-replay q | sort >have
	{ seq -f "here 1.%g" 50; for i in 2 3 4; do seq -f "here $i.%g" 50; done
	    for i in 1 2 3 4; do seq -f "there $i.%g" 50; done; } | sort | cmp - have
	there mq-replay q | sort | cmp have -
	# In each, the messages of either are in order.
	for i in here there; do
		cmp <(mq-replay q | grep "^$i") <(there mq-replay q | grep "^$i")
	done
}

@test "a record that is cut short is not published, wherever it is cut" {
	local size n
	mq-pub -k key -H a=b -i id -p 3 --ttl 1d q 'a body with "quotes" and \'
	mq-replay -J q >one
	size=$(wc -c <one)
	for ((n = 1; n < size - 1; n += 1 + n % 5)); do
		head -c "$n" one >cut
		run -65 --separate-stderr mq-pub -J --mirror copy <cut
		[[ $stderr == 'mq-pub: stdin: record 1: invalid JSON at byte '* ]]
		run -65 mq-pub -J copy <cut
	done
	[ "$(messages copy)" = 0 ]
	# Without its newline it is whole.
	head -c $((size - 1)) one | mq-pub -J --mirror copy
	[ "$(messages copy)" = 1 ]
	# Nor is its receipt printed.
	seq 3 | mq-pub r
	mq-sub -m -J -e r >three
	head -c $(($(wc -c <three) - 9)) three >cut
	run -65 --separate-stderr mq-pub -J --mirror --receipts copy <cut
	[ "$output" = "$(head -n 2 three | jq -r .receipt)" ]
	# With --reject-to it is put there, not published.
	mq-pub -J --mirror --receipts --reject-to bad copy <cut | cmp - <(head -n 2 three | jq -r .receipt)
	cmp <(tail -n 1 cut) <(head -c -1 bad)
}

@test "a group that is copied without -m loses nothing either, if what reads it does not" {
	some 30
	mq-sub -J -e q/g | mq-pub -J --mirror copy
	cmp <(all q) <(all copy)
}

@test "100 MB: copied byte by byte, in memory of at most six times the record" {
	# As text, where each byte may need six in an envelope, and as what is no text.
	local size=$((100 * 1000 * 1000)) most=$((900 * 1024)) kind
	[ -z "${MQ_SANITIZED-}" ] || { size=20000000 most=unlimited; }
	for kind in text bytes; do
		if [ $kind = text ]; then
			printf '"\\\n\001üxxxxxx' | perl -e 'local $/; my $s = <STDIN>; print substr($s x ($ARGV[0] / 12 + 1), 0, $ARGV[0])' $size >body
		else
			perl -e 'print substr(pack("C*", map { $_ * 167 % 256 } 0 .. 65535) x ($ARGV[0] / 65536 + 1), 0, $ARGV[0])' $size >body
		fi
		mq-pub -k $kind -F a body
		(
			ulimit -d $most
			mq-replay -J --key $kind a | mq-pub -J --mirror b
		)
		mq-replay -f %s --key $kind b | cmp - body
		MQ_SPOOL=$PWD/there mq-pub c first
		(
			ulimit -d $most
			mq-sub -m -J -c 1 a/g | there mq-pub -J --mirror --receipts c | mq-ack
		)
		there mq-replay -f %s --last 1 c | cmp - body
	done
	[ "$(depth a/g)" = 0 ]
	[ "$(there messages c)" = 4 ]
}
