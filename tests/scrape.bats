#!/usr/bin/env bats
# scrape.bats - looking changes nothing, and needs permission to read only

load lib/common
load lib/expect

# Two queues with groups in which messages are in every state, large bodies, and a dead letter.
queues() {
	local queue
	for queue in a b; do
		mq-ctl create "$queue/g"
		mq-ctl create "$queue/h"
		seq 10 | mq-pub "$queue"
		head -c 300000 /dev/zero | mq-pub -1 "$queue"
		mq-sub -m -c 4 --prefetch 4 "$queue/g" >took
		mq-ack "$(sed -n 1p took | cut -f 1)"
		mq-ack --retry -d 1h "$(sed -n 2p took | cut -f 1)"
		mq-ack --reject "$(sed -n 3p took | cut -f 1)"
	done
}

# files: of the spool: times, sizes, modes and contents.  LMDB's lock files hold a table of
# readers, which is no part of what is kept: for these, only that they are there.
files() {
	(
		cd "$MQ_SPOOL" || exit
		find . -name '*-lock' -printf '%p %m\n' -o -printf '%p %T@ %s %m\n' | sort
		find . -type f ! -name '*-lock' -exec sha256sum {} + | sort
	)
}

@test "a scrape changes nothing" {
	local command
	queues
	files >before
	for command in 'mq-stat' 'mq-stat -J' 'mq-stat --prometheus' 'mq-stat --names' \
	    'mq-stat --check depth<1000' 'mq-stat a' 'mq-stat b/g'; do
		run -0 $command
		files >after
		run -0 diff before after
	done
	# It would be seen.
	mq-pub a one
	files >after
	run -1 diff before after
}

# figures [PREFIX...]: all that a scrape, a table and a check show.  Times are taken out by alike.
figures() {
	local request=$'GET /metrics HTTP/1.0\r\n\r\n'
	"$@" mq-stat -J -s "$MQ_SPOOL"
	"$@" mq-stat -s "$MQ_SPOOL"
	"$@" mq-stat --prometheus -s "$MQ_SPOOL"
	"$@" mq-stat --http -s "$MQ_SPOOL" <<<"$request" 2>&1
	"$@" mq-stat --check 'depth<1000,dead<1000,age<9h' -s "$MQ_SPOOL"
}

# alike FILE...: takes out what changes from one moment to the next.
alike() {
	sed -i -E -e 's/("oldest_age"|"disk_free"|age|mq_[a-z_]*(_age_seconds|_free_bytes)\{.*\})([:=] ?| )[0-9.e+]+/\1/g' \
	    -e '/^(Date|Content-Length):|^mq_scrape_time_seconds /d' -e "s/ age'=[0-9.]+s//g; s/ +[0-9]+s( |\$)/ /g" "$@"
}

@test "a scrape needs permission to read only, and shows the same" {
	[ "$(id -u)" = 0 ] || skip "needs root to become another user"
	queues
	# One group's page is of another boot, and one waits for somebody to look.
	mq-pub -d 1h a later
	mq-sub -e a/h >read
	printf x | dd of="$MQ_SPOOL/b/g.group.stat" bs=1 seek=8 conv=notrunc status=none
	chmod -R a-w,a+rX "$MQ_SPOOL"
	chmod a+rx . "$BATS_RUN_TMPDIR"
	files >before
	MQ_NOW=+2h figures as_nobody >theirs
	files >after
	run -0 diff before after
	chmod -R u+w "$MQ_SPOOL"
	MQ_NOW=+2h figures >mine
	alike mine theirs
	run -0 diff mine theirs
	[ "$(grep -c '"group"' theirs)" = 4 ]
	grep -q '^mq_group_oldest_unsettled_age_seconds{queue="b",group="g"}' theirs
	grep -q 'HTTP/1.1 200 OK' theirs
}

@test "a scrape through a mount that is read-only, while the queue is written to" {
	local look pid
	[ "$(id -u)" = 0 ] || skip "needs root to mount"
	queues
	mkdir disk
	mount --bind "$MQ_SPOOL" disk || skip "can't mount here"
	mount -o remount,bind,ro disk || { umount disk; skip "can't mount read-only here"; }
	figures >mine
	MQ_SPOOL=$PWD/disk figures >theirs
	alike mine theirs
	sed -i 's/filesystem.*//' mine theirs
	run -0 diff mine theirs
	# Not a number that the queue did not have: messages only become more.
	(for ((look = 0; look < 200; look++)); do mq-pub a x; done) 3>&- &
	pid=$!
	for ((look = 0; look < 50; look++)); do
		run -0 --separate-stderr mq-stat -J -s disk a
		[ "$stderr" = '' ]
		jq -r 'select(.messages != null) | .messages' <<<"$output" >>seen
	done
	wait "$pid"
	sort -n -c seen
	[ "$(mq-stat -J -s disk a | jq -r 'select(.messages != null) | .messages')" = 211 ]
}
