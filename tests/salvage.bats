#!/usr/bin/env bats
# salvage.bats - mq-ctl salvage: what is intact of a damaged queue, and groups made anew

load lib/common
load lib/expect
load lib/steps

setup_file() {
	steps_setup_file
}

# A queue q of 1,000 lines, two large messages in pages of their own, one whose body is a file,
# and one with all that a message can have.
make_queue() {
	seq -f 'message %g' 1000 | mq-pub q
	head -c 20000 /dev/zero | tr '\0' x | mq-pub -1 q
	head -c 30000 /dev/zero | tr '\0' y | mq-pub -1 q
	head -c 300000 /dev/zero | tr '\0' z | mq-pub -1 q
	mq-pub -k eu.fr -H a=b -H c= -p 3 -i first --ttl 90d q everything
	mq-pub -d 1h q later
	mq-ctl set q retain=3d 'description=kept well'
}

# shown QUEUE: all that is known of its messages.
shown() {
	mq-replay -J "$1" | jq -c 'del(.queue, .queue_uuid)'
}

# page FILE N COMMAND: what the perl COMMAND makes of page N, in $_.
page() {
	perl -e '
		my ($file, $n, $do) = @ARGV;
		open my $f, "+<", $file or die;
		seek $f, $n * 4096, 0;
		read $f, $_, 4096;
		eval $do; die $@ if $@;
		seek $f, $n * 4096, 0;
		print $f $_;
		close $f or die' "$@"
}

# no_metas FILE: it has no meta pages.
no_metas() {
	# shellcheck disable=SC2016 # perl's
	page "$1" 0 '$_ = "\0" x 4096'
	# shellcheck disable=SC2016 # perl's
	page "$1" 1 '$_ = "\0" x 4096'
}

uuid() {
	mq-replay -J -c 1 "$1" | jq -r .queue_uuid
}

# -------------------------------------------------------------------- queues

@test "a queue that is not damaged: all of it, with its settings and UUID" {
	make_queue
	run -0 --separate-stderr mq-ctl salvage q new
	assert_output 'new: 1005 messages saved, 0 lost'
	[ "$stderr" = '' ]
	cmp <(shown q) <(shown new)
	[ "$(uuid q)" = "$(uuid new)" ]
	diff <(mq-ctl show q) <(mq-ctl show new)
	mq-ctl check
	[ "$(mq-sub -e new/g | wc -l)" = 1004 ]
	# The message id is known, and the priority.
	run -0 mq-pub -I -i first new again
	[ "$output" = "$(mq-replay -f '%o %s\n' q | sed -n 's/ everything$//p')" ]
	[ "$(mq-sub -e -c 1 new/h)" = everything ]
}

@test "by name, by directory, by file; -q says nothing" {
	mq-pub q a
	run -0 mq-ctl salvage -q "$MQ_SPOOL/q" n1
	assert_output ''
	run -0 mq-ctl salvage "$MQ_SPOOL/q/log.mdb" n2
	assert_output 'n2: 1 message saved, 0 lost'
	cd "$MQ_SPOOL/q"
	mq-ctl salvage -q log.mdb n3
	[ "$(mq-replay n1 n2 n3)" = $'a\na\na' ]
}

@test "both meta pages gone: all messages, settings and UUID are found page by page" {
	make_queue
	cp -R "$MQ_SPOOL/q" damaged
	no_metas damaged/log.mdb
	run -74 --separate-stderr mq-ctl salvage damaged new
	assert_output 'new: 1005 messages saved, 0 lost'
	assert_regex "$stderr" '^mq-ctl salvage: damaged/log.mdb: both meta pages are damaged: the newest state was found in page [0-9]+$'
	cmp <(shown q) <(shown new)
	[ "$(uuid q)" = "$(uuid new)" ]
	diff <(mq-ctl show q) <(mq-ctl show new)
	mq-ctl check new
}

