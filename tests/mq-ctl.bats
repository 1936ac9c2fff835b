#!/usr/bin/env bats
# mq-ctl.bats - making, configuring, emptying, removing and verifying queues and groups

load lib/common
load lib/expect

# said TEXT: the last command's stderr has it.
said() {
	[[ $stderr == *"$1"* ]] || fail "not on stderr: $1
stderr: $stderr"
}

# setting NAME QUEUE[/GROUP]
setting() {
	mq-ctl show "$2" | sed -n "s/^$1=//p"
}

# refused QUEUE[/GROUP] NAME=VALUE WHY: 78, said so, and nothing was changed.
refused() {
	local before
	before=$(mq-ctl show "$1")
	run -78 --separate-stderr mq-ctl set "$1" "$2"
	assert_equal "$stderr" "mq-ctl set: $1: ${2/$'\xff'/\\377}: $3"
	assert_equal "$(mq-ctl show "$1")" "$before"
}

# take COUNT QUEUE/GROUP: under leases that outlive the consumer; receipts to ./took.
take() {
	mq-sub -m -e -c "$1" --prefetch "$1" "$2" >took
}

receipts() {
	cut -f 1 took
}

# ------------------------------------------------------------------ mq-ctl

@test "mq-ctl: a subcommand must be one" {
	run -64 --separate-stderr mq-ctl
	said 'mq-ctl: no subcommand was given'
	run -64 --separate-stderr mq-ctl frobnicate q
	said "mq-ctl: 'frobnicate': no such subcommand"
	run -64 --separate-stderr mq-ctl --bad list
	said 'mq-ctl: no option --bad'
	run -64 --separate-stderr mq-ctl help frobnicate
	said "mq-ctl: 'frobnicate': no such subcommand"
	run -64 --separate-stderr mq-ctl help set show
	said 'mq-ctl: help: one subcommand at most'
}

@test "mq-ctl: help of its own for each subcommand" {
	local command
	run -0 mq-ctl --help
	assert_line -n 0 --partial 'usage: mq-ctl [options] create'
	run -0 mq-ctl help
	for command in create set show list pause resume delete purge trim check; do
		assert_output --partial "mq-ctl [options] $command "
		run -0 --separate-stderr mq-ctl "$command" --help
		assert_line -n 0 --partial "usage: mq-ctl $command [options]"
		assert_equal "$stderr" ''
		local asked=$output
		run -0 mq-ctl help "$command"
		assert_output "$asked"
		run -64 --separate-stderr mq-ctl "$command" --bad q
		said "mq-ctl $command: no option --bad"
		run -0 mq-ctl help
	done
}

@test "mq-ctl: common options before and behind the subcommand" {
	mq-ctl -s here create q
	mq-ctl create -s here r
	run -0 mq-ctl list --spool here
	assert_output 'q
r'
	[ ! -e spool ]
	run -69 --separate-stderr mq-ctl -s kafka://host list
	said 'mq-ctl list: kafka://: no engine: '
}

# ------------------------------------------------------------------ create

@test "create: queues and groups; a group's queue is made with it" {
	run -0 --separate-stderr mq-ctl create a b/g b/h c
	assert_output ''
	assert_equal "$stderr" ''
	run -0 mq-ctl list
	assert_output 'a
b
b/g
b/h
c'
	# MQ_AUTOCREATE is about use that creates.
	MQ_AUTOCREATE=no run -0 mq-ctl create d/g
	sound
}

@test "create: what exists is an error (78), unless -p" {
	mq-ctl create a/g
	mq-pub a x
	run -78 --separate-stderr mq-ctl create a
	assert_equal "$stderr" 'mq-ctl create: a: exists already'
	run -78 --separate-stderr mq-ctl create new a/g a/h
	assert_equal "$stderr" 'mq-ctl create: a/g: exists already'
	# The others were made.
	run -0 mq-ctl list
	assert_output 'a
a/g
a/h
new'
	run -0 --separate-stderr mq-ctl create -p a a/g new
	assert_equal "$stderr" ''
	run -0 mq-ctl create --if-missing a/i
	run -0 mq-replay a
	assert_output x
	has depth a/g 1
}

@test "create --set: a new group has these settings, all of them or none" {
	mq-ctl create --set max-attempts=7 --set expires=1h q/g q/h
	run -0 mq-ctl show q/g
	assert_line max-attempts=7
	assert_line expires=1h
	run -0 mq-ctl show q/h
	assert_line max-attempts=7
	fails 78 "mq-ctl create: q/i: expires=soon: is neither a duration nor never" \
	    mq-ctl create --set max-attempts=7 --set expires=soon q/i
	missing q/i
	fails 64 "mq-ctl create: 'q': --set is for groups" mq-ctl create --set max-attempts=7 q
	fails 64 "mq-ctl create: option --set needs an argument" mq-ctl create --set
}

@test "create --from: where a group starts" {
	local third fourth
	mq-pub -I q 1 2 >ids
	mq-pub -I q 3 >>ids
	mq-pub -I q 4 >>ids
	third=$(sed -n 3p ids)
	fourth=$(mq-replay -J --last 1 q | jq -r .time)
	mq-ctl create q/default-start
	mq-ctl create --from oldest q/oldest
	mq-ctl create --from newest q/newest
	mq-ctl create --from "$third" q/id
	mq-ctl create --from "$fourth" q/time
	mq-ctl create --from -1h q/age
	mq-ctl create --from now q/now
	mq-ctl create --from +1h q/later
	mq-pub q 5
	starts() {
		run -0 mq-sub -e -c 1 "q/$1"
		assert_output "$2"
		# And goes on to the end, with nothing left out.
		[ "$2" = 5 ] || run -0 mq-sub -e "q/$1"
		[ "$2" = 5 ] || assert_output "$(seq $(($2 + 1)) 5)"
	}
	has depth q/oldest 5
	has depth q/id 3
	has depth q/newest 1
	starts default-start 1
	starts oldest 1
	starts id 3
	starts time 4
	starts age 1
	mq-pub q 6
	for group in newest now later; do
		run -0 mq-sub -e -c 1 "q/$group"
		assert_output 5
	done
	sound q
}

