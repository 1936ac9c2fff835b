#!/usr/bin/env bats
# torture.bats - everything at once and everybody killed, and then a look at the history
#
# $MQ_TORTURE_SECONDS (30, under the sanitizers 10): how long it goes on.  tests/torture/run
# can be run by hand, for as long as one likes.

load lib/common
load lib/torture

setup_file() {
	export TORTURE_BIN=${MQ_BUILD:-$BATS_TEST_DIRNAME/../build/release}/torture
	export TORTURED=$BATS_FILE_TMPDIR/run
	local seconds=30
	if [ -n "${MQ_SANITIZED-}" ]; then
		# All of it is slower, and is to do as much between two kills.
		seconds=10
		export TORTURE_LIFE=1000 TORTURE_PAUSE=150
	fi
	PATH=${MQ_BIN:-$BATS_TEST_DIRNAME/../build/release/bin}:$PATH \
	    "$BATS_TEST_DIRNAME/torture/run" "$TORTURED" "${MQ_TORTURE_SECONDS:-$seconds}" \
	    >"$BATS_FILE_TMPDIR/found" 2>&1 3>&- || :
}

# The verifier is tried on the history of the tools as users build them.  Under the
# sanitizers too little happens in the time for every kind of doctoring to find its lines.
tries_the_verifier() {
	[ -z "${MQ_SANITIZED-}" ] || skip 'tried with the tools as users build them'
}

@test "publishers, consumers, handlers and workers are killed: all that was promised holds" {
	cat "$BATS_FILE_TMPDIR/found"
	run ! grep 'not so' "$BATS_FILE_TMPDIR/found"
	tail -n 1 "$BATS_FILE_TMPDIR/found" | grep -qx 'all [0-9]* properties hold'
}

@test "the verifier finds what is wrong with the log" {
	tries_the_verifier
	local id
	id=$(awk '$1 == "told" { print $3; exit }' "$TORTURED/history")
	finds "" log.in "\$1 != $id"
	assert_line --regexp "what was told is in the log: .* told as $id and is not in the log"
	finds "" log.in '{ print } NR == 20 { $1 = $1 1; print }'
	assert_line --regexp 'each message is in the log once: .* is in the log 2 times'
	finds "id " log.in 'NR == 20 { held = $0; next } { print } NR == 21 { print held }'
	finds "" log.in 'NR == 20 { $4 = ":other" } { print }'
	assert_line --regexp 'messages are as sent: not so: .* is not as sent: key "other"'
	finds "" log.in 'NR == 20 { $5 = "p9-1" } { print }'
	assert_line --regexp 'messages are as sent: not so: p9-1 .* was never sent'
	# A message that was not told, of a run that has later ones in the log.
	finds "" log.in 'NR % 3 { print }'
	assert_line --regexp "a publisher's messages are in order, without gaps: .* in the same run, is not"
	assert_line --regexp '^--atomic is all or nothing: not so: .* only some of its messages'
	finds "" history '/^end .* 0$/ { $3 = 74 } { print }'
	assert_line --regexp '^who is not killed ends well: not so: .* ended with status 74'
}

