#!/usr/bin/env bats
# Bindings: which messages a group gets, and what else routes.

load lib/common
load lib/expect

# Four keys and their bodies.
publish_keys() {
	printf '%s\n' eu.fr:1 eu.de:2 us.ny:3 :4 | mq-pub -K : q
}

@test "-k: a group gets the keys of a pattern; another everything" {
	publish_keys
	run -0 mq-sub -e -k 'eu.*' q/europe
	assert_output $'1\n2'
	run -0 mq-sub -e q/all
	assert_output $'1\n2\n3\n4'
	run -0 mq-sub -e --pattern '#' q/fanout
	assert_output $'1\n2\n3\n4'
	run -0 mq-sub -e -k '' q/unkeyed
	assert_output 4
}

@test "--key: one key literally, wildcards too" {
	printf '%s\n' 'a.*:1' 'a.b:2' ':3' | mq-pub -K : q
	run -0 mq-sub -e --key 'a.*' q/star
	assert_output 1
	run -0 mq-sub -e --key '' q/none
	assert_output 3
}

@test "-H: all of the headers, or with --any one of them" {
	mq-pub -H kind=a -H size=1 q both
	mq-pub -H kind=a -H size=2 q kind
	mq-pub -H size=1 q size
	mq-pub q neither
	run -0 mq-sub -e -H kind=a -H size=1 q/all
	assert_output both
	run -0 mq-sub -e -H kind=a --header size=1 --any q/any
	assert_output $'both\nkind\nsize'
}

@test "several bindings: each message once, if any of them matches" {
	publish_keys
	run -0 mq-sub -e -k 'eu.#' -k '#.fr' --key us.ny -H a=b q/g
	assert_output $'1\n2\n3'
}

@test "a group declared before any message is bound from the first on" {
	mq-ctl create --pattern 'eu.#' --header urgent=yes q/g
	publish_keys
	mq-pub -k us.ny -H urgent=yes q 5
	run -0 mq-sub -e q/g
	assert_output $'1\n2\n5'
}

@test "naming the bindings that a group has is fine, in any order" {
	publish_keys
	run -0 mq-sub -e -c 1 -k 'eu.#' --key x -H a=1 -H b=2 q/g
	run -0 mq-sub -e -H b=2 -H a=1 --key x -k 'eu.#' q/g
	assert_output 2
}

@test "other bindings than the group's: 78, and the command that would change it" {
	mq-ctl create -k 'eu.#' q/bound
	mq-ctl create q/free
	fails 78 "mq-sub: q/bound: exists with other bindings; to change that: mq-ctl -s $MQ_SPOOL bind --replace -k 'us.#' q/bound" \
		mq-sub -e -k 'us.#' q/bound
	fails 78 "mq-sub: q/free: exists with no bindings; to change that: mq-ctl -s $MQ_SPOOL bind --replace --key 'it'\\''s' q/free" \
		mq-sub -e --key "it's" q/free
	fails 78 "mq-sub: q/bound: exists with other bindings; to change that: mq-ctl -s $MQ_SPOOL bind --replace -H 'b=2' -H 'a=1' --any q/bound" \
		mq-sub -e -H b=2 -H a=1 --any q/bound
	publish_keys
	mq-ctl bind --replace -k 'us.#' q/bound
	run -0 mq-sub -e -k 'us.#' q/bound
	assert_output 3
}

@test "malformed bindings: 64" {
	long=$(printf '%0256d' 0)
	fails 64 "mq-sub: -k: '${long:0:64}': pattern has 256 bytes, at most 255" mq-sub -k "$long" q
	fails 64 "mq-sub: --key: '${long:0:64}': key has 256 bytes, at most 255" mq-sub --key "$long" q
	fails 64 "mq-sub: -k: '\\377': pattern is not UTF-8 (byte 1)" mq-sub -k $'\xff' q
	fails 64 "mq-sub: -H: 'novalue': not NAME=VALUE" mq-sub -H novalue q
	fails 64 "mq-sub: -H: '=x': not NAME=VALUE" mq-sub -H =x q
	fails 64 "mq-sub: -H: binding: value of header 1 is not UTF-8 (byte 1)" mq-sub -H $'a=\xff' q
	fails 64 "mq-sub: --any: there is no -H" mq-sub --any q
	fails 64 "mq-ctl create: 'q': bindings are for groups" mq-ctl create -k a q
	fails 64 "mq-ctl bind: no binding was given (-k, --key or -H): mq-ctl bind [--replace] BINDING... QUEUE/GROUP..." mq-ctl bind q/g
	fails 64 "mq-ctl unbind: no binding was given (-k, --key or -H): mq-ctl unbind [options] BINDING... QUEUE/GROUP..." mq-ctl unbind q/g
	fails 64 "mq-ctl bind: 'q': names a queue, not a group" mq-ctl bind -k a q
	untouched
}