@test "create --from: an id that no message has: what is behind it" {
	local first
	first=$(mq-pub -I q 1)
	mq-pub q 2 3
	mq-ctl create --from $((first + 1)) q/g
	has depth q/g 2
	run -0 mq-sub -e q/g
	assert_output $'2\n3'
}

@test "create --from: on an empty queue, and one that was trimmed" {
	mq-ctl create --from newest q/a
	mq-ctl create --from -1h q/b
	seq 3 | mq-pub q
	has depth q/a 3
	has depth q/b 3
	mq-ctl purge q
	mq-ctl create --from oldest q/c
	mq-ctl create --from 100000000000000 q/d
	mq-ctl create --from newest q/e
	seq 2 | mq-pub q
	for group in a b c d e; do
		has depth q/$group 2
	done
	sound q
}

@test "create: usage errors: 64, and nothing is made" {
	run -64 --separate-stderr mq-ctl create
	said 'mq-ctl create: no queue was named'
	run -64 --separate-stderr mq-ctl create --from newest a/g q
	said "mq-ctl create: 'q': --from is for groups"
	run -64 --separate-stderr mq-ctl create --from middle a/g
	said "mq-ctl create: --from: 'middle': is not a time"
	run -64 --separate-stderr mq-ctl create --from 99999999999999999999 a/g
	said 'mq-ctl create: --from: 99999999999999999999: too large for an id'
	run -64 --separate-stderr mq-ctl create --from
	said 'mq-ctl create: option --from needs an argument'
	run -64 --separate-stderr mq-ctl create a 'x y'
	said "mq-ctl create: 'x y': a name has only letters, digits, '.', '_' and '-'"
	run -64 --separate-stderr mq-ctl create a .hidden
	said "mq-ctl create: '.hidden': a name must begin with a letter, digit or _"
	run -64 --separate-stderr mq-ctl create "$(printf '%096d' 0)"
	run -64 --separate-stderr mq-ctl create a/b/c
	run -64 --separate-stderr mq-ctl create a/
	run -64 --separate-stderr mq-ctl create ''
	untouched
	run -0 mq-ctl create "$(printf '%095d' 0)/$(printf '%095d' 1)"
	run -0 mq-pub "$(printf '%095d' 0)" x
	run -0 mq-sub -e "$(printf '%095d' 0)/$(printf '%095d' 1)"
	assert_output x
}

@test "create: a name taken by something else: 78; a spool that may not be written: 77" {
	mkdir spool
	echo x >spool/file
	run -78 --separate-stderr mq-ctl create file
	assert_equal "$stderr" 'mq-ctl create: file: exists already'
	[ "$(id -u)" = 0 ] || skip "needs root to become another user"
	chmod a+x "$BATS_RUN_TMPDIR"
	chmod -R a+rX "$BATS_TEST_TMPDIR"
	run -77 --separate-stderr as_nobody mq-ctl -s "$MQ_SPOOL" create q
	said 'mq-ctl create: q: '
	mq-ctl create q
	run -77 --separate-stderr as_nobody mq-ctl -s "$MQ_SPOOL" create q/g
}

# -------------------------------------------------------------- set and show

@test "show: groups and their bindings" {
	mq-ctl create q/all
	mq-ctl create -k 'eu.*' -k uk --key 'a b' -H x=1 q/some
	run -0 --separate-stderr mq-ctl show q
	assert_line '# group all: all messages'
	for binding in 'pattern:eu.*' pattern:uk 'key:a b' all:x=1; do
		assert_line "# group some: $binding"
	done
	[ "$(grep -c '^#' <<<"$output")" = 5 ]
	# Not among what differs from the default, which is for programs.
	run -0 mq-ctl show --changed q
	assert_output ''
	# set passes over all of it, however much it is.
	mq-ctl create r
	mq-ctl show q | mq-ctl set r
	{ seq -f '# group %g: all messages' 5000; echo description=x; seq -f '# more %g' 5000; echo '# end'; } | mq-ctl set r
	[ "$(setting description r)" = x ]
	{ echo '# one'; echo '#two'; echo nonsense; } >in
	run -65 --separate-stderr mq-ctl set r <in
	assert_equal "$stderr" 'mq-ctl set: stdin: line 3: not NAME=VALUE'
}

