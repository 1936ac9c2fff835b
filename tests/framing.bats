#!/usr/bin/env bats
# framing.bats - bytes in are bytes out: delimiters, envelopes, formats, sizes

load lib/common
load lib/expect

# all_bytes: 0x00 to 0xff, twice, the second time backwards.
all_bytes() {
	perl -e 'print pack "C*", 0 .. 255, reverse 0 .. 255'
}

# blob SIZE: so many bytes, the same each time, with newlines and NULs among them.
blob() {
	perl -e 'my $n = shift; my $s = pack "C*", map { $_ * 167 % 256 } 0 .. 65535;
		print substr $s x ($n / 65536 + 1), 0, $n' "$1"
}

# Around what fits a page, a pipe, and the log itself (MQS_INLINE_MAX, 256 KiB).
sizes=(0 1 100 1500 2038 2039 4096 65535 65536 65537 262143 262144 262145 5000000)

# ---------------------------------------------------------------------- delimiters

@test "newline: in and out, and a carriage return is no part of it" {
	printf 'a\r\n\tb \nc' | mq-pub q
	mq-replay q | cmp - <(printf 'a\r\n\tb \nc\n')
	mq-sub -e q | cmp - <(printf 'a\r\n\tb \nc\n')
}

@test "-0: in and out" {
	printf 'a\nb\0\0c' | mq-pub -0 q
	mq-replay -0 q | cmp - <(printf 'a\nb\0\0c\0')
	mq-sub -e -0 q | cmp - <(printf 'a\nb\0\0c\0')
}

@test "-D: several bytes, and escapes" {
	local delim
	for delim in ';' '\t' '\n\n' '\r\n' '--' '\0\0' '\xff\x00' 'é' '\\' 'END\n'; do
		printf 'one%btwo%b' "$delim" "$delim" >want
		mq-pub -D "$delim" q <want
		mq-replay -D "$delim" q | cmp - want
		mq-sub -e -D "$delim" q | cmp - want
		mq-ctl delete -f q
	done
}

@test "-D: what only begins like the delimiter is body" {
	printf 'aaab-aab--b-' >in
	mq-pub -D aab q <in
	mq-pub -D -- q <in
	run -0 mq-replay -f '[%s]' q
	assert_output '[a][-][--b-][aaab-aab][b-]'
}

@test "-D: a delimiter that arrives in parts" {
	local pid
	mkfifo in
	mq-pub -D abc q <in 3>&- &
	pid=$!
	exec 7>in
	printf 'onea' >&7
	# The first is there when all of its delimiter is.
	until_true 'exists q'
	printf b >&7
	printf 'ctwoab' >&7
	until_true '[ "$(messages q)" = 1 ]'
	printf abc >&7
	until_true '[ "$(messages q)" = 2 ]'
	exec 7>&-
	wait "$pid"
	run -0 mq-replay -f '[%s]' q
	assert_output '[one][twoab]'
}

@test "-D: malformed, for every tool that prints" {
	local tool
	mq-pub q a
	for tool in mq-sub mq-replay; do
		fails 64 "$tool: -D: '\\y': has an escape that is not \\n \\t \\r \\0 \\\\ or \\xNN" \
		    "$tool" -D '\y' q
		fails 64 "$tool: -D: the delimiter is empty" "$tool" -D '' q
	done
}

# ------------------------------------------------------------------------- formats

@test "-f: every directive" {
	local id time
	id=$(mq-pub -I -k 'key é' -H a=1 -H 'b=x y' q 'body 100%')
	time=$(mq-replay -J q | jq -r .time)
	run -0 mq-replay -f '%s|%S|%k|%K|%h|%t|%o|%p|%%|%g|%a|%r|' q
	assert_output "body 100%|9|key é|6|a=1,b=x y|q|$id|0|%||0||"
	run -0 mq-replay -f '%T' q
	assert_output "$(date -d "$time" +%s%3N)"
	run -0 mq-sub -m -e -f '%s|%g|%a|%r|%t|%o' q/g
	assert_output --regexp "^body 100%\|g\|1\|q/g/$id\.[0-9A-Za-z.-]+\|q\|$id\$"
}