@test "a schema that has pages of its own: saved, or told" {
	seq 300 | sed 's/.*/    "member&": { "type": "integer", "minimum": & },/
	    1i { "type": "object", "properties": {
	    $s/,$/ } }/' >schema.json
	mq-ctl create q
	mq-ctl set q schema=schema.json
	mq-pub q '{"member7":7}'
	cp -R "$MQ_SPOOL/q" damaged
	run -0 --separate-stderr mq-ctl salvage q new
	assert_equal "$stderr" ''
	diff <(mq-ctl show q) <(mq-ctl show new)
	run -65 mq-pub new '{"member7":6}'
	no_metas damaged/log.mdb
	run -74 mq-ctl salvage damaged found
	diff <(mq-ctl show q) <(mq-ctl show found)
	# The end of its file is gone, and the schema with it: no more is known than its name.
	cp "$MQ_SPOOL/q/log.mdb" damaged/log.mdb
	truncate -s $((4096 * $(perl -0777 -ne 'print int(index($_, "\"member1\"") / 4096)' damaged/log.mdb) + 4096)) damaged/log.mdb
	run -74 --separate-stderr mq-ctl salvage damaged cut
	[[ $stderr == *"mq-ctl salvage: damaged/log.mdb: meta page "[01]" leads to a damaged page: "* ]]
	[[ $stderr == *"mq-ctl salvage: settings: not all could be read"* ]]
	# It is there, but no JSON any more.
	cp "$MQ_SPOOL/q/log.mdb" damaged/log.mdb
	perl -0777 -pi -e 's/"member1":/"member1",/g' damaged/log.mdb
	run -74 --separate-stderr mq-ctl salvage damaged changed
	[[ $stderr == *"mq-ctl salvage: setting schema={"*": not saved: "*"is not JSON"* ]]
}

@test "one meta page gone: the other one leads to the commit before, and the rest is found" {
	local page
	make_queue
	for page in 0 1; do
		cp -R "$MQ_SPOOL/q" "damaged$page"
		# shellcheck disable=SC2016 # perl's
		page "damaged$page/log.mdb" $page '$_ = "\0" x 4096'
		run -74 mq-ctl salvage "damaged$page" "new$page"
		cmp <(shown q) <(shown "new$page")
		mq-ctl check "new$page"
	done
}

@test "a page that is gone: its messages are told as lost, all others are there" {
	local pages n lost saved
	make_queue
	pages=$(($(stat -c %s "$MQ_SPOOL/q/log.mdb") / 4096))
	mv "$MQ_SPOOL/q" whole
	mq-replay -s . -J whole | jq -c 'del(.queue, .queue_uuid)' >all
	for ((n = 2; n < pages; n++)); do
		rm -rf damaged "$MQ_SPOOL"
		cp -R whole damaged
		# shellcheck disable=SC2016 # perl's
		page damaged/log.mdb "$n" '$_ = "\xff" x 4096'
		run --separate-stderr mq-ctl salvage damaged new
		[[ $output =~ ^new:\ ([0-9]+)\ messages\ saved,\ ([0-9]+)\ lost$ ]]
		saved=${BASH_REMATCH[1]} lost=${BASH_REMATCH[2]}
		[ $((saved + lost)) = 1005 ]
		[ "$lost" -lt 130 ] || { echo "page $n: $lost" >&2; return 1; }
		[ "$lost" = 0 ] || [[ $stderr == *"$lost message"*": lost"* ]]
		[ "$lost" = 0 ] || [ "$status" = 74 ]
		# Each is one of the queue, whole, and none comes twice.
		shown new >have
		[ "$(wc -l <have)" = "$saved" ]
		[ -z "$(sort have | comm -13 <(sort all) -)" ]
		[ -z "$(sort have | uniq -d)" ]
		[ "$(mq-ctl check new)" = "new: $saved messages, 0 findings" ]
	done
}

@test "the header of a page is gone: its messages are found all the same" {
	local n
	make_queue
	n=$(perl -0777 -ne 'print int(index($_, "message 500") / 4096)' "$MQ_SPOOL/q/log.mdb")
	# shellcheck disable=SC2016 # perl's
	page "$MQ_SPOOL/q/log.mdb" "$n" 'substr($_, 0, 16) = "\0" x 16'
	run -74 mq-ctl check q
	run -74 --separate-stderr mq-ctl salvage q new
	assert_output 'new: 1005 messages saved, 0 lost'
	[[ $stderr == *"log.mdb: 1 damaged page in use, 0 that can't be read from the disk" ]]
	[ "$(mq-replay new | head -n 1000)" = "$(seq -f 'message %g' 1000)" ]
	mq-ctl check new
}

