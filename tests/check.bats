#!/usr/bin/env bats
# check.bats - mq-stat --check and --warn: a plugin for Nagios and Icinga

load lib/common
load lib/needs

# The line as the guidelines of the monitoring plugins have it: text, and performance data
# 'label'=value[unit];[warning];[critical];minimum
line() {
	local value='[0-9]+(\.[0-9]+)?s?' range='(@?[0-9.]+(:[0-9.]*)?)?'
	local data="'[A-Za-z0-9._/ -]+'=$value;$range;$range;0"
	[ "${#lines[@]}" = 1 ] || fail "not one line: $output"
	[[ $output =~ ^MQ\ (OK|WARNING|CRITICAL|UNKNOWN)\ -\ [^|]+(\ \|(\ $data)+)?$ ]] ||
	    fail "not a plugin's line: $output"
}

# is STATUS TEXT [ARGUMENT...]: mq-stat ends so, with TEXT before the performance data.
is() {
	local want=$1 text=$2
	shift 2
	run "-$want" --separate-stderr mq-stat "$@"
	line
	assert_equal "$stderr" ''
	assert_equal "${output%% |*}" "$text"
}

# data VALUE...: the performance data.
data() {
	assert_equal "${output#* | }" "$*"
}

# In q/g 3 messages are looked at and ready, 1 is leased, 2 are delayed, 4 are not looked at.
ten() {
	seq 10 | mq-pub q
	mq-ctl create q/g
	mq-sub -m -c 6 --prefetch 6 q/g >took
	sed -n 2,3p took | cut -f 1 | mq-ack --retry -d 1h
	sed -n 4,6p took | cut -f 1 | mq-ack --release
}

@test "depth, ready, leased, delayed, lag: of a group" {
	ten
	is 0 'MQ OK - 1 queue, 1 group' --check 'depth=10,ready=7,leased=1,delayed=2,lag=4'
	data "'q/g depth'=10;;10:10;0 'q/g ready'=7;;7:7;0 'q/g leased'=1;;1:1;0" \
	    "'q/g delayed'=2;;2:2;0 'q/g lag'=4;;4:4;0"
	is 2 'MQ CRITICAL - q/g depth is 10, not <10' --check 'depth<10'
	is 2 'MQ CRITICAL - q/g ready is 7, not <7' --check 'ready<7'
	is 2 'MQ CRITICAL - q/g leased is 1, not <1' --check 'leased<1'
	is 2 'MQ CRITICAL - q/g delayed is 2, not <2' --check 'delayed<2'
	is 2 'MQ CRITICAL - q/g lag is 4, not <4' --check 'lag<4'
	run -0 mq-stat -J q/g
	assert_equal "$(jq .lag <<<"$output")" 4
}

@test "each comparison, on both sides of its limit" {
	ten
	local holds
	for holds in 'depth<11' 'depth<=10' 'depth>9' 'depth>=10' 'depth=10' 'depth==10' \
	    'depth!=9' 'depth!=11' ' depth < 11 , ready > 0 '; do
		is 0 'MQ OK - 1 queue, 1 group' --check "$holds"
	done
	for holds in '<10' '<=9' '>10' '>=11' '=9' '==11' '!=10'; do
		is 2 "MQ CRITICAL - q/g depth is 10, not $holds" --check "depth$holds"
	done
}

@test "warnings and criticals; the worse one is the status" {
	ten
	is 1 'MQ WARNING - q/g depth is 10, not <5' --warn 'depth<5' --check 'depth<100'
	data "'q/g depth'=10;4;99;0"
	is 2 'MQ CRITICAL - q/g depth is 10, not <10; q/g depth is 10, not <5' \
	    --warn 'depth<5' --check 'depth<10'
	is 1 'MQ WARNING - q/g depth is 10, not <5' --warn 'depth<5'
	data "'q/g depth'=10;4;;0"
	is 0 'MQ OK - 1 queue, 1 group' --warn 'depth<11' --check 'depth<12'
	# Given more than once, all hold together.
	is 2 'MQ CRITICAL - q/g ready is 7, not <3' --check 'depth<100' --check 'ready<3'
}

@test "ranges, as the plugins write them" {
	ten
	is 0 'MQ OK - 1 queue, 1 group' --check 'depth>2,depth<=20' --warn 'depth!=3'
	data "'q/g depth'=10;@3:3;3:20;0"
	is 0 'MQ OK - 1 queue, 1 group' --check 'depth>=1' --warn 'age<5m'
	[[ $output == *" 'q/g depth'=10;;1:;0 'q/g age'="*"s;300;;0" ]]
}