@test "more bindings than a group can have: 64, and none is added or made" {
	local keys=() i
	for ((i = 0; i <= 4096; i++)); do
		keys+=(--key "$i")
	done
	mq-ctl create -k a q/g
	run -64 --separate-stderr mq-ctl bind "${keys[@]}" q/g
	assert_equal "$stderr" 'mq-ctl bind: q/g: more than 4096 bindings or 1048576 bytes of them'
	run -64 --separate-stderr mq-sub -e "${keys[@]}" q/h
	assert_equal "$stderr" 'mq-sub: q/h: more than 4096 bindings or 1048576 bytes of them'
	run -0 mq-ctl show --changed q/g
	assert_output binding=pattern:a
	run -0 mq-ctl list
	assert_output $'q\nq/g'
	mq-ctl bind --replace "${keys[@]:2}" q/g
	[ "$(mq-ctl show q/g | grep -c ^binding=)" = 4096 ]
}

@test "create -p: a group that exists must have these bindings" {
	mq-ctl create -k a q/g
	mq-ctl create -p -k a q/g
	mq-ctl create -p q/g
	fails 78 "mq-ctl create: q/g: exists with other bindings; to change that: mq-ctl -s $MQ_SPOOL bind --replace -k 'b' q/g" \
		mq-ctl create -p -k b q/g
	fails 78 "mq-ctl create: q/g: exists already" mq-ctl create -k a q/g
}

@test "bind and unbind: what the group has not looked at yet" {
	mq-ctl create -k a q/g
	mq-pub -k a q 1
	mq-pub -k b q 2
	mq-pub -k c q 3
	mq-ctl bind -k b --pattern a q/g
	mq-ctl unbind --pattern a q/g
	run -0 mq-sub -e q/g
	assert_output 2
	mq-ctl bind -k c q/g
	run -1 mq-sub -e q/g
	mq-pub -k c q 4
	run -0 mq-sub -e q/g
	assert_output 4
}

@test "bind takes effect in a consumer that waits" {
	mq-ctl create -k a q/g
	mq-sub -c 1 q/g >out 3>&- &
	until_true '[ "$(field consumers q/g)" = 1 ]'
	mq-pub -k b q 1
	until_true '[ "$(depth q/g)" = 0 ]'
	mq-ctl bind --replace -k b q/g
	mq-pub -k a q 2
	mq-pub -k b q 3
	wait $!
	[ "$(cat out)" = 3 ]
}

@test "unbind: exactly that binding, all or none, and a word about the last one" {
	mq-ctl create -k a --key a -H x=1 -H y=2 q/g
	fails 66 "mq-ctl unbind: q/g: no such binding: -H 'x=1'" mq-ctl unbind -k a -H x=1 q/g
	fails 66 "mq-ctl unbind: q/g: no such binding: -H 'y=2' -H 'x=1' --any" \
		mq-ctl unbind -H y=2 -H x=1 --any q/g
	mq-ctl unbind -k a -H y=2 -H x=1 q/g
	run -0 mq-ctl show --changed q/g
	assert_output binding=key:a
	run -0 --separate-stderr mq-ctl unbind --key a q/g
	[ "$stderr" = "mq-ctl unbind: q/g: has no bindings any more: it gets every message" ]
	mq-ctl bind -k a q/g
	run -0 --separate-stderr mq-ctl -q unbind -k a q/g
	[ -z "$stderr" ]
	fails 66 "mq-ctl unbind: q/h: no such group" mq-ctl unbind -k a q/h
	fails 66 "mq-ctl bind: q/h: no such group" mq-ctl bind -k a q/h
}

@test "bind --replace without any: everything" {
	mq-ctl create -k a q/g
	mq-ctl bind --replace q/g
	mq-pub -k b q 1
	run -0 mq-sub -e q/g
	assert_output 1
}