@test "cut off at any place: what lies before it is saved, what does not is told" {
	local size at saved lost
	make_queue
	size=$(stat -c %s "$MQ_SPOOL/q/log.mdb")
	mv "$MQ_SPOOL/q" whole
	for at in 100 4096 9000 20000 40001 60000 80000 $((size - 4096)) $((size - 1)); do
		rm -rf damaged "$MQ_SPOOL"
		cp -R whole damaged
		truncate -s "$at" damaged/log.mdb
		run --separate-stderr mq-ctl salvage damaged new
		if [ "$status" = 65 ]; then
			[ "$at" -lt 30000 ] || { echo "$at" >&2; return 1; }
			[ ! -e "$MQ_SPOOL/new" ]
			continue
		fi
		[[ $output =~ ^new:\ ([0-9]+)\ messages\ saved,\ ([0-9]+)\ lost$ ]]
		[ $((BASH_REMATCH[1] + BASH_REMATCH[2])) = 1005 ]
		mq-ctl check new
	done
}

@test "a message with a changed bit, or whose body is gone or damaged: told, by its id" {
	local id body
	make_queue
	id=$(mq-replay -f '%o %s\n' q | sed -n 's/ message 7$//p')
	perl -pi -e 's/message 7\b/message X/' "$MQ_SPOOL/q/log.mdb"
	run -74 --separate-stderr mq-ctl salvage q n1
	assert_output 'n1: 1004 messages saved, 1 lost'
	[[ $stderr == "mq-ctl salvage: message $id: damaged: bad checksum"* ]]
	id=$(mq-replay -f '%o %S\n' q 2>/dev/null | sed -n 's/ 300000$//p')
	body=$(ls "$MQ_SPOOL"/q/blob/*)
	# The new queue has the same file: this one becomes another.
	{ printf x; tail -c +2 "$body"; } >damaged
	mv damaged "$body"
	run -74 --separate-stderr mq-ctl salvage q n2
	assert_output 'n2: 1003 messages saved, 2 lost'
	[[ $stderr == *"mq-ctl salvage: message $id: its body "*" is damaged"* ]]
	rm "$MQ_SPOOL"/q/blob/*
	run -74 --separate-stderr mq-ctl salvage q n3
	assert_output 'n3: 1003 messages saved, 2 lost'
	[[ $stderr == *"mq-ctl salvage: message $id: its body "*" is gone"* ]]
	mq-ctl check n1 n2 n3
}

@test "what was removed stays removed, as long as the queue's numbers can be read" {
	make_queue
	mq-sub -e -c 600 q/g >/dev/null
	mq-ctl set q retain=0
	mq-ctl trim -q q
	[ "$(mq-stat -J q | jq -r 'select(.group == null).messages')" -lt 500 ] || mq-stat -J q
	cp -R "$MQ_SPOOL/q" damaged
	no_metas damaged/log.mdb
	run -74 mq-ctl salvage damaged new
	cmp <(shown q) <(shown new)
	# Without any: they come back, and that is said.
	perl -0777 -pi -e 's/state\K.{512}/"\0" x 512/gse' damaged/log.mdb
	rm damaged/log.stat
	run -74 --separate-stderr mq-ctl salvage damaged more
	[[ $stderr == *" messages may have been removed before: what the queue had can't be told"* ]]
	[ -z "$(shown new | sort | comm -23 - <(shown more | sort))" ]
	mq-ctl check new more
}

@test "a table: gaps that compaction left are no losses, and the new queue is a table" {
	local i
	mq-ctl create q
	mq-ctl set q compact=key
	for i in 1 2 3; do
		mq-pub -k a q a$i
		mq-pub -k kept$i q k$i
		mq-pub -k b q b$i
	done
	run -0 mq-replay q
	assert_output $'k1\nk2\na3\nk3\nb3'
	run -0 --separate-stderr mq-ctl salvage q new
	assert_output 'new: 5 messages saved, 0 lost'
	cmp <(shown q) <(shown new)
	mq-pub -k b new b4
	run -0 mq-replay new
	assert_output $'k1\nk2\na3\nk3\nb4'
	[ "$(mq-replay --key a new)" = a3 ]
	mq-ctl trim -q new
	mq-ctl check new
}

@test "no id is used again, although messages were lost" {
	local last
	seq 300 | mq-pub q
	last=$(MQ_NOW=+1d mq-pub -I q last)
	cp -R "$MQ_SPOOL/q" damaged
	perl -pi -e 's/last/lost/' damaged/log.mdb
	run -74 mq-ctl salvage damaged new
	[ "$(mq-stat -J new | jq -r 'select(.group == null).last_id')" = "$last" ]
	[ "$(mq-pub -I new next)" -gt "$last" ]
}

@test "filters: what they made of the messages is not made again, for the UUID stays" {
	seq 20 | mq-pub q
	mq-sub -e q/f --to out -- cat
	mq-ctl salvage -q q new
	[ "$(uuid q)" = "$(uuid new)" ]
	mq-ctl trim -q out
	[ "$(mq-replay out | wc -l)" = 20 ]
}

@test "a filter whose output is salvaged does not publish twice: the markers are saved" {
	seq 30 | mq-pub q
	# The first is not settled, so the floor stays where it is, and the markers too.
	mq-ctl create q/f
	mq-sub -e -m -c 1 -l 1h q/f >/dev/null
	mq-sub -e -c 20 q/f --to out -- cat
	run -0 --separate-stderr mq-ctl salvage -q out new
	assert_equal "$stderr" ''
	mq-ctl delete -f out
	mq-ctl rename new out
	ruin "$MQ_SPOOL/q/f.group.mdb"
	run -74 mq-ctl salvage q/f
	[ "$(depth q/f)" = 30 ]
	mq-sub -e q/f --to out -- cat
	[ "$(mq-replay out | sort -n)" = "$(seq 30)" ]
	mq-ctl check
}

@test "what is no log: 65, and nothing is left" {
	mq-pub q a
	mq-sub -e -q q/g >/dev/null
	echo 'text, and no log' >text
	: >empty
	mkdir directory
	fails 65 'mq-ctl salvage: text: is no log: nothing in it is a message of mq' mq-ctl salvage text new
	fails 65 'mq-ctl salvage: empty: is no log: empty' mq-ctl salvage empty new
	fails 65 "mq-ctl salvage: directory: has no log.mdb: not a queue's directory" mq-ctl salvage directory new
	fails 65 "mq-ctl salvage: $MQ_SPOOL/q/g.group.mdb: is the file of a group: mq-ctl salvage QUEUE/GROUP makes it anew" \
	    mq-ctl salvage "$MQ_SPOOL/q/g.group.mdb" new
	fails 65 'mq-ctl salvage: /dev/null: is no log: not a file' mq-ctl salvage /dev/null new
	fails 66 'mq-ctl salvage: gone: No such file or directory' mq-ctl salvage gone new
	fails 78 'mq-ctl salvage: q: exists already' mq-ctl salvage q q
	[ "$(ls -A "$MQ_SPOOL")" = q ]
}

@test "operands" {
	fails 64 'mq-ctl salvage: needs DAMAGED and NEW, or QUEUE/GROUP' mq-ctl salvage
	fails 64 'mq-ctl salvage: needs DAMAGED and NEW, or QUEUE/GROUP' mq-ctl salvage a b c
	fails 64 "mq-ctl salvage: 'q': names no group; to salvage a queue, name a new one, too" mq-ctl salvage q
	fails 64 "mq-ctl salvage: 'n/g': names a group, not a queue" mq-ctl salvage q n/g
}

@test "progress is shown" {
	seq 10000 | mq-pub q
	mq-ctl salvage --progress q new 2>said
	[ "$(cat said)" = "mq-ctl salvage: new: reading $MQ_SPOOL/q/log.mdb: 100 %
mq-ctl salvage: new: saving messages: 100 %" ]
}

@test "killed at any step, or a full disk: nothing is left, and then it works" {
	local step status
	can_be_stepped
	make_queue
	for ((step = 1; ; step += 3)); do
		status=0
		steps KILL "$step" mq-ctl salvage -q q new 2>said || status=$?
		if [ "$status" = 0 ]; then
			break
		fi
		[ "$status" = 137 ]
		[ ! -e "$MQ_SPOOL/new" ] || cmp <(shown q) <(shown new)
		mq-ctl delete -f new
	done
	[ "$step" -gt 20 ]
	cmp <(shown q) <(shown new)
	mq-ctl delete new
	for ((step = 1; ; step += 3)); do
		status=0
		rm -f steps
		steps FULL "$step" mq-ctl salvage -q q new 2>said || status=$?
		[ "$step" -le "$(cat steps)" ] || break
		[ "$status" = 75 ] || { echo "step $step: $status" >&2; cat said >&2; return 1; }
		# Renamed already, but who knows whether that is on the disk.
		if grep -q 'spool: not synced' said; then
			cmp <(shown q) <(shown new)
			mq-ctl delete new
		fi
		[ "$(ls -A "$MQ_SPOOL")" = q ]
	done
	[ "$status" = 0 ]
	mq-ctl check
}

# -------------------------------------------------------------------- groups

# A queue q of 100 and a group g, bound and with settings, that has settled 1 to 40 and 51 to
# 60, and holds 10 of those between.
make_group() {
	seq 100 | mq-pub -k eu.fr q
	mq-ctl create -k 'eu.*' q/g
	mq-ctl set q/g lease=1h max-attempts=7
	mq-sub -e -c 40 q/g >/dev/null
	mq-sub -e -m -c 10 -l 1h -f '%r\n' q/g >held
	mq-sub -e -c 10 q/g >/dev/null
}

# ruin FILE: nothing of it can be read.
ruin() {
	perl -0777 -pi -e 's/./\xff/gs' "$1"
}

@test "a group whose tables are damaged: where it was, with settings and bindings" {
	make_group
	# The leases: pages with impossible bounds.
	perl -0777 -pi -e '
		for (my $at = 8192; $at < length; $at += 4096) {
			my ($flags) = unpack "x10 v", substr $_, $at, 16;
			substr($_, $at + 12, 4) = "\xff" x 4 if $flags == 2 && substr($_, $at, 4096) !~ /format|eu\.\*/;
		}' "$MQ_SPOOL/q/g.group.mdb"
	run -74 mq-sub -e q/g
	run -74 --separate-stderr mq-ctl check q
	[[ $stderr == *"(mq-ctl -s $MQ_SPOOL salvage q/g makes the group anew)"* ]]
	run -0 --separate-stderr mq-ctl salvage q/g
	assert_output 'q/g: made anew: 60 messages to settle, 10 of them may come again'
	[ "$stderr" = '' ]
	[ "$(mq-ctl show --changed q/g)" = $'lease=1h\nmax-attempts=7\nbinding=key eu.*' ] || mq-ctl show --changed q/g
	mq-ctl check q
	# The receipts of before are worth nothing.
	run -66 mq-ack "$(head -n 1 held)"
	[ "$(mq-sub -e q/g | sort -n | tr '\n' ' ')" = "$(seq 41 100 | tr '\n' ' ')" ]
	[ "$(field acked q/g)" = 110 ]
	mq-ctl check q
}

