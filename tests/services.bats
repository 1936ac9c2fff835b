#!/usr/bin/env bats
# services.bats - the units and the cron file of share/
#
# No machine that runs tests has systemd as its init.  systemd-analyze says whether the units are
# well formed and how exposed they leave their services; then the command lines that are written
# in them are run, split as systemd.service(5) has it, in the environment that the units give.

load lib/common
load lib/expect
load lib/needs

units=$top/share/systemd

# value UNIT NAME: what the last line NAME= of a unit's file says.
value() {
	sed -n "s/^$2=//p" "$units/$1" | tail -n 1
}

# conf LINE...: the environment file of the instance `bills'.
conf() {
	printf '%s\n' "$@" >"$BATS_TEST_TMPDIR/bills.conf"
}

# environment UNIT FILE: lines NAME=VALUE, of Environment= and then of the environment file.
environment() {
	local word
	for word in $(value "$1" Environment); do
		echo "$word"
	done
	[ -z "${2-}" ] || grep -v '^[#;]' "$2"
}

# systemd_words LINE: sets words to those of a command line.  ${NAME} is one word, whatever it
# holds; $NAME alone is split where blanks are, quotes respected, and is no word if empty; $$ is $.
systemd_words() {
	local -a raw more
	local word
	words=()
	# The line's own quotes, which the shell and systemd understand alike, but for dollars.
	eval "raw=(${1//\$/$'\001'})"
	for word in "${raw[@]}"; do
		word=${word//$'\001'/\$}
		if [[ $word =~ ^\$\{([A-Z_]+)\}$ ]]; then
			words+=("${env[${BASH_REMATCH[1]}]-}")
		elif [[ $word =~ ^\$([A-Z_]+)$ ]]; then
			eval "more=(${env[${BASH_REMATCH[1]}]-})"
			words+=("${more[@]}")
		else
			words+=("${word//\$\$/\$}")
		fi
	done
}

# start_line UNIT [CONF]: sets words to those of ExecStart, and assignments to the environment,
# for env(1).
start_line() {
	local line
	declare -gA env=()
	while IFS= read -r line; do
		[[ $line =~ ^([A-Za-z_]+)=(.*)$ ]]
		env[${BASH_REMATCH[1]}]=${BASH_REMATCH[2]}
	done < <(environment "$@")
	assignments=(PATH="$PATH" MQ_LIBEXEC="$MQ_LIBEXEC")
	for line in "${!env[@]}"; do
		assignments+=("$line=${env[$line]}")
	done
	systemd_words "$(value "$1" ExecStart)"
}

# service FILE: mq-sub@bills as systemd would start it, in the background; see watched.
service() {
	start_line mq-sub@.service bills.conf
	watched "$1" env -i "${assignments[@]}" "${words[@]}" >"$1.out" 2>"$1.err" 3>&- &
	until_true "[ -e $1.pid ]"
}

stop() {
	kill -"$(value mq-sub@.service KillSignal | grep . || echo TERM)" "$(cat "$1.pid")"
}

@test "the units are well formed, and what they start is there" {
	needs systemd systemd-analyze
	local unit name
	mkdir units
	for unit in "$units"/mq-*; do
		name=${unit##*/}
		# Commands are found by name where systemd looks; the tests' are elsewhere.
		sed "s,^\(ExecStart=-*\)\(mq-[a-z]*\),\1$(dirname "$(command -v mq-sub)")/\2,
		    s/^\(User\|Group\)=mq$/\1=root/" "$unit" >"units/$name"
	done
	run systemd-analyze verify --man=no units/mq-sub@.service units/mq-bridge@.service units/mq-trim.service \
	    units/mq-trim.timer
	assert_success
	assert_output ''
	# It would have said so.
	sed -i 's/^KillMode=.*/KillMode=mixd/' units/mq-sub@.service
	run systemd-analyze verify --man=no units/mq-sub@.service
	assert_output --partial mixd
}

@test "the units name pages that there are" {
	local page
	for page in $(sed -n 's/^Documentation=//p' "$units"/mq-* | tr ' ' '\n' | sort -u); do
		[[ $page =~ ^man:(.*)\((.)\)$ ]]
		[ -e "$top/man/${BASH_REMATCH[1]}.${BASH_REMATCH[2]}" ]
	done
}

@test "hardened: little is left exposed" {
	needs systemd systemd-analyze
	# Tenths: 1.7 of 10 and 1.0 of 10, as of systemd 252; a plain unit has 9.6.
	systemd-analyze security --offline=yes --threshold=20 "$units/mq-sub@.service" >/dev/null
	systemd-analyze security --offline=yes --threshold=20 "$units/mq-bridge@.service" >/dev/null
	systemd-analyze security --offline=yes --threshold=13 "$units/mq-trim.service" >/dev/null
	printf '[Service]\nExecStart=/bin/true\n' >plain.service
	run ! systemd-analyze security --offline=yes --threshold=90 plain.service
}

# allowed UNIT: the system calls that its SystemCallFilter= lines leave.
allowed() {
	systemd-analyze syscall-filter | awk '
	function add(what, sign,    i, n, list) {
		if (what !~ /^@/) { left[what] = sign; return }
		n = split(calls[what], list, " ")
		for (i = 1; i <= n; i++) add(list[i], sign)
	}
	FNR == NR && /^@/ { set = $1; next }
	FNR == NR && /^ +[@a-z]/ { calls[set] = calls[set] " " $1; next }
	FNR != NR && sub(/^SystemCallFilter=/, "") { sign = !sub(/^~/, ""); add($1, sign) }
	END { for (call in left) if (left[call]) print call }' - "$units/$1" | sort
}

@test "hardened: every system call of the tools is allowed" {
	needs systemd systemd-analyze
	command -v strace >/dev/null || skip "needs strace"
	[ -z "${MQ_SANITIZED:-}" ] || skip "the sanitizers trace their own way"
	mq-ctl create q/g
	{ seq 20; head -c 400000 /dev/zero; } | mq-pub q
	conf QUEUE=q/g 'COMMAND=cat' 'OPTIONS=-e -P 2' "MQ_SPOOL=$MQ_SPOOL"
	start_line mq-sub@.service bills.conf
	env -i "${assignments[@]}" strace -qq -f -o trace "${words[@]}" >/dev/null
	[ "$(depth q/g)" = 0 ]
	calls() {
		sed -n 's/^[0-9]* *\([a-z0-9_]*\)(.*/\1/p' trace | sort -u
	}
	[ "$(calls | wc -l)" -gt 20 ]
	allowed mq-sub@.service >allowed
	[ "$(wc -l <allowed)" -gt 200 ]
	run comm -23 <(calls) allowed
	assert_output ''
	mq-pub q a b
	conf QUEUE=q/g "CLUSTER=$PWD/cluster" TO=q "MQ_SPOOL=$MQ_SPOOL"
	start_line mq-bridge@.service bills.conf
	env -i "${assignments[@]}" strace -qq -f -o trace "${words[@]/mq-sub -m/mq-sub -m -e}"
	[ "$(depth q/g)" = 0 ]
	allowed mq-bridge@.service >allowed
	run comm -23 <(calls) allowed
	assert_output ''
	start_line mq-trim.service
	assignments+=(MQ_SPOOL="$MQ_SPOOL")
	env -i "${assignments[@]}" strace -qq -f -o trace "${words[@]}"
	allowed mq-trim.service >allowed
	run comm -23 <(calls) allowed
	assert_output ''
}

@test "mq-sub@: nothing that would break mq is in it" {
	# Who leases a message is looked up by pid in /proc.
	run ! grep -E '^(ProtectProc|ProcSubset|PrivatePIDs)=' "$units"/mq-*.service
	# Handlers must not be signalled with mq-sub, and have the time that the unit says.
	assert_equal "$(value mq-sub@.service KillMode)" mixed
	assert_equal "$(value mq-sub@.service TimeoutStopSec)" 5min
	assert_equal "$(value mq-sub@.service Restart)" always
}

@test "mq-sub@: the command line, as systemd makes it from the environment file" {
	conf '# a comment' QUEUE=bills/mail "COMMAND=sh -c 'cat >>\"got it\"'" 'OPTIONS=-P 4 --timeout 2m' \
	    "MQ_SPOOL=$MQ_SPOOL"
	start_line mq-sub@.service bills.conf
	assert_equal "$(printf '<%s>' "${words[@]}")" \
	    "<mq-sub><-P><4><--timeout><2m><bills/mail><--><sh><-c><cat >>\"got it\">"
	# No OPTIONS: no word for them.
	conf QUEUE=bills COMMAND=true
	start_line mq-sub@.service bills.conf
	assert_equal "$(printf '<%s>' "${words[@]}")" '<mq-sub><bills><--><true>'
	assert_equal "${env[MQ_SPOOL]}" /var/spool/mq
}

@test "mq-sub@: consumes, and stopping waits for the command that runs" {
	mkfifo go
	mq-ctl create bills/mail
	mq-pub bills one two three
	cat >handle <<-'EOF'
		#!/bin/sh
		body=$(cat)
		echo "$body" >>begun
		read -r line <go
		echo "$body" >>done
	EOF
	chmod +x handle
	conf QUEUE=bills/mail "COMMAND=$PWD/handle" "MQ_SPOOL=$MQ_SPOOL" 'OPTIONS='
	service sub
	until_true '[ -e begun ]'
	stop sub
	# It waits, and when that command ends, begins no other.
	[ ! -e sub ]
	[ ! -e done ]
	echo >go
	until_true '[ -e sub ]'
	assert_equal "$(cat sub)" 'exit 0'
	assert_equal "$(cat begun)" one
	assert_equal "$(cat done)" one
	assert_equal "$(depth bills/mail)" 2
}

@test "mq-sub@: restarts lose nothing and repeat nothing that was done" {
	local i
	mq-ctl create bills/mail
	seq 60 | mq-pub bills
	cat >handle <<-'EOF'
		#!/bin/sh
		{ cat; echo; } >>"$MQ_ID.done"
		echo >>count
	EOF
	chmod +x handle
	conf QUEUE=bills/mail "COMMAND=$PWD/handle" "MQ_SPOOL=$MQ_SPOOL" 'OPTIONS=-P 2'
	for i in 1 2 3; do
		service "sub$i"
		until_true "[ -e count ] && [ \$(wc -l <count) -ge $((i * 10)) ]"
		stop "sub$i"
		until_true "[ -e sub$i ]"
		assert_equal "$(cat "sub$i")" 'exit 0'
	done
	conf QUEUE=bills/mail "COMMAND=$PWD/handle" "MQ_SPOOL=$MQ_SPOOL" 'OPTIONS=-P 2 -e'
	start_line mq-sub@.service bills.conf
	env -i "${assignments[@]}" "${words[@]}" || [ "$?" = 1 ]
	assert_equal "$(cat -- *.done | sort -n | paste -s -d ' ')" "$(seq 60 | paste -s -d ' ')"
}

@test "mq-sub@: killed after the time-out, its message comes again, and no other is lost" {
	mq-ctl create bills/mail
	mq-ctl set bills/mail backoff=0s
	mq-pub bills stuck two
	conf QUEUE=bills/mail "COMMAND=sh -c 'echo >>begun; exec sleep 600'" "MQ_SPOOL=$MQ_SPOOL"
	service sub
	until_true '[ -e begun ]'
	stop sub
	# What systemd kills after TimeoutStopSec: all that is left of the unit.
	local left
	left=$(pgrep -P "$(cat sub.pid)")
	# shellcheck disable=SC2086 # a list
	kill -KILL "$(cat sub.pid)" $left
	until_true '[ -e sub ]'
	assert_equal "$(cat sub)" 'signal 9'
	conf QUEUE=bills/mail COMMAND=cat "MQ_SPOOL=$MQ_SPOOL" OPTIONS=-e
	start_line mq-sub@.service bills.conf
	drain bills/mail env -i "${assignments[@]}" "${words[@]}" >got
	assert_equal "$(tr -d '\n' <got)" "$(printf 'stucktwo')"
}

@test "mq-sub@: what another start does not mend ends it for good" {
	local prevented status
	prevented=" $(value mq-sub@.service RestartPreventExitStatus) "
	mq-pub bills a
	conf QUEUE=bills OPTIONS=--paralel COMMAND=true "MQ_SPOOL=$MQ_SPOOL"
	start_line mq-sub@.service bills.conf
	status=0
	env -i "${assignments[@]}" "${words[@]}" 2>said || status=$?
	grep -q 'did you mean --parallel?' said
	[[ $prevented == *" $status "* ]]
	# No COMMAND.
	conf QUEUE=bills "MQ_SPOOL=$MQ_SPOOL"
	start_line mq-sub@.service bills.conf
	status=0
	env -i "${assignments[@]}" "${words[@]}" 2>said || status=$?
	[[ $prevented == *" $status "* ]]
	conf QUEUE=bills COMMAND=/nowhere/command "MQ_SPOOL=$MQ_SPOOL"
	start_line mq-sub@.service bills.conf
	status=0
	env -i "${assignments[@]}" "${words[@]}" 2>said || status=$?
	[[ $prevented == *" $status "* ]]
	[ "$(depth bills/default)" = 1 ]
	# What another start may mend does not end it.
	[[ $prevented != *" 74 "* && $prevented != *" 75 "* && $prevented != *" 77 "* ]]
}

# exec_line NAME: sets words to those of that line of mq-bridge@, after start_line.
exec_line() {
	systemd_words "$(value mq-bridge@.service "$1")"
}

@test "mq-bridge@: copies in order; stopping waits for what is on its way" {
	local main
	mq-ctl create bills/bridge
	seq 300 | mq-pub bills
	conf QUEUE=bills/bridge "CLUSTER=$PWD/cluster" TO=copies "MQ_SPOOL=$MQ_SPOOL" 'OPTIONS=-p 3'
	start_line mq-bridge@.service bills.conf
	env -i "${assignments[@]}" "${words[@]}" 3>&- &
	main=$!
	until_true '[ "$(depth bills/bridge)" -lt 300 ]'
	exec_line ExecStop
	env -i "${assignments[@]}" MAINPID="$main" "${words[@]}"
	wait "$main"
	[ -z "$(mq-stat -l -J bills/bridge)" ]
	start_line mq-bridge@.service bills.conf
	# mq-sub -e ends with 1 where nothing was left.
	run env -i "${assignments[@]}" "${words[@]/mq-sub -m/mq-sub -m -e}"
	[ "$status" -le 1 ]
	[ "$(depth bills/bridge)" = 0 ]
	MQ_SPOOL=$PWD/cluster mq-replay -f '%p %s\n' copies | cmp - <(seq -f '3 %g' 300)
}

@test "mq-bridge@: what mq-pub ends with is what the service ends with" {
	seq 3 | mq-pub bills
	conf QUEUE=bills/bridge "CLUSTER=$PWD/cluster" TO=copies "MQ_SPOOL=$MQ_SPOOL" 'OPTIONS=--none-such'
	start_line mq-bridge@.service bills.conf
	# A group that is not there yet keeps no bridge from starting.
	exec_line ExecStartPre
	env -i "${assignments[@]}" "${words[@]}"
	mq-ctl create bills/bridge
	start_line mq-bridge@.service bills.conf
	run -64 env -i "${assignments[@]}" "${words[@]}"
	[ "$(depth bills/bridge)" = 3 ]
}

@test "mq-bridge@: the start takes back what was on its way when it was killed" {
	mq-ctl create bills/bridge
	seq 10 | mq-pub bills
	mq-sub -m -c 4 bills/bridge >lost
	mq-pub bills 11
	conf QUEUE=bills/bridge "CLUSTER=$PWD/cluster" TO=copies "MQ_SPOOL=$MQ_SPOOL"
	start_line mq-bridge@.service bills.conf
	exec_line ExecStartPre
	env -i "${assignments[@]}" "${words[@]}"
	start_line mq-bridge@.service bills.conf
	env -i "${assignments[@]}" "${words[@]/mq-sub -m/mq-sub -m -e}"
	MQ_SPOOL=$PWD/cluster mq-replay copies | cmp - <(seq 11)
	[ "$(value mq-bridge@.service Restart)" = always ]
	[[ " $(value mq-bridge@.service RestartPreventExitStatus) " != *" "7[457]" "* ]]
}

# trimmable QUEUE/GROUP...: makes them, and a queue a with 3 messages, of which retention allows
# to remove 2 in an hour.
trimmable() {
	mq-ctl create a/g "$1"
	mq-ctl set a retain=1s
	mq-pub a 1 2
	mq-sub -e a/g >/dev/null
	mq-pub a 3
	[ "$(messages a)" = 3 ]
}

# trim_command: a line that runs the command that is in words, in an hour.
run_trim() {
	start_line mq-trim.service
	env -i "${assignments[@]}" MQ_NOW=+1h "$@" "${words[@]}"
}

@test "mq-trim: removes what retention allows, of all queues" {
	trimmable b.dead
	run_trim MQ_SPOOL="$MQ_SPOOL"
	assert_equal "$(messages a)" 1
	assert_equal "$(mq-replay a)" 3
}

@test "mq-trim: no spool yet and no queues are nothing to do; what fails is told" {
	run_trim MQ_SPOOL="$BATS_TEST_TMPDIR/none"
	[ ! -e none ]
	mkdir empty
	run_trim MQ_SPOOL="$BATS_TEST_TMPDIR/empty"
	mq-ctl create q
	: >"$MQ_SPOOL/q/log.mdb"
	run ! run_trim MQ_SPOOL="$MQ_SPOOL"
}

@test "mq-trim.timer: hourly, and what was missed is done later" {
	needs systemd systemd-analyze
	systemd-analyze calendar "$(value mq-trim.timer OnCalendar)" | grep -q 'Normalized form: \*-\*-\* \*:00:00'
	assert_equal "$(value mq-trim.timer Persistent)" true
}

# read_cron: the jobs of the file, as cron parses it: variables, then five fields, the user,
# the command.  Sets jobs, and cron_environment for env(1).
read_cron() {
	local line
	jobs=() cron_environment=() cron_user='' cron_times=''
	while IFS= read -r line; do
		case $line in
		'#'* | '') ;;
		[A-Z]*=*) cron_environment+=("$line") ;;
		*)
			[[ $line =~ ^(([0-9*,/-]+[[:blank:]]+){5})([a-z]+)[[:blank:]]+(.*)$ ]] || return 1
			cron_times=${BASH_REMATCH[1]} cron_user=${BASH_REMATCH[3]}
			jobs+=("${BASH_REMATCH[4]}") ;;
		esac
	done <"$top/share/cron/mq"
}