@test "show: living consumers" {
	local start=$EPOCHSECONDS since
	seq 9 | mq-pub -k eu.fr q
	mq-ctl create q/all q/some
	# A consumer that holds three, and one that holds nothing.
	mq-sub --prefetch 3 -P 3 q/some -- sleep 60 &
	mq-sub q/other >out &
	until_true '[ "$(field leased q/some)" = 3 ] && [ "$(field consumers q/other)" = 1 ]'
	run -0 --separate-stderr mq-ctl show q
	assert_line --regexp "^# consumer [0-9]+ of some: since 20[0-9-]+T[0-9:.]+Z, 3 outstanding\$"
	since=$(sed -n 's/^# consumer .* of some: since \([^,]*\), .*/\1/p' <<<"$output")
	[ "$(date -d "$since" +%s)" -ge "$start" ] && [ "$(date -d "$since" +%s)" -le "$EPOCHSECONDS" ]
	assert_line "# consumer $(mq-stat -lJ q/some | jq -r 'select(.held).consumer') of some: since $since, 3 outstanding"
	[ "$(mq-stat -lJ q/some | jq -r 'select(.held).since')" = "$since" ]
	run -0 --separate-stderr mq-ctl show q/some
	assert_line "# consumer $(mq-stat -lJ q/some | jq -r 'select(.held).consumer'): since $since, 3 outstanding"
	run -0 mq-ctl show q/all
	refute_line --partial consumer
	mq-ctl show q | grep -x "# consumer $! of other: since .*, 0 outstanding"
	run -0 mq-ctl show --changed q
	assert_output ''
}

@test "show: groups that one may not look at are named all the same" {
	mq-ctl create q/g
	chmod a+rwx "$MQ_SPOOL" "$MQ_SPOOL/q"
	chmod 600 "$MQ_SPOOL"/q/g.group.mdb
	run -0 --separate-stderr as_nobody mq-ctl -s "$MQ_SPOOL" show q
	assert_line retain=7d
	assert_line '# group g: permission denied'
	mq-ctl create q/h
	chmod -R a+rwX "$MQ_SPOOL"/q
	chmod 600 "$MQ_SPOOL"/q/g.group.mdb
	run -0 --separate-stderr as_nobody mq-ctl -s "$MQ_SPOOL" show q
	assert_line '# group g: permission denied'
	assert_line '# group h: all messages'
}

# there_is: of settings on stdin those that the engine has.
there_is() {
	if [ -n "${MQ_CLUSTER-}" ]; then
		grep -vE '^(max-message|ttl|min-free|compact|index|sync|schema|max-leased)='
	else
		cat
	fi
}

@test "show: the defaults, as set reads them" {
	mq-ctl create q/g
	run -0 --separate-stderr mq-ctl show q
	assert_output "$(there_is <<<'retain=7d
retain-bytes=off
max-message=1G
ttl=off
max-messages=off
max-bytes=off
overflow=block
min-free=auto
compact=off
index=off
sync=full
schema=
dead-letter=
description=
# group g: all messages')"
	run -0 mq-ctl show q/g
	assert_output "$(there_is <<<'lease=30s
max-attempts=5
backoff=1s..5m
max-leased=off
exclusive=off
ordered=off
expires=never
binding=')"
	run -0 mq-ctl show --changed q
	assert_output ''
	# Of several: whose they are.
	run -0 mq-ctl show q q/g
	assert_line -n 0 '# q'
	assert_line '# q/g'
	assert_line 'lease=30s'
}

@test "show | set: a round trip, to another queue and group" {
	mq-ctl create a/g b/g
	mq-ctl set a retain=36h retain-bytes=10M max-message=2K sync=relaxed \
	    dead-letter=graveyard 'description=with = and  blanks, ünïcode'
	mq-ctl set a/g lease=250ms max-attempts=7 backoff=0s..1m30s
	mq-ctl show a | mq-ctl set b
	run -0 mq-ctl show b
	assert_output 'retain=36h
retain-bytes=10M
max-message=2K
ttl=off
max-messages=off
max-bytes=off
overflow=block
min-free=auto
compact=off
index=off
sync=relaxed
schema=
dead-letter=graveyard
description=with = and  blanks, ünïcode
# group g: all messages'
	mq-ctl show a/g | mq-ctl set b/g
	run -0 mq-ctl show b/g
	assert_output 'lease=250ms
max-attempts=7
backoff=0s..1m30s
max-leased=off
exclusive=off
ordered=off
expires=never
binding='
	run -0 mq-ctl show --changed b/g
	assert_equal "${#lines[@]}" 7
	# Back to the defaults.
	mq-ctl create c/g
	mq-ctl show c | mq-ctl set b
	mq-ctl show c/g | mq-ctl set b/g
	run -0 diff <(mq-ctl show c c/g | tail -n +2) <(mq-ctl show b b/g | tail -n +2 | sed 's/^# b/# c/')
}

@test "set: an empty value is the default" {
	mq-ctl create q
	mq-ctl set q dead-letter=d description=x
	run -0 mq-ctl show --changed q
	assert_output 'dead-letter=d
description=x'
	mq-ctl set q retain= dead-letter= description=
	run -0 mq-ctl show --changed q
	assert_output ''
	[ "$(setting retain q)" = 7d ]
}

@test "set: from stdin, past comments and empty lines, all or nothing" {
	mq-ctl create q
	printf '# q\n\ndead-letter=d\ndescription=x' | mq-ctl set q
	run -0 mq-ctl show --changed q
	assert_output 'dead-letter=d
description=x'
	# Nothing to set is no error.
	run -0 mq-ctl set q </dev/null
	run -78 --separate-stderr mq-ctl set q <<<'description=y
nonsense=1'
	assert_equal "$stderr" 'mq-ctl set: q: nonsense: no such setting'
	[ "$(setting description q)" = x ]
	run -65 --separate-stderr mq-ctl set q <<<'description=y

description'
	assert_equal "$stderr" 'mq-ctl set: stdin: line 3: not NAME=VALUE'
	run -65 --separate-stderr mq-ctl set q <<<"description=a	tab"
	assert_equal "$stderr" 'mq-ctl set: stdin: line 1: holds a control character'
	run -65 --separate-stderr sh -c "printf 'description=y\\0' | mq-ctl set q"
	assert_equal "$stderr" 'mq-ctl set: stdin: a NUL'
	run -65 --separate-stderr sh -c 'yes description=y | head -n 300 | mq-ctl set q'
	assert_equal "$stderr" 'mq-ctl set: stdin: line 257: more than 256 settings'
	run -65 --separate-stderr sh -c 'head -c 1200000 /dev/zero | tr "\0" x | mq-ctl set q'
	assert_equal "$stderr" 'mq-ctl set: stdin: more than 1114112 bytes'
	run -74 --separate-stderr sh -c 'mq-ctl set q <.'
	assert_equal "$stderr" 'mq-ctl set: stdin: Is a directory'
	[ "$(setting description q)" = x ]
}