@test "a group whose file is ruined: at its page's floor, which is told with what was lost" {
	make_group
	ruin "$MQ_SPOOL/q/g.group.mdb"
	run -74 --separate-stderr mq-ctl salvage q/g
	assert_output 'q/g: made anew: 60 messages to settle, 10 of them may come again'
	assert_equal "$stderr" 'mq-ctl salvage: q/g: settings: not all could be read
mq-ctl salvage: q/g: bindings: could not be read: it gets every message'
	[ "$(mq-sub -e q/g | wc -l)" = 60 ]
	mq-ctl check q
	# It is kept, is no group, and the next one has another name.
	[ "$(mq-ctl list q)" = $'q\nq/g' ]
	[ "$(tr -d '\377' <"$MQ_SPOOL/q/g.damaged" | wc -c)" = 0 ]
	ruin "$MQ_SPOOL/q/g.group.mdb"
	run -74 mq-ctl salvage q/g
	[ -e "$MQ_SPOOL/q/g.damaged.1" ]
	mq-ctl trim -q q
	[ "$(mq-ctl list q)" = $'q\nq/g' ]
	[ "$(mq-stat q | wc -l)" = 3 ] || mq-stat q
	mq-ctl delete q
}

@test "a group whose file is gone: the same; and its page too: all that is retained" {
	make_group
	rm "$MQ_SPOOL/q/g.group.mdb"
	run -74 mq-ctl salvage -q q/g
	[ ! -e "$MQ_SPOOL/q/g.damaged" ]
	[ "$(mq-sub -e -c 20 q/g | wc -l)" = 20 ]
	ruin "$MQ_SPOOL/q/g.group.mdb"
	ruin "$MQ_SPOOL/q/g.group.stat"
	run -74 --separate-stderr mq-ctl salvage q/g
	assert_output 'q/g: made anew: 100 messages to settle, 100 of them may come again'
	[[ $stderr == 'mq-ctl salvage: q/g: where it was is not known: it begins with the oldest message'* ]]
	[ "$(mq-sub -e q/g | wc -l)" = 100 ]
	mq-ctl check q
}

