#!/usr/bin/env bats
# backup.bats - mq-ctl backup: a copy of a queue that is in use, as of one moment

load lib/common
load lib/expect
load lib/steps

# (Not `i' where run is used: the run and assert helpers use that name for themselves.)

setup_file() {
	steps_setup_file
}

# A queue q with groups that have settled some and hold some, and a large body.
used_queue() {
	mq-ctl create q/g q/h
	mq-ctl set q/h lease=1h
	seq 500 | mq-pub -k a.b -H h=v q
	mq-pub -p 7 -i id.1 q urgent
	mq-pub -d 1h q later
	head -c 300000 /dev/urandom | base64 -w 0 >large
	mq-pub -F q large
	mq-sub -c 400 q/g >out
	mq-sub -c 100 q/h >out
	mq-sub -m -c 20 q/h >receipts
	sed -n '1~2p' receipts | cut -f 1 | mq-ack
	sed -n '2p' receipts | cut -f 1 | mq-ack --retry -d 1h
	mq-ctl set q retain=30d
}

# All that can be seen of q in a spool.
seen() {
	mq-replay -s "$1" -J q
	mq-replay -s "$1" -J q/g
	mq-replay -s "$1" -J q/h
	mq-stat -s "$1" -J q | jq -Sc 'del(.disk_bytes, .disk_free, .log_bytes, .oldest_age, .consumers)'
	mq-ctl -s "$1" show q
	mq-ctl -s "$1" show q/h
	mq-ctl -s "$1" check q
}

# The spool $1 has a queue q without a finding, whose groups are not ahead of it.
sound() {
	run -0 mq-ctl -s "$1" check q
	assert_output --partial ' 0 findings'
	run --separate-stderr mq-sub -s "$1" -e q/g
	refute [ "$status" -gt 1 ]
	assert_equal "$stderr" ''
}

leftovers() {
	find "$@" -name '.new-*'
}

@test "backup: the copy is the queue, and the original stays as it is" {
	used_queue
	seen "$MQ_SPOOL" >before
	id=$(mq-stat -J q | jq -r 'select(.uuid) | .last_id')
	bytes=$(mq-stat -J q | jq -r 'select(.uuid) | .bytes')
	run -0 --separate-stderr mq-ctl backup q deep/copies
	assert_output "q: 503 messages, $bytes bytes, 2 groups, last id $id: in deep/copies/q"
	assert_equal "$stderr" ''
	seen deep/copies | diff before -
	seen "$MQ_SPOOL" | diff before -
	assert_equal "$(leftovers deep)" ''
	# Message ids are known, ids go on, and it delivers what there was to deliver.
	MQ_NOW=+2h mq-sub -s deep/copies -e q/h | sort >have
	MQ_NOW=+2h mq-sub -e q/h | sort | cmp - have
	run -0 mq-pub -s deep/copies -i id.1 -I q again
	[ "$(mq-replay -J q | jq -r 'select(.body == "urgent") | .id')" = "$output" ]
	mq-pub -s deep/copies q more
	mq-ctl -s deep/copies check q
	run -0 mq-ctl backup -q q other
	assert_output ''
}

@test "backup: --progress, and the operands" {
	mq-pub q one
	mq-ctl create q/g
	run -0 --separate-stderr mq-ctl backup -q --progress q copies
	assert_equal "$stderr" "mq-ctl backup: q/g: copying g.group.mdb: 100 %
mq-ctl backup: q: copying log.mdb: 100 %"
	fails 78 'mq-ctl backup: copies/q: exists already: back up into another directory' \
	    mq-ctl backup q copies
	fails 78 "mq-ctl backup: $MQ_SPOOL/q: exists already: back up into another directory" \
	    mq-ctl backup q "$MQ_SPOOL"
	fails 66 "mq-ctl backup: none: no such queue in $MQ_SPOOL" mq-ctl backup none others
	[ ! -e others ]
	: >file
	run -64 mq-ctl backup q file
	assert_output --partial 'file: not a directory'
	run -64 mq-ctl backup q
	run -64 mq-ctl backup q ''
	run -64 mq-ctl backup q a b
	run -64 mq-ctl backup q/g others
	assert_output --partial "'q/g': names a group, not a queue"
	mq-ctl -s copies check q
}

