#!/usr/bin/env bats
# compact.bats - mq-ctl compact: room goes back to the disk, and nothing else changes

load lib/common
load lib/expect
load lib/steps

# (Not `i' where run is used: the run and assert helpers use that name for themselves.)

setup_file() {
	steps_setup_file
}

# A queue q of which most was removed, with groups that have settled some and hold some.
used_queue() {
	mq-ctl create q/behind q/holds q/done
	mq-ctl set q/holds lease=1h
	seq -f 'message %.0f, of some length so that there is something to remove' 2000 |
	    mq-pub -k a.b -H h=v q
	mq-pub -p 7 -i id.1 q urgent
	mq-pub -d 1h q later
	head -c 300000 /dev/zero | tr '\0' x >large
	mq-pub -F q large
	mq-sub -c 1900 q/behind >out
	mq-sub -e q/done >out
	mq-sub -c 1800 q/holds >out
	mq-sub -m -c 20 q/holds >receipts
	sed -n '1~2p' receipts | cut -f 1 | mq-ack
	sed -n '2p' receipts | cut -f 1 | mq-ack --retry -d 1h
	mq-ctl set q retain=0s
	mq-ctl trim q
	mq-ctl set q retain=
}

# All that can be seen of q.
seen() {
	mq-replay -J q
	mq-replay -J q/behind
	mq-replay -J q/holds || [ $? = 1 ]
	mq-stat -J q | jq -Sc 'del(.disk_bytes, .disk_free, .log_bytes, .oldest_age, .consumers)'
	mq-ctl show q; mq-ctl show q/holds
	mq-ctl check q
}

# What its groups deliver, from a copy.
delivered() {
	rm -rf copy
	cp -R "$MQ_SPOOL" copy
	for group in behind holds done; do
		MQ_NOW=+2h mq-sub -s copy -e -J "q/$group" | jq -Sc 'del(.receipt)' || [ $? = 1 ]
	done
	rm -rf copy
}

