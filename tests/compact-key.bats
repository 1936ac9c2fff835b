#!/usr/bin/env bats
# compact-key.bats - compact=key: a queue that keeps each key's newest message

load lib/common
load lib/expect

table() {
	mq-ctl create q
	mq-ctl set q compact=key
}

lines() {
	printf '%s\n' "$@"
}

# updates N: N messages of 100 keys in turn.
updates() {
	seq "$1" | awk '{ printf "k%d:m-%06d-\n", $1 % 100, $1 }' | mq-pub -K : q
}

# newest N: what is left of them.
newest() {
	seq $(($1 - 99)) "$1" | awk '{ printf "m-%06d-\n", $1 }'
}

retained() {
	mq-stat -J q | jq -s 'map(select(.group == null)) | .[0].messages'
}

@test "only the newest of each key is kept, in the order of their ids" {
	table
	mq-pub -k a q a1
	mq-pub -k b q b1
	mq-pub -k a q a2
	[ "$(mq-replay q)" = "$(lines b1 a2)" ]
	[ "$(retained)" = 2 ]
	mq-pub -k b q b2
	[ "$(mq-replay q)" = "$(lines a2 b2)" ]
	[ "$(mq-replay --key a q)" = a2 ]
	[ "$(mq-replay --last 1 q)" = b2 ]
	[ "$(mq-replay --latest q)" = "$(lines a2 b2)" ]
	mq-ctl check q
	updates 5000
	[ "$(mq-replay q)" = "$(lines a2 b2; newest 5000)" ]
	mq-ctl check q
}

@test "compact: off and key only; it implies the index, and what index=key gives" {
	fails 78 'mq-ctl set: q: compact=on: is neither off nor key' \
	    bash -c 'mq-ctl create q && mq-ctl set q compact=on'
	mq-ctl set q compact=key
	[ "$(mq-ctl show --changed q)" = compact=key ]
	mq-pub -k a --expect-last 0 q a1
	run -75 mq-pub -k a --expect-last 0 q a2
	mq-ctl set q compact=off
	fails 78 'mq-pub: q: there is no index of keys*' mq-pub -k a --expect-last 0 q a2 ||
	    [[ $stderr = 'mq-pub: q: there is no index of keys'* ]]
	mq-pub -k a q a2
	[ "$(mq-replay q)" = "$(lines a1 a2)" ]
	mq-ctl check q
	mq-ctl set q index=key compact=key
	mq-ctl set q compact=off
	mq-pub -k c --expect-last 0 q c1
	mq-ctl check q
}

@test "a message without a key, or with a priority, is bad input: 65" {
	table
	run -65 --separate-stderr bash -c 'echo x | mq-pub q'
	[[ $stderr = *'stdin: record 1: q: compact=key needs a key' ]]
	run -65 --separate-stderr bash -c 'printf "a:1\n:2\n" | mq-pub -K : q'
	[[ $stderr = *'stdin: record 2: q: compact=key needs a key' ]]
	[ "$(mq-replay q)" = 1 ]
	printf 'b:1\n:2\nc:3\n' | mq-pub -K : --reject-to bad q
	[ "$(cat bad)" = :2 ]
	run -65 --separate-stderr bash -c 'echo x | mq-pub -k a -p 3 q'
	[[ $stderr = *'q: with compact=key messages have no priority' ]]
	mq-ctl check q
}

@test "what is there is compacted when it is turned on" {
	updates 30000
	mq-pub q none
	mq-ctl set q compact=key
	[ "$(mq-replay q)" = "$(newest 30000; echo none)" ]
	mq-ctl check q
	mq-ctl set q compact=off
	updates 300
	mq-ctl set q compact=key
	[ "$(mq-replay q)" = "$(echo none; newest 300)" ]
	mq-ctl check q
	# Also where there is an index already.
	mq-ctl set q index=key compact=off
	updates 300
	mq-ctl set q compact=key
	[ "$(mq-replay q)" = "$(echo none; newest 300)" ]
	mq-ctl check q
}

@test "turning it on is killed, and gone on with by set or trim" {
	local how kill
	command -v strace >/dev/null || skip "no strace"
	for how in 'mq-ctl trim q' 'mq-ctl set q description=x'; do
		for kill in 3 8 14; do
			updates 10000
			ASAN_OPTIONS=${ASAN_OPTIONS:-}:detect_leaks=0 \
			    run ! strace -qq -o /dev/null -e trace=fdatasync \
			    -e inject=fdatasync:signal=KILL:when="$kill" mq-ctl set q compact=key
			mq-ctl check q
			mq-pub -k k5 q new
			mq-ctl check q
			$how
			mq-ctl check q
			[ "$(mq-replay q)" = "$(newest 10000 | grep -v 05-; echo new)" ]
			mq-ctl set q compact=off
		done
	done
}

