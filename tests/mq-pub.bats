#!/usr/bin/env bats
# mq-pub.bats - every option and every error of mq-pub

load lib/common
load lib/expect

# --------------------------------------------------------- where messages come from

@test "operands are messages, in order, and stdin is not read" {
	run -0 --separate-stderr mq-pub q one 'two words' '' $'two\nlines' </
	assert_output ''
	[ "$stderr" = '' ]
	run -0 mq-replay -f '[%s]' q
	assert_output $'[one][two words][][two\nlines]'
}

@test "operands that begin with -: numbers, and all behind --" {
	mq-pub q -5 -- -x --help
	run -0 mq-replay q
	assert_output $'-5\n-x\n--help'
}

@test "options are found behind the queue too" {
	mq-pub q message -k key
	run -0 mq-replay -f '%k %s' q
	assert_output 'key message'
}

@test "stdin: a line is a message; the last needs no newline; empty lines count" {
	printf 'one\n\nthree' >in
	run -0 --separate-stderr mq-pub q <in
	assert_output ''
	run -0 mq-replay -f '[%s]' q
	assert_output '[one][][three]'
}

@test "stdin: a newline at the end begins no message, and nothing is none" {
	printf 'one\n' | mq-pub q
	mq-pub q </dev/null
	has messages q 1
}

@test "-1: all of stdin is one message, even if it is empty" {
	printf 'a\nb\n' | mq-pub -1 q
	mq-pub --one q </dev/null
	run -0 mq-replay -f '[%s]' q
	assert_output $'[a\nb\n][]'
}

@test "-F: each file is a message, also one that is empty" {
	printf 'a\nb\n' >first
	: >empty
	printf 'c' >-third
	mq-pub -F q first empty ./-third
	mq-pub --files q -- -third
	run -0 mq-replay -f '[%s]' q
	assert_output $'[a\nb\n][][c][c]'
}

@test "-F: a missing file, a directory: named; what came before is published" {
	echo body >first
	mkdir dir
	fails 65 'mq-pub: gone: No such file or directory' mq-pub -F q first gone first
	fails 65 'mq-pub: dir: is a directory' mq-pub -F q first dir first
	has messages q 2
}

@test "-F --atomic: a missing file, and nothing is published" {
	echo body >first
	fails 65 'mq-pub: gone: No such file or directory' mq-pub --atomic -F q first gone
	has messages q 0
}

@test "-F: a file that may not be read" {
	echo body >secret
	chmod 600 secret
	for_everybody
	chmod 777 .
	fails 65 'mq-pub: secret: Permission denied' as_nobody mq-pub -F q secret
}

@test "stdin: a directory, closed, or open for writing only" {
	fails 74 'mq-pub: stdin: is a directory' mq-pub q </
	fails 74 'mq-pub: stdin: is a directory' mq-pub -1 q </
	fails 74 'mq-pub: stdin: Bad file descriptor' sh -c 'mq-pub q <&-'
	: >file
	fails 74 'mq-pub: stdin: Bad file descriptor' mq-pub q 0>file
}

@test "a producer that is slow is published promptly" {
	local pid
	mkfifo in
	mq-pub q <in 3>&- &
	pid=$!
	exec 7>in
	echo one >&7
	until_true '[ "$(messages q)" = 1 ]'
	printf 'two\nthr' >&7
	until_true '[ "$(messages q)" = 2 ]'
	echo ee >&7
	until_true '[ "$(messages q)" = 3 ]'
	kill -0 "$pid"
	exec 7>&-
	wait "$pid"
	run -0 mq-replay q
	assert_output $'one\ntwo\nthree'
}

@test "a producer that is slow is published promptly under -J, -K and -I too" {
	local pid options
	mkfifo in
	for options in -J '-K :' -I '--reject-to bad'; do
		# shellcheck disable=SC2086 # an option and its argument
		mq-pub $options q <in >ids 3>&- &
		pid=$!
		exec 7>in
		printf '{"key":"k"}\n' >&7
		until_true '[ "$(messages q)" = 1 ]'
		[ "$options" != -I ] || until_true '[ "$(wc -l <ids)" = 1 ]'
		exec 7>&-
		wait "$pid"
		mq-ctl delete -f q
	done
}

@test "-J: a slow producer's half of a line is waited for" {
	local pid
	mkfifo in
	mq-pub -J q <in 3>&- &
	pid=$!
	exec 7>in
	printf '{"body":"one"}\n{"body":' >&7
	until_true '[ "$(messages q)" = 1 ]'
	printf '"two"}\n' >&7
	until_true '[ "$(messages q)" = 2 ]'
	exec 7>&-
	wait "$pid"
}

# --------------------------------------------------------------- keys and headers