@test "-f: escapes, and directives that stand side by side" {
	mq-pub q ab
	mq-replay -f '\x41\t%S%S\0\\%s%s\n' q | cmp - <(printf 'A\t22\0\\abab\n')
	mq-replay -f '\x25s' q | cmp - <(printf '%%s')
	mq-replay -f '' q | cmp - /dev/null
	mq-sub -e -f '%s\r\n' q | cmp - <(printf 'ab\r\n')
}

@test "-f: bodies of any bytes and sizes, twice" {
	local size
	for size in 0 300000; do
		blob "$size" >body
		mq-pub -F q body
		{ echo -n "$size,"; cat body; echo -n ,; cat body; echo; } >want
		mq-replay --last 1 -f '%S,%s,%s\n' q | cmp - want
		mq-sub -e -f '%S,%s,%s\n' q | cmp - want
	done
}

@test "-f: malformed" {
	local tool
	mq-pub q a
	for tool in mq-sub mq-replay; do
		fails 64 "$tool: -f: '%y': format has an unknown %y" "$tool" -f '%y' q
		fails 64 "$tool: -f: 'x%': format ends in a lone %; write %% for a per cent sign" \
		    "$tool" -f 'x%' q
		fails 64 "$tool: -f: '\\y': format has an escape that is not \\n \\t \\r \\0 \\\\ or \\xNN" \
		    "$tool" -f '\y' q
		fails 64 "$tool: -J and -f: only one of them" "$tool" -J -f %s q
	done
	fails 64 'mq-sub: -f: with -m it must show the receipt (%r)' mq-sub -m -f %s q
	has messages q 1
}

# ----------------------------------------------------------------------- envelopes

@test "-J: what is in an envelope" {
	local id
	id=$(mq-pub -I -k key -H a=1 q body)
	run -0 sh -c 'mq-replay -J q | jq -c "del(.time, .queue_uuid)"'
	assert_output "{\"id\":\"$id\",\"queue\":\"q\",\"key\":\"key\",\"headers\":{\"a\":\"1\"},\"body\":\"body\"}"
	run -0 sh -c 'mq-sub -m -e -J q/g | jq -c "[.group, .attempt, (.receipt | type), .body]"'
	assert_output '["g",1,"string","body"]'
	run -0 sh -c 'mq-replay -J q | jq -r .time'
	assert_output --regexp '^20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9:.]+(Z|[+-][0-9:]+)$'
}

@test "-J: every way of printing envelopes names the queue by its identity" {
	local uuid
	mq-pub q body
	uuid=$(mq-stat -J q | jq -r 'select(.uuid) | .uuid')
	[ "${#uuid}" = 36 ]
	run -0 sh -c 'mq-replay -J q | jq -r .queue_uuid
	    mq-replay --json q | jq -r .queue_uuid
	    mq-sub -J -e q/g2 | jq -r .queue_uuid
	    mq-sub -J -e --batch 9 q/g3 -- jq -r .queue_uuid'
	assert_output "$uuid"$'\n'"$uuid"$'\n'"$uuid"$'\n'"$uuid"
}

@test "-J: a body is text where it is UTF-8, else base64" {
	mq-pub q 'é "\/' $'tab\tand\nline' ''
	printf 'a\0b' | mq-pub -1 q
	printf '\xc3' | mq-pub -1 q
	all_bytes | mq-pub -1 q
	mq-replay -J q >out
	run -0 jq -c '[.body, .body_base64]' out
	assert_line -n 0 '["é \"\\/",null]'
	assert_line -n 1 '["tab\tand\nline",null]'
	assert_line -n 2 '["",null]'
	assert_line -n 3 '["a\u0000b",null]'
	assert_line -n 4 '[null,"ww=="]'
	tail -n 1 out | jq -r .body_base64 | base64 -d | cmp - <(all_bytes)
	# One line each, whatever is in them.
	[ "$(wc -l <out)" = 6 ]
}