@test "a consumer that was away gets each key's newest only; depth is 0 then" {
	table
	updates 500
	mq-sub -e -c 30 q/g >/dev/null
	updates 5000
	[ "$(depth q/g)" -ge 100 ]
	run -0 mq-sub -e q/g
	assert_output "$(newest 5000)"
	[ "$(depth q/g)" = 0 ]
	[ "$(mq-stat -J q/g | jq -r 'select(.group == "g") | .delayed')" = 0 ]
	# A new group, at the oldest, and at other places.
	run -0 mq-sub -e q/h
	assert_output "$(newest 5000)"
	[ "$(depth q/h)" = 0 ]
	mq-replay --rewind -q --to -10 q/h
	run -0 mq-sub -e q/h
	assert_output "$(newest 5000 | tail -n 10)"
	mq-replay --rewind -q --to oldest q/h
	[ "$(depth q/h)" = 100 ]
	run -0 mq-sub -e q/h
	assert_output "$(newest 5000)"
	run -1 mq-sub -e q/h
	mq-ctl check q
}

@test "messages that are replaced while they are leased, held, delayed or waited for" {
	table
	mq-ctl create q/g
	mq-pub -k a q a1
	mq-pub -k b q b1
	mq-pub -k c -d 1h q c1
	mq-pub -k d q d1
	mq-sub -m -c 3 --prefetch 3 -f '%r\n' q/g >took
	mq-ack --retry -d 1h "$(sed -n 2p took)"
	# a1 is leased, b1 waits to be tried again, c1 is delayed, d1 leased.
	mq-ctl check q
	mq-pub -k a q a2
	mq-pub -k b q b2
	mq-pub -k c q c2
	mq-pub -k d q d2
	mq-ctl check q
	[ "$(mq-replay q)" = "$(lines a2 b2 c2 d2)" ]
	mq-ack "$(sed -n 1p took)"
	mq-ack --reject "$(sed -n 3p took)"
	run -0 mq-sub -e q/g
	assert_output "$(lines a2 b2 c2 d2)"
	MQ_NOW=+2h run -1 mq-sub -e q/g
	[ "$(depth q/g)" = 0 ]
	run -1 mq-replay q/g
	mq-ctl check q
}

@test "a newer message that is delayed: the older one is gone, the newer comes when it is due" {
	table
	mq-ctl create q/g
	mq-pub -k a q a1
	mq-pub -k a -d 1h q a2
	run -1 mq-sub -e q/g
	MQ_NOW=+2h run -0 mq-sub -e q/g
	assert_output a2
	[ "$(depth q/g)" = 0 ]
	mq-ctl check q
}

@test "ordered groups: a key whose message was replaced goes on" {
	table
	mq-ctl create q/g
	mq-ctl set q/g ordered=on
	mq-pub -k a q a1
	mq-pub -k b q b1
	mq-sub -m -c 2 --prefetch 2 -f '%r\n' q/g >took
	mq-pub -k a q a2
	mq-pub -k b q b2
	mq-pub -k b q b3
	mq-ctl check q
	run -1 mq-sub -e q/g
	mq-ack "$(sed -n 1p took)"
	mq-ack --release "$(sed -n 2p took)"
	run -0 mq-sub -e q/g
	assert_output "$(lines a2 b3)"
	[ "$(depth q/g)" = 0 ]
	mq-ctl check q
}

@test "priorities from before: delivered, and counted right" {
	local i
	for i in 1 2 3 4 5 6 7 8 9; do
		mq-pub -k "k$((i % 3))" -p $((i % 4)) q "p$i"
	done
	mq-ctl create q/g
	mq-sub -e -c 2 q/g >/dev/null
	mq-ctl set q compact=key
	mq-ctl check q
	mq-pub -k k1 q new
	run -0 mq-sub -e q/g
	[[ $output = *new* ]]
	[ "$(depth q/g)" = 0 ]
	run -1 mq-sub -e q/g
	mq-ctl check q
}

@test "skipped messages that are replaced do not hold anything up" {
	local id
	table
	mq-ctl create q/g
	mq-pub -k x q x1
	id=$(mq-pub -I -k a q a1)
	mq-pub -k b q b1
	mq-ctl skip q/g "$id"
	mq-pub -k a q a2
	run -0 mq-sub -e q/g
	assert_output "$(lines x1 b1 a2)"
	[ "$(depth q/g)" = 0 ]
	mq-ctl check q
}