@test "set: malformed operands: 64; unknown settings and bad values: 78" {
	mq-ctl create q/g
	run -64 --separate-stderr mq-ctl set
	said 'mq-ctl set: no queue was named'
	run -64 --separate-stderr mq-ctl set q retain
	said "mq-ctl set: 'retain': not NAME=VALUE"
	run -64 --separate-stderr mq-ctl set q =1d
	said "mq-ctl set: '=1d': not NAME=VALUE"
	run -64 --separate-stderr mq-ctl set q $'description=a\nb'
	said 'holds a control character'
	run -64 --separate-stderr mq-ctl set 'a b' retain=1d
	said "mq-ctl set: 'a b': a name has only letters"
	run -78 --separate-stderr mq-ctl set q retain=1d nonsense=1
	assert_equal "$stderr" 'mq-ctl set: q: nonsense: no such setting'
	# All or none.
	[ "$(setting retain q)" = 7d ]
	run -78 --separate-stderr mq-ctl set q lease=1s
	assert_equal "$stderr" 'mq-ctl set: q: lease: a setting of groups: name QUEUE/GROUP'
	run -78 --separate-stderr mq-ctl set q/g retain=1d
	assert_equal "$stderr" 'mq-ctl set: q/g: retain: a setting of queues: name the queue alone'
	refused q retain=soon 'is neither a duration nor forever'
	refused q retain=off 'is neither a duration nor forever'
	refused q retain-bytes=never 'is neither a size nor off'
	refused q ttl=never 'is neither a duration nor off'
	refused q max-messages=none 'is neither a number nor off'
	refused q max-bytes=none 'is neither a size nor off'
	refused q min-free=off 'is neither a size nor auto'
	refused q/g expires=off 'is neither a duration nor never'
	refused q/g max-leased=none 'is neither a number nor off'
	refused q retain=5 'needs a unit: ms, s, m, h or d'
	refused q retain-bytes=1X 'needs a unit such as K, M or G, or none'
	refused q max-message=0 'is too small (more than 0)'
	refused q max-message=2T 'is too large (at most 1T)'
	refused q sync=never 'is neither full nor relaxed'
	refused q dead-letter=.x 'a name must begin with a letter, digit or _'
	refused q $'description=\xff' 'is not UTF-8'
	refused q/g lease=0 'is too small (more than 0)'
	refused q/g lease=-1s 'needs a number'
	refused q/g max-attempts=0 'is too small (more than 0)'
	refused q/g max-attempts=99999999999999999999 'is too large (at most 4294967295)'
	refused q/g max-attempts=many 'is not a number'
	refused q/g backoff=5m..1s 'ends before it begins'
	refused q/g backoff=1s.. 'needs a number'
	run -78 --separate-stderr mq-ctl set q "description=$(printf '%1024s' x)"
	said 'is too long'
	run -0 mq-ctl set q "description=$(printf '%1023s' x)"
}

@test "set and show: what does not exist: 66, and is not made" {
	mq-ctl create q
	run -66 --separate-stderr mq-ctl set nix retain=1d
	assert_equal "$stderr" "mq-ctl set: nix: no such queue$in_spool"
	run -66 --separate-stderr mq-ctl set q/nix lease=1s
	assert_equal "$stderr" 'mq-ctl set: q/nix: no such group'
	run -66 --separate-stderr mq-ctl show nix q
	assert_equal "$stderr" "mq-ctl show: nix: no such queue$in_spool"
	assert_line 'retain=7d'
	run -66 --separate-stderr mq-ctl show q/nix
	assert_equal "$stderr" 'mq-ctl show: q/nix: no such group'
	run -64 --separate-stderr mq-ctl show
	said 'mq-ctl show: no queue was named'
	run -0 mq-ctl list
	assert_output q
}

@test "set, list: no spool: 66, and none is made; one without queues is empty" {
	run -66 --separate-stderr mq-ctl set q retain=1d
	said "mq-ctl set: $MQ_SPOOL: no such spool"
	run -66 --separate-stderr mq-ctl list
	said "mq-ctl list: $MQ_SPOOL: no such spool"
	untouched
	mkdir "$MQ_SPOOL"
	run -0 mq-ctl list
	assert_output ''
}

@test "set: needs permission to write, show only to read" {
	[ "$(id -u)" = 0 ] || skip "needs root to become another user"
	mq-ctl create q
	mq-ctl set q description=x
	chmod a+x "$BATS_RUN_TMPDIR"
	chmod -R a+rX "$BATS_TEST_TMPDIR"
	run -0 --separate-stderr as_nobody mq-ctl -s "$MQ_SPOOL" show --changed q
	assert_output description=x
	run -77 --separate-stderr as_nobody mq-ctl -s "$MQ_SPOOL" set q description=y
	said 'mq-ctl set: '
	[ "$(setting description q)" = x ]
}

