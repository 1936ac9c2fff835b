#!/usr/bin/env bats
# prometheus.bats - mq-stat --prometheus: the exposition, and the file that -o replaces

load lib/common
load lib/needs

# sample NAME{LABELS}: the value of that sample in the exposition that is $output.
sample() {
	awk -v name="$1" '$1 == name { print $2; found = 1 } END { exit !found }' <<<"$output"
}

# has NAME{LABELS} VALUE
has() {
	assert_equal "$1 $(sample "$1")" "$1 $2"
}

# lacks NAME: there is no such family.
lacks() {
	[[ $output != *"$1"* ]] || fail "there is $1: $output"
}

# A queue with a group in which messages are in every state, another with limits, and one that
# is empty.  Of 10 messages, 1 is acked, 1 rejected, 1 waits for an hour, 1 is worked on.
every_state() {
	seq 10 | mq-pub q
	mq-ctl create q/g
	mq-sub -m -c 4 --prefetch 4 q/g >took
	mq-ack "$(sed -n 1p took | cut -f 1)"
	mq-ack --retry -d 1h "$(sed -n 2p took | cut -f 1)"
	mq-ack --reject "$(sed -n 3p took | cut -f 1)"
	mq-pub -i once limited one
	mq-pub -i once limited again
	mq-ctl set limited max-messages=500 max-bytes=1M
	mq-ctl pause limited
	mq-ctl create empty
}

@test "promtool has nothing to say against it" {
	needs prometheus promtool
	every_state
	mq-stat --prometheus >metrics
	run -0 promtool check metrics <metrics
	assert_output ''
	# It would, if there was something.
	sed -i 's/^mq_scrape_errors /mq_scrape_errors{a=b} /' metrics
	run -1 promtool check metrics <metrics
}

@test "numbers of queues" {
	every_state
	MQ_NOW=+1h run -0 --separate-stderr mq-stat --prometheus
	assert_equal "$stderr" ''
	has 'mq_queue_published_messages_total{queue="q"}' 10
	has 'mq_queue_published_bytes_total{queue="q"}' 11
	has 'mq_queue_messages{queue="q"}' 10
	has 'mq_queue_bytes{queue="q"}' 11
	has 'mq_queue_trimmed_messages_total{queue="q"}' 0
	has 'mq_queue_dropped_messages_total{queue="q"}' 0
	has 'mq_queue_deduplicated_messages_total{queue="limited"}' 1
	has 'mq_queue_groups{queue="q"}' 1
	has 'mq_queue_groups{queue="empty"}' 0
	has 'mq_queue_paused{queue="q"}' 0
	has 'mq_queue_paused{queue="limited"}' 1
	has 'mq_queue_max_messages{queue="limited"}' 500
	has 'mq_queue_max_bytes{queue="limited"}' 1048576
	has 'mq_queue_messages{queue="q.dead"}' 1
	[ "$(sample 'mq_queue_log_bytes{queue="q"}')" = "$(stat -c %s spool/q/log.mdb)" ]
	[ "$(sample 'mq_queue_disk_bytes{queue="q"}')" = \
	    "$(mq-stat -J q | jq 'select(.uuid).disk_bytes')" ]
	[ "$(sample 'mq_queue_disk_free_bytes{queue="q"}')" -gt 0 ]
	[ "$(sample 'mq_queue_min_free_bytes{queue="q"}')" -gt 0 ]
	run -0 awk '$1 == "mq_queue_oldest_message_age_seconds{queue=\"q\"}" &&
	    $2 >= 3600 && $2 < 3720' <<<"$output"
	refute_output ''
}

@test "what is not there has no sample: an age of nothing, a limit that is not set" {
	every_state
	run -0 mq-stat --prometheus
	run -1 sample 'mq_queue_oldest_message_age_seconds{queue="empty"}'
	run -0 mq-stat --prometheus
	run -1 sample 'mq_queue_max_messages{queue="q"}'
	run -0 mq-stat --prometheus q empty
	lacks mq_queue_max_
	run -0 mq-stat --prometheus empty
	lacks mq_queue_oldest_message_age_seconds
	lacks mq_group_
	run -0 mq-stat --prometheus q/g
	lacks mq_queue_
	has 'mq_group_depth_messages{queue="q",group="g"}' 8
}

