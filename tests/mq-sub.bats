#!/usr/bin/env bats
# mq-sub.bats - mq-sub to stdout and by hand (-m): every option and every error
#
# Delivery to commands is in handlers.bats.  Readers here are fifos, from which the
# shell's read takes just what it shows.

load lib/common
load lib/expect

# begin NAME COMMAND...: runs it in the background, its stdout to NAME, stderr to NAME.err.
begin() {
	local name=$1
	shift
	"$@" >"$name" 2>"$name.err" 3>&- 7>&- &
	pid=$!
}

# taken FD: a line from the reader's end.
taken() {
	local line
	IFS= read -r -t 60 line <&"$1"
	printf '%s\n' "$line"
}

lines() {
	[ "$(wc -l <"$1")" -ge "$2" ]
}

# ------------------------------------------------------------------ what is acked

@test "to a pipe: what the reader took is acked, what it left is delivered again" {
	seq 10 | mq-pub q
	mkfifo out
	begin out mq-sub q
	exec 7<out
	[ "$(taken 7)" = 1 ]
	[ "$(taken 7)" = 2 ]
	[ "$(taken 7)" = 3 ]
	until_true '[ "$(field acked q/default)" = 3 ]'
	has depth q/default 7
	exec 7<&-
	wait "$pid"
	[ ! -s out.err ]
	run -0 mq-sub -e -f '%s %a\n' q
	assert_output "$(seq 4 10 | sed 's/$/ 1/')"
}

@test "to a pipe: half of a message taken is not taken" {
	printf '%s\n' one twotwo three | mq-pub q
	mkfifo out
	begin out mq-sub q
	exec 7<out
	[ "$(taken 7)" = one ]
	IFS= read -r -N 6 half <&7
	[ "$half" = twotwo ]
	until_true '[ "$(field acked q/default)" = 1 ]'
	exec 7<&-
	wait "$pid"
	run -0 mq-sub -e q
	assert_output $'twotwo\nthree'
}

@test "to a pipe: a reader that takes nothing: 1, and all is still there" {
	local status=0
	seq 3 | mq-pub q
	mkfifo out
	begin out mq-sub q
	exec 7<out
	until_true '[ "$(field leased q/default)" = 3 ]'
	exec 7<&-
	wait "$pid" || status=$?
	[ "$status" = 1 ]
	[ ! -s out.err ]
	run -0 mq-sub -e q
	assert_output "$(seq 3)"
}

@test "to a pipe, killed: what lay in it comes back, uncounted; what was taken does not" {
	seq 10 | mq-pub q
	mkfifo out
	begin out mq-sub q
	exec 7<out
	[ "$(taken 7)" = 1 ]
	[ "$(taken 7)" = 2 ]
	until_true '[ "$(field acked q/default)" = 2 ]'
	kill -KILL "$pid"
	wait "$pid" || :
	exec 7<&-
	run -0 mq-sub -e -f '%s %a\n' q
	assert_output "$(seq 3 10 | sed 's/$/ 1/')"
}

@test "to a pipe: a reader that has had enough is a normal end, and loses nothing" {
	local statuses n
	seq -f 'message %.0f' 100000 | mq-pub q
	mq-sub q 2>err | head -n 3 >out
	statuses=${PIPESTATUS[*]}
	[ "$statuses" = '0 0' ]
	[ ! -s err ]
	[ "$(cat out)" = "$(seq -f 'message %.0f' 3)" ]
	# head took more than it showed; but what it did not take is all there.
	mq-sub -e q >rest
	n=$(wc -l <rest)
	[ "$n" -gt 90000 ]
	[ "$(given_back <rest)" = "$(seq -f 'message %.0f' $((100001 - n)) 100000)" ]
}

@test "to a pipe: the reader goes while there is nothing to deliver" {
	mkfifo out
	begin out mq-sub q
	exec 7<out
	until_true '[ "$(field consumers q/default)" = 1 ]'
	mq-pub q one
	[ "$(taken 7)" = one ]
	until_true '[ "$(depth q/default)" = 0 ]'
	exec 7<&-
	wait "$pid"
}

@test "to a pipe that is full: waits, takes little, and goes on" {
	seq -f 'message %.0f of many, so many that no pipe holds them' 20000 | mq-pub q
	mkfifo out
	begin out mq-sub -e q
	exec 7<out
	[ "$(taken 7)" = 'message 1 of many, so many that no pipe holds them' ]
	until_true '[ "$(field acked q/default)" = 1 ]'
	# The prefetch, and no more; a broker sends what fits in some megabytes.
	[ -n "${MQ_CLUSTER-}" ] || [ "$(field leased q/default)" -le 8192 ]
	cat <&7 >rest
	exec 7<&-
	wait "$pid"
	[ "$(wc -l <rest)" = 19999 ]
	has depth q/default 0
}

@test "to a pipe: what was claimed for a fast reader is given back when it stops" {
	seq -f '%0100.0f' 60000 >all
	mq-pub q <all
	mkfifo out
	begin out mq-sub -e q
	exec 7<out
	head -c $((30000 * 101)) <&7 >got
	# What the pipe and the buffer before it hold: 1 MiB and 128 KiB.
	until_true '[ "$(field leased q/default)" -le 12000 ]'
	cat <&7 >>got
	exec 7<&-
	wait "$pid"
	cmp got all
	has depth q/default 0
}