@test "-k: the key of all messages" {
	mq-pub -k user.7 q a b
	mq-pub --key 'ключ' q c
	mq-pub -k '' q d
	mq-pub -k "$(printf 'k%.0s' {1..255})" q e
	run -0 mq-replay -f '%k|%K|%s\n' q
	assert_line -n 0 'user.7|6|a'
	assert_line -n 1 'user.7|6|b'
	assert_line -n 2 'ключ|8|c'
	assert_line -n 3 '|0|d'
	assert_line -n 4 --regexp '^k{255}\|255\|e$'
}

@test "-k: too long, not UTF-8" {
	fails 64 'mq-pub: key has 256 bytes, at most 255' \
	    mq-pub -k "$(printf 'k%.0s' {1..256})" q a
	fails 64 'mq-pub: key is not UTF-8 (byte 2)' mq-pub -k $'k\xff' q a
	untouched
}

@test "-K: key and body are split at the first delimiter" {
	printf 'a:1\nb:2:3\n:4\nc:\n' | mq-pub -K : q
	printf 'd\t5\n' | mq-pub --key-delimiter '\t' q
	printf 'e::6\n' | mq-pub -K :: q
	mq-pub -K = q f=7
	run -0 mq-replay -f '%k|%s\n' q
	assert_output $'a|1\nb|2:3\n|4\nc|\nd|5\ne|6\nf|7'
}

@test "-K with -F, -1 and -0" {
	printf 'a:1\n2' >file
	mq-pub -K : -F q file
	mq-pub -K : -1 q <file
	printf 'b:3\0c:4' | mq-pub -0 -K : q
	run -0 mq-replay -f '%k|%s;' q
	assert_output $'a|1\n2;a|1\n2;b|3;c|4;'
}

@test "-K: no delimiter in record 3: records 1 and 2 are published, record 3 is named" {
	printf 'a:1\nb:2\nc\nd:4\n' >in
	fails 65 'mq-pub: stdin: record 3: no key: the delimiter of -K is not in it' \
	    mq-pub -K : q <in
	run -0 mq-replay -f '%k%s\n' q
	assert_output $'a1\nb2'
	fails 64 'mq-pub: command line: message 2: no key: the delimiter of -K is not in it' \
	    mq-pub -K : q c:3 d
	has messages q 3
}

@test "-K: a key that is too long or no UTF-8 is a bad record" {
	{ echo a:1; printf 'k%.0s' {1..256}; echo :2; } >in
	fails 65 'mq-pub: stdin: record 2: key has 256 bytes, at most 255' \
	    mq-pub -K : q <in
	printf '\xff:1\n' >in
	fails 65 'mq-pub: stdin: record 1: key is not UTF-8 (byte 1)' mq-pub -K : q <in
	has messages q 1
}

@test "-K: large bodies have keys too, and a bad one is named" {
	{ printf 'big:'; head -c 300000 /dev/zero | tr '\0' x; echo; echo small:1; } >in
	mq-pub -K : q <in
	run -0 mq-replay -f '%k|%S\n' q
	assert_output $'big|300000\nsmall|1'
	{ echo a:1; head -c 300000 /dev/zero | tr '\0' x; echo; } >in
	fails 65 'mq-pub: stdin: record 2: no key: the delimiter of -K is not in it' \
	    mq-pub -K : q <in
	has messages q 3
}

@test "-H: headers, in order, with = and nothing in the value" {
	mq-pub -H a=1 -H b=x=y --header c= q body
	run -0 mq-replay -f '%h' q
	assert_output 'a=1,b=x=y,c='
}

@test "-H: a header that is repeated has all its values, in order" {
	mq-pub -H a=1 -H b=x -H a=2 q body
	run -0 sh -c 'mq-replay -J q | jq -Sc .headers'
	assert_output '{"a":["1","2"],"b":"x"}'
	run -0 mq-sub -e -f '%h' q
	[ "$(tr , '\n' <<<"$output" | grep ^a)" = $'a=1\na=2' ]
}

@test "-H: a header that is repeated stays where it was, between others" {
	mq-pub -H a=1 -H b=x=y -H a=2 --header c= q body
	run -0 mq-replay -f '%h' q
	assert_output 'a=1,b=x=y,a=2,c='
}

@test "-H: malformed" {
	fails 64 "mq-pub: -H: 'name': not NAME=VALUE" mq-pub -H name q a
	fails 64 "mq-pub: -H: '=value': not NAME=VALUE" mq-pub -H =value q a
	fails 64 'mq-pub: value of header 2 is not UTF-8 (byte 1)' \
	    mq-pub -H a=1 -H $'b=\xff' q a
	fails 64 'mq-pub: option -H needs an argument' mq-pub q -H
}

@test "-H: more than 64 KiB" {
	local value
	value=$(head -c 32000 /dev/zero | tr '\0' v)
	mq-pub -H "a=$value" -H "b=$value" q body
	run -64 --separate-stderr mq-pub -H "a=$value" -H "b=$value" -H "c=$value" q body
	[[ $stderr == 'mq-pub: headers have '*' bytes, at most 65536'* ]]
	has messages q 1
}

