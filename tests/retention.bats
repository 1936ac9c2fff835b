#!/usr/bin/env bats
# retention.bats - what goes, what stays, and that nothing unread ever goes
#
# A message goes when retention lets it and every group has settled it.

load lib/common

# said TEXT: the last command's stderr has it.
said() {
	[[ $stderr == *"$1"* ]] || fail "not on stderr: $1
stderr: $stderr"
}

# retained QUEUE: how many messages.
retained() {
	mq-stat -J "$1" | jq 'select(.messages != null) | .messages'
}

# settle QUEUE/GROUP [COUNT]: acknowledges so many, or all.
settle() {
	mq-sub -e ${2:+-c "$2"} "$1" >/dev/null || [ $? = 1 ]
}

# settled QUEUE N: N messages that the group g has settled.
settled() {
	seq "$2" | mq-pub "$1"
	settle "$1/g"
}

later() {
	MQ_NOW=+8d "$@"
}

# ------------------------------------------------------------ what may go

@test "what is older than retain and settled by every group goes" {
	settled q 3000
	settle q/h
	MQ_NOW=+6d mq-ctl trim q
	[ "$(retained q)" = 3000 ]
	later mq-ctl trim q
	[ "$(retained q)" = 0 ]
	run -1 mq-replay q
	run -0 mq-ctl check q
}

@test "what any group has not settled stays" {
	settled q 100
	settle q/h 40
	later mq-ctl trim q
	run -0 mq-replay q
	assert_output "$(seq 41 100)"
	# Nobody misses anything.
	run -0 mq-sub -e q/h
	assert_output "$(seq 41 100)"
	later mq-ctl trim q
	[ "$(retained q)" = 0 ]
	# A group that has seen nothing yet holds all of it.
	mq-ctl create q/new
	settled q 5
	later mq-ctl trim q
	run -0 mq-replay q/new
	assert_output "$(seq 5)"
}

@test "what is being worked on or waits for a retry stays, and what came after it" {
	seq 9 | mq-pub q
	settle q/g 1
	mq-sub -m -c 4 --prefetch 4 q/g >took
	receipt() { sed -n "$1p" took | cut -f 1; }
	mq-ack --retry -d 30d "$(receipt 1)"
	mq-ack "$(receipt 2)" "$(receipt 3)"
	later mq-ctl trim q
	run -0 mq-replay q
	assert_output "$(seq 2 9)"
	mq-ctl purge q/g
	later mq-ctl trim q
	[ "$(retained q)" = 0 ]
	# Given back: ready again, and still not settled.
	seq 11 13 | mq-pub q
	mq-sub -m -c 1 --prefetch 1 q/g >took
	mq-ack --release "$(receipt 1)"
	later mq-ctl trim q
	[ "$(retained q)" = 3 ]
	run -0 mq-sub -e q/g
	assert_output '11
12
13'
}

@test "a dead letter is settled, and its copy is another message" {
	mq-pub q x
	mq-ctl create q/g
	mq-sub -m -e q/g >took
	mq-ack --reject "$(cut -f 1 took)"
	later mq-ctl trim q
	[ "$(retained q)" = 0 ]
	later mq-ctl trim q.dead
	run -0 mq-replay q.dead
	assert_output x
}

@test "a queue without groups keeps everything" {
	seq 2000 | mq-pub q
	later mq-ctl trim q
	later mq-pub q 2001
	run -0 mq-replay q
	assert_output "$(seq 2001)"
	# A group that comes and goes leaves it to keep everything again.
	mq-ctl create --from newest q/g
	mq-ctl delete q/g
	later mq-ctl trim q
	[ "$(retained q)" = 2001 ]
	# So does a setting that was taken back.
	mq-ctl set q retain=1d
	mq-ctl set q retain=
	later mq-ctl trim q
	[ "$(retained q)" = 2001 ]
}

@test "a queue without groups, with a retain that was set on purpose, even to its default" {
	seq 10 | mq-pub q
	mq-ctl set q retain=7d
	MQ_NOW=+6d mq-ctl trim q
	[ "$(retained q)" = 10 ]
	later mq-pub q 11
	[ "$(retained q)" = 9 ]
	later mq-ctl trim q
	[ "$(retained q)" = 0 ]
	run -0 mq-ctl check q
	mq-ctl set q retain=forever
	seq 10 | mq-pub q
	MQ_NOW=+9999d mq-ctl trim q
	[ "$(retained q)" = 10 ]
}

