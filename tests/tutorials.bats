#!/usr/bin/env bats
# tutorials.bats - the seven tutorials of RabbitMQ, each as a reader of its text would
# type it here
#
# What the tutorials call a program is a line of shell.  Consumers that their text leaves
# running in a terminal run in the background.

load lib/common

# started COMMAND...: in the background, until the test ends.
started() {
	"$@" 3>&- &
	pids+=("$!")
}

# Wait until QUEUE has so many groups: its consumers are there.
groups() {
	until_true "[ \"\$(mq-stat -J $1 2>/dev/null | jq -s 'map(select(.group)) | length')\" = $2 ]"
}

# The lines of FILE are those, in any order, within a minute.
gets() {
	local file=$1
	shift
	until_true "[ \"\$(wc -l <'$file' 2>/dev/null)\" -ge $# ]"
	run sort "$file"
	assert_output "$(printf '%s\n' "$@" | sort)"
}

@test "1, hello world: one sends, one receives" {
	# receive.py, waiting for messages
	started mq-sub hello >received
	# send.py
	mq-pub hello 'Hello World!'
	gets received 'Hello World!'
	# rabbitmqctl list_queues
	until_true '[ "$(depth hello/default)" = 0 ]'
	run -0 sh -c "mq-stat hello | awk '\$2 == \"default\" { print \$1, \$3 }'"
	assert_output 'hello 0'
}

@test "1, hello world: neither side need be first, and nothing need be declared" {
	mq-pub hello 'Hello World!'
	run -0 mq-sub -c 1 hello
	assert_output 'Hello World!'
}

# worker.py: as many seconds of work as the task has dots; here tenths.
worker() {
	cat >worker <<-'END'
		#!/bin/sh
		read -r task
		dots=$(printf %s "$task" | tr -cd . | wc -c)
		sleep "0.$dots"
		echo "$task" >>"done.$1"
	END
	chmod +x worker
}

@test "2, work queues: tasks are shared between workers" {
	worker
	started mq-sub task_queue -- ./worker 1
	started mq-sub task_queue -- ./worker 2
	groups task_queue 1
	# new_task.py
	mq-pub task_queue 'First message.'
	mq-pub task_queue 'Second message..'
	mq-pub task_queue 'Third message...'
	mq-pub task_queue 'Fourth message....'
	mq-pub task_queue 'Fifth message.....'
	until_true '[ "$(cat done.* 2>/dev/null | wc -l)" = 5 ]'
	cat done.* >done
	gets done 'First message.' 'Second message..' 'Third message...' 'Fourth message....' 'Fifth message.....'
	# Both had a share.
	[ -s done.1 ]
	[ -s done.2 ]
}

@test "2, work queues: what a worker that dies had is done by another" {
	mkfifo busy
	exec 8<>busy
	mq-pub task_queue 'a task'
	mq-sub task_queue -- sh -c 'echo started >&2; read -r wait <busy; kill -KILL $$' 2>said 3>&- 8>&- &
	pid=$!
	until_true 'grep -qs started said'
	# CTRL+C, and not even that
	kill -KILL "$pid"
	echo >&8
	run -0 mq-sub -c 1 task_queue
	assert_output 'a task'
}

@test "2, work queues: tasks outlive everything, without being told to" {
	mq-pub task_queue 'a task'
	# No server that could be stopped: all there is is in these files.
	cp -R "$MQ_SPOOL" elsewhere
	run -0 mq-sub -s elsewhere -c 1 task_queue
	assert_output 'a task'
}

@test "3, publish/subscribe: every subscriber gets every message from then on" {
	mq-pub logs 'nobody listens'
	# receive_logs.py > logs_from_rabbit.log; receive_logs.py
	started mq-sub --temp --from newest logs >logs_from_rabbit.log
	started mq-sub --temp --from newest logs >screen
	groups logs 2
	# emit_log.py
	mq-pub logs 'info: Hello World!'
	gets logs_from_rabbit.log 'info: Hello World!'
	gets screen 'info: Hello World!'
	# Their queues go with them.
	kill "${pids[@]}"
	groups logs 0
}

