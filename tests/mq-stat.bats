#!/usr/bin/env bats
# mq-stat.bats - what mq-stat shows, in each of its styles, and its exit statuses

load lib/common

# said TEXT: the last command's stderr has it.
said() {
	[[ $stderr == *"$1"* ]] || fail "not on stderr: $1
stderr: $stderr"
}

# row QUEUE GROUP: that line of the table in $output, with single blanks.
row() {
	printf '%s\n' "$output" | awk -v q="$1" -v g="$2" \
	    '$1 == q && $2 == g { $1 = $1; print }'
}

# One queue with a group that has messages in every state: of 10, 1 is acked, 1 rejected,
# 1 waits for an hour, 1 is being worked on.
every_state() {
	seq 10 | mq-pub q
	mq-ctl create q/g
	mq-sub -m -c 4 --prefetch 4 q/g >took
	mq-ack "$(sed -n 1p took | cut -f 1)"
	mq-ack --retry -d 1h "$(sed -n 2p took | cut -f 1)"
	mq-ack --reject "$(sed -n 3p took | cut -f 1)"
}

# Makes the spool one that nobody may look into but not write.
readable_by_all() {
	[ "$(id -u)" = 0 ] || skip "needs root to become another user"
	chmod a+x "$BATS_RUN_TMPDIR"
	chmod -R a+rX "$BATS_TEST_TMPDIR"
}

@test "table: each queue, then its groups, in the order of names" {
	seq 3 | mq-pub b
	printf 'four\nfour\n' | mq-pub a
	mq-ctl create b/y b/x a/g
	run -0 --separate-stderr mq-stat
	assert_equal "$stderr" ''
	assert_line -n 0 --regexp '^QUEUE +GROUP +DEPTH +READY +LEASED +DELAYED +DEAD +OLDEST +IN +OUT +BYTES$'
	run -0 sh -c 'mq-stat | awk "{ print \$1, \$2 }"'
	assert_output 'QUEUE GROUP
a -
a g
b -
b x
b y'
	run -0 mq-stat
	assert_regex "$(row a -)" '^a - 2 - - - - [0-9]+s 2 0 8$'
	assert_regex "$(row b x)" '^b x 3 3 0 0 0 [0-9]+s - 0 -$'
}

@test "table: columns are aligned" {
	seq 12345 | mq-pub a-queue-of-a-long-name
	mq-pub b x
	run -0 mq-stat
	run -0 awk '{ print length($0) }' <<<"$output"
	[ "$(sort -u <<<"$output" | wc -l)" = 1 ]
}

@test "numbers of every state: ready, leased, delayed, dead" {
	every_state
	run -0 mq-stat q/g
	assert_regex "$(row q g)" '^q g 8 6 1 1 1 [0-9]+s - 2 -$'
	run -0 sh -c 'mq-stat -J q/g | jq -c "[.depth, .ready, .leased, .delayed, .dead, .acked, .retried, .rejected, .released, .expired]"'
	assert_output '[8,6,1,1,1,1,1,1,0,0]'
	[ "$(field delivered q/g)" -ge 4 ]
	# The dead letter is in a queue of its own.
	run -0 mq-stat q.dead
	assert_regex "$(row q.dead -)" '^q.dead - 1 '
	# What was delayed is ready when its time has come, and somebody has looked.
	MQ_NOW=+2h run -0 mq-sub -c 1 q/g
	assert_output 2
	run -0 sh -c 'mq-stat -J q/g | jq -c "[.depth, .ready, .leased, .delayed, .acked]"'
	assert_output '[7,6,1,0,2]'
	# What is given back is counted, and ready.
	mq-ack --release "$(sed -n 4p took | cut -f 1)"
	run -0 sh -c 'mq-stat -J q/g | jq -c "[.depth, .ready, .leased, .delayed, .acked]"'
	assert_output '[7,7,0,0,2]'
	[ "$(field released q/g)" -ge 1 ]
}