@test "a queue without groups, with retain-bytes: the default of retain does not count" {
	seq 10 29 | mq-pub q
	mq-ctl set q retain-bytes=20
	later mq-ctl trim q
	run -0 mq-replay q
	assert_output "$(seq 20 29)"
	later mq-pub q 30
	[ "$(retained q)" = 10 ]
	later mq-ctl trim q
	[ "$(retained q)" = 10 ]
	mq-ctl set q retain=7d
	later mq-ctl trim q
	[ "$(retained q)" = 0 ]
	# A group, once it is there, has what it gets.
	seq 10 99 | mq-pub q
	[ "$(retained q)" = 10 ]
	mq-ctl create q/g
	seq 10 99 | mq-pub q
	[ "$(retained q)" = 100 ]
}

@test "retain-bytes: the oldest go until no more than that is retained" {
	mq-ctl create q/g
	mq-ctl set q retain-bytes=100
	seq 1000 1999 | mq-pub q
	settle q/g 990
	mq-ctl trim q
	run -0 mq-replay q
	assert_output "$(seq 1975 1999)"
	# What is not settled stays, however much it is.
	seq 2000 2999 | mq-pub q
	mq-ctl trim q
	run -0 mq-replay q
	assert_output "$(seq 1990 2999)"
	settle q/g
	mq-ctl trim q
	run -0 mq-replay q
	assert_output "$(seq 2975 2999)"
	# Large bodies count by their size, and the last message can go too.
	head -c 300000 /dev/zero >large
	mq-pub -F q large
	settle q/g
	mq-ctl trim q
	[ "$(retained q)" = 0 ]
	run -0 ls spool/q/blob
	assert_output ''
	run -0 mq-ctl check q
}

@test "retain and retain-bytes: either lets a message go" {
	mq-ctl create q
	mq-ctl set q retain=1d retain-bytes=4
	seq 9 | mq-pub q
	settle q/g
	mq-ctl trim q
	[ "$(retained q)" = 4 ]
	MQ_NOW=+2d mq-ctl trim q
	[ "$(retained q)" = 0 ]
}

@test "retain=0: goes as soon as it is settled" {
	mq-ctl create q
	mq-ctl set q retain=0s
	settled q 3
	mq-pub q 4
	run -0 mq-replay q
	refute_line 1
	assert_line 4
	mq-ctl trim q
	run -0 mq-replay q
	assert_output 4
}

@test "retain=forever: nothing is ever too old" {
	mq-ctl create q
	mq-ctl set q retain=forever
	settled q 3
	MQ_NOW=+73000d mq-ctl trim q
	[ "$(retained q)" = 3 ]
}

@test "a clock that is behind removes nothing" {
	settled q 3
	MQ_NOW=-100d mq-ctl trim q
	MQ_NOW=-100d mq-pub q 4
	[ "$(retained q)" = 4 ]
	run -0 mq-ctl check q
}

# ------------------------------------------------- publishing trims by itself

@test "publishing trims: up to twice what it appends" {
	settled q 100
	later mq-pub q 101
	[ "$(retained q)" = 99 ]
	seq 102 111 | later mq-pub q
	[ "$(retained q)" = 89 ]
	seq 112 200 | later mq-pub q
	run -0 mq-replay q
	assert_output "$(seq 101 200)"
	run -0 mq-ctl check q
}

@test "publishing trims: a large batch keeps up" {
	settled q 15000
	seq 10000 | later mq-pub q
	[ "$(retained q)" = 10000 ]
	run -0 mq-ctl check q
}