@test "retain: how long what is settled stays" {
	mq-pub q 1
	mq-sub -e q >/dev/null
	mq-ctl set q retain=1h
	MQ_NOW=+59m mq-ctl trim q
	run -0 mq-replay q
	assert_output 1
	MQ_NOW=+61m mq-ctl trim q
	run -1 mq-replay q
	mq-pub q 2
	mq-sub -e q >/dev/null
	mq-ctl set q retain=forever
	MQ_NOW=+36500d mq-ctl trim q
	run -0 mq-replay q
	assert_output 2
	mq-ctl set q retain=0s
	mq-ctl trim q
	run -1 mq-replay q
}

@test "retain-bytes: how much of what is settled stays" {
	seq 1000 9999 | mq-pub q
	mq-sub -e q >/dev/null
	mq-ctl trim q
	run -0 sh -c 'mq-replay q | wc -l'
	assert_output 9000
	mq-ctl set q retain-bytes=400
	mq-ctl trim q
	run -0 mq-replay q
	assert_output "$(seq 9900 9999)"
	mq-ctl set q retain-bytes=off
	mq-pub q 1
	mq-sub -e q >/dev/null
	mq-ctl trim q
	run -0 sh -c 'mq-replay q | wc -l'
	assert_output 101
}

@test "max-message: how long a body may be" {
	mq-ctl create q
	mq-ctl set q max-message=5
	run -0 mq-pub q 12345
	run -65 --separate-stderr mq-pub -1 q <<<12345
	said '5 bytes'
	run -65 --separate-stderr sh -c 'printf "ok\n123456\nno\n" | mq-pub q'
	run -0 mq-replay q
	assert_output '12345
ok'
	mq-ctl set q max-message=1M
	head -c 1048576 /dev/zero >largest
	head -c 1048577 /dev/zero >larger
	run -0 mq-pub -F q largest
	run -65 --separate-stderr mq-pub -F q larger
	said 'max-message'
	# Nothing is left of what was refused.
	run -0 sh -c 'ls spool/q/blob | wc -l'
	assert_output 1
	# A publisher that runs already hears of it.
	mkfifo pipe
	mq-pub q <pipe 2>said &
	local pid=$! status=0
	exec 5>pipe
	echo 1234567 >&5
	until_true '[ "$(mq-replay --last 1 q)" = 1234567 ]'
	mq-ctl set q max-message=3
	echo 12 >&5
	until_true '[ "$(mq-replay --last 1 q)" = 12 ]'
	echo 1234567 >&5
	exec 5>&-
	wait "$pid" || status=$?
	[ "$status" = 65 ]
	run -0 mq-replay --last 1 q
	assert_output 12
}

