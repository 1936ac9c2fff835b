#!/usr/bin/env bats
# power.bats - what is left when the power fails
#
# tests/power/disk.c, loaded into the tools, keeps what they synced; tests/power/fail.c
# makes from it what the disk may hold: nothing else (seed 0), or also, by chance, some of
# what was written and not synced.  What was told before must be in each of these.

load lib/common

# (Not `i' where run is used: the run and assert helpers use that name for themselves.)

setup_file() {
	local flags="-std=c11 -D_GNU_SOURCE -O1 -Wall -Wextra"
	# shellcheck disable=SC2086 # a list
	"${CC:-cc}" $flags -shared -fPIC -o "$BATS_FILE_TMPDIR/disk.so" \
	    "$BATS_TEST_DIRNAME/power/disk.c" &&
	    "${CC:-cc}" $flags -o "$BATS_FILE_TMPDIR/fail" "$BATS_TEST_DIRNAME/power/fail.c"
}

can_be_loaded() {
	[ -z "${MQ_SANITIZED:-}" ] || skip "the sanitizers want to be loaded first"
}

# on_disk COMMAND...: a tool, of which is kept what it syncs (in the background: exec TOOL).
on_disk() {
	mkdir -p disk
	LD_PRELOAD=$BATS_FILE_TMPDIR/disk.so POWER_DISK=$PWD/disk "$@"
}

# after_power_failures COMMAND...: in each of some spools that may be left, COMMAND holds.
after_power_failures() {
	local seed live=$MQ_SPOOL
	for seed in 0 1 2 3 4 5; do
		rm -rf left
		"$BATS_FILE_TMPDIR/fail" disk "$live" left "$seed" || return
		MQ_SPOOL=$PWD/left "$@" || {
			echo "does not hold with seed $seed: $*" >&2
			return 1
		}
	done
}

sound() {
	mq-ctl check "$@" >findings || {
		cat findings >&2
		return 1
	}
}

# The n-th of `ids' is that of the body n; the log has those, in order, and none twice.
has_all_told() {
	sound q || return
	mq-replay -f '%o %s\n' q >have || return
	awk 'length($0) >= 19 { print $1, NR }' ids >told
	head -n "$(wc -l <told)" have | cmp - told && sort -nuc have
}

@test "publishers: every id told is there, whenever the power fails" {
	can_be_loaded
	local at pid
	for at in 1 2 7 40 300 2000; do
		rm -rf "$MQ_SPOOL" disk
		: >ids
		on_disk exec mq-pub -I q >ids 2>/dev/null < <(
			for ((n = 1; n <= 100000; n++)); do echo "$n"; done) &
		pid=$!
		until_true "[ \$(wc -l <ids) -ge $at ]"
		kill -KILL "$pid"
		wait "$pid" || :
		after_power_failures has_all_told
	done
}

# The first message is the file `body', whole.
begins_with_body() {
	sound q && mq-replay -c 1 -f '%s' q | cmp - body
}

@test "a large body that was told is there, also beside others that came to nothing" {
	can_be_loaded
	local pid n
	head -c 3000000 /dev/urandom >body
	on_disk mq-pub -F q body
	after_power_failures begins_with_body
	for n in 1 2 3; do
		on_disk exec mq-pub -F q body body body &
		pid=$!
		until_true "ls $MQ_SPOOL/q/blob | grep -q ."
		kill -KILL "$pid" 2>/dev/null || :
		wait "$pid" || :
		after_power_failures begins_with_body
	done
}

# What mq-ctl says of q and its group.
described() {
	mq-ctl list q && mq-ctl show q && { mq-ctl show q/g || :; }
}

is_as_described() {
	sound q && described 2>/dev/null | cmp - description
}

@test "queues, groups and settings that were made are there" {
	can_be_loaded
	local pairs
	on_disk mq-ctl create q
	described >description 2>/dev/null
	after_power_failures is_as_described
	on_disk mq-ctl create q/g
	described >description
	after_power_failures is_as_described
	on_disk mq-ctl set q retain=1h description=x
	described >description
	after_power_failures is_as_described
	on_disk mq-ctl set q/g max-attempts=7
	described >description
	grep -qx max-attempts=7 description
	after_power_failures is_as_described
}

# Of 1 to 20, 1 to 10 were settled, each in a commit of its own: 10 may be undone.
has_settled_nine() {
	sound q && mq-replay q/g >unsettled &&
	    { seq 10 20 | cmp -s - unsettled || seq 11 20 | cmp - unsettled; }
}