@test "numbers of groups" {
	every_state
	MQ_NOW=+30m run -0 mq-stat --prometheus
	local g='{queue="q",group="g"}'
	has "mq_group_depth_messages$g" 8
	has "mq_group_depth_bytes$g" 9
	has "mq_group_ready_messages$g" 6
	has "mq_group_leased_messages$g" 1
	has "mq_group_delayed_messages$g" 1
	has "mq_group_delivered_messages_total$g" 4
	has "mq_group_delivered_bytes_total$g" 4
	has "mq_group_acked_messages_total$g" 1
	has "mq_group_acked_bytes_total$g" 1
	has "mq_group_ack_latency_seconds_count$g" 1
	run -0 awk -v name="mq_group_ack_latency_seconds_sum$g" '$1 == name && $2 > 0' <<<"$output"
	refute_output ''
	MQ_NOW=+30m run -0 mq-stat --prometheus
	has 'mq_group_ack_latency_seconds_bucket{queue="q",group="g",le="+Inf"}' 1
	has 'mq_group_ack_latency_seconds_bucket{queue="q",group="g",le="3600"}' 1
	has "mq_group_retried_messages_total$g" 1
	has "mq_group_released_messages_total$g" 0
	has "mq_group_rejected_messages_total$g" 1
	has "mq_group_dead_lettered_messages_total$g" 1
	has "mq_group_expired_messages_total$g" 0
	has "mq_group_dropped_messages_total$g" 0
	has "mq_group_consumers$g" 0
	has "mq_group_paused$g" 0
	run -0 awk -v name="mq_group_oldest_unsettled_age_seconds$g" \
	    '$1 == name && $2 >= 1800 && $2 < 1920' <<<"$output"
	refute_output ''
	mq-ctl pause q
	mq-sub -e 'q.dead/done' >/dev/null
	run -0 mq-stat --prometheus
	has "mq_group_paused$g" 1
	has 'mq_group_oldest_unsettled_age_seconds{queue="q.dead",group="done"}' 0.000
}

@test "a consumer is counted while it lives" {
	mq-ctl create q/g
	mq-sub q/g >/dev/null &
	until_true '[ "$(mq-stat --prometheus | grep mq_group_consumers{ | cut -d " " -f 2)" = 1 ]'
	kill $!
	wait $! || :
	run -0 mq-stat --prometheus
	has 'mq_group_consumers{queue="q",group="g"}' 0
}