# In a steady state, what is removed makes room for what comes.
@test "publishing trims: the file stops growing, in large batches and small ones" {
	mq-ctl create q/g
	mq-ctl set q retain=0s
	for round in 1 2 3 4 5 6 7 8 9 10 11 12; do
		seq -f '%.0f, and some text so that it is of some length' 20000 | mq-pub q
		settle q/g
		if [ "$round" = 4 ]; then
			size=$(stat -c %b spool/q/log.mdb)
		fi
	done
	[ "$(retained q)" -le 20000 ]
	[ "$(stat -c %b spool/q/log.mdb)" -le $((size * 3 / 2)) ]
	mq-ctl create small
	mq-ctl set small retain-bytes=1000
	for round in 1 2 3 4 5 6; do
		seq -f '%.0f, and some text so that it is of some length' 20 >lines
		for line in {1..20}; do mq-pub small -1 <lines; done
		if [ "$round" = 2 ]; then
			size=$(stat -c %b spool/small/log.mdb)
		fi
	done
	[ "$(stat -c %b spool/small/log.mdb)" -le $((size + 32)) ]
	run -0 mq-ctl check q small
}

@test "publishing trims nothing that is young, unsettled, or of an unknown group" {
	settled q 10
	seq 10 | mq-pub q
	[ "$(retained q)" = 20 ]
	mq-ctl create q/h
	seq 10 | later mq-pub q
	[ "$(retained q)" = 30 ]
	# A group's file alone, without a page: it may have anything yet to settle.
	settle q/h
	settle q/g
	echo x >spool/q/broken.group.mdb
	seq 10 | later mq-pub q
	[ "$(retained q)" = 40 ]
	rm spool/q/broken.group.mdb
	settle q/h
	settle q/g
	seq 20 | later mq-pub q
	[ "$(retained q)" = 20 ]
}

@test "a publisher and a consumer that run trim as they go" {
	mkfifo pipe
	mq-ctl create q
	mq-ctl set q retain-bytes=1000
	mq-sub q/g >out &
	local sub=$!
	mq-pub q <pipe &
	local pid=$! i
	exec 5>pipe
	for ((i = 1; i <= 30; i++)); do
		seq -f "$i-%.0f" 100 >&5
		until_true '[ "$(tail -n 1 out)" = '"$i-100"' ] && [ "$(depth q/g)" = 0 ]'
	done
	exec 5>&-
	wait "$pid"
	kill -TERM "$sub"
	wait "$sub"
	[ "$(retained q)" -lt 1000 ]
	[ "$(wc -l <out)" = 3000 ]
	[ "$(mq-stat -J q | jq -n '[inputs | .trimmed // 0] | add')" -gt 2000 ]
}

# ------------------------------------------------------------ large bodies

@test "large bodies are unlinked when their messages go" {
	local i
	for i in 1 2 3; do
		head -c 300000 /dev/zero | tr '\0' "$i" >large
		mq-pub -F q large
	done
	settle q/g 2
	[ "$(ls spool/q/blob | wc -l)" = 3 ]
	later mq-ctl trim q
	[ "$(ls spool/q/blob | wc -l)" = 1 ]
	mq-replay -f %s q | run -0 cmp - large
	settle q/g
	later mq-pub q small
	[ "$(ls spool/q/blob | wc -l)" = 0 ]
	run -0 mq-replay q
	assert_output small
	run -0 mq-ctl check q
}

@test "a body that is being read outlives its trimming" {
	mkfifo pipe
	head -c 3000000 /dev/zero | tr '\0' x >large
	mq-pub -F q large
	mq-replay q >pipe &
	local pid=$!
	exec 5<pipe
	head -c 10 <&5 >got
	settle q/g
	later mq-ctl trim q
	[ "$(ls spool/q/blob | wc -l)" = 0 ]
	cat <&5 >>got
	wait "$pid"
	echo >>large
	run -0 cmp large got
}

@test "trim collects what crashes left: orphaned bodies, half-made groups" {
	head -c 300000 /dev/zero >large
	mq-pub -F q large
	mq-ctl create q/g
	cp large spool/q/blob/0123456789abcdef
	: >spool/q/blob/ffffffffffffffff
	echo x >spool/q/.new-0123456789abcdef
	echo x >spool/q/.new-0123456789abcdef-lock
	run -0 --separate-stderr mq-ctl trim q
	assert_equal "$stderr" ''
	run -0 sh -c 'ls -A spool/q | grep new || echo none'
	assert_output none
	# The one that a message names is there still.
	[ "$(ls spool/q/blob | wc -l)" = 1 ]
	mq-replay -f %s q | run -0 cmp - large
	run -0 mq-ctl check q
	# What is no body of ours is not touched.
	echo mine >spool/q/blob/README
	echo mine >spool/q/README
	mq-ctl trim q
	[ -e spool/q/blob/README ]
	[ -e spool/q/README ]
}

