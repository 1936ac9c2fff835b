#!/usr/bin/env bats
# engines.bats - the seam: engines that are loaded, what they can't do, what they are told
#
# The engines are in tests/engines: one with an empty table, one that records its calls,
# one that records and can honour no option, one of another version, and a shared object
# that is no engine.

load lib/common
load lib/expect

setup() {
	cd "$BATS_TEST_TMPDIR" || return 1
	record=$BATS_TEST_TMPDIR/record
	export MQ_RECORD=$record
	export MQ_SPOOL=kafka://user:secret@host:1/p.
}

# engine NAME: that is the one for kafka://.
engine() {
	export MQ_ENGINES=$MQ_BUILD/engines/$1
	rm -f "$record"
}

# recorded LINE...: these calls were made, in this order, perhaps among others.
recorded() {
	local line
	exec 9<"$record"
	for want; do
		while :; do
			IFS= read -r line <&9 || { echo "not recorded: $want"; cat "$record"; return 1; }
			[ "$line" != "$want" ] || break
		done
	done
	exec 9<&-
}

# Every tool with the arguments that it needs, a line each.
commands() {
	cat <<'EOT'
mq-pub q a
mq-sub -e q
mq-sub -e q -- true
mq-ack q/g/3:1.x
mq-stat
mq-stat q
mq-replay q
mq-ctl create q
mq-ctl set q retain=1d
mq-ctl set q
mq-ctl show q
mq-ctl list
mq-ctl bind -k a q/g
mq-ctl unbind -k a q/g
mq-ctl pause q
mq-ctl resume q
mq-ctl skip q/g 3:1
mq-ctl delete q
mq-ctl purge q
mq-ctl trim q
mq-ctl redrive q.dead
mq-ctl rename q r
mq-ctl compact q
mq-ctl backup q dir
mq-ctl check q
mq-ctl salvage damaged q
mq-ctl salvage q/g
EOT
}

@test "an engine that is not installed: 69, with its file and package" {
	local scheme
	export MQ_ENGINES=$BATS_TEST_TMPDIR/none
	for scheme in amqp amqps; do
		fails 69 "mq-pub: $scheme://: no engine: $MQ_ENGINES/amqp.so: not installed (package mq-tools-amqp, or make install where librabbitmq is)" \
		    mq-pub -s "$scheme://user:secret@host" q a
	done
	fails 69 "mq-pub: kafka://: no engine: $MQ_ENGINES/kafka.so: not installed (it will be in the package mq-tools-kafka, which does not exist yet)" \
	    mq-pub -s "kafka://user:secret@host" q a
	unset MQ_ENGINES
	run -69 --separate-stderr mq-pub q a
	[[ $stderr = "mq-pub: kafka://: no engine: "*"/lib/mq/kafka.so: not installed (it will be in the package mq-tools-kafka, which does not exist yet)" ]]
}

@test "what has the form SCHEME:// is never a directory, however the scheme is written" {
	local scheme
	export MQ_ENGINES=$BATS_TEST_TMPDIR/none
	mkdir empty
	cd empty
	fails 69 "mq-pub: amqp://: no engine: $MQ_ENGINES/amqp.so: not installed (package mq-tools-amqp, or make install where librabbitmq is)" \
	    mq-pub -s AMQP://user:secret@host q a
	for scheme in redis Redis x+y 1a _ 'a b' ''; do
		fails 69 "mq-pub: $scheme://: no engine of that name (a spool is a directory, amqp://..., amqps://... or kafka://...)" \
		    mq-pub -s "$scheme://user:secret@host" q a
		run -69 --separate-stderr mq-stat --names -s "$scheme://user:secret@host"
		[[ $stderr != *secret* ]]
	done
	[ -z "$(ls)" ]
	mq-pub -s ./x://y q a
	[ "$(mq-replay -s ./x://y q)" = a ]
}

@test "an engine that can't be loaded, is none, or is of another version: 69" {
	mkdir "$BATS_TEST_TMPDIR/e"
	export MQ_ENGINES=$BATS_TEST_TMPDIR/e
	echo 'not a shared object' >"$MQ_ENGINES/kafka.so"
	run -69 --separate-stderr mq-pub q a
	[[ $stderr = "mq-pub: kafka://: no engine: $MQ_ENGINES/kafka.so: "* && $stderr != *package* ]]
	[[ $stderr != *"$MQ_ENGINES/kafka.so"*"$MQ_ENGINES/kafka.so"* ]]
	engine other
	fails 69 "mq-pub: kafka://: no engine: $MQ_ENGINES/kafka.so: not an engine of mq" \
	    mq-pub q a
	engine older
	fails 69 "mq-pub: kafka://: no engine: $MQ_ENGINES/kafka.so: made for version 3 of the engines' interface, not 4" \
	    mq-pub q a
}