@test "-J: -k and -H fill what an envelope lacks, and replace nothing" {
	printf '%s\n' '{"body":"1"}' '{"body":"2","key":"own","headers":{"a":"own"}}' |
	    mq-pub -J -k given -H a=given -H b=given q
	run -0 mq-replay -f '%s %k %h\n' q
	assert_output $'1 given a=given,b=given\n2 own a=own,b=given'
}

# --------------------------------------------------------------------- message ids

@test "-i: a message is published once, and the repeat has the id of the first" {
	first=$(mq-pub -I -i order-17 q one)
	run -0 mq-pub -I --message-id order-17 q two
	assert_output "$first"
	run -0 sh -c 'echo three | mq-pub -I -i order-17 q'
	assert_output "$first"
	mq-pub -i order-18 q four
	run -0 mq-replay q
	assert_output $'one\nfour'
	run -0 sh -c 'mq-replay -J q | jq -r .message_id'
	assert_output $'order-17\norder-18'
}

@test "-i: with -1, -F, a long record and -J" {
	printf 'a\nb' | mq-pub -1 -i m1 q
	printf c >file
	mq-pub -F -i m2 q file
	head -c 300000 /dev/zero | mq-pub -i m3 q
	head -c 300000 /dev/zero | mq-pub -i m3 q
	echo '{"body":"d"}' | mq-pub -J -i m4 q
	run -0 sh -c 'mq-replay -J q | jq -r .message_id'
	assert_output $'m1\nm2\nm3\nm4'
	sound q
}

@test "-i is free again when the first is gone" {
	mq-ctl create q
	mq-pub -i m q one
	mq-ctl purge q
	mq-pub -i m q two
	run -0 mq-replay q
	assert_output two
}

@test "-i: a second record is bad; envelopes with ids of their own are not" {
	run -65 --separate-stderr sh -c 'printf "one\ntwo\n" | mq-pub -i m q'
	[ "$stderr" = 'mq-pub: stdin: record 2: a second one, but -i is for one message' ]
	run -0 mq-replay q
	assert_output one
	printf '%s\n' '{"body":"a","message_id":"a"}' '{"body":"b"}' '{"body":"c","message_id":"c"}' |
	    mq-pub -J -i b j
	run -0 sh -c 'mq-replay -J j | jq -r .message_id'
	assert_output $'a\nb\nc'
	run -65 sh -c 'printf "one\ntwo\n" | mq-pub --atomic -i n n'
	has messages n 0
	printf 'one\ntwo\nthree\n' | mq-pub -q --reject-to bad -i r r
	has messages r 1
	assert_equal "$(<bad)" $'two\nthree'
}

@test "-i: malformed, or for several operands" {
	fails 64 'mq-pub: -i: the message id is empty' mq-pub -i '' q x
	fails 64 'mq-pub: -i: a message id is for one message, not for 2' mq-pub -i m q x y
	fails 64 'mq-pub: -i: a message id is for one message, not for 2' mq-pub -F -i m q x y
	run -64 --separate-stderr mq-pub -i "$(printf 'i%.0s' {1..256})" q x
	[[ $stderr == 'mq-pub: message id has 256 bytes, at most 255'* ]]
	run -64 mq-pub -i $'\xff' q x
	untouched
}

# ------------------------------------------------------------------------- framing

@test "-D and -0: other delimiters" {
	printf 'a--b--c' | mq-pub -D -- q
	printf 'd\0e\nf\0' | mq-pub --null q
	printf 'g\nh\x01\ni' | mq-pub --delimiter '\x01\n' q
	run -0 mq-replay -f '[%s]' q
	assert_output $'[a][b][c][d][e\nf][g\nh][i]'
}

@test "-D: malformed, or without records to delimit" {
	fails 64 "mq-pub: -D: '\\q': has an escape that is not \\n \\t \\r \\0 \\\\ or \\xNN" \
	    mq-pub -D '\q' q
	fails 64 "mq-pub: -D: '\\x4': has an escape that is not \\n \\t \\r \\0 \\\\ or \\xNN" \
	    mq-pub -D '\x4' q
	fails 64 'mq-pub: -D: the delimiter is empty' mq-pub -D '' q
	fails 64 "mq-pub: -D: '$(printf 'd%.0s' {1..300})': is too long" \
	    mq-pub -D "$(printf 'd%.0s' {1..300})" q
	fails 64 'mq-pub: -K: the delimiter is empty' mq-pub -K '' q
	fails 64 'mq-pub: -D and -0 are for records on stdin' mq-pub -D x q operand
	fails 64 'mq-pub: -D and -0 are for records on stdin' mq-pub -0 -1 q
	untouched
}

# ---------------------------------------------------------------- what is printed

@test "-I: an id for each message, in the order of the input, ascending" {
	seq 50000 | mq-pub -I q >ids
	[ "$(wc -l <ids)" = 50000 ]
	sort -nuc ids
	mq-replay -f '%o %s\n' q >have
	paste -d ' ' ids <(seq 50000) >want
	cmp want have
	run -0 mq-pub --print-ids q last
	assert_output "$(mq-replay --last 1 -f %o q)"
}

