#!/usr/bin/env bats
# mirror.bats - mq-pub --mirror: copies that are made again, in chains, in rings, after breaks

load lib/common
load lib/expect

# copy FROM TO [OPTION...]: copies what a queue retains; spools as in SPOOL:QUEUE.
copy() {
	local from=$1 to=$2
	shift 2
	mq-replay -J "$from" | mq-pub -J --mirror "$@" "$to"
}

# both_ways A B: everything from each to the other.
both_ways() {
	copy "$1" "$2"
	copy "$2" "$1"
}

uuid() {
	mq-stat -J "$1" | jq -r 'select(.uuid) | .uuid'
}

# bodies QUEUE: of its messages, on one line.
bodies() {
	mq-replay "$1" | paste -sd ' '
}

# header NAME QUEUE: of each message, as JSON.
header() {
	mq-replay -J "$2" | jq -c ".headers[\"$1\"]"
}

@test "--mirror: what it can't go with" {
	fails 64 'mq-pub: --mirror: only envelopes (-J) say what they are copies of' mq-pub --mirror q
	fails 64 'mq-pub: -i: not with --mirror, which gives each copy a message id' \
	    mq-pub -J --mirror -i x q
	fails 64 'mq-pub: --call: not with --mirror, which gives each copy a message id' \
	    mq-pub -J --mirror --call q
	[ ! -e spool/q ]
}

@test "--mirror: an envelope that does not say what it is a copy of" {
	local u=01234567-89ab-cdef-0123-456789abcdef line want
	while IFS=$'\t' read -r line want; do
		fails 65 "mq-pub: stdin: record 2: $want" mq-pub -J --mirror q <<<"{\"id\":\"1\",\"queue_uuid\":\"$u\"}"$'\n'"$line"
	done <<-END
		{"body":"x"}	no "id", which --mirror needs
		{"queue_uuid":"$u"}	no "id", which --mirror needs
		{"id":"","queue_uuid":"$u"}	no "id", which --mirror needs
		{"id":"2"}	no "queue_uuid", which --mirror needs
		{"id":"2","queue":"q"}	no "queue_uuid", which --mirror needs
		{"id":"2","queue_uuid":""}	"queue_uuid" is no UUID
		{"id":"2","queue_uuid":"${u}0"}	"queue_uuid" is no UUID
		{"id":"2","queue_uuid":"${u^^}"}	"queue_uuid" is no UUID
		{"id":"2","queue_uuid":"${u/-/0}"}	"queue_uuid" is no UUID
		{"id":"123456789012345678901234567890123456789012345678","queue_uuid":"$u"}	"id" is longer than any id
	END
	[ "$(messages q)" = 1 ]
	printf '{"id":"%s","queue_uuid":"%s","body":"%s"}\n' 2 "$u" two 3 x bad 4 "$u" four >in
	run -0 --separate-stderr mq-pub -J --mirror --reject-to bad q <in
	[ "$stderr" = 'mq-pub: bad: 1 bad record was put there' ]
	[ "$(cat bad)" = '{"id":"3","queue_uuid":"x","body":"bad"}' ]
	[ "$(bodies q)" = ' two four' ]
	# Without --mirror none of that matters.
	mq-pub -J plain <<<'{"id":"2","queue_uuid":"x","body":"x"}'
	[ "$(messages plain)" = 1 ]
}

@test "--mirror: a table may be the source, but not the target" {
	mq-pub -k k a old new
	mq-ctl create b
	mq-ctl set b compact=key
	mq-replay -J a >in
	fails 78 'mq-pub: b: --mirror: with compact=key a copy of what was replaced would replace what is newer; mirror into a queue without it, whose state mq-replay --latest gives' \
	    mq-pub -J --mirror b <in
	[ "$(messages b)" = 0 ]
	mq-ctl set b compact=off
	mq-pub -J --mirror b <in
	mq-pub -J --mirror b <in
	[ "$(bodies b)" = 'old new' ]
	[ "$(mq-replay --latest b)" = new ]
	mq-ctl set a compact=key
	copy a c
	[ "$(bodies c)" = new ]
}

