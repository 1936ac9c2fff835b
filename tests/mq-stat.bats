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
	assert_output '["queue","uuid","messages","bytes","in_messages","in_bytes","trimmed","dropped","disk_bytes","last_id","groups","paused","oldest","oldest_age"]'
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
	assert_output '["queue","group","depth","ready","leased","delayed","delivered","acked","retried","released","rejected","dead","expired","dropped","consumers","paused","oldest","oldest_age"]'
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
	run -0 sh -c 'MQ_NOW=-2h mq-stat -J q/g | jq .oldest_age'
	assert_output 0
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
	run -0 mq-ctl check q
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
	assert_equal "$stderr" "mq-stat: $MQ_SPOOL: no such spool"
	run -66 --separate-stderr mq-stat -s elsewhere -J q
	assert_equal "$stderr" "mq-stat: elsewhere: no such spool"
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
	[ ! -e spool/nix ]
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
	run -74 --separate-stderr mq-stat --names
	assert_output 'a
c
c/g'
	said 'spool/b/log.mdb: '
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
	# A status page that is not there can only be made by who may write.
	rm spool/q/g.group.stat
	mq-ctl create other/g
	chmod -R a+rX spool
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

@test "usage errors: 64" {
	run -64 --separate-stderr mq-stat --bad
	said 'mq-stat: unknown option --bad'
	run -64 --separate-stderr mq-stat -x
	said 'mq-stat: unknown option -x'
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
	said 'mq-stat: amqp://host: '
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
