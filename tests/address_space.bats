#!/usr/bin/env bats
# address_space.bats - processes that may map little (ulimit -v) share it among their files
#
# A queue's log, its groups, another queue for results and one for dead letters are mapped by
# one process.  Each map begins little larger than its file, and grows when it is written.

load lib/common
load lib/expect

setup() {
	[ -z "${MQ_SANITIZED:-}" ] || skip "sanitizers reserve more than any limit"
	export MQ_SPOOL=$BATS_TEST_TMPDIR/spool
	cd "$BATS_TEST_TMPDIR" || return 1
	umask 022
}

# within KIB COMMAND...: with so much address space.
within() {
	local limit=$1
	shift
	(ulimit -v "$limit" && exec "$@")
}

# mapped PID FILE: the size of the map in KiB.
mapped() {
	awk -v file="/$2\$" '/^[0-9a-f]+-/ { here = $NF ~ file } here && $1 == "Size:" { print $2 }' "/proc/$1/smaps"
}

@test "all tools work, with several files in a process" {
	local limit
	for limit in 80000 150000 300000 1000000; do
		rm -rf spool
		seq 1 20000 | within $limit mq-pub q
		[ "$(within $limit mq-sub -e q | cksum)" = "$(seq 1 20000 | cksum)" ]
		[ "$(within $limit mq-sub -e -c 3 q/h -- sh -c 'cat; echo')" = "$(seq 1 3)" ]
		within $limit mq-sub -e -c 1000 --to out q/f -- cat
		within $limit mq-sub -e -c 5 q/d -- sh -c 'exit 100'
		[ "$(within $limit mq-replay q.dead | tail -1)" = 5 ]
		[ "$(within $limit mq-replay out | tail -1)" = 1000 ]
		[ "$(within $limit mq-stat -J | jq -s 'map(select(.queue == "q" and .messages == 20000)) | length > 0')" = true ]
		within $limit mq-ctl check
		within $limit mq-ctl redrive q.dead
	done
}

@test "twenty groups of a queue are checked and purged" {
	local i
	seq 1 100 | mq-pub q
	for i in $(seq 20); do
		mq-ctl create "q/g$i"
	done
	within 150000 mq-ctl check q
	within 300000 mq-ctl purge q
	[ "$(depth q/g20)" = 0 ]
}

@test "a map grows with its file, and with one large transaction" {
	seq -f '%0999.0f' 60000 >lines		# 60 MB
	within 300000 mq-pub q <lines
	within 300000 mq-sub -e q | cmp - lines
	seq -f '%0999.0f' 30000 >lines
	within 300000 mq-pub --atomic r <lines
	within 200000 mq-replay r | cmp - lines
	[ "$(seq 1 1000 | mq-pub r && within 200000 mq-replay r | tail -1)" = 1000 ]
	mq-ctl check
}

@test "another process makes the file outgrow the map" {
	mkfifo in
	(ulimit -v 150000 && exec mq-pub q <in) &
	exec 7>in
	echo first >&7
	until_true '[ "$(messages q)" = 1 ]'
	mq-sub -e q >/dev/null
	(ulimit -v 150000 && exec mq-sub -c 20002 q >out 7>&-) &
	seq -f '%0999.0f' 20000 >lines
	mq-pub q <lines
	echo last >&7
	exec 7>&-
	wait -n
	echo more | within 150000 mq-pub q
	wait
	[ "$(messages q)" = 20003 ]
	(cat lines && printf 'last\nmore\n') | cmp - out
}

@test "too little: the file and the limit are named, and nothing is stored" {
	seq -f '%0999.0f' 60000 | mq-pub q
	fails 71 "mq-replay: $MQ_SPOOL/q/log.mdb: not enough address space to map it (ulimit -v)" \
	    bash -c 'ulimit -v 60000; exec mq-replay q'
	seq -f '%0999.0f' 30000 >lines
	run -75 --separate-stderr bash -c 'ulimit -v 95000; exec mq-pub --atomic r <lines'
	[ "$stderr" = "mq-pub: r: no address space is left for the file to grow (ulimit -v)" ]
	[ "$(messages r)" = 0 ]
}

@test "without a limit a map has 1 TiB; MQ_MAPSIZE overrides both" {
	mq-pub q a
	mq-sub q >/dev/null 2>&1 &
	until_true '[ "$(depth q/default)" = 0 ]'
	[ "$(mapped $! log.mdb)" = 1073741824 ]
	[ "$(mapped $! default.group.mdb)" = 1073741824 ]
	kill $!
	wait $! || true
	(ulimit -v 300000 && MQ_MAPSIZE=40M exec mq-sub q >/dev/null 2>&1) &
	until_true '[ "$(mapped $! log.mdb)" = 40960 ]'
	kill $!
	wait $! || true
	seq -f '%0999.0f' 60000 >lines
	run -75 --separate-stderr env MQ_MAPSIZE=40M mq-pub q <lines
	[[ $stderr == *"map is full (MQ_MAPSIZE)"* ]]
}