@test "trim leaves a body alone that is being written" {
	mkfifo pipe
	mq-ctl create q
	mq-pub -1 q <pipe &
	local pid=$!
	exec 5>pipe
	head -c 1000000 /dev/zero >&5
	until_true '[ "$(ls spool/q/blob | wc -l)" = 1 ]'
	mq-ctl trim q
	echo end >&5
	exec 5>&-
	wait "$pid"
	run -0 mq-replay -f %S q
	assert_output 1000004
	run -0 mq-ctl check q
}

@test "trim collects the body of a publisher that was killed" {
	mkfifo pipe
	mq-ctl create q
	mq-pub -1 q <pipe &
	local pid=$!
	exec 5>pipe
	head -c 1000000 /dev/zero >&5
	until_true '[ "$(ls spool/q/blob | wc -l)" = 1 ]'
	kill -KILL "$pid"
	wait "$pid" || :
	exec 5>&-
	mq-ctl trim q
	run -0 ls spool/q/blob
	assert_output ''
}

# ------------------------------------------------------------ status pages

# A page that can't be believed: PUBLISHING must then remove nothing, until the
# group has been opened, and trimming must come to the right answer.
unbelieved() {
	seq 10 | later mq-pub q
	[ "$(retained q)" = "$1" ]
}

@test "a group's page that is gone blocks publishers' trimming until it is refreshed" {
	settled q 20
	rm spool/q/g.group.stat
	unbelieved 30
	# Whoever looks makes it again.
	mq-stat q/g >/dev/null
	[ -s spool/q/g.group.stat ]
	seq 10 | later mq-pub q
	[ "$(retained q)" = 20 ]
	run -0 mq-sub -e q/g
	assert_output "$(seq 10; seq 10)"
}

@test "a group's page that is garbled, cut or empty blocks it too" {
	settled q 20
	local damage n=20
	for damage in 'printf X | dd of=$page bs=1 seek=100 conv=notrunc' \
	    'truncate -s 100 $page' ': >$page' 'head -c 4096 /dev/zero >$page' \
	    'head -c 4096 /dev/urandom >$page' 'head -c 5000 /dev/urandom >$page' \
	    'printf X | dd of=$page bs=1 seek=8 conv=notrunc'; do
		# shellcheck disable=SC2034 # in what is evaluated
		page=spool/q/g.group.stat
		eval "$damage" 2>/dev/null
		n=$((n + 10))
		unbelieved "$n"
	done
	settle q/g
	later mq-ctl trim q
	[ "$(retained q)" = 0 ]
	run -0 mq-ctl check q
}

@test "a page that was lost loses nothing: mq-ctl trim opens the groups" {
	settled q 20
	seq 21 30 | mq-pub q
	rm spool/q/g.group.stat
	later mq-ctl trim q
	run -0 mq-replay q
	assert_output "$(seq 21 30)"
	run -0 mq-sub -e q/g
	assert_output "$(seq 21 30)"
	# The log's own page is made again as well.
	rm spool/q/log.stat
	mq-pub q 31
	[ -s spool/q/log.stat ]
	run -0 mq-sub -e q/g
	assert_output 31
}

@test "a page whose group has no file: the group is not made beside it" {
	settled q 20
	cp spool/q/g.group.stat page
	mq-ctl delete q/g
	cp page spool/q/g.group.stat
	run -74 mq-ctl create q/g
	mq-ctl delete q/g
	mq-ctl create q/g
	seq 10 | later mq-pub q
	[ "$(retained q)" = 30 ]
	run -0 mq-sub -e q/g
	assert_output "$(seq 20; seq 10)"
}

@test "a living consumer refreshes its page" {
	mq-ctl create q/g
	mq-sub q/g >out &
	local sub=$!
	until_true '[ "$(field consumers q/g)" = 1 ]'
	seq 20 | mq-pub q
	until_true '[ "$(wc -l <out)" = 20 ] && [ "$(depth q/g)" = 0 ]'
	mq-ctl set q retain=0s
	rm spool/q/g.group.stat
	until_true '[ -s spool/q/g.group.stat ]'
	mq-pub q x
	[ "$(retained q)" = 19 ]
	until_true '[ "$(tail -n 1 out)" = x ]'
	# Garbled where it is.
	: >spool/q/g.group.stat
	until_true '[ -s spool/q/g.group.stat ]'
	mq-pub q y
	[ "$(retained q)" -le 18 ]
	kill -TERM "$sub"
	wait "$sub"
}

