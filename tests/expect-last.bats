#!/usr/bin/env bats
# expect-last.bats - mq-pub --expect-last: optimistic concurrency, of a queue and of a key

load lib/common
load lib/expect

last_id() {
	mq-replay --last 1 -f '%o' "$@" q
}

keyed() {
	mq-ctl create q
	mq-ctl set q index=key
}

@test "of a queue: stored behind the message that is expected, or nothing is" {
	local first second
	first=$(mq-pub -I --expect-last 0 q a)
	second=$(mq-pub -I --expect-last "$first" q b)
	[ "$(last_id)" = "$second" ]
	fails 75 "mq-pub: q: the last message is $second, not $first" mq-pub --expect-last "$first" q c
	fails 75 "mq-pub: q: the last message is $second, but none was expected" mq-pub --expect-last 0 q c
	[ "$(mq-replay q)" = $'a\nb' ]
	mq-ctl check q
}

@test "of a key: messages of other keys do not count" {
	local a
	keyed
	a=$(mq-pub -I -k a --expect-last 0 q a1)
	mq-pub -k b --expect-last 0 q b1
	mq-pub -k b q b2
	mq-pub -k a --expect-last "$a" q a2
	fails 75 "mq-pub: q: the last message of key a is $(last_id --key a), not $a" \
	    mq-pub -k a --expect-last "$a" q a3
	fails 75 "mq-pub: q: the last message of key b is $(last_id --key b), but none was expected" \
	    mq-pub -k b --expect-last 0 q b3
	fails 75 "mq-pub: q: there is no message of key c, but $a was expected" \
	    mq-pub -k c --expect-last "$a" q c1
	[ "$(mq-replay q)" = $'a1\nb1\nb2\na2' ]
	# The empty key is one, too.
	mq-pub -k '' --expect-last 0 q n1
	fails 75 "mq-pub: q: the last message of key  is $(last_id --key ''), but none was expected" \
	    mq-pub -k '' --expect-last 0 q n2
	mq-ctl check q
}

@test "of a key without an index: 78, with the command that helps" {
	mq-pub -k a q a1
	fails 78 "mq-pub: q: there is no index of keys, which --expect-last with a key needs; to have one: mq-ctl -s $MQ_SPOOL set q index=key" \
	    mq-pub -k a --expect-last 0 q a2
	mq-ctl set q index=key
	mq-pub -k a --expect-last "$(last_id --key a)" q a2
	[ "$(mq-replay q)" = $'a1\na2' ]
}

@test "--atomic: all of the input or nothing" {
	local last
	keyed
	seq 3 | mq-pub -k a --atomic --expect-last 0 q
	last=$(last_id)
	mq-pub -k a q x
	run -75 --separate-stderr bash -c "seq 4 9 | mq-pub -k a --atomic --expect-last $last q"
	[ "$(mq-replay q)" = $'1\n2\n3\nx' ]
}

@test "several batches of one publisher: each expects what it has stored; others end it" {
	keyed
	mq-pub -k other q o
	mkfifo in
	mq-pub -k a --expect-last 0 -I q <in >ids 2>err 3>&- &
	exec 9>in
	echo a1 >&9
	until_true '[ -s ids ]'
	echo a2 >&9
	until_true '[ "$(wc -l <ids)" = 2 ]'
	mq-pub -k other q o
	echo a3 >&9
	until_true '[ "$(wc -l <ids)" = 3 ]'
	mq-pub -k a q foreign
	echo a4 >&9
	exec 9>&-
	local status=0
	wait $! || status=$?
	[ "$status" = 75 ]
	[ "$(cat err)" = "mq-pub: q: the last message of key a is $(last_id --key a), not $(tail -n 1 ids) (3 messages were published before)" ]
	[ "$(mq-replay --key a q)" = $'a1\na2\na3\nforeign' ]
}

@test "a hundred thousand lines, and large ones, in batches of their own" {
	seq 100000 | mq-pub --expect-last 0 q
	[ "$(mq-replay q | md5sum)" = "$(seq 100000 | md5sum)" ]
	head -c 300000 /dev/zero >large
	mq-pub -F --expect-last "$(last_id)" q large large
	fails 75 "mq-pub: q: the last message is $(last_id), but none was expected" \
	    mq-pub -F --expect-last 0 q large
	[ "$(find "$MQ_SPOOL/q/blob" -type f | wc -l)" = 2 ]
	mq-ctl check q
}