@test "to a regular file: all of it, acked, and appended to where it stood" {
	seq 3 | mq-pub q
	echo before >out
	mq-sub -e q >>out
	[ "$(cat out)" = $'before\n1\n2\n3' ]
	has depth q/default 0
}

@test "to a file that is full: 74, and nothing is acked" {
	seq 3 | mq-pub q
	run -74 --separate-stderr sh -c 'mq-sub -e q >/dev/full'
	[ "$stderr" = 'mq-sub: standard output: No space left on device' ]
	run -0 mq-sub -e q
	assert_output "$(seq 3)"
}

@test "to a disk that fills up: what is on it whole may be acked, the rest is not" {
	small_disk 64k
	seq -f "%.0f $(printf 'x%.0s' {1..1000})" 100 | mq-pub q
	run -74 --separate-stderr sh -c 'mq-sub -e --prefetch 10 q >disk/out'
	[ "$stderr" = 'mq-sub: standard output: No space left on device' ]
	mq-sub -e q >rest
	cut -d ' ' -f 1 <(awk 'length($0) > 1000' disk/out) rest | sort -n | uniq >have
	[ "$(cat have)" = "$(seq 100)" ]
}

@test "past the file size limit: 74, and nothing is lost" {
	seq -f "%.0f $(printf 'x%.0s' {1..1000})" 3000 | mq-pub q
	mq-ctl create q/default
	run -74 --separate-stderr bash -c 'ulimit -f 1024; mq-sub -e --prefetch 100 q >out'
	[ "$stderr" = 'mq-sub: standard output: File too large' ]
	mq-sub -e q >rest
	cut -d ' ' -f 1 <(awk 'length($0) > 1000' out) rest | sort -n | uniq >have
	[ "$(cat have)" = "$(seq 3000)" ]
}

@test "stdout closed: 74, and nothing is acked" {
	seq 3 | mq-pub q
	run -74 --separate-stderr sh -c 'mq-sub -e q >&-'
	[ "$stderr" = 'mq-sub: standard output: Bad file descriptor' ]
	run -74 --separate-stderr sh -c 'mq-sub -m -e q >&-'
	[ "$stderr" = 'mq-sub: standard output: Bad file descriptor' ]
	has depth q/default 3
	run -0 mq-sub -e -f '%s %a\n' q
	assert_output $'1 1\n2 1\n3 1'
}

@test "to a socket: what is written is taken" {
	command -v perl
	seq 3 | mq-pub q
	run -0 perl -MSocket -e '
		socketpair(my $a, my $b, AF_UNIX, SOCK_STREAM, 0) or die;
		my $pid = fork;
		if (!$pid) { open STDOUT, ">&", $b; close $a; exec "mq-sub", "-e", "q" }
		close $b; print while <$a>; waitpid $pid, 0; exit $? >> 8'
	assert_output "$(seq 3)"
	has depth q/default 0
}

# ------------------------------------------------------------------------- stopping

@test "-c: just so many are settled" {
	seq 10 | mq-pub q
	run -0 mq-sub -c 3 q
	assert_output "$(seq 3)"
	has depth q/default 7
	has leased q/default 0
	run -0 mq-sub --count=4 q
	assert_output "$(seq 4 7)"
	has depth q/default 3
	run -0 mq-sub -e -c 100 q
	assert_output "$(seq 8 10)"
}

@test "-c: just so many, to a file, with a small prefetch, and one at a time" {
	seq 10 | mq-pub q
	mq-sub -c 5 --prefetch 2 q >out
	[ "$(cat out)" = "$(seq 5)" ]
	has depth q/default 5
	for want in 6 7 8; do
		run -0 mq-sub -c 1 q
		assert_output "$want"
	done
}

@test "-c: waits for those that are still to come" {
	mq-pub q one
	begin out mq-sub -c 2 q
	until_true 'lines out 1'
	kill -0 "$pid"
	mq-pub q two three
	wait "$pid"
	[ "$(cat out)" = $'one\ntwo' ]
	has depth q/default 1
}

@test "-e: nothing to deliver: 1, and nothing said" {
	mq-ctl create q
	run -1 --separate-stderr mq-sub -e q
	assert_output ''
	[ "$stderr" = '' ]
	mq-pub q one
	run -0 mq-sub --empty q
	assert_output one
	run -1 mq-sub -e q
}

@test "-e, MQ_AUTOCREATE=no: a spool that is missing: 66, and none is made" {
	fails 66 "mq-sub: $MQ_SPOOL: no such spool" mq-sub -e q
	untouched
	fails 66 "mq-sub: $MQ_SPOOL: no such spool" env MQ_AUTOCREATE=no mq-sub q
	untouched
}

@test "-e: a queue that is missing: 66, and none is made" {
	mq-pub other message
	fails 66 "mq-sub: q: no such queue$in_spool" mq-sub -e q
	fails 66 "mq-sub: q: no such queue$in_spool" mq-sub -e -W 1ms q/group
	missing q
}

@test "-e: a missing group is made" {
	mq-pub q one
	run -0 mq-sub -e q/fresh
	assert_output one
	has depth q/fresh 0
}

