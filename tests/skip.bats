#!/usr/bin/env bats
# skip.bats - mq-ctl skip: settled without having been delivered

load lib/common
load lib/expect

# id BODY: of the message with that body.
id() {
	mq-replay -f '%o %s\n' q | awk -v body="$1" '$2 == body { print $1 }'
}

@test "skip: what the group has not looked at" {
	mq-pub q a b c d
	mq-ctl create q/g
	mq-ctl skip q/g "$(id b)" "$(id d)"
	has depth q/g 2
	[ "$(mq-replay q/g | tr '\n' ' ')" = 'a c ' ]
	sound q
	run -0 mq-sub -e q/g
	assert_output $'a\nc'
	has depth q/g 0
	sound q
	mq-pub q e
	run -0 mq-sub -e q/g
	assert_output e
	run -0 mq-sub -e q/other
	assert_output $'a\nb\nc\nd\ne'
}

@test "skip: urgent ones, new and looked at" {
	mq-pub q a
	mq-pub -p 9 q b c d
	mq-ctl create q/g
	mq-ctl skip q/g "$(id c)"
	run -0 mq-sub -c 1 q/g
	assert_output b
	sound q
	has depth q/g 2
	fails 66 "mq-ctl skip: q/g: message $(id b): not there to be skipped, or settled" \
	    mq-ctl skip q/g "$(id b)"
	run -0 mq-sub -e q/g
	assert_output $'d\na'
	has depth q/g 0
	sound q
}

@test "skip: a retry that waits, a delayed message, one that is leased" {
	mq-pub q retried leased
	mq-pub -d 1h q delayed
	mq-sub -m -c 2 -f '%r %s\n' q/g >out
	grep retried out | mq-ack --retry -d 1h
	mq-sub -e q/g >/dev/null || [ $? = 1 ]
	[ "$(mq-replay q/g | wc -l)" = 3 ]
	mq-ctl skip q/g "$(id retried)" "$(id leased)" "$(id delayed)"
	has depth q/g 0
	sound q
	run -1 env MQ_NOW=+2h mq-sub -e q/g
	run -66 sh -c 'grep leased out | mq-ack'
}

@test "skip: in an ordered group the next of the key goes" {
	mq-ctl create q/g
	mq-ctl set q/g ordered=on
	mq-pub -k a q a1 a2 a3 a4
	mq-sub -m -c 1 -f '%r\n' q/g >/dev/null
	mq-ctl skip q/g "$(id a1)" "$(id a3)"
	sound q
	run -0 mq-sub -e q/g
	assert_output $'a2\na4'
	sound q
}

@test "skip: all or none" {
	mq-pub q a b
	mq-ctl create q/g
	fails 66 'mq-ctl skip: q/g: message 7: not there to be skipped, or settled' \
	    mq-ctl skip q/g "$(id a)" 7
	has depth q/g 2
	mq-ctl skip q/g "$(id a)"
	fails 66 "mq-ctl skip: q/g: message $(id a): not there to be skipped, or settled" \
	    mq-ctl skip q/g "$(id a)"
	sound q
}

@test "skip: a purge does not count it again" {
	seq 3 | mq-pub q
	mq-ctl create q/g
	mq-ctl skip q/g "$(mq-replay -c 1 -f '%o' q)"
	run -0 --separate-stderr mq-ctl -v purge q/g
	[[ $output$stderr = *"purged 2 messages"* ]]
}

@test "skip: what was skipped and then removed from the queue holds nothing up" {
	mq-pub q a b
	mq-ctl create q/g
	mq-ctl skip q/g "$(id b)"
	mq-ctl purge q
	sound q
	mq-pub q c
	mq-ctl skip q/g "$(id c)"
	mq-replay --rewind q/g --to oldest
	run -0 mq-sub -e q/g
	assert_output c
	sound q
	MQ_NOW=+30d mq-ctl trim q
	has messages q 0
}

@test "skip: operands" {
	fails 64 'mq-ctl skip: no group was named: mq-ctl skip [options] QUEUE/GROUP ID...' mq-ctl skip
	fails 64 "mq-ctl skip: 'q': names a queue, not a group" mq-ctl skip q 1
	fails 64 'mq-ctl skip: no message was named: mq-ctl skip [options] QUEUE/GROUP ID...' mq-ctl skip q/g
	fails 64 "mq-ctl skip: 'x': not an id" mq-ctl skip q/g x
	run -66 mq-ctl skip q/g 1
	mq-pub q a
	fails 66 'mq-ctl skip: q/g: no such group' mq-ctl skip q/g 1
}

@test "skip: the way past a message that is damaged, in its body or before it" {
	local id
	mq-pub q alpha
	id=$(mq-pub -I q FINDTHIS)
	mq-pub q gamma
	mq-ctl create q/g q/h
	perl -pi -e 's/FINDTHIS/FINDTHAT/g' spool/q/log.mdb
	fails 74 "mq-sub: q: message $id: damaged: bad checksum; to go on without it: mq-ctl -s $MQ_SPOOL skip q/g $id" \
	    mq-sub -e q/g
	mq-ctl skip q/g "$id"
	run -0 mq-sub -e q/g
	assert_output gamma
	has depth q/g 0
	# Now it is not even known where its body begins.
	perl -0777 -pi -e 's/\x01\x00\x02\x00FINDTHAT/\x01\x01\x02\x00FINDTHAT/g' spool/q/log.mdb
	run -74 mq-sub -e q/h
	mq-ctl skip q/h "$id"
	run -0 --separate-stderr sh -c 'mq-replay q/h | tail -n 1'
	assert_output gamma
	run -0 --separate-stderr mq-sub -e q/h
	assert_line gamma
	has depth q/h 0
	mq-pub q delta
	run -0 mq-sub -e q/h
	assert_output delta
}

@test "skip: the command in the error acts on the spool of the error, wherever it is pasted" {
	local there="$PWD/it's \$there" id
	mq-pub q here
	mq-pub -s "$there" q FINDTHIS there
	id=$(mq-replay -s "$there" -c 1 -f %o q)
	perl -pi -e 's/FINDTHIS/FINDTHAT/g' "$there/q/log.mdb"
	run -74 --separate-stderr mq-sub -s "$there" -e q/g
	[[ $stderr == *"; to go on without it: mq-ctl -s '$PWD/it'\\''s \$there' skip q/g $id" ]]
	eval "${stderr#*to go on without it: }"
	run -0 mq-sub -s "$there" -e q/g
	assert_output there
	run -0 mq-sub -e q/g
	assert_output here
}
