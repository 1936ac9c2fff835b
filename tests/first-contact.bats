#!/usr/bin/env bats
# first-contact.bats - what the tools say to somebody who does not know them yet, or who mistypes

load lib/common
load lib/expect

# lacks TEXT COMMAND...: two lines, the first says what is missing and how it is given, the
# second where there is more; 64.
lacks() {
	local text=$1
	shift
	run -64 --separate-stderr "$@"
	assert_output ''
	[ "$stderr" = "$text"$'\n'"Try '$name --help'." ] || {
		echo "said: $stderr" >&2
		return 1
	}
}

@test "no arguments: each tool says in two lines what it needs" {
	local name
	name=mq-pub lacks 'mq-pub: no queue was named: mq-pub QUEUE MESSAGE..., or COMMAND | mq-pub QUEUE' mq-pub
	name=mq-sub lacks 'mq-sub: no queue was named: mq-sub QUEUE[/GROUP] prints its messages, mq-sub QUEUE[/GROUP] -- COMMAND runs COMMAND for each' mq-sub
	name=mq-replay lacks 'mq-replay: no queue was named: mq-replay QUEUE' mq-replay
	name=mq-replay lacks 'mq-replay: no queue was named: mq-replay --rewind --to WHERE QUEUE/GROUP' \
	    mq-replay --rewind --to oldest
	name=mq-ctl lacks 'mq-ctl: no subcommand was given: create, set, show, list, delete, purge, trim, redrive, check, bind, unbind, pause, resume, skip, rename, compact, backup or salvage' mq-ctl
}

@test "no operands: each subcommand says what it needs" {
	local name command
	for command in create delete purge trim redrive pause resume compact show; do
		name="mq-ctl $command" lacks "mq-ctl $command: no queue was named: mq-ctl $command $(
			mq-ctl "$command" --help | sed -n '1s/^usage: mq-ctl [a-z]* //p')" mq-ctl "$command"
	done
	name='mq-ctl set' lacks 'mq-ctl set: no queue was named: mq-ctl set [options] QUEUE[/GROUP] [NAME=VALUE...]' mq-ctl set
	name='mq-ctl rename' lacks 'mq-ctl rename: needs two names, the old and the new: mq-ctl rename [options] OLD NEW' mq-ctl rename a
	name='mq-ctl skip' lacks 'mq-ctl skip: no group was named: mq-ctl skip [options] QUEUE/GROUP ID...' mq-ctl skip
	name='mq-ctl skip' lacks 'mq-ctl skip: no message was named: mq-ctl skip [options] QUEUE/GROUP ID...' mq-ctl skip q/g
	name='mq-ctl backup' lacks 'mq-ctl backup: needs a queue, and a directory to copy it into: mq-ctl backup [options] QUEUE DIR' mq-ctl backup
	name='mq-ctl unbind' lacks 'mq-ctl unbind: no binding was given (-k, --key or -H): mq-ctl unbind [options] BINDING... QUEUE/GROUP...' mq-ctl unbind
	name='mq-ctl salvage' lacks 'mq-ctl salvage: needs DAMAGED and NEW, or QUEUE/GROUP' mq-ctl salvage
}

@test "mq-ack without receipts reads stdin; at a terminal it says so" {
	command -v script >/dev/null || skip "needs script(1), of util-linux"
	run -0 --separate-stderr mq-ack </dev/null
	assert_equal "$stderr" ''
	run -0 script -qec 'mq-ack' /dev/null </dev/null
	assert_output --partial 'mq-ack: reads receipts from the terminal, one a line, until its end'
	run -0 script -qec 'mq-ack -q' /dev/null </dev/null
	refute_output --partial reads
}

@test "no spool yet: how to begin, by a command that works" {
	local begin
	run -66 --separate-stderr mq-stat
	assert_output ''
	assert_equal "$stderr" "mq-stat: $MQ_SPOOL: no such spool
Begin with 'mq-pub -s $MQ_SPOOL QUEUE MESSAGE'."
	begin=$(mq-stat 2>&1 | sed -n "s/^Begin with '\(.*\)'\.$/\1/p")
	eval "$begin"
	run -0 mq-stat --names
	assert_output QUEUE
}

