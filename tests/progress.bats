#!/usr/bin/env bats
# progress.bats - how far long work has come: on a terminal, with --progress, after SIGUSR1

load lib/common
load lib/expect
load lib/needs
load lib/tmux

teardown() {
	end_tmux
	local pids
	pids=$(jobs -p)
	# shellcheck disable=SC2086 # a list
	exec 7>&- 8>&-
	[ -z "$pids" ] || kill -KILL $pids 2>/dev/null || :
}

# A line a tenth of a second, as a slow writer has it, until there is a file "stop".
cat_slowly='i=0; while [ ! -e stop ]; do echo $i; i=$((i + 1)); sleep 0.1; done'

# catches PID: waits until that process catches signal 10, SIGUSR1; before it would die of it.
catches() {
	until_true '[ $((0x$(awk "/^SigCgt/ { print \$2 }" "/proc/'"$1"'/status") >> 9 & 1)) = 1 ]'
}

# asked FILE PATTERN PID: SIGUSR1 to that process; until a line of FILE matches.
asked() {
	kill -USR1 "$3" && grep -Eq "$2" "$1"
}

@test "--progress: each step is told when it is done, where stderr is no terminal" {
	seq 5000 >file
	run -0 --separate-stderr mq-pub --progress q <file
	assert_equal "$stderr" 'mq-pub: q: 5000 messages, 100 %'
	run -0 --separate-stderr sh -c 'cat file | mq-pub --progress q'
	assert_equal "$stderr" 'mq-pub: q: 5000 messages'
	run -0 --separate-stderr mq-pub --progress q one
	assert_equal "$stderr" 'mq-pub: q: 1 message'
	run -0 --separate-stderr mq-pub --progress -F q file file
	assert_equal "$stderr" 'mq-pub: q: 2 messages, 100 %'
	run -0 --separate-stderr mq-replay --progress q
	assert_equal "$stderr" 'mq-replay: q: 10003 messages, 100 %'
	mq-ctl create q/g
	run -0 --separate-stderr mq-replay --progress --last 10 q
	assert_equal "$stderr" 'mq-replay: q: 10 messages, 100 %'
	run -0 --separate-stderr mq-replay --progress -c 7 q/g
	assert_equal "$stderr" 'mq-replay: q: 7 messages, 100 %'
	# The end is not known.
	run -0 --separate-stderr mq-replay --progress --since -1h q
	assert_equal "$stderr" 'mq-replay: q: 10003 messages'
	run -0 --separate-stderr mq-ctl check --progress q
	assert_equal "$stderr" 'mq-ctl check: q: checking messages: 100 %'
	echo '{}' >schema
	seq 10 | mq-pub numbers
	run -0 --separate-stderr mq-ctl check --progress --schema schema numbers
	assert_equal "$stderr" ''	# not yet a second, and nobody knows how many there are
	run -0 --separate-stderr mq-ctl trim --progress q
	assert_equal "$stderr" ''	# there is nothing to remove
	run -0 --separate-stderr mq-pub q <file
	assert_equal "$stderr" ''
	run -0 --separate-stderr mq-replay q
	assert_equal "$stderr" ''
	run -0 --separate-stderr mq-ctl check q
	assert_equal "$stderr" ''
}

@test "--progress: once a second, with a rate" {
	bash -c "$cat_slowly" | mq-pub --progress q 2>said &
	until_true 'grep -Eqx "mq-pub: q: [0-9]+ messages, [0-9]+/s" said'
	until_true '[ "$(wc -l <said)" -ge 2 ]'
	touch stop
	wait $!
	run -0 tail -n 1 said
	[[ $output =~ ^mq-pub:\ q:\ ([0-9]+)\ messages,\ [0-9]+/s$ ]]
	assert_equal "$(mq-stat -J q | jq .messages)" "${BASH_REMATCH[1]}"
}

@test "SIGUSR1: mq-pub tells while it waits for room, of a file how much is read" {
	mq-ctl create q/g
	mq-ctl set q max-messages=20000
	seq 2000000 >file
	mq-pub q <file 2>said &
	pub=$!
	until_true '[ "$(mq-stat -J q | jq -s ".[0].messages")" = 20000 ]'
	until_true 'asked said "^mq-pub: q: 16384 messages, [0-9]{1,2} %(, [0-9]+/s, [0-9dhms]+ left)?; queue full [(]20000 messages[)], waiting$" $pub'
	# It has not come to an end.
	kill -0 "$pub"
	mq-sub -c 10000 q/g >/dev/null
	until_true '[ "$(mq-stat -J q | jq -s ".[0].in_messages")" = 30000 ]'
	kill "$pub"
}