@test "the verifier finds what is wrong with deliveries" {
	tries_the_verifier
	finds "1 bodies were torn" history '{ print } END { print "torn work 1 1 work1.1" }'
	finds "" history '$1 == "start" && !n++ { $8 = "p9-1" } { print }'
	assert_line --regexp '^bodies are whole: not so: .* got p9-1 .* under the id of '
	finds "work: " history '!($2 == "work" && /^(start|done|settled)/)'
	assert_line --regexp '^nothing is lost: not so: work: .* came to no end, after 0 deliveries'
	finds "" history '/^rewound/ { gone = 1 } !(gone && $2 == "again" && /^(start|done|settled)/)'
	assert_line --regexp '^a rewound group gets everything again: not so: again: .* came to no end'
	finds "" history '{ print } $1 == "start" && $2 == "work" { was[$3] = $0 }
		$1 == "settled" && $2 == "work" && $5 == "ack" { again = was[$3] }
		END { $0 = again; $4 = $4 1; print }'
	assert_line --regexp '^what is settled does not come back: not so: work: .* was settled by .* and came back in '
	finds "" history '{ print } $1 == "start" && $2 == "work" && !n++ { $4 = $4 1; print }'
	assert_line --regexp '^one handler at a time has a message: not so: work: .* while .* had it'
	finds "" history '$1 == "start" && $2 == "work" && $5 == 1 { $5 = 4 } { print }'
	assert_line --regexp '^attempts are counted as they were: .* attempt 4 after 0 deliveries'
	finds "" history '$1 == "sent" && $7 > 0 { $7 = 2 substr($7, 2) } { print }'
	assert_line --regexp '^nothing comes before its time: not so: .* ms early'
	finds "" history '$1 == "start" && $2 == "topic" { $7 = ":b.k2" } { print }'
	assert_line --regexp '^a group gets what it is bound to: not so: topic: .* of key "b.k2"'
	finds "" history '$1 == "done" && $2 == "only" && $6 ~ /^only1/ { held = held $0 "\n"; next }
		{ print } END { printf "%s", held }'
	assert_line --regexp '^an exclusive group has one active consumer: not so: only: .* began in only.* while .* was at work in only1'
	finds "" history '$1 == "done" && $2 == "work" { held = held $0 "\n"; next }
		{ print } END { printf "%s", held }'
	assert_line --regexp '^max-leased is not exceeded: not so: work: [0-9]+ deliveries were out, not 3, when .* began'
	finds "" stat '$1 == "work" { $2 = 1; $3-- } { print }'
	assert_line 'counters agree with the log: not so: work: 1 messages are left'
	assert_line --regexp '^counters agree with the log: not so: work: .* acked, .* dead, .* expired, .* skipped of '
	finds "" history '$1 == "sent" && $7 == 0 { undelayed[$2] = 1 }
		$2 == "single" && (($1 == "start" && id == "" && $6 == 0 && undelayed[$8]) ||
		    ($3 == id && /^(start|done|settled)/)) {
			id = $3; held = held $0 "\n"; next
		}
		!/^kill single/ { print } END { printf "%s", held }'
	assert_line --regexp '^one consumer gets messages in order: not so: single: .* handed out after '
}

@test "the verifier finds what is wrong with the order of keys and priorities" {
	tries_the_verifier
	# The first delivery of a key's message comes last.
	finds "" history '$1 == "sent" && $7 == 0 { undelayed[$2] = 1 }
		$2 == "order" && (($1 == "start" && id == "" && $7 != ":" && undelayed[$8]) ||
		    ($3 == id && /^(start|done|settled)/)) {
			id = $3; held = held $0 "\n"; next
		}
		{ print } END { printf "%s", held }'
	assert_line --regexp '^ordered groups keep each key.s order: not so: order: key .* came after '
	finds "" history '{ print } $1 == "start" && $2 == "order" && $7 != ":" && again == "" { again = $0 }
		END { $0 = again; $4 = $4 1; print }'
	assert_line --regexp '^ordered groups keep each key.s order: not so: order: key .* came again after .* had begun'
	finds "" history '$1 == "done" && $2 == "order" { held = held $0 "\n"; next }
		{ print } END { printf "%s", held }'
	assert_line --regexp '^ordered groups keep each key.s order: not so: order: key .* began while .* was at work'
	finds "" history '$1 == "sent" { $6 = 9 } { print }'
	assert_line --regexp '^what is urgent goes first: not so: single: .* of priority [0-8] was handed out before .* of priority 9'
}