@test "show prints what set reads, and set replaces all bindings" {
	mq-ctl create -k 'eu.#' --key '50%' -H 'a&b=c=d' -H e=f --any q/g
	mq-ctl create -k old q/h
	run -0 mq-ctl show --changed q/g
	assert_output $'binding=pattern:eu.#\nbinding=key:50%25\nbinding=any:a%26b=c=d&e=f'
	mq-ctl show q/g | mq-ctl set q/h
	[ "$(mq-ctl show q/h)" = "$(mq-ctl show q/g)" ]
	mq-pub -k '50%' q yes
	mq-pub -k old q no
	mq-pub -H e=f q headers
	run -0 mq-sub -e q/h
	assert_output $'yes\nheaders'
	mq-ctl set q/h binding=
	run -1 grep binding <(mq-ctl show --changed q/h)
	run -0 mq-ctl show q/h
	assert_line binding=
}

@test "a setting that is no binding: 78, and nothing is set" {
	mq-ctl create -k a q/g
	fails 78 "mq-ctl set: q/g: binding=a: begins with none of pattern:, key:, all: and any:" \
		mq-ctl set q/g lease=1m binding=a
	fails 78 "mq-ctl set: q/g: binding=key:%zz: % without two hexadecimal digits behind it" \
		mq-ctl set q/g binding=key:%zz
	fails 78 "mq-ctl set: q/g: binding=all:a: a header without '='" \
		mq-ctl set q/g binding=key:b binding=all:a
	fails 78 "mq-ctl set: q/g: no: no such setting" mq-ctl set q/g binding=key:b no=1
	run -0 mq-ctl show --changed q/g
	assert_output binding=pattern:a
}

@test "what does not match is passed over once, and the position survives" {
	seq 200000 | mq-pub -k no q
	mq-ctl create -k yes q/g
	run -1 mq-sub -e q/g
	[ "$(depth q/g)" = 0 ]
	mq-pub -k yes q 1
	seq 1000 | mq-pub -k no q
	[ "$(depth q/g)" = 1001 ]
	run -0 mq-sub -e q/g
	assert_output 1
	[ "$(depth q/g)" = 0 ]
	sound q
}

@test "what does not match does not keep messages from being trimmed" {
	mq-ctl create -k yes q/g
	seq 100 | mq-pub -k no q
	run -1 mq-sub -e q/g
	run -0 --separate-stderr env MQ_NOW=+30d mq-ctl -v trim q
	[ "$stderr" = "mq-ctl trim: q: trimmed 100 messages" ]
}

@test "what is handed out or held when a group is bound anew stays its own" {
	mq-ctl create q/g
	mq-ctl set q/g backoff=1ms
	mq-pub -k a q 1
	receipt=$(mq-sub -m -e q/g | cut -f 1)
	mq-ctl bind -k b q/g
	mq-ack --release "$receipt"
	run -0 mq-sub -e q/g
	assert_output 1
}

@test "--mandatory: fails where no group would get a message, and names its key" {
	mq-ctl create -k 'eu.#' -H x=1 q/g
	mq-pub --mandatory -k eu.fr q 1
	mq-pub --mandatory -H x=1 q 2
	fails 66 "mq-pub: q: no group would get a message with key 'us.ny'" \
		mq-pub --mandatory -k us.ny q 3
	fails 66 "mq-pub: q: no group would get a message without a key" \
		mq-pub --mandatory q 4
	run -0 mq-replay q
	assert_output $'1\n2'
	mq-ctl create q/all
	mq-pub --mandatory -k us.ny q 5
}

@test "--mandatory: a queue without groups has nobody" {
	mq-ctl create q
	fails 66 "mq-pub: q: no group would get a message with key 'k'" mq-pub --mandatory -k k q 1
	fails 66 "mq-pub: new: no group would get a message without a key" mq-pub --mandatory new 1
}

@test "--mandatory: what came before is published, with its ids or receipts" {
	mq-ctl create -k yes q/g
	printf '%s\n' yes:1 yes:2 no:3 yes:4 >in
	fails 66 "mq-pub: q: no group would get a message with key 'no' (2 messages were published before)" \
		mq-pub --mandatory -K : -I q <in
	assert_output "$(mq-replay -f '%o\n' q)"
	run -0 mq-replay q
	assert_output $'1\n2'
	printf '{"key":"%s","receipt":"a/b/1.%d","body":"x"}\n' yes 1 no 2 >in.json
	run -66 --separate-stderr mq-pub --mandatory -J --receipts q <in.json
	assert_output a/b/1.1
}

