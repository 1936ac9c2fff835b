#!/usr/bin/env bats
# schema.bats - queues with a contract: what breaks it does not get in
#
# The cases of JSON Schema itself are in tests/unit/test_schema_suite.c, the words for what
# is wrong in test_schema_checker.c.

load lib/common

order='{"type":"object","required":["id"],"properties":{"id":{"type":"integer"}}}'

# contract QUEUE SCHEMA
contract() {
	mq-ctl create -p "$1"
	mq-ctl set "$1" "schema=$2"
}

# refuses STATUS MESSAGE COMMAND...: nothing is said but that.
refuses() {
	local status_wanted=$1 text=$2
	shift 2
	run "-$status_wanted" --separate-stderr "$@"
	assert_equal "$stderr" "$text"
}

schema() {
	mq-ctl show "$1" | sed -n 's/^schema=//p'
}

# checker SCRIPT: that is the program which checks, from now on.
checker() {
	[ -n "${real-}" ] || real=$MQ_LIBEXEC
	export MQ_LIBEXEC=$BATS_TEST_TMPDIR/libexec
	mkdir -p "$MQ_LIBEXEC"
	printf '#!/bin/sh\n%s\n' "$1" >"$MQ_LIBEXEC/mq-schema"
	chmod 755 "$MQ_LIBEXEC/mq-schema"
}

# -------------------------------------------------------------- setting it

@test "set: a file, stored in one line; show prints what set reads" {
	printf '{ "type" : "object",\n\t"required": [ "id" ],\n "title": "a  b", "x": 1.50 }\n' >s.json
	mq-ctl create a b
	mq-ctl set a schema=s.json
	run -0 schema a
	assert_output '{"type":"object","required":["id"],"title":"a  b","x":1.50}'
	mq-ctl show --changed a | mq-ctl set b
	[ "$(mq-ctl show --changed b)" = "$(mq-ctl show --changed a)" ]
	# The file is not needed any more.
	rm s.json
	mq-pub a '{"id":1}'
	refuses 65 "mq-pub: command line: message 1: breaks the schema: expected a member 'id'" mq-pub b '{}'
	mq-ctl set a schema=
	run -0 schema a
	assert_output ''
	mq-pub a 'anything goes'
}

@test "set: a value that is the schema itself" {
	mq-ctl create q
	mq-ctl set q 'schema={
		"type": "integer"
	}'
	[ "$(schema q)" = '{"type":"integer"}' ]
	mq-ctl set q schema=false
	refuses 65 'mq-pub: command line: message 1: breaks the schema: expected nothing: the schema is false' \
		mq-pub q 1
	mq-ctl set q schema=true
	mq-pub q 1
	refuses 65 'mq-pub: command line: message 1: is no JSON: invalid value (at byte 1)' mq-pub q x
	echo 'schema={"type":"string"}' | mq-ctl set q
	mq-pub q '"x"'
	# DEL may stand in JSON as it is.
	mq-ctl set q $'schema={"title":"\x7f"}'
	[ "$(schema q)" = '{"title":"\u007f"}' ]
	mq-ctl show --changed q | mq-ctl set q
	# Of several, the last counts; the others must be schemas, too.
	mq-ctl set q schema=true 'schema={"type":"null"}'
	[ "$(schema q)" = '{"type":"null"}' ]
	run -65 mq-ctl set q 'schema={"type":1}' schema=true
	[ "$(schema q)" = '{"type":"null"}' ]
	mq-ctl set q schema=true schema=
	[ -z "$(schema q)" ]
}