# --------------------------------------------------------------------- ids

@test "ids keep ascending after everything was trimmed or purged" {
	local last=0 id i
	mq-ctl create q/g
	for i in 1 2 3; do
		mq-pub -I q a b >ids
		sort -nc ids
		id=$(head -n 1 ids)
		[ "$id" -gt "$last" ]
		last=$(tail -n 1 ids)
		settle q/g
		if [ "$i" = 2 ]; then
			mq-ctl purge q
		else
			later mq-ctl trim q
		fi
		[ "$(retained q)" = 0 ]
		# It is remembered, though no message has it any more.
		[ "$(mq-stat -J q | jq -r 'select(.last_id) | .last_id')" = "$last" ]
	done
	[ "$(field acked q/g)" = 6 ]
	run -0 mq-ctl check q
}

@test "MQ_NOW never enters ids or the times of messages" {
	local before after
	before=$(date +%s)
	mq-pub -I q 1 >ids
	MQ_NOW=+10d mq-pub -I q 2 >>ids
	MQ_NOW=-10d mq-pub -I q 3 >>ids
	MQ_NOW=2100-01-01 mq-pub -I q 4 >>ids
	after=$(($(date +%s) + 1))
	sort -nc ids
	local id time
	while read -r id time; do
		[ $((id / 1000000000)) -ge "$before" ]
		[ $((id / 1000000000)) -le "$after" ]
		[ $((time / 1000)) -ge "$before" ]
		[ $((time / 1000)) -le "$after" ]
	done < <(mq-replay -f '%o %T\n' q)
	run -0 mq-replay q
	assert_output "$(seq 4)"
	run -0 mq-replay --since -1m q
	assert_output "$(seq 4)"
}

@test "numbers stay right while messages go" {
	settled q 10
	settle q/h 4
	later mq-ctl trim q
	run -0 sh -c 'mq-stat -J q | jq -c "[.messages, .in_messages, .trimmed, .depth, .ready]"'
	assert_output '[6,10,4,null,null]
[null,null,null,0,0]
[null,null,null,6,6]'
	mq-ctl create q/late
	[ "$(depth q/late)" = 6 ]
	run -0 mq-sub -e q/late
	assert_output "$(seq 5 10)"
	[ "$(depth q/late)" = 0 ]
	run -0 mq-ctl check q
}

# ----------------------------------------------------------- restored logs

# A log of 1 to 3, restored from a copy after 4 to 6 came and 1 to 6 were settled.
restored() {
	seq 3 | mq-pub q
	cp spool/q/log.mdb copy
	seq 4 6 | mq-pub q
	mq-ctl create q/g
	"$@"
	cp copy spool/q/log.mdb
}

@test "a restored log: its groups are ahead of it: said, and all of it redelivered" {
	restored settle q/g
	run -0 --separate-stderr mq-sub -e q/g
	assert_output "$(seq 3)"
	assert_equal "$stderr" 'mq-sub: q/g: the log is older than this group (restored?): delivering all that is retained again'
	# Once.
	run -1 --separate-stderr mq-sub -e q/g
	assert_equal "$stderr" ''
	mq-pub q 7
	run -0 --separate-stderr mq-sub -e q/g
	assert_output 7
	assert_equal "$stderr" ''
	[ "$(depth q/g)" = 0 ]
	run -0 mq-ctl check q
}

@test "a restored log: what was published since comes with what was retained" {
	restored settle q/g
	mq-pub q 7
	run -0 --separate-stderr mq-sub -e q/g
	assert_output "$(seq 3; echo 7)"
	said 'the log is older than this group'
	[ "$(depth q/g)" = 0 ]
	run -0 mq-ctl check q
}

