#!/usr/bin/env bats
# segments.bats - a log of several tables, whose front is hidden before it goes, is one log
#
# A table takes 8 MiB at least, so the queue of these tests has some tens of them.

load lib/common

# A queue q that keeps 30 MB of 100-byte lines, of which more was published: its oldest table
# has messages that were removed.
trimmed_queue() {
	mq-ctl create q
	mq-ctl set q retain-bytes=30M
	local start
	for start in 1 200001 400001 600001; do
		seq -f '%099.0f' "$start" $((start + 199999)) | mq-pub q
	done
	grep -q segments "$MQ_SPOOL/q/log.mdb"
}

# field NAME QUEUE: a number of the queue.
field() {
	mq-stat -J "$2" | jq "select(.uuid) | .$1"
}

# What q has: exactly the last lines, in order, as many as the state says.
sound() {
	local n
	run -0 mq-ctl check "$1"
	assert_output --partial ' 0 findings'
	n=$(field messages "$1")
	[ "$n" -gt 0 ]
	mq-replay "$1" >got
	[ "$(wc -l <got)" = "$n" ]
	seq -f '%099.0f' $((800001 - n)) 800000 | cmp - got
}

# replaced FILE OLD NEW: replaces bytes, of the same number.
replaced() {
	perl -0777 -pi -e 'BEGIN { ($a, $b) = splice @ARGV, 0, 2 } s/\Q$a\E/$b/' "$2" "$3" "$1"
}

@test "what is retained is there, and the rest is not; the file is a little larger" {
	trimmed_queue
	sound q
	n=$(field messages q)
	[ "$((n * 99))" -le 31457280 ]
	[ "$((n * 99))" -gt 31400000 ]
	# 30 MiB of bodies take 41 MB; a segment is 8 MiB.
	[ "$(du -m "$MQ_SPOOL/q/log.mdb" | cut -f 1)" -lt 62 ]
	# What was removed can't be read by any way.
	mq-replay --last $((n + 1000)) q | cmp - got
	mq-ctl create q/g
	# That is the id of a message that was removed: the one before the first.
	id=$(mq-replay -J q | sed -n 1p | jq -r .id)
	run -0 mq-replay --rewind --to "$((id - 1))" q/g
	mq-sub -e q/g >taken
	cmp got taken
}

@test "published, removed and published again, and emptied" {
	trimmed_queue
	mq-ctl purge q
	[ "$(field messages q)" = 0 ]
	run -1 mq-replay q
	before=$(du -m "$MQ_SPOOL/q/log.mdb" | cut -f 1)
	for start in 600001 700001; do
		seq -f '%099.0f' "$start" $((start + 99999)) | mq-pub q
	done
	sound q
	[ "$(du -m "$MQ_SPOOL/q/log.mdb" | cut -f 1)" -le $((before + 1)) ]
}

@test "a backup, a compacted log and a salvaged one have what is retained" {
	trimmed_queue
	n=$(field messages q)
	mq-ctl backup q copies
	MQ_SPOOL=copies sound q
	mq-ctl salvage "$MQ_SPOOL/q" saved
	[ "$(field messages saved)" = "$n" ]
	sound saved
	mq-ctl compact q
	sound q
	mq-ctl rename q r
	sound r
}

@test "salvaged with damage: nothing that was removed comes back" {
	trimmed_queue
	n=$(field messages q)
	last=$(mq-replay --last 1 q)
	hidden=$(printf '%099d' $((800000 - n)))
	# The body of the last message, and of one that was removed, and is still in the file.
	replaced "$MQ_SPOOL/q/log.mdb" "$last" "X${last:1}"
	replaced "$MQ_SPOOL/q/log.mdb" "$hidden" "X${hidden:1}"
	run -74 --separate-stderr mq-ctl salvage "$MQ_SPOOL/q" saved
	[ "$(grep -c ': damaged' <<<"$stderr")" = 1 ]
	[ "$(field messages saved)" = $((n - 1)) ]
	mq-replay saved | head -n 1 | cmp - <(printf '%099d\n' $((800001 - n)))
}

@test "salvaged without the list of segments: nothing that was removed comes back" {
	trimmed_queue
	n=$(field messages q)
	grep -q "$(printf '%099d' $((800000 - n)))" "$MQ_SPOOL/q/log.mdb"
	# The number of hidden messages.
	LC_ALL=C perl -0777 -pi -e 's/(segments.{16})(.)/$1 . ($2 ^ "\x40")/gse' "$MQ_SPOOL/q/log.mdb"
	run -74 mq-replay q
	run mq-ctl salvage "$MQ_SPOOL/q" saved
	[ "$(field messages saved)" = "$n" ]
	sound saved
}

@test "an index of keys has what is retained" {
	mq-ctl create q
	mq-ctl set q retain-bytes=12M index=key
	for start in 1 100001 200001; do
		seq "$start" $((start + 99999)) |
		    awk '{ printf "{\"key\":\"k%d\",\"body\":\"%099d\"}\n", $1 % 100, $1 }' | mq-pub -J q
	done
	grep -q segments "$MQ_SPOOL/q/log.mdb"
	run -0 mq-ctl check q
	assert_output --partial ' 0 findings'
	mq-replay q | awk '$1 % 100 == 7' >should
	mq-replay --key k7 q | cmp - should
	[ -s should ]
}

@test "compact=key on a log of several tables" {
	mq-ctl create q
	for start in 1 100001 200001; do
		seq "$start" $((start + 99999)) |
		    awk '{ printf "{\"key\":\"k%d\",\"body\":\"%099d\"}\n", $1 % 1000, $1 }' | mq-pub -J q
	done
	grep -q segments "$MQ_SPOOL/q/log.mdb"
	mq-ctl set q compact=key
	mq-sub -e q/g >/dev/null
	mq-ctl trim q
	run -0 mq-ctl check q
	assert_output --partial ' 0 findings'
	mq-replay q | cmp - <(seq -f '%099.0f' 299001 300000)
}