@test "no spool yet: the path is a word of the shell, once for several queues, not with -q" {
	run -66 --separate-stderr mq-stat -s 'a b' x y
	assert_equal "$stderr" "mq-stat: a b: no such spool
Begin with 'mq-pub -s 'a b' QUEUE MESSAGE'.
mq-stat: a b: no such spool"
	run -66 --separate-stderr mq-stat -q
	assert_equal "$stderr" "mq-stat: $MQ_SPOOL: no such spool"
	run -66 --separate-stderr mq-replay q
	grep -qxF "Begin with 'mq-pub -s $MQ_SPOOL QUEUE MESSAGE'." <<<"$stderr"
	untouched
}

@test "no spool yet, and publishing may not make one: mq-ctl may" {
	local begin
	run -66 --separate-stderr env MQ_AUTOCREATE=no mq-pub q a
	begin=$(sed -n "s/^Begin with '\(.*\)'\.$/\1/p" <<<"$stderr")
	assert_equal "$begin" "mq-ctl -s $MQ_SPOOL create QUEUE"
	MQ_AUTOCREATE=no eval "${begin/QUEUE/q}"
	MQ_AUTOCREATE=no mq-pub q a
}

@test "a misspelt option: the nearest, of the tool and of all tools" {
	fails 64 'mq-pub: no option --hedaer; did you mean --header?' mq-pub --hedaer a=b q
	fails 64 'mq-pub: no option --hedaer; did you mean --header?' mq-pub --hedaer=a=b q
	fails 64 'mq-sub: no option --parralel; did you mean --parallel?' mq-sub --parralel 2 q
	fails 64 'mq-ack: no option --relaese; did you mean --release?' mq-ack --relaese
	fails 64 'mq-stat: no option --jsn; did you mean --json?' mq-stat --jsn
	fails 64 'mq-replay: no option --lst; did you mean --last?' mq-replay --lst 1 q
	fails 64 'mq-ctl: no option --versoin; did you mean --version?' mq-ctl --versoin
	fails 64 'mq-ctl create: no option --if-misisng; did you mean --if-missing?' mq-ctl create --if-misisng q
	fails 64 'mq-pub: no option --HEADER; did you mean --header?' mq-pub --HEADER a=b q
}

@test "an option that is like no other: nothing is suggested" {
	fails 64 'mq-pub: no option --nothing' mq-pub --nothing q
	fails 64 'mq-pub: no option --xy' mq-pub --xy q
	fails 64 'mq-pub: no option -y' mq-pub -y q
	fails 64 'mq-pub: no option -=' mq-pub -= q
	fails 64 'mq-pub: no option -:' mq-pub -: q
}

@test "a letter in the wrong case" {
	fails 64 'mq-pub: no option -j; did you mean -J?' mq-pub -j q
	fails 64 'mq-sub: no option -E; did you mean -e?' mq-sub -E q
}

@test "an ambiguous abbreviation: what it could be; one that is not works" {
	fails 64 'mq-pub: ambiguous option --re: --receipts, --reject-to' mq-pub --re q
	fails 64 'mq-sub: ambiguous option --p: --parallel, --prefetch, --pattern' mq-sub --p 1 q
	fails 64 'mq-pub: ambiguous option --re: --receipts, --reject-to' mq-pub --re=x q
	mq-pub --hea a=b q a
	run -0 mq-replay -f %h q
	assert_output a=b
}

@test "a misspelt subcommand" {
	fails 64 "mq-ctl: 'crate': no such subcommand; did you mean create?" mq-ctl crate q
	fails 64 "mq-ctl: 'resmue': no such subcommand; did you mean resume?" mq-ctl resmue q
	fails 64 "mq-ctl: 'hlep': no such subcommand; did you mean help?" mq-ctl hlep
	fails 64 "mq-ctl: 'lsit': no such subcommand; did you mean list?" mq-ctl help lsit
	fails 64 "mq-ctl: 'frobnicate': no such subcommand" mq-ctl frobnicate
}

@test "a misspelt setting, of a queue and of a group; all or nothing" {
	mq-ctl create q/g
	fails 78 'mq-ctl set: q: retian: no such setting; did you mean retain?' mq-ctl set q retian=1d
	fails 78 'mq-ctl set: q: max-mesages: no such setting; did you mean max-messages?' mq-ctl set q sync=full max-mesages=1
	fails 78 'mq-ctl set: q/g: max-atempts: no such setting; did you mean max-attempts?' mq-ctl set q/g max-atempts=1
	fails 78 'mq-ctl set: q/g: bindign: no such setting; did you mean binding?' mq-ctl set q/g bindign=key=x
	fails 78 'mq-ctl set: q: lease: a setting of groups: name QUEUE/GROUP' mq-ctl set q lease=1s
	fails 78 'mq-ctl set: q: max-leased: a setting of groups: name QUEUE/GROUP' mq-ctl set q max-leased=1
	fails 78 'mq-ctl set: q/g: retain: a setting of queues: name the queue alone' mq-ctl set q/g retain=1d
	fails 78 'mq-ctl set: q/g: max-messages: a setting of queues: name the queue alone' mq-ctl set q/g max-messages=1
	fails 78 'mq-ctl set: q: x: no such setting' mq-ctl set q x=1
	[ -z "$(mq-ctl show --changed q)" ]
}

