#!/usr/bin/env bats
# mq-ack.bats - every option and every error of mq-ack

load lib/common
load lib/expect

# take N [OPTION...]: N deliveries of q/g, as mq-sub -m prints them, in ./took; their
# receipts in the array r.  They outlive it by half a minute.
take() {
	local count=$1
	shift
	mq-sub -m -c "$count" "$@" q/g >took
	mapfile -t r < <(cut -f 1 took)
	[ "${#r[@]}" = "$count" ]
}

# numbers ACKED RETRIED RELEASED REJECTED: those of q/g.  A broker tells of acks late, or not at
# all if their channel was soon closed.
numbers() {
	[ -n "${MQ_CLUSTER-}" ] || has acked q/g "$1"
	has retried q/g "$2"
	has released q/g "$3"
	has rejected q/g "$4"
}

# -------------------------------------------------------------------- where from

@test "operands: each is settled; nothing is said, stdin is not read" {
	mq-pub q a b c
	take 3
	run -0 --separate-stderr mq-ack "${r[0]}" "${r[2]}" </
	assert_output ''
	[ "$stderr" = '' ]
	numbers 2 0 0 0
	has depth q/g 1
	[ "$(sed -n 2p took)" = "${r[1]}"$'\tb' ]
	mq-ack -- "${r[1]}"
	has depth q/g 0
}

@test "stdin: the first field of each line, up to a tab or a blank" {
	mq-pub q one 'two words' '' four
	take 4
	{
		sed -n 1,2p took
		echo "${r[2]}"
		printf '%s and so on' "${r[3]}"
	} | mq-ack
	numbers 4 0 0 0
	has depth q/g 0
}

@test "stdin: nothing on it settles nothing, 0" {
	run -0 --separate-stderr mq-ack </dev/null
	[ "$stderr" = '' ]
}

@test "stdin: envelopes, with and without -J" {
	seq 4 | mq-pub -k key -H a=b q
	take 2 -J
	mq-ack <took
	take 2 -J
	mq-ack --envelopes <took
	has depth q/g 0
}

@test "stdin: an envelope whose body is long, or holds receipts, is one envelope" {
	local first
	mq-pub q first
	take 1
	first=${r[0]}
	{ printf '%s {"receipt":"q/g/1.1"} ' "$first"; head -c 3000000 /dev/zero | tr '\0' x; } |
		mq-pub -1 q
	take 1 -J
	mq-ack <took
	has depth q/g 1
	mq-ack "$first"
	has depth q/g 0
}

@test "stdin: a line that goes on for megabytes behind its receipt" {
	head -c 3000000 /dev/zero | tr '\0' x | mq-pub -1 q
	mq-pub q two
	take 2
	mq-ack <took
	has depth q/g 0
}

@test "-0: records end in NUL" {
	mq-pub q $'two\nlines' b c
	mq-sub -m -c 1 -0 q/g | mq-ack -0
	take 2
	printf '%s\0%s' "${r[@]}" | mq-ack --null
	has depth q/g 0
}

@test "-0 -J: envelopes that end in NUL" {
	mq-pub q a b
	mq-sub -m -e -J q/g | jq . | tr '\n' ' ' | sed 's/} *{/}\x00{/g' | mq-ack -J -0
	has depth q/g 0
}

@test "receipts of several queues and groups in one run" {
	mq-pub one a b
	mq-pub two c
	{
		mq-sub -m -e one/g
		mq-sub -m -e one/h
		mq-sub -m -e two/g
	} >all
	[ "$(wc -l <all)" = 5 ]
	sort -R all | mq-ack
	has depth one/g 0
	has depth one/h 0
	has depth two/g 0
}

@test "many thousands of receipts, in any order" {
	# A broker looks at all that is unsettled for each that is not the first.
	local n=30000
	[ -z "${MQ_CLUSTER-}" ] || n=5000
	seq "$n" | mq-pub q
	mq-sub -m -e --prefetch 50000 q/g >all
	[ "$(wc -l <all)" = "$n" ]
	sort -R all | mq-ack
	numbers "$n" 0 0 0
	has depth q/g 0
}