# run_cron NAME=VALUE...: the job, in the environment that cron makes.
run_cron() {
	local shell
	shell=$(printf '%s\n' "${cron_environment[@]}" | sed -n 's/^SHELL=//p')
	env -i HOME=/nonexistent LOGNAME=mq "${cron_environment[@]}" "$@" "$shell" -c "${jobs[0]}" </dev/null
}

@test "cron: the file is one that cron takes" {
	local file=$top/share/cron/mq
	read_cron
	assert_equal "${#jobs[@]}" 1
	assert_equal "$cron_times" '17 * * * *	'
	assert_equal "$cron_user" mq
	# A percent sign would end the command; a line without its end is not read.
	[[ ${jobs[0]} != *%* ]]
	[ -z "$(tail -c 1 "$file")" ]
	# cron of Debian refuses names with a dot.
	[[ ${file##*/} != *.* ]]
}

@test "cron: the job removes what retention allows, and says nothing" {
	[ ! -d /run/systemd/system ] || skip "systemd's timer does it here"
	local path
	read_cron
	trimmable b.dead
	path=$(printf '%s\n' "${cron_environment[@]}" | sed -n 's/^PATH=//p')
	run -0 run_cron MQ_SPOOL="$MQ_SPOOL" MQ_NOW=+1h PATH="$(dirname "$(command -v mq-ctl)"):$path"
	assert_output ''
	assert_equal "$(mq-replay a)" 3
	run -0 run_cron MQ_SPOOL="$BATS_TEST_TMPDIR/none" PATH="$path"
	assert_output ''
	: >"$MQ_SPOOL/a/log.mdb"
	run ! run_cron MQ_SPOOL="$MQ_SPOOL" PATH="$(dirname "$(command -v mq-ctl)"):$path"
	assert_output --partial 'mq-ctl'
}

@test "installed: units and cron find the tools wherever they are" {
	local prefix=$BATS_TEST_TMPDIR/opt
	env -u MAKEFLAGS -u MFLAGS make -s -C "$top" install-files B="$(dirname "$(dirname "$(command -v mq-sub)")")" \
	    DESTDIR="$BATS_TEST_TMPDIR/root" PREFIX="$prefix" >/dev/null
	mv "$BATS_TEST_TMPDIR/root/$prefix" "$prefix"
	units=$prefix/lib/systemd/system
	run -0 sed -n 's/^ExecStart=\([^ ]*\) .*/\1/p' "$units"/mq-stat@.service "$units"/mq-sub@.service
	assert_output "$prefix/bin/mq-stat"$'\n'"$prefix/bin/mq-sub"
	mq-ctl create from/bridge
	mq-pub from one
	printf '%s\n' QUEUE=from/bridge "CLUSTER=$PWD/cluster" TO=to "MQ_SPOOL=$MQ_SPOOL" >bills.conf
	start_line mq-bridge@.service bills.conf
	run -0 env -i PATH=/usr/bin:/bin MQ_SPOOL="$MQ_SPOOL" QUEUE=from/bridge CLUSTER="$PWD/cluster" TO=to \
	    "${words[@]/mq-sub -m/mq-sub -m -e}"
	[ "$(MQ_SPOOL=$PWD/cluster mq-replay to)" = one ]
	trimmable b.dead
	start_line mq-trim.service
	run -0 env -i PATH=/usr/bin:/bin MQ_SPOOL="$MQ_SPOOL" MQ_NOW=+1h "${words[@]}"
	[ "$(messages a)" = 1 ]
	# cron has no more than what the file says.
	run -0 sed -n 's/^PATH=//p' "$prefix/share/mq/cron/mq"
	run -0 env -i "PATH=$output" sh -c 'command -v mq-ctl'
	assert_output "$prefix/bin/mq-ctl"
}