@test "a scheme that nobody knows: 69; a directory may have a colon in its name" {
	fails 69 'mq-pub: redis://: no engine of that name (a spool is a directory, amqp://..., amqps://... or kafka://...)' \
	    mq-pub -s redis://host q a
	mq-pub -s "$BATS_TEST_TMPDIR/a:b" q a
	[ "$(mq-replay -s "$BATS_TEST_TMPDIR/a:b" q)" = a ]
}

@test "an empty engine: every command ends with 69" {
	local line words
	engine empty
	while read -r line; do
		read -r -a words <<<"$line"
		run -69 --separate-stderr "${words[@]}" </dev/null
		[[ $stderr = *": the empty engine can't "* ]] || { echo "$line: $stderr"; return 1; }
		assert_equal "$output" ''
	done < <(commands)
}

@test "an empty engine: every option of every command ends with 69" {
	local tool line words short long arg tried=0
	engine empty
	mkdir here
	cd here
	while read -r line; do
		read -r -a words <<<"$line"
		tool=("${words[0]}")
		[ "${words[0]}" != mq-ctl ] || tool+=("${words[1]}")
		while IFS=$'\t' read -r short long arg _; do
			case $long in
			--help | --version | --spool) continue ;;
			# These end as HTTP and monitoring plugins do, whatever went wrong.
			--http | --check | --warn) continue ;;
			esac
			# Values that are good, whatever the option is.
			case $arg in
			-) value=() ;;
			DURATION) value=(1s) ;;
			NAME=VALUE) value=(a=b) ;;
			COUNT | NUMBER) value=(1) ;;
			TIME) value=(2000-01-01) ;;
			'TIME|ID' | WHERE) value=(@1) ;;
			\[*) value=() ;;
			FILE) value=(/dev/null) ;;
			*) value=(x) ;;
			esac
			run --separate-stderr "${tool[@]}" "$long" "${value[@]}" "${words[@]:${#tool[@]}}" </dev/null
			# 64: an option that does not go with these arguments.
			[ "$status" = 69 ] || [ "$status" = 64 ] ||
			    { echo "${tool[*]} $long ${value[*]} ...: $status $stderr"; return 1; }
			[ "$status" = 64 ] || tried=$((tried + 1))
		done < <("${tool[@]}" --help-options)
	done < <(commands)
	[ "$tried" -ge 60 ] || { echo "only $tried options were tried"; return 1; }
	[ -z "$(ls)" ] || { echo "left behind: $(ls)"; return 1; }
}

@test "an engine that can honour no option: 69, option and engine named, nothing begun" {
	local n=0 option instead=' (see Engines in mq(7))'
	engine incapable
	mkdir here
	cd here
	# refuses OPTION COMMAND...
	refuses() {
		option=$1
		shift
		rm -f "$record"
		run -69 --separate-stderr "$@" </dev/null
		[[ $stderr = *": --$option: the record engine can't do that$instead" ]] ||
		    { echo "$*: $stderr"; return 1; }
		[ "$(sed 's/ .*//' "$record" | sort -u | paste -sd ' ')" = spool_open ] ||
		    { echo "$*: begun"; cat "$record"; return 1; }
		n=$((n + 1))
	}
	refuses key mq-pub -k a q a
	refuses header mq-pub -H a=b q a
	instead=': publish to a queue for each priority' refuses priority mq-pub -p 1 q a
	refuses delay mq-pub -d 1s q a
	refuses at mq-pub --at 2099-01-01 q a
	refuses ttl mq-pub --ttl 1s q a
	refuses message-id mq-pub -i x q a
	refuses call mq-pub --call q a
	refuses wait mq-pub -W 1s q a
	refuses atomic mq-pub --atomic q a
	refuses mandatory mq-pub --mandatory q a
	refuses mirror mq-pub -J --mirror q
	refuses mandatory mq-pub --reject-to bad --mandatory q a
	[ ! -e bad ]
	refuses manual mq-sub -e -m q
	refuses lease mq-sub -l 1m -m -e q
	refuses prefetch mq-sub -e --prefetch 5 q
	refuses to mq-sub -e --to r q -- cat
	refuses pattern mq-sub -e -k 'a.*' q
	refuses key mq-sub -e --key a q
	refuses header mq-sub -e -H a=b q
	refuses header mq-sub -e -H a=b --any q
	refuses ordered mq-sub -e --ordered q
	refuses temp mq-sub -e --temp q
	refuses exclusive mq-sub -e --exclusive q
	refuses from mq-sub -e --from oldest q
	refuses retry mq-ack --retry q/g/1.2
	refuses release mq-ack --release q/g/1.2
	refuses reject mq-ack --reject q/g/1.2
	refuses extend mq-ack --extend 1m q/g/1.2
	refuses list mq-stat -l
	refuses next-due mq-stat --next-due
	refuses message mq-stat --message 1 q
	refuses since mq-replay --since @1 q
	refuses until mq-replay --until @1 q
	refuses key mq-replay --key a q
	refuses pattern mq-replay -k a q
	refuses header mq-replay -H a=b q
	refuses any mq-replay --any -H a=b q
	refuses last mq-replay --last 1 q
	refuses expect-last mq-pub --expect-last 3:1 q a
	refuses latest mq-replay --latest q
	refuses follow mq-replay -F q
	refuses rewind mq-replay --rewind --to oldest q/g
	refuses from mq-ctl create --from oldest q/g
	refuses pattern mq-ctl create -k a q/g
	refuses key mq-ctl bind --key a q/g
	refuses replace mq-ctl bind --replace -k a q/g || refuses pattern mq-ctl bind -k a q/g
	refuses header mq-ctl unbind -H a=b q/g
	refuses reason mq-ctl redrive --reason x q.dead
	refuses dry-run mq-ctl redrive --dry-run q.dead
	refuses schema mq-ctl check --schema true q
	[ "$n" -ge 44 ]
}