@test "--mirror: a target that becomes a table meanwhile is refused with the next batch" {
	local status=0
	mq-pub -k k a old new
	mq-replay -J a >copies
	mq-ctl create b
	mkfifo in
	mq-pub -J --mirror b <in 2>said 3>&- &
	exec 9>in
	head -n 1 copies >&9
	until_true '[ "$(messages b)" = 1 ]'
	mq-ctl set b compact=key
	tail -n 1 copies >&9
	exec 9>&-
	wait $! || status=$?
	[ "$status" = 78 ]
	[[ $(cat said) == 'mq-pub: b: --mirror: with compact=key a copy of '*' (1 message was published before)' ]]
	[ "$(bodies b)" = old ]
}

@test "--mirror: repeating a copy makes no doubles" {
	local ids
	mq-pub a one two three
	ids=$(copy a b -I)
	[ "$(mq-replay -f '%o\n' b)" = "$ids" ]
	[ "$(copy a b -I)" = "$ids" ]
	mq-pub a four
	[ "$(copy a b -I | head -n 3)" = "$ids" ]
	[ "$(bodies b)" = 'one two three four' ]
	# From a file, as often, and cut short.
	mq-replay -J a >file
	head -n 2 file | mq-pub -J --mirror c
	mq-pub -J --mirror c <file
	mq-pub -J --mirror --atomic c <file
	[ "$(bodies c)" = 'one two three four' ]
	# Without --mirror each is a message.
	mq-replay -J a | mq-pub -J b
	[ "$(messages b)" = 8 ]
	mq-ctl check -q
}

@test "--mirror: what a copy knows of its origin" {
	local id id2
	id=$(mq-pub -I -i mine -H x=1 a body)
	id2=$(mq-pub -I a other)
	copy a b
	[ "$(mq-replay -J b | jq -r .message_id)" = "$(uuid a):$id"$'\n'"$(uuid a):$id2" ]
	[ "$(header mq-origin-message-id b)" = $'"mine"\nnull' ]
	[ "$(header mq-mirrored-from b | sort -u)" = "\"$(uuid a)\"" ]
	[ "$(header mq-origin-id b)" = "\"$id\""$'\n'"\"$id2\"" ]
	[ "$(header mq-origin-queue b | sort -u)" = '"a"' ]
	# A copy of a copy tells the same, and the way it went.
	copy b c
	[ "$(mq-replay -J c | jq -r .message_id)" = "$(uuid a):$id"$'\n'"$(uuid a):$id2" ]
	[ "$(header mq-mirrored-from c | sort -u)" = "[\"$(uuid a)\",\"$(uuid b)\"]" ]
	for header in mq-origin-{id,queue,time,message-id}; do
		[ "$(header "$header" c)" = "$(header "$header" b)" ]
	done
	# Options fill what envelopes lack, as without --mirror.
	mq-replay -J a | mq-pub -J --mirror -k key -H via=ssh d
	[ "$(mq-replay -f '%k\n' d)" = $'key\nkey' ]
	[ "$(header via d)" = $'"ssh"\n"ssh"' ]
	[ "$(header mq-mirrored-from d | sort -u)" = "\"$(uuid a)\"" ]
}

@test "--mirror: by two ways, once" {
	mq-pub a 1 2
	copy a b
	copy a c
	copy b d
	copy c d
	copy a d
	[ "$(bodies d)" = '1 2' ]
}