@test "what was settled stays so, but for the last commit" {
	can_be_loaded
	local n
	seq 20 | on_disk mq-pub q
	for n in {1..10}; do
		[ "$(on_disk mq-sub -c 1 q/g)" = "$n" ]
	done
	after_power_failures has_settled_nine
}

@test "what was acknowledged by receipt stays so, but for the last commit" {
	can_be_loaded
	local n
	seq 20 | on_disk mq-pub q
	on_disk mq-sub -m -c 20 -f '%r\n' q/g >receipts
	for n in {1..10}; do
		sed -n "${n}p" receipts | on_disk mq-ack
	done
	after_power_failures has_settled_nine
}

buries_once() {
	mq-sub -e q/g -- false || [ $? = 1 ] || return
	sound q q.dead && seq 5 | cmp - <(mq-replay q.dead)
}

@test "dead letters: once, though the settling was undone" {
	can_be_loaded
	on_disk mq-ctl create q/g
	on_disk mq-ctl set q/g max-attempts=1
	seq 5 | on_disk mq-pub q
	on_disk mq-sub -e q/g -- false
	after_power_failures buries_once
}

# The group's messages from $1 or one before it up to 10 are there, with their bodies.
has_from() {
	sound q && mq-replay -f '%S\n' q/slow >sizes || return
	cmp -s <(seq $((300000 + $1)) 300010) sizes ||
	    cmp <(seq $((300000 + $1 - 1)) 300010) sizes
}

@test "trimming: what was not settled is there, and every record has its body" {
	can_be_loaded
	local n
	on_disk mq-ctl create q/slow
	on_disk mq-ctl set q retain=0s
	for n in {1..10}; do
		head -c $((300000 + n)) /dev/zero >body
		on_disk mq-pub -F q body
	done
	for n in 1 2 3 4; do
		on_disk mq-sub -c 1 q/slow >taken
	done
	on_disk mq-sub -e q/fast >taken
	after_power_failures has_from 5
	on_disk mq-ctl trim q
	[ "$(mq-replay -f '%o\n' q | wc -l)" -lt 10 ]
	after_power_failures has_from 5
}

filters_once() {
	mq-sub -e in/g --to out -- sed 's/^/done /' || [ $? = 1 ] || return
	sound in out && seq -f 'done %g' 20 | cmp - <(mq-replay out | sort -k 2n)
}

@test "filters: each output once, though the settling was undone" {
	can_be_loaded
	local n
	seq 20 | on_disk mq-pub in
	for n in 1 2 3; do
		on_disk mq-sub -c 4 in/g --to out -- sed 's/^/done /'
		after_power_failures filters_once
	done
	on_disk mq-ctl set out sync=relaxed
	for n in 1 2; do
		on_disk mq-sub -c 4 in/g --to out -- sed 's/^/done /'
		after_power_failures filters_once
	done
}

# All that died was redriven: each message is there once to be dealt with.
redrives_once() {
	mq-ctl redrive -q q.dead || [ $? = 1 ] || return
	mq-sub -e q/g >again || [ $? = 1 ] || return
	sound q q.dead && seq 5 | cmp - <(sort -n again) && [ "$(depth q.dead/redrive)" = 0 ]
}

@test "redrive: each message comes back once, whenever the power fails" {
	can_be_loaded
	on_disk mq-ctl create q/g
	on_disk mq-ctl set q/g max-attempts=1
	seq 5 | on_disk mq-pub q
	on_disk mq-sub -e q/g -- false
	on_disk mq-ctl redrive -c 2 q.dead
	after_power_failures redrives_once
	on_disk mq-ctl redrive q.dead
	after_power_failures redrives_once
}

is_as_seen() {
	sound q && mq-replay -J q | cmp - seen && mq-replay q/g | cmp - unsettled
}

@test "compact: all that is retained is there, whenever the power fails" {
	can_be_loaded
	on_disk mq-ctl create q/g
	seq 3000 | on_disk mq-pub q
	on_disk mq-sub -c 2900 q/g >taken
	on_disk mq-sub -c 1 q/g >taken
	on_disk mq-ctl set q retain=0s
	on_disk mq-ctl trim q
	mq-replay -J q >seen
	mq-replay q/g >unsettled
	on_disk mq-ctl compact q
	after_power_failures is_as_seen
}

@test "backup: a copy that was told is whole, whenever the power fails" {
	can_be_loaded
	head -c 300000 /dev/zero >body
	seq 300 | mq-pub q
	mq-pub -F q body
	mq-sub -c 100 q/g >taken
	mq-replay -J q >seen
	mq-replay q/g >unsettled
	mkdir copies
	on_disk mq-ctl backup q copies
	MQ_SPOOL=$PWD/copies after_power_failures is_as_seen
}
