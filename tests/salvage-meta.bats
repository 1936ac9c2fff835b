#!/usr/bin/env bats
# salvage-meta.bats - mq-ctl salvage where a meta page of LMDB is damaged: the newest state counts

load lib/common
load lib/expect

# meta FILE COMMAND: what the perl COMMAND makes of the newer meta page, in $_; $root is the root
# of its main table, $which its number.  Prints that number.
meta() {
	perl -e '
		my ($file, $do) = @ARGV;
		open my $f, "+<", $file or die;
		my ($which, $newest) = (0, -1);
		for (0, 1) {
			seek $f, $_ * 4096, 0;
			read $f, my $b, 4096;
			my $tx = unpack "Q", substr $b, 144;
			($which, $newest) = ($_, $tx) if $tx > $newest;
		}
		seek $f, $which * 4096, 0;
		read $f, $_, 4096;
		our $root = unpack "Q", substr $_, 128;
		eval $do; die $@ if $@;
		seek $f, $which * 4096, 0;
		print $f $_;
		close $f or die;
		print "$which\n"' "$@"
}

# lose_meta FILE: its newer meta page is zeros.
lose_meta() {
	# shellcheck disable=SC2016 # perl's
	meta "$1" '$_ = "\0" x 4096'
}

# lose_root FILE: the root of the newest main table, too.
lose_root() {
	# shellcheck disable=SC2016 # perl's
	meta "$1" 'seek $f, $root * 4096, 0; print $f "\xff" x 4096; $_ = "\0" x 4096'
}

shown() {
	mq-replay -J "$1" | jq -c 'del(.queue, .queue_uuid)'
}

# has_all: what is saved of `damaged' is q, with its settings; the meta page that is damaged is told.
has_all() {
	mq-ctl delete -f new
	run -74 --separate-stderr mq-ctl salvage damaged new
	assert_output "new: $(mq-replay q | wc -l) messages saved, 0 lost"
	[[ $stderr == *"damaged/log.mdb: meta page $which is damaged"* ]] || { echo "$stderr" >&2; return 1; }
	cmp <(shown q) <(shown new)
	diff <(mq-ctl show q) <(mq-ctl show new)
	mq-ctl check -q new
}

# damage COMMAND...: COMMAND lose_meta or another, of a copy of the queue.
damage() {
	rm -rf damaged
	cp -R "$MQ_SPOOL/q" damaged
	which=$("$@" damaged/log.mdb)
}

@test "the last message is saved, whether log.stat is there or not" {
	local i
	seq 1000 | mq-pub q
	for i in one two three; do
		mq-pub q $i
		damage lose_meta
		has_all
		rm damaged/log.stat
		has_all
	done
	[[ $stderr == *"the newest state was found in page "* ]]
}

@test "what was removed stays removed" {
	seq 100 | mq-pub q
	mq-pub q a b
	mq-ctl purge q
	mq-pub q c d
	mq-ctl purge -q q
	damage lose_meta
	rm damaged/log.stat
	mq-ctl delete -f new
	run -74 --separate-stderr mq-ctl salvage damaged new
	assert_output 'new: 0 messages saved, 0 lost'
	run -1 mq-replay new
	assert_output ''
}

@test "what was removed stays removed, also if only log.stat knows" {
	seq 100 | mq-pub q
	mq-ctl purge -q q
	damage lose_root
	run -74 --separate-stderr mq-ctl salvage damaged new
	assert_output 'new: 0 messages saved, 0 lost'
	run -1 mq-replay new
	assert_output ''
}

@test "settings are saved that the last commit changed" {
	mq-pub q a b
	mq-ctl set q retain=3d 'description=kept well'
	damage lose_meta
	has_all
	mq-ctl set q max-messages=7
	damage lose_meta
	has_all
	mq-ctl set q description=
	damage lose_meta
	has_all
}

@test "settings that fill more than a page of the main table" {
	seq 65 | sed 's/.*/"m&": { "type": "integer" },/
	    1i { "type": "object", "properties": {
	    $s/,$/ } }/' >schema.json
	[ "$(wc -c <schema.json)" -lt 2010 ]
	mq-pub -k a q '{}'
	mq-ctl set q schema=schema.json "description=$(head -c 1020 /dev/zero | tr '\0' d)" retain=3d \
	    max-messages=1000000000 max-bytes=1000000001 retain-bytes=1000000001 ttl=1000d overflow=reject index=key compact=key sync=relaxed "dead-letter=$(head -c 90 /dev/zero | tr '\0' e)" min-free=1M max-message=1M
	mq-pub -k b q '{"m1":1}'
	# shellcheck disable=SC2016 # perl's: the root is a branch
	meta "$MQ_SPOOL/q/log.mdb" 'seek $f, $root * 4096 + 10, 0; read $f, my $b, 2; unpack("v", $b) == 1 or die "no branch"'
	damage lose_meta
	has_all
	# shellcheck disable=SC2016 # perl's: the other one, too
	meta damaged/log.mdb '$_ = "\0" x 4096'
	mq-ctl delete -f new
	run -74 --separate-stderr mq-ctl salvage damaged new
	[[ $stderr == *"both meta pages are damaged: the newest state was found in page "* ]]
	cmp <(shown q) <(shown new)
	diff <(mq-ctl show q) <(mq-ctl show new)
	# Its root is gone: then the settings may not be all.
	damage lose_root
	mq-ctl delete -f new
	run -74 mq-ctl salvage damaged new
	cmp <(shown q) <(shown new)
}

