#!/usr/bin/env bats
# counters.bats - what queues and groups count, in the queue's files: each number goes up by what
# was done, and by nothing else

load lib/common

# counts QUEUE[/GROUP]: its numbers as NAME=VALUE, without those that are 0 or no counters.
counts() {
	mq-stat -J "$1" | jq -r --arg what "$1" '
	    select((.queue + (if .group then "/" + .group else "" end)) == $what) |
	    to_entries[] | select(.value != 0) |
	    select(.key | IN("in_messages", "in_bytes", "trimmed", "dropped", "deduplicated",
	        "delivered", "delivered_bytes", "acked", "acked_bytes", "retried", "released",
	        "rejected", "dead", "expired")) | "\(.key)=\(.value)"' | paste -sd ' '
}

# classes QUEUE/GROUP: the latencies that there are, as SECONDS=VALUE.
classes() {
	mq-stat -J "$1" | jq -r '.ack_latency | to_entries[] | select(.value != 0) |
	    "\(.key)=\(.value)"' | paste -sd ' '
}

# took N COUNT: deliveries of q/g are in the file took, and their receipts in receipts.
took() {
	mq-sub -m -c "$1" --prefetch "$1" q/g >took
	cut -f 1 took >receipts
}

@test "published and deduplicated" {
	printf 'a\nbb\nccc\n' | mq-pub q
	run -0 counts q
	assert_output 'in_messages=3 in_bytes=6'
	mq-pub -i once q dddd
	mq-pub -i once q again
	mq-pub -i once q again
	run -0 counts q
	assert_output 'in_messages=4 in_bytes=10 deduplicated=2'
}

@test "delivered and acked, by each way to ack" {
	mq-ctl create q/g
	# From the pipe, a whole batch.
	seq 10 19 | mq-pub q
	[ "$(mq-sub -e q/g | wc -l)" = 10 ]
	run -0 counts q/g
	assert_output 'delivered=10 delivered_bytes=20 acked=10 acked_bytes=20'
	# By receipt.
	printf 'one\ntwo\nfour\n' | mq-pub q
	took 3
	run -0 counts q/g
	assert_output 'delivered=13 delivered_bytes=30 acked=10 acked_bytes=20'
	sed -n 1,2p receipts | mq-ack
	run -0 counts q/g
	assert_output 'delivered=13 delivered_bytes=30 acked=12 acked_bytes=26'
	mq-ack <<<"$(sed -n 3p receipts)"
	run -0 counts q/g
	assert_output 'delivered=13 delivered_bytes=30 acked=13 acked_bytes=30'
	# A stale receipt is not counted.
	run -66 mq-ack "$(sed -n 3p receipts)"
	run -0 counts q/g
	assert_output 'delivered=13 delivered_bytes=30 acked=13 acked_bytes=30'
	# By a handler, by a batch of them, and by a handler that acks by itself.
	mq-pub q 12345
	mq-sub -e q/g -- true
	seq 3 | mq-pub q
	mq-sub -e --batch 3 q/g -- true
	mq-pub q 1
	mq-sub -e q/g -- sh -c 'mq-ack "$MQ_RECEIPT"; exit 1'
	run -0 counts q/g
	assert_output 'delivered=18 delivered_bytes=39 acked=18 acked_bytes=39'
	# By a filter; what it makes is another queue's.
	mq-pub q 7777777
	mq-sub -e q/g --to out -- cat
	run -0 counts q/g
	assert_output 'delivered=19 delivered_bytes=46 acked=19 acked_bytes=46'
	run -0 counts out
	assert_output 'in_messages=1 in_bytes=7'
	run -0 mq-ctl check q
}

@test "in an ordered group, too" {
	mq-ctl create q/g
	mq-ctl set q/g ordered=on
	printf 'k:aa\nk:b\nl:c\n' | mq-pub -K : q
	[ "$(mq-sub -e q/g | wc -l)" = 3 ]
	mq-pub -k k q dddd
	mq-sub -e q/g -- true
	run -0 counts q/g
	assert_output 'delivered=4 delivered_bytes=8 acked=4 acked_bytes=8'
	run -0 mq-ctl check q
}

