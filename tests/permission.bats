#!/usr/bin/env bats
# permission.bats - who may not look is told so, and what is not shown is named

load lib/common
load lib/expect

@test "queues that may not be entered are named; the others are done, and the status is 77" {
	local command
	mq-pub open a
	mq-pub first a
	mq-pub last a
	mq-sub -e open/g >/dev/null
	chmod 700 spool/first spool/last
	chmod -R a+rwX spool/open
	chmod 755 spool .
	for command in mq-stat 'mq-stat -J' 'mq-stat --names' 'mq-ctl list'; do
		run -77 --separate-stderr as_nobody $command -s "$MQ_SPOOL"
		[[ $output == *open* && $output != *first* ]]
		[[ $stderr == *"$MQ_SPOOL/first"*": Permission denied"* ]]
		[[ $stderr == *"$MQ_SPOOL/last"*": Permission denied"* ]]
	done
	run -77 --separate-stderr as_nobody mq-ctl check -s "$MQ_SPOOL"
	assert_output 'open: 1 message, 0 findings'
	[[ $stderr == *"/first"*"/last"* || $stderr == *"/last"*"/first"* ]]
	run -77 --separate-stderr as_nobody mq-stat --next-due -s "$MQ_SPOOL"
	[[ $stderr == *first* && $stderr == *last* ]]
	run -0 mq-stat --names
	assert_output $'first\nlast\nopen\nopen/g'
}

@test "what a group has yet to settle is read by who may consume; else the message says what is needed" {
	mq-pub q a b
	mq-sub -e -c 1 q/g >/dev/null
	chmod 755 spool . spool/q
	run -0 as_nobody mq-replay -s "$MQ_SPOOL" q
	assert_output $'a\nb'
	run -77 --separate-stderr as_nobody mq-replay -s "$MQ_SPOOL" q/g
	[[ $stderr == *"Permission denied (what a group has yet to settle can be read by who may consume: mq(7), FILES)" ]]
	run -77 --separate-stderr as_nobody mq-ctl -s "$MQ_SPOOL" check q
	[[ $stderr == *"Permission denied (checking needs permission to write, as publishing and consuming do: mq(7), FILES)" ]]
	# Permission to consume is enough, without that to publish.
	chmod a+rw spool/q/g.group.* spool/q/log.mdb-lock
	chmod a+rwx spool/q/owner
	run -0 as_nobody mq-replay -s "$MQ_SPOOL" q/g
	assert_output b
}