@test "an empty body deletes its key after retain, once every group has passed it" {
	table
	mq-ctl set q retain=1h
	mq-ctl create q/g
	mq-pub -k a q a1
	mq-pub -k b q b1
	mq-pub -k a q ''
	[ "$(retained)" = 2 ]
	[ "$(mq-replay --latest q)" = b1 ]
	# Old enough, but the group has not seen it.
	MQ_NOW=+2h mq-ctl trim q
	[ "$(retained)" = 2 ]
	run -0 mq-sub -e q/g
	assert_output "$(lines b1 '')"
	# Seen, but not old enough.
	mq-ctl trim q
	[ "$(retained)" = 2 ]
	MQ_NOW=+2h mq-ctl trim q
	[ "$(mq-replay q)" = b1 ]
	mq-ctl check q
	# What is no tombstone stays, however old.
	MQ_NOW=+10d mq-ctl trim q
	[ "$(mq-replay q)" = b1 ]
	[ "$(depth q/g)" = 0 ]
	run -1 mq-sub -e q/g
	mq-pub -k a --expect-last 0 q a9
	run -0 mq-sub -e q/g
	assert_output a9
	mq-ctl check q
}

@test "tombstones go with what is published, without a group, and not with retain=forever" {
	local i
	table
	mq-ctl set q retain=1h
	for i in 1 2 3 4 5; do
		mq-pub -k "k$i" q "v$i"
		mq-pub -k "k$i" q ''
	done
	[ "$(retained)" = 5 ]
	MQ_NOW=+2h mq-pub -k new q new
	[ "$(mq-replay q | grep -c '^$')" = 3 ]
	MQ_NOW=+2h mq-pub -k new q new
	MQ_NOW=+2h mq-pub -k new q new
	[ "$(mq-replay q)" = new ]
	mq-ctl check q
	mq-ctl set q retain=forever
	mq-pub -k new q ''
	MQ_NOW=+900d mq-ctl trim q
	[ "$(retained)" = 1 ]
	mq-ctl check q
}

@test "tombstones from before compaction was turned on; none brings back what is older" {
	mq-ctl create q
	mq-ctl set q retain=1h
	for i in 1 2 3 4 5 6; do
		mq-pub -k a q "a$i"
	done
	mq-pub -k a q ''
	mq-pub -k b q b1
	mq-ctl set q compact=key
	[ "$(retained)" = 2 ]
	MQ_NOW=+2h mq-ctl trim q
	[ "$(mq-replay q)" = b1 ]
	mq-ctl check q
	mq-pub -k b q ''
	mq-ctl set q compact=off
	MQ_NOW=+2h mq-ctl trim q
	mq-ctl check q
	mq-ctl set q compact=key
	MQ_NOW=+2h mq-ctl trim q
	[ "$(retained)" = 0 ]
	mq-ctl check q
}

@test "retain and retain-bytes remove nothing else; purge does" {
	table
	updates 1000
	mq-sub -e q/g >/dev/null
	mq-ctl set q retain=1s retain-bytes=1
	MQ_NOW=+1h mq-ctl trim q
	MQ_NOW=+1h updates 100
	[ "$(retained)" = 100 ]
	mq-ctl purge q
	[ "$(retained)" = 0 ]
	mq-ctl check q
	updates 1000
	[ "$(mq-replay q)" = "$(newest 1000)" ]
	mq-ctl set q compact=off
	MQ_NOW=+1h mq-ctl trim q
	mq-ctl check q
}

@test "limits: drop-oldest in a compacted queue; a full one lets go" {
	table
	updates 1000
	mq-ctl set q max-messages=50 overflow=drop-oldest
	updates 30 2>/dev/null
	[ "$(retained)" -le 50 ]
	mq-ctl check q
	mq-ctl set q overflow=block
	mq-sub q/g >/dev/null 3>&- &
	timeout 100 bash -c "$(declare -f updates); updates 500"
	until_true '[ "$(depth q/g)" = 0 ]'
	kill $!
	[ "$(retained)" = 100 ]
	mq-ctl check q
	# Nobody consumes: it is full at 50.
	run -75 --separate-stderr bash -c 'seq 100 | mq-pub -W 0 -k other q'
	[ "$(mq-replay --key other q)" = 50 ]
	mq-ctl check q
}