@test "a slow pipe: what is there is settled while more is waited for" {
	local pid
	mq-pub q a b c
	take 3
	mkfifo in
	mq-ack <in 3>&- &
	pid=$!
	exec 7>in
	echo "${r[0]}" >&7
	until_true '[ "$(depth q/g)" = 2 ]'
	printf '%s\tb\n%s' "${r[1]}" "${r[2]%??}" >&7
	until_true '[ "$(depth q/g)" = 1 ]'
	kill -0 "$pid"
	printf '%s' "${r[2]: -2}" >&7
	exec 7>&-
	wait "$pid"
	has depth q/g 0
}

@test "mq-sub -m | worker | mq-ack: at least once, end to end" {
	seq 500 | mq-pub q
	mq-sub -m -e --prefetch 20 q/g | while IFS=$'\t' read -r receipt body; do
		echo "$body" >>done
		echo "$receipt"
	done | mq-ack
	[ "$(cat done)" = "$(seq 500)" ]
	numbers 500 0 0 0
	has depth q/g 0
}

@test "mq-sub -m | worker that fails | mq-ack: what it did not print comes back" {
	mq-ctl create q/g
	mq-ctl set q/g lease=1s
	seq 20 | mq-pub q
	mq-sub -m -c 10 q/g | sed 7q | mq-ack
	has acked q/g 7
	until_true 'mq-sub -e q/g >>rest || :; [ "$(depth q/g)" = 0 ]'
	[ "$(sort -n rest)" = "$(seq 8 20)" ]
}

# ------------------------------------------------------------------------- how

@test "--retry: again after the group's backoff, counted" {
	mq-ctl create q/g
	mq-ctl set q/g backoff=10m..20m
	mq-pub q one
	take 1
	mq-ack --retry "${r[0]}"
	numbers 0 1 0 0
	has delayed q/g 1
	MQ_NOW=+8m run -1 mq-sub -e q/g
	MQ_NOW=+12m take 1 -f '%r\t%a\n'
	[ "$(cut -f 2 took)" = 2 ]
	# Twice as long.
	MQ_NOW=+12m mq-ack --retry "${r[0]}"
	MQ_NOW=+28m run -1 mq-sub -e q/g
	MQ_NOW=+36m run -0 mq-sub -e -f '%s %a' q/g
	assert_output 'one 3'
}

@test "--retry -d: after that delay; 0 is at once" {
	mq-pub q one
	take 1
	mq-ack --retry -d 1h "${r[0]}"
	MQ_NOW=+59m run -1 mq-sub -e q/g
	MQ_NOW=+61m take 1
	echo "${r[0]}" | MQ_NOW=+61m mq-ack --retry --delay=0
	MQ_NOW=+61m run -0 mq-sub -e -f '%s %a' q/g
	assert_output 'one 3'
}

@test "--retry: past max-attempts a dead letter" {
	mq-ctl create q/g
	mq-ctl set q/g max-attempts=2
	mq-pub -k key -H a=b q one
	take 1
	mq-ack --retry -d 0s "${r[0]}"
	[ -z "$(messages q.dead)" ]
	take 1
	mq-ack --retry -d 1h "${r[0]}"
	has depth q/g 0
	has dead q/g 1
	run -0 sh -c 'mq-replay -J q.dead | jq -c "[.key, .headers.a, .body, .headers[\"mq-dead-attempts\"]]"'
	assert_output '["key","b","one","2"]'
}

@test "--release: again at once, uncounted" {
	mq-pub q a b
	take 2
	mq-ack --release "${r[@]}"
	numbers 0 0 2 0
	run -0 mq-sub -e -f '%s %a\n' q/g
	assert_output $'a 1\nb 1'
}

@test "--release wakes a consumer that waits" {
	local pid before
	mq-pub q one
	take 1
	before=$(field consumers q/g)	# on a cluster, who holds the receipts
	mq-sub -c 1 q/g >out 3>&- &
	pid=$!
	until_true '[ "$(field consumers q/g)" = $((before + 1)) ]'
	mq-ack --release "${r[0]}"
	wait "$pid"
	[ "$(cat out)" = one ]
}