@test "SIGUSR1: mq-pub tells while it waits for input, and goes on" {
	mkfifo in
	mq-pub q <in 2>said &
	pub=$!
	exec 7>in
	echo one >&7
	until_true '[ "$(mq-stat -J q 2>/dev/null | jq .messages)" = 1 ]'
	until_true 'asked said "^mq-pub: q: 1 message(, [0-9]+/s)?$" $pub'
	echo two >&7
	exec 7>&-
	wait "$pub"
	assert_equal "$(mq-replay q)" $'one\ntwo'
}

# full_pipe FILE: a FIFO that takes nothing more, and that nobody reads, open here as 8.
full_pipe() {
	mkfifo "$1"
	exec 8<>"$1"
	run ! dd if=/dev/zero of="$1" oflag=nonblock bs=4096 count=10000 status=none
}

# stops_by_term PID
stops_by_term() {
	kill "$1"
	until_true "! kill -0 $1 2>/dev/null"
}

@test "SIGUSR1 with a stderr that takes nothing: the work goes on, and SIGTERM ends it" {
	full_pipe said
	mkfifo in
	mq-pub q <in 2>&8 8>&- & pub=$!
	exec 7>in
	echo one >&7
	until_true '[ "$(mq-stat -J q 2>/dev/null | jq .messages)" = 1 ]'
	kill -USR1 "$pub"
	echo two >&7
	until_true '[ "$(mq-stat -J q 2>/dev/null | jq .messages)" = 2 ]'
	kill -USR1 "$pub"
	stops_by_term "$pub"
	exec 7>&-
}

@test "--progress to a stderr that takes nothing: SIGTERM ends it" {
	full_pipe said
	bash -c "$cat_slowly" 8>&- | exec mq-pub --progress q 2>&8 8>&- & pub=$!
	[ -r "/proc/$pub/syscall" ] || skip "needs to see in what call a process waits"
	until_true '[[ $(</proc/$pub/syscall) == *" 0x2 "* ]]'
	stops_by_term "$pub"
	touch stop
}

@test "SIGUSR1: mq-replay tells while its reader is slow, and goes on" {
	seq 300000 | mq-pub q
	mkfifo out
	mq-replay q >out 2>said 7<&- &
	replay=$!
	exec 7<out
	catches "$replay"
	until_true 'asked said "^mq-replay: q: [0-9]{5,6} messages, [0-9]{1,2} %" $replay'
	seq 300000 | cmp - <(cat <&7)
	wait "$replay"
	exec 7<&-
}

@test "SIGUSR1 ends no tool that has nothing to tell" {
	mq-ctl create q/g w/g
	mq-sub q/g >got & sub=$!
	mq-sub w/g -- sh -c 'cat >>handled' & worker=$!
	mq-replay -F q >followed & follow=$!
	mkfifo receipts
	mq-ack <receipts & ack=$!
	mq-stat -w 1h >watched & watch=$!
	exec 7>receipts		# only here, or it would not end
	local pid
	for pid in "$sub" "$worker" "$follow" "$ack" "$watch"; do
		catches "$pid"
	done
	until_true '[ "$(field consumers q/g)$(field consumers w/g)" = 11 ] && [ -s watched ]'
	local i
	for i in 1 2 3; do
		kill -USR1 "$sub" "$worker" "$follow" "$ack" "$watch"
		mq-pub q "m$i"
		mq-pub w "w$i"
		until_true "grep -q m$i got && grep -q m$i followed && grep -q w$i handled"
	done
	exec 7>&-
	wait "$ack"
	# mq-ctl waits, too, and says for whom.
	mq-ctl compact -W 1h q 2>said 7>&- & compact=$!
	catches "$compact"
	until_true 'asked said "^mq-ctl compact: q: in use by .*$sub \(mq-sub\).*, waiting$" "$compact"'
	kill "$sub" "$worker" "$follow" "$watch"
	wait "$sub" "$worker" "$watch"
	wait "$follow" || [ $? = 143 ]
	wait "$compact"
}

@test "--progress: what holds a command up is told once a second, and when it goes on no longer" {
	mq-ctl create q/g
	mq-ctl set q max-messages=20
	seq 100 | mq-pub --progress q 2>said &
	until_true '[ "$(grep -Ecx "mq-pub: q: [0-9]+ messages?(, [0-9]+/s)?; queue full .20 messages., waiting" said)" -ge 2 ]'
	mq-ctl set q max-messages=1000
	mq-sub -c 1 q/g >/dev/null
	wait $!
	run -0 tail -n 1 said
	assert_output --regexp '^mq-pub: q: 100 messages(, [0-9]+/s)?$'
	mq-replay --progress --pace 0.000001 q 2>said >/dev/null & local replay=$!
	until_true '[ "$(grep -Ec "^mq-replay: q: [0-9]+ messages?, [0-9]+ %" said)" -ge 2 ]'
	kill "$replay"
	wait "$replay" || :
	mkfifo in
	mq-pub --progress q <in 2>said & local pub=$!
	exec 7>in
	until_true '[ "$(grep -c "^mq-pub: q: 0 messages" said)" -ge 2 ]'
	exec 7>&-
	wait "$pub"
	mq-pub --call -W 1h --progress nobody hello 2>said & pub=$!
	until_true '[ "$(grep -cx "mq-pub: nobody: waiting for a reply" said)" -ge 2 ]'
	mq-sub -e -c 1 nobody -- cat
	wait "$pub"
}

