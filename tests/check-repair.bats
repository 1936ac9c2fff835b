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
	assert_equal "$stderr" 'mq-ctl check: q: 1 large body that no message has: repaired'
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

@test "an index of keys: a message whose key can't be read leaves its entry" {
	local first second
	mq-ctl create q
	mq-ctl set q index=key
	first=$(mq-pub -I -k one q '')
	second=$(mq-pub -I -k two q SECOND)
	# Of the first the version can't be read, of the second the key is another.
	perl -0777 -pi -e 'BEGIN { $id = pack "Q>", shift } s/(\x08\0\Q$id\E....)./$1\xff/gs or die "no message";
		s/twoSECOND/oneSECOND/g or die "no key"' "$first" "$MQ_SPOOL/q/log.mdb"
	mq-ctl purge q
	mq-pub -k two q three
	run -74 --separate-stderr mq-ctl check q
	assert_equal "$stderr" "mq-ctl check: q: index of keys: message $second is not there
mq-ctl check: q: index of keys: message $first is not there"
	run -0 --separate-stderr mq-ctl check --repair q
	assert_output 'q: 1 message, 0 findings'
	assert_equal "$stderr" 'mq-ctl check: q: index of keys: an entry that names no message: repaired
mq-ctl check: q: index of keys: an entry that names no message: repaired'
	run -0 mq-ctl check q
	[ "$(mq-replay --key two q)" = three ]
}

@test "an index of keys: a missing entry comes, but not where the index is off" {
	local id
	mq-pub -k none off x
	mq-ctl create q
	mq-ctl set q index=key
	id=$(mq-pub -I -k k q a)
	mq-pub -k k q b
	# The entry of the first names another id, which there is not.
	perl -0777 -pi -e 'BEGIN { ($from, $to) = map { pack "Q>", $_ } splice @ARGV, 0, 2 }
		s/(\x10\0.{8})\Q$from\E/$1$to/gs or die "no entry"' "$id" "$((id - 1))" "$MQ_SPOOL/q/log.mdb"
	run -0 --separate-stderr mq-ctl check --repair q
	assert_equal "$stderr" "mq-ctl check: q: index of keys: an entry that names no message: repaired
mq-ctl check: q: message $id: not in the index of keys: repaired"
	[ "$(mq-replay --key k q)" = $'a\nb' ]
	run -0 --separate-stderr mq-ctl check --repair off
	assert_equal "$stderr" ''
	run -0 mq-ctl check
}

@test "a damaged message is told, and counts; its entries stay" {
	local id
	id=$(mq-pub -I -p 3 -i one q FINDTHIS)
	perl -pi -e 's/FINDTHIS/FINDTHAT/g' "$MQ_SPOOL/q/log.mdb"
	run -74 --separate-stderr mq-ctl check --repair q
	[[ $stderr == *"message $id: damaged: bad checksum"* ]]
	[[ $stderr != *repaired* ]]
}

# left QUEUE NAME: what check says about it.
left() {
	echo "mq-ctl check: $1: $2: left over from what was being made or removed" \
	    "(mq-ctl -s $MQ_SPOOL check --repair $1 removes it)"
}

@test "each file that was being made is told, and mailboxes of callers that are gone" {
	mq-pub q a
	: >"$MQ_SPOOL/q/.new-0011223344556677"
	: >"$MQ_SPOOL/q/.new-0011223344556677-lock"
	mkdir "$MQ_SPOOL/q/.new-folder"
	: >"$MQ_SPOOL/q/owner/call-0000000000000001"
	mkdir "$MQ_SPOOL/.new-killed" "$MQ_SPOOL/.new-alive"
	exec 8<"$MQ_SPOOL/.new-alive"
	flock -s 8
	mq-pub other a
	mkdir "$MQ_SPOOL/.new-killed"
	run -0 --separate-stderr mq-ctl check
	[ "$(LC_ALL=C sort <<<"$stderr")" = "$(left other ../.new-killed
	left q .new-0011223344556677-lock
	left q .new-0011223344556677
	left q .new-folder)" ]
	[ -e "$MQ_SPOOL/.new-killed" ] && [ -e "$MQ_SPOOL/q/.new-folder" ]
	exec 8<&-
	rm -r "$MQ_SPOOL"/.new-*
	run -0 --separate-stderr mq-ctl check --repair q
	assert_output 'q: 1 message, 0 findings'
	assert_equal "$(sort <<<"$stderr")" 'mq-ctl check: q: .new-0011223344556677-lock: it was being made or removed: repaired
mq-ctl check: q: .new-0011223344556677: it was being made or removed: repaired
mq-ctl check: q: .new-folder: it was being made or removed: repaired
mq-ctl check: q: 1 mailbox of callers that are gone: repaired'
	[ -z "$(find "$MQ_SPOOL/q" -name '.new-*' -o -name 'call-*')" ]
	run -0 --separate-stderr mq-ctl check --repair q
	assert_equal "$stderr" ''
}

@test "bytes: those of a message that was removed unread do not stay counted" {
	local id
	id=$(mq-pub -I q "$(head -c 500 /dev/zero | tr '\0' x)")
	# Its version can't be read.
	perl -0777 -pi -e 'BEGIN { $id = pack "Q>", shift } s/(\x08\0\Q$id\E....)./$1\xff/gs or die "no message"' \
	    "$id" "$MQ_SPOOL/q/log.mdb"
	# While it is there, nobody knows how many it has.
	run -74 --separate-stderr mq-ctl check --repair q
	[[ $stderr != *repaired* ]]
	mq-ctl purge -q q
	mq-pub q twelve-bytes
	run -74 --separate-stderr mq-ctl check q
	assert_equal "$stderr" 'mq-ctl check: q: bytes: 12, but the state says 512'
	run -0 --separate-stderr mq-ctl check --repair q
	assert_equal "$stderr" 'mq-ctl check: q: bytes: 12, but the state says 512: repaired'
	run -0 --separate-stderr mq-ctl check q
	assert_equal "$stderr" ''
	[ "$(mq-stat -J q | jq 'select(.messages != null).bytes')" = 12 ]
}

@test "options" {
	mq-pub q a
	fails 64 'mq-ctl check: --repair: not with --schema' mq-ctl check --repair --schema x q
}
