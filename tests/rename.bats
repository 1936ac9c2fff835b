#!/usr/bin/env bats
# rename.bats - mq-ctl rename: another name, the same queue

load lib/common
load lib/expect

uuid() {
	mq-stat -J "$1" | jq -r '.uuid // empty'
}

@test "rename: messages, settings, groups and identity stay" {
	seq 5 | mq-pub -k k -H h=v old
	mq-ctl create -k 'k.#' old/g
	mq-ctl set old retain=30d
	mq-ctl set old/g max-attempts=7
	run -0 mq-sub -c 2 old/g
	mq-replay -J old | jq -c 'del(.queue)' >before
	mq-stat -J old/g | jq -S "del(.queue, .oldest_age)" >stat
	was=$(uuid old)
	run -0 --separate-stderr mq-ctl rename old new
	assert_output ''
	assert_equal "$stderr" ''
	run -0 mq-ctl list
	assert_output $'new\nnew/g'
	assert_equal "$(uuid new)" "$was"
	mq-replay -J new | jq -c 'del(.queue)' | cmp - before
	mq-stat -J new/g | jq -S "del(.queue, .oldest_age)" | cmp - stat
	run -0 mq-ctl show --changed new
	assert_output retain=30d
	run -0 mq-sub -e new/g
	assert_output $'3\n4\n5'
	run -0 mq-ctl check new
	fails 66 "mq-replay: old: no such queue in $MQ_SPOOL" mq-replay old
	# The old name is free for another queue.
	mq-pub old other
	[ "$(uuid old)" != "$was" ]
}

@test "rename: onto an existing name, of what is not there, of a group, to no name" {
	mq-pub a one
	mq-pub b two
	fails 78 'mq-ctl rename: b: exists already' mq-ctl rename a b
	fails 66 "mq-ctl rename: c: no such queue in $MQ_SPOOL" mq-ctl rename c d
	fails 78 'mq-ctl rename: a: exists already' mq-ctl rename a a
	run -64 mq-ctl rename a
	run -64 mq-ctl rename a b c
	run -64 mq-ctl rename a/g b
	assert_output --partial "'a/g': names a group, not a queue"
	run -64 mq-ctl rename a b/g
	run -64 mq-ctl rename a .b
	mkdir "$MQ_SPOOL/dir"
	: >"$MQ_SPOOL/file"
	fails 78 'mq-ctl rename: dir: exists already' mq-ctl rename a dir
	fails 78 'mq-ctl rename: file: exists already' mq-ctl rename a file
	assert_equal "$(mq-replay a) $(mq-replay b)" 'one two'
}

@test "rename: of a queue in use is refused, and says by whom" {
	mq-pub q one
	mq-sub q >got &
	consumer=$!
	until_true '[ -s got ]'
	fails 75 "mq-ctl rename: q: in use by $consumer (mq-sub): stop what uses it, then rename it" \
	    mq-ctl rename q r
	assert_equal "$(ls "$MQ_SPOOL")" q
	kill "$consumer"
	wait "$consumer"
	mq-ctl rename q r
	assert_equal "$(mq-ctl list --queues)" r
}

# The kernel's list of locks has other places for them whenever one is taken.
@test "rename: who uses a queue is told once, while others take and drop locks" {
	mq-pub q one
	mq-sub q >got &
	consumer=$!
	until_true '[ -s got ]'
	perl -e '
		use Fcntl ":flock";
		my @f;
		open $f[$_], ">", "lock.$_" or die for 1 .. 300;
		open my $ready, ">", "ready" or die;
		alarm 60;
		while (1) {
			flock $f[1 + int rand 300], rand() < 0.5 ? LOCK_EX : LOCK_UN;
		}' &
	churn=$!
	until_true '[ -e ready ]'
	for ((i = 0; i < 60; i++)); do mq-ctl rename q r 2>>said || :; done
	kill "$churn" "$consumer"
	assert_equal "$(sort -u said)" \
	    "mq-ctl rename: q: in use by $consumer (mq-sub): stop what uses it, then rename it"
}

@test "rename: receipts of the old name are refused" {
	mq-pub q one
	receipt=$(mq-sub -m q -e | cut -f 1)
	mq-ctl rename q r
	run -66 mq-ack "$receipt"
	mq-ack "r/${receipt#*/}"
	assert_equal "$(depth r/default)" 0
}

@test "rename: through a link to the spool, and of a link to a queue" {
	mq-pub q one
	ln -s "$MQ_SPOOL" link
	mq-ctl -s link rename q r
	ln -s r "$MQ_SPOOL/l"
	fails 78 "mq-ctl rename: $MQ_SPOOL/l: is a symbolic link: rename it with mv" mq-ctl rename l m
	assert_equal "$(mq-replay r)" one
}

# A filter is killed between the commit to its output and the settling of its input.
@test "rename: a filter's output is not published twice" {
	seq 20 | mq-pub in
	mq-sub -c 5 in/g --to out -- sed 's/^/done /'
	# The group as it was before the next settling, which thereby is undone.  (One message:
	# a mark goes once its settling was followed by another commit.)
	cp "$MQ_SPOOL/in/g.group.mdb" group
	mq-sub -c 1 in/g --to out -- sed 's/^/done /'
	mq-ctl rename in other
	rm "$MQ_SPOOL/other"/g.group.mdb-lock "$MQ_SPOOL/other"/g.group.stat
	cp group "$MQ_SPOOL/other/g.group.mdb"
	assert_equal "$(depth other/g)" 15
	# Trimming the output knows the input by its identity, not by its name.
	mq-ctl trim out
	mq-sub -e other/g --to out -- sed 's/^/done /'
	seq -f 'done %g' 20 | cmp - <(mq-replay out)
}