@test "--reject: a dead letter, with the reason or without" {
	mq-pub -k key -H a=b q one two three
	take 3
	mq-ack --reject='the reason: größer' "${r[0]}"
	mq-ack --reject "${r[1]}"
	mq-ack --reject= "${r[2]}"
	numbers 0 0 0 3
	has dead q/g 3
	has depth q/g 0
	mq-replay -J q.dead >dead
	run -0 jq -r '[.body, .key, .headers.a, .headers["mq-dead-reason"], .headers["mq-dead-queue"],
	    .headers["mq-dead-group"], .headers["mq-dead-attempts"]] | join("|")' dead
	assert_output 'one|key|b|the reason: größer|q|g|1
two|key|b|rejected|q|g|1
three|key|b|rejected|q|g|1'
	[ "$(jq -r '.headers["mq-dead-id"]' dead)" = "$(mq-replay -f '%o\n' q)" ]
	run -0 jq -r '.headers["mq-dead-time"]' dead
	assert_line -n 0 --regexp '^20[0-9]{2}-[0-9]{2}-[0-9]{2}T.*Z$'
}

@test "--reject: control characters in a reason do no harm" {
	mq-pub q one
	take 1
	mq-ack --reject=$'a\033[31mb' "${r[0]}"
	run -0 sh -c 'mq-replay -J q.dead | jq -r ".headers[\"mq-dead-reason\"]"'
	assert_output 'a?[31mb'
}

@test "--reject: to the queue that dead-letter names" {
	mq-ctl create q/g
	mq-ctl set q dead-letter=morgue
	mq-pub q one
	take 1
	mq-ack --reject "${r[0]}"
	run -0 mq-replay morgue
	assert_output one
	missing q.dead
}

@test "--reject: a dead-letter queue is made even if MQ_AUTOCREATE=no" {
	mq-pub q one
	take 1
	MQ_AUTOCREATE=no mq-ack --reject "${r[0]}"
	run -0 mq-replay q.dead
	assert_output one
}

@test "--reject: a dead-letter queue that can't be written: 74, and the message is kept" {
	mq-pub q one two
	take 2
	echo garbage >"$MQ_SPOOL/q.dead"
	run -74 --separate-stderr mq-ack --reject "${r[0]}"
	[[ "$stderr" = *"$MQ_SPOOL/q.dead: not a queue: not a directory" ]]
	has depth q/g 2
	has dead q/g 0
	rm "$MQ_SPOOL/q.dead"
	mq-ack "${r[1]}"
	MQ_NOW=+1h run -0 mq-sub -e q/g
	assert_output one
}

@test "--extend: a lease that would end holds; its receipt stays good" {
	local pid
	mq-ctl create q/g
	mq-ctl set q/g lease=1ms
	mq-pub q short long
	mq-sub -m q/g >took 3>&- &
	pid=$!
	until_true '[ "$(wc -l <took)" = 2 ]'
	mapfile -t r < <(cut -f 1 took)
	mq-ack --extend 1h "${r[1]}"
	kill -TERM "$pid"
	wait "$pid"
	# Of the two, only what was not extended comes back.
	run -0 mq-sub -W 10s -c 1 -f '%s %a' q/g
	assert_output 'short 2'
	run -1 mq-sub -W 300ms q/g
	has leased q/g 1
	mq-ack --extend 2h "${r[1]}"
	mq-ack "${r[1]}"
	has depth q/g 0
}

@test "--extend: when that is over as well, it comes back, counted" {
	local pid
	mq-ctl create q/g
	mq-ctl set q/g lease=1ms
	mq-pub q one
	mq-sub -m q/g >took 3>&- &
	pid=$!
	until_true '[ "$(wc -l <took)" = 1 ]'
	mq-ack --extend 200ms <took
	numbers 0 0 0 0
	kill -TERM "$pid"
	wait "$pid"
	mq-sub -m -l 1h -c 1 q/g >again
	fails_stale "$(cut -f 1 took)" mq-ack "$(cut -f 1 took)"
	mq-ack --release <again
	run -0 mq-sub -e -f '%a' q/g
	assert_output 2
}