@test "MQ_NOW where the clock can't be shifted: 69" {
	engine record
	MQ_NOW=+1h fails 69 "mq-pub: the record engine can't shift its clock: MQ_NOW has no meaning there (see Engines in mq(7))" \
	    mq-pub q a
	[ ! -e "$record" ]
}

@test "publishing: what is called, and ids that are text" {
	engine record
	run -0 mq-pub -I -k key -p 3 q one two
	[ "$output" = $'3:70\n3:71' ]
	recorded 'publisher_open q flags=0' 'publisher_send key=key priority=3 body=one' \
	    'publisher_send key=key priority=3 body=two' 'publisher_flush 2'
	engine record
	printf '%s\n' '{"body":"b","receipt":"q/g/3:70.token-9"}' >"$BATS_TEST_TMPDIR/in"
	run -0 mq-pub -J --receipts --atomic q <"$BATS_TEST_TMPDIR/in"
	[ "$output" = q/g/3:70.token-9 ]
	recorded 'publisher_atomic 1' 'publisher_flush 1'
	rm "$record"
	mq-pub --expect-last 3:1 q a
	mq-pub -k k --expect-last 3:1 q a
	recorded 'publisher_expect 3:1 key=-' 'publisher_flush 1' 'publisher_expect 3:1 key=k' \
	    'publisher_flush 1'
	engine record
	run -0 mq-pub --mandatory q a
	recorded 'publisher_open q flags=1'
}

@test "publishing a large body goes piece by piece" {
	engine record
	head -c 1000000 /dev/zero | mq-pub -1 q
	recorded large_new 'publisher_flush 1'
}

@test "a call without a reply: 75" {
	engine record
	fails 75 'mq-pub: q: no reply in time' mq-pub --call -W 1s q a
	recorded 'call_open q' 'publisher_flush 1' call_wait
}

@test "consuming to stdout: messages, ids, receipts" {
	engine record
	run -0 mq-sub -e -f '%o %s\n' q/g
	[ "$output" = $'3:70 one\n3:71 two' ]
	recorded 'consumer_open q/g flags=0 from=- bindings=0 settings=0' consumer_close
	engine record
	run -0 mq-sub -m -e q/g
	[ "$output" = $'q/g/3:70.token-9\tone\nq/g/3:71.token-9\ttwo' ]
	recorded 'consumer_open q/g flags=1 from=- bindings=0 settings=0' 'consumer_handed_out 2'
	engine record
	run -0 mq-sub -e --ordered --from 3:70 -k 'a.#' q/g
	recorded 'consumer_open q/g flags=0 from=3:70 bindings=1 settings=1'
}

@test "consuming with a command: runs without a descriptor" {
	engine record
	run -0 mq-sub -e q/g -- sh -c 'echo "$(cat) $MQ_ID $MQ_RECEIPT"'
	[ "$output" = $'one 3:70 q/g/3:70.token-9\ntwo 3:71 q/g/3:71.token-9' ]
	recorded 'run_new seq=70' 'run_started pid' 'consumer_settle verb=1 seq=70' consumer_close
	engine record
	run -0 mq-sub -e --to r q/g -- cat
	recorded publisher_feed 'publisher_input seq=70' 'consumer_settle verb=1 seq=70'
	# Together or not: a command that ends late has a flush of its own.
	assert_equal "$(awk '$1 == "publisher_flush" { n += $2 } END { print n }' "$record")" 2
	engine record
	run -0 mq-sub -e --batch 2 q/g -- cat
	recorded 'run_new seq=70' 'run_add seq=71'
}

@test "a handler inherits the spool's name as it is, with its password" {
	engine record
	run -0 mq-sub -e -c 1 q/g -- sh -c 'echo "$MQ_SPOOL"'
	[ "$output" = "$MQ_SPOOL" ]
}