@test "--mandatory with --atomic: nothing is published" {
	mq-ctl create -k yes q/g
	run -66 --separate-stderr mq-pub --mandatory --atomic -K : q < <(printf '%s\n' yes:1 no:2)
	[ "$stderr" = "mq-pub: q: no group would get a message with key 'no'" ]
	run -1 mq-replay q
}

@test "--mandatory: large bodies of what was refused go, of the others stay" {
	mq-ctl create -k yes q/g
	head -c 300000 /dev/zero >large
	printf '{"key":"%s","body_base64":"%s"}\n' yes "$(base64 -w 0 large)" no "$(base64 -w 0 large)" |
	    run -66 mq-pub --mandatory -J q
	[ "$(find "$MQ_SPOOL/q/blob" -type f | wc -l)" = 1 ]
	mq-sub -e q/g | cmp - <(cat large; echo)
	sound q
}

@test "--mandatory notices bindings that change meanwhile" {
	mq-ctl create -k a q/g
	mkfifo in
	mq-pub --mandatory -K : q <in 2>err 3>&- &
	exec 4>in
	echo a:1 >&4
	until_true '[ "$(mq-replay q | wc -l)" = 1 ]'
	mq-ctl bind --replace -k b q/g
	echo b:2 >&4
	until_true '[ "$(mq-replay q | wc -l)" = 2 ]'
	echo a:3 >&4
	status=0
	wait $! || status=$?
	[ "$status" = 66 ]
	exec 4>&-
	[ "$(cat err)" = "mq-pub: q: no group would get a message with key 'a' (2 messages were published before)" ]
}

# groups QUEUE: their names, temporary ones as temp-*.
groups_of() {
	mq-ctl list "$1" | sed -n 's|^.*/||p' | sed 's/^temp-[0-9a-f]\{16\}$/temp-*/'
}

# no_traces: nothing is left of temporary groups of q.
no_traces() {
	if [ -n "${MQ_CLUSTER-}" ]; then
		[ -z "$(nodes api GET "queues/$vhost" | jq -r '.[].name | select(contains("/"))')" ]
		[ -z "$(nodes api GET "exchanges/$vhost" | jq -r '.[].name | select(contains("/"))')" ]
	else
		[ -z "$(ls "$MQ_SPOOL/q/owner")" ]
		run -1 compgen -G "$MQ_SPOOL/q/temp*"
	fi
}

@test "--temp: a group of its own, which goes with mq-sub" {
	mq-pub q 1 2
	mq-sub --temp q >out 3>&- &
	until_true '[ "$(wc -l <out)" = 2 ]'
	[ "$(groups_of q)" = 'temp-*' ]
	kill -TERM $!
	wait $!
	[ -z "$(groups_of q)" ]
	no_traces
	run -0 mq-sub -e --temp q
	assert_output $'1\n2'
	[ -z "$(groups_of q)" ]
	sound q
}

@test "--temp: with bindings and --from, two at once, each its own" {
	mq-pub -k a q old
	mq-sub --temp -k a --from newest -c 1 q >one 3>&- &
	mq-sub --temp -k b --from newest -c 1 -f '%g %s\n' q >two 3>&- &
	until_true '[ "$(groups_of q | wc -l)" = 2 ]'
	mq-pub -k a q A
	mq-pub -k b q B
	wait
	[ "$(cat one)" = A ]
	grep -q '^temp-[0-9a-f]\{16\} B$' two
	[ -z "$(groups_of q)" ]
}

@test "--temp: also with a command, and where MQ_AUTOCREATE forbids other groups" {
	mq-pub q 1
	run -0 env MQ_AUTOCREATE=no mq-sub -e --temp q -- cat
	assert_output 1
	[ -z "$(groups_of q)" ]
	fails 66 "mq-sub: new: no such queue in $MQ_SPOOL" env MQ_AUTOCREATE=no mq-sub -e --temp new
}

@test "--temp: refused with a group's name and with -m" {
	fails 64 "mq-sub: --temp: 'q/g': its group is named by mq-sub" mq-sub --temp q/g
	fails 64 "mq-sub: -m: with --temp the receipts would not outlive mq-sub" mq-sub --temp -m q
}

