#!/usr/bin/env bats
# schedule.bats - messages that are delivered later, or no more: -d --at --ttl, and ttl

load lib/common
load lib/expect

# taken NOW GROUP: what a group is given then, in a line.
taken() {
	MQ_NOW=$1 mq-sub -e q/"$2" | tr '\n' ' '
}

@test "-d: not before so long has passed; what is not delayed goes first" {
	mq-pub -d 1h q later
	mq-pub --delay 0 q now
	run -0 taken +0s g
	assert_output 'now '
	has delayed q/g 1
	run -0 taken +59m g
	assert_output ''
	run -0 taken +61m g
	assert_output 'later '
	has depth q/g 0
}

@test "-d counts from MQ_NOW" {
	MQ_NOW=+2h mq-pub -d 1h q x
	run -0 taken +179m g
	assert_output ''
	run -0 taken +181m g
	assert_output 'x '
}

@test "-d counts from when each message is read" {
	mkfifo pipe
	mq-pub -d 1h -I q <pipe >ids &
	exec {fd}>pipe
	echo one >&"$fd"
	until_true '[ "$(wc -l <ids)" = 1 ]'
	echo two >&"$fd"
	exec {fd}>&-
	wait $!
	mq-replay -J q | jq -r .not_before >due
	[ "$(sort -u due | wc -l)" = 2 ]
	sort -c due
}

@test "--at: not before then" {
	mq-pub --at +3h q later
	mq-pub --at now q now
	run -0 taken +0s g
	assert_output 'now '
	run -0 taken +181m g
	assert_output 'later '
}

@test "--at: centuries ahead" {
	mq-pub --at 2199-01-02 q never
	[ "$(mq-replay -J q | jq -r 'select(.body == "never") | .not_before[:7]')" = 2199-01 ]
	run -1 mq-sub -e q
}

@test "delayed messages go out in the order in which they are due" {
	mq-pub -d 3h q third
	mq-pub -d 1h q first
	mq-pub -d 2h q second
	[ "$(taken +1m g)" = '' ]
	run -0 taken +61m g
	assert_output 'first '
	run -0 taken +121m g
	assert_output 'second '
}

# waited: how long a consumer waits for a message with a delay of 300 ms.
waited() {
	local began
	began=$(ms)
	mq-pub -d 300ms q x
	[ "$(mq-sub -c 1 q/g)" = x ] || return
	echo $(($(ms) - began))
}

@test "a waiting consumer wakes when a message is due, not when it looks anyway" {
	mq-ctl create q/g
	local most=800
	# There delays are whole seconds.
	[ -z "${MQ_CLUSTER-}" ] || most=2500
	soon "$most" waited
}

@test "--ttl: not delivered from then on, and counted" {
	mq-pub --ttl 1h q short
	mq-pub --ttl 3h q long
	mq-pub q ever
	run -0 taken +2h g
	assert_output 'long ever '
	has expired q/g 1
	has depth q/g 0
	run -66 mq-stat q.dead
}

@test "--ttl 0: nobody gets it" {
	mq-pub --ttl 0 q x
	run -1 mq-sub -e q/g
	has expired q/g 1
}

@test "--ttl counts from the end of the delay" {
	mq-pub -d 2h --ttl 1h q x
	[ "$(taken +1h a)" = '' ]
	run -0 taken +170m a
	assert_output 'x '
	[ "$(taken +1h b)" = '' ]
	[ "$(taken +181m b)" = '' ]
	has expired q/b 1
}

@test "a retry does not outlive its message" {
	mq-pub --ttl 1h q x
	mq-sub -m -c 1 -f '%r\n' q/g | mq-ack --retry -d 2h
	[ "$(mq-replay q/g)" = x ]
	[ "$(taken +3h g)" = '' ]
	has expired q/g 1
}