@test "the root is gone, too: messages on intact pages are saved, and what can't be known is told" {
	seq 1000 | mq-pub q
	mq-pub q last
	mq-ctl set q retain=3d
	damage lose_root
	mq-ctl delete -f new
	run -74 --separate-stderr mq-ctl salvage damaged new
	assert_output 'new: 1001 messages saved, 0 lost'
	[[ $stderr == *"meta page $which is damaged: what came after commit "*" may be missing, and messages that it removed may be back"* ]]
	[[ $stderr == *'settings: the last change could not be read: they are as before'* ]]
	mq-pub q very-last
	damage lose_root
	rm damaged/log.stat
	mq-ctl delete -f new
	run -74 --separate-stderr mq-ctl salvage damaged new
	assert_output 'new: 1002 messages saved, 0 lost'
	[[ $stderr == *'1 message is newer than the last state that was found: saved, but perhaps never acknowledged'* ]]
	cmp <(shown q) <(shown new)
	mq-ctl check -q new
}

@test "any bit of the newer meta page: nothing is lost, nothing comes back" {
	local at bit
	seq 300 | mq-pub q
	mq-ctl set q retain-bytes=500
	mq-ctl trim -q q
	mq-pub q x y
	mq-ctl set q retain=1d
	# Kind, magic, version, page size; root of the main table; commit.
	for at in 10 16 20 40 41 128 129 130 135 144 145 150; do
		for bit in 1 8 128; do
			# shellcheck disable=SC2016 # perl's
			flipped() { meta "$1" "substr(\$_, $at, 1) = substr(\$_, $at, 1) ^ chr $bit"; }
			damage flipped
			mq-ctl delete -f new
			run --separate-stderr mq-ctl salvage damaged new
			[ "$status" = 74 ] || [ "$status" = 0 ] || { echo "$at.$bit: $status" >&2; return 1; }
			cmp <(shown q) <(shown new) || { echo "$at.$bit" >&2; return 1; }
			diff <(mq-ctl show q) <(mq-ctl show new)
			[ "$status" = 0 ] || [[ $stderr == *'damaged/log.mdb: meta page '[01]' '*': '* ]]
		done
	done
}

@test "the older meta page: everything is there, and it is told" {
	seq 10 | mq-pub q
	mq-ctl set q retain=3d
	mq-pub q 11
	cp -R "$MQ_SPOOL/q" damaged
	# shellcheck disable=SC2016 # perl's
	which=$(meta damaged/log.mdb 'seek $f, (1 - $which) * 4096, 0; print $f "\0" x 4096')
	which=$((1 - which))
	run -74 --separate-stderr mq-ctl salvage damaged new
	assert_output 'new: 11 messages saved, 0 lost'
	[[ $stderr == *"meta page $which is damaged: the other one leads to commit "*", the last one that log.stat knows" ]]
	cmp <(shown q) <(shown new)
	diff <(mq-ctl show q) <(mq-ctl show new)
}

@test "a group: it goes on where it was, with its settings" {
	seq 100 | mq-pub q
	mq-ctl create q/g
	mq-sub -e -c 40 q/g >/dev/null
	mq-ctl set q/g lease=1h
	mq-sub -e -c 10 q/g >/dev/null
	# shellcheck disable=SC2016 # perl's
	lose_meta "$MQ_SPOOL/q/g.group.mdb"
	run -74 mq-sub -e q/g
	rm "$MQ_SPOOL/q/g.group.stat"
	run -0 --separate-stderr mq-ctl salvage q/g
	assert_output 'q/g: made anew: 50 messages to settle, 0 of them may come again'
	[ "$(mq-ctl show --changed q/g)" = lease=1h ]
	[ "$(mq-sub -e q/g)" = "$(seq 51 100)" ]
	mq-ctl set q/g lease=2h
	# shellcheck disable=SC2016 # perl's
	lose_root "$MQ_SPOOL/q/g.group.mdb"
	run -74 --separate-stderr mq-ctl salvage q/g
	[[ $stderr == *'q/g: settings: not all could be read'* ]]
	mq-ctl check q
}