@test "4, routing: a subscriber gets the severities that it asks for" {
	# receive_logs_direct.py warning error > logs_from_rabbit.log
	started mq-sub --temp -k warning -k error logs_direct >logs_from_rabbit.log
	# receive_logs_direct.py info warning error
	started mq-sub --temp -k info -k warning -k error -f '%k:%s\n' logs_direct >screen
	groups logs_direct 2
	# emit_log_direct.py error "Run. Run. Or it will explode."
	mq-pub -k error logs_direct 'Run. Run. Or it will explode.'
	mq-pub -k info logs_direct 'All is well.'
	gets screen 'error:Run. Run. Or it will explode.' 'info:All is well.'
	gets logs_from_rabbit.log 'Run. Run. Or it will explode.'
}

@test "5, topics: patterns of words" {
	started mq-sub --temp -k '#' -f '%k:%s\n' logs_topic >all
	started mq-sub --temp -k 'kern.*' -f '%k:%s\n' logs_topic >kern
	started mq-sub --temp -k '*.critical' -f '%k:%s\n' logs_topic >critical
	started mq-sub --temp -k 'kern.*' -k '*.critical' -f '%k:%s\n' logs_topic >both
	groups logs_topic 4
	# emit_log_topic.py "kern.critical" "A critical kernel error"
	mq-pub -k kern.critical logs_topic 'A critical kernel error'
	mq-pub -k kern.info logs_topic 'started'
	mq-pub -k cron.critical logs_topic 'failed'
	mq-pub -k cron.info logs_topic 'done'
	gets all 'kern.critical:A critical kernel error' kern.info:started cron.critical:failed cron.info:done
	gets kern 'kern.critical:A critical kernel error' kern.info:started
	gets critical 'kern.critical:A critical kernel error' cron.critical:failed
	# Both bindings match one message: it comes once.
	gets both 'kern.critical:A critical kernel error' kern.info:started cron.critical:failed
}

@test "6, remote procedure call: the caller waits for the answer" {
	cat >fib <<-'END'
		#!/bin/sh
		read -r n
		a=0 b=1
		while [ "$n" -gt 0 ]; do
			c=$((a + b)) a=$b b=$c n=$((n - 1))
		done
		echo "$a"
	END
	chmod +x fib
	# rpc_server.py
	started mq-sub rpc_queue -- ./fib
	# rpc_client.py
	run -0 mq-pub --call rpc_queue 30
	assert_output 832040
	# Each caller gets the answer to its own question.
	mq-pub --call rpc_queue 10 >ten &
	mq-pub --call rpc_queue 20 >twenty &
	wait -n
	until_true '[ -s ten ] && [ -s twenty ]'
	assert_equal "$(cat ten twenty)" "$(printf '55\n6765')"
}

@test "7, publisher confirms, one by one: the exit status is the confirm" {
	local i
	for i in 1 2 3; do
		mq-pub confirms "message $i"
	done
	run -0 mq-replay confirms
	assert_output "$(printf 'message %d\n' 1 2 3)"
}

@test "7, publisher confirms, one by one: 75 is a message that was not taken" {
	mq-pub confirms 'message 1' 'message 2' 'message 3'
	mq-ctl set confirms max-messages=3 overflow=reject
	run -75 mq-pub confirms 'message 4'
	run -0 mq-replay confirms
	assert_output "$(printf 'message %d\n' 1 2 3)"
}

@test "7, publisher confirms, in batches: one for all of a file" {
	seq 50000 | mq-pub confirms
	[ "$(mq-replay confirms | wc -l)" = 50000 ]
}

@test "7, publisher confirms, as they come: an id for each message once it is safe" {
	seq 50000 | mq-pub -I confirms >confirmed
	[ "$(wc -l <confirmed)" = 50000 ]
	mq-replay -f '%o\n' confirms | cmp - confirmed
}