@test "large bodies: the files of what was replaced go" {
	local i
	table
	head -c 300000 /dev/zero >large
	for i in 1 2 3; do
		mq-pub -F -k a q large
		mq-pub -F -k b q large large
	done
	[ "$(find "$MQ_SPOOL/q/blob" -type f | wc -l)" = 2 ]
	[ "$(retained)" = 2 ]
	mq-ctl check q
	mq-ctl set q compact=off
	mq-pub -F -k a q large large
	mq-ctl set q compact=key
	[ "$(find "$MQ_SPOOL/q/blob" -type f | wc -l)" = 2 ]
	mq-ctl check q
}

@test "replay of a compacted queue: by id, time, key, group; damage is named" {
	local ids
	table
	updates 1000
	mapfile -t ids < <(mq-replay -f '%o\n' q)
	run -0 mq-replay --since "${ids[90]}" q
	assert_output "$(newest 1000 | tail -n 10)"
	run -0 mq-replay --until "${ids[9]}" q
	assert_output "$(newest 1000 | head -n 10)"
	# An id of one that was replaced is a place all the same.
	run -0 mq-replay --since $((ids[0] - 1)) --until "${ids[1]}" q
	assert_output "$(newest 1000 | head -n 2)"
	mq-ctl create q/g
	[ "$(mq-replay q/g | wc -l)" = 100 ]
	perl -0777 -pi -e 's/m-000950-/m-00X950-/g or die' "$MQ_SPOOL/q/log.mdb"
	run -74 --separate-stderr mq-replay q
	assert_output "$(newest 1000 | grep -v 950)"
	[[ $stderr = *"message ${ids[49]}: damaged"* ]]
	run -74 mq-ctl check q
	# Neither is it replaced, nor does it keep its key from being published.
	mq-pub -k k50 q again
	run -74 --separate-stderr mq-ctl check q
	[[ $stderr = *"message ${ids[49]}: damaged"* ]]
}

@test "redrive: what was replaced does not come back, nor replace the newer one" {
	mq-ctl create q/g q/h
	mq-ctl set q/g max-attempts=1
	mq-ctl set q compact=key
	mq-pub -k a q a1
	mq-pub -k b q b1
	mq-sub -e q/g -- false || :
	mq-pub -k a q a2
	mq-ctl redrive q.dead
	[ "$(mq-replay q)" = "$(lines b1 a2)" ]
	mq-ctl trim q
	[ "$(mq-sub -e q/h)" = "$(lines b1 a2)" ]
	[ "$(mq-sub -e q/g | sort)" = "$(lines a2 b1)" ]
	mq-ctl check q
}

@test "a redriven copy, which one group sees, does not replace what all see" {
	mq-ctl create q/g q/h
	mq-ctl set q/g max-attempts=1
	mq-pub -k a q a1
	mq-sub -e q/g -- false || :
	mq-ctl purge q
	mq-pub -k a q a2
	mq-ctl redrive q.dead
	[ "$(mq-replay q)" = "$(lines a2 a1)" ]
	mq-ctl set q compact=key
	mq-ctl trim q
	[ "$(mq-sub -e q/h)" = a2 ]
	mq-pub -k a q a3
	[ "$(mq-replay q)" = a3 ]
	mq-ctl check q
}

@test "publishers and consumers at once: the newest of each key stands, and is seen" {
	local i pids=()
	table
	for i in 1 2 3; do
		updates 2000 3>&- &
		pids+=($!)
	done
	mq-sub -c 100 q/g >seen 3>&- &
	pids+=($!)
	for i in "${pids[@]}"; do
		wait "$i"
	done
	mq-sub -e q/g >>seen || :
	[ "$(depth q/g)" = 0 ]
	[ "$(retained)" = 100 ]
	mq-replay q | sort >left
	# Each that is left was seen.
	sort -u seen | comm -13 - left | { ! grep .; }
	mq-ctl check q
}

@test "a publisher that is killed leaves the older or the newer, never both or none" {
	local n
	command -v strace >/dev/null || skip "no strace"
	table
	updates 100
	for n in 1 2 3 4 5; do
		ASAN_OPTIONS=${ASAN_OPTIONS:-}:detect_leaks=0 run strace -qq -o /dev/null \
		    -e trace=pwrite64 -e inject=pwrite64:signal=KILL:when=$n mq-pub -k k7 q "new$n"
		mq-ctl check q
		[ "$(retained)" = 100 ]
		[ "$(mq-replay --key k7 q | wc -l)" = 1 ]
	done
}