@test "age, by the clock that MQ_NOW shifts" {
	mq-pub q one
	mq-ctl create q/g
	is 0 'MQ OK - 1 queue, 1 group' --check 'age<1h'
	export MQ_NOW=+90m
	run -2 mq-stat --check 'age<1h'
	[[ $output == "MQ CRITICAL - q/g age is 1h30m"*", not <1h | 'q/g age'=54"*"s;;3600;0" ]]
	line
	mq-sub -e q/g
	is 0 'MQ OK - 1 queue, 1 group' --check 'age=0s'
}

@test "consumers" {
	mq-ctl create q/g
	is 2 'MQ CRITICAL - q/g consumers is 0, not >=1' --check 'consumers>=1'
	mq-sub q/g >/dev/null &
	until_true '[ "$(field consumers q/g)" = 1 ]'
	is 0 'MQ OK - 1 queue, 1 group' --check 'consumers>=1'
	data "'q/g consumers'=1;;1:;0"
}

@test "dead: letters that wait to be dealt with, until they are" {
	seq 3 | mq-pub q
	is 0 'MQ OK - 1 queue, 0 groups' --check 'dead=0' q
	mq-sub -e q/g -- sh -c 'exit 65'
	is 2 'MQ CRITICAL - q dead is 3, not =0' --check 'dead=0' q/g
	data "'q dead'=3;;0;0"
	is 2 'MQ CRITICAL - q.dead dead is 3, not =0' --check 'dead=0' q.dead
	# Without operands they are told once, as those of q; of a queue that is gone, too.
	is 2 'MQ CRITICAL - q dead is 3, not =0' --check 'dead=0'
	mv spool/q .
	is 2 'MQ CRITICAL - q.dead dead is 3, not =0' --check 'dead=0'
	mv q spool/q
	mq-sub -c 1 q.dead/people
	is 2 'MQ CRITICAL - q dead is 2, not =0' --check 'dead=0' q
	mq-ctl delete q.dead/people
	mq-ctl redrive -c 2 q.dead
	is 2 'MQ CRITICAL - q dead is 1, not =0' --check 'dead=0' q
	mq-ctl redrive q.dead
	is 0 'MQ OK - 1 queue, 1 group' --check 'dead=0' q
	mq-ctl set q dead-letter=elsewhere
	mq-ctl delete q.dead
	mq-sub -e q/g -- sh -c 'exit 65'
	is 2 'MQ CRITICAL - q dead is 3, not <3' --check 'dead<3' q
}

@test "rate: messages published a second" {
	mq-pub q one
	is 0 'MQ OK - 1 queue, 0 groups' --check 'rate=0' --interval 1ms
	data "'q rate'=0.000;;0;0"
	is 2 'MQ CRITICAL - q rate is 0.00, not >0.5' --check 'rate>0.5' --interval 10ms q
	mq-stat --check 'rate=0' --interval 3s q >line &
	while kill -0 $! 2>/dev/null; do
		mq-pub q more
	done
	run -2 wait $!
	output=$(cat line) lines=("$output")
	line
	[[ $output =~ ^MQ\ CRITICAL\ -\ q\ rate\ is\ [0-9]+\.[0-9][0-9],\ not\ =0\ \| ]]
}

@test "a queue without groups stands for one that will get all of it" {
	seq 4 | mq-pub q
	mq-ctl create empty
	is 2 'MQ CRITICAL - q depth is 4, not <4; q lag is 4, not <4' --check 'depth<4,lag<4'
	is 2 'MQ CRITICAL - q consumers is 0, not >0' --check 'consumers>0' q
	is 0 'MQ OK - 1 queue, 0 groups' --check 'depth<1' empty
	data "'empty depth'=0;;0;0"
}

@test "every group of what is named; beyond three reasons the line counts" {
	local i
	for i in 1 2 3 4 5; do
		mq-ctl create "q/g$i"
	done
	mq-ctl create other/g
	seq 3 | mq-pub q
	is 2 'MQ CRITICAL - q/g1 depth is 3, not <1; q/g2 depth is 3, not <1; q/g3 depth is 3, not <1; 2 more' \
	    --check 'depth<1' q other
	is 0 'MQ OK - 0 queues, 1 group' --check 'depth<1' other/g
}

@test "what can't be looked at is unknown, and hides nothing worse" {
	is 3 "MQ UNKNOWN - $MQ_SPOOL: no such spool" --check 'depth<5'
	mq-ctl create q/g
	seq 3 | mq-pub q
	is 3 "MQ UNKNOWN - nosuch: no such queue in $MQ_SPOOL" --check 'depth<5' nosuch q
	is 3 'MQ UNKNOWN - q/nosuch: no such group' --check 'depth<5' q/nosuch
	is 1 "MQ WARNING - q/g depth is 3, not <2; nosuch: no such queue in $MQ_SPOOL" \
	    --warn 'depth<2' nosuch q
	mq-ctl delete q
	is 3 'MQ UNKNOWN - there is no queue' --check 'depth<5'
}