@test "a wrong value before a misspelt setting: only the value is spoken of" {
	mq-ctl create q
	fails 78 'mq-ctl set: q: sync=no: is neither full nor relaxed' mq-ctl set q sync=no retian=1d
}

@test "a misspelt queue: the nearest that exists, by every tool" {
	local text="ordres: no such queue$in_spool; did you mean orders?" command
	mq-pub orders a
	mq-pub invoices a
	fails 66 "mq-sub: $text" mq-sub -e ordres
	fails 66 "mq-sub: $text" mq-sub -e ordres/g -- true
	fails 66 "mq-replay: $text" mq-replay ordres
	fails 66 "mq-replay: $text" mq-replay invoices ordres
	fails 66 "mq-replay: $text" mq-replay --rewind --to oldest ordres/g
	fails 66 "mq-stat: $text" mq-stat ordres
	fails 66 "mq-stat: $text" mq-stat ordres/g
	fails 66 "mq-pub: $text" env MQ_AUTOCREATE=no mq-pub ordres a
	for command in show purge delete redrive list; do
		fails 66 "mq-ctl $command: $text" mq-ctl "$command" ordres
	done
	fails 66 "mq-ctl set: $text" mq-ctl set ordres retain=1d
	fails 66 "mq-stat: customers: no such queue$in_spool" mq-stat customers
}

@test "a misspelt queue: by what only the embedded engine does, too" {
	local text="ordres: no such queue in $MQ_SPOOL; did you mean orders?" command
	mq-pub orders a
	fails 66 "mq-stat: $text" mq-stat -l ordres
	fails 66 "mq-stat: $text" mq-stat --message 1780000000000000000 ordres
	for command in check trim pause resume compact; do
		fails 66 "mq-ctl $command: $text" mq-ctl "$command" ordres
	done
	fails 66 "mq-ctl rename: $text" mq-ctl rename ordres new
	fails 66 "mq-ctl backup: $text" mq-ctl backup ordres dir
	fails 66 "mq-ctl salvage: $text" mq-ctl salvage ordres/g
	fails 66 'mq-ctl salvage: ordres: No such file or directory; did you mean orders?' mq-ctl salvage ordres new
	fails 66 'mq-ctl salvage: ./ordres: No such file or directory' mq-ctl salvage ./ordres new
	fails 66 "mq-ctl skip: $text" mq-ctl skip ordres/g 1780000000000000000
}

@test "a misspelt group: the nearest of its queue" {
	mq-ctl create orders/billing orders/kitchen other/bilings
	fails 66 'mq-stat: orders/biling: no such group; did you mean orders/billing?' mq-stat orders/biling
	fails 66 'mq-ctl set: orders/biling: no such group; did you mean orders/billing?' mq-ctl set orders/biling lease=1s
	fails 66 'mq-replay: orders/biling: no such group; did you mean orders/billing?' \
	    mq-replay --rewind --to oldest orders/biling
	fails 66 'mq-stat: orders/zzzzzz: no such group' mq-stat orders/zzzzzz
}

@test "a misspelt group: by what only the embedded engine does, too" {
	mq-ctl create orders/billing orders/kitchen other/bilings
	fails 66 'mq-ctl pause: orders/kichten: no such group; did you mean orders/kitchen?' mq-ctl pause orders/kichten
	fails 66 'mq-replay: orders/biling: no such group; did you mean orders/billing?' mq-replay orders/biling
	fails 66 'mq-ctl salvage: orders/biling: no such group, and nothing is left of one; did you mean orders/billing?' \
	    mq-ctl salvage orders/biling
}

@test "what is missing is no name: nothing is suggested" {
	mq-pub orders a
	mq-pub order a
	mq-ctl create orders/g
	run -66 --separate-stderr mq-ctl skip orders/g 1780000000000000000
	[[ $stderr != *'did you mean'* ]]
}
