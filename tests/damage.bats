#!/usr/bin/env bats
# damage.bats - bits that changed in the files of LMDB: nothing crashes, check finds it
#
# Every page of a file that was ever written is hit in turn: its header and the offsets
# behind it, or anywhere in it, one to three bits at a time.  What the tools then do is
# either right or ends with 74 and the file's name.  The seeds are fixed.

load lib/common
load lib/expect

# A queue with a trimmed, indexed log, large values, and a group with leases, retries and
# free pages; what it holds and delivers what it holds and delivers is in log.sum and group.sorted.
begin_damage() {
	local i
	seq -f 'message %g' 1000 | mq-pub -k key -H a=b q
	head -c 20000 /dev/zero | mq-pub -1 q
	mq-pub -p 5 -i id1 q prio
	mq-ctl set q retain=0
	mq-sub -e -c 100 q/g >/dev/null
	mq-sub -m -c 50 -l 1h q/g >/dev/null
	# shellcheck disable=SC2016 # the handler's
	mq-sub -e -c 20 q/g -- sh -c '[ $((MQ_ID % 2)) = 0 ] || exit 75' >/dev/null
	for i in $(seq 12); do
		mq-sub -e -c 10 q/g >/dev/null
		mq-pub q "later $i"
	done
	mq-ctl check q
	cp -r spool whole
	mq-replay q | cksum >log.sum
	MQ_NOW=+1d mq-sub -e q/g | sort >group.sorted
}

# flip FILE CASE: changes some bits.
flip() {
	perl -e '
		my ($file, $case) = @ARGV;
		srand($case * 7919 + 13);
		open my $f, "+<", $file or die;
		my @pages;
		while (read $f, my $page, 4096) { push @pages, tell($f) - 4096 if $page =~ /[^\0]/ }
		my $page = $pages[$case % @pages];
		for (0 .. $case % 3) {
			my $at = $page + int(rand($case % 2 ? 64 : 4096));
			seek $f, $at, 0;
			read $f, my $byte, 1;
			seek $f, $at, 0;
			print $f chr(ord($byte) ^ 1 << int(rand 8));
		}' "$1" "$2"
}

# did CASE NAME COMMAND...: ends with 0, or with 74 and the name of a file or message.
did() {
	local case=$1 name=$2 status=0
	shift 2
	timeout 60 "$@" >"$name.out" 2>"$name.err" || status=$?
	[ "$status" = 0 ] || [ "$status" = 74 ] || {
		echo "case $case: $* ended with $status: $(head -1 "$name.err")"
		return 1
	}
	[ "$status" = 0 ] || grep -q '\.mdb\|message [0-9]\|q: damaged\|q: not stored: \|q: group g: \|q/g: ' "$name.err" || {
		echo "case $case: $* names nothing: $(head -1 "$name.err")"
		return 1
	}
	statuses=$statuses$status
}

# hit FILE CASES: damages a copy and uses it, for each case.  Where nothing is found, the log is
# what it was, and the group delivers all that it did.  (It may deliver more: the time at which a
# lease ends can be any.)
hit() {
	local case found=0
	for ((case = 0; case < $2; case++)); do
		rm -rf spool
		cp -r whole spool
		flip "spool/q/$1" "$case"
		statuses=
		did $case check mq-ctl check q
		did $case replay mq-replay q
		did $case stat mq-stat -J q
		did $case sub env MQ_NOW=+1d mq-sub -e q/g
		did $case pub mq-pub q new
		if [ "${statuses:0:1}" = 74 ] || [ "${statuses:0:2}" = 74 ]; then
			found=$((found + 1))
			continue
		fi
		[ "$(cksum <replay.out)" = "$(cat log.sum)" ] &&
		    [ -z "$(comm -23 group.sorted <(sort sub.out))" ] || {
			echo "case $case: damage was not found"
			return 1
		}
	done
	[ "$found" -gt $(($2 / 20)) ]
}

@test "a group's file" {
	begin_damage
	hit g.group.mdb 60
}

@test "a log" {
	begin_damage
	hit log.mdb 60
}

@test "what helps with a damaged log is said by every tool, check included" {
	local remedy="(mq-ctl -s $MQ_SPOOL salvage q NEW saves what is intact)" command
	seq 100 | mq-pub q
	cp spool/q/log.mdb whole
	head -c 9000 whole >spool/q/log.mdb
	for command in 'mq-ctl check' mq-replay mq-pub 'mq-sub -e'; do
		run -74 --separate-stderr $command q
		assert_regex "$stderr" "/q/log.mdb: truncated \\(9000 of [0-9]+ bytes\\) \\(mq-ctl -s $MQ_SPOOL salvage q NEW saves what is intact\\)$"
	done
	head -c 60000 /dev/zero >spool/q/log.mdb
	fails 74 "mq-ctl check: $MQ_SPOOL/q/log.mdb: damaged: not a database $remedy" mq-ctl check q
	cp whole spool/q/log.mdb
	# A page of the messages: other pages can be read, and messages can't be checked.
	perl -0777 -pi -e 'for ($at = 8192; $at < length; $at += 4096) {
		substr($_, $at + 12, 4) = "\xff" x 4 if substr($_, $at, 4096) =~ /100/ && substr($_, $at, 4096) !~ /format/ }' spool/q/log.mdb
	run -74 --separate-stderr mq-ctl check q
	[[ ${stderr##*$'\n'} == *"log.mdb: its messages can't be checked $remedy" ]] || { echo "$stderr" >&2; return 1; }
	[[ $stderr != *'check q'* ]]
}

@test "what helps with a damaged group is said, and does" {
	mq-pub q a b
	mq-ctl create q/g
	# The bounds of the root of the main table, which the newer meta page tells.
	perl -e 'open my $f, "+<", shift or die;
		my @newest = (0, 0);
		for (0, 1) {
			seek $f, $_ * 4096 + 128, 0;
			read $f, my $b, 24;
			my ($root, $last, $tx) = unpack "Q3", $b;
			@newest = ($tx, $root) if $tx >= $newest[0];
		}
		seek $f, $newest[1] * 4096 + 12, 0;
		print $f "\xff\xff"' spool/q/g.group.mdb
	run -74 --separate-stderr mq-sub -e q/g
	[[ $stderr == "mq-sub: $MQ_SPOOL/q/g.group.mdb: damaged: page "*" (mq-ctl -s $MQ_SPOOL salvage q/g makes the group anew)" ]]
	run -74 --separate-stderr mq-ctl check q
	[[ $stderr == *"g.group.mdb: damaged: page "* ]]
	# Its settings stood in that page, and nowhere else.
	run -74 --separate-stderr mq-ctl -s "$MQ_SPOOL" salvage q/g
	assert_equal "$stderr" 'mq-ctl salvage: q/g: settings: not all could be read'
	run -0 mq-sub -e q/g
	assert_output $'a\nb'
	mq-ctl check q
}
