#!/usr/bin/env bats
# kafka-quickstart.bats - Kafka's quick start, as a reader of its text would type it here
#
# Each test begins with what the text does with Kafka's own scripts.  Consumers that the text
# leaves running in a terminal run in the background.

load lib/common

# started COMMAND...: in the background, until the test ends.
started() {
	"$@" 3>&- &
}

@test "get and start: there is nothing to start" {
	# bin/kafka-storage.sh format ...; bin/kafka-server-start.sh config/server.properties
	run -0 mq-pub --version
	untouched
	mq-pub quickstart-events 'the first message makes all there is'
	[ "$(mq-ctl list | grep -v /)" = quickstart-events ]
}

@test "create a topic, and describe it" {
	# bin/kafka-topics.sh --create --topic quickstart-events --bootstrap-server localhost:9092
	mq-ctl create quickstart-events
	# bin/kafka-topics.sh --list
	[ "$(mq-ctl list --queues)" = quickstart-events ]
	# bin/kafka-topics.sh --describe --topic quickstart-events
	run -0 mq-ctl show quickstart-events
	assert_line retain=7d
	# Making it again is an error, or not, as one likes.
	run -78 mq-ctl create quickstart-events
	mq-ctl create -p quickstart-events
}

@test "change how long a topic keeps its events" {
	mq-ctl create quickstart-events
	# bin/kafka-configs.sh --alter --entity-type topics --add-config retention.ms=3600000
	mq-ctl set quickstart-events retain=1h
	[ "$(mq-ctl show --changed quickstart-events)" = retain=1h ]
}

@test "write some events into the topic" {
	# bin/kafka-console-producer.sh --topic quickstart-events
	# > This is my first event
	# > This is my second event
	# > ^D
	mq-pub quickstart-events <<-END
		This is my first event
		This is my second event
	END
	# ... --property parse.key=true --property key.separator=:
	mq-pub -K : quickstart-events <<<'key:value'
	[ "$(mq-replay -f '%k=%s\n' --last 1 quickstart-events)" = key=value ]
}

@test "read the events from the beginning, as often and by as many as one likes" {
	mq-pub quickstart-events 'This is my first event' 'This is my second event'
	# bin/kafka-console-consumer.sh --topic quickstart-events --from-beginning
	local i
	for i in 1 2; do
		run -0 mq-replay quickstart-events
		assert_output $'This is my first event\nThis is my second event'
	done
	# In another terminal, while more is written.
	started mq-replay -F quickstart-events >follower
	mq-pub quickstart-events 'This is my third event'
	until_true '[ "$(wc -l <follower)" = 3 ]'
	# ... --partition 0 --offset N, and from a time (kcat -o s@...)
	id=$(mq-replay -f '%o\n' quickstart-events | sed -n 2p)
	[ "$(mq-replay --since "$id" quickstart-events | head -n 1)" = 'This is my second event' ]
	[ "$(mq-replay --since -1h quickstart-events | wc -l)" = 3 ]
	# kcat -C -o -1
	[ "$(mq-replay --last 1 quickstart-events)" = 'This is my third event' ]
}

@test "several consumer groups, each with all of it, at its own pace" {
	seq 10 | mq-pub quickstart-events
	# bin/kafka-console-consumer.sh --topic quickstart-events --group first --from-beginning
	mq-sub -e quickstart-events/first | cmp - <(seq 10)
	[ "$(mq-sub -c 3 quickstart-events/second)" = $'1\n2\n3' ]
	# It goes on where it was.
	[ "$(mq-sub -c 2 quickstart-events/second)" = $'4\n5' ]
	# Without --from-beginning: only what is written from now on.
	mq-ctl create --from newest quickstart-events/third
	mq-pub quickstart-events 11
	[ "$(mq-sub -e quickstart-events/third)" = 11 ]
	# bin/kafka-consumer-groups.sh --list; --describe --group second: LAG
	run -0 sh -c 'mq-ctl list quickstart-events | grep /'
	assert_output $'quickstart-events/first\nquickstart-events/second\nquickstart-events/third'
	[ "$(depth quickstart-events/second)" = 6 ]
	# Two consumers of a group share its messages.
	seq 12 21 | mq-pub quickstart-events
	started mq-sub quickstart-events/shared -- sh -c 'echo "$(cat)" >>shared'
	started mq-sub quickstart-events/shared -- sh -c 'echo "$(cat)" >>shared'
	until_true '[ "$(grep -c . shared)" = 21 ]'
	cmp <(grep . shared | sort -n) <(seq 21)
}