@test "a group that root makes anew keeps its owner and permissions" {
	[ "$(id -u)" = 0 ] || skip "needs root"
	for_everybody
	mkdir -m 777 "$MQ_SPOOL"
	seq 10 | as_nobody mq-pub q
	as_nobody mq-sub -e -c 3 q/g >/dev/null
	chmod 600 "$MQ_SPOOL/q/g.group.mdb"
	owners() {
		(cd "$MQ_SPOOL/q" && stat -c '%n %u:%g' g.group.*)
	}
	owners >before
	ruin "$MQ_SPOOL/q/g.group.mdb"
	run -74 mq-ctl salvage q/g
	owners | diff before -
	assert_equal "$(stat -c %a "$MQ_SPOOL/q/g.group.mdb")" 600
	[ "$(as_nobody mq-sub -e q/g | wc -l)" = 7 ]
	as_nobody mq-ctl check q
}

@test "a group of another user, who alone may write to it: 77, and nothing has changed" {
	[ "$(id -u)" = 0 ] || skip "needs root"
	for_everybody
	mkdir -m 777 "$MQ_SPOOL"
	seq 10 | mq-pub q
	mq-sub -e -c 3 q/g >/dev/null
	ruin "$MQ_SPOOL/q/g.group.mdb"
	chmod -R a+rwX "$MQ_SPOOL"
	chmod 646 "$MQ_SPOOL/q/g.group.mdb"
	find "$MQ_SPOOL/q" ! -name '*-lock' | sort >before
	run -77 as_nobody mq-ctl salvage q/g
	assert_output --partial 'g.group.mdb: belongs to another user, and only root can keep that'
	find "$MQ_SPOOL/q" ! -name '*-lock' | sort | diff before -
}