@test "--extend: never less time than there was" {
	mq-pub q one
	take 1
	mq-ack --extend 1ms "${r[0]}"
	run -1 mq-sub -W 300ms q/g
	mq-ack "${r[0]}"
}

@test "--extend: a lease with a time of its own (-l)" {
	mq-pub q one
	take 1 -l 300ms
	mq-ack --extend=1h "${r[0]}"
	run -1 mq-sub -W 1s q/g
	mq-ack "${r[0]}"
	has depth q/g 0
}

# ----------------------------------------------------------------- stale and wrong

@test "a stale receipt: 66, named; the others are settled" {
	local i
	mq-pub q a b c
	take 3
	mq-ack "${r[1]}"
	fails_stale "${r[1]}" mq-ack "${r[@]}"
	has depth q/g 0
	numbers 3 0 0 0
	run -66 --separate-stderr mq-ack <took
	for i in 0 1 2; do
		says_stale "${stderr_lines[i]}" "${r[i]}"
	done
	[ "${#stderr_lines[@]}" = 3 ]
}

@test "the same receipt twice in a run: the second is stale" {
	mq-pub q a
	take 1
	fails_stale "${r[0]}" mq-ack "${r[0]}" "${r[0]}"
	numbers 1 0 0 0
	has depth q/g 0
}

@test "the first settling wins, whichever way the second goes" {
	local way ways=(--retry --release --reject '')
	[ -n "${MQ_CLUSTER-}" ] || ways+=('--extend 1h')
	mq-pub q a
	take 1
	mq-ack --release "${r[0]}"
	for way in "${ways[@]}"; do
		# shellcheck disable=SC2086 # an option and its argument
		fails_stale "${r[0]}" mq-ack $way "${r[0]}"
	done
	numbers 0 0 1 0
	run -0 mq-sub -e -f '%s %a' q/g
	assert_output 'a 1'
}

@test "a later delivery has another receipt; the earlier one does not settle it" {
	local first
	mq-pub q a
	take 1
	first=${r[0]}
	mq-ack --release "$first"
	take 1
	[ "$first" != "${r[0]}" ]
	fails_stale "$first" mq-ack "$first"
	has depth q/g 1
	mq-ack "${r[0]}"
}

@test "a receipt of a queue or a group that is not there: 66; the others are settled" {
	mq-pub q a
	take 1
	run -66 --separate-stderr mq-ack nosuch/g/1.2 q/nosuch/1.2 "${r[0]}"
	[ "${stderr_lines[0]}" = "mq-ack: nosuch/g/1.2: nosuch: no such queue in $MQ_SPOOL" ]
	[ "${stderr_lines[1]}" = 'mq-ack: q/nosuch/1.2: q/nosuch: no such group' ]
	[ "${#stderr_lines[@]}" = 2 ]
	has depth q/g 0
	missing nosuch
	[ ! -e "$MQ_SPOOL/q/nosuch.group.mdb" ]
}

@test "a receipt of another spool: 66, and nothing is settled there" {
	mq-pub -s other q a
	mq-pub q a
	mq-sub -s other -m -c 1 q/g >took
	mq-sub -m -c 1 q/g >mine
	fails_stale "$(cut -f 1 took)" mq-ack "$(cut -f 1 took)"
	has depth q/g 1
	mq-ack -s other <took
	mq-ack <mine
	fails 66 "mq-ack: $(cut -f 1 mine): gone: no such spool" mq-ack -s gone "$(cut -f 1 mine)"
	[ ! -e gone ]
}

@test "ids and leases that were never given: 66" {
	mq-pub q a
	take 1
	fails_stale "q/g/1.${r[0]##*.}" mq-ack "q/g/1.${r[0]##*.}"
	fails_stale "${r[0]%.*}.1" mq-ack "${r[0]%.*}.1"
	has depth q/g 1
}