@test "settling by receipt: what is an engine's in it is not looked at" {
	engine record
	mq-ack q/g/3:70.token-9
	recorded settler_open 'settler_add q/g/3:70.token-9 verb=1' 'settler_flush 1'
	engine record
	mq-ack --retry -d 1s <<<q/g/x
	recorded 'settler_add q/g/x verb=2'
}

@test "replay: ids of the engine's own kind are places" {
	engine record
	run -0 mq-replay --since 3:70 --until 3:71 --last 5 -f '%o %s\n' q
	[ "$output" = $'3:70 one\n3:71 two' ]
	recorded 'reader_open q/- since_id=3:70 until_id=3:71 since=0 last=5 follow=0 latest=0 bindings=0'
	rm "$record"
	run -0 mq-replay --latest -k 'a.*' -H b=c q
	recorded 'reader_open q/- since_id=- until_id=- since=0 last=0 follow=0 latest=1 bindings=2'
	fails 64 "mq-replay: --since: '3:x': not a time*" mq-replay --since 3:x q ||
	    { [[ $stderr = "mq-replay: --since: '3:x': "* ]]; }
	run -64 --separate-stderr mq-replay --since 1700000000000000000 q
	[[ $stderr = "mq-replay: --since: '1700000000000000000': not an id of this engine"* ]]
	engine record
	run -0 mq-replay --rewind --to 3:71 q/g
	recorded 'rewind q/g to=3:71 dry_run=0'
}

@test "an id of another engine is no place in a directory: 64" {
	MQ_SPOOL=$BATS_TEST_TMPDIR/s
	mq-pub q a
	run -64 --separate-stderr mq-replay --since 3:70 q
	[[ $stderr = "mq-replay: --since: '3:70': "* ]]
}

@test "stat: what an engine does not count is -, and null in JSON" {
	engine record
	run -0 mq-stat
	[[ ${lines[1]} =~ ^q\ +-\ +2\ +-\ +-\ +-\ +-\ +-\ +-\ +-\ +-$ ]]
	[[ ${lines[2]} =~ ^q\ +g\ +2\ +2\ +-\ +-\ +-\ +-\ +-\ +-\ +-$ ]]
	run -0 mq-stat -J
	[ "$(jq -s -c '[.[0].messages, .[0].bytes, .[0].oldest, .[1].depth, .[1].acked, .[1].consumers, .[1].oldest_age]' <<<"$output")" = \
	    '[2,null,null,2,null,null,null]' ]
	[ "$(mq-stat --names)" = $'q\nq/g' ]
}

@test "stat -l: where consumers are that are not here" {
	engine record
	run -0 mq-stat -l
	[[ $output = *client-7@example*prefetched*client-7@example*q/g/3:70.token-9* ]]
	run -0 mq-stat -l -J
	[ "$(jq -s -c '[.[0].where, .[0].consumer, .[0].since, .[0].age, .[1].where, .[1].bytes, .[1].since]' <<<"$output")" = \
	    '["client-7@example",null,null,null,"client-7@example",null,null]' ]
	run -1 mq-stat --next-due
	recorded 'next_due -/-'
	run -0 mq-stat --message 3:70 q
	assert_line -n 1 'q/g: settled'
	recorded 'trace q 3:70'
}

@test "administration: each subcommand calls its function" {
	engine record
	mq-ctl create q
	mq-ctl create -k a q/g
	mq-ctl set q retain=1d
	[ "$(mq-ctl show q)" = $'retain=7d\n# group g: all messages\n# consumer client-7@example of g: since -, - outstanding' ]
	mq-ctl bind -k 'a.*' --replace q/g
	mq-ctl unbind -k 'a.*' q/g
	mq-ctl pause q
	mq-ctl resume q/g
	mq-ctl skip q/g 3:70
	mq-ctl delete q/g
	mq-ctl purge q
	mq-ctl trim q
	mq-ctl rename q r
	mq-ctl compact -W 2s q
	mq-ctl backup q dir
	mq-ctl redrive --reason 'exit*' --dry-run q.dead
	mq-ctl check q
	mq-ctl salvage damaged q
	mq-ctl salvage q/g
	recorded 'create q/- bindings=0' 'create q/g bindings=1' 'set q/- retain=1d n=1' 'show q/-' \
	    'bind q/g a.* n=1 replace=1' 'unbind q/g a.* n=1' 'pause q/- 1' 'pause q/g 0' \
	    'skip q/g 3:70 n=1' 'delete q/g' 'purge q/-' 'trim q' \
	    'rename q r' 'compact q wait=2000000000' 'backup q dir' \
	    'redrive q.dead reason=exit* dry_run=1' 'check q' \
	    'salvage damaged q' 'salvage_group q/g'
}