@test "-J: one object for a queue, with all its fields" {
	printf 'one\nthree\n' | mq-pub -I q >ids
	mq-ctl create q/g q/h
	run -0 --separate-stderr mq-stat -J q
	assert_equal "${#lines[@]}" 3
	run -0 jq -c 'keys_unsorted' <<<"${lines[0]}"
	assert_output '["queue","uuid","messages","bytes","in_messages","in_bytes","trimmed","dropped","deduplicated","max_messages","max_bytes","log_bytes","disk_bytes","disk_free","min_free","last_id","groups","paused","oldest","oldest_age"]'
	run -0 sh -c 'mq-stat --json q | head -n 1 | jq -c "[.queue, .messages, .bytes, .in_messages, .in_bytes, .trimmed, .groups]"'
	assert_output '["q",2,8,2,8,0,2]'
	# Ids are strings: jq rounds such numbers.
	run -0 sh -c 'mq-stat -J q | head -n 1 | jq -r "[(.last_id | type), .last_id] | @tsv"'
	assert_output "string	$(tail -n 1 ids)"
	run -0 sh -c 'mq-stat -J q | head -n 1 | jq -r .uuid'
	assert_output --regexp '^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$'
	run -0 sh -c 'mq-stat -J q | head -n 1 | jq -e ".disk_bytes > 0"'
	# The time of the first, as the message itself says it.
	first=$(mq-replay -J -c 1 q | jq -r .time)
	run -0 sh -c 'mq-stat -J q | jq -r .oldest | sort -u'
	assert_output "$first"
}

@test "-J: one object for a group, with all its fields" {
	mq-pub q x
	mq-ctl create q/g
	run -0 --separate-stderr mq-stat -J q/g
	assert_equal "${#lines[@]}" 1
	run -0 jq -c 'keys_unsorted' <<<"${lines[0]}"
	assert_output '["queue","group","depth","depth_bytes","ready","lag","leased","delayed","delivered","delivered_bytes","acked","acked_bytes","retried","released","rejected","dead","expired","dropped","ack_latency","ack_latency_sum","consumers","paused","oldest","oldest_age"]'
	run -0 jq -c '[.queue, .group, .depth, .consumers]' <<<"$(mq-stat -J q/g)"
	assert_output '["q","g",1,0]'
}

@test "-J: nothing there has no oldest" {
	mq-ctl create q/g
	run -0 sh -c 'mq-stat -J q | jq -c "[.oldest, .oldest_age]" | sort -u'
	assert_output '[null,null]'
	run -0 mq-stat q
	assert_equal "$(row q -)" 'q - 0 - - - - - 0 0 0'
	assert_equal "$(row q g)" 'q g 0 0 0 0 0 - - 0 -'
	[ "$(mq-stat -J q | jq -r 'select(.last_id) | .last_id')" = 0 ]
}

@test "oldest: what a group has settled no longer counts" {
	mq-pub q first
	mq-pub q second
	mq-ctl create q/g
	run -0 mq-sub -c 1 q/g
	second=$(mq-replay -J q | jq -r 'select(.body == "second") | .time')
	[ "$(field oldest q/g)" = "$second" ]
	run -0 mq-sub -c 1 q/g
	[ "$(field oldest q/g)" = null ]
}