@test "an operand that is no receipt: 64; what came before it is settled" {
	local bad why='a receipt is QUEUE/GROUP/ID.LEASE'
	mq-pub q a b
	take 2
	fails 64 "mq-ack: nonsense: not a receipt: $why" mq-ack "${r[0]}" nonsense "${r[1]}"
	has depth q/g 1
	for bad in q q/g q/g/1 q/g/1. q/g/.1 q/g/1.x q/g/x.1 q/g/-1.1 'q/g/1.1 ' /g/1.1 q//1.1 \
	    q/g/1.2.3 q/g/99999999999999999999.1 .q/g/1.1 q/g/h/1.1; do
		run -64 --separate-stderr mq-ack "$bad"
		[[ "$stderr" = "mq-ack: $bad: not a receipt: "* ]]
	done
	fails 64 "mq-ack: '': no receipt in it" mq-ack ''
	has depth q/g 1
}

@test "a line that is no receipt: 65, with its number; what came before it is settled" {
	mq-pub q a b c
	take 3
	printf '%s\n' "${r[0]}" "${r[1]}" nonsense "${r[2]}" >lines
	run -65 --separate-stderr mq-ack <lines
	[ "$stderr" = 'mq-ack: stdin: line 3: nonsense: not a receipt: a receipt is QUEUE/GROUP/ID.LEASE' ]
	has depth q/g 1
	run -65 --separate-stderr mq-ack < <(printf '%s\n\n' "${r[2]}")
	[ "$stderr" = 'mq-ack: stdin: line 2: no receipt in it' ]
	has depth q/g 0
	run -65 --separate-stderr mq-ack < <(head -c 3000000 /dev/zero | tr '\0' x)
	[ "$stderr" = 'mq-ack: stdin: line 1: not a receipt' ]
	run -65 --separate-stderr mq-ack < <(printf 'q/g/1.1\0\n')
	[ "$stderr" = 'mq-ack: stdin: line 1: not a receipt' ]
}

@test "an envelope that is none, or has no receipt: 65, with its number" {
	run -65 --separate-stderr mq-ack <<<'{"body":"b"}'
	[ "$stderr" = 'mq-ack: stdin: line 1: no "receipt" in it' ]
	run -65 --separate-stderr mq-ack <<<'{"receipt":3}'
	[ "$stderr" = 'mq-ack: stdin: line 1: "receipt" is a number, not a string' ]
	run -65 --separate-stderr mq-ack <<<'{"receipt":"x"}'
	[ "$stderr" = 'mq-ack: stdin: line 1: x: not a receipt: a receipt is QUEUE/GROUP/ID.LEASE' ]
	run -65 --separate-stderr mq-ack <<<'{"receipt":'
	[[ "$stderr" = 'mq-ack: stdin: line 1: invalid JSON at byte '* ]]
	run -65 --separate-stderr mq-ack -J <<<'q/g/1.2'
	[[ "$stderr" = 'mq-ack: stdin: line 1: invalid JSON at byte '* ]]
}

@test "stale and then malformed: both are said, and 65" {
	mq-pub q a
	take 1
	mq-ack "${r[0]}"
	run -65 --separate-stderr mq-ack < <(printf '%s\nnonsense\n' "${r[0]}")
	says_stale "${stderr_lines[0]}" "${r[0]}"
	[[ "${stderr_lines[1]}" = 'mq-ack: stdin: line 2: nonsense: '* ]]
}

@test "usage errors: 64" {
	local pair
	for pair in '--retry --release' '--release --reject' '--reject --extend=1s' '--retry --retry'; do
		# shellcheck disable=SC2086 # two options
		fails 64 'mq-ack: only one of --retry, --release, --reject, --extend' mq-ack $pair x
	done
	fails 64 'mq-ack: -d: only --retry has a delay' mq-ack -d 1s x
	fails 64 'mq-ack: -d: only --retry has a delay' mq-ack --release -d 1s x
	fails 64 "mq-ack: -d: 'x': needs a number" mq-ack --retry -d x x
	fails 64 "mq-ack: -d: '5': needs a unit: ms, s, m, h or d" mq-ack --retry -d 5 x
	fails 64 "mq-ack: --extend: 'soon': needs a number" mq-ack --extend soon x
	fails 64 'mq-ack: option --extend needs an argument' mq-ack --extend
	fails 64 'mq-ack: option -d needs an argument' mq-ack --retry -d
	fails 64 'mq-ack: --reject: the reason is not UTF-8' mq-ack --reject=$'\xff' x
	fails 64 'mq-ack: -J and -0 are for records on stdin' mq-ack -J q/g/1.2
	fails 64 'mq-ack: -J and -0 are for records on stdin' mq-ack -0 q/g/1.2
	fails 64 'mq-ack: no option -r' mq-ack -r
	fails 64 'mq-ack: no option --nonsense' mq-ack --nonsense
	fails 64 'mq-ack: ambiguous option --re: --retry, --release, --reject' mq-ack --re x
	fails 64 'mq-ack: option --retry takes no argument' mq-ack --retry=1s x
}