@test "-J: every field that can be given is taken" {
	cat >in <<-'END'
	{"body":"1","key":"k","headers":{"a":"x","b":["y","z"]},"priority":7,"message_id":"m","not_before":"2001-02-03T04:05:06Z","expires":"2100-01-01T00:00:00Z"}
	{"body":"2","not_before":1000000000,"expires":4102444800.5}
	END
	mq-pub -J q <in
	run -0 sh -c 'mq-replay -J q | jq -c "del(.id, .time, .queue, .queue_uuid)"'
	assert_line -n 0 '{"key":"k","headers":{"a":"x","b":["y","z"]},"priority":7,"message_id":"m","not_before":"2001-02-03T04:05:06.000000000Z","expires":"2100-01-01T00:00:00.000000000Z","body":"1"}'
	assert_line -n 1 '{"not_before":"2001-09-09T01:46:40.000000000Z","expires":"2100-01-01T00:00:00.500000000Z","body":"2"}'
}

@test "-J: escapes, surrogate pairs, white space, the order of fields" {
	cat >in <<-'END'
	  { "body" : "\u00e9\ud83d\ude00\n\"\\\/\b\f\r\t\u0000" , "key":"\u006b" }
	{"headers":{},"body":""}
	{}
	END
	printf 'é😀\n"\\/\b\f\r\t\0' >want
	mq-pub -J q <in
	mq-replay -c 1 -f '%s' q | cmp - want
	run -0 mq-replay -f '%k,%S;' q
	assert_output 'k,15;,0;,0;'
}

