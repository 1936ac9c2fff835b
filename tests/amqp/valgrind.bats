#!/usr/bin/env bats
# valgrind.bats - the paths of the engine for RabbitMQ under Valgrind: no use of memory that is not the
# tool's, or that nobody has set, and nothing definitely lost
#
# Runs on a cluster, by tests/amqp/run.  Needs Valgrind, and a build without sanitizers.

load ../lib/common
load ../lib/expect

setup_file() {
	command -v valgrind >/dev/null || skip "needs valgrind"
	[ -z "${MQ_SANITIZED-}" ] || skip "the sanitizers look at the same"
}

# checked COMMAND...: runs it under Valgrind, which says what it finds in found.PID, also of a child that goes on
# by itself.
checked() {
	valgrind -q --error-exitcode=99 --leak-check=full --errors-for-leak-kinds=definite \
	    --show-leak-kinds=definite --log-file=found.%p -- "$@"
}

# clean: nothing was found.
clean() {
	local file
	for file in found.*; do
		[ ! -s "$file" ] || { cat "$file"; return 1; }
	done
}

@test "publishing and replaying" {
	seq 500 | checked mq-pub -I q >ids
	[ "$(wc -l <ids)" = 500 ]
	echo '{"body":"j","key":"k","headers":{"a":["b","c"],"n":"1"},"priority":3,"message_id":"m"}' |
	    checked mq-pub -J q
	head -c 3000000 /dev/zero | checked mq-pub -1 q
	checked mq-pub --delay 1s --ttl 1h q delayed
	until_true '[ "$(mq-replay q | wc -l)" -ge 502 ]'
	checked mq-replay -J q >all
	[ "$(wc -l <all)" = 503 ]
	checked mq-replay --since "$(sed -n 400p ids)" q >some
	checked mq-replay --last 5 q >last
	clean
}

@test "consuming: to a pipe, by receipts, by commands; retries and dead letters" {
	checked mq-ctl create q/g
	seq 300 | mq-pub q
	checked mq-sub -c 100 q/g | cmp - <(seq 100)
	checked mq-sub -m -c 10 -f '%r\n' q/g >receipts 3>&- &
	until_true '[ "$(wc -l <receipts)" = 10 ]'
	sed -n 1,5p receipts | checked mq-ack
	sed -n 6,7p receipts | checked mq-ack --retry -d 1s
	sed -n 8p receipts | checked mq-ack --reject
	sed -n 9,10p receipts | checked mq-ack --release
	wait $!
	checked mq-sub -P 4 -c 20 q/g -- sh -c 'exit $(($(cat) % 3 == 0))'
	checked mq-sub --batch 10 -c 10 q/g -- sh -c 'exit 100'
	checked mq-sub -e q/g >rest
	checked mq-ctl redrive q.dead
	checked mq-sub -e q/g >letters
	[ "$(wc -l <letters)" = 11 ]
	clean
}

@test "ordered groups, calls, temporary groups" {
	checked mq-ctl create --set ordered=on q/o
	printf 'a:%s\n' 1 2 3 | mq-pub -K : q
	checked mq-sub -c 1 q/o -- false
	checked mq-sub -W 20s -c 3 q/o -- true
	checked mq-sub -c 1 rpc/default -- tr a-z A-Z 3>&- &
	[ "$(checked mq-pub -W 60s --call rpc question)" = QUESTION ]
	wait $!
	checked mq-sub --temp -c 1 rpc >got 3>&- &
	until_true '{ mq-pub rpc x; [ -s got ]; }'
	wait $!
	clean
}

@test "administration, numbers, and what is refused" {
	checked mq-ctl create q/g q/h
	checked mq-ctl bind -k 'a.*' q/g
	checked mq-ctl bind -H n=1 q/h
	checked mq-ctl set q/g max-attempts=3 backoff=1s..2s
	seq 10 | mq-pub -k a.b q
	checked mq-ctl show q/g >shown
	checked mq-ctl list >listed
	checked mq-stat >numbers
	checked mq-stat --json q >numbers.json
	checked mq-stat q/g >one
	checked mq-ctl unbind -k 'a.*' q/g
	checked mq-replay --rewind --to oldest q/h
	checked mq-ctl purge q/g
	checked mq-ctl delete q/g
	run -66 checked mq-ctl show q/g
	run -77 checked mq-pub -s "amqp://mq:mistaken@${MQ_SPOOL#*://}" q a
	run -69 checked mq-stat -l q/h
	checked mq-ctl delete q
	clean
}

@test "connections that are lost, and a signal" {
	mkfifo in
	checked mq-pub -I q <in >ids 2>said 3>&- &
	exec 7>in
	seq 100 >&7
	until_true '[ "$(wc -l <ids)" = 100 ]'
	nodes api GET "vhosts/$vhost/connections" | jq -r '.[].name | @uri' | while IFS= read -r name; do
		nodes api DELETE "connections/$name"
	done
	seq 101 200 >&7
	exec 7>&-
	wait $!
	[ "$(wc -l <ids)" = 200 ]
	checked mq-sub q/g >got 2>said 3>&- &
	until_true '[ "$(wc -l <got)" = 200 ]'
	kill "$(pgrep -P $! || echo $!)"
	wait $! || :
	clean
}