@test "the verifier finds what is wrong with dead letters and streams" {
	tries_the_verifier
	local id file
	finds "" log.dead '{ print } $2 == "doomed" && !n++'
	assert_line --regexp '^a dead letter is made once: not so: .* is a dead letter twice'
	finds "" log.dead '$2 != "doomed" || n++ % 2'
	assert_line --regexp '^counters agree with the log: not so: doomed: .* dead, and .* dead letters'
	finds "" log.dead 'NR == 5 { $6 = ":other" } { print }'
	assert_line --regexp '^a dead letter is made once: .* is not the message it says'
	finds "" log.dead '$5 ~ /^exit_1$|signal_9/ { $4 = 2 } { print }'
	assert_line --regexp '^a dead letter is deserved: .* after 2 attempts'
	finds "" log.dead '$5 !~ /exit_100|rejected/ { $5 = "exit_100" } { print }'
	assert_line --regexp '^a dead letter is deserved: .* nobody refused it'
	finds "" log.dead '$5 != "rejected"  && $2 == "manual"'
	assert_line --regexp '^nothing is lost: not so: work: .* came to no end'
	finds "" history '$1 == "settled" && $5 == "ack" { $5 = "reject" } { print }'
	assert_line --regexp '^what is rejected is a dead letter: .* was rejected and is no dead letter'
	file=$(cd "$TORTURED" && awk '$1 == "end" && $2 ~ /^stream/ && $3 == 0 { print "stream." $2 }' history |
		xargs wc -l | awk '$1 > 1 { print $2; exit }')
	id=$(awk '$1 == "sent" && $8 == 0 { lasts[$2] = 1 }
		$1 == "told" && lasts[$2] { print $3; exit }' "$TORTURED/history")
	# As texts: numbers of that size are equal to their neighbours.
	finds "" 'stream.*' "\$1 \"\" != \"$id\""
	assert_line --regexp "^streams are complete: not so: stream never got .*$id"
	cp "$TORTURED/$file" doctored/stream.stream1.999
	printf '%s\n' 'begin stream1.999' 'end stream1.999 0' >>doctored/history
	run -1 "$TORTURE_BIN/verify" doctored
	assert_line --regexp "^what a stream settled does not come back: not so: stream got .* in stream1.999\$"
}

@test "the verifier finds what is wrong with a filter's output" {
	tries_the_verifier
	finds "" 'out.*' '$4 == 2 { $3 = $3 1 } { print }'
	assert_line --regexp "^a filter's output is there once, all of it: not so: .* has outputs of two runs"
	finds "" 'out.*' '$4 != 2'
	assert_line --regexp "^a filter's output is there once, all of it: not so: .* has (1 outputs of 2|2 outputs of 3)"
	finds "" 'out.*' 0
	assert_line --regexp "^a filter's output is there once, all of it: not so: filter: the outputs of .* were not published"
	finds "" 'out.*' '{ print; $1 = substr($1, 2); print }'
	assert_line --regexp "^a filter's output is there once, all of it: not so: .* has [0-9]+ outputs of "
	finds "" history '$1 == "done" && $2 == "filter" { $5 = "die" } { print }'
	assert_line --regexp "^a filter's output is there once, all of it: not so: .* has outputs of a run that did not succeed"
}

# side_finds PROPERTY FILE PROGRAM: what the side's verification says of a doctored file.
side_finds() {
	rm -rf doctored
	mkdir doctored
	find "$TORTURED" -maxdepth 1 -type f -exec cp {} doctored \;
	awk "$3" "$TORTURED/$2" >"doctored/$2"
	TORTURE=$PWD/doctored MQ_SPOOL=$TORTURED/spool run -1 "$BATS_TEST_DIRNAME/torture/side" verify
	assert_line --partial "$1: not so: "
}

@test "the verification of what goes on beside finds what is wrong" {
	tries_the_verifier
	local temp
	temp=$(cd "$TORTURED" && wc -l temp.temp* | awk '$1 > 1 { print $2; exit }')
	side_finds 'a temporary group gets a message once' "$temp" '{ print; print }'
	side_finds 'a temporary group gets what is in the log' "$temp" '{ print $1 1 }'
	side_finds 'temporary groups go with their consumers' groups '$1 != "work"'
	side_finds 'a caller gets its reply' calls '$2 == 0 && !n++ { $4 = $4 1 } { print }'
	side_finds 'a caller gets its reply' calls '{ $2 = 137; print }'
	side_finds 'only what is dropped is missing' lossy.told \
	    '{ print } END { for (i = 1; i < 100000; i++) print i }'
	side_finds 'compaction loses nothing' packed.told '{ print } END { print 1 }'
	side_finds 'compaction ends well' compacted '{ print } END { print 74 }'
}