@test "set: no JSON, no schema, no file: 65, and nothing is set" {
	contract q "$order"
	echo nope >bad
	refuses 65 'mq-ctl set: q: the schema is no JSON: invalid value (at byte 2)' mq-ctl set q schema=bad retain=1d
	: >empty
	refuses 65 'mq-ctl set: empty: empty: no JSON' mq-ctl set q schema=empty
	printf '{}\0' >nul
	refuses 65 'mq-ctl set: nul: a NUL: no JSON' mq-ctl set q schema=nul
	refuses 65 'mq-ctl set: none: No such file or directory' mq-ctl set q schema=none
	refuses 65 'mq-ctl set: .: Is a directory' mq-ctl set q schema=.
	head -c 1100000 /dev/zero | tr '\0' ' ' >long
	refuses 65 'mq-ctl set: long: longer than a schema may be (1M)' mq-ctl set q schema=long
	refuses 65 'mq-ctl set: q: the schema is no JSON Schema: /properties/a/type: expected array, boolean, integer, null, number, object or string, or an array of these' \
		mq-ctl set q retain=1d 'schema={"properties":{"a":{"type":"text"}}}'
	refuses 65 "mq-ctl set: q: the schema is no JSON Schema: /\$ref: expected a reference to a schema in this text, not 'http://example.org/x' (nothing is fetched)" \
		mq-ctl set q 'schema={"$ref":"http://example.org/x"}'
	[ "$(schema q)" = "$order" ]
	[ "$(mq-ctl show q | sed -n 's/^retain=//p')" = 7d ]
	refuses 78 'mq-ctl set: q/g: schema: a setting of queues: name the queue alone' sh -c 'mq-ctl create q/g && mq-ctl set q/g schema=bad'
}

@test "set: a schema of a million bytes, in and out" {
	jq -nc '{properties: ([range(20000) | {key: "member number \(.)", value: {type: "integer"}}] | from_entries)}' >s.json
	[ "$(wc -c <s.json)" -gt 800000 ]
	mq-ctl create q
	mq-ctl set q schema=s.json
	schema q | cmp - s.json
	mq-ctl show --changed q | mq-ctl set q
	schema q | cmp - s.json
	mq-pub q '{"member number 19999":1}'
	refuses 65 'mq-pub: command line: message 1: breaks the schema at /member number 19999: expected an integer, not a string' \
		mq-pub q '{"member number 19999":"1"}'
	run -0 mq-ctl check q
	assert_output 'q: 1 message, 0 findings'
}

# --------------------------------------------------------------- publishing

@test "pub: the first record that breaks it ends the run; those before it are in" {
	contract q "$order"
	refuses 65 'mq-pub: stdin: record 3: breaks the schema at /id: expected an integer, not a string' \
		mq-pub q <<<$'{"id":1}\n{"id":2}\n{"id":"3"}\n{"id":4}'
	run -0 mq-replay q
	assert_output $'{"id":1}\n{"id":2}'
	refuses 65 "mq-pub: stdin: record 2: is no JSON: missing a comma or '}' after an object member (at byte 8)" \
		mq-pub -0 q < <(printf '{"id":5}\0{"id":6\0')
	refuses 65 'mq-pub: stdin: is no JSON: it is empty' mq-pub -1 q </dev/null
	refuses 65 'mq-pub: command line: message 2: breaks the schema: expected an object, not an array' \
		mq-pub q '{"id":7}' '[]'
	refuses 65 "mq-pub: stdin: record 1: breaks the schema: expected a member 'id'" mq-pub -K: q <<<'k:{}'
	refuses 65 'mq-pub: stdin: record 2: is no JSON: invalid value (at byte 1)' \
		mq-pub -J q <<<$'{"json":{"id":8}}\n{"body":"x"}'
	refuses 65 'mq-pub: command line: message 1: breaks the schema at /id: expected an integer, not null' \
		mq-pub --call -W 1s q '{"id":null}'
	run -0 mq-replay q
	assert_output $'{"id":1}\n{"id":2}\n{"id":5}\n{"id":7}\n{"id":8}'
	run -65 --separate-stderr mq-pub -v -I q <<<$'{"id":9}\n{}'
	[ "$output" = "$(mq-replay -f '%o' --last 1 q)" ]
	[[ $stderr = *'mq-pub: q: 1 message was published'* ]]
}

@test "pub -F: the file is named; large bodies are checked as well" {
	contract q "$order"
	jq -nc '{id: 1, x: [range(200000)]}' >large
	jq -nc '{id: "1", x: [range(200000)]}' >broken
	echo '{"id":2}' >small
	: >nothing
	[ "$(wc -c <large)" -gt 1000000 ]
	refuses 65 'mq-pub: broken: breaks the schema at /id: expected an integer, not a string' \
		mq-pub -F q small large broken small
	refuses 65 'mq-pub: nothing: is no JSON: it is empty' mq-pub -F q nothing small
	refuses 65 'mq-pub: stdin: record 2: breaks the schema at /id: expected an integer, not a string' \
		mq-pub q < <(cat small broken)
	[ "$(mq-replay -f '%S\n' q | tr '\n' ' ')" = "9 $(wc -c <large) 8 " ]
	mq-replay -c 2 -f '%s' q | tail -n +2 | cmp - large
	# What was refused leaves no file.
	[ "$(find spool/q/blob -type f | wc -l)" = 1 ]
}