@test "--mirror: there and back, and in a ring, everything is everywhere once" {
	local i
	mq-pub a a1 a2
	mq-pub b b1
	for i in 1 2 3; do
		both_ways a b
	done
	[ "$(bodies a)" = 'a1 a2 b1' ]
	[ "$(bodies b)" = 'b1 a1 a2' ]
	mq-pub c c1
	for i in 1 2 3; do
		copy a b
		copy b c
		copy c a
	done
	for i in a b c; do
		[ "$(bodies $i | tr ' ' '\n' | sort | paste -sd ' ')" = 'a1 a2 b1 c1' ]
	done
	# What went through a queue does not come back to it, also where it is not retained any more.
	mq-ctl purge a
	both_ways a b
	[ "$(bodies a)" = b1 ]
	mq-ctl purge a
	mq-ctl purge c
	copy b c
	copy c a
	[ "$(bodies c)" = 'b1 a1 a2' ]
	[ "$(bodies a)" = b1 ]
	[ "$(messages b)" = 4 ]
	# Into itself nothing is copied.
	copy b b
	[ "$(messages b)" = 4 ]
}

@test "--mirror: a ring that does not go through the origin" {
	mq-pub x 1
	copy x a
	both_ways a b
	mq-ctl purge a
	both_ways a b
	both_ways a b
	[ "$(messages a)" = 0 ]
	[ "$(messages b)" = 1 ]
}

@test "--mirror: ids and receipts of what has been there, in their places" {
	local ids
	mq-pub a a1 a2
	mq-pub b b1 b2 b3
	mq-replay -J b | jq -c '.receipt = "b/g/" + .id + ".1"' >b.in
	mq-replay -J a | jq -c '.receipt = "a/g/" + .id + ".1"' >a.in
	{ sed -n 1p b.in; sed -n 1p a.in; sed -n 2,3p b.in; sed -n 2p a.in; sed -n 1p b.in; } >in
	mq-pub -J --mirror --receipts b <in >out
	cmp out <(jq -r .receipt in)
	[ "$(bodies b)" = 'b1 b2 b3 a1 a2' ]
	ids=$(mq-pub -J --mirror -I b <in)
	[ "$(paste -sd ' ' <<<"$ids")" = "- $(mq-replay -f '%o' --since "$(mq-replay -f '%o\n' b | sed -n 4p)" -c 1 b) - - $(mq-replay -f '%o' --last 1 b) -" ]
	# Only what has been there: many, and the output does not wait for the end.
	for _ in {1..3000}; do cat b.in; done | mq-pub -J -v --mirror --receipts b >out 2>err
	[ "$(sort -u out | wc -l)" = 3 ]
	[ "$(wc -l <out)" = 9000 ]
	grep -qx 'mq-pub: b: 9000 messages were not published: they have been there' err
}

@test "--mirror: a dead letter of a copy, and a filter's output, are messages of their own" {
	mq-pub -i mine a poison
	copy a b
	mq-sub -e b -- sh -c 'exit 65' || [ $? = 1 ]
	[ "$(messages b.dead)" = 1 ]
	# Into the queue that it came from, and into one where the message is.
	copy b.dead a
	[ "$(bodies a)" = 'poison poison' ]
	copy b.dead b
	[ "$(messages b)" = 2 ]
	[ "$(header mq-mirrored-from a | tail -n 1)" = "\"$(uuid b.dead)\"" ]
	copy b.dead b
	[ "$(messages b)" = 2 ]
	mq-sub -e b/g --to c --copy-meta -- sh -c 'tr a-z A-Z'
	copy c a
	copy c a
	[ "$(bodies a)" = 'poison poison POISON POISON' ]
}

@test "--mirror: headers that fill their room are copied without the way" {
	local n
	for n in 65000 65400 65450 65500 65520 65533; do
		perl -e 'print "{\"headers\":{\"n\":\"", "x" x $ARGV[0], "\"},\"message_id\":\"m$ARGV[0]\"}\n"' "$n" | mq-pub -J a
	done
	copy a b
	copy a b
	[ "$(messages b)" = 6 ]
	[ "$(mq-replay -J b | jq '.headers.n | length' | paste -sd ' ')" = '65000 65400 65450 65500 65520 65533' ]
	copy b a
	[ "$(messages a)" = 6 ]
	[ "$(header mq-mirrored-from b | grep -c null)" -ge 1 ]
	copy b c
	copy b c
	[ "$(messages c)" = 6 ]
}