@test "-I: what is printed is durable: synced before it is written" {
	mq-ctl create q
	ASAN_OPTIONS=${ASAN_OPTIONS:-}:detect_leaks=0 strace -o trace \
	    -e trace=fdatasync,fsync,write mq-pub -I q message >ids
	# The last sync before it is the commit's; the page that wakes others comes after.
	run -0 awk '/^(fdatasync|fsync)\(/ { synced = / = 0$/ } /^write\(1,/ { print synced + 0 }' trace
	assert_output 1
	[ "$(cat ids)" = "$(mq-replay -f %o q)" ]
}

@test "ids are the clock's, whatever MQ_NOW is, and it enters no time" {
	local id
	id=$(MQ_NOW=+30d mq-pub -I q message)
	[ "${id:0:10}" -le "$(date +%s)" ]
	[ "${id:0:10}" -gt $(($(date +%s) - 60)) ]
	run -0 mq-replay -f %T q
	[ "${output:0:10}" -le "$(date +%s)" ]
}

@test "--receipts: prints each envelope's receipt, once its copy is durable" {
	seq 100 | mq-pub a
	mq-sub -m -e -J a/g >taken
	mq-pub -J --receipts b <taken >receipts
	jq -r .receipt taken >want
	cmp want receipts
	mq-ack <receipts
	has depth a/g 0
	run -0 mq-replay b
	assert_output "$(seq 100)"
}

@test "--receipts: an envelope without one, or with a malformed one, is a bad record" {
	printf '%s\n' '{"body":"1","receipt":"a/g/1.2"}' '{"body":"2"}' >in
	fails 65 'mq-pub: stdin: record 2: no "receipt", which --receipts is to print' \
	    mq-pub -J --receipts q <in
	assert_output 'a/g/1.2'
	printf '%s\n' '{"body":"1","receipt":"nonsense"}' >in
	fails 65 'mq-pub: stdin: record 1: "receipt" is malformed' mq-pub -J --receipts q <in
	assert_output ''
	has messages q 1
	fails 64 'mq-pub: --receipts: only envelopes (-J) have receipts' mq-pub --receipts q
	fails 64 'mq-pub: --receipts and -I: only one of them can be printed' \
	    mq-pub -J -I --receipts q
}

@test "stdout closed, full or broken while ids are printed: 74, and it says what was published" {
	local text='mq-pub: stdout: ids not written, but 1 message was published:'
	run -74 --separate-stderr sh -c 'mq-pub -I q 1 >&-'
	[ "$stderr" = "$text Bad file descriptor" ]
	run -74 --separate-stderr sh -c 'mq-pub -I q 2 >/dev/full'
	[ "$stderr" = "$text No space left on device" ]
	run -74 --separate-stderr bash -c 'exec > >(exec true); wait $!; mq-pub -I q 3'
	[ "$stderr" = "$text Broken pipe" ]
	has messages q 3
}

@test "stdout is not touched without -I" {
	mq-pub q 1 >&-
	mq-pub q 2 >/dev/full
	has messages q 2
}

@test "stderr closed: nothing lands in a file of the spool" {
	echo one | mq-pub -v q 2>&-
	run ! mq-pub -k $'\xff' q body 2>&-
	run -0 mq-replay q
	assert_output one
	sound q
}

@test "-v says how many were published, -q says nothing but errors" {
	run -0 --separate-stderr mq-pub -v q a b
	[ "$stderr" = 'mq-pub: q: 2 messages were published' ]
	run -0 --separate-stderr mq-pub q a
	[ "$stderr" = '' ]
	printf 'nokey\na:1\n' >in
	run -0 --separate-stderr mq-pub --reject-to bad -K : q <in
	[ "$stderr" = 'mq-pub: bad: 1 bad record was put there' ]
	run -0 --separate-stderr mq-pub --quiet --reject-to bad -K : q <in
	[ "$stderr" = '' ]
	fails 65 'mq-pub: stdin: record 1: no key: the delimiter of -K is not in it' \
	    mq-pub -q -K : q <in
}

# ------------------------------------------------------------------------- atomic

@test "--atomic: all of the input" {
	seq 50000 | mq-pub --atomic -I q >ids
	[ "$(wc -l <ids)" = 50000 ]
	run -0 mq-replay q
	assert_output "$(seq 50000)"
	mq-pub --atomic q a b
	has messages q 50002
}

@test "--atomic: a bad record in the middle, and nothing is published" {
	{ seq 50000 | sed 's/^/{"body":"/; s/$/"}/'; echo '{"body"'; echo '{}'; } >in
	run -65 --separate-stderr mq-pub -J --atomic -I q <in
	assert_output ''
	[[ $stderr == 'mq-pub: stdin: record 50001: invalid JSON at byte '* ]]
	has messages q 0
}