@test "backup: permissions go with it" {
	mq-pub q one
	mq-ctl create q/g
	head -c 300000 /dev/zero >large
	mq-pub -F q large
	chmod 700 "$MQ_SPOOL/q"
	chmod 2750 "$MQ_SPOOL/q/owner"
	chmod 640 "$MQ_SPOOL/q/log.mdb" "$MQ_SPOOL/q/use"
	chmod 600 "$MQ_SPOOL/q/g.group.mdb" "$MQ_SPOOL"/q/blob/*
	mq-ctl backup -q q copies
	modes() {
		(cd "$1/q" && stat -c '%n %a %u:%g' . gate turn use log.mdb g.group.mdb blob owner blob/*)
	}
	modes copies | diff <(modes "$MQ_SPOOL") -
}

@test "backup: made by root, it is the owner's as the queue is, large bodies too" {
	[ "$(id -u)" = 0 ] || skip "needs root"
	for_everybody
	mkdir -m 777 "$MQ_SPOOL"
	head -c 300000 /dev/zero >large
	as_nobody mq-pub -F q large
	chmod 600 "$MQ_SPOOL"/q/blob/*
	mq-ctl backup -q q copies
	owners() {
		(cd "$1/q" && stat -c '%n %a %u:%g' . gate turn use log.mdb blob owner blob/*)
	}
	owners copies | diff <(owners "$MQ_SPOOL") -
	as_nobody mq-replay -s copies -f '%s' q | cmp - large
}

@test "backup: another user's queue: what can't be given is not given to others" {
	[ "$(id -u)" = 0 ] || skip "needs root"
	for_everybody
	mkdir -m 777 shared
	mq-pub -s shared q one
	chmod -R a+rwX shared
	head -c 300000 /dev/zero >large
	mq-pub -s shared -F q large
	chmod a+rw shared/q/blob/*
	chmod 770 shared/q && chgrp 65534 shared/q
	mkdir -m 777 copies
	as_nobody mq-ctl -s shared backup q copies
	assert_equal "$(stat -c '%a %U' copies/q)" '770 nobody'
	assert_equal "$(stat -c '%a' copies/q/log.mdb copies/q/blob/*)" $'606\n606'
	as_nobody mq-replay -s copies q
}

@test "backup: publishers and consumers go on, and each copy is of one moment" {
	mq-ctl create q/g
	mq-ctl set q retain=0s
	seq 1000 | mq-pub q
	(for ((n = 1; n <= 1000; n++)); do seq -f "$n-%.0f" 200 || exit; sleep 0.005; done) |
	    mq-pub q >/dev/null 2>&1 &
	mq-sub q/g >got 2>/dev/null &
	mq-sub q/g >got2 2>/dev/null &
	for ((copy = 1; copy <= 10; copy++)); do
		last=$(mq-stat -J q | jq -r 'select(.uuid) | .last_id')
		mq-ctl backup -q q "copy.$copy"
		[ "$(mq-stat -s "copy.$copy" -J q | jq -r 'select(.uuid) | .last_id')" -ge "$last" ]
	done
	# shellcheck disable=SC2046 # a list
	kill $(jobs -p)
	wait || :
	for ((copy = 1; copy <= 10; copy++)); do
		# What the group has yet to settle is all there, and ends with the log.
		depth=$(mq-stat -s "copy.$copy" -J q/g | jq .depth)
		mq-replay -s "copy.$copy" q/g >unsettled || [ $? = 1 ]
		[ "$(wc -l <unsettled)" = "$depth" ]
		mq-replay -s "copy.$copy" q | tail -n "$depth" | cmp - unsettled
		sound "copy.$copy"
	done
}

@test "backup: large bodies that are trimmed meanwhile are in the copy, and go afterwards" {
	can_be_stepped
	for n in 1 2 3; do
		head -c $((300000 + n)) /dev/urandom >"large.$n"
	done
	mq-ctl create q/g
	mq-ctl set q retain=0s
	# It stops while it writes the copy: after the snapshot, when it holds nobody up.
	steps_dir=$PWD/copies
	for ((step = 2; ; step += 3)); do
		mq-ctl purge q
		mq-pub -F q large.1 large.2 large.3
		(exec_steps STOP "$step" mq-ctl backup -q q copies 2>said) &
		backup=$!
		until_true "is_stopped $backup || ended $backup"
		if ! is_stopped "$backup"; then
			break
		fi
		mq-sub -e q/g >out
		mq-pub q new
		mq-ctl trim q
		[ "$(mq-stat -J q | jq 'select(.uuid) | .messages')" = 1 ]
		kill -CONT "$backup"
		wait "$backup"
		run -0 mq-ctl -s copies check q
		assert_output "q: 3 messages, 0 findings"
		mq-replay -s copies -f '%s' q | cmp - <(cat large.1 large.2 large.3)
		assert_equal "$(depth_of_copy)" 3
		assert_equal "$(ls "$MQ_SPOOL/q/blob")" ''
		rm -rf copies
	done
	wait "$backup"
	[ "$step" -gt 10 ]
}

depth_of_copy() {
	mq-stat -s copies -J q/g | jq .depth
}

@test "backup: large bodies that are replaced by their key meanwhile are in the copy" {
	can_be_stepped
	head -c 300000 /dev/urandom >"large.1"
	echo small >small
	mq-ctl create q
	mq-ctl set q compact=key
	steps_dir=$PWD/copies
	for ((step = 2; ; step += 3)); do
		mq-pub -k a -F q large.1
		(exec_steps STOP "$step" mq-ctl backup -q q copies 2>said) &
		backup=$!
		until_true "is_stopped $backup || ended $backup"
		if ! is_stopped "$backup"; then
			break
		fi
		mq-pub -k a -F q small
		kill -CONT "$backup"
		wait "$backup"
		run -0 mq-ctl -s copies check q
		assert_output "q: 1 message, 0 findings"
		mq-replay -s copies -f '%s' q | cmp - large.1
		rm -rf copies
	done
	wait "$backup"
	[ "$step" -gt 10 ]
	mq-ctl trim q
	run -0 mq-ctl check q
	assert_output "q: 1 message, 0 findings"
}

@test "backup: a full disk: 75, and nothing is left" {
	small_disk 2M
	used_queue
	seq -f 'text to fill a small disk with, more than there is room for: %.0f' 60000 | mq-pub q
	run -75 --separate-stderr mq-ctl backup q disk/copies
	[[ $stderr == 'mq-ctl backup: q: no room for a copy of log.mdb ('*' bytes are in use in it): disk full' ]]
	assert_equal "$(find disk -mindepth 1)" ''
	mkdir disk/copies
	run -75 mq-ctl backup q disk/copies
	assert_equal "$(find disk -mindepth 1)" disk/copies
	mq-ctl check q
}

@test "backup: a disk that is full at any step: 75, and nothing is left" {
	can_be_stepped
	used_queue
	steps_dir=$PWD/copies
	mkdir copies
	for ((step = 1; ; step++)); do
		status=0
		steps FULL "$step" mq-ctl backup q copies >out 2>said || status=$?
		[ "$status" != 0 ] || break
		assert_equal "$status" 75
		assert_equal "$(find copies -mindepth 1)" ''
	done
	[ "$step" -gt 20 ]
	seen "$MQ_SPOOL" >before
	seen copies | diff before -
}

@test "backup: killed at any step: no copy or a whole one, and the next removes the rest" {
	can_be_stepped
	used_queue
	seen "$MQ_SPOOL" >before
	steps_dir=$PWD/copies
	for ((step = 1; ; step++)); do
		rm -rf copies/q
		status=0
		steps KILL "$step" mq-ctl backup -q q copies 2>said || status=$?
		if [ -e copies/q ]; then
			seen copies | diff before -
			rm -rf copies/q
		fi
		[ "$status" != 0 ] || break
		[ "$status" = 137 ]
		if ((step % 5 == 0)); then
			mq-ctl backup -q q copies
			assert_equal "$(leftovers copies)" ''
			seen copies | diff before -
		fi
	done
	[ "$step" -gt 20 ]
	seen "$MQ_SPOOL" | diff before -
}

@test "backup: what a killed one left is removed by trim, by check --repair and by a refused one" {
	mq-pub q one
	mq-ctl backup -q q copies
	left=copies/.new-0123456789abcdef
	other=copies/.new-fedcba9876543210
	for command in "mq-ctl -s copies trim q" "mq-ctl -s copies check --repair q" \
	    "mq-ctl -s copies check --repair" "mq-ctl backup q copies" "mq-ctl -s copies create other"; do
		mkdir -p "$left/blob" "$other"
		: >"$left/log.mdb"
		# Whose maker is alive stays.
		exec 8<"$other"
		flock -s 8
		$command >/dev/null 2>&1 || [ "$command" = 'mq-ctl backup q copies' ]
		assert_equal "$command: $(leftovers copies)" "$command: $other"
		exec 8<&-
	done
	# To look changes nothing.
	mq-ctl -s copies check -q
	assert_equal "$(leftovers copies)" "$other"
}

@test "backup: what is damaged is not copied as if it were sound" {
	seq 2000 | mq-pub q
	pages=$(($(stat -c %s "$MQ_SPOOL/q/log.mdb") / 4096))
	for ((page = 2; page < pages; page++)); do
		printf '\377\377' | dd of="$MQ_SPOOL/q/log.mdb" bs=1 seek=$((page * 4096 + 10)) conv=notrunc status=none
	done
	run -74 mq-ctl backup q copies
	assert_output --partial damaged
	[ ! -e copies ]
}

@test "backup: a large body that is missing is told, and missing in the copy" {
	head -c 300000 /dev/zero >large
	mq-pub -F q large large
	rm "$MQ_SPOOL"/q/blob/"$(ls "$MQ_SPOOL/q/blob" | head -n 1)"
	run -0 --separate-stderr mq-ctl backup q copies
	[[ $stderr == "mq-ctl backup: q: message "*": its large body is missing, in the copy as in the original" ]]
	assert_equal "$(ls copies/q/blob | wc -l)" 1
}

# ----------------------------------------------------------------- restoring

@test "restore: the copy in the place of the queue" {
	used_queue
	mq-ctl backup -q q copies
	seen "$MQ_SPOOL" >before
	mq-pub q more
	mq-sub -e q/g >out
	mq-ctl delete q
	mv copies/q "$MQ_SPOOL"
	seen "$MQ_SPOOL" | diff before -
	mq-sub -e q/g >out
}

@test "restore: an older log beside its groups is recognised, and delivers again" {
	seq 10 | mq-pub q
	mq-sub -c 5 q/g >out
	mq-ctl backup -q q copies
	seq 11 20 | mq-pub q
	mq-sub -e q/g >out
	cp copies/q/log.mdb "$MQ_SPOOL/q/log.mdb"
	rm "$MQ_SPOOL/q/log.mdb-lock"
	run -0 --separate-stderr mq-sub -e q/g
	assert_output "$(seq 10)"
	[[ $stderr == *"ahead of"* || $stderr == *restored* ]]
	mq-pub q new
	run -0 mq-sub -e q/g
	assert_output new
	mq-ctl check q
}