@test "a message that is there already under its message id is not what is expected next" {
	local first
	first=$(mq-pub -I -i once q a)
	mq-pub q b
	printf '{"body":"x","message_id":"once"}\n' |
	    mq-pub -J --expect-last "$(last_id)" q
	[ "$(mq-replay q)" = $'a\nb' ]
	printf '{"body":"x","message_id":"once"}\n{"body":"c"}\n' |
	    mq-pub -J --expect-last "$(last_id)" q
	[ "$(mq-replay q)" = $'a\nb\nc' ]
	[ "$first" != "$(last_id)" ]
}

@test "published again under its message id: done, and the first one's id" {
	local first second
	keyed
	first=$(mq-pub -I -i one -k a --expect-last 0 q a1)
	# The answer was lost.
	assert_equal "$(mq-pub -I -i one -k a --expect-last 0 q a1)" "$first"
	second=$(mq-pub -I -i two --expect-last "$first" q b)
	assert_equal "$(mq-pub -I -i two --expect-last "$first" q b)" "$second"
	# Whatever came after it.
	mq-pub -k a q a2
	assert_equal "$(mq-pub -I -i one -k a --expect-last 0 q a1)" "$first"
	[ "$(mq-replay q)" = $'a1\nb\na2' ]
	# Another one is held against the last, and so is one whose first was removed.
	run -75 mq-pub -i three -k a --expect-last 0 q a3
	mq-ctl purge -q q
	mq-pub -i one -k a --expect-last 0 q a4
	[ "$(mq-replay q)" = a4 ]
}

@test "--atomic, published again: done if all of it is there, refused if some of it is" {
	local last
	mq-pub q first
	last=$(last_id)
	printf '{"body":"%s","message_id":"%s"}\n' a 1 b 2 c 3 >batch
	mq-pub -J -I --atomic --expect-last "$last" q <batch >ids
	[ "$(wc -l <ids)" = 3 ]
	mq-pub -J -I --atomic --expect-last "$last" q <batch | cmp - ids
	echo '{"body":"d","message_id":"4"}' >>batch
	fails 75 "mq-pub: q: the last message is $(last_id), not $last" \
	    mq-pub -J --atomic --expect-last "$last" q <batch
	[ "$(mq-replay q)" = $'first\na\nb\nc' ]
}

@test "a queue that is not there: what can't be expected of a new one makes none" {
	mq-pub other x
	fails 66 "mq-pub: q: no such queue in $MQ_SPOOL" mq-pub -k a --expect-last 0 q a
	fails 66 "mq-pub: q: no such queue in $MQ_SPOOL" mq-pub --expect-last "$(mq-replay -f %o other)" q a
	assert_equal "$(ls "$MQ_SPOOL")" other
	mq-pub --expect-last 0 q a
	[ "$(mq-replay q)" = a ]
}

@test "what was trimmed counts no more" {
	keyed
	mq-pub -k a q a1
	mq-ctl purge q
	mq-pub -k a --expect-last 0 q a2
	[ "$(mq-replay q)" = a2 ]
}

@test "not an id: 64, and nothing is made" {
	local bad
	mq-pub other x
	for bad in x 12 -1 1e18 '' 99999999999999999999999; do
		run -64 --separate-stderr mq-pub --expect-last="$bad" q a
		[[ $stderr = *"'$bad': not an id"* ]] || { echo "$bad: $stderr"; return 1; }
	done
	run -64 --separate-stderr mq-pub -K : --expect-last 0 q
	[[ $stderr = 'mq-pub: --expect-last: not with -K: '* ]]
	run -64 --separate-stderr mq-pub -J -k a --expect-last 0 q
	[[ $stderr = 'mq-pub: --expect-last: not with -J and -k: '* ]]
	assert_equal "$(ls "$MQ_SPOOL")" other
}

# add GROUP: adds 1 to the number in the last event of the key, 20 times, whoever else does.
add() {
	local i id value
	for ((i = 0; i < 20; i++)); do
		while :; do
			read -r id value < <(mq-replay --key n --last 1 -f '%o %s\n' q || echo 0 0)
			mq-pub -q -k n --expect-last "$id" q $((value + 1)) 2>>lost && break
			[ $? = 75 ] || return 1
		done
	done
}

@test "several writers that read, change and append: no update is lost" {
	local pids=() i
	keyed
	for i in 1 2 3 4; do
		add 3>&- &
		pids+=($!)
	done
	for i in "${pids[@]}"; do
		wait "$i"
	done
	[ "$(mq-replay --key n q)" = "$(seq 80)" ]
	mq-ctl check q
}