@test "a damaged spool is unknown" {
	mq-ctl create q/g
	printf 'not a log' >"$MQ_SPOOL/q/log.mdb"
	run -3 --separate-stderr mq-stat --check 'depth<5' q
	line
	assert_equal "$stderr" ''
	[[ $output == 'MQ UNKNOWN - '*q/log.mdb* ]]
}

@test "a name can't end the text" {
	MQ_SPOOL='a|b' is 3 'MQ UNKNOWN - a?b: no such spool' --check 'depth<5'
}

@test "malformed expressions and options are unknown, in one line" {
	is 3 "MQ UNKNOWN - --check: 'x<1': no such number as 'x'; there are depth, ready, leased, delayed, lag, age, consumers, dead, rate" --check 'x<1'
	is 3 "MQ UNKNOWN - --warn: '': a name is missing; there are depth, ready, leased, delayed, lag, age, consumers, dead, rate" --warn ''
	is 3 "MQ UNKNOWN - --check: 'lag<1,': a name is missing; there are depth, ready, leased, delayed, lag, age, consumers, dead, rate" --check 'lag<1,'
	is 3 "MQ UNKNOWN - --check: 'depth': depth: needs one of < <= > >= = != and a value" --check depth
	is 3 "MQ UNKNOWN - --check: 'depth~3': depth: needs one of < <= > >= = != and a value" --check 'depth~3'
	is 3 "MQ UNKNOWN - --check: 'depth<1.5': depth: '1.5': not a whole number" --check 'depth<1.5'
	is 3 "MQ UNKNOWN - --check: 'depth<9999999999999999': depth: '9999999999999999': too large (at most 1000000000000000)" --check 'depth<9999999999999999'
	is 3 "MQ UNKNOWN - --check: 'depth<': depth: '': not a whole number" --check 'depth<'
	is 3 "MQ UNKNOWN - --check: 'rate<-1': rate: '-1': not a number that is not negative" --check 'rate<-1'
	is 3 "MQ UNKNOWN - --check: 'age<5': age: '5': needs a unit: ms, s, m, h or d" --check 'age<5'
	is 3 "MQ UNKNOWN - --check: 'depth<0': depth: nothing is less than 0" --check 'depth<0'
	is 3 'MQ UNKNOWN - no option --nosuch' --check 'depth<1' --nosuch
	is 3 'MQ UNKNOWN - no option --nosuch' --nosuch --check 'depth<1'
	is 3 'MQ UNKNOWN - option --check needs an argument' --check
	is 3 "MQ UNKNOWN - -J: only alone, or with -l or --message" -J --check 'depth<1'
	is 3 'MQ UNKNOWN - only one of -l, -w, --next-due, --names, --prometheus, --http, --check, --message' -l --check 'depth<1'
	is 3 'MQ UNKNOWN - --interval: only with --check or --warn of a rate' --interval 1s --check 'depth<1'
	is 3 'MQ UNKNOWN - --interval: 0: needs some time' --interval 0 --check 'rate<1'
	run -64 --separate-stderr mq-stat --interval 1s
	assert_equal "${stderr_lines[0]}" 'mq-stat: --interval: only with --check or --warn of a rate'
	mq-ctl create q
	run -3 sh -c "mq-stat --check 'depth<1' >/dev/full"
}

@test "a long line is cut between two numbers" {
	local i
	for ((i = 0; i < 150; i++)); do
		echo "a-queue-with-quite-a-long-name/group-of-some-length-$i"
	done | xargs -n 1 mq-ctl create
	run -0 mq-stat --check 'depth<5,ready<5'
	line
	[ "${#output}" -lt 8192 ]
	[ "${#output}" -gt 6000 ]
}

@test "the plugins' own wrapper reads it" {
	local negate=/usr/lib/nagios/plugins/negate
	needs monitoring-plugins-basic "$negate"
	ten
	run -0 "$negate" --critical=OK "$(command -v mq-stat)" --check 'depth<5' q/g
	[[ $output == 'MQ CRITICAL - q/g depth is 10'* ]]
	run -1 "$negate" -s --critical=WARNING "$(command -v mq-stat)" --check 'depth<5' q/g
	[[ $output == 'MQ WARNING - q/g depth is 10'* ]]
}