@test "stdin: a directory or closed: 74" {
	fails 74 'mq-ack: stdin: is a directory' mq-ack </
	fails 74 'mq-ack: stdin: Bad file descriptor' sh -c 'mq-ack <&-'
}

@test "a group that is damaged: 74, named; the other queues' receipts are settled" {
	local file=$MQ_SPOOL/q/g.group.mdb
	mq-pub q a
	mq-pub other a
	take 1
	mq-sub -m -e other >fine
	cp "$file" saved
	truncate -s 5000 "$file"
	run -74 --separate-stderr mq-ack < <(cat took fine)
	[[ "$stderr" = *"$file: "* ]]
	has depth other/default 0
	cp saved "$file"
	mq-ack "${r[0]}"
}

@test "a group that may not be written: 77" {
	mq-pub q a
	take 1
	chmod 755 . "$MQ_SPOOL" "$MQ_SPOOL/q"
	run -77 --separate-stderr as_nobody mq-ack "${r[0]}"
	[[ "$stderr" = *'ermission denied'* ]]
	has depth q/g 1
}

@test "SIGTERM: what was read is settled; 75, since there may be more; SIGINT kills" {
	local signal
	for signal in TERM INT; do
		mq-pub q "$signal"
		take 1
		rm -f in
		mkfifo in
		watched how mq-ack <in 2>said 3>&- &
		exec 7>in
		echo "${r[0]}" >&7
		until_true '[ "$(depth q/g)" = 0 ] && [ -e how.pid ]'
		kill "-$signal" "$(cat how.pid)"
		until_true '[ -e how ]'
		exec 7>&-
		case $signal in
		TERM) [ "$(cat how)" = 'exit 75' ] ;;
		INT) [ "$(cat how)" = 'signal 2' ] ;;
		esac
		rm how how.pid
	done
}

@test "receipts of what a purge removed: 66, and nothing comes back" {
	mq-pub q a b
	take 2
	mq-ctl purge q
	fails_stale "${r[0]}" mq-ack "${r[@]}"
	run -1 mq-sub -e q/g
}

@test "-v says how many, -q nothing but errors" {
	mq-pub q a b
	take 2
	run -0 --separate-stderr mq-ack -v "${r[@]}"
	[ "$stderr" = 'mq-ack: 2 deliveries were settled' ]
	run -66 --separate-stderr mq-ack -q "${r[0]}"
	says_stale "$stderr" "${r[0]}"
}

@test "help and version on stdout, status 0" {
	run -0 --separate-stderr mq-ack -h
	assert_line --partial 'usage: mq-ack'
	[ "$stderr" = '' ]
	for option in --retry -d --release --reject --extend -J -0 -s -q -v; do
		assert_output --partial -- "$option"
	done
	run -0 mq-ack --version
	assert_output --regexp '^mq-ack .*[0-9]'
}

@test "a queue whose name leaves no room for .dead: 78, with the cure; the message stays" {
	local name
	name=$(printf 'n%.0s' {1..92})
	mq-pub "$name" m
	run -78 --separate-stderr mq-sub -e "$name" -- sh -c 'exit 100'
	[[ $stderr == *"$name has no dead-letter queue: the name is too long to add .dead (set dead-letter=NAME)" ]]
	has depth "$name/default" 1
	mq-ctl set "$name" dead-letter=graveyard
	MQ_NOW=+1h mq-sub -e "$name" -- sh -c 'exit 100'
	[ "$(messages graveyard)" = 1 ]
}