@test "-J: bad envelopes name line and reason, and stop it there" {
	local line want
	while IFS='	' read -r line want; do
		printf '%s\n' '{"body":"before"}' "$line" '{"body":"after"}' >in
		run -65 --separate-stderr mq-pub -J q <in
		# What the JSON library says behind the colon is its own.
		[[ $want != invalid* ]] || stderr=${stderr%%"${stderr#*byte [0-9]*:}"}
		if [ "$stderr" != "mq-pub: stdin: record 2: $want" ]; then
			printf 'of:   %s\nsaid: %s\nwant: %s\n' "$line" "$stderr" "$want" >&2
			return 1
		fi
		run -0 mq-replay q
		assert_output before
		mq-ctl purge -q q
	done <<-'END'
	nonsense	invalid JSON at byte 8:
	{"body":"x"	invalid JSON at byte 11:
	{"body":"x"} {}	invalid JSON at byte 14:
	{"body":"\x"}	invalid JSON at byte 11:
	{"body":"\ud800"}	invalid JSON at byte 16:
	{"body":"a","body":"b"}	invalid JSON at byte 18:
	[]	envelope is an array, not an object
	"text"	envelope is a string, not an object
	17	envelope is a number, not an object
	null	envelope is null, not an object
	{"bodi":"x"}	unknown field "bodi"
	{"body":1}	"body" is a number, not a string
	{"body":null}	"body" is null, not a string
	{"body":"a","body_base64":"YQ=="}	"body" and "body_base64" are both there
	{"body_base64":"YQ="}	"body_base64": length is not a multiple of 4 (character 3)
	{"body_base64":"Y*=="}	"body_base64": not a base64 character (character 2)
	{"key":["k"]}	"key" is an array, not a string
	{"key":"\u0000"}	key contains NUL (byte 1)
	{"headers":"h"}	"headers" is a string, not an object
	{"json":"\ud800"}	"json": has half of a surrogate pair alone, which is no character
	{"json":{"\udc00\ud800":1}}	"json": has half of a surrogate pair alone, which is no character
	{"headers":{"a":[]}}	header "a" is an empty array, not a value
	{"headers":{"a":1}}	header "a" is a number, not a string
	{"headers":{"a":"\u0000"}}	header "a" contains NUL
	{"priority":10}	"priority" is 10, not 0 to 9
	{"priority":-1}	"priority" is -1, not 0 to 9
	{"priority":1.5}	"priority" is not an integer
	{"priority":"high"}	"priority" is a string, not a number
	{"not_before":"tomorrow"}	"not_before": tomorrow: is not a time: now, -2h, YYYY-MM-DD[ HH:MM[:SS]], RFC 3339 or @EPOCH
	{"not_before":"+2h"}	"not_before": +2h: not a point in time
	{"expires":-5}	"expires": -5: before 1970
	END
}

@test "-J: an empty line, and a line that is no UTF-8" {
	printf '{}\n\n{}\n' >in
	fails 65 'mq-pub: stdin: record 2: envelope is empty' mq-pub -J q <in
	printf '{"body":"\xff"}\n' >in
	run -65 --separate-stderr mq-pub -J q <in
	[[ $stderr == 'mq-pub: stdin: record 1: invalid JSON at byte 9: '* ]]
	has messages q 1
}

@test "-J: \"json\" may be nested 1,024 deep; more is refused, and says that it is too deep" {
	local n
	for n in 1025 1500 3000; do
		perl -e 'print "{\"json\":", "[" x $ARGV[0], "]" x $ARGV[0], "}\n"' "$n" >in
		fails 65 'mq-pub: stdin: record 1: "json": is nested deeper than 1024 arrays and objects' \
		    mq-pub -J q <in
	done
	perl -e 'print "{\"json\":", "[" x 1024, "]" x 1024, "}\n"' | mq-pub -J q
	[ "$(mq-replay q | wc -c)" = 2049 ]
}

@test "--json: half of a surrogate pair is shown as \"body\", so that every reader can read it" {
	printf '%s\n' '"\ud800"' '"\udc00\ud800"' '"\ud83d\ude00"' | mq-pub q
	[ "$(mq-replay --json q | jq -c '[.json, .body]' | paste -sd ' ')" = \
	    '[null,"\"\\ud800\""] [null,"\"\\udc00\\ud800\""] ["😀",null]' ]
}

@test "-J: deep nesting is refused, not followed" {
	perl -e 'print "[" x 1000000, "\n"' >in
	run -65 --separate-stderr mq-pub -J q <in
	[[ $stderr == 'mq-pub: stdin: record 1: invalid JSON at byte '* ]]
	has messages q 0
}

@test "-J and back: nothing is lost but id, queue and time" {
	local size
	for size in "${sizes[@]}"; do
		blob "$size" >body
		mq-pub -k "key $size" -H "size=$size" -H a=1 -H a=2 -F a body
	done
	all_bytes | mq-pub -1 a
	mq-pub -H $'odd=\x01\x7f"\\\n' a ''
	printf '%s\n' '{"body":"x","priority":3,"message_id":"m","not_before":"2001-01-01T00:00:00Z","expires":"2100-01-01T00:00:00Z"}' | mq-pub -J a
	mq-replay -J a | mq-pub -J b
	mq-replay -J a | jq -cS 'del(.id, .queue, .queue_uuid, .time)' >want
	mq-replay -J b | jq -cS 'del(.id, .queue, .queue_uuid, .time) |
	    if .headers then .headers |= with_entries(select(.key | startswith("mq-origin-") | not)) else . end |
	    if .headers == {} then del(.headers) else . end' >have
	cmp want have
	# Those are kept as headers.
	mq-replay -J a | jq -c '[.id, .queue, .time]' >want
	mq-replay -J b | jq -c '.headers | [."mq-origin-id", ."mq-origin-queue", ."mq-origin-time"]' >have
	cmp want have
	# And bodies byte by byte.
	cmp <(mq-replay -f '%k,%S,%s;' a) <(mq-replay -f '%k,%S,%s;' b)
	# The first origin stays in a copy of a copy.
	mq-replay -J b | mq-pub -J c
	cmp <(mq-replay -J c | jq -c .headers) <(mq-replay -J b | jq -c .headers)
	sound
}

@test "-J from mq-sub, too, and its attempt and receipt are not carried over" {
	all_bytes | mq-pub -1 -k key a
	mq-sub -e -J a | mq-pub -J b
	cmp <(mq-replay -f '%k,%s' a) <(mq-replay -f '%k,%s' b)
	run -0 sh -c 'mq-replay -J b | jq -c "[.attempt, .receipt, .group]"'
	assert_output '[null,null,null]'
}

@test "-J with -D and -0: envelopes can be separated otherwise" {
	mq-pub a 1 2
	mq-replay -J -0 a | mq-pub -J -0 b
	mq-replay -J -D '\x1e\n' a | mq-pub -J -D '\x1e\n' b
	run -0 mq-replay b
	assert_output $'1\n2\n1\n2'
}

# --------------------------------------------------------------------------- sizes

@test "bodies of all sizes: in by -1, -F, lines and -J; out by replay, sub and handler" {
	local size n=0
	for size in "${sizes[@]}"; do
		blob "$size" >body
		blob "$size" | tr '\n' x >line
		mq-pub -1 q <body
		mq-pub -F q body
		{ cat line; echo; } | mq-pub q
		mq-pub q <line
		n=$((n + (size > 0 ? 4 : 3)))
		mq-replay -J --last 1 q | mq-pub -J q
		n=$((n + 1))
		# What was published last comes last.
		mq-replay -f %s --last $((size > 0 ? 5 : 4)) q >have
		{ cat body body line; [ "$size" = 0 ] || cat line; cat line; } >want
		cmp want have
	done
	has messages q "$n"
	mq-replay -f '%S,%s;' q >want
	mq-sub -e -f '%S,%s;' q/stdout | cmp - want
	mq-sub -e q/handler -- sh -c 'cat >body; printf "%s," "$(wc -c <body)"; cat body; printf ";"' >have
	cmp want have
	sound q
}

@test "long lines between short ones" {
	{
		echo a
		blob 262144 | tr '\n' x; echo
		echo b
		blob 262145 | tr '\n' x; echo
		blob 3000000 | tr '\n' x; echo
		echo
		echo c
		blob 700000 | tr '\n' x
	} >in
	mq-pub q <in
	echo >>in
	mq-replay q | cmp - in
	mq-sub -e q | cmp - in
	run -0 mq-replay -f '%S ' q
	assert_output '1 262144 1 262145 3000000 0 1 700000 '
}

@test "a long line that arrives in small parts" {
	blob 600000 | tr '\n' x >line
	{ cat line; echo; echo end; } | dd bs=997 status=none | mq-pub q
	{ cat line; echo; echo end; } | cmp - <(mq-replay q)
}

@test "delimiters at the edge of what is read at once" {
	local n
	for n in 65534 65535 65536 131071 262142 262143 262144 262145 524287; do
		blob "$n" | tr 'x\n' yy >line
		{ cat line; printf xx; echo -n end; } | mq-pub -D xx q
		{ cat line; echo -n ';end;'; } | cmp - <(mq-replay -f '%s;' --last 2 q)
	done
}

@test "a large body in a pipe whose reader is slow comes whole" {
	blob 5000000 >body
	mq-pub -F q body body
	mq-sub -e q | dd bs=10000 status=none | cmp - <(cat body; echo; cat body; echo)
	has depth q/default 0
	mq-replay -f %s q | dd bs=10000 status=none | cmp - <(cat body body)
}

@test "memory does not grow with a body" {
	local most=16384	# KiB
	# The thread that has the connection has a stack of 16 MiB.
	[ -z "${MQ_CLUSTER-}" ] || most=49152
	[ -z "${MQ_SANITIZED:-}" ] || skip "sanitizers need memory of their own"
	blob 100000000 >body
	(ulimit -d "$most"; mq-pub -F q body)
	(ulimit -d "$most"; mq-pub -1 q <body)
	(ulimit -d "$most"; mq-replay -c 1 -f %s q) | cmp - body
	(ulimit -d "$most"; mq-sub -e -c 1 -f %s q) | cmp - body
	(ulimit -d "$most"; mq-sub -e -c 1 q/g -- cat) | cmp - body
}

# ------------------------------------------------------------------- other programs

@test "into xargs -0, jq and head" {
	local many=100000
	# A new group of a broker gets a copy of each.
	[ -z "${MQ_CLUSTER-}" ] || many=30000
	printf '%s\0' 'two words' "it's" $'new\nline' | mq-pub -0 q
	run -0 sh -c 'mq-replay -0 q | xargs -0 printf "[%s]"'
	assert_output $'[two words][it\'s][new\nline]'
	run -0 sh -c 'mq-sub -e -J q/jq | jq -r ".body | length"'
	assert_output $'9\n4\n8'
	seq "$many" | mq-pub q
	run -0 bash -c 'set -o pipefail; mq-replay q | head -n 1'
	assert_output 'two words'
	run -0 bash -c 'set -o pipefail; mq-sub q/head | head -n 1'
	assert_output 'two words'
	# What the reader took beyond what it showed is at most what a pipe and it hold.
	[ "$(depth q/head)" -gt $((many / 2)) ]
}

@test "-c takes exactly so many, whatever the reader does" {
	seq 1000 | mq-pub q
	run -0 sh -c 'mq-sub -c 3 q/g | head -n 1'
	assert_output 1
	run -0 sh -c 'mq-sub -c 3 q/h | cat'
	assert_output $'1\n2\n3'
	has depth q/h 997
}

@test "-J: a body given as JSON keeps its digits and its order" {
	printf '%s\n' '{"key":"k","json":{"z": 12345678901234567890.10, "a": [1e999, "a b"]}}' | mq-pub -J q
	[ "$(mq-replay q)" = '{"z":12345678901234567890.10,"a":[1e999,"a b"]}' ]
	fails 65 'mq-pub: stdin: record 1: "body" and "json" are both there' \
	    mq-pub -J q <<<'{"json":1,"body":"1"}'
}

# -------------------------------------------------------------------- on a terminal

# on_terminal COMMAND: what a terminal is given to show, with its own newlines taken off.
on_terminal() {
	script -qefc "$1" /dev/null </dev/null | tr -d '\r'
}

@test "on a terminal: control characters are shown, not obeyed; else nothing is changed" {
	local body=$'a\e]0;title\a\177 \tb\\c\302\233 \303\251 \342\202\254 \377 \303' tool
	local seen='a\033]0;title\007\177 	b\c\302\233 é € \377 \303'
	mq-pub -k $'k\ey' q "$body"
	for tool in mq-replay 'mq-sub -e' "mq-sub -e -f '%s\n'"; do
		mq-replay --rewind --to oldest q/default >rewound 2>&1 || true
		run -0 on_terminal "$tool q"
		assert_output "$seen"
	done
	run -0 on_terminal "mq-replay -f '%k|%o\n' q"
	assert_output --regexp '^k\\033y\|[0-9a-f-]+$'
	# A body that is printed from its file.
	perl -e 'print "\ex" x 300000' | mq-pub -1 large
	run -0 bash -c 'script -qefc "mq-replay large" /dev/null </dev/null | tr -d "\r" | cmp - <(
		perl -e "print q(\033x) x 300000, qq(\n)")'
	# And a reply.
	mq-sub -c 1 ask -- printf '\033c' &
	run -0 on_terminal "mq-pub --call ask x"
	assert_output '\033c'
	wait
	# Elsewhere bytes are bytes.
	mq-replay q | cmp - <(printf '%s\n' "$body")
}