size() {
	stat -c %b "$MQ_SPOOL"/q/*.mdb | awk '{ n += $1 * 512 } END { print n }'
}

leftovers() {
	find "$MQ_SPOOL" -name '.new-*'
}

@test "compact: gives room back, says how much, and changes nothing else" {
	used_queue
	seen >before
	delivered >would
	was=$(size)
	run -0 --separate-stderr mq-ctl compact q
	now=$(size)
	[ "$now" -lt $((was / 2)) ]
	assert_output "q: $((was - now)) bytes given back, $now left"
	assert_equal "$stderr" ''
	seen | diff before -
	delivered | diff would -
	# The ids go on, message ids are known, receipts are good, groups go on.
	sed -n 4p receipts | cut -f 1 | mq-ack
	[ "$(mq-pub -i id.1 -I q again)" = "$(mq-replay -J q | jq -r 'select(.body == "urgent") | .id')" ]
	mq-pub q new
	run -0 mq-sub -e q/done
	assert_output new
	mq-ctl check q
	# A second time there is little left to give back.
	run -0 mq-ctl -q compact q
	assert_output ''
	[ "$(size)" -le "$now" ]
}

@test "compact: the new file is as small as what is in it" {
	seq 100000 | mq-pub q
	mq-ctl compact -q q
	mq-pub fresh one
	mq-ctl purge q
	mq-ctl compact -q q
	[ "$(stat -c %s "$MQ_SPOOL/q/log.mdb")" -le 65536 ]
	mq-pub q next
	assert_equal "$(mq-replay q)" next
}

@test "compact: several queues, and what is wrong with the operands" {
	mq-pub a one
	mq-pub b one
	run -0 mq-ctl compact a b
	assert_line --index 0 --regexp '^a: [0-9]+ bytes given back, [0-9]+ left$'
	assert_line --index 1 --regexp '^b: '
	fails 66 "mq-ctl compact: c: no such queue in $MQ_SPOOL" mq-ctl compact c
	run -64 mq-ctl compact
	run -64 mq-ctl compact a/g
	run -64 mq-ctl compact -W soon a
	run -66 mq-ctl compact c a
	assert_output --partial 'a: '
}

@test "compact: --progress tells each step on stderr, and only then where that is no terminal" {
	mq-pub q one
	mq-ctl create q/g
	run -0 --separate-stderr mq-ctl compact -q --progress q
	assert_output ''
	assert_equal "$stderr" "mq-ctl compact: q/g: copying g.group.mdb: 100 %
mq-ctl compact: q: copying log.mdb: 100 %"
	run -0 --separate-stderr mq-ctl compact -q q
	assert_equal "$stderr" ''
}

@test "compact: on a terminal progress is one line, removed at the end" {
	command -v script >/dev/null || skip "script is not there"
	mq-pub q one
	run -0 script -qec 'mq-ctl compact q' /dev/null
	assert_output --partial $'\r\033[K'
	assert_output --partial 'bytes given back'
	run -0 script -qec 'mq-ctl compact -q q' /dev/null
	assert_output ''
}

@test "compact: a queue in use is refused, and says by whom; -W waits" {
	mq-pub q one
	mq-sub q >got &
	consumer=$!
	until_true '[ -s got ]'
	fails 75 "mq-ctl compact: q: in use by $consumer (mq-sub): stop what uses it, or wait for it (-W)" \
	    mq-ctl compact q
	fails 75 "mq-ctl compact: q: in use by $consumer (mq-sub)" mq-ctl compact -W 30ms q
	mq-ctl compact -W 1h q >said &
	compact=$!
	# It waits, and others can go on to use the queue meanwhile.
	mq-pub q two
	until_true '[ "$(wc -l <got)" = 2 ]'
	kill -0 "$compact"
	kill "$consumer"
	wait "$consumer"
	wait "$compact"
	grep -q 'bytes given back' said
}

@test "compact: a signal ends the waiting" {
	mq-pub q one
	mq-sub q >got &
	consumer=$!
	until_true '[ -s got ]'
	watched end mq-ctl compact -W 1h q 2>/dev/null &
	until_true '[ -s end.pid ]'
	until_true "kill -TERM $(cat end.pid 2>/dev/null) 2>/dev/null; [ -s end ]"
	kill "$consumer"
	wait "$consumer"
	mq-ctl compact q
}

@test "compact: who comes meanwhile waits for its end" {
	command -v flock >/dev/null || skip "flock is not there"
	mq-pub q one
	mkfifo go
	flock "$MQ_SPOOL/q/use" sh -c 'echo >locked; read -r line <go' &
	until_true '[ -e locked ]'
	mq-pub q two 2>said &
	publisher=$!
	until_true '[ -s said ]'
	assert_equal "$(cat said)" 'mq-pub: q: waiting for maintenance to end'
	kill -0 "$publisher"
	echo >go
	wait "$publisher"
	assert_equal "$(mq-replay q)" $'one\ntwo'
}

@test "compact: owner and permissions stay" {
	[ "$(id -u)" = 0 ] || skip "needs root"
	for_everybody
	mkdir -m 777 "$MQ_SPOOL"
	as_nobody mq-ctl create q/g
	seq 20000 | as_nobody mq-pub q
	chmod 660 "$MQ_SPOOL"/q/log.mdb
	chgrp 12345 "$MQ_SPOOL"/q/log.mdb
	mq-ctl purge q
	mq-ctl compact q
	assert_equal "$(stat -c '%u:%g %a' "$MQ_SPOOL"/q/log.mdb)" '65534:12345 660'
	assert_equal "$(stat -c '%u:%g %a' "$MQ_SPOOL"/q/g.group.mdb)" '65534:65534 644'
	as_nobody mq-pub q x
	as_nobody mq-sub -e q/g
}

@test "compact: damage is found before anything is replaced" {
	used_queue
	psize=4096
	pages=$(($(stat -c %s "$MQ_SPOOL/q/log.mdb") / psize))
	# The root of the main table, or another page that is in use: all pages' flags are wrong.
	for ((page = 2; page < pages; page++)); do
		printf '\377\377' | dd of="$MQ_SPOOL/q/log.mdb" bs=1 seek=$((page * psize + 10)) conv=notrunc status=none
	done
	cksum "$MQ_SPOOL/q/log.mdb" >before
	run -74 mq-ctl compact q
	assert_output --partial 'damaged'
	cksum "$MQ_SPOOL/q/log.mdb" | cmp - before
	assert_equal "$(leftovers)" ''
}

# ---------------------------------------------------------------- full disks

@test "compact: what filled the disk and was purged, and publishing works again" {
	small_disk 24M
	export MQ_SPOOL=$PWD/disk/spool
	mq-pub other one
	yes "a line of some length, so that the disk is soon full" |
	    { mq-pub -W 0 q 2>said || [ $? = 75 ]; }
	seq -f 'two million bytes, of which a disk that is full has no room for %.0f' 30000 >two
	run -75 mq-pub -1 -W 0 other <two
	mq-ctl purge q
	# The file is as large as it was.
	run -75 mq-pub -1 -W 0 other <two
	mq-ctl compact q
	mq-pub -1 -W 0 other <two
	mq-pub -1 -W 0 q <two
	mq-replay q | cmp - <(cat two; echo)
	mq-ctl check q other
}

@test "compact: no room for what is there: 75, nothing changes, nothing is left over" {
	small_disk 24M
	export MQ_SPOOL=$PWD/disk/spool
	head -c 3M /dev/zero >disk/rest	# how much the full disk has left is chance
	yes "a line of some length, so that the disk is soon full" |
	    { mq-pub -W 0 q 2>said || [ $? = 75 ]; }
	mq-ctl create q/g
	used=$(df --output=used disk | tail -n 1)
	before=$(cksum "$MQ_SPOOL/q/log.mdb")
	run -75 --separate-stderr mq-ctl compact q
	[[ $stderr == "mq-ctl compact: q: no room for a copy of log.mdb ("*" bytes are in use in it): disk full" ]]
	assert_equal "$(cksum "$MQ_SPOOL/q/log.mdb")" "$before"
	assert_equal "$(leftovers)" ''
	[ "$(df --output=used disk | tail -n 1)" -le "$used" ]
	mq-ctl check q
	# It needs room for what is left, not for what there was.
	mq-sub -c $(($(mq-stat -J q | jq -r 'select(.uuid) | .messages') * 24 / 25)) q/g >/dev/null
	mq-ctl set q retain=0s
	mq-ctl trim q
	rm disk/rest
	mq-ctl compact q
	mq-ctl check q
}

# fill_up: takes all that is left of the filesystem at ./disk.
fill_up() {
	cat /dev/zero >disk/rest 2>/dev/null || :
	[ "$(df --output=avail disk | tail -n 1)" -eq 0 ]
}

@test "compact: if the disk is full afterwards, the queue can still be read and deleted" {
	small_disk 24M
	export MQ_SPOOL=$PWD/disk/spool
	mq-ctl create q/g q/h
	seq 2000 | mq-pub q
	mq-sub -c 500 q/g >out
	mq-ctl compact -q q
	fill_up
	assert_equal "$(mq-replay q | cksum)" "$(seq 2000 | cksum)"
	assert_equal "$(mq-stat -J q/g | jq .depth)" 1500
	mq-ctl check -q q
	# What needs room says so; a group that goes makes some.
	run -75 mq-pub -W 0 q one
	mq-ctl delete -fq q/h
	mq-ctl purge -q q/g
	mq-ctl delete -fq q
	assert_equal "$(ls "$MQ_SPOOL")" ''
}

@test "compact: a disk that is full at any step: 75 or done, the queue is as it was" {
	can_be_stepped
	used_queue
	mv "$MQ_SPOOL" made
	cp -R made "$MQ_SPOOL"
	seen >before
	for ((step = 1; ; step++)); do
		rm -rf "$MQ_SPOOL"
		cp -R made "$MQ_SPOOL"
		status=0
		steps FULL "$step" mq-ctl compact q >out 2>said || status=$?
		[ "$status" = 0 ] || [ "$status" = 75 ]
		assert_equal "$(leftovers)" ''
		seen | diff before -
		[ "$step" -le "$(cat steps)" ] || break
	done
	[ "$status" = 0 ]
	[ "$step" -gt 20 ]
}

# ---------------------------------------------------------------------- kills

@test "compact: killed at any step, the queue is whole, and the next one finishes" {
	can_be_stepped
	used_queue
	mv "$MQ_SPOOL" made
	cp -R made "$MQ_SPOOL"
	seen >before
	delivered >would
	for ((step = 1; ; step++)); do
		rm -rf "$MQ_SPOOL" steps
		cp -R made "$MQ_SPOOL"
		status=0
		steps KILL "$step" mq-ctl compact q >out 2>said || status=$?
		seen | diff before -
		delivered | diff would -
		if [ "$status" = 0 ]; then
			break
		fi
		[ "$status" = 137 ]
		# Either removes what the dead one has left.
		if ((step % 2)); then
			mq-ctl compact -q q
		else
			mq-ctl trim q
		fi
		assert_equal "$(leftovers)" ''
		mq-pub q new
		mq-sub -e q/done | grep -qx new
	done
	[ "$step" -gt 20 ]
	assert_equal "$(leftovers)" ''
}