@test "-e: what a dead consumer held is taken back before it counts as nothing" {
	seq 5 | mq-pub q
	mkfifo out
	begin out mq-sub q
	exec 7<out
	until_true '[ "$(field leased q/default)" = 5 ]'
	run -1 mq-sub -e q
	kill -KILL "$pid"
	wait "$pid" || :
	run -0 mq-sub -e q
	assert_output "$(seq 5)"
	exec 7<&-
}

@test "-e: being held back by one's own prefetch is not nothing" {
	seq 5 | mq-pub q
	begin out mq-sub -m -e --prefetch 2 q
	until_true 'lines out 2'
	mq-ack <out
	until_true 'lines out 4'
	kill -0 "$pid"
	tail -n 2 out | mq-ack
	wait "$pid"
	[ "$(cut -f 2 out)" = "$(seq 5)" ]
}

@test "-e: having taken the last, just as many as one may hold, is the end" {
	seq 5 | mq-pub q
	run -0 timeout 30 mq-sub -m -e --prefetch 5 q
	[ "${#lines[@]}" = 5 ]
}

@test "-W: stops after having nothing for so long, and not before" {
	local began
	mq-ctl create q
	began=$(date +%s%N)
	run -1 --separate-stderr mq-sub -W 300ms q
	[ $(($(date +%s%N) - began)) -ge 300000000 ]
	assert_output ''
	[ "$stderr" = '' ]
	mq-pub q one
	began=$(date +%s%N)
	run -0 mq-sub --wait=300ms q
	[ $(($(date +%s%N) - began)) -ge 300000000 ]
	assert_output one
}

@test "-W: takes what comes meanwhile" {
	begin out mq-sub -W 1m -c 2 q
	until_true '[ "$(field consumers q/default)" = 1 ]'
	mq-pub q one
	until_true 'lines out 1'
	mq-pub q two
	wait "$pid"
	[ "$(cat out)" = $'one\ntwo' ]
}

@test "-W: a missing queue is made and waited for; 0 does not wait" {
	run -1 --separate-stderr mq-sub -W 0 q
	[ "$stderr" = '' ]
	exists q
	run -1 mq-sub -W 1ms new/group
	has depth new/group 0
}

@test "-e -W: with both, -W says how long" {
	local began
	mq-ctl create q
	began=$(date +%s%N)
	run -1 mq-sub -e -W 300ms q
	run -1 mq-sub -W 300ms -e q
	[ $(($(date +%s%N) - began)) -ge 600000000 ]
}

# ----------------------------------------------------------------- queues and groups

@test "a queue that does not exist yet is made, and waited for" {
	begin out mq-sub -c 1 q/group
	until_true 'exists q/group'
	mq-pub q first
	wait "$pid"
	[ "$(cat out)" = first ]
}

@test "MQ_AUTOCREATE=no: a missing queue or group: 66, and none is made" {
	export MQ_AUTOCREATE=no
	MQ_AUTOCREATE=yes mq-pub q one
	fails 66 'mq-sub: q/default: no such group' mq-sub -W 0 q
	fails 66 "mq-sub: other: no such queue$in_spool" mq-sub other
	missing other
	MQ_AUTOCREATE='' mq-ctl create q/default
	run -0 mq-sub -W 0 q
	assert_output one
}

@test "a queue alone means its group default" {
	mq-pub q one
	run -0 mq-sub -e q/default
	assert_output one
	run -1 mq-sub -e q
}

@test "each group gets everything; one group's consumers share without overlap" {
	local pids
	mq-ctl create q/left
	mq-ctl create q/right
	begin left.1 mq-sub --prefetch 7 q/left
	pids=$pid
	begin left.2 mq-sub --prefetch 7 q/left
	pids="$pids $pid"
	begin right mq-sub q/right
	pids="$pids $pid"
	seq 2000 | mq-pub q
	until_true '[ "$(depth q/left)" = 0 ] && [ "$(depth q/right)" = 0 ]'
	# shellcheck disable=SC2086 # a list
	kill -TERM $pids
	wait
	[ "$(cat right)" = "$(seq 2000)" ]
	[ "$(sort -n left.1 left.2)" = "$(seq 2000)" ]
	sort -nc left.1
	sort -nc left.2
}

@test "--from: oldest, newest, an id, a time: where a new group starts" {
	local id when
	mq-pub q one
	id=$(mq-pub -I q two)
	mq-pub q three
	when=$(mq-replay -J q | jq -r 'select(.body == "two").time')
	run -0 mq-sub -e --from oldest q/oldest
	assert_output $'one\ntwo\nthree'
	run -1 mq-sub -e --from newest q/newest
	run -0 mq-sub -e --from "$id" q/id
	assert_output $'two\nthree'
	run -0 mq-sub -e --from "$when" q/time
	assert_output $'two\nthree'
	run -0 mq-sub -e --from=-1h q/age
	assert_output $'one\ntwo\nthree'
	run -0 mq-sub -e --from @0 q/epoch
	assert_output $'one\ntwo\nthree'
	run -0 mq-sub -e --from 2001-02-03 q/date
	assert_output $'one\ntwo\nthree'
	run -1 mq-sub -e --from now q/now
	mq-pub q four
	for group in newest now; do
		run -0 mq-sub -e "q/$group"
		assert_output four
	done
}