@test "sync: relaxed leaves out the second flush of a commit" {
	command -v strace >/dev/null || skip "needs strace"
	mq-ctl create q
	# LMDB writes its meta page through a descriptor of its own, opened O_DSYNC.
	traced() {
		ASAN_OPTIONS=detect_leaks=0 strace -f -o trace \
		    -e trace=openat,pwrite64,fdatasync "$@"
	}
	flushes() {
		local dsync
		dsync=$(sed -n 's/.*log.mdb", .*O_DSYNC.*) = \([0-9]*\)$/\1/p' trace)
		[ -n "$dsync" ]
		echo "$(grep -c "fdatasync(.*= 0" trace) $(grep -c "pwrite64($dsync," trace)"
	}
	traced mq-pub q x
	[ "$(flushes)" = '1 1' ]
	mq-ctl set q sync=relaxed
	traced mq-pub q x
	[ "$(flushes)" = '1 0' ]
	mq-ctl set q sync=full
	# A publisher that runs already hears of it.
	mkfifo pipe
	traced mq-pub q <pipe &
	local pid=$!
	exec 5>pipe
	echo full >&5
	until_true '[ "$(mq-replay --last 1 q)" = full ]'
	mq-ctl set q sync=relaxed
	echo relaxed >&5
	exec 5>&-
	wait "$pid"
	[ "$(flushes)" = '2 1' ]
}

@test "dead-letter: where dead letters go" {
	seq 3 | mq-pub q
	mq-ctl create q/g
	take 1 q/g
	mq-ack --reject "$(receipts)"
	run -0 mq-replay q.dead
	assert_output 1
	mq-ctl set q dead-letter=graveyard
	take 1 q/g
	mq-ack --reject "$(receipts)"
	run -0 mq-replay graveyard
	assert_output 2
	run -0 mq-replay q.dead
	assert_output 1
	mq-ctl set q dead-letter=
	take 1 q/g
	mq-ack --reject "$(receipts)"
	run -0 mq-replay q.dead
	assert_output '1
3'
}

@test "description: is kept" {
	mq-ctl create q
	mq-ctl set q 'description=Orders; see https://example.org/?a=b'
	[ "$(setting description q)" = 'Orders; see https://example.org/?a=b' ]
}

@test "lease: how long what was handed out stays when its consumer has gone" {
	mq-pub q x
	mq-ctl create q/g
	take 1 q/g
	run -1 mq-sub -e q/g
	mq-ctl set q/g lease=1ms
	until_true '[ "$(mq-sub -e q/g)" = x ]'
}

@test "max-attempts: then it is a dead letter" {
	mq-pub q x
	mq-ctl create q/g
	mq-ctl set q/g max-attempts=3 backoff=0s
	local i
	for i in 1 2; do
		mq-sub -e -c 1 q/g -- sh -c 'echo $MQ_ATTEMPT >>attempts; exit 1'
		has depth q/g 1
		missing q.dead
	done
	mq-sub -e -c 1 q/g -- sh -c 'echo $MQ_ATTEMPT >>attempts; exit 1'
	has depth q/g 0
	run -0 mq-replay q.dead
	assert_output x
	run -0 cat attempts
	assert_output '1
2
3'
	# One attempt: dead at once.
	mq-pub q y
	mq-ctl set q/g max-attempts=1
	mq-sub -e q/g -- false
	run -0 mq-replay --last 1 q.dead
	assert_output y
}

@test "backoff: how long a retry waits, doubling up to its end" {
	mq-pub q x
	mq-ctl create q/g
	mq-ctl set q/g backoff=10m..30m max-attempts=100
	# fails AT: is there, and fails.  gone AT: is not there.
	fails() {
		MQ_NOW=+$1 mq-sub -m -e -c 1 q/g >took
		[ -s took ]
		MQ_NOW=+$1 mq-ack --retry "$(receipts)"
	}
	gone() {
		MQ_NOW=+$1 run -1 mq-sub -m -e -c 1 q/g
	}
	fails 1s
	has delayed q/g 1
	gone 8m
	fails 12m
	gone 28m
	fails 35m
	gone 60m
	fails 70m
	# No longer than its end.
	gone 95m
	fails 105m
	# At once.
	mq-ctl set q/g backoff=0s
	fails 140m
	fails 140m
	# One value for both ends.
	mq-ctl set q/g backoff=1h
	fails 140m
	gone 190m
	fails 210m
	gone 260m
	fails 280m
	has retried q/g 10
}

# -------------------------------------------------------------------- list

@test "list: names, with and without groups, of all or some" {
	mq-ctl create b/g b/a a c
	run -0 --separate-stderr mq-ctl list
	assert_output 'a
b
b/a
b/g
c'
	assert_equal "$stderr" ''
	run -0 mq-ctl list --queues
	assert_output 'a
b
c'
	run -0 mq-ctl list c b
	assert_output 'c
b
b/a
b/g'
	run -66 --separate-stderr mq-ctl list nix a
	assert_output a
	assert_equal "$stderr" "mq-ctl list: nix: no such queue$in_spool"
	run -64 --separate-stderr mq-ctl list b/g
	said "mq-ctl list: 'b/g': names a group, not a queue"
	run -74 --separate-stderr sh -c 'mq-ctl list >/dev/full'
	assert_equal "$stderr" 'mq-ctl list: standard output: No space left on device'
}

# ------------------------------------------------------------------ delete

@test "delete: a queue, with all that is in it" {
	head -c 300000 /dev/zero >large
	seq 3 | mq-pub q
	mq-pub -F q large
	mq-sub -e -c 1 q/g >/dev/null
	mq-pub other x
	run -0 --separate-stderr mq-ctl delete q
	assert_equal "$stderr" ''
	run -0 mq-ctl list
	assert_output other
	run -66 mq-replay q
	# A queue of the same name is another one.
	mq-pub q new
	run -0 mq-sub -e q/g
	assert_output new
}

@test "delete: a group; its queue and the others stay" {
	seq 3 | mq-pub q
	mq-ctl create q/g q/h
	mq-sub -e -c 1 q/g >/dev/null
	mq-ctl set q/g lease=1s
	mq-ctl delete q/g
	run -0 mq-ctl list
	assert_output 'q
q/h'
	run ! sh -c 'ls "$MQ_SPOOL/q" 2>/dev/null | grep "^g\\."'
	has depth q/h 3
	# Made again, it starts anew.
	mq-ctl create q/g
	has depth q/g 3
	[ "$(setting lease q/g)" = 30s ]
}

@test "delete: what holds back trimming goes with the group" {
	seq 3 | mq-pub q
	mq-ctl create q/g q/h
	mq-ctl delete q/g
	mq-sub -e q/h >/dev/null
	MQ_NOW=+8d mq-ctl trim q
	run -1 mq-replay q
}

@test "delete: missing: 66, the others are deleted; with -f no error" {
	mq-ctl create a b b/g c
	run -66 --separate-stderr mq-ctl delete a nix c
	assert_equal "$stderr" "mq-ctl delete: nix: no such queue$in_spool"
	run -66 --separate-stderr mq-ctl delete b/nix
	assert_equal "$stderr" 'mq-ctl delete: b/nix: no such group'
	run -0 mq-ctl list
	assert_output 'b
b/g'
	run -0 --separate-stderr mq-ctl delete -f nix nix/g b/nix b/g
	assert_equal "$stderr" ''
	run -0 mq-ctl delete --force b
	run -0 mq-ctl list
	assert_output ''
	run -64 --separate-stderr mq-ctl delete
	said 'mq-ctl delete: no queue was named'
	run -64 --separate-stderr mq-ctl delete -f 'a b'
}

@test "delete: a damaged queue, whatever is wrong with its log" {
	local damage
	for damage in ': >log.mdb' 'truncate -s 8192 log.mdb' 'echo x >log.mdb' \
	    'rm log.mdb' 'rm -r blob' 'head -c 65536 /dev/zero >log.mdb'; do
		mq-pub q x
		mq-ctl create q/g
		(cd spool/q && eval "$damage")
		run -74 --separate-stderr mq-replay q
		run -0 --separate-stderr mq-ctl delete q
		assert_equal "$stderr" ''
		run -0 ls -A spool
		assert_output ''
	done
}

@test "delete: a damaged group; but nothing that is no queue" {
	mq-pub q x
	mq-ctl create q/g
	echo x >spool/q/g.group.mdb
	run -0 mq-ctl delete q/g
	run -0 mq-ctl list
	assert_output q
	mkdir spool/folder
	echo precious >spool/folder/file
	run -74 --separate-stderr mq-ctl delete folder
	said 'mq-ctl delete: '
	run -0 cat spool/folder/file
	assert_output precious
}

@test "delete: under a consumer that waits: it ends, named" {
	mq-ctl create q/g
	mq-sub q/g 2>said &
	local pid=$! status=0
	until_true '[ "$(field consumers q/g)" = 1 ]'
	mq-ctl delete q
	wait "$pid" || status=$?
	[ "$status" = 66 ]
	run -0 cat said
	assert_output --partial 'q'
}

@test "delete: needs permission to write" {
	[ "$(id -u)" = 0 ] || skip "needs root to become another user"
	mq-ctl create q/g
	chmod a+x "$BATS_RUN_TMPDIR"
	chmod -R a+rX "$BATS_TEST_TMPDIR"
	run -77 --separate-stderr as_nobody mq-ctl -s "$MQ_SPOOL" delete q/g
	said 'mq-ctl delete: '
	run -77 --separate-stderr as_nobody mq-ctl -s "$MQ_SPOOL" delete q
	run -0 mq-ctl list
	assert_output 'q
q/g'
	sound q
}

# ------------------------------------------------------------------- purge

@test "purge: what was purged is not there any more; what is published then is" {
	head -c 300000 /dev/zero >large
	seq 100 | mq-pub q
	mq-pub -F q large
	mq-ctl create q/g q/h q/i
	mq-ctl purge q/i
	has depth q/i 0
	has depth q/g 101
	mq-ctl purge q
	run -1 mq-replay q
	has depth q/g 0
	has depth q/h 0
	mq-pub q next
	for group in g h i; do
		run -0 mq-sub -e "q/$group"
		assert_output next
	done
}

@test "purge: a queue: all messages go, settled or not" {
	head -c 300000 /dev/zero >large
	seq 3000 | mq-pub q
	mq-pub -F q large
	mq-ctl create q/g q/h
	take 2 q/g
	run -0 --separate-stderr mq-ctl -v purge q
	assert_equal "$stderr" 'mq-ctl purge: q: purged 3001 messages'
	run -1 mq-replay q
	has depth q/g 0
	has depth q/h 0
	run -0 ls spool/q/blob
	assert_output ''
	# What was being worked on is settled already.
	run -66 mq-ack "$(receipts | head -n 1)"
	# It goes on from there.
	mq-pub q next
	run -0 mq-sub -e q/g
	assert_output next
	sound q
	run -0 --separate-stderr mq-ctl purge q
	assert_equal "$stderr" ''
}

@test "purge: a group: settles all that it had not, and leaves the others theirs" {
	seq 10 | mq-pub q
	mq-ctl create q/g q/h
	take 4 q/g
	mq-ack "$(receipts | sed -n 1p)"
	mq-ack --retry -d 1h "$(receipts | sed -n 2p)"
	mq-ack --release "$(receipts | sed -n 3p)"
	run -0 --separate-stderr mq-ctl purge -v q/g
	assert_equal "$stderr" 'mq-ctl purge: q/g: purged 9 messages'
	run -0 sh -c 'mq-stat -J q/g | jq -c "[.depth, .ready, .leased, .delayed]"'
	assert_output '[0,0,0,0]'
	run -1 mq-sub -e q/g
	MQ_NOW=+2h run -1 mq-sub -e q/g
	run -66 mq-ack "$(receipts | sed -n 4p)"
	has depth q/h 10
	run -0 mq-replay q
	assert_output "$(seq 10)"
	mq-pub q 11
	run -0 mq-sub -e q/g
	assert_output 11
	sound q
	run -0 --separate-stderr mq-ctl purge -v q/g
	assert_equal "$stderr" 'mq-ctl purge: q/g: purged 0 messages'
}

@test "purge: missing: 66, the others are purged" {
	mq-pub q x
	run -66 --separate-stderr mq-ctl purge nix q/nix q
	assert_equal "$stderr" "mq-ctl purge: nix: no such queue$in_spool
mq-ctl purge: q/nix: no such group"
	run -1 mq-replay q
	run -64 --separate-stderr mq-ctl purge
	said 'mq-ctl purge: no queue was named'
	run -0 mq-ctl list
	assert_output q
}

# -------------------------------------------------------------------- trim

@test "trim: counts with -v, says nothing without" {
	seq 5000 | mq-pub q
	mq-sub -e q >/dev/null
	run -0 --separate-stderr mq-ctl trim -v q
	assert_equal "$stderr" 'mq-ctl trim: q: trimmed 0 messages'
	MQ_NOW=+8d run -0 --separate-stderr mq-ctl trim -v q
	assert_equal "$stderr" 'mq-ctl trim: q: trimmed 5000 messages'
	run -0 --separate-stderr mq-ctl trim q
	assert_output ''
	assert_equal "$stderr" ''
}

@test "trim: errors" {
	mq-ctl create q/g
	run -64 --separate-stderr mq-ctl trim
	said 'mq-ctl trim: no queue was named'
	run -64 --separate-stderr mq-ctl trim q/g
	said "mq-ctl trim: 'q/g': names a group, not a queue"
	run -66 --separate-stderr mq-ctl trim -v nix q
	assert_equal "$stderr" "mq-ctl trim: nix: no such queue$in_spool
mq-ctl trim: q: trimmed 0 messages"
	# A group that can't be read may have anything yet to settle.
	mq-pub q x
	echo x >spool/q/g.group.mdb
	rm -f spool/q/g.group.stat
	MQ_NOW=+8d run -74 --separate-stderr mq-ctl trim q
	said 'spool/q/g.group.mdb: truncated'
	run -0 mq-replay q
	assert_output x
}

# ------------------------------------------------------------------- check

@test "check: all is well: 0, one line a queue, none with -q" {
	seq 3 | mq-pub a
	head -c 300000 /dev/zero >large
	mq-pub -F b large
	mq-ctl create a/g
	take 2 a/g
	mq-ack --retry -d 1h "$(receipts | head -n 1)"
	run -0 --separate-stderr mq-ctl check
	assert_output 'a: 3 messages, 0 findings
b: 1 message, 0 findings'
	assert_equal "$stderr" ''
	run -0 mq-ctl check b
	assert_output 'b: 1 message, 0 findings'
	run -0 --separate-stderr mq-ctl check -q
	assert_output ''
	# It has changed nothing.
	mq-ack "$(receipts | tail -n 1)"
}

@test "check: a record that does not verify is a finding: 74, the others are counted" {
	mq-pub q before
	mq-pub q spoiled-body
	mq-pub q after
	mq-pub fine x
	LC_ALL=C sed -i s/spoiled-body/sp0iled-body/ spool/q/log.mdb
	run -74 --separate-stderr mq-ctl check
	assert_line 'fine: 1 message, 0 findings'
	assert_line --regexp '^q: 3 messages, [1-9][0-9]* findings$'
	said 'mq-ctl check: q: '
	# Findings are the result: not even -q keeps them back.
	run -74 --separate-stderr mq-ctl check -q q
	assert_output ''
	said 'mq-ctl check: q: '
}

@test "check: a large body that was changed, cut or lost is a finding" {
	head -c 300000 /dev/zero >large
	local damage
	for damage in 'printf X | dd of=$blob bs=1 seek=1000 conv=notrunc status=none' \
	    'truncate -s 299999 $blob' 'rm $blob'; do
		mq-pub -F q large
		# shellcheck disable=SC2034 # in what is evaluated
		blob=$(echo spool/q/blob/*)
		eval "$damage"
		run -74 --separate-stderr mq-ctl check q
		assert_output 'q: 1 message, 1 finding'
		said 'mq-ctl check: q: message '
		mq-ctl delete q
	done
}

@test "check: a group that is damaged is a finding" {
	mq-pub q x
	mq-ctl create q/a q/g q/z
	echo x >spool/q/g.group.mdb
	run -74 --separate-stderr mq-ctl check q
	assert_output 'q: 1 message, 1 finding'
	said 'spool/q/g.group.mdb: truncated'
	# Another queue's group.
	mq-ctl delete q/g
	mq-ctl create other/g
	cp spool/other/g.group.mdb spool/q/g.group.mdb
	run -74 --separate-stderr mq-ctl check
	said 'spool/q/g.group.mdb: damaged: belongs to another queue'
	assert_line 'other: 0 messages, 0 findings'
}

@test "check: a log that can't be read: 74, the others are checked" {
	mq-pub a x
	mq-pub b x
	mq-pub c x
	truncate -s 8192 spool/b/log.mdb
	run -74 --separate-stderr mq-ctl check
	assert_output 'a: 1 message, 0 findings
c: 1 message, 0 findings'
	said 'spool/b/log.mdb: truncated'
	run -74 --separate-stderr mq-ctl check b
	: >spool/b/log.mdb
	run -74 --separate-stderr mq-ctl check b
	rm spool/b/log.mdb
	run -74 --separate-stderr mq-ctl check b
	said 'spool/b: not a queue: no log.mdb'
}

@test "check: what does not exist: 66; a group: 64" {
	run -66 --separate-stderr mq-ctl check
	said "mq-ctl check: $MQ_SPOOL: no such spool"
	mq-ctl create q/g
	run -66 --separate-stderr mq-ctl check nix q
	assert_equal "$stderr" "mq-ctl check: nix: no such queue$in_spool"
	assert_output 'q: 0 messages, 0 findings'
	run -64 --separate-stderr mq-ctl check q/g
	said "mq-ctl check: 'q/g': names a group, not a queue"
	mkdir empty
	run -0 mq-ctl -s empty check
	assert_output ''
}

@test "a name that leaves no room for .dead: said when the queue is made, by whoever makes it" {
	local name90 name91 said
	name90=$(printf 'n%.0s' $(seq 90)) name91=${name90}n
	said="$name91: its name is too long to add .dead, so messages can't die: mq-ctl -s $MQ_SPOOL set $name91 dead-letter=NAME"
	run -0 --separate-stderr mq-ctl create "$name90" "${name90}.dead"
	[ "$stderr" = '' ]
	run -0 --separate-stderr mq-ctl create "$name91"
	[ "$stderr" = "mq-ctl create: $said" ]
	run -0 --separate-stderr mq-pub "$name91" a
	[ "$stderr" = '' ]
	mq-ctl delete "$name91"
	run -0 --separate-stderr mq-pub "$name91" a
	[ "$stderr" = "mq-pub: $said" ]
	mq-ctl -s "$MQ_SPOOL" set "$name91" dead-letter=dead
	mq-ack --reject "$(mq-sub -e -m -f %r "$name91")"
	[ "$(mq-replay dead)" = a ]
}

@test "show --changed: what has been set, also to the default" {
	mq-ctl create q/g
	mq-ctl set q max-messages=off
	mq-ctl set q/g lease=30s
	run -0 mq-ctl show --changed q
	assert_output max-messages=off
	run -0 mq-ctl show --changed q/g
	assert_output lease=30s
	mq-ctl set q/g lease=
	run -0 mq-ctl show --changed q/g
	assert_output ''
}