@test "--atomic: a bad record behind a large one: nothing, and no file stays" {
	{ printf 'a:'; head -c 400000 /dev/zero | tr '\0' x; echo; echo nokey; } >in
	fails 65 'mq-pub: stdin: record 2: no key: the delimiter of -K is not in it' \
	    mq-pub --atomic -K : q <in
	has messages q 0
	mq-ctl trim -q q
	run -0 ls spool/q/blob
	assert_output ''
}

@test "--atomic: several large bodies" {
	head -c 400000 /dev/urandom >a
	head -c 500000 /dev/urandom >b
	mq-pub --atomic -F q a b
	mq-replay -c 1 -f %s q | cmp - a
	mq-replay --last 1 -f %s q | cmp - b
}

@test "--atomic: an input that is too large is refused, whatever it is made of" {
	local text='mq-pub: stdin: more than --atomic can publish at once (64 MiB); nothing was published'
	head -c 68000000 /dev/zero | tr '\0' x | fold -w 1000 >in
	fails 65 "$text" mq-pub --atomic q <in
	# The messages are tiny, but they are many.
	yes '' | head -n 1200000 >in
	fails 65 "$text" mq-pub --atomic q <in
	has messages q 0
}

@test "--atomic: stopped by a signal, and nothing is published" {
	mkfifo in
	watched how mq-pub --atomic q <in 2>said 3>&- &
	exec 7>in
	echo one >&7
	until_true 'exists q && [ -e how.pid ]'
	kill -TERM "$(cat how.pid)"
	until_true '[ -e how ]'
	exec 7>&-
	[ "$(cat how)" = 'exit 75' ]
	[ "$(cat said)" = 'mq-pub: q: stopped by a signal: 0 messages were published' ]
	has messages q 0
}

# ---------------------------------------------------------------------- bad records

@test "--reject-to: bad records are put there, the others are published" {
	printf '%s\n' '{"body":"1"}' nonsense '{"body":"2"}' '[]' '{"body":"3"}' >in
	run -0 --separate-stderr mq-pub -J -I --reject-to bad q <in
	[ "${#lines[@]}" = 3 ]
	run -0 mq-replay q
	assert_output $'1\n2\n3'
	[ "$(cat bad)" = $'nonsense\n[]' ]
	# It is appended to.
	run -0 mq-pub -J --reject-to bad q <in
	[ "$(cat bad)" = $'nonsense\n[]\nnonsense\n[]' ]
}

@test "--reject-to: large records whole, with the delimiter that is in use" {
	mq-ctl create q
	mq-ctl set q max-message=300K
	head -c 400000 /dev/zero | tr '\0' x >long
	{ echo short; cat long; printf '\0'; cat long; printf '\0last'; } >in
	mq-pub -q -0 --reject-to bad q <in
	{ cat long; printf '\0'; } >want
	{ echo short; cat long; printf '\0'; cat want; } | cmp - bad
	run -0 mq-replay q
	assert_output last
}

@test "--reject-to: no place for a long record until it is known to be good" {
	head -c 3M /dev/zero | tr '\0' x >in
	fails 71 "mq-pub: $PWD/none: temporary file: No such file or directory" \
		env TMPDIR="$PWD/none" mq-pub --reject-to bad q <in
	mkdir tmp
	env TMPDIR="$PWD/tmp" mq-pub --reject-to bad q <in
	[ -z "$(ls -A tmp)" ]
	has messages q 1
}

@test "--reject-to: a file that can't be written, before anything is published" {
	echo nonsense >in
	fails 74 'mq-pub: no/file: No such file or directory' \
	    mq-pub -J --reject-to no/file q <in
	fails 74 'mq-pub: .: Is a directory' mq-pub -J --reject-to . q <in
	untouched
	fails 74 'mq-pub: /dev/full: No space left on device' \
	    mq-pub -J --reject-to /dev/full q <in
}

@test "--reject-to with --atomic: the good ones at once" {
	printf 'a:1\nbad\nb:2\n' >in
	run -0 mq-pub -q --atomic --reject-to bad -K : q <in
	[ "$(cat bad)" = bad ]
	has messages q 2
}

# -------------------------------------------------------------------------- limits

@test "max-message: a record that is longer is named, and one that is not goes" {
	mq-ctl create q
	mq-ctl set q max-message=10
	printf '1234567890\n12345678901\nthree\n' >in
	fails 65 'mq-pub: stdin: record 2: q: message of more than 10 bytes (max-message)' \
	    mq-pub q <in
	fails 64 'mq-pub: command line: message 2: q: message of more than 10 bytes (max-message)' \
	    mq-pub q short 12345678901
	fails 65 'mq-pub: in: q: message of more than 10 bytes (max-message)' mq-pub -F q in
	fails 65 'mq-pub: stdin: q: message of more than 10 bytes (max-message)' mq-pub -1 q <in
	echo '{"body":"12345678901"}' >in
	fails 65 'mq-pub: stdin: record 1: q: message of more than 10 bytes (max-message)' \
	    mq-pub -J q <in
	has messages q 2
}