@test "SIGUSR1: mq-pub --call waits for a reply, mq-ctl trim is done" {
	mq-pub --call -W 1h q hello >got 2>said & local pub=$!
	catches "$pub"
	until_true 'asked said "^mq-pub: q: waiting for a reply$" $pub'
	mq-sub -e -c 1 q -- echo bye
	wait "$pub"
	assert_equal "$(cat got)" bye
	mq-ctl set q retain=1s
	MQ_NOW=+1h run -0 --separate-stderr mq-ctl trim --progress q
	assert_equal "$stderr" 'mq-ctl trim: q: removing messages: 100 %'
}

@test "a command of mq-sub has SIGUSR1 as it is by default" {
	mq-pub q one
	mq-ctl create q/g
	mq-ctl set q/g max-attempts=1
	mq-sub -e q/g -- sh -c 'kill -USR1 $$'
	assert_equal "$(mq-replay -J q.dead | jq -r '.headers."mq-dead-reason"')" 'signal 10'
}

@test "on a terminal: one line, gone at the end" {
	needs tmux
	cat >script <<-END
	{ $cat_slowly; } | mq-pub q
	echo done
	exec cat
	END
	term 60 10 'sh script'
	until_true 'on_screen | grep -Eqx "q: [0-9]+ messages, [0-9]+/s"'
	assert_equal "$(on_screen | grep -c messages)" 1
	# Asked, it stays, and the line is the one below.
	kill -USR1 "$(pgrep -P "$(of_terminal pane_pid)" mq-pub)"
	until_true 'on_screen | grep -Eqx "mq-pub: q: [0-9]+ messages, [0-9]+/s"'
	until_true 'on_screen | grep -Eqx "q: [0-9]+ messages, [0-9]+/s"'
	touch stop
	shows done
	run ! bash -c 'grep -x "q: .*" <<<"$1"' - "$(on_screen)"
}

@test "on a terminal: ^C leaves no line, and ends the tool as it does" {
	needs tmux
	mq-ctl create q
	cat >script <<-END
	trap : INT
	{ $cat_slowly; } | mq-pub -q q &
	mq-replay --progress -F q >/dev/null
	echo "ended by \$((\$? - 128))"
	exec cat
	END
	term 60 10 'sh script'
	until_true 'on_screen | grep -Eq "^q: [0-9]+ messages"'
	keys C-c
	shows 'ended by 2'
	touch stop
	run ! grep messages <<<"$(on_screen)"
}

@test "on a terminal: of two tools one shows its line, then the other" {
	local look count shown other=b
	needs tmux
	cat >script <<-END
	{ ${cat_slowly/stop/stop-a}; } | mq-pub a &
	{ ${cat_slowly/stop/stop-b}; } | mq-pub b
	wait
	echo done
	exec cat
	END
	term 60 10 'sh script'
	until_true 'on_screen | grep -Eqx "[ab]: [0-9]+ messages, [0-9]+/s"'
	shown=$(on_screen | grep -Eo '^[ab]' | head -n 1)
	[ "$shown" = a ] || other=a
	for look in 1 2 3 4 5 6; do
		count=$(on_screen | grep -E "^$shown: ")
		until_true '[ "$(on_screen | grep -E "^$shown: ")" != "$count" ]'
		run ! grep "^$other" <<<"$(on_screen)"
	done
	touch "stop-$shown"
	until_true 'on_screen | grep -Eqx "$other: [0-9]+ messages, [0-9]+/s"'
	touch "stop-$other"
	shows done
}

@test "on a terminal: -q shows nothing, a narrow one a part, and an error has its own line" {
	needs tmux
	cat >script <<-END
	{ $cat_slowly; } | mq-pub -q q
	echo done
	exec cat
	END
	term 60 10 'sh script'
	until_true '[ "$(mq-stat -J q 2>/dev/null | jq .messages)" -ge 20 ]'
	run ! bash -c 'grep messages <<<"$1"' - "$(on_screen)"
	touch stop
	shows done
	rm stop
	cat >script <<-END
	{ $cat_slowly; } | sed -u 's/.*/{"body":"&"}/; /50/s/.*/bad/' | mq-pub -J q
	echo done
	exec cat
	END
	term 20 10 'sh script'
	until_true 'on_screen | grep -Eqx "q: [0-9]+ messages,[ 0-9/s]*"'
	shows 'mq-pub: stdin: recor'
	assert_equal "$(on_screen | grep -c '^q: ')" 0
	touch stop
}