@test "--from: ages are counted from MQ_NOW; the future starts at the end" {
	mq-pub q one
	MQ_NOW=+2h run -1 mq-sub -e --from -1h q/hour
	MQ_NOW=+2h run -0 mq-sub -e --from -3h q/hours
	assert_output one
	run -1 mq-sub -e --from 2200-01-01 q/future
}

@test "--from: a group that exists is not moved; 'newest' counts from when it is made" {
	mq-pub q one two
	run -0 mq-sub -c 1 q/g
	run -0 mq-sub -e --from newest q/g
	assert_output two
	run -1 mq-sub -e --from oldest q/g
	begin out mq-sub -c 1 --from newest new/g
	until_true 'exists new/g'
	mq-pub new first
	wait "$pid"
	[ "$(cat out)" = first ]
}

@test "--prefetch: no more than so many are held; others get the rest" {
	seq 10 | mq-pub q
	mkfifo out
	begin out mq-sub --prefetch 4 q
	exec 7<out
	until_true '[ "$(field leased q/default)" = 4 ]'
	has ready q/default 6
	run -0 mq-sub -e q
	assert_output "$(seq 5 10)"
	[ "$(taken 7)" = 1 ]
	mq-pub q 11 12
	until_true '[ "$(field leased q/default)" = 4 ] && [ "$(field ready q/default)" = 1 ]'
	kill -KILL "$pid"
	exec 7<&-
}

# ----------------------------------------------------------------------------- -m

@test "-m: RECEIPT<TAB>BODY; nothing is acked; receipts settle" {
	local receipt
	mq-pub q one 'two	tab'
	run -0 mq-sub -m -e q/g
	[ "${#lines[@]}" = 2 ]
	assert_line -n 0 --regexp '^q/g/[0-9A-Za-z.-]+	one$'
	assert_line -n 1 --regexp '^q/g/[0-9A-Za-z.-]+	two	tab$'
	receipt=${lines[0]%%$'\t'*}
	has leased q/g 2
	has acked q/g 0
	mq-ack "$receipt"
	has acked q/g 1
	has depth q/g 1
	mq-ack "${lines[1]%%$'\t'*}"
	has depth q/g 0
}