@test "pub --atomic: one record that breaks it, and nothing is published" {
	contract q "$order"
	refuses 65 'mq-pub: stdin: record 2: breaks the schema: expected a member '"'id'" \
		mq-pub --atomic q <<<$'{"id":1}\n{}\n{"id":3}'
	run -1 mq-replay q
	run -0 --separate-stderr mq-pub --atomic --reject-to bad q <<<$'{"id":1}\n{}\n{"id":3}'
	[ "$stderr" = 'mq-pub: bad: 1 bad record was put there' ]
	[ "$(cat bad)" = '{}' ]
	[ "$(mq-replay q)" = $'{"id":1}\n{"id":3}' ]
}

@test "pub --reject-to: sets aside what breaks it, byte for byte, and goes on" {
	contract q "$order"
	printf '{"id":1}\n{"id":"2"}\n\nnope\r\n{"id":5}\n{}' >in
	run -0 --separate-stderr mq-pub -I --reject-to bad q <in
	assert_output "$(mq-replay -f '%o\n' q)"
	[ "$stderr" = 'mq-pub: bad: 4 bad records were put there' ]
	[ "$(mq-replay q)" = $'{"id":1}\n{"id":5}' ]
	printf '{"id":"2"}\n\nnope\r\n{}\n' | cmp - bad
	rm bad
	# With keys; and one that is bad before it is a message.
	printf 'a:{"id":6}|b:{}|:{"id":"x"}|no key|c:x:y|' >in
	mq-pub -q -D '|' -K : --reject-to bad q <in
	[ "$(mq-replay --last 1 -f '%k %s' q)" = 'a {"id":6}' ]
	[ "$(tr '|' '\n' <bad | sort)" = "$(printf 'b:{}\n:{"id":"x"}\nno key\nc:x:y\n' | sort)" ]
	rm bad
	# Files.
	echo '{"id":7}' >good
	jq -nc '{id: "1", x: [range(200000)]}' >broken
	mq-pub -q -F --reject-to bad q broken good broken
	{ cat broken; echo; cat broken; echo; } | cmp - bad
	[ "$(mq-replay --last 1 q)" = '{"id":7}' ]
	rm bad
	# All of them.
	run -0 mq-pub -q --reject-to bad q <<<$'1\n2\n3'
	[ "$(cat bad)" = $'1\n2\n3' ]
}

@test "pub -J --reject-to --receipts: envelopes set aside, and no receipt for them" {
	contract q "$order"
	cat >in <<-'end'
		{"json":{"id":1},"receipt":"a/b/1.1"}
		{"json": {"id":"2"}, "key":"k", "receipt":"a/b/2.1"}
		{"body":"{\"id\":3}","receipt":"a/b/3.1"}
		{"body":"\u00e4","receipt":"a/b/4.1"}
		{"json":{"id":5},"receipt":"a/b/5.1"}
	end
	run -0 mq-pub -q -J --receipts --reject-to bad q <in
	assert_output $'a/b/1.1\na/b/3.1\na/b/5.1'
	sed -n '2p;4p' in | cmp - bad
	rm bad
	# An envelope that is a batch by itself.
	jq -nc '{json: {id: "x", x: [range(500000)]}}' >in
	mq-pub -q -J --reject-to bad q <in
	cmp in bad
	[ "$(mq-replay q)" = $'{"id":1}\n{"id":3}\n{"id":5}' ]
}

@test "pub: records of many batches; the number is that of the record" {
	contract q '{"type":"integer","not":{"multipleOf":7777}}'
	seq 60000 >in
	refuses 65 'mq-pub: stdin: record 7777: breaks the schema: expected a value that "not" does not describe' \
		mq-pub q <in
	[ "$(mq-replay --last 1 q)" = 7776 ]
	run -0 --separate-stderr mq-pub --reject-to bad q <in
	[ "$stderr" = 'mq-pub: bad: 7 bad records were put there' ]
	[ "$(tr '\n' ' ' <bad)" = '7777 15554 23331 31108 38885 46662 54439 ' ]
	[ "$(mq-replay q | wc -l)" = $((7776 + 60000 - 7)) ]
}