@test "age: by MQ_NOW, in the unit of which there are two" {
	mq-pub q x
	mq-ctl create q/g
	local shift want
	for shift in 100s:10[0-9]s 10m:10m 119m:119m 3h:3h 47h:47h 3d:3d; do
		want=${shift#*:}
		MQ_NOW=+${shift%:*} run -0 mq-stat q
		assert_regex "$(row q -)" "^q - 1 - - - - $want 1 0 1\$"
		assert_regex "$(row q g)" "^q g 1 1 0 0 0 $want - 0 -\$"
	done
	run -0 sh -c 'MQ_NOW=+2h mq-stat -J q/g | jq -e ".oldest_age >= 7200 and .oldest_age < 7260"'
	# A clock that was set back makes nothing negative.
	run -0 sh -c 'MQ_NOW=-2h mq-stat -J q/g | jq -e ".oldest_age == 0"'
}

@test "in and out: what was published, acked, trimmed" {
	seq 5 | mq-pub q
	mq-sub -e q/g >/dev/null
	MQ_NOW=+8d mq-ctl trim q
	seq 2 | mq-pub q
	run -0 mq-stat q
	assert_regex "$(row q -)" '^q - 2 - - - - [0-9]+s 7 5 2$'
	assert_regex "$(row q g)" '^q g 2 2 0 0 0 [0-9]+s - 5 -$'
	run -0 sh -c 'mq-stat -J q | head -n 1 | jq -c "[.messages, .bytes, .in_messages, .in_bytes, .trimmed]"'
	assert_output '[2,2,7,7,5]'
}

@test "consumers: the living ones" {
	mq-ctl create q/g q/h
	mq-sub q/g >/dev/null &
	local pid=$!
	until_true '[ "$(field consumers q/g)" = 1 ]'
	[ "$(field consumers q/h)" = 0 ]
	kill -KILL "$pid"
	wait "$pid" || :
	until_true '[ "$(field consumers q/g)" = 0 ]'
}

@test "looking disturbs nothing: a lease, a cursor and the log stay as they are" {
	every_state
	mq-replay q/g >before
	mq-stat >/dev/null
	mq-stat -J >/dev/null
	mq-replay q/g >after
	run -0 diff before after
	mq-ack "$(sed -n 4p took | cut -f 1)"
	sound q
}

@test "one queue, one group, several operands" {
	mq-pub a x
	mq-pub b x
	mq-ctl create a/g a/h b/g
	run -0 mq-stat --names a
	assert_output 'a
a/g
a/h'
	# A group alone: without its queue.
	run -0 mq-stat --names a/h
	assert_output 'a/h'
	run -0 mq-stat --names b/g a
	assert_output 'b/g
a
a/g
a/h'
	run -0 sh -c 'mq-stat a/h b | awk "{ print \$1, \$2 }"'
	assert_output 'QUEUE GROUP
a h
b -
b g'
}

@test "--names: all names, and nothing for a spool that is not there yet" {
	run -0 --separate-stderr mq-stat --names
	assert_output ''
	assert_equal "$stderr" ''
	mq-ctl create b a/default
	run -0 mq-stat --names
	assert_output 'a
a/default
b'
}

@test "an empty spool: titles only, status 0" {
	mkdir spool
	run -0 --separate-stderr mq-stat
	assert_equal "${#lines[@]}" 1
	assert_output --partial QUEUE
	run -0 --separate-stderr mq-stat -J
	assert_output ''
	run -0 --separate-stderr mq-stat --names
	assert_output ''
}

@test "what is no queue is not shown" {
	mq-pub q x
	mkdir spool/folder spool/.new-0123456789abcdef
	echo x >spool/file
	run -0 --separate-stderr mq-stat --names
	assert_output q
	assert_equal "$stderr" ''
}

@test "a missing spool: 66, named" {
	run -66 --separate-stderr mq-stat
	assert_output ''
	said "mq-stat: $MQ_SPOOL: no such spool"
	run -66 --separate-stderr mq-stat -s elsewhere -J q
	said "mq-stat: elsewhere: no such spool"
}

@test "a queue under maintenance: 75, named, and the others do not wait for its end" {
	command -v flock >/dev/null || skip "flock is not there"
	mq-pub a x
	mq-pub b x
	mq-pub c x
	mkfifo go
	flock "$MQ_SPOOL/b/use" sh -c 'echo >locked; read -r line <go' 3>&- &
	until_true '[ -e locked ]'
	run -75 --separate-stderr timeout 60 mq-stat
	assert_equal "$stderr" 'mq-stat: b: in use by maintenance'
	assert_regex "$(row a -)" '^a - 1'
	assert_regex "$(row c -)" '^c - 1'
	run -75 --separate-stderr timeout 60 mq-stat -l
	assert_equal "$stderr" 'mq-stat: b: in use by maintenance'
	echo >go
	wait $!
	run -0 mq-stat
}

@test "a missing queue or group: 66, the others are shown" {
	mq-pub a x
	mq-pub b x
	run -66 --separate-stderr mq-stat a nix b
	assert_equal "$stderr" "mq-stat: nix: no such queue in $MQ_SPOOL"
	assert_regex "$(row a -)" '^a - 1'
	assert_regex "$(row b -)" '^b - 1'
	run -66 --separate-stderr mq-stat --names a/nix b
	assert_equal "$stderr" 'mq-stat: a/nix: no such group'
	assert_output b
	run -66 --separate-stderr mq-stat nix
	assert_output ''
	# Looking makes nothing.
	missing nix
	run -0 mq-stat --names
	assert_output 'a
b'
}

@test "a damaged queue: 74, named, and does not hide the others" {
	mq-pub a x
	mq-pub b x
	mq-pub c x
	mq-ctl create b/g c/g
	truncate -s 8192 spool/b/log.mdb
	run -74 --separate-stderr mq-stat
	said 'spool/b/log.mdb: truncated'
	assert_regex "$(row a -)" '^a - 1'
	assert_regex "$(row c -)" '^c - 1'
	assert_regex "$(row c g)" '^c g 1'
	run -74 --separate-stderr mq-stat b c
	said 'spool/b/log.mdb: truncated'
	assert_regex "$(row c g)" '^c g 1'
	: >spool/b/log.mdb
	run -74 --separate-stderr mq-stat
	said 'spool/b/log.mdb: '
	# Names are those of directories and files: nothing is opened.
	run -0 --separate-stderr mq-stat --names
	assert_output $'a\nb\nb/g\nc\nc/g'
	[ "$stderr" = '' ]
	mv spool/b spool/orders
	run -66 --separate-stderr mq-stat ordres
	assert_equal "$stderr" "mq-stat: ordres: no such queue in $MQ_SPOOL; did you mean orders?"
}

@test "a damaged group: 74, named, and does not hide the queue's others" {
	mq-pub q x
	mq-ctl create q/a q/b q/c
	echo x >spool/q/b.group.mdb
	rm -f spool/q/b.group.stat
	run -74 --separate-stderr mq-stat q
	said 'spool/q/b.group.mdb: truncated'
	assert_regex "$(row q -)" '^q - 1'
	assert_regex "$(row q a)" '^q a 1'
	assert_regex "$(row q c)" '^q c 1'
	run -74 --separate-stderr mq-stat q/b
	said 'spool/q/b.group.mdb: truncated'
	run -0 --separate-stderr mq-stat q/c
}

@test "a spool that may only be read" {
	every_state
	readable_by_all
	run -0 --separate-stderr as_nobody mq-stat -s "$MQ_SPOOL"
	assert_equal "$stderr" ''
	assert_regex "$(row q -)" '^q - 10'
	assert_regex "$(row q g)" '^q g 8 6 1 1 1 '
	run -0 --separate-stderr as_nobody mq-stat -s "$MQ_SPOOL" -J q/g
	assert_equal "$(jq .depth <<<"$output")" 8
	# A status page that is not there: the group's file has the numbers, if it may be read.
	rm spool/q/g.group.stat
	mq-ctl create other/g
	chmod -R a+rX spool
	run -0 --separate-stderr as_nobody mq-stat -s "$MQ_SPOOL"
	assert_regex "$(row q g)" '^q g 8 6 1 1 1 '
	[ ! -e spool/q/g.group.stat ]
	chmod 600 spool/q/g.group.mdb
	run -77 --separate-stderr as_nobody mq-stat -s "$MQ_SPOOL"
	assert_regex "$(row q -)" '^q - 10'
	assert_regex "$(row other g)" '^other g 0'
	said 'q/g.group.mdb: Permission denied'
	run -0 mq-stat
	run -0 --separate-stderr as_nobody mq-stat -s "$MQ_SPOOL"
	assert_regex "$(row q g)" '^q g 8 6 1 1 1 '
}

@test "a spool that may not be read: 77, named" {
	mq-pub q x
	readable_by_all
	chmod 700 spool/q
	run -77 --separate-stderr as_nobody mq-stat -s "$MQ_SPOOL" q
	said 'spool/q: Permission denied'
	chmod 700 spool
	run -77 --separate-stderr as_nobody mq-stat -s "$MQ_SPOOL"
	said 'spool: Permission denied'
}

@test "-l: living consumers, and what each delivery has come to" {
	seq 10 | mq-pub q
	mq-ctl create q/g
	mq-sub -m -c 2 --prefetch 2 q/g >took
	mkfifo hold
	exec 9<>hold
	mq-sub -P 1 --prefetch 3 q/g -- sh -c 'echo $$ >pid; read -r x <hold' 9>&- &
	until_true '[ "$(field leased q/g)" = 5 ] && [ -s pid ]'
	run -0 --separate-stderr mq-stat --list
	assert_equal "$stderr" ''
	assert_line -n 0 --regexp '^QUEUE +GROUP +CONSUMER +HELD +RUNNING +AGE$'
	assert_line -n 1 --regexp "^q +g +$! +3 +1 +[0-9]+s\$"
	assert_line -n 2 --regexp '^QUEUE +GROUP +STATE +CONSUMER +HANDLER +ATTEMPT +AGE +RECEIPT$'
	assert_line -n 3 --regexp "^q +g +handed-out +- +- +1 +[0-9]+s +$(sed -n 1p took | cut -f 1)\$"
	assert_line -n 5 --regexp "^q +g +running +$! +$(cat pid) +1 +[0-9]+s +q/g/"
	assert_line -n 6 --regexp "^q +g +prefetched +$! +- +1 +[0-9]+s +q/g/"
	assert_equal "${#lines[@]}" 8
	kill -KILL $!
	until_true '[ "$(mq-stat -lJ q/g | jq -r "select(.handler).state")" = orphan ]'
	run -0 sh -c 'mq-stat -lJ q/g | jq -r .state'
	assert_output 'handed-out
handed-out
orphan
returning
returning'
	echo >&9
}

@test "-l -J: objects of consumers and of deliveries, with all their fields" {
	printf 'one\nthree\n' | mq-pub -I q >ids
	mq-sub -m -l 1h -c 1 --prefetch 1 q/g >took
	mq-sub q/g -- sh -c 'echo $$ >pid; exec sleep 60' &
	until_true '[ -s pid ] && mq-stat -lJ | jq -e "select(.handler)" >/dev/null'
	run -0 --separate-stderr mq-stat -l --json
	run -0 jq -c 'keys_unsorted' <<<"${lines[0]}"
	assert_output '["queue","group","consumer","held","running","since","age"]'
	run -0 sh -c 'mq-stat -lJ | sed -n 2p | jq -c "keys_unsorted"'
	assert_output '["queue","group","id","receipt","attempt","bytes","state","consumer","handler","since","age","until"]'
	run -0 sh -c 'mq-stat -lJ | sed 1d | jq -c "[.queue, .group, .id, .receipt, .attempt, .bytes, .state]"'
	assert_line -n 0 "[\"q\",\"g\",\"$(sed -n 1p ids)\",\"$(cut -f 1 took)\",1,3,\"handed-out\"]"
	# A lease of an hour ends in an hour; one that is its consumer's has no end.
	run -0 sh -c 'mq-stat -lJ | jq -r "select(.receipt) | .until | type"'
	assert_output 'string
null'
	run -0 sh -c 'mq-stat -lJ | jq "select(.until) | ((.until[0:19] + \"Z\" | fromdate) - (.since[0:19] + \"Z\" | fromdate)) as \$s | \$s >= 3599 and \$s <= 3601"'
	assert_output true
	mq-ack --extend 2h "$(cut -f 1 took)"
	run -0 sh -c 'mq-stat -lJ | jq "select(.until) | ((.until[0:19] + \"Z\" | fromdate) - (.since[0:19] + \"Z\" | fromdate)) as \$s | \$s >= 7199 and \$s < 7300"'
	assert_output true
	kill "$(cat pid)"
}

@test "-l: the attempt, of one queue, one group, or all" {
	mq-pub a x
	mq-pub b x
	mq-ctl create a/g a/h b/g
	mq-sub -m -c 1 a/g | cut -f 1 >took
	mq-ack --release <took
	mq-sub -m -c 1 a/g >/dev/null
	mq-sub -m -c 1 a/h >/dev/null
	mq-sub -m -c 1 b/g | cut -f 1 | mq-ack --retry -d 0s
	mq-sub -m -c 1 b/g >/dev/null
	run -0 sh -c 'mq-stat -lJ | jq -c "[.queue, .group, .attempt]"'
	assert_output '["a","g",1]
["a","h",1]
["b","g",2]'
	run -0 sh -c 'mq-stat -lJ a | jq -c "[.queue, .group]"'
	assert_output '["a","g"]
["a","h"]'
	run -0 sh -c 'mq-stat -lJ b a/h | jq -c "[.queue, .group]"'
	assert_output '["b","g"]
["a","h"]'
	run -0 mq-stat -lJ b/g
	assert_equal "${#lines[@]}" 1
}

@test "-l: what can't be looked at is named, and does not hide the rest" {
	mq-pub a x
	mq-sub -m -c 1 a/g >/dev/null
	run -66 --separate-stderr mq-stat -lJ nix a/nix a/g
	assert_equal "$stderr" "mq-stat: nix: no such queue in $MQ_SPOOL
mq-stat: a/nix: no such group"
	assert_equal "${#lines[@]}" 1
	readable_by_all
	run -77 --separate-stderr as_nobody mq-stat -s "$MQ_SPOOL" -l a
	said 'a/g.group.mdb'
}

# due COMMAND...: what it prints, in whole seconds, rounded up.
due() {
	"$@" | awk '{ n = int($1); print n < $1 ? n + 1 : n }'
}

@test "--next-due: 0 while there is work, then the seconds until there is some" {
	run -66 mq-stat --next-due q
	mq-ctl create q/g
	run -1 --separate-stderr mq-stat --next-due q
	assert_output ''
	assert_equal "$stderr" ''
	mq-pub -d 1h q later
	# Before and after somebody has looked at it.
	run -0 mq-stat --next-due
	assert_output --regexp '^3(600|599)\.[0-9]{3}$'
	run -1 mq-sub -e q/g
	[ "$(due mq-stat --next-due q/g)" -gt 3540 ]
	[ "$(MQ_NOW=+50m due mq-stat --next-due q)" -gt 540 ]
	MQ_NOW=+1h run -0 mq-stat --next-due q
	assert_output 0
	mq-pub q now
	run -0 mq-stat --next-due q
	assert_output 0
	mq-sub -e q/g >/dev/null
	[ "$(due mq-stat --next-due q)" -gt 3540 ]
	mq-ctl purge q
	run -1 mq-stat --next-due q
}

@test "a time near the end of all times that can be told" {
	local end=2262-04-11T23:47:16.854775807Z
	mq-ctl create q/g
	mq-pub q m
	[ "$(MQ_NOW=$end mq-stat -J q | jq 'select(.group == "g").oldest_age > 7e9')" = true ]
	MQ_NOW=$end mq-pub --at now q m
	MQ_NOW=1975-01-01 run -124 timeout 1 mq-replay -F --until 2262-01-01 q
}

@test "--next-due: rounded up, never too early" {
	mq-pub -d 1d q later
	mq-ctl create q/g
	mq-sub -e q/g >/dev/null || :
	not_before=$(mq-replay -J q | jq -r '.not_before')
	s=$(MQ_NOW=$(date -u -d "$not_before 1 hour ago" +%Y-%m-%dT%H:%M:%SZ) mq-stat --next-due q)
	awk -v s="$s" 'BEGIN { exit !(s > 3590 && s <= 3601) }'
}

@test "--next-due: a retry, a lease that ends, what a dead consumer had" {
	seq 3 | mq-pub q
	mq-ctl create q/g
	mq-ctl set q/g backoff=2h lease=1h
	mq-sub -m -c 3 --prefetch 3 q/g | cut -f 1 >took
	[ "$(due mq-stat --next-due q)" = 3600 ]
	sed -n 1,2p took | mq-ack
	sed -n 3p took | mq-ack --retry -d 2h
	[ "$(due mq-stat --next-due q)" = 7200 ]
	seq 2 | mq-pub q
	mq-sub -P 1 q/g -- sh -c 'echo $$ >pid; exec sleep 60' &
	until_true '[ -s pid ] && [ "$(field leased q/g)" = 2 ]'
	[ "$(due mq-stat --next-due q)" = 7200 ]
	# One is an orphan's, the other nobody's.
	kill -KILL "$!"
	until_true '[ "$(mq-stat --next-due q)" = 0 ]'
	kill "$(cat pid)"
}

@test "--next-due: the first of several, for the groups that can get it" {
	mq-pub -d 2h a x
	mq-pub -d 1h b x
	mq-ctl create a/g b/g
	mq-ctl create -k 'no.*' c/g
	mq-pub -k other c x
	[ "$(due mq-stat --next-due)" = 3600 ]
	[ "$(due mq-stat --next-due a b)" = 3600 ]
	[ "$(due mq-stat --next-due a)" = 7200 ]
	run -1 mq-stat --next-due c
	mq-ctl pause b
	[ "$(due mq-stat --next-due)" = 7200 ]
	run -1 mq-stat --next-due b
	run -66 --separate-stderr mq-stat --next-due nix a
	assert_equal "$stderr" "mq-stat: nix: no such queue in $MQ_SPOOL"
	assert_output --regexp '^7[0-9]+\.[0-9]{3}$'
}

@test "usage errors: 64" {
	run -64 --separate-stderr mq-stat --bad
	said 'mq-stat: no option --bad'
	run -64 --separate-stderr mq-stat -x
	said 'mq-stat: no option -x'
	run -64 --separate-stderr mq-stat -l --names
	said 'mq-stat: only one of -l, -w, --next-due, --names'
	run -64 --separate-stderr mq-stat -l --next-due
	said 'mq-stat: only one of -l, -w, --next-due, --names'
	run -64 --separate-stderr mq-stat -J --next-due
	said 'mq-stat: -J: only alone, or with -l or --message'
	run -64 --separate-stderr mq-stat --json=yes
	said 'mq-stat: option --json takes no argument'
	run -64 --separate-stderr mq-stat 'a b'
	said "mq-stat: 'a b': a name has only letters"
	run -64 --separate-stderr mq-stat a/b/c
	said "mq-stat: 'a/b/c': "
	run -64 --separate-stderr mq-stat -s ''
	said 'mq-stat: -s: '
	MQ_NOW=soon run -64 --separate-stderr mq-stat
	said "mq-stat: MQ_NOW: 'soon': "
	run -69 --separate-stderr mq-stat -s amqp://host
	said 'mq-stat: amqp://: no engine: '
}

@test "stdout full or closed: 74" {
	mq-pub q x
	run -74 --separate-stderr sh -c 'mq-stat >/dev/full'
	assert_equal "$stderr" 'mq-stat: standard output: No space left on device'
	run -74 --separate-stderr sh -c 'mq-stat -J >&-'
	assert_equal "$stderr" 'mq-stat: standard output: Bad file descriptor'
}

@test "help and version on stdout, status 0" {
	run -0 --separate-stderr mq-stat --help
	assert_line -n 0 'usage: mq-stat [options] [QUEUE[/GROUP]...]'
	assert_output --partial '--names'
	assert_equal "$stderr" ''
	run -0 --separate-stderr mq-stat -V
	assert_output --regexp '^mq-stat \(mq\) [0-9]+\.[0-9]+'
}

@test "READY has what became due since a consumer looked, DELAYED what has not, as --next-due says" {
	mq-pub -d 1h q later
	mq-pub -d 3h q latest
	mq-pub q now
	# Not looked at yet: ready, as the page says.
	mq-ctl create q/new
	[ "$(field ready q/new) $(field delayed q/new)" = '3 0' ]
	run -0 mq-sub -e q/g
	assert_output now
	[ "$(field ready q/g) $(field delayed q/g)" = '0 2' ]
	[ "$(MQ_NOW=+2h field ready q/g) $(MQ_NOW=+2h field delayed q/g)" = '1 1' ]
	run -0 env MQ_NOW=+2h mq-stat --next-due q/g
	assert_output 0
	[ "$(MQ_NOW=+4h field ready q/g) $(MQ_NOW=+4h field delayed q/g) $(MQ_NOW=+4h field depth q/g)" = '2 0 2' ]
	# Who may not read the group's file gets the one that the page tells of.
	chmod 755 . spool spool/q
	run -0 as_nobody env MQ_NOW=+4h mq-stat -s "$MQ_SPOOL" -J q/g
	[ "$(jq -c '[.ready, .delayed]' <<<"$output")" = '[2,0]' ]
	chmod 600 spool/q/g.group.mdb
	run -0 as_nobody env MQ_NOW=+4h mq-stat -s "$MQ_SPOOL" -J q/g
	[ "$(jq -c '[.ready, .delayed]' <<<"$output")" = '[1,1]' ]
}

@test "-l: of very many deliveries the text goes to a temporary file, not into memory" {
	seq 20000 | mq-pub q
	mq-sub -m -c 20000 --prefetch 20000 q | cut -f 1 >receipts
	run -0 sh -c 'mq-stat -lJ q | jq -r "select(.receipt) | .receipt" | cmp - receipts'
	mq-stat -l q >table
	awk '$NF ~ /\// { print $NF }' table | sort | cmp - <(sort receipts)
	# All lines of the table are aligned.
	[ "$(awk 'NR > 1 && /q\// { print index($0, " q/") }' table | sort -u | wc -l)" = 1 ]
	# There is no room for it.
	TMPDIR=$PWD/none run -71 --separate-stderr mq-stat -l q
	[[ $stderr = 'mq-stat: '*"$PWD/none"* ]]
}

@test "-l: titles where there is nothing, none where nothing could be read" {
	mq-ctl create q/g
	run -0 --separate-stderr mq-stat -l q
	assert_equal "${#lines[@]}" 2
	run -66 --separate-stderr mq-stat -l none
	assert_equal "$output" ''
	[ -n "$stderr" ]
	run -66 --separate-stderr mq-stat -l none q
	assert_equal "${#lines[@]}" 2
	run -66 --separate-stderr mq-stat -lJ none
	assert_equal "$output" ''
}