@test "max-message: large records too, from every kind of input; nothing stays of them" {
	local options
	mq-ctl create q
	mq-ctl set q max-message=1M
	head -c 1048576 /dev/zero | tr '\0' x >fits
	{ cat fits; printf x; } >long
	mq-pub -F q fits
	mq-pub -1 q <fits
	mq-pub q <fits
	fails 65 'mq-pub: long: q: message of more than 1048576 bytes (max-message)' \
	    mq-pub -F q long
	fails 65 'mq-pub: stdin: q: message of more than 1048576 bytes (max-message)' \
	    mq-pub -1 q <long
	fails 65 'mq-pub: stdin: record 1: q: message of more than 1048576 bytes (max-message)' \
	    mq-pub q <long
	mq-replay -J -c 1 q | sed 's/x"/xx"/' >in
	fails 65 'mq-pub: stdin: record 1: q: message of more than 1048576 bytes (max-message)' \
	    mq-pub -J q <in
	has messages q 3
	mq-ctl trim -q q
	[ "$(ls spool/q/blob | wc -l)" = 3 ]
	sound q
}

@test "a record without end does not take all memory" {
	mq-ctl create q
	mq-ctl set q max-message=1M
	run -65 --separate-stderr bash -c \
	    'set -o pipefail; yes | tr -d "\n" | { ulimit -t 60; mq-pub q; }'
	[ "$stderr" = 'mq-pub: stdin: record 1: q: message of more than 1048576 bytes (max-message)' ]
	run -65 --separate-stderr bash -c 'yes "[" | tr -d "\n" | mq-pub -J q'
	[ "$stderr" = 'mq-pub: stdin: record 1: longer than any message can be' ]
	has messages q 0
}

# ------------------------------------------------------------------- command lines

@test "usage errors" {
	fails 64 'mq-pub: no option -y' mq-pub -y q a
	fails 64 'mq-pub: no option --nothing' mq-pub --nothing q a
	fails 64 'mq-pub: ambiguous option --re: --receipts, --reject-to' mq-pub --re q a
	fails 64 'mq-pub: option --envelopes takes no argument' mq-pub --envelopes=yes q a
	fails 64 'mq-pub: option -k needs an argument' mq-pub q -k
	fails 64 'mq-pub: option --key needs an argument' mq-pub q --key
	fails 64 'mq-pub: -F: no files named' mq-pub -F q
	fails 64 'mq-pub: -1: stdin is not read when there are operands' mq-pub -1 q a
	fails 64 "mq-pub: -K: the key can't come from -k too" mq-pub -K : -k k q
	fails 64 "mq-pub: -K: the key can't come from -J too" mq-pub -K : -J q
	fails 64 "mq-pub: -s: the spool's name is empty" mq-pub -s '' q a
	untouched
}

@test "names of queues" {
	local max
	max=$(printf 'n%.0s' {1..95})
	mq-pub "$max" a
	mq-pub _1.A-b a
	fails 64 "mq-pub: '${max}n': a name has at most 95 bytes" mq-pub "${max}n" a
	fails 64 "mq-pub: '': a name is empty" mq-pub '' a
	fails 64 "mq-pub: '.q': a name must begin with a letter, digit or _" mq-pub .q a
	fails 64 "mq-pub: '..': a name must begin with a letter, digit or _" mq-pub .. a
	fails 64 "mq-pub: '-q': a name must begin with a letter, digit or _" mq-pub -- -q a
	fails 64 "mq-pub: 'a b': a name has only letters, digits, '.', '_' and '-'" mq-pub 'a b' a
	fails 64 "mq-pub: 'ä': a name has only letters, digits, '.', '_' and '-'" mq-pub ä a
	fails 64 "mq-pub: 'q/g': messages go to a queue, not to a group" mq-pub q/g a
	fails 64 "mq-pub: '../q': a name must begin with a letter, digit or _" mq-pub ../q a
	run -0 mq-ctl list
	assert_output "$(printf '%s\n' _1.A-b "$max")"
}

@test "MQ_AUTOCREATE=no: a spool that is not there" {
	fails 66 "mq-pub: $MQ_SPOOL: no such spool" env MQ_AUTOCREATE=no mq-pub q a
	untouched
}

@test "MQ_AUTOCREATE=no: a queue that is not there" {
	mq-ctl create other
	fails 66 "mq-pub: q: no such queue$in_spool" env MQ_AUTOCREATE=no mq-pub q a
	MQ_AUTOCREATE=no mq-pub other a
	MQ_AUTOCREATE=yes mq-pub q a
	MQ_AUTOCREATE='' mq-pub q a
	has messages q 2
}