# Each family once, its samples directly behind HELP and TYPE, no sample twice.
well_formed() {
	awk '
	/^# HELP / { help = $3; next }
	/^# TYPE / { if ($3 != help || seen[$3]++) exit 1; family = $3; type = $4; next }
	{
		name = $1
		sub(/\{.*/, "", name)
		if (type == "histogram") sub(/_(bucket|sum|count)$/, "", name)
		if (name != family || type == "" || sample[$1]++) exit 1
		if (type == "counter" && name !~ /_total$/) exit 1
		if (NF != 2 || $2 !~ /^[0-9]+(\.[0-9]+)?$/) exit 1
	}'
}

@test "families are contiguous, and no sample comes twice, whatever is named how often" {
	every_state
	mq-ctl create q/b a/z a/y
	run -0 mq-stat --prometheus q q/g q/b a q q/g
	well_formed <<<"$output"
	assert_equal "$(grep -o '^mq_group_depth_messages.*}' <<<"$output")" \
	    'mq_group_depth_messages{queue="a",group="y"}
mq_group_depth_messages{queue="a",group="z"}
mq_group_depth_messages{queue="q",group="b"}
mq_group_depth_messages{queue="q",group="g"}'
	run -0 mq-stat --prometheus
	well_formed <<<"$output"
}

@test "what can't be read is counted, named on stderr, and costs none of the others" {
	local name
	mq-pub open a
	mq-sub -e open/g >/dev/null
	mq-pub first a
	mq-pub last a
	chmod 700 spool/first spool/last
	chmod -R a+rwX spool/open
	chmod 755 spool .
	run -77 --separate-stderr as_nobody mq-stat -s "$MQ_SPOOL" --prometheus
	has mq_scrape_errors 2
	has 'mq_queue_messages{queue="open"}' 1
	for name in first last; do
		[[ $stderr == *"/$name: Permission denied"* ]]
	done
	run -66 --separate-stderr mq-stat --prometheus gone open/g open/gone
	has mq_scrape_errors 2
	has 'mq_group_depth_messages{queue="open",group="g"}' 0
	[[ $stderr == *'gone: no such queue'*'open/gone: no such group'* ]]
	run -0 mq-stat --prometheus open
	has mq_scrape_errors 0
}

@test "each group of a queue that can't be read is counted and named" {
	mq-pub q a
	mq-ctl create q/a q/b q/c
	for name in a b; do
		rm "spool/q/$name.group.stat"
		truncate -s 0 "spool/q/$name.group.mdb"
	done
	run -74 --separate-stderr mq-stat --prometheus
	has mq_scrape_errors 2
	[[ $stderr == *q/a.group* && $stderr == *q/b.group* ]]
	has 'mq_group_depth_messages{queue="q",group="c"}' 1
}

@test "a spool that is not there: no queue, one error, status 66" {
	run -66 --separate-stderr mq-stat --prometheus
	lacks mq_queue
	has mq_scrape_errors 1
	[ -n "$stderr" ]
	[ ! -e spool ]
}

@test "the version is a label" {
	mq-ctl create q
	run -0 mq-stat --prometheus
	has "mq_build_info{version=\"$(mq-stat -V | awk '{ print $NF }')\"}" 1
}

@test "the time of the look is told, so that a file that nobody renews can be noticed" {
	mq-ctl create q
	local before
	before=$(date +%s)
	run -0 mq-stat --prometheus
	local told
	told=$(sample mq_scrape_time_seconds)
	((${told%.*} >= before && ${told%.*} <= $(date +%s)))
	# The ages are those of that time.
	MQ_NOW=@2000000000 run -0 mq-stat --prometheus
	has mq_scrape_time_seconds 2000000000.000
}

@test "options that don't go together end with 64" {
	local other
	for other in -l --next-due --names; do
		run -64 --separate-stderr mq-stat --prometheus $other
		[[ $stderr == *"only one of"*"--prometheus"* ]]
	done
	run -64 --separate-stderr mq-stat --prometheus -J
	[[ $stderr == *"-J: only alone, or with -l or --message"* ]]
	run -64 --separate-stderr mq-stat -o file
	[[ $stderr == *"-o: only with --prometheus"* ]]
	[ ! -e file ]
}

@test "stdout that can't be written to is 74" {
	mq-ctl create q
	run -74 sh -c 'mq-stat --prometheus >/dev/full'
}

@test "-o: the file has what would be printed, and the mode that umask leaves" {
	mq-pub q a
	mkdir dir
	MQ_NOW=+1h mq-stat --prometheus -o dir/mq.prom
	run -0 cat dir/mq.prom
	well_formed <<<"$output"
	has 'mq_queue_messages{queue="q"}' 1
	assert_equal "$(stat -c %a dir/mq.prom)" 644
	umask 027
	mq-pub q b
	mq-stat --prometheus --output dir/mq.prom
	assert_equal "$(stat -c %a dir/mq.prom)" 640
	run -0 cat dir/mq.prom
	has 'mq_queue_messages{queue="q"}' 2
	assert_equal "$(ls -A dir)" mq.prom
	# In the working directory, too.
	mq-stat --prometheus -o mq.prom q
	[ -s mq.prom ]
}

@test "-o: who reads meanwhile always finds a whole file" {
	local i
	seq 100 | sed 's/$/\/g/; s/^/queue-/' | xargs mq-ctl create
	mq-stat --prometheus -o mq.prom
	# The last line of a whole file, through all of the replacements.
	(
		while [ ! -e stop ]; do
			[[ $(tail -n 1 mq.prom) == "mq_scrape_errors 0" ]] || echo torn >>torn
		done
	) &
	for i in 1 2 3 4 5; do
		mq-stat --prometheus -o mq.prom
	done
	touch stop
	wait $!
	[ ! -e torn ]
}

@test "-o: what can't be read leaves its mark in the file, too" {
	mq-ctl create q
	run -66 mq-stat --prometheus -o mq.prom q gone
	assert_equal "$(tail -n 1 mq.prom)" "mq_scrape_errors 1"
}

@test "-o: on a full disk the old file stays, and nothing is left behind" {
	small_disk 256k
	seq 30 | sed 's/$/\/g/; s/^/queue-/' | xargs mq-ctl create
	mq-stat --prometheus -o disk/mq.prom queue-1
	cp disk/mq.prom old
	head -c 256k /dev/zero >disk/filler 2>/dev/null || :
	run -74 --separate-stderr mq-stat --prometheus -o disk/mq.prom
	assert_equal "$stderr" 'mq-stat: disk/mq.prom: No space left on device'
	cmp old disk/mq.prom
	assert_equal "$(ls -A disk)" $'filler\nmq.prom'
}

@test "-o: a directory that is not there or may not be written to is 74" {
	mq-ctl create q
	run -74 --separate-stderr mq-stat --prometheus -o none/mq.prom
	assert_equal "$stderr" 'mq-stat: none/mq.prom: No such file or directory'
	mkdir -m 755 dir
	echo old >dir/mq.prom
	chmod 755 spool .
	chmod -R a+rX spool
	run -74 --separate-stderr as_nobody mq-stat -s "$MQ_SPOOL" --prometheus -o "$PWD/dir/mq.prom"
	[[ $stderr == *"dir/mq.prom: Permission denied" ]]
	assert_equal "$(cat dir/mq.prom)" old
}

@test "-o: what is no file is not replaced" {
	local what
	mq-ctl create q
	mkdir dir
	mkfifo fifo
	ln -s /dev/null link
	for what in dir dir/ fifo link; do
		run -64 --separate-stderr mq-stat --prometheus -o "$what"
		assert_equal "$stderr" "mq-stat: $what: not a file that can be replaced"
	done
	[ -d dir ] && [ -p fifo ] && [ -L link ]
}

@test "-o: a run that is killed leaves the old file, and the next run removes the rest" {
	command -v strace >/dev/null || skip "needs strace"
	mq-ctl create q
	mkdir dir
	echo old >dir/mq.prom
	# Killed when it is about to rename, and, a second time, beside what that one left.
	for _ in 1 2; do
		ASAN_OPTIONS=${ASAN_OPTIONS:-}:detect_leaks=0 run strace -qq -o /dev/null \
		    -e trace=renameat -e inject=renameat:signal=KILL:error=EIO \
		    mq-stat --prometheus -o dir/mq.prom
		[ "$status" = 137 ]
		assert_equal "$(cat dir/mq.prom)" old
		assert_equal "$(ls -A dir)" $'.mq.prom.new\nmq.prom'
	done
	mq-stat --prometheus -o dir/mq.prom
	assert_equal "$(ls -A dir)" mq.prom
	assert_equal "$(tail -n 1 dir/mq.prom)" "mq_scrape_errors 0"
}

@test "-o: while another process replaces the file, the status is 75" {
	mq-ctl create q
	echo theirs >.mq.prom.new
	exec 9<.mq.prom.new
	flock 9
	run -75 --separate-stderr mq-stat --prometheus -o mq.prom
	assert_equal "$stderr" 'mq-stat: mq.prom: is being replaced by another process'
	assert_equal "$(cat .mq.prom.new)" theirs
	exec 9<&-
	mq-stat --prometheus -o mq.prom
	[ ! -e .mq.prom.new ]
}

@test "-o: runs side by side each leave a whole file, and none of their own" {
	local i
	seq 20 | sed 's/$/\/g/; s/^/queue-/' | xargs mq-ctl create
	mkdir dir
	for i in 1 2 3 4 5 6 7 8; do
		(
			mq-stat --prometheus -o dir/mq.prom 2>"err-$i" || echo $? >"status-$i"
		) &
	done
	wait
	# Some may have met another at it.
	[ -z "$(sed '/^75$/d' status-* /dev/null 2>/dev/null)" ]
	assert_equal "$(ls -A dir)" mq.prom
	assert_equal "$(tail -n 1 dir/mq.prom)" "mq_scrape_errors 0"
}