@test "on a terminal: messages on stderr are harmless too" {
	run -0 on_terminal "mq-sub \"\$(printf 'a\033é')\""
	assert_line --index 0 --partial "mq-sub: 'a\\033é': "
}

@test "messages on stderr: what operands hold makes no lines up, elsewhere too" {
	run -64 --separate-stderr mq-sub $'a\nmq-sub: fine\033[2J\tb'
	[[ ${stderr_lines[0]} == "mq-sub: 'a\\012mq-sub: fine\\033[2J\\011b': "* ]]
	[ "${stderr_lines[1]}" = "Try 'mq-sub --help'." ]
	run -64 --separate-stderr mq-pub -p $'1\n2' q x
	[ "${stderr_lines[0]}" = "mq-pub: -p: '1\\0122': not a number" ]
	run -65 --separate-stderr mq-pub -F q $'no\033such'
	[ "$stderr" = 'mq-pub: no\033such: No such file or directory' ]
	run -64 --separate-stderr mq-ctl set q $'x\ny=1'
	[ "${stderr_lines[0]}" = "mq-ctl set: 'x\\012y=1': holds a control character" ]
}

@test "--json: bodies that are JSON as they are, others as before" {
	mq-pub q '{"total": 250, "n": 12345678901234567890}' 'plain' '[ ]'
	mq-replay --json q >shown
	[ "$(jq -c '[(.json | type), .body]' <shown | paste -sd ' ')" = \
	    '["object",null] ["null","plain"] ["array",null]' ]
	grep -qF '"json":{"total":250,"n":12345678901234567890}}' shown
	[ "$(mq-replay -J --json q | tail -n 1 | jq -c .json)" = '[]' ]
	[ "$(mq-sub -e --json q | head -n 1 | jq -r .json.total)" = 250 ]
	# There and back: all but white space.
	mq-replay --json q | mq-pub -J copy
	[ "$(mq-replay copy)" = $'{"total":250,"n":12345678901234567890}\nplain\n[]' ]
	fails 64 'mq-replay: -J and -f: only one of them' mq-replay --json -f %s q
}