@test "a filter does not publish twice, whatever is left of its group" {
	local left
	for left in page marker; do
		rm -rf spool
		seq 30 | mq-pub q
		# The first is not settled, so the floor stays where it is.
		mq-ctl create q/f
		mq-sub -e -m -c 1 -l 1h q/f >/dev/null
		mq-sub -e -c 20 q/f --to out -- sed 's/^/out /'
		ruin "$MQ_SPOOL/q/f.group.mdb"
		[ $left = page ] || rm "$MQ_SPOOL/q/f.group.stat"
		run -74 mq-ctl salvage q/f
		mq-sub -e q/f --to out -- sed 's/^/out /'
		[ "$(mq-replay out | sort -k 2n | tr '\n' ' ')" = "$(seq -f 'out %g' 30 | tr '\n' ' ')" ]
		mq-ctl check
	done
}

@test "a group: not while a queue that may have its markers is under maintenance" {
	command -v flock >/dev/null || skip "flock is not there"
	seq 3 | mq-pub q
	mq-sub -e -c 2 q/f --to out -- cat
	ruin "$MQ_SPOOL/q/f.group.mdb"
	rm "$MQ_SPOOL/q/f.group.stat"
	mkfifo go
	flock "$MQ_SPOOL/out/use" sh -c 'echo >locked; read -r line <go' 3>&- &
	until_true '[ -e locked ]'
	run -75 --separate-stderr timeout 60 mq-ctl salvage q/f
	[[ $stderr = *'mq-ctl salvage: out: in use by maintenance' ]]
	echo >go
	wait $!
	run -74 mq-ctl salvage q/f
	mq-sub -e q/f --to out -- cat
	[ "$(mq-replay out)" = "$(seq 3)" ]
}