@test "other queues need no checker" {
	MQ_LIBEXEC=$BATS_TEST_TMPDIR/none
	mq-pub q 'no JSON'
	run -0 mq-sub -e q
	assert_output 'no JSON'
}

@test "other queues need no checker, nor does setting that there is no schema, nor a filter" {
	MQ_LIBEXEC=$BATS_TEST_TMPDIR/none
	mq-pub q 'no JSON'
	mq-ctl set q retain=1d schema=
	mq-pub q x
	run -0 mq-sub -e q --to out -- cat
	[ "$(mq-replay out)" = $'no JSON\nx' ]
}

# -------------------------------------------------- filters and dead letters

@test "sub --to: an output that breaks it makes a dead letter at once, the others go through" {
	contract out '{"type":"integer"}'
	mq-pub in 1 x '2
three' 4
	run -0 mq-sub -e in --to out -- cat
	[ "$(mq-replay out)" = $'1\n4' ]
	run -0 jq -r '.headers | .["mq-dead-reason"], .["mq-dead-attempts"]' < <(mq-replay -J in.dead)
	assert_output 'output: message 1: out: the message is no JSON: invalid value (at byte 1)
1
output: message 2: out: the message is no JSON: invalid value (at byte 2)
1'
	# Without the program: nothing is settled, nothing published.
	mq-pub in 5
	MQ_LIBEXEC=$BATS_TEST_TMPDIR/none refuses 69 "mq-sub: out: its schema can't be checked: $BATS_TEST_TMPDIR/none/mq-schema: not installed (package mq-tools, or make install)" \
		mq-sub -e in --to out -- cat
	run -0 mq-sub -e in --to out -- cat
	[ "$(mq-replay out)" = $'1\n4\n5' ]
}

@test "sub --to: a schema that is set while the filter runs" {
	mq-ctl create out
	mq-pub in 1
	mq-sub -c 5 in --to out -- cat 2>err 3>&- &
	until_true '[ "$(mq-replay out 2>/dev/null)" = 1 ]'
	mq-ctl set out 'schema={"type":"integer"}'
	mq-pub in x 2
	until_true '[ "$(mq-replay out)" = $'"'1\n2'"' ]'
	mq-ctl set out 'schema={"type":"string"}'
	mq-pub in 3 '"y"'
	wait $!
	[ "$(mq-replay out)" = $'1\n2\n"y"' ]
	[ "$(mq-replay in.dead)" = $'x\n3' ]
	run -0 jq -r '.headers["mq-dead-reason"]' < <(mq-replay -J in.dead)
	assert_output 'output: message 1: out: the message is no JSON: invalid value (at byte 1)
output: message 1: out: the message breaks the schema: expected a string, not an integer'
}

@test "sub --to: a schema that is set while outputs wait for room" {
	local pid
	mq-ctl create out/g
	mq-ctl set out max-messages=1
	mq-pub out full
	mq-pub in x
	mq-sub in -v --to out -- cat 2>err 3>&- &
	pid=$!
	# It watches two queues: it has the output, and waits for room.
	until_true '[ "$(readlink /proc/'"$pid"'/fd/* | grep -c inotify)" = 2 ]'
	mq-ctl set out 'schema={"type":"integer"}'
	mq-sub -c 1 out/g
	until_true '[ "$(mq-replay in.dead 2>/dev/null)" = x ]'
	run -0 jq -r '.headers["mq-dead-reason"]' < <(mq-replay -J in.dead)
	assert_output 'output: message 1: out: the message is no JSON: invalid value (at byte 1)'
	# It goes on.
	mq-pub in 2
	until_true '[ "$(mq-replay out)" = $'"'full\n2'"' ]'
	kill "$pid"
	wait "$pid"
	[ "$(mq-stat -J in/default | jq .depth)" = 0 ]
}