# A temporary group whose mq-sub was killed.
dead_temp() {
	mq-sub --temp q >/dev/null 3>&- &
	until_true '[ "$(groups_of q)" = "temp-*" ]'
	until_true '[ -n "$(ls "$MQ_SPOOL/q/owner")" ]'
	kill -KILL $!
	wait $! || :
	[ "$(groups_of q)" = 'temp-*' ]
}

@test "a temporary group whose mq-sub was killed: the next consumer removes it" {
	mq-pub q 1
	dead_temp
	run -0 mq-sub -e q/g
	[ "$(groups_of q)" = g ]
	sound q
}

@test "a temporary group whose mq-sub was killed: a publisher that trims removes it" {
	mq-ctl create q/g
	mq-ctl delete q/g
	mq-pub q 1
	dead_temp
	mq-ctl create --from newest q/g
	MQ_NOW=+30d mq-pub q 2
	run -0 mq-replay q
	assert_output 2
	[ "$(groups_of q)" = g ]
}

@test "a temporary group whose mq-sub was killed: mq-ctl trim removes it and its owner file" {
	mq-pub q 1
	dead_temp
	mq-ctl trim q
	[ -z "$(groups_of q)" ]
	[ -z "$(ls "$MQ_SPOOL/q/owner")" ]
}

@test "a temporary group counts for --mandatory only while its mq-sub lives" {
	mq-ctl create q
	mq-sub --temp q >out 3>&- &
	until_true '[ "$(groups_of q)" = "temp-*" ]'
	mq-pub --mandatory q 1
	until_true '[ "$(cat out)" = 1 ]'
	kill -KILL $!
	wait $! || :
	fails 66 "mq-pub: q: no group would get a message without a key" mq-pub --mandatory q 2
}

@test "expires: a group that nobody used for so long goes; one in use stays" {
	mq-pub q 1 2
	mq-ctl create q/idle q/used
	mq-ctl set q/idle expires=1h
	mq-ctl set q/used expires=1h
	mq-sub q/used >out 3>&- &
	until_true '[ "$(field consumers q/used)" = 1 ]'
	mq-ctl trim q
	[ "$(groups_of q)" = $'idle\nused' ]
	MQ_NOW=+59m mq-ctl trim q
	[ "$(groups_of q)" = $'idle\nused' ]
	MQ_NOW=+61m mq-ctl trim q
	[ "$(groups_of q)" = used ]
	kill -TERM $!
	wait $!
	MQ_NOW=+61m mq-sub -e --temp q
	[ -z "$(groups_of q)" ]
}

@test "expires: a publisher that trims removes the group; never is the default" {
	mq-ctl create q/g q/forever
	mq-pub q 1
	mq-ctl set q/g expires=1d
	mq-ctl set q/forever expires=never
	mq-sub -e q/forever
	MQ_NOW=+30d mq-pub q 2
	run -0 mq-replay q
	assert_output 2
	[ "$(groups_of q)" = forever ]
	run -0 mq-ctl show q/forever
	assert_line expires=never
}

@test "expires: use counts, by settling too" {
	mq-ctl create q/g
	mq-ctl set q/g expires=2s
	mq-pub q 1
	receipt=$(mq-sub -m -e q/g | cut -f 1)
	before=$(date +%s%N)
	mq-ack "$receipt"
	after=$(mq-ctl list q >/dev/null; date +%s%N)
	# To the moment: 2 s after the ack, judged by a clock that is shifted.
	MQ_NOW=@$(awk -v t="$before" 'BEGIN { printf "%.3f", t / 1e9 + 1.9 }') mq-ctl trim q
	[ "$(groups_of q)" = g ]
	MQ_NOW=@$(awk -v t="$after" 'BEGIN { printf "%.3f", t / 1e9 + 2.1 }') mq-ctl trim q
	[ -z "$(groups_of q)" ]
}

@test "expires: what is malformed is refused" {
	mq-ctl create q/g
	fails 78 "mq-ctl set: q/g: expires=0: is too small (more than 0)" mq-ctl set q/g expires=0
	fails 78 "mq-ctl set: q/g: expires=soon: is neither a duration nor never" mq-ctl set q/g expires=soon
}

@test "a temporary group whose mq-sub was killed does not keep a full queue full" {
	mq-ctl create q
	mq-ctl set q max-messages=1
	dead_temp
	mq-pub q 1
	mq-ctl create --from newest q/g
	mq-pub -W 0 q 2
	[ "$(groups_of q)" = g ]
}