@test "a group: what can't be salvaged is refused" {
	seq 10 | mq-pub q
	mq-ctl create q/g
	fails 78 'mq-ctl salvage: q/g: is not damaged' mq-ctl salvage q/g
	fails 66 'mq-ctl salvage: q/none: no such group, and nothing is left of one' mq-ctl salvage q/none
	fails 66 "mq-ctl salvage: none: no such queue in $MQ_SPOOL" mq-ctl salvage none/g
	# A consumer that holds messages, and a command that goes on without its consumer.
	mkfifo go
	mq-sub q/g -- sh -c 'echo >began; cat go' &
	until_true '[ -e began ]'
	ruin "$MQ_SPOOL/q/g.group.mdb"
	fails 75 'mq-ctl salvage: q/g: in use: a consumer of it is running; mq-stat -l tells which' mq-ctl salvage q/g
	kill -KILL $!
	wait || :
	fails 75 'mq-ctl salvage: q/g: in use: a command still works on one of its messages; mq-stat -l tells which' \
	    mq-ctl salvage q/g
	echo >go
	until_true 'mq-ctl salvage q/g 2>/dev/null || [ $? != 75 ]'
	[ "$(mq-sub -e q/g | wc -l)" = 10 ]
	[ -z "$(find "$MQ_SPOOL" -name '.new-*')" ]
}

@test "a group: killed at any step, or a full disk: nothing is lost, and the next one succeeds" {
	local step ended how
	can_be_stepped
	make_group
	ruin "$MQ_SPOOL/q/g.group.mdb"
	mv "$MQ_SPOOL" made
	for how in KILL FULL; do
		for ((step = 1; ; step++)); do
			rm -rf "$MQ_SPOOL" steps
			cp -R made "$MQ_SPOOL"
			ended=0
			steps $how "$step" mq-ctl salvage q/g >out 2>said || ended=$?
			[ $ended = 74 ] || [ $ended = 75 ] || [ $ended = 137 ]
			# Whatever there is: retention removes nothing that the group needs.
			MQ_NOW=+30d mq-ctl trim -q q 2>/dev/null || :
			[ "$(mq-replay q | tail -n 40 | sort -n | tr '\n' ' ')" = "$(seq 61 100 | tr '\n' ' ')" ]
			run mq-ctl salvage -q q/g
			[ "$status" = 74 ] || [ "$status" = 78 ] || { echo "$how $step: $output" >&2; return 1; }
			[ -z "$(comm -23 <(seq 61 100 | sort) <(mq-sub -e q/g | sort))" ]
			mq-ctl check q
			[ $how = FULL ] || [ $ended = 137 ] || break
			[ $how = KILL ] || [ "$step" -le "$(cat steps)" ] || break
		done
		[ "$step" -gt 10 ]
	done
}

@test "salvage: a queue's name is that of the spool, also beside a folder of that name" {
	seq 3 | mq-pub real
	mq-pub -s . real decoy
	mq-ctl salvage real saved
	assert_equal "$(mq-replay saved | paste -sd ' ')" '1 2 3'
	mq-ctl salvage ./real other
	assert_equal "$(mq-replay other)" decoy
}

@test "salvage: not of a queue that is in use, however it is named" {
	local path
	seq 3 | mq-pub q
	mq-sub q/g >got &
	until_true '[ "$(wc -l <got)" = 3 ]'
	ln -s "$MQ_SPOOL/q/log.mdb" link
	for path in q "$MQ_SPOOL/q" spool/q spool/q/ spool/q/log.mdb link; do
		run -75 --separate-stderr mq-ctl salvage $path new
		assert_regex "$stderr" '^mq-ctl salvage: q: .*stop what uses it, then salvage it$'
	done
	run -75 mq-ctl -s other salvage spool/q new
	cd spool/q
	run -75 mq-ctl salvage . new
	run -75 mq-ctl salvage log.mdb new
	cd ../..
	run -66 mq-replay new
	kill $!
	wait $! || :
	mq-ctl salvage q new
	assert_equal "$(mq-replay new | wc -l)" 3
}
