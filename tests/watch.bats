#!/usr/bin/env bats
# watch.bats - mq-stat --watch, in a real terminal (tmux) and without one

load lib/common
load lib/needs
load lib/tmux

# Patterns of what is shown.  A broker tells no ages, and what it counts in a queue are also up to
# three signs of its group's beginning.
age='[0-9]+s' nothing=0 five=5 twelve=12 many=12345
if [ -n "${MQ_CLUSTER-}" ]; then
	age=- nothing='[0-3]' five='[5-8]' twelve='1[2-5]' many='1234[5-8]'
fi

teardown() {
	end_tmux
	kill_all
}

# Those of the test that still run.
kill_all() {
	local pids
	pids=$(jobs -p)
	# shellcheck disable=SC2086 # a list
	[ -z "$pids" ] || kill -KILL $pids 2>/dev/null || :
}

some_queues() {
	mq-ctl create orders/billing orders/shipping build/ci
	seq 500 | mq-pub orders
	mq-sub -c 100 orders/billing >/dev/null
	seq 3 | mq-pub build.dead
	# A broker's numbers come late.
	until_true 'all_is_counted'
}

all_is_counted() {
	mq-stat -J | jq -se 'map(select(.queue == "orders" or .queue == "build.dead")) |
	    map(.in_messages // empty) == [3, 500] and
	    (map(select(.queue == "build.dead") | .messages) == [3]) and
	    (map(select(.group == "billing") | .acked) == [100])' >/dev/null
}

# watch COLUMNS LINES [ARGUMENT...]: mq-stat -w in a terminal; when it ends, its status and
# whether the terminal is as it was.
watch() {
	local width=$1 height=$2
	shift 2
	cat >script <<-END
	trap : INT	# for the shell itself
	echo 'what was there before'
	stty -g >before
	mq-stat -w100ms $*
	echo "status \$?"
	stty -g >after
	exec cat
	END
	term "$width" "$height" 'sh script'
	shows "every 100ms"
	assert_equal "$(of_terminal alternate_on) $(of_terminal cursor_flag)" '1 0'
}

# The pid of the mq-stat in the terminal.
watcher() {
	pgrep -P "$(of_terminal pane_pid)" mq-stat
}

# The terminal is as it was, and mq-stat has ended with this status.
restored() {
	shows "status $1"
	until_true '[ -s after ]'
	assert_equal "$(of_terminal alternate_on) $(of_terminal cursor_flag)" '0 1'
	assert_equal "$(cat after)" "$(cat before)"
	shows 'what was there before'
}

# From its first line on: none is wider than the terminal, or the others would have moved up.  What
# tmux has cut off after a resize stays for a moment.
is_whole() {
	[[ $(on_screen) == "${MQ_SPOOL:0:9}"*$'\n'QUEUE/GRO*$1* ]]
}

whole() {
	until_true "is_whole '${1-}'" || { on_screen >&2; return 1; }
}

@test "without a terminal: a block each time, without escape sequences" {
	some_queues
	mq-stat -w 50ms >lines &
	until_true '[ "$(grep -c ^QUEUE/GROUP lines)" -ge 3 ]'
	kill -TERM $!
	wait $!
	run ! grep -q $'\033' lines
	run -0 sed -n 1,8p lines
	[[ ${lines[0]} == "$MQ_SPOOL  3 queues, 3 groups  every 50ms  "[0-2][0-9]:[0-5][0-9]:[0-6][0-9] ]]
	assert_equal "${lines[1]}" 'QUEUE/GROUP            DEPTH OLDEST   IN/s  OUT/s LEASED DELAYED CONS'
	[[ ${lines[2]} =~ ^build\ +$nothing\ +-\ +-\ +-\ +-\ +-\ +-$ ]]
	[[ ${lines[3]} =~ ^build/ci\ +0\ +-\ +-\ +-\ +0\ +0\ +0$ ]]
	[[ ${lines[4]} =~ ^build.dead\ +3\ +$age\ +-\ +-\ +-\ +-\ +-$ ]]
	[[ ${lines[6]} =~ ^orders/billing\ +400\ +$age\ +-\ +-\ +0\ +0\ +0$ ]]
	# The second has rates.
	run -0 grep -m 2 '^orders/billing ' lines
	[[ ${lines[1]} =~ ^orders/billing\ +400\ +$age\ +-\ +0\ +0\ +0\ +0$ ]]
}

@test "rates: what is published and settled between two looks" {
	mq-ctl create q/g
	# What was never counted is not known on a broker.
	mq-pub q first
	mq-sub -c 1 q/g
	until_true '[ "$(mq-stat -J q | jq -c "[.in_messages, .acked] - [null]" | paste -sd " ")" = "[1] [1]" ]'
	mq-stat -w 2s q >lines &
	until_true '[ "$(grep -c ^q/g lines)" -ge 1 ]'
	seq 20 | mq-pub q
	mq-sub -c 10 q/g >/dev/null
	# In which look each is seen depends on how long these took.
	until_true 'awk "\$1 == \"q\" { q += \$4 } \$1 == \"q/g\" { g += \$5 } END { exit !(q > 0 && g > 0) }" lines'
	kill -TERM $!
	wait $!
	run -0 awk '$1 == "q" { queue[++n] = $4 } $1 == "q/g" { group[n] = $5 }
	    $1 == "q" && $4 > q { q = $4 + 0 } $1 == "q/g" && $5 > g { g = $5 + 0 }
	    END { print queue[1], group[1], (q > 0 && q <= 10.5), (g > 0 && g <= 5.5) }' lines
	assert_output '- - 1 1'
}

@test "a reader that goes away ends it" {
	mq-ctl create q/g
	mq-stat -w 20ms | head -n 1
	run -0 bash -c 'set -o pipefail; mq-stat -w 20ms | sed -n "/QUEUE/q"'
	run -74 --separate-stderr sh -c 'mq-stat -w 20ms >/dev/full'
	[[ $stderr == 'mq-stat: standard output: '* ]]
}

@test "a terminal: redrawn in place, and given back by q" {
	needs tmux
	some_queues
	watch 80 24
	shows 'orders/billing           400'
	shows 'build.dead                 3'
	whole
	seq 250 | mq-pub orders
	shows 'orders/billing           650'
	whole
	assert_equal "$(on_screen | grep -c '^orders/billing')" 1
	keys q
	restored 0
}

@test "a terminal is given back after each signal" {
	needs tmux
	local sig
	mq-ctl create q/g
	for sig in INT TERM HUP; do
		rm -f before after
		watch 80 24
		if [ "$sig" = INT ]; then
			keys C-c
			restored 130
		else
			kill "-$sig" "$(watcher)"
			restored 0
		fi
		end_tmux
	done
}

@test "a terminal is given back after a memory fault" {
	needs tmux
	[ -z "${MQ_SANITIZED-}" ] || skip "the sanitizers have handlers of their own"
	mq-ctl create q/g
	watch 80 24
	kill -SEGV "$(watcher)"
	shows 'memory fault'
	restored 74
}

@test "stopped by ^Z the terminal is the shell's; fg takes it again" {
	needs tmux
	mq-ctl create q/g
	term 80 24 'PS1="prompt> " bash --norc --noediting'
	shows 'prompt>'
	keys 'stty -g >before; mq-stat -w100ms' Enter
	shows 'every 100ms'
	keys C-z
	shows 'Stopped'
	assert_equal "$(of_terminal alternate_on) $(of_terminal cursor_flag)" '0 1'
	keys 'clear; stty -g >between; echo in between' Enter
	until_true '[ -s between ]'
	shows 'prompt>'
	keys 'fg' Enter
	shows 'every 100ms'
	assert_equal "$(of_terminal alternate_on) $(of_terminal cursor_flag)" '1 0'
	shows 'QUEUE/GROUP'
	mq-pub q one
	shows 'q/g                        1'
	keys q
	until_true '[ "$(of_terminal alternate_on)" = 0 ]'
	shows 'in between'
	keys 'stty -g >after' Enter
	until_true '[ -s after ]'
	cmp before between
	cmp before after
}

@test "a resize: as wide and as high as the terminal, whatever it is" {
	needs tmux
	local size
	printf 'q%s/a-group-with-quite-a-long-name\n' 1 2 3 4 5 6 7 8 | xargs -n 1 mq-ctl create
	watch 80 24
	shows 'q8/a-group~long-name'
	in_tmux resize-window -x 120 -y 30
	shows 'q8/a-group-with-quite-a-long-name'
	whole
	for size in 40x10 20x5; do
		in_tmux resize-window -x "${size%x*}" -y "${size#*x}"
		whole more
		assert_equal "$(on_screen | wc -l)" "${size#*x}"
	done
	in_tmux resize-window -x 80 -y 10
	shows '9 more'
	in_tmux resize-window -x 80 -y 24
	shows 'q8/a-group~long-name'
	run ! bash -c 'grep -q more <<<"$1"' - "$(on_screen)"
	keys q
	restored 0
}

# row WORDS: a line of the screen has these, and nothing else.
row() {
	until_true "on_screen | grep -qxE '$1 *'" || { on_screen >&2; return 1; }
}

@test "a narrow terminal: whole columns and names go, no number is cut" {
	needs tmux
	mq-ctl create q/a-group-with-a-long-name
	yes | head -n 12345 | mq-pub q
	watch 80 24
	row "q/a-group-~long-name +12345 +$age +(-|0) +0 +0 +0 +0 .*"
	local width columns titles
	# What is left at each width is the first so many whole columns, and their titles.
	for width in 70 62 61 50 40 33 27 26 25 21 20; do
		in_tmux resize-window -x "$width" -y 6
		columns=$((width >= 61 ? 7 : width >= 56 ? 6 : width >= 48 ? 5 : width >= 41 ? 4 :
		    width >= 34 ? 3 : width >= 27 ? 2 : 1))
		titles=$(cut -d ' ' -f "1-$((columns + 1))" <<<'QUEUE/GROUP DEPTH OLDEST IN/s OUT/s LEASED DELAYED CONS')
		until_true '[ "$(on_screen | sed -n 2p | tr -s " ")" = "$titles" ]' || { on_screen >&2; return 1; }
		row "q +$many( .*)?"
		row 'q/a-g[a-z~-]* +12345( .*)?'
	done
	in_tmux resize-window -x 15 -y 6
	row 'QUEUE +DEPTH'
	row 'q/a~ame +12345'
	in_tmux resize-window -x 9 -y 6
	row '~ +12345'
	in_tmux resize-window -x 7 -y 6
	row ' *12345'
	# Too narrow for the number: rather none than another one.
	in_tmux resize-window -x 4 -y 6
	row ' *~'
	run ! grep -q '[0-9]' <<<"$(on_screen)"
	in_tmux resize-window -x 80 -y 24
	keys q
	restored 0
}

@test "a low terminal: one row stays" {
	needs tmux
	mq-ctl create q/g
	seq 12 | mq-pub q
	watch 80 24
	in_tmux resize-window -x 40 -y 4
	row 'QUEUE/GROUP .*DEPTH .*'
	row '1 more, 1 of them needs attention.*'
	in_tmux resize-window -x 40 -y 3
	until_true '[[ $(on_screen) == QUEUE/GROUP*"
q "*\ $twelve\ *1\ more* ]]'
	in_tmux resize-window -x 20 -y 2
	until_true '[[ $(on_screen) == "q "*\ $twelve*1\ more* ]]'
	in_tmux resize-window -x 20 -y 1
	until_true '[[ $(on_screen) =~ ^q\ +$twelve$ ]]'
	in_tmux resize-window -x 80 -y 24
	keys q
	restored 0
}

@test "what does not fit is counted, and what needs attention of it" {
	needs tmux
	printf 'q%s/g\n' 1 2 3 4 5 6 7 8 | xargs -n 1 mq-ctl create
	seq 5 | mq-pub q8
	seq 9 | mq-pub q8.dead
	watch 80 10
	shows '10 more, 2 of them need attention'
	# By depth, they come first.
	keys d
	shows '10 more  q quit  n by name'
	run -0 on_screen
	[[ ${lines[2]} =~ ^q8.dead\ +9\  ]]
	[[ ${lines[3]} =~ ^q8\ +$five\  ]]
	[[ ${lines[4]} =~ ^q8/g\ +5\  ]]
	keys n
	shows '10 more, 2 of them need attention'
}

@test "a sparkline of depth" {
	needs tmux
	mq-ctl create q/g
	watch 80 24
	shows '▁▁▁'
	seq 10 | mq-pub q
	shows '▁█'
	keys q
	restored 0
	end_tmux
	export LC_ALL=C
	cat >script <<-END
	LC_ALL=C mq-stat -w100ms
	END
	term 80 24 'sh script'
	shows '###'
}

@test "colours, unless NO_COLOR is set or the terminal has none" {
	needs tmux
	some_queues
	watch 80 24
	shows build.dead
	on_screen -e | grep -qF $'\033[1m\033[31mbuild.dead' || on_screen -e | grep -q $'\033\[[0-9;]*31mbuild.dead'
	end_tmux
	NO_COLOR=1 watch 80 24
	shows build.dead
	run ! bash -c 'grep -q "$1" <<<"$2"' - $'\033' "$(on_screen -e)"
	end_tmux
	TERM=vt100 term 80 24 'TERM=vt100 mq-stat -w100ms'
	shows build.dead
	run ! bash -c 'grep -q "$1" <<<"$2"' - $'\033' "$(on_screen -e)"
	end_tmux
	NO_COLOR='' watch 80 24
	shows build.dead
	on_screen -e | grep -q $'\033\[[0-9;]*31mbuild.dead'
	# Retained still, but somebody has dealt with them.
	mq-sub -q -e build.dead/people >/dev/null
	until_true 'on_screen -e | grep -q "build.dead" && ! on_screen -e | grep -q "31mbuild.dead"'
}

@test "TERM=dumb: lines that follow each other" {
	needs tmux
	mq-ctl create q/g
	term 80 24 'TERM=dumb mq-stat -w100ms'
	until_true '[ "$(on_screen | grep -c QUEUE/GROUP)" -ge 2 ]'
	assert_equal "$(of_terminal alternate_on) $(of_terminal cursor_flag)" '0 1'
}

@test "what goes wrong later stands in the last line, until it is over" {
	needs tmux
	mq-ctl create q/g other/g
	watch 80 24 q other
	shows 'other/g'
	mq-ctl delete other
	shows 'other: no such queue'
	mq-ctl create other/again
	shows 'other/again'
	until_true '! on_screen | grep -q "no such queue"'
	keys q
	restored 0
}

@test "a spool's name can't write escape sequences" {
	needs tmux
	export MQ_SPOOL=$BATS_TEST_TMPDIR/$'e\033[31mvil\u00e9'
	mq-ctl create q/g
	term 120 24 'mq-stat -w100ms'
	shows 'e?[31mvil??  1 queue'
}

@test "a missing spool: 66" {
	run -66 --separate-stderr mq-stat -w
	[[ ${stderr_lines[0]} == *'no such spool'* ]]
}

@test "usage" {
	mq-ctl create q/g 5m/g
	run -66 --separate-stderr mq-stat -w nosuch
	[[ ${stderr_lines[0]} == *'nosuch: no such queue'* ]]
	# One of several: what would be watched is not what was asked for.
	run -66 --separate-stderr timeout 60 mq-stat -w50ms q nosuch
	[[ ${stderr_lines[0]} == *'nosuch: no such queue'* ]]
	run -66 --separate-stderr timeout 60 mq-stat -w50ms q q/nosuch
	run -64 --separate-stderr mq-stat -w0
	assert_equal "${stderr_lines[0]}" 'mq-stat: -w: 0: needs some time'
	run -64 --separate-stderr mq-stat -w 1
	assert_equal "${stderr_lines[0]}" "mq-stat: -w: '1': as a DURATION it needs a unit, such as 1s; as a QUEUE it needs a DURATION before it"
	run -64 --separate-stderr mq-stat --watch=often
	[[ ${stderr_lines[0]} == "mq-stat: -w: 'often': "* ]]
	run -64 --separate-stderr mq-stat -w -l
	assert_equal "${stderr_lines[0]}" 'mq-stat: only one of -l, -w, --next-due, --names, --prometheus, --http, --check, --message'
	run -64 mq-stat -wJ
	run -64 mq-stat -w -J
	# The first operand may be the interval; behind one, it is a queue.
	run -0 bash -c 'mq-stat -w 20ms 5m | sed -n "/every 20ms/d; /^5m\/g/q; p"'
	[[ $output == *'5m '* && $output != *'q/g'* ]]
	run -0 bash -c 'mq-stat --watch=20ms 5m | sed -n "/^5m\/g/q"'
}