@test "setting ttl: for all messages, unless theirs is earlier" {
	mq-ctl create q
	mq-ctl set q ttl=2h
	mq-pub q a
	mq-pub --ttl 1h q b
	mq-pub --ttl 3h q c
	mq-pub -d 10h q d
	mq-ctl set q ttl=off
	mq-pub q e
	run -0 taken +90m g
	assert_output 'a c e '
	run -0 taken +121m h
	assert_output 'e '
	run -0 taken +11h h
	assert_output 'd '
	has expired q/h 3
	fails 78 'mq-ctl set: q: ttl=0: is too small (more than 0)' mq-ctl set q ttl=0
	fails 78 'mq-ctl set: q: ttl=1: needs a unit: ms, s, m, h or d' mq-ctl set q ttl=1
	[ "$(mq-ctl show q | grep ttl)" = ttl=off ]
}

@test "setting ttl counts by MQ_NOW" {
	mq-ctl create q
	mq-ctl set q ttl=1h
	MQ_NOW=+2h mq-pub q x
	run -0 taken +170m g
	assert_output 'x '
	run -1 env MQ_NOW=+181m mq-sub -e q/h
}

@test "dead-letter is set: what expires goes there, with the reason" {
	mq-ctl create q
	mq-ctl set q dead-letter=gone
	mq-pub -k key -H a=b --ttl 1h q new
	mq-pub --ttl 1h q tried
	mq-sub -c 2 -m -f '%r\n' q/g | tail -n 1 | mq-ack --retry -d 0
	[ "$(taken +2h other)" = '' ]
	run -0 mq-replay -f '%s %k\n' gone
	assert_output $'new key\ntried '
	run -0 --separate-stderr sh -c 'mq-replay -J gone | jq -r ".headers | .\"mq-dead-reason\", .\"mq-dead-attempts\", .a"'
	assert_output $'expired\n0\nb\nexpired\n0\nnull'
	has expired q/other 2
	has dead q/other 2
}

@test "what expires after it was tried says how often" {
	mq-ctl create q
	mq-ctl set q dead-letter=gone
	mq-pub --ttl 1h q x
	mq-sub -m -c 1 -f '%r\n' q/g | mq-ack --retry -d 0
	[ "$(taken +2h g)" = '' ]
	run -0 sh -c 'mq-replay -J gone | jq -r ".headers.\"mq-dead-attempts\""'
	assert_output 1
}

@test "an expired message whose dead-letter queue can't be written waits, and dies later" {
	mq-ctl create q
	mq-ctl set q dead-letter=gone
	mq-pub --ttl 1h q x
	mkdir -p spool/gone
	run -74 env MQ_NOW=+2h mq-sub -e q/g
	has depth q/g 1
	has expired q/g 0
	rmdir spool/gone
	[ "$(taken +3h g)" = '' ]
	has expired q/g 1
	[ "$(mq-replay gone)" = x ]
}

@test "-J: -d, --at, --ttl fill what an envelope lacks" {
	printf '%s\n' '{"body":"own","not_before":"2001-01-01T00:00:00Z","expires":"2199-01-01T00:00:00Z"}' \
	    '{"body":"given"}' | mq-pub -J -d 1h --ttl 1h q
	run -0 taken +0s g
	assert_output 'own '
	run -0 taken +61m g
	assert_output 'given '
	run -0 sh -c 'mq-replay -J q | jq -r ".expires[:4]" | head -n 1'
	assert_output 2199
	echo '{"body":"at"}' | mq-pub -J --at +2h q
	[ "$(taken +1h g)" = '' ]
}

@test "-d --at --ttl: malformed" {
	fails 64 "mq-pub: -d: '-5s': needs a number" mq-pub -d -5s q x
	fails 64 "mq-pub: -d: '5': needs a unit: ms, s, m, h or d" mq-pub -d 5 q x
	fails 64 "mq-pub: --ttl: '-1h': needs a number" mq-pub --ttl -1h q x
	fails 64 "mq-pub: --at: '-2h': is in the past" mq-pub --at -2h q x
	fails 64 "mq-pub: --at: '2001-01-01': is in the past" mq-pub --at 2001-01-01 q x
	fails 64 'mq-pub: -d and --at: only one of them can be meant' mq-pub -d 1h --at +1h q x
	run -64 mq-pub --at noon q x
	untouched
}

@test "--at counts from MQ_NOW" {
	run -64 env MQ_NOW=+3h mq-pub --at +2h --at 2001-01-01 q x
	MQ_NOW=+3h mq-pub --at +1h q x
	run -0 taken +239m g
	assert_output ''
}