@test "a part of a batch: what was settled elsewhere is not counted again" {
	mq-ctl create q/g
	seq 1 9 | mq-pub q
	took 9
	sed -n 4p receipts | mq-ack
	run -66 mq-ack <receipts
	run -0 counts q/g
	assert_output 'delivered=9 delivered_bytes=9 acked=9 acked_bytes=9'
	run -0 mq-ctl check q
}

@test "retried, released, rejected, dead" {
	mq-ctl create q/g
	mq-ctl set q/g max-attempts=2
	printf 'a\nbb\nccc\n' | mq-pub q
	took 3
	mq-ack --retry -d 0s "$(sed -n 1p receipts)"
	mq-ack --release "$(sed -n 2p receipts)"
	mq-ack --reject "$(sed -n 3p receipts)"
	run -0 counts q/g
	assert_output 'delivered=3 delivered_bytes=6 retried=1 released=1 rejected=1 dead=1'
	run -0 counts q.dead
	assert_output 'in_messages=1 in_bytes=3'
	# The one that was tried before dies by its second retry.
	took 2
	grep "$(printf '\ta$')" took | cut -f 1 | mq-ack --retry
	run -0 counts q/g
	assert_output 'delivered=5 delivered_bytes=9 retried=2 released=1 rejected=1 dead=2'
}

@test "expired" {
	mq-ctl create q/g
	mq-pub --ttl 1m q a
	mq-pub q b
	MQ_NOW=+1h mq-sub -e q/g
	run -0 counts q/g
	assert_output 'delivered=1 delivered_bytes=1 acked=1 acked_bytes=1 expired=1'
}

@test "trimmed and dropped" {
	mq-ctl create q/g
	mq-ctl set q overflow=drop-oldest max-messages=2
	seq 5 | mq-pub q
	run -0 counts q
	assert_output 'in_messages=5 in_bytes=5 trimmed=3 dropped=3'
	[ "$(mq-sub -e q/g | wc -l)" = 2 ]
	run -0 counts q/g
	assert_output 'delivered=2 delivered_bytes=2 acked=2 acked_bytes=2 dropped=3'
	mq-ctl set q retain=0s
	mq-ctl trim q
	run -0 counts q
	assert_output 'in_messages=5 in_bytes=5 trimmed=5 dropped=3'
}

@test "latency: from publishing to acknowledging, by the real clock" {
	mq-ctl create q/g
	mq-pub q a
	MQ_NOW=+30d mq-sub -e q/g
	run -0 sh -c "mq-stat -J q/g | jq '.ack_latency_sum < 3600'"
	assert_output true
	run -0 sh -c "mq-stat -J q/g | jq '.ack_latency | add, .more'"
	assert_output $'1\n0'
	run -0 sh -c "mq-stat -J q/g | jq '.ack_latency | keys_unsorted | join(\" \")'"
	assert_output '"0.001 0.005 0.025 0.1 0.5 1 5 30 120 600 3600 86400 more"'
}

@test "counters are kept by rewind, purge, compact, rename, backup and salvage" {
	mq-ctl create q/g
	seq 5 | mq-pub q
	mq-sub -e -c 3 q/g >/dev/null
	took 1
	mq-ack --retry -d 1h "$(cat receipts)"
	run -0 counts q/g
	before=$output
	assert_output 'delivered=4 delivered_bytes=4 acked=3 acked_bytes=3 retried=1'
	latency=$(classes q/g)
	same() {
		run -0 counts "$1"
		assert_output "$before"
		run -0 classes "$1"
		assert_output "$latency"
	}
	mq-replay --rewind q/g --to oldest
	same q/g
	mq-ctl compact q
	same q/g
	mq-ctl rename q r
	same r/g
	mq-ctl backup r "$BATS_TEST_TMPDIR/copy"
	MQ_SPOOL=$BATS_TEST_TMPDIR/copy same r/g
	rm "$MQ_SPOOL"/r/g.group.mdb*
	run -74 mq-ctl salvage r/g
	same r/g
	mq-ctl purge r/g
	run -0 counts r/g
	assert_output "$before dropped=5"
	run -0 mq-ctl check r
}