@test "the members of a group" {
	mq-pub quickstart-events 1
	# bin/kafka-consumer-groups.sh --describe --members
	started mq-sub quickstart-events/first >out
	until_true 'mq-ctl show quickstart-events | grep -q "^# consumer $! of first: "'
}

@test "reset the offsets of a group" {
	seq 10 | mq-pub quickstart-events
	mq-sub -e quickstart-events/g >/dev/null
	# bin/kafka-consumer-groups.sh --reset-offsets --group g --topic ... --to-earliest --dry-run
	run -0 mq-replay --rewind --to oldest --dry-run quickstart-events/g
	assert_output --partial '10 messages to settle, 0 before'
	[ "$(depth quickstart-events/g)" = 0 ]
	# ... --execute
	mq-replay -q --rewind --to oldest quickstart-events/g
	mq-sub -e quickstart-events/g | cmp - <(seq 10)
	# --shift-by -3
	mq-replay -q --rewind --to -3 quickstart-events/g
	mq-sub -e quickstart-events/g | cmp - <(seq 8 10)
	# --to-datetime, --to-offset, --to-latest
	mq-replay -q --rewind --to -1h quickstart-events/g
	[ "$(depth quickstart-events/g)" = 10 ]
	mq-replay -q --rewind --to "$(mq-replay -f %o --last 1 quickstart-events)" quickstart-events/g
	[ "$(depth quickstart-events/g)" = 1 ]
	mq-replay -q --rewind --to newest quickstart-events/g
	[ "$(depth quickstart-events/g)" = 0 ]
}

@test "import and export: files as streams of events" {
	# echo -e "foo\nbar" >test.txt; bin/connect-standalone.sh ... source and sink
	printf 'foo\nbar\n' >test.txt
	# Not one pipeline in a shell: that would outlive the shell.
	mkfifo lines
	started sh -c 'exec tail -n +1 -f test.txt >lines'
	started sh -c 'exec mq-pub connect-test <lines'
	until_true 'mq-replay -q connect-test 2>/dev/null | cmp -s - test.txt'
	started mq-sub connect-test/sink >test.sink.txt
	echo 'Another line' >>test.txt
	until_true 'cmp -s test.txt test.sink.txt'
}

@test "process the events: WordCount, from one queue into another, exactly once" {
	printf '%s\n' 'all streams lead to kafka' 'hello kafka streams' | mq-pub streams-plaintext-input
	# textLines.flatMapValues(split).groupBy(word).count().to("output-topic")
	mq-sub -e streams-plaintext-input/split --to words -- sh -c "tr -s ' ' '\\n'"
	[ "$(mq-replay words | paste -sd ' ')" = 'all streams lead to kafka hello kafka streams' ]
	mq-replay words | sort | uniq -c | awk '{ print $2 ":" $1 }' | mq-pub -K : streams-wordcount-output
	# A table: the newest of each key.
	echo kafka:3 | mq-pub -K : streams-wordcount-output
	run -0 sh -c "mq-replay --latest -f '%k %s\\n' streams-wordcount-output | sort"
	assert_output $'all 1\nhello 1\nkafka 3\nlead 1\nstreams 2\nto 1'
	# What fails in between is tried again, and its output is there once.
	mq-pub streams-plaintext-input 'once more'
	MQ_TRIES=$PWD/tries mq-sub -W 3s -c 1 streams-plaintext-input/split --to words -- \
	    sh -c 'tr -s " " "\n"; echo >>"$MQ_TRIES"; [ "$(wc -l <"$MQ_TRIES")" -ge 2 ]' || :
	until_true 'mq-sub -e streams-plaintext-input/split --to words -- tr -s " " "\n"; [ "$(depth streams-plaintext-input/split)" = 0 ]'
	[ "$(mq-replay --last 2 words)" = $'once\nmore' ]
	[ "$(mq-replay words | grep -c once)" = 1 ]
}

@test "terminate: there is nothing to stop; delete what is not needed" {
	mq-pub quickstart-events 1
	# bin/kafka-topics.sh --delete --topic quickstart-events; rm -rf /tmp/kafka-logs
	mq-ctl delete quickstart-events
	[ -z "$(mq-ctl list)" ]
}