@test "malformed variables" {
	fails 64 "mq-pub: MQ_AUTOCREATE: 'perhaps': not yes or no" \
	    env MQ_AUTOCREATE=perhaps mq-pub q a
	run -64 --separate-stderr env MQ_NOW=sometime mq-pub q a
	[[ $stderr == "mq-pub: MQ_NOW: 'sometime': is no offset and no time: +2h, -1d, now, "* ]]
	MQ_NOW=2h run -64 --separate-stderr mq-pub q a
	[[ $stderr == "mq-pub: MQ_NOW: '2h': is no offset and no time: +2h, -1d, now, "* ]]
	fails 64 "mq-pub: MQ_MAPSIZE: 'big': needs a number" env MQ_MAPSIZE=big mq-pub q a
	fails 64 "mq-pub: MQ_MAPSIZE: '0': out of range" env MQ_MAPSIZE=0 mq-pub q a
	untouched
}

@test "where the spool is: -s, MQ_SPOOL, XDG_STATE_HOME, HOME" {
	mq-pub -s one q a
	mq-pub --spool=two/deep q a
	env -u MQ_SPOOL XDG_STATE_HOME="$PWD/xdg" mq-pub q a
	env -u MQ_SPOOL -u XDG_STATE_HOME HOME="$PWD/home" mq-pub q a
	[ -f one/q/log.mdb ] && [ -f two/deep/q/log.mdb ]
	[ -f xdg/mq/q/log.mdb ] && [ -f home/.local/state/mq/q/log.mdb ]
	untouched
	fails 69 'mq-pub: kafka://: no engine: /usr/local/lib/mq/kafka.so: not installed (it will be in the package mq-tools-kafka, which does not exist yet)' \
	    mq-pub -s kafka://host q a
}

@test "--help, --version" {
	run -0 --separate-stderr mq-pub --help
	assert_line --partial 'usage: mq-pub [options] QUEUE [MESSAGE...]'
	assert_line --partial -- '--reject-to FILE'
	[ "$stderr" = '' ]
	run -0 mq-pub -h
	run -0 mq-pub -V
	assert_output --regexp '^mq-pub .*[0-9]+\.[0-9]+'
	run -74 --separate-stderr sh -c 'mq-pub --help >/dev/full'
	[ "$stderr" = 'mq-pub: standard output: No space left on device' ]
}

# ---------------------------------------------------------------- files of many batches

# lots N [SIZE]: N lines, no two alike, most of SIZE bytes (99); some long ones among them.
lots() {
	seq "$1" | awk -v size="${2:-99}" '{ printf "%-*d\n", size, $1 }
	    $1 % 20000 == 0 { printf "%300000d\n", $1 }
	    $1 % 7777 == 0 { print "" }'
}

@test "stdin: a file of many batches: all of it, once, in order" {
	lots 100000 >in
	mq-pub q <in
	mq-replay q | cmp - in
	{ printf 'a line'; cat in; } | tr '\n' '%' >one
	mq-pub -1 one <one
	mq-pub -D % parts <one
	has messages one 1
	mq-replay one | cmp - <(cat one; echo)
	mq-replay -D % parts | cmp - one
	mq-pub -K 9 keys < <(sed 's/^/9/' in)
	sed 's/^/9/' in >keyed
	mq-pub -K 9 keyed <keyed
	mq-replay keys | cmp - in
	mq-replay keyed | cmp - in
}

@test "stdin: many batches of a file that has no newline at its end, or only newlines" {
	{ seq 100000; printf end; } >in
	mq-pub q <in
	mq-replay q | cmp - <(cat in; echo)
	yes '' | head -n 100000 >in
	mq-pub empty <in
	has messages empty 100000
}

@test "stdin: a bad record after many batches, and one at the edge of a batch" {
	local good
	for good in 100000 16384 32768 32767; do
		{ seq "$good" | sed 's/^/k:/'; echo bad; seq 50000; } >in
		fails 65 "mq-pub: stdin: record $((good + 1)): no key: the delimiter of -K is not in it" \
		    mq-pub -K : "q$good" <in
		mq-replay "q$good" | cmp - <(seq "$good")
	done
}

@test "--reject-to: bad records of a file of many batches" {
	seq 100000 | sed 's/.*[1-9]$/k:&/' >in
	mq-pub -K : --reject-to bad q <in
	mq-replay q | cmp - <(seq 100000 | grep -v '0$')
	seq 10 10 100000 | cmp - bad
}

@test "stdin: a file is read without a thread where none can be had" {
	for_everybody
	seq 100000 >in
	mkdir -m 777 spool
	# The leak checker would need a thread, too.
	as_nobody env ASAN_OPTIONS=detect_leaks=0 prlimit --nproc=1 mq-pub q <in
	mq-replay q | cmp - in
}

@test "stdin: a writer that alternates bursts and pauses is published promptly" {
	local i
	mkfifo in
	mq-pub q <in 3>&- &
	exec 7>in
	for i in 1 2 3; do
		seq "$((i * 40000 - 39999))" "$((i * 40000))" >&7
		until_true "[ \"\$(messages q)\" = $((i * 40000)) ]"
		printf '%s' "$i" >&7	# of the next one
	done
	exec 7>&-
	wait
	mq-replay q | cmp - <(seq 40000; printf 1; seq 40001 80000; printf 2; seq 80001 120000; echo 3)
}

