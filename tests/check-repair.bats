#!/usr/bin/env bats
# check-repair.bats - mq-ctl check --repair: what crashes left, and indexes

load lib/common
load lib/expect

@test "a large body that no message has is removed, the others stay" {
	head -c 300000 /dev/zero | mq-pub -1 q
	mq-ctl create q/g
	cp "$MQ_SPOOL"/q/blob/* "$MQ_SPOOL/q/blob/0123456789abcdef"
	run -0 --separate-stderr mq-ctl check --repair q
	assert_output 'q: 1 message, 0 findings'
	assert_equal "$stderr" 'mq-ctl check: q: 1 large bodies that no message has: repaired'
	[ "$(find "$MQ_SPOOL/q/blob" -type f | wc -l)" = 1 ]
	run -0 --separate-stderr mq-ctl check --repair q
	assert_equal "$stderr" ''
	[ "$(mq-sub -e q/g | wc -c)" = 300001 ]
}

@test "an index of priorities: entries that name nothing go, missing ones come" {
	local id
	# Of three publishers, so that ids are apart.
	mq-pub -p 5 q a
	id=$(mq-pub -I -p 5 q b)
	mq-pub -p 5 q c
	mq-ctl create q/g
	# The entry of the second names another id, which there is not.
	perl -0777 -pi -e 'BEGIN { ($from, $to) = map { "\x09\x00\x04" . pack "Q>", $_ } splice @ARGV, 0, 2 }
		s/\Q$from\E/$to/g or die "no entry"' "$id" "$((id + 1))" "$MQ_SPOOL/q/log.mdb"
	run -74 mq-ctl check q
	run -0 --separate-stderr mq-ctl check --repair q
	assert_output 'q: 3 messages, 0 findings'
	assert_equal "$stderr" "mq-ctl check: q: index of priorities: an entry that names no message: repaired
mq-ctl check: q: message $id: not in the index of priorities: repaired"
	run -0 mq-ctl check q
	run -0 --separate-stderr mq-sub -e q/g
	assert_output $'a\nb\nc'
	assert_equal "$stderr" ''
}

@test "an index of message ids: the message is found again, and no other is lost" {
	local id
	mq-pub -i second q other
	id=$(mq-pub -I -i first q a)
	perl -0777 -pi -e 'BEGIN { ($from, $to) = map { "first" . pack "Q>", $_ } splice @ARGV, 0, 2 }
		s/\Q$from\E/$to/g or die "no entry"' "$id" 7 "$MQ_SPOOL/q/log.mdb"
	run -74 mq-pub -i first q again
	run -0 --separate-stderr mq-ctl check --repair q
	assert_equal "$stderr" "mq-ctl check: q: index of message ids: an entry that names no message: repaired
mq-ctl check: q: message $id: not in the index of message ids: repaired"
	[ "$(mq-pub -I -i first q again)" = "$id" ]
	run -0 mq-ctl check q
	run -0 mq-replay q
	assert_output $'other\na'
}

@test "a damaged message is told, and counts; its entries stay" {
	local id
	id=$(mq-pub -I -p 3 -i one q FINDTHIS)
	perl -pi -e 's/FINDTHIS/FINDTHAT/g' "$MQ_SPOOL/q/log.mdb"
	run -74 --separate-stderr mq-ctl check --repair q
	[[ $stderr == *"message $id: damaged: bad checksum"* ]]
	[[ $stderr != *repaired* ]]
}

@test "options" {
	mq-pub q a
	fails 64 'mq-ctl check: --repair: not with --schema' mq-ctl check --repair --schema x q
}