@test "-m -J and -m -f: the receipt is in the envelope, or where %r is" {
	mq-pub q one two
	run -0 mq-sub --manual -c 1 -J q
	[[ "$(jq -r .receipt <<<"$output")" = q/default/* ]]
	[ "$(jq -r .body <<<"$output")" = one ]
	jq -r .receipt <<<"$output" | mq-ack
	run -0 mq-sub -m -c 1 -f '%s=%r\n' q
	[[ "$output" = two=q/default/* ]]
	mq-ack "${output#*=}"
	has depth q/default 0
}

@test "-m -0 and -D: the receipt is there as well" {
	mq-pub q one two
	mq-sub -m -c 1 -0 q | mq-ack -0
	mq-sub -m -c 1 -D ';\n' q >out
	[[ "$(cat out)" = q/default/*'	two;' ]]
	mq-ack <out
	has depth q/default 0
}

@test "-m: the group's lease runs once mq-sub is gone; then the attempt counts" {
	mq-ctl create q/g
	mq-ctl set q/g lease=1ms
	mq-pub q one
	# Alive, it holds, however short the lease.
	begin out mq-sub -m q/g
	until_true 'lines out 1'
	run -1 mq-sub -W 300ms q/g
	kill -TERM "$pid"
	wait "$pid"
	begin again mq-sub -c 1 -f '%s %a' q/g
	wait "$pid"
	[ "$(cat again)" = 'one 2' ]
	fails_stale "$(cut -f 1 out)" mq-ack "$(cut -f 1 out)"
}

@test "-m: while the lease runs, nobody else gets it" {
	mq-pub q one
	mq-sub -m -e q >out
	run -1 mq-sub -e q
	has leased q/default 1
	mq-ack <out
	has depth q/default 0
}

@test "-m, killed: what was printed waits for its lease" {
	mq-pub q one
	begin out mq-sub -m q
	until_true 'lines out 1'
	# Printed, and marked as handed out with the next look.
	until_true '[ "$(field leased q/default)" = 1 ]'
	mq-pub q two
	until_true 'lines out 2'
	kill -KILL "$pid"
	wait "$pid" || :
	run -1 --separate-stderr mq-sub -e q/default
	mq-ack <out
	has depth q/default 0
}

@test "-m: what the reader left in the pipe comes back at once, uncounted" {
	seq 5 | mq-pub q
	mkfifo out
	begin out mq-sub -m q
	exec 7<out
	[[ "$(taken 7)" = *'	1' ]]
	[[ "$(taken 7)" = *'	2' ]]
	exec 7<&-
	wait "$pid"
	[ ! -s out.err ]
	run -0 mq-sub -e -f '%s %a\n' q
	assert_output $'3 1\n4 1\n5 1'
	has leased q/default 2
}

@test "-m -c: so many are printed, and the rest is not held" {
	seq 5 | mq-pub q
	run -0 mq-sub -m -c 2 q
	[ "${#lines[@]}" = 2 ]
	has leased q/default 2
	has ready q/default 3
}

@test "-l: the lease runs from hand-out, though mq-sub lives" {
	mq-pub q one
	begin out mq-sub -m -l 100ms -f '%r %a\n' q
	until_true 'lines out 2'
	kill -TERM "$pid"
	wait "$pid"
	[ "$(head -n 2 out | cut -d ' ' -f 2)" = $'1\n2' ]
	fails_stale "$(head -n 1 out | cut -d ' ' -f 1)" mq-ack "$(head -n 1 out | cut -d ' ' -f 1)"
}

@test "-l: a long lease outlives mq-sub, whatever the group's is" {
	mq-ctl create q/g
	mq-ctl set q/g lease=1ms
	mq-pub q one
	mq-sub -m --lease=1h -e q/g >out
	run -1 mq-sub -W 300ms q/g
	mq-ack <out
	has depth q/g 0
}

@test "-l: no more is taken than can be written at once" {
	seq -f "%.0f $(printf 'x%.0s' {1..1000})" 300 | mq-pub q
	mkfifo out
	begin out mq-sub -m -l 1h q
	exec 7<out
	# As much as a pipe holds, and not more.
	until_true '[ "$(field leased q/default)" -ge 55 ]'
	[ "$(field leased q/default)" -le 65 ]
	[ "$(field ready q/default)" -ge 235 ]
	head -n 300 <&7 >all
	exec 7<&-
	wait "$pid"
	[ "$(cut -f 2 all | cut -d ' ' -f 1)" = "$(seq 300)" ]
	[ "$(cut -f 2 all | sort -u | wc -l)" = 300 ]
	mq-ack <all
	has depth q/default 0
}

@test "-l: past max-attempts the message is a dead letter" {
	mq-ctl create q/g
	mq-ctl set q/g max-attempts=2
	mq-pub q one
	begin out mq-sub -m -l 20ms q/g
	until_true '[ "$(messages q.dead)" = 1 ]'
	kill -TERM "$pid"
	wait "$pid"
	[ "$(wc -l <out)" = 2 ]
	has depth q/g 0
	run -0 sh -c 'mq-replay -J q.dead | jq -r ".headers[\"mq-dead-attempts\"]"'
	assert_output 2
}

# ------------------------------------------------------------------------- framing

@test "-D, -0: other delimiters" {
	mq-pub q one two
	mq-sub -e -0 q/nul >out
	[ "$(tr '\0' . <out)" = one.two. ]
	mq-sub -e --null q/null | cmp - out
	run -0 mq-sub -e -D '|' q/bar
	assert_output 'one|two|'
	run -0 mq-sub -e --delimiter '\t\n' q/tab
	assert_output $'one\t\ntwo\t'
	mq-sub -e -D '\x00\xff' q/hex >out
	[ "$(od -An -tx1 <out | tr -d ' \n')" = 6f6e6500ff74776f00ff ]
}

@test "-J: one envelope a line" {
	mq-pub -k 'key "1"' -H a=b -H 'c=ö' q body
	printf '\377\0' | mq-pub -1 q
	run -0 mq-sub -e -J q/g
	[ "${#lines[@]}" = 2 ]
	[ "$(jq -c '[.queue, .group, .key, .headers, .attempt, .body]' <<<"${lines[0]}")" = \
		'["q","g","key \"1\"",{"a":"b","c":"ö"},1,"body"]' ]
	[ "$(jq -r .id <<<"${lines[0]}")" = "$(mq-replay -c 1 -f %o q)" ]
	[ "$(jq -r .time <<<"${lines[0]}")" = "$(mq-replay -c 1 -J q | jq -r .time)" ]
	[ "$(jq -c '[.body, .body_base64]' <<<"${lines[1]}")" = '[null,"/wA="]' ]
}

@test "-f: all that a format knows" {
	mq-pub -k key -H a=b -H c=d q body
	run -0 mq-sub -e -f '%s|%S|%k|%K|%t|%g|%a|%p|%h|%%|\t|\x41\n' q/g
	assert_output 'body|4|key|3|q|g|1|0|a=b,c=d|%|	|A'
	run -0 mq-sub -e --format '%o %T\n' q/h
	assert_output "$(mq-replay -f '%o %T\n' q)"
	run -0 mq-sub -e -f '%r' q/i
	[[ "$output" = q/i/"$(mq-replay -f %o q)".* ]]
}

@test "bodies of any bytes and sizes arrive as they were" {
	local size
	for size in 0 1 100 4096 65537 300000 5000000; do
		head -c "$size" /dev/urandom >"body.$size"
		mq-pub -F q "body.$size"
	done
	for size in 0 1 100 4096 65537 300000 5000000; do
		mq-sub -c 1 -f %s q >got
		cmp "body.$size" got
	done
	for size in 0 1 100 4096 65537 300000 5000000; do
		mq-sub -c 1 -f %s q/pipe | cmp "body.$size" -
	done
	has depth q/pipe 0
}

@test "a large body to a pipe is acked when its last byte was taken" {
	head -c 1000000 /dev/zero | tr '\0' x >big
	mq-pub -F q big
	mkfifo out
	begin out mq-sub -c 1 -f %s q
	exec 7<out
	head -c 500000 <&7 >half
	has acked q/default 0
	exec 7<&-
	wait "$pid" || [ $? = 1 ]
	has depth q/default 1
	begin out mq-sub -c 1 -f %s q
	exec 7<out
	cat <&7 | cmp big -
	exec 7<&-
	wait "$pid"
	has depth q/default 0
}

# ------------------------------------------------------------------------ signals

@test "SIGTERM and SIGHUP while it waits: 0, and quiet" {
	local signal
	for signal in TERM HUP; do
		watched how mq-sub q >out 2>err 3>&- &
		until_true '[ -e how.pid ] && [ "$(field consumers q/default)" = 1 ]'
		kill "-$signal" "$(cat how.pid)"
		until_true '[ -e how ]'
		[ "$(cat how)" = 'exit 0' ]
		[ ! -s err ]
		rm how how.pid
	done
}

@test "SIGINT: it dies of SIGINT" {
	watched how mq-sub q >out 2>err 3>&- &
	until_true '[ -e how.pid ] && [ "$(field consumers q/default)" = 1 ]'
	kill -INT "$(cat how.pid)"
	until_true '[ -e how ]'
	[ "$(cat how)" = 'signal 2' ]
	[ ! -s err ]
}

@test "SIGTERM: what lies in the pipe is waited for, the rest is released" {
	local n
	seq -f "%.0f $(head -c 100000 /dev/zero | tr '\0' x)" 50 | mq-pub q
	mkfifo out
	watched how mq-sub q >out 2>err 3>&- &
	exec 7<out
	until_true '[ -e how.pid ] && [ "$(field leased q/default)" = 50 ]'
	kill -TERM "$(cat how.pid)"
	[[ "$(taken 7)" = '1 x'* ]]
	[ ! -e how ]
	cat <&7 >more
	exec 7<&-
	until_true '[ -e how ]'
	[ "$(cat how)" = 'exit 0' ]
	[ ! -s err ]
	n=$(($(wc -l <more) + 1))
	[ "$n" -lt 20 ]
	[ "$(awk 'length($0) < 100000' more)" = '' ]
	has acked q/default "$n"
	has ready q/default $((50 - n))
	run -0 mq-sub -e -f '%a\n' q
	[ "${#lines[@]}" = $((50 - n)) ]
	[ "$(sort -u <<<"$output")" = 1 ]
}

@test "SIGTERM, and then the reader goes: what it left is released" {
	seq 10 | mq-pub q
	mkfifo out
	watched how mq-sub q >out 2>err 3>&- &
	exec 7<out
	until_true '[ -e how.pid ]'
	[ "$(taken 7)" = 1 ]
	kill -TERM "$(cat how.pid)"
	exec 7<&-
	until_true '[ -e how ]'
	[ "$(cat how)" = 'exit 0' ]
	run -0 mq-sub -e q
	assert_output "$(seq 2 10)"
}

@test "SIGTERM with -m: what was printed stays leased, the rest is ready" {
	seq 3 | mq-pub q
	watched how mq-sub -m q >out 2>err 3>&- &
	until_true '[ -e how.pid ] && lines out 3'
	kill -TERM "$(cat how.pid)"
	until_true '[ -e how ]'
	[ "$(cat how)" = 'exit 0' ]
	has leased q/default 3
	mq-ack <out
	has depth q/default 0
}

@test "a signal that was ignored at the start stays so" {
	sh -c 'trap "" TERM; exec mq-sub -c 2 q' >out 3>&- &
	pid=$!
	until_true '[ "$(field consumers q/default)" = 1 ]'
	kill -TERM "$pid"
	mq-pub q one
	until_true 'lines out 1'
	mq-pub q two
	wait "$pid"
}

# ------------------------------------------------------------------------- waking

@test "wakes when something is published, not at the next look" {
	local round began
	begin out mq-sub q
	until_true '[ "$(field consumers q/default)" = 1 ]'
	mq-pub q 0
	until_true 'lines out 1'
	began=$(date +%s)
	for ((round = 1; round <= 30; round++)); do
		mq-pub q "$round"
		until [ "$(tail -n 1 out)" = "$round" ]; do
			[ $(($(date +%s) - began)) -lt 60 ]
		done
	done
	# A look once a second would take as many seconds.
	[ $(($(date +%s) - began)) -lt 15 ]
}

@test "wakes when a retry is due" {
	local began
	mq-ctl create q/g
	mq-ctl set q/g backoff=50ms..50ms max-attempts=1000
	mq-pub q one
	begin out mq-sub -f '%r %a\n' -m q/g
	began=$(date +%s)
	until_true 'tail -n 1 out | mq-ack -q --retry 2>/dev/null; lines out 20'
	[ $(($(date +%s) - began)) -lt 15 ]
	kill -TERM "$pid"
	wait "$pid"
	[ "$(head -n 20 out | cut -d ' ' -f 2)" = "$(seq 20)" ]
}

@test "wakes when a consumer dies or is stopped" {
	local signal first
	for signal in KILL TERM; do
		mq-pub q "$signal"
		rm -f fifo
		mkfifo fifo
		begin fifo mq-sub q
		first=$pid
		exec 7<fifo
		until_true '[ "$(field leased q/default)" = 1 ]'
		begin out mq-sub -c 1 q
		until_true '[ "$(field consumers q/default)" = 2 ]'
		kill "-$signal" "$first"
		[ "$signal" = KILL ] || exec 7<&-
		wait "$pid"
		[ "$(cat out)" = "$signal" ]
		exec 7<&-
		wait "$first" || :
	done
}

@test "a queue that is deleted under a waiting consumer: 66, named" {
	local status=0
	begin out mq-sub q/g
	until_true '[ "$(field consumers q/g)" = 1 ]'
	mq-ctl delete -f q
	wait "$pid" || status=$?
	[ "$status" = 66 ]
	[ "$(cat out.err)" = 'mq-sub: q: queue was deleted' ]
}

@test "a queue that is deleted and made again is another queue: 66 or 75, named" {
	local status=0
	begin out mq-sub q
	until_true '[ "$(field consumers q/default)" = 1 ]'
	rm -r "$MQ_SPOOL/q"
	mq-pub q new
	wait "$pid" || status=$?
	case $status in
	66) [ "$(cat out.err)" = 'mq-sub: q: queue was deleted' ] ;;
	75) [ "$(cat out.err)" = 'mq-sub: q: queue was replaced' ] ;;
	*) false ;;
	esac
	[ ! -s out ]
	run -0 mq-sub -e q
	assert_output new
}

@test "a group that is deleted under a waiting consumer: 66, named" {
	local status=0
	begin out mq-sub q/g
	until_true '[ "$(field consumers q/g)" = 1 ]'
	mq-ctl delete -f q/g
	wait "$pid" || status=$?
	[ "$status" = 66 ]
	[ "$(cat out.err)" = 'mq-sub: q/g: group was deleted' ]
}

@test "messages that are purged while they are held are passed over" {
	seq -f "%.0f $(head -c 100000 /dev/zero | tr '\0' x)" 100 | mq-pub q
	mkfifo out
	begin out mq-sub -e q
	exec 7<out
	[[ "$(taken 7)" = '1 x'* ]]
	mq-ctl purge q
	mq-pub q last
	cat <&7 >more
	exec 7<&-
	wait "$pid"
	[ "$(tail -n 1 more)" = last ]
	[ "$(wc -l <more)" -lt 100 ]
	has depth q/default 0
}

# ------------------------------------------------------------------------- errors

@test "usage errors: 64" {
	fails 64 "mq-sub: 'extra': a command goes behind --, and only one queue can be named" \
		mq-sub q extra
	fails 64 "mq-sub: 'extra': only one queue can be named" mq-sub q extra -- true
	fails 64 'mq-sub: no command after --' mq-sub q --
	fails 64 "mq-sub: -m: a command's messages are settled by its status" mq-sub -m q -- true
	fails 64 'mq-sub: -J: a command is given the body alone' mq-sub -J q -- true
	fails 64 'mq-sub: -0: a command is given the body alone' mq-sub -0 q -- true
	fails 64 'mq-sub: -D: a command is given the body alone' mq-sub -D x q -- true
	fails 64 'mq-sub: -f: a command is given the body alone' mq-sub -f %s q -- true
	fails 64 'mq-sub: -P: there is no command' mq-sub -P 2 q
	fails 64 'mq-sub: -l: only with -m' mq-sub -l 1s q
	fails 64 'mq-sub: -f: with -m it must show the receipt (%r)' mq-sub -m -f %s q
	fails 64 'mq-sub: -J and -f: only one of them' mq-sub -J -f %s q
	fails 64 'mq-sub: no option -Z' mq-sub -Z q
	fails 64 'mq-sub: no option --nonsense' mq-sub --nonsense q
	fails 64 'mq-sub: ambiguous option --p: --parallel, --prefetch, --pattern' mq-sub --p 1 q
	fails 64 'mq-sub: option --empty takes no argument' mq-sub --empty=1 q
	fails 64 'mq-sub: option -c needs an argument' mq-sub -c
	fails 64 'mq-sub: option --from needs an argument' mq-sub q --from
	untouched
}

@test "bad numbers: 64, with the bound" {
	local option
	for option in -c --prefetch -P; do
		fails 64 "mq-sub: $option: '0': too small (at least 1)" mq-sub "$option" 0 q -- true
		fails 64 "mq-sub: $option: '-1': too small (at least 1)" mq-sub "$option" -1 q -- true
		fails 64 "mq-sub: $option: '1k': not a number" mq-sub "$option" 1k q -- true
		fails 64 "mq-sub: $option: '': not a number" mq-sub "$option" '' q -- true
		run -64 mq-sub "$option" 18446744073709551616 q -- true
		assert_line --partial "$option: '18446744073709551616': too large (at most "
	done
	fails 64 "mq-sub: -P: '4097': too large (at most 4096)" mq-sub -P 4097 q -- true
	fails 64 "mq-sub: --prefetch: '10000001': too large (at most 10000000)" \
		mq-sub --prefetch 10000001 q
	mq-pub q one two
	run -0 mq-sub -e -c 9223372036854775807 --prefetch 10000000 q
	assert_output $'one\ntwo'
}

@test "bad durations, places, delimiters and formats: 64" {
	local option
	for option in -W '-m -l'; do
		# shellcheck disable=SC2086 # two options
		{
			fails 64 "mq-sub: ${option##* }: 'x': needs a number" mq-sub $option x q
			fails 64 "mq-sub: ${option##* }: '': needs a number" mq-sub $option '' q
			fails 64 "mq-sub: ${option##* }: '3': needs a unit: ms, s, m, h or d" \
				mq-sub $option 3 q
			fails 64 "mq-sub: ${option##* }: '-1s': needs a number" mq-sub $option -1s q
		}
	done
	fails 64 "mq-sub: -l: '0': too short" mq-sub -m -l 0 q
	run -64 --separate-stderr mq-sub --from yesterday q
	[[ "$stderr" = "mq-sub: --from: 'yesterday': is not a time: "* ]]
	fails 64 'mq-sub: --from: 99999999999999999999: too large for an id' \
		mq-sub --from 99999999999999999999 q
	fails 64 'mq-sub: -D: the delimiter is empty' mq-sub -D '' q
	run -64 --separate-stderr mq-sub -D '\q' q
	[[ "$stderr" = "mq-sub: -D: '\q': has an escape that is not "* ]]
	run -64 --separate-stderr mq-sub -D '\x4' q
	fails 64 "mq-sub: -f: '%z': format has an unknown %z" mq-sub -f %z q
	run -64 --separate-stderr mq-sub -f % q
	[[ "$stderr" = "mq-sub: -f: '%': format ends in a lone %"* ]]
}

@test "bad names: 64" {
	local long
	long=$(printf 'a%.0s' {1..96})
	fails 64 "mq-sub: '': a name is empty" mq-sub ''
	fails 64 "mq-sub: 'q/': a name is empty" mq-sub q/
	fails 64 "mq-sub: '/g': a name is empty" mq-sub /g
	fails 64 "mq-sub: '.q': a name must begin with a letter, digit or _" mq-sub .q
	fails 64 "mq-sub: 'q/-g': a name must begin with a letter, digit or _" mq-sub -- q/-g
	fails 64 "mq-sub: 'a b': a name has only letters, digits, '.', '_' and '-'" mq-sub 'a b'
	fails 64 "mq-sub: 'a/b/c': a name has only letters, digits, '.', '_' and '-'" mq-sub a/b/c
	fails 64 "mq-sub: '$long': a name has at most 95 bytes" mq-sub "$long"
	run -1 mq-sub -W 0 "${long%a}/${long%a}"
	exists "${long%a}"
}

@test "the environment is checked: MQ_AUTOCREATE, MQ_NOW, MQ_MAPSIZE" {
	MQ_AUTOCREATE=maybe fails 64 "mq-sub: MQ_AUTOCREATE: 'maybe': not yes or no" mq-sub q
	MQ_NOW=later run -64 --separate-stderr mq-sub q
	[[ "$stderr" = "mq-sub: MQ_NOW: 'later': "* ]]
	MQ_MAPSIZE=x fails 64 "mq-sub: MQ_MAPSIZE: 'x': needs a number" mq-sub q
	mq-pub q one
	MQ_MAPSIZE=64M run -0 mq-sub -e q
	assert_output one
}

@test "-s: the spool; a bad one is named" {
	mq-pub -s other q one
	run -0 mq-sub -s other -e q
	assert_output one
	run -1 mq-sub --spool=other -e q
	fails 64 "mq-sub: -s: the spool's name is empty" mq-sub -s '' q
	: >file
	run ! --separate-stderr mq-sub -s file q
	[[ "$stderr" = 'mq-sub: file: '* ]]
}

@test "a directory that is no queue, a queue that may not be read: named" {
	mq-pub q one
	mkdir "$MQ_SPOOL/empty"
	run ! --separate-stderr mq-sub -e empty
	[[ "$stderr" = "mq-sub: $MQ_SPOOL/empty: not a queue"* ]]
	chmod 755 . "$MQ_SPOOL"
	mq-sub -e q/g
	chmod 700 "$MQ_SPOOL/q"
	run -77 --separate-stderr as_nobody mq-sub -e q/g
	[[ "$stderr" = "mq-sub: $MQ_SPOOL/q"*': Permission denied' ]]
}

@test "a truncated or an empty group: 74, named, and the log is as it was" {
	local file=$MQ_SPOOL/q/g.group.mdb
	seq 100 | mq-pub q
	mq-sub -m -e q/g >out
	cp "$file" saved
	truncate -s 5000 "$file"
	run -74 --separate-stderr mq-sub -e q/g
	[[ "$stderr" = "mq-sub: $file: "* ]]
	: >"$file"
	run -74 --separate-stderr mq-sub -e q/g
	[[ "$stderr" = "mq-sub: $file: "* ]]
	cp saved "$file"
	mq-ack <out
	has depth q/g 0
	has messages q 100
}

@test "help and version on stdout, status 0" {
	run -0 --separate-stderr mq-sub --help
	assert_line --partial 'usage: mq-sub'
	[ "$stderr" = '' ]
	for option in -m -l -P --prefetch -c -W -e --from -D -0 -J -f -s -q -v; do
		assert_output --partial -- "$option"
	done
	run -0 mq-sub -V
	assert_output --regexp '^mq-sub .*[0-9]'
}

@test "-l: a lease that runs out while its consumer lives: the dead letter says so" {
	mq-ctl create q/g
	mq-ctl set q/g max-attempts=1
	mq-pub q m
	mq-sub -m -l 100ms q/g >took &
	until_true '[ "$(messages q.dead)" = 1 ]'
	[ -s took ]
	run -0 sh -c "mq-replay -J q.dead | jq -r '.headers[\"mq-dead-reason\"]'"
	assert_output 'lease ran out'
	kill "$!"
}