@test "a restored log: to a handler, and under -m" {
	restored settle q/g
	run -0 --separate-stderr mq-sub -e q/g -- cat
	assert_output 123
	said 'the log is older than this group'
	seq 4 6 | mq-pub q
	settle q/g
	cp copy spool/q/log.mdb
	run -0 --separate-stderr mq-sub -m -e q/g
	said 'the log is older than this group'
	run -0 mq-ack <<<"$output"
	[ "$(depth q/g)" = 0 ]
	run -0 mq-ctl check q
}

@test "a restored log: priorities, keys and what was skipped begin again" {
	local n ordered
	for ordered in off on; do
		rm -rf spool
		mq-ctl create q/g
		mq-ctl set q/g ordered=$ordered
		for n in 1 2 3; do mq-pub -p "$n" -k a q "$n"; done
		cp spool/q/log.mdb copy
		for n in 4 5 6; do mq-pub -p "$n" -k a q "$n"; done
		mq-pub -k b q 7
		# Some looked at ahead, some held behind others, one skipped.
		mq-sub -m -c 2 --prefetch 2 q/g >took || [ $? = 1 ]
		mq-ctl skip q/g "$(mq-replay --last 1 -f '%o' q)"
		cp copy spool/q/log.mdb
		run -0 --separate-stderr mq-sub -e q/g
		said 'the log is older than this group'
		if [ $ordered = on ]; then
			assert_output "$(seq 3)"
		else
			assert_output "$(seq 3 -1 1)"
		fi
		[ "$(depth q/g)" = 0 ]
		run -0 mq-ctl check q
		mq-pub -p 9 -k a q 8
		[ "$(mq-sub -e q/g)" = 8 ]
		run -0 mq-ctl check q
	done
}

@test "a restored log: what the group held or worked on is redelivered once, and can be settled" {
	half() {
		mq-sub -m -c 6 --prefetch 6 q/g >took
		receipt() { sed -n "$1p" took | cut -f 1; }
		mq-ack "$(receipt 1)"
		mq-ack --retry -d 1h "$(receipt 2)"
		mq-ack --release "$(receipt 3)"
		mq-ack --retry -d 1h "$(receipt 5)"
	}
	restored half
	run -0 --separate-stderr mq-sub -m -e q/g
	said 'the log is older than this group'
	cut -f 2 <<<"$output" >bodies
	cut -f 1 <<<"$output" >receipts
	run -0 cat bodies
	assert_output "$(seq 3)"
	# It waits again, and comes again.
	run -0 mq-ack --retry -d 2h <receipts
	[ "$(field delayed q/g)" = 3 ]
	[ "$(depth q/g)" = 3 ]
	run -0 mq-ctl check q
	MQ_NOW=+90m run -1 mq-sub -e q/g
	MQ_NOW=+3h run -0 mq-sub -e q/g
	assert_output "$(seq 3)"
	MQ_NOW=+9h run -1 mq-sub -e q/g
	# A receipt of before is good no more.
	run -66 mq-ack "$(receipt 4)"
	[ "$(depth q/g)" = 0 ]
	run -0 mq-ctl check q
}

@test "a restored log: nothing of it is trimmed before it was redelivered" {
	restored settle q/g
	seq 7 8 | later mq-pub q
	[ "$(retained q)" = 5 ]
	later mq-ctl trim q
	[ "$(retained q)" = 5 ]
	run -0 --separate-stderr mq-sub -e q/g
	assert_output "$(seq 3; seq 7 8)"
	later mq-ctl trim q
	[ "$(retained q)" = 0 ]
}

@test "a restored log: each group for itself" {
	mq-ctl create --from newest q/h
	restored settle q/g
	mq-ctl create q/new
	run -0 --separate-stderr mq-sub -e q/new
	assert_equal "$stderr" ''
	assert_output "$(seq 3)"
	run -0 --separate-stderr mq-sub -e q/g
	said 'q/g: the log is older'
	run -0 --separate-stderr mq-sub -e q/h
	assert_equal "$stderr" ''
	run -0 mq-ctl check q
}

@test "a restored log: ids go on above all that were ever given" {
	mq-pub -I q 1 >ids
	cp spool/q/log.mdb copy
	mq-pub -I q 2 >>ids
	cp copy spool/q/log.mdb
	mq-pub -I q 3 >>ids
	sort -nc ids
	[ "$(sort -u ids | wc -l)" = 3 ]
}