@test "sub --to: a schema that is set while outputs of several inputs wait" {
	local pid n
	mq-ctl create out/g
	mq-ctl set out max-messages=3
	seq 3 | mq-pub out
	mq-pub in 11 22 x 33
	# The first three end together: they are one batch.
	mkfifo a b c
	mq-sub in -c 4 -P 3 --to out -- sh -c 'read -r n; case $n in 11) p=a ;; 22) p=b ;; x) p=c ;; esac
	    [ -z "$p" ] || [ -e $p.ran ] || { read -r go <$p; : >$p.ran; }
	    echo $n; echo $n >>ran' 2>err 3>&- &
	pid=$!
	until_true '[ "$(pgrep -c -P '"$pid"')" = 3 ]'
	kill -STOP "$pid"
	for n in a b c; do echo >$n; done
	until_true '[ "$(wc -l <ran)" = 3 ]'
	kill -CONT "$pid"
	until_true '[ "$(readlink /proc/'"$pid"'/fd/* | grep -c inotify)" = 2 ]'
	mq-ctl set out 'schema={"type":"integer"}'
	mq-sub out/g >got 3>&- &
	wait "$pid"
	[ "$(mq-replay out | sort -n | tr '\n' ' ')" = '1 2 3 11 22 33 ' ]
	[ "$(mq-replay in.dead)" = x ]
	[ "$(mq-stat -J in/default | jq .depth)" = 0 ]
}

@test "dead letters and redriving are copies, and not checked" {
	contract q "$order"
	mq-pub q '{"id":1}'
	run -0 mq-sub -e q -- sh -c 'exit 100'
	mq-ctl set q 'schema={"type":"string"}'
	mq-ctl redrive -q q.dead
	run -0 mq-sub -e q
	assert_output '{"id":1}'
	contract q.dead false
	mq-pub q '"x"'
	run -0 mq-sub -e q -- sh -c 'exit 100'
	[ "$(mq-replay --last 1 q.dead)" = '"x"' ]
	refuses 65 'mq-pub: command line: message 1: breaks the schema: expected nothing: the schema is false' \
		mq-pub q.dead 1
}

# ------------------------------------------------------------ check --schema