# stopped_ahead N SIZE LEAST: of N lines of SIZE bytes at least LEAST were read by then.
stopped_ahead() {
	local id n has_read
	lots "$1" "$2" >in
	mkfifo ids
	watched how mq-pub -I q <in >ids 2>said 3>&- &
	exec 7<ids
	read -r id <&7
	until_true '[ -e how.pid ]'
	kill -TERM "$(cat how.pid)"
	{ echo "$id"; cat <&7; } >told
	until_true '[ -e how ]'
	exec 7<&-
	[ "$(cat how)" = 'exit 75' ]
	n=$(wc -l <told)
	[ "$(cat said)" = "mq-pub: q: stopped by a signal: $n messages were published" ]
	# What was read ahead is as much as the embedded engine commits at once.
	has_read=$3
	[ -z "${MQ_CLUSTER-}" ] || has_read=1
	[ "$n" -ge "$has_read" ]
	[ "$n" -lt "$1" ]
	# A broker may have stored what it did not confirm in time.
	[ -z "${MQ_CLUSTER-}" ] || n=$(mq-replay q | wc -l)
	[ "$n" -ge "$(wc -l <told)" ]
	[ "$n" -lt "$1" ]
	mq-replay q | cmp - <(head -n "$n" in)
	mq-replay -f '%o\n' q | head -n "$(wc -l <told)" | cmp - told
}

@test "SIGTERM with a batch read ahead: what was read is there whole; 75" {
	stopped_ahead 200000 99 32768
}

@test "SIGTERM with a batch read ahead that is full by its size" {
	stopped_ahead 60000 300 13000
}

# ------------------------------------------------------------------------- signals

@test "SIGTERM, SIGHUP: what was read is published, then 75" {
	local signal
	mkfifo in
	for signal in TERM HUP; do
		watched how mq-pub -I q <in >ids 2>said 3>&- &
		exec 7>in
		printf 'one\ntwo\nhalf' >&7
		until_true '[ "$(wc -l <ids)" = 2 ] && [ -e how.pid ]'
		kill "-$signal" "$(cat how.pid)"
		until_true '[ -e how ]'
		exec 7>&-
		[ "$(cat how)" = 'exit 75' ]
		[ "$(cat said)" = 'mq-pub: q: stopped by a signal: 2 messages were published' ]
		[ "$(mq-replay -f '%o\n' q)" = "$(cat ids)" ]
		[ "$(mq-replay q)" = $'one\ntwo' ]
		mq-ctl delete -f q
		rm how how.pid
	done
}

@test "SIGINT: what was read is published, then it dies of SIGINT" {
	mkfifo in
	watched how mq-pub q <in 2>said 3>&- &
	exec 7>in
	printf 'one\ntwo\n' >&7
	until_true '[ "$(messages q)" = 2 ] && [ -e how.pid ]'
	kill -INT "$(cat how.pid)"
	until_true '[ -e how ]'
	exec 7>&-
	[ "$(cat how)" = 'signal 2' ]
	[ "$(cat said)" = 'mq-pub: q: stopped by a signal: 2 messages were published' ]
	run -0 mq-replay q
	assert_output $'one\ntwo'
}

@test "a signal while files are read from: the file under way is not published in part" {
	mkfifo slow
	echo one >first
	watched how mq-pub -F q first slow 2>said 3>&- &
	exec 7>slow
	echo part >&7
	until_true '[ "$(messages q)" = 1 ] && [ -e how.pid ]'
	kill -TERM "$(cat how.pid)"
	until_true '[ -e how ]'
	exec 7>&-
	[ "$(cat how)" = 'exit 75' ]
	run -0 mq-replay q
	assert_output one
}

@test "a signal that was ignored at the start stays so" {
	local pid
	mkfifo in
	sh -c 'trap "" TERM; exec mq-pub q <in' 3>&- &
	pid=$!
	exec 7>in
	echo one >&7
	until_true '[ "$(messages q)" = 1 ]'
	kill -TERM "$pid"
	echo two >&7
	until_true '[ "$(messages q)" = 2 ]'
	exec 7>&-
	wait "$pid"
}

@test "SIGTERM in the middle of a stream: what was read is there whole, in order; 75" {
	local turn pid status
	for turn in 1 2 3 4 5; do
		# One for each turn: the seq before may not know yet that it has no reader.
		mkfifo "in$turn"
		seq 100000000 >"in$turn" 2>/dev/null 3>&- &
		mq-pub "q$turn" <"in$turn" 2>said 3>&- &
		pid=$!
		until_true '[ "$(mq-replay -c 1 "q$turn" 2>/dev/null)" = 1 ]'
		kill -TERM "$pid"
		status=0
		wait "$pid" || status=$?
		[ "$status" = 75 ]
		[[ "$(cat said)" = "mq-pub: "*published* ]]
		mq-replay "q$turn" >have
		seq "$(wc -l <have)" | cmp - have
	done
}