@test "check --schema: which retained messages a new contract would refuse" {
	jq -nc '{id: "1", x: [range(200000)]}' >large
	mq-pub q '{"id":1}' nope '{"id":"3"}'
	mq-pub -F q large
	mq-pub q '{"id":5}'
	echo "$order" >new
	mapfile -t id < <(mq-replay -f '%o\n' q)
	run -74 --separate-stderr mq-ctl check --schema new q
	assert_output 'q: 5 messages, 3 findings'
	[ "$stderr" = "mq-ctl check: q: message ${id[1]}: is no JSON: invalid value (at byte 2)
mq-ctl check: q: message ${id[2]}: breaks the schema at /id: expected an integer, not a string
mq-ctl check: q: message ${id[3]}: breaks the schema at /id: expected an integer, not a string" ]
	run -74 --separate-stderr mq-ctl check -q --schema "$order" q
	assert_output ''
	mq-pub p 1
	run -0 mq-ctl check --schema true p
	assert_output 'p: 1 message, 0 findings'
	refuses 65 'mq-ctl check: q: the schema is no JSON Schema: expected a boolean or an object, not an array' \
		sh -c 'echo [] >no; mq-ctl check --schema no q'
	refuses 65 'mq-ctl check: none: No such file or directory' mq-ctl check --schema none q
	run -64 --separate-stderr mq-ctl check --schema new
	[[ $stderr = 'mq-ctl check: --schema: no queue was named'* ]]
	refuses 66 "mq-ctl check: missing: no such queue$in_spool" mq-ctl check --schema new missing
	# More than one batch of them.
	seq 3000 | mq-pub many
	run -74 --separate-stderr mq-ctl check --schema '{"maximum":2990}' many
	assert_output 'many: 3000 messages, 10 findings'
}

# ------------------------------------------------------- a checker that fails

@test "a checker that is not installed: 69, and nothing gets in" {
	contract q "$order"
	export MQ_LIBEXEC=$BATS_TEST_TMPDIR/none
	local text="its schema can't be checked: $MQ_LIBEXEC/mq-schema: not installed (package mq-tools, or make install)"
	refuses 69 "mq-pub: q: $text" mq-pub q '{"id":1}'
	refuses 69 "mq-pub: q: $text" mq-pub --reject-to bad q '{"id":1}'
	refuses 69 "mq-ctl set: q: $text" mq-ctl set q schema=true
	refuses 69 "mq-ctl check: q: $text" mq-ctl check --schema true q
	run -1 mq-replay q
	mkdir none
	echo >none/mq-schema
	refuses 77 "mq-pub: q: its schema can't be checked: $MQ_LIBEXEC/mq-schema: Permission denied" mq-pub q '{"id":1}'
	# Who removes the schema needs no checker.
	mq-ctl set q schema=
	mq-pub q x
}

@test "a checker that dies or answers nonsense: 71, and nothing gets in" {
	contract q "$order"
	local n=$((8 + ${#order}))	# the schema, as it is sent
	local nonsense="mq-pub: q: its schema can't be checked: mq-schema does not answer as it should (is it of another version?)"
	checker "exit 3"
	refuses 71 "mq-pub: q: its schema can't be checked: mq-schema ended with status 3" mq-pub q '{"id":1}'
	checker "head -c $n >/dev/null; printf '\\0\\0\\0\\0'; head -c 12 >/dev/null; kill -9 \$\$"
	refuses 71 "mq-pub: q: its schema can't be checked: mq-schema was killed by signal 9" \
		mq-pub q '{"id":1}' '{"id":2}'
	checker 'echo "hello, world"; exec sleep 1000'
	refuses 71 "$nonsense" mq-pub q '{"id":1}'
	# It says that the schema is good, and the first body; then it has too much to say.
	checker "head -c $n >/dev/null; printf '\\0\\0\\0\\0'; head -c 16 >/dev/null; printf '\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0'; exec sleep 1000"
	refuses 71 "$nonsense" mq-pub q '{"id":1}'
	run -1 mq-replay q
	checker "exec '$real/mq-schema'"
	mq-pub q '{"id":1}'
}

@test "a checker that is killed between two batches: the first is in, the second is not" {
	contract q "$order"
	checker "echo \$\$ >'$BATS_TEST_TMPDIR/pid'; exec '$MQ_LIBEXEC/mq-schema'"
	mkfifo gate
	mq-pub q <gate 2>err 3>&- &
	exec 8>gate
	echo '{"id":1}' >&8
	until_true '[ "$(mq-replay q 2>/dev/null)" = "{\"id\":1}" ]'
	kill -9 "$(cat pid)"
	echo '{"id":2}' >&8
	exec 8>&-
	local status=0
	wait $! || status=$?
	[ "$status" = 71 ]
	[ "$(cat err)" = "mq-pub: q: its schema can't be checked: mq-schema was killed by signal 9 (1 message was published before)" ]
	[ "$(mq-replay q)" = '{"id":1}' ]
}

@test "a checker that hangs: 71 after 10 seconds; a signal ends the wait" {
	contract q "$order"
	checker 'exec sleep 1000'
	refuses 71 "mq-pub: q: its schema can't be checked: mq-schema did not answer for 10 s" mq-pub q '{"id":1}'
	checker "echo \$\$ >'$BATS_TEST_TMPDIR/pid'; exec sleep 1000"
	mq-pub q '{"id":1}' 2>err 3>&- &
	until_true '[ -s pid ]'
	kill -TERM $!
	local status=0
	wait $! || status=$?
	[ "$status" = 75 ]
	[ "$(cat err)" = 'mq-pub: q: stopped by a signal: 0 messages were published' ]
	# Nothing of it is left running.
	run ! kill -0 "$(cat pid)"
	run -1 mq-replay q
}

@test "a publisher that is killed leaves no checker behind" {
	contract q "$order"
	checker "echo \$\$ >'$BATS_TEST_TMPDIR/pid'; exec '$MQ_LIBEXEC/mq-schema'"
	mkfifo gate
	mq-pub q <gate 3>&- &
	exec 8>gate
	echo '{"id":1}' >&8
	until_true '[ "$(mq-replay q 2>/dev/null)" = "{\"id\":1}" ]'
	kill -0 "$(cat pid)"
	kill -9 $!
	wait $! || :
	exec 8>&-
	until_true '! kill -0 "$(cat pid)" 2>/dev/null'
}

# ------------------------------------------------------------ while it changes

# Each change comes after the publisher has read the settings, and before it has the lock.
@test "a publisher that is there already: the schema that holds is the one of the commit" {
	mq-ctl create q
	mkfifo gate
	mq-pub -q --reject-to bad q <gate 3>&- &
	exec 8>gate
	says() {
		said=$1
		echo "$said" >&8
		until_true '[ "$(mq-replay --last 1 q 2>/dev/null)" = "$said" ] || [ "$(tail -n 1 bad)" = "$said" ]'
	}
	says 'no JSON'
	mq-ctl set q "schema=$order"
	says 'no JSON either'
	says '{"id":1}'
	mq-ctl set q 'schema={"type":"string"}'
	says '{"id":2}'
	says '"a string"'
	# Another setting, the same schema.
	mq-ctl set q retain=1d
	says '"another"'
	mq-ctl set q schema=
	says 'anything'
	exec 8>&-
	wait $!
	[ "$(mq-replay q)" = $'no JSON\n{"id":1}\n"a string"\n"another"\nanything' ]
	[ "$(cat bad)" = $'no JSON either\n{"id":2}' ]
}

@test "pub -J --reject-to --receipts: another schema refuses a record before one that was refused" {
	contract q '{"not":{"const":5}}'
	mq-ctl set q max-messages=1
	mq-ctl create q/g
	for i in 1 2 3 4 5 6 7; do echo "{\"json\":$i,\"receipt\":\"a/b/$i.1\"}"; done >in
	mq-pub -q -J --receipts --reject-to bad q <in >receipts 3>&- &
	# Record 5 is put aside, and there is room for the first message only.
	until_true '[ "$(mq-replay q 2>/dev/null)" = 1 ]'
	mq-ctl set q 'schema={"enum":[3,4,7]}' max-messages=off
	wait $!
	[ "$(mq-replay q)" = $'1\n3\n4\n7' ]
	sed -n '5p;2p;6p' in | sort >expected
	sort bad | cmp - expected
	assert_equal "$(cat receipts)" $'a/b/1.1\na/b/3.1\na/b/4.1\na/b/7.1'
}

@test "a schema that is set while others publish: nothing after it breaks it" {
	mq-ctl create q
	local i writers=()
	for i in 1 2 3; do
		while [ ! -e stop ]; do printf '{"id":%d}\n{"id":"x"}\nno JSON\n' "$i"; done |
		    mq-pub --reject-to "bad$i" -q q 3>&- &
		writers+=($!)
	done
	until_true '[ "$(mq-replay q 2>/dev/null | head -n 100 | wc -l)" = 100 ]'
	for i in 1 2 3 4 5; do
		mq-ctl set q "schema=$order"
		mark=$(mq-pub -I q '{"id":0}')
		mq-pub q '{"id":0}' '{"id":0}'
		until_true 'mq-replay --since "$mark" q | grep -q "{.id.:[123]}"'
		last=$(mq-pub -I q '{"id":0}')
		run ! grep -v '^{"id":[0-3]}$' <(mq-replay --since "$mark" --until "$last" q)
		assert_output ''
		mq-ctl set q schema=
		until_true 'mq-replay --since "$last" q | grep -q "no JSON"'
	done
	touch stop
	wait "${writers[@]}"
	# What was refused is no more and no less than what is not there.
	[ -s bad1 ]
	run -1 grep -v -e '^{"id":"x"}$' -e '^no JSON$' bad1 bad2 bad3
	[ "$(cat bad1 bad2 bad3 <(mq-replay q) | grep -c 'x\|no')" -gt 0 ]
	for i in 1 2 3; do
		[ "$(mq-replay q | grep -cF "{\"id\":$i}")" -gt 0 ]
	done
	[ "$(cat bad? <(mq-replay q) | grep -c 'no JSON')" = "$(mq-replay q | grep -c '{"id":[123]}')" ]
}

@test "compact=key: an empty body deletes its key, whatever the schema says" {
	mq-ctl create t
	mq-ctl set t compact=key 'schema={"type":"object"}'
	mq-pub -k a t '{}'
	run -65 mq-pub -k a t x
	mq-pub -k a t ''
	assert_equal "$(mq-replay --latest t | wc -l)" 0
	echo '{"type":"object"}' >schema
	mq-ctl check --schema schema t
	mq-ctl set t compact=off
	run -74 mq-ctl check --schema schema t
	run -65 mq-pub -k a t ''
}
