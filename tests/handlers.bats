#!/usr/bin/env bats
# handlers.bats - mq-sub QUEUE -- COMMAND: what a command is given, and what becomes of
# the message when it has ended, or its mq-sub has
#
# A command that shall last reads a line from the fifo ./gate, which the test holds open
# as descriptor 8; a test that ends, well or not, lets all of them go.
#
# Whether an attempt is counted is certain once mq-sub has marked its command as started,
# which it does before it passes on anything that the command says on stderr.  So tests
# that kill mq-sub wait for ./err.

load lib/common
load lib/expect

gate() {
	mkfifo gate
	exec 8<>gate
}

# let_go N: so many commands that wait at the gate may go on.
let_go() {
	local line
	for ((line = 0; line < $1; line++)); do
		echo >&8
	done
}

# begin COMMAND...: runs it in the background; its stdout to ./out, stderr to ./err.
begin() {
	"$@" >out 2>err 3>&- 8>&- &
	pid=$!
}

# lines FILE N: it has so many, or more.
lines() {
	[ -e "$1" ] && [ "$(wc -l <"$1")" -ge "$2" ]
}

# header NAME: of all messages of q.dead.
header() {
	mq-replay -J q.dead | jq -r ".headers[\"$1\"]"
}

# quick QUEUE/GROUP [NAME=VALUE...]: a group whose retries need not be waited for.
quick() {
	mq-ctl create "$1"
	mq-ctl set "$@" backoff=0ms
}

# ------------------------------------------------------------- what it is given

@test "the environment describes the message" {
	mq-pub -k 'a key' -H 'a=1 "quoted"' -H 'ключ=ö' q body
	run -0 mq-sub -e q/g -- sh -c 'cat; echo; env | grep ^MQ_ | sort'
	assert_line -n 0 body
	assert_line 'MQ_QUEUE=q'
	assert_line 'MQ_GROUP=g'
	assert_line "MQ_ID=$(mq-replay -f %o q)"
	assert_line 'MQ_KEY=a key'
	assert_line "MQ_TIME=$(mq-replay -J q | jq -r .time)"
	assert_line 'MQ_ATTEMPT=1'
	assert_line --regexp "^MQ_RECEIPT=q/g/$(mq-replay -f %o q)\.[0-9A-Za-z.-]+$"
	assert_line 'MQ_PRIORITY=0'
	assert_line "MQ_SPOOL=$MQ_SPOOL"
	[ "$(sed -n 's/^MQ_HEADERS=//p' <<<"$output" | jq -c .)" = \
		'{"a":"1 \"quoted\"","ключ":"ö"}' ]
}

@test "the environment: no key is the empty key, no headers an empty object; the rest stays" {
	mq-pub q body
	export MQ_KEY=theirs MQ_HEADERS=theirs MQ_ATTEMPT=7 OTHER='left alone'
	run -0 mq-sub -e q -- sh -c 'echo "[$MQ_KEY] $MQ_HEADERS $MQ_ATTEMPT $OTHER $MQ_GROUP"'
	assert_output '[] {} 1 left alone default'
}

@test "the environment: each message has its own" {
	for n in 1 2 3; do mq-pub -k "k$n" -H "n=$n" many "$n"; done
	run -0 mq-sub -e many -- sh -c 'echo "$MQ_KEY $MQ_HEADERS $(cat)"'
	assert_output 'k1 {"n":"1"} 1
k2 {"n":"2"} 2
k3 {"n":"3"} 3'
}

@test "MQ_SPOOL: the same spool, wherever the command goes" {
	mkdir elsewhere
	mq-pub -s here in one
	run -0 mq-sub -s here -e in -- sh -c 'cd elsewhere && mq-pub out "$(cat) again"'
	run -0 mq-replay -s here out
	assert_output 'one again'
}

@test "stdin is the body, to the byte, whatever its size" {
	local size
	for size in 0 1 100 4096 4097 65536 65537 300000 5000000; do
		head -c "$size" /dev/urandom >"body.$size"
		mq-pub -F q "body.$size"
	done
	mq-sub -e q -- sh -c 'cat >"got.$MQ_ID"'
	for size in 0 1 100 4096 4097 65536 65537 300000 5000000; do
		cmp "body.$size" "$(ls got.* | head -n 1)"
		rm "$(ls got.* | head -n 1)"
	done
}

@test "stdin of a large message is read from its beginning by each, and can't be written to" {
	head -c 1000000 /dev/urandom >body
	mq-pub -F q body
	mq-sub -e q/one -- sh -c 'head -c 10 >/dev/null; cat >rest; echo >&0' 2>said || [ $? = 1 ]
	cmp -i 10:0 body rest
	mq-sub -e -P 2 q/two -- cmp body -
	sound q
}

@test "stdin that is not read, or not to its end, is no failure" {
	head -c 70000 /dev/zero >some
	head -c 5000000 /dev/zero >large
	mq-pub -F q some large some
	run -0 mq-sub -e q/closed -- sh -c 'exec <&-; exit 0'
	run -0 mq-sub -e q/unread -- true
	run -0 mq-sub -e q/part -- head -c 3
	[ "$(depth q/closed)$(depth q/unread)$(depth q/part)" = 000 ]
}

@test "message data never reaches argv or a shell" {
	mq-pub -k '$(touch pwned)' -H 'a=`touch pwned`' q '$(touch pwned); touch pwned'
	run -0 mq-sub -e q -- sh -c 'tr "\0" " " </proc/$$/cmdline'
	assert_output 'sh -c tr "\0" " " </proc/$$/cmdline '
	[ ! -e pwned ]
}

@test "arguments are passed on as they are, options too" {
	mq-pub q one
	run -0 mq-sub -e q -- printf '%s|' -e -- '' 'a b' '*'
	assert_output '-e|--||a b|*|'
}

@test "the command's stdout and stderr are mq-sub's" {
	seq 3 | mq-pub q
	run -0 --separate-stderr mq-sub -e q -- sh -c 'read -r x; echo "out $x"; echo "err $x" >&2'
	assert_output $'out 1\nout 2\nout 3'
	[ "$stderr" = $'err 1\nerr 2\nerr 3' ]
}

@test "stderr: much of it, all passed on" {
	mq-pub q one
	mq-sub -e q -- sh -c 'seq 200000 >&2' 2>said
	seq 200000 | cmp - said
}

@test "signals are at their defaults, and no descriptor is open but the run's" {
	local look='grep -E "^Sig(Blk|Ign)" /proc/self/status; ls /proc/self/fd | wc -l'
	mq-pub q one
	env --default-signal sh -c "$look" >plain
	sh -c 'trap "" PIPE CHLD; exec mq-sub -e q -- sh -c "$1"' sh "$look" >handler
	[ "$(grep -c Sig plain)" = 2 ]
	# (posix_spawn ignores the two signals that libc keeps for itself; make uses it too.)
	sed -i 's/0000000180000000/0000000000000000/' plain handler
	[ "$(grep Sig handler)" = "$(grep Sig plain)" ]
	# What tells that the command still runs, when its mq-sub is dead: a broker knows by itself.
	local runs=1
	[ -z "${MQ_CLUSTER-}" ] || runs=0
	[ "$(tail -n 1 handler)" = $(($(tail -n 1 plain) + runs)) ]
}

@test "it runs in a process group of its own" {
	mq-pub q one
	run -0 mq-sub -e q -- sh -c 'echo "$$ $(ps -o pgid= -p $$ 2>/dev/null || cut -d " " -f 5 /proc/$$/stat)"'
	# shellcheck disable=SC2086 # two words
	set -- $output
	[ "$1" = "$2" ]
}

@test "headers too large for any environment: rejected, said; the next is run" {
	local id
	mq-pub q 1
	# In JSON each of its characters takes six bytes: more than one variable may have.
	id=$(jq -cn '{body: "2", headers: {h: ("\u0001" * 30000)}}' | mq-pub -I -J q)
	mq-pub q 3
	run -0 --separate-stderr mq-sub -e q -- cat
	assert_output 13
	[ "$stderr" = "mq-sub: q/default: $id: rejected: headers too large for a command's environment" ]
	has depth q/default 0
	run -0 mq-replay q.dead
	assert_output 2
	[ "$(header mq-dead-reason)" = "headers too large for a command's environment" ]
	run -0 --separate-stderr mq-sub -q -e q/quiet -- cat
	[ "$stderr" = '' ]
}

@test "headers as long as they may be" {
	jq -cn '{body: "1", headers: {h: ("x" * 65000)}}' | mq-pub -J q
	run -0 mq-sub -e q -- sh -c 'printf %s "$MQ_HEADERS" | wc -c'
	assert_output 65008
}

# ----------------------------------------------------------------- how it ends

@test "0: acked" {
	seq 5 | mq-pub q
	run -0 --separate-stderr mq-sub -e q -- cat
	assert_output 12345
	[ "$stderr" = '' ]
	has depth q/default 0
	has acked q/default 5
	run -1 mq-sub -e q -- cat
}

@test "65 and 100: a dead letter, now, with key, headers, body and what happened" {
	local status
	for status in 65 100; do
		mq-pub -k key -H a=b q "body $status"
		run -0 mq-sub -e q -- sh -c "echo first >&2; echo 'last words' >&2; exit $status"
	done
	has depth q/default 0
	has rejected q/default 2
	has dead q/default 2
	run -0 mq-replay -f '%k %s\n' q.dead
	assert_output $'key body 65\nkey body 100'
	[ "$(header a)" = $'b\nb' ]
	[ "$(header mq-dead-reason)" = $'exit 65\nexit 100' ]
	[ "$(header mq-dead-attempts)" = $'1\n1' ]
	[ "$(header mq-dead-queue)" = $'q\nq' ]
	[ "$(header mq-dead-group)" = $'default\ndefault' ]
	[ "$(header mq-dead-id)" = "$(mq-replay -f '%o\n' q)" ]
	[ "$(header mq-dead-stderr | head -n 2)" = $'first\nlast words' ]
	[[ "$(header mq-dead-time | head -n 1)" = 20??-??-??T??:??:??*Z ]]
}

@test "a dead letter has the last 1 KiB of stderr, as text" {
	mq-pub q one
	mq-sub -e q -- sh -c 'seq 10000 >&2; printf "\377\0bad\n" >&2; exit 100' 2>/dev/null
	header mq-dead-stderr >tail
	[ "$(tail -n 1 tail)" = '??bad' ] || [ "$(tail -n 1 tail)" = '�?bad' ]
	[ "$(wc -c <tail)" -gt 1000 ]
	[ "$(wc -c <tail)" -le 1040 ]
	grep -qx 9999 tail
}

@test "a dead letter of a command that said nothing, and of one that said it in UTF-8" {
	mq-pub q one
	mq-sub -e q -- sh -c 'exit 100'
	[ "$(header mq-dead-stderr)" = null ]
	mq-pub q two
	mq-sub -e q -- sh -c 'for n in $(seq 700); do printf ö; done >&2; exit 100' 2>/dev/null
	[ "$(header mq-dead-stderr | tail -n 1 | sed 's/ö//g')" = '' ]
	[ "$(header mq-dead-stderr | tail -n 1 | wc -m)" -ge 512 ]
}

@test "a large body dies whole" {
	head -c 1000000 /dev/urandom >body
	mq-pub -F q body
	mq-sub -e q -- sh -c 'exit 100'
	mq-replay -f %s q.dead | cmp body -
	sound q
	sound q.dead
}

@test "75, 111, 1, any other: again, and counted" {
	local status
	quick q/g max-attempts=10
	for status in 75 111 1 2 64 66 99 101 125 128 255; do
		mq-pub q "$status"
	done
	run -0 --separate-stderr mq-sub -e q/g -- sh -c 'x=$(cat); echo "$x $MQ_ATTEMPT"; [ "$MQ_ATTEMPT" = 3 ] || exit "$x"'
	[ "$stderr" = '' ]
	for status in 75 111 1 2 64 66 99 101 125 128 255; do
		[ "$(grep "^$status " <<<"$output")" = "$(printf "$status %s\n" 1 2 3)" ]
	done
	has depth q/g 0
	missing q.dead
}

@test "75, 111, 1, any other: the backoff doubles" {
	local status
	mq-ctl create q/g
	mq-ctl set q/g backoff=10m..20m max-attempts=10
	for status in 75 111 1 2 64 66 99 101 125 128 255; do
		mq-pub q "$status"
	done
	run -0 --separate-stderr mq-sub -e q/g -- sh -c 'exit "$(cat)"'
	assert_output ''
	[ "$stderr" = '' ]
	has delayed q/g 11
	has retried q/g 11
	[ -z "$(messages q.dead)" ]
	MQ_NOW=+8m run -1 mq-sub -e q/g -- true
	MQ_NOW=+12m run -0 mq-sub -e q/g -- sh -c 'echo "$MQ_ATTEMPT"; exit 1'
	[ "$(sort -u <<<"$output")" = 2 ]
	# The backoff has doubled.
	MQ_NOW=+28m run -1 mq-sub -e q/g -- true
	MQ_NOW=+36m run -0 mq-sub -e q/g -- sh -c 'echo "$MQ_ATTEMPT"'
	[ "$(sort -u <<<"$output")" = 3 ]
	has depth q/g 0
}

@test "death by a signal: again, and counted" {
	local signal
	quick q/g max-attempts=3
	mq-pub q one
	for signal in KILL SEGV TERM; do
		run -0 mq-sub -e -c 1 q/g -- sh -c "echo \$MQ_ATTEMPT >>attempts; kill -$signal \$\$"
	done
	[ "$(cat attempts)" = $'1\n2\n3' ]
	[ "$(header mq-dead-reason)" = 'signal 15' ]
	[ "$(header mq-dead-attempts)" = 3 ]
}

@test "max-attempts: so many times, then a dead letter" {
	quick q/g max-attempts=4
	mq-pub q bad good
	mq-sub -e q/g -- sh -c 'x=$(cat); echo "$x $MQ_ATTEMPT" >>ran; [ "$x" = good ]'
	[ "$(grep -c good ran)" = 1 ]
	[ "$(grep bad ran)" = $'bad 1\nbad 2\nbad 3\nbad 4' ]
	[ "$(mq-replay q.dead)" = bad ]
	[ "$(header mq-dead-reason)" = 'exit 1' ]
	[ "$(header mq-dead-attempts)" = 4 ]
	has depth q/g 0
}

@test "max-attempts=1: the first failure is the last" {
	mq-ctl create q/g
	mq-ctl set q/g max-attempts=1
	mq-pub q one
	run -0 mq-sub -e q/g -- false
	[ "$(header mq-dead-attempts)" = 1 ]
}

@test "a retry does not hold up what comes behind it" {
	mq-ctl create q/g
	mq-ctl set q/g backoff=1h
	seq 5 | mq-pub q
	run -0 mq-sub -e q/g -- sh -c 'read -r x; echo "$x"; [ "$x" != 2 ]'
	assert_output "$(seq 5)"
	has delayed q/g 1
}

@test "-v says which failed, and how" {
	local id
	quick q/g max-attempts=2
	id=$(mq-pub -I q one)
	run -0 --separate-stderr mq-sub -v -e q/g -- sh -c '[ "$MQ_ATTEMPT" = 1 ] && exit 3; kill -9 $$'
	[ "$stderr" = "mq-sub: q/g: $id: exit 3
mq-sub: q/g: $id: signal 9" ]
}

@test "126 and 127: released, uncounted; mq-sub leaves with it, and says why" {
	local status
	seq 3 | mq-pub q
	for status in 126 127; do
		run "-$status" --separate-stderr mq-sub q -- sh -c "exit $status"
		[ "$stderr" = "mq-sub: sh: exit $status: stopping" ]
		has ready q/default 3
		has leased q/default 0
	done
	has retried q/default 0
	run -0 mq-sub -e -f '%s %a\n' q
	assert_output $'1 1\n2 1\n3 1'
}

@test "a command that is missing, or can't be executed: 127, 126; released, uncounted" {
	mq-pub q one
	run -127 --separate-stderr mq-sub q -- no-such-command
	[ "$stderr" = 'mq-sub: no-such-command: No such file or directory' ]
	run -127 --separate-stderr mq-sub q -- ./missing
	[ "$stderr" = 'mq-sub: ./missing: No such file or directory' ]
	run -126 --separate-stderr mq-sub q -- "$BATS_TEST_TMPDIR"
	[ "$stderr" = "mq-sub: $BATS_TEST_TMPDIR: Permission denied" ]
	echo 'not a program' >plain
	run -126 --separate-stderr mq-sub q -- ./plain
	[ "$stderr" = 'mq-sub: ./plain: Permission denied' ]
	chmod +x plain
	run -126 --separate-stderr mq-sub q -- ./plain
	[ "$stderr" = 'mq-sub: ./plain: Exec format error' ]
	printf '#!/no/such/interpreter\n' >plain
	run -127 mq-sub q -- ./plain
	run -0 mq-sub -e -f '%s %a' q
	assert_output 'one 1'
}

@test "127 with -P: those that run may finish, and are acked" {
	gate
	printf '%s\n' slow typo later | mq-pub q
	begin mq-sub -P 2 q -- sh -c 'x=$(cat); echo "$x" >>begun
		case $x in slow) read -r y <gate ;; typo) exit 127 ;; esac'
	until_true 'lines begun 2 && grep -q stopping err'
	kill -0 "$pid"
	let_go 1
	status=0
	wait "$pid" || status=$?
	[ "$status" = 127 ]
	[ "$(sort begun)" = $'slow\ntypo' ]
	run -0 mq-sub -e -f '%s %a\n' q
	assert_output $'typo 1\nlater 1' || assert_output $'later 1\ntypo 1'
}

@test "-c: so many are run" {
	seq 10 | mq-pub q
	run -0 mq-sub -c 3 q -- cat
	assert_output 123
	has depth q/default 7
	has leased q/default 0
	run -0 mq-sub -c 3 --parallel=2 q -- sh -c 'x=$(cat); echo "$x" >>set'
	[ "$(sort -n set | tr -d '\n')" = 456 ]
	has ready q/default 4
}

@test "-W and -e count from when the last command has ended" {
	gate
	mq-pub q one
	begin mq-sub -e q -- sh -c 'echo >>begun; read -r x <gate; cat'
	until_true 'lines begun 1'
	mq-pub q two
	let_go 2
	wait "$pid"
	[ "$(cat out)" = onetwo ]
}

@test "-W: a retry that comes due meanwhile is run" {
	mq-ctl create q/g
	mq-ctl set q/g backoff=200ms..200ms max-attempts=3
	mq-pub q one
	run -0 mq-sub -W 20s -c 3 q/g -- sh -c 'echo "$MQ_ATTEMPT"; exit 1'
	assert_output $'1\n2\n3'
	has messages q.dead 1
}

# ---------------------------------------------------------------- settled by itself

@test "a command may settle its message itself; the first settling wins" {
	printf '%s\n' ack reject release retry | mq-pub q
	mq-sub -c 5 --prefetch 1 q -- sh -c 'case $(cat) in
		ack) mq-ack "$MQ_RECEIPT"; exit 100 ;;
		reject) mq-ack --reject=mine "$MQ_RECEIPT"; exit 0 ;;
		release) [ ! -e again ] || exit 0; : >again; mq-ack --release "$MQ_RECEIPT"; exit 1 ;;
		retry) mq-ack --retry -d 1h "$MQ_RECEIPT"; exit 0 ;;
	esac' || true
	[ "$(header mq-dead-reason)" = mine ]
	[ "$(mq-replay q.dead)" = reject ]
	has acked q/default 2
	has delayed q/default 1
	run -1 mq-sub -e q
}

@test "mq-ack in a command that goes on: the message is done, the command may finish" {
	gate
	seq 2 | mq-pub q
	begin mq-sub -e --prefetch 1 q -- sh -c 'mq-ack "$MQ_RECEIPT"; echo >>begun; read -r x <gate'
	until_true 'lines begun 1 && [ "$(depth q/default)" = 1 ]'
	let_go 2
	wait "$pid"
	has depth q/default 0
	[ ! -s err ]
}

# -------------------------------------------------------------------- side by side

@test "one at a time, in order, unless -P says otherwise" {
	gate
	seq 3 | mq-pub q
	begin mq-sub -e q -- sh -c 'x=$(cat); echo "$x" >>begun; read -r x <gate'
	until_true 'lines begun 1'
	let_go 1
	until_true 'lines begun 2'
	[ "$(cat begun)" = $'1\n2' ]
	let_go 2
	wait "$pid"
	[ "$(cat begun)" = $'1\n2\n3' ]
}

@test "-P 3: three run at once, and a fourth when one has ended" {
	gate
	seq 6 | mq-pub q
	begin mq-sub -e -P 3 q -- sh -c 'x=$(cat); echo "$x" >>begun; read -r x <gate'
	until_true 'lines begun 3'
	[ "$(sort begun)" = "$(seq 3)" ]
	let_go 1
	until_true 'lines begun 4'
	[ "$(sort begun)" = "$(seq 4)" ]
	let_go 5
	wait "$pid"
	[ "$(sort begun)" = "$(seq 6)" ]
	has depth q/default 0
}

@test "-P: a message that comes while others run is started at once" {
	gate
	mq-pub q 1
	begin mq-sub -P 2 -c 2 q -- sh -c 'x=$(cat); echo "$x" >>begun; read -r x <gate'
	until_true 'lines begun 1'
	mq-pub q 2
	until_true 'lines begun 2'
	let_go 2
	wait "$pid"
}

@test "--prefetch: what waits for a place is held, up to so many; others get the rest" {
	gate
	seq 10 | mq-pub q
	begin mq-sub --prefetch 4 q -- sh -c 'x=$(cat); echo "$x" >>begun; read -r x <gate'
	until_true 'lines begun 1 && [ "$(field leased q/default)" = 4 ]'
	run -0 mq-sub -e q
	assert_output "$(seq 5 10)"
	let_go 4
	until_true '[ "$(depth q/default)" = 0 ]'
	[ "$(cat begun)" = "$(seq 4)" ]
	kill -TERM "$pid"
	wait "$pid"
}

@test "what waits behind a slow command is little, and is given back" {
	gate
	seq 1000 | mq-pub q
	# Fast at first, so that much is taken ahead; then one that lasts.
	begin mq-sub q -- sh -c 'read -r x; [ "$x" -lt 300 ] || { echo >>slow; read -r y <gate; }'
	until_true 'lines slow 1 && [ "$(field leased q/default)" -le 2 ]'
	run -0 mq-sub -e q
	[ "${#lines[@]}" -ge 698 ]
	let_go 2
	until_true '[ "$(depth q/default)" = 0 ]'
	kill -TERM "$pid"
	wait "$pid"
}

# ------------------------------------------------------------- what it leaves behind

@test "a grandchild in the background, with all descriptors: mq-sub does not wait for it" {
	gate
	seq 3 | mq-pub q
	begin mq-sub -e q -- sh -c 'sh -c "read -r x <gate; echo >>late" & cat'
	wait "$pid"
	[ "$(cat out)" = 123 ]
	has depth q/default 0
	[ ! -e late ]
	let_go 3
	until_true 'lines late 3'
}

@test "a grandchild of a command that failed: the retry does not wait for it" {
	gate
	quick q/g max-attempts=3
	mq-pub q one
	begin mq-sub -e q/g -- sh -c 'sh -c "read -r x <gate" & exit 1'
	wait "$pid"
	[ "$(header mq-dead-attempts)" = 3 ]
	let_go 3
}

@test "a command that closes its stderr, or hands it on, and goes on" {
	gate
	mq-pub q one
	begin mq-sub -e q -- sh -c 'exec 2>&-; echo >>begun; read -r x <gate; exit 100'
	until_true 'lines begun 1'
	let_go 1
	wait "$pid"
	[ "$(header mq-dead-reason)" = 'exit 100' ]
}

@test "an ignored SIGCHLD in the parent does not lose statuses" {
	mq-pub q one
	run -0 sh -c 'trap "" CHLD; exec mq-sub -e q -- sh -c "exit 100"'
	[ "$(header mq-dead-reason)" = 'exit 100' ]
}

# ------------------------------------------------------------------------- signals

@test "SIGTERM: those that run may finish, the rest is released, uncounted; 0" {
	gate
	seq 10 | mq-pub q
	watched how mq-sub -P 2 --prefetch 6 q -- sh -c 'x=$(cat); echo "$x" >>begun; read -r x <gate' \
		2>err 3>&- 8>&- &
	until_true 'lines begun 2 && [ "$(field leased q/default)" = 6 ] && [ -e how.pid ]'
	kill -TERM "$(cat how.pid)"
	let_go 1
	until_true '[ "$(depth q/default)" = 9 ]'
	[ ! -e how ]
	let_go 1
	until_true '[ -e how ]'
	[ "$(cat how)" = 'exit 0' ]
	[ ! -s err ]
	[ "$(sort begun)" = $'1\n2' ]
	run -0 mq-sub -e -f '%s %a\n' q
	[ "$(sort -n <<<"$output")" = "$(seq 3 10 | sed 's/$/ 1/')" ]
}

@test "SIGINT: the same, then it dies of SIGINT; the commands are not told" {
	gate
	seq 3 | mq-pub q
	watched how mq-sub q -- sh -c 'echo >>begun; read -r x <gate; echo >>done' 2>err 3>&- 8>&- &
	until_true 'lines begun 1 && [ -e how.pid ]'
	kill -INT "$(cat how.pid)"
	let_go 1
	until_true '[ -e how ]'
	[ "$(cat how)" = 'signal 2' ]
	lines 'done' 1
	has ready q/default 2
	has acked q/default 1
}

@test "SIGTERM while a command fails: its message is retried, others released" {
	gate
	mq-ctl create q/g
	mq-ctl set q/g backoff=1h
	seq 3 | mq-pub q
	watched how mq-sub --prefetch 3 q/g -- sh -c 'echo >>begun; read -r x <gate; exit 1' 2>err 3>&- 8>&- &
	until_true 'lines begun 1 && [ -e how.pid ]'
	kill -TERM "$(cat how.pid)"
	let_go 1
	until_true '[ -e how ]'
	[ "$(cat how)" = 'exit 0' ]
	has delayed q/g 1
	has ready q/g 2
}

@test "asked again: SIGTERM for the commands; the third time SIGKILL" {
	gate
	quick q/g
	mq-pub q one
	watched how mq-sub q/g -- sh -c 'trap "echo told >>told" TERM; echo >>begun
		until read -r x <gate && [ "$x" = never ]; do :; done' 2>err 3>&- 8>&- &
	until_true 'lines begun 1 && [ -e how.pid ]'
	# What comes within a second of the last counts as one.
	until_true 'kill -TERM "$(cat how.pid)"; lines told 1'
	[ ! -e how ]
	until_true 'kill -TERM "$(cat how.pid)" 2>/dev/null; [ -e how ]'
	[ "$(cat how)" = 'exit 0' ]
	run -0 mq-sub -e -f '%s %a' q/g
	assert_output 'one 2'
}

# ------------------------------------------------------------------ mq-sub is killed

@test "killed: what an orphan works on waits for it, and is counted; the rest comes at once" {
	gate
	seq 4 | mq-pub q
	begin mq-sub --prefetch 4 -P 2 q -- sh -c 'cat >&2; echo >&2; read -r x <gate'
	until_true 'lines err 2 && [ "$(field leased q/default)" = 4 ]'
	kill -KILL "$pid"
	wait "$pid" || :
	run -0 mq-sub -e -f '%s %a\n' q
	[ "$(sort -n <<<"$output")" = $'3 1\n4 1' ]
	run -1 mq-sub -W 300ms q
	has leased q/default 2
	# One of the two orphans ends: its message, and only that, comes back.
	let_go 1
	run -0 mq-sub -c 1 -f '%s %a\n' q
	assert_output --regexp '^[12] 2$'
	run -1 mq-sub -e q
	let_go 1
	run -0 mq-sub -c 1 -f '%s %a\n' q
	assert_output --regexp '^[12] 2$'
	has depth q/default 0
}

@test "killed: a consumer that waits gets what the orphan worked on when that ends" {
	gate
	mq-pub q one
	begin mq-sub q -- sh -c 'echo >&2; read -r x <gate'
	until_true 'lines err 1'
	mq-sub -c 1 -f '%s %a' q >other 3>&- 8>&- &
	until_true '[ "$(field consumers q/default)" = 2 ]'
	kill -KILL "$pid"
	wait "$pid" || :
	until_true '[ "$(field consumers q/default)" = 1 ]'
	[ ! -s other ]
	let_go 1
	until_true '[ "$(cat other)" = "one 2" ]'
}

@test "killed: an orphan that closed all its descriptors is known by its pid" {
	gate
	mq-pub q one
	begin mq-sub q -- bash -c 'for fd in /proc/self/fd/*; do fd=${fd##*/}
		[ "$fd" -le 2 ] || eval "exec $fd>&-"; done; echo >&2; read -r x <gate'
	until_true 'lines err 1'
	kill -KILL "$pid"
	wait "$pid" || :
	run -1 mq-sub -W 300ms q
	let_go 1
	run -0 mq-sub -c 1 -f '%s %a' q
	assert_output 'one 2'
}

@test "killed: an orphan's grandchild that holds the run's descriptor counts as its work" {
	gate
	mq-pub q one
	begin mq-sub q -- sh -c 'sh -c "echo >&2; read -r x <gate" & wait'
	until_true 'lines err 1'
	kill -KILL "$pid"
	wait "$pid" || :
	run -1 mq-sub -e q
	let_go 1
	run -0 mq-sub -c 1 -f '%s %a' q
	assert_output 'one 2'
}

@test "killed: an orphan may still settle its message itself" {
	gate
	mq-pub q one
	begin mq-sub q -- sh -c 'echo >&2; read -r x <gate; mq-ack "$MQ_RECEIPT" && echo >>acked'
	until_true 'lines err 1'
	kill -KILL "$pid"
	wait "$pid" || :
	run -1 mq-sub -e q
	let_go 1
	until_true 'lines acked 1'
	has depth q/default 0
	run -1 mq-sub -e q
}

@test "killed: an orphan's stdin is complete" {
	local size
	gate
	for size in 100 65537 300000 5000000; do
		head -c "$size" /dev/urandom >body
		mq-pub -F "q$size" body
		rm -f ended err
		begin mq-sub "q$size" -- sh -c 'echo >&2; read -r x <gate; cat >got; echo >>ended'
		until_true 'lines err 1'
		kill -KILL "$pid"
		wait "$pid" || :
		let_go 1
		until_true 'lines ended 1'
		cmp body got
	done
}

@test "killed again and again: past max-attempts a dead letter that says so" {
	local round
	mq-ctl create q/g
	mq-ctl set q/g max-attempts=3
	mq-pub q poison
	for round in 1 2 3; do
		begin mq-sub q/g -- sh -c 'echo "$MQ_ATTEMPT" >>begun; echo >&2
			until [ -s err ]; do sleep 0.01; done; kill -KILL $PPID'
		wait "$pid" || :
	done
	run -1 mq-sub -e q/g
	[ "$(cat begun)" = $'1\n2\n3' ]
	[ "$(header mq-dead-reason)" = 'consumer died' ]
	[ "$(header mq-dead-attempts)" = 3 ]
	has depth q/g 0
}

@test "killed: another's --extend of one orphan's message does not cut the other's short" {
	gate
	mq-ctl create q/g
	mq-ctl set q/g lease=1ms
	seq 2 | mq-pub q
	mkfifo first
	# Both in one batch: the first asks for more time and ends, the second lasts.
	begin mq-sub -P 2 --prefetch 2 q/g -- sh -c 'case $(cat) in
		1) echo >&2; read -r x <first; mq-ack --extend 1s "$MQ_RECEIPT"; exit 0 ;;
		2) echo >&2; read -r x <gate ;;
		esac'
	until_true 'lines err 2'
	kill -KILL "$pid"
	wait "$pid" || :
	echo >first
	run -0 mq-sub -c 1 -f '%s %a\n' q/g
	assert_output '1 2'
	run -1 mq-sub -W 500ms q/g
	let_go 1
	run -0 mq-sub -c 1 -f '%s %a\n' q/g
	assert_output '2 2'
}

# --------------------------------------------------------------- dead-letter queues

@test "dead-letter: a queue of one's own name" {
	mq-ctl create q/g
	mq-ctl set q dead-letter=morgue
	mq-pub q one
	mq-sub -e q/g -- sh -c 'exit 100'
	run -0 mq-replay morgue
	assert_output one
	missing q.dead
}

@test "dead-letter: rejects of a dead-letter queue stay in it" {
	mq-pub q one
	mq-sub -e q -- sh -c 'exit 100'
	run -0 mq-sub -e q.dead/g -- sh -c 'exit 100'
	has depth q.dead/g 0
	has dead q.dead/g 1
	has messages q.dead 1
	[ "$(mq-ctl list | grep -v /)" = $'q\nq.dead' ]
}

@test "dead-letter: a queue that is its own" {
	mq-ctl create q/g
	mq-ctl set q dead-letter=q
	mq-pub q one
	run -0 mq-sub -e q/g -- sh -c 'exit 100'
	has messages q 1
	has depth q/g 0
}

@test "dead-letter: two groups, one letter each" {
	mq-pub q one
	mq-sub -e q/a -- sh -c 'exit 100'
	mq-sub -e q/b -- sh -c 'exit 65'
	[ "$(header mq-dead-group)" = $'a\nb' ]
}

@test "dead-letter: a queue under maintenance is waited for, but the group is not held" {
	command -v flock >/dev/null || skip "flock is not there"
	mq-ctl create q/g q.dead
	mq-pub q 1 2 3
	mq-sub -m -c 1 q/g >took
	mkfifo go
	flock "$MQ_SPOOL/q.dead/use" sh -c 'echo >locked; read -r line <go' 3>&- &
	holder=$!
	until_true '[ -e locked ]'
	mq-sub -c 1 q/g -- sh -c 'exit 100' 2>said 3>&- &
	consumer=$!
	cut -f 1 took | mq-ack --reject 2>acked 3>&- &
	acker=$!
	until_true 'grep -q maintenance said && grep -q maintenance acked'
	assert_equal "$(cat acked)" 'mq-ack: q.dead: waiting for maintenance to end'
	run -0 timeout 60 mq-sub -c 1 q/g
	assert_output 3
	kill -0 "$consumer" "$acker"
	echo >go
	wait "$holder"
	wait "$consumer"
	wait "$acker"
	[ "$(mq-replay q.dead | sort)" = $'1\n2' ]
	assert_equal "$(depth q/g) $(field dead q/g)" '0 2'
}

@test "dead-letter: a queue that can't be written: 74, said; the message waits" {
	mq-ctl create q/g
	mq-ctl set q/g max-attempts=1
	seq 3 | mq-pub q
	mkdir "$MQ_SPOOL/q.dead"
	run -74 --separate-stderr mq-sub -e q/g -- sh -c 'read -r x; echo "$x"; exit 1'
	assert_line -n 0 1
	[[ "$stderr" = "mq-sub: q/g: message "*" can't become a dead letter: $MQ_SPOOL/q.dead: not a queue"* ]]
	has depth q/g 3
	has dead q/g 0
	rmdir "$MQ_SPOOL/q.dead"
	MQ_NOW=+1h run -0 mq-sub -e q/g -- sh -c 'exit 1'
	[ "$(mq-replay q.dead | sort)" = "$(seq 3)" ]
	has depth q/g 0
}

@test "dead-letter: one that is full for its size: said, and the message waits" {
	mq-ctl create q.dead
	mq-ctl set q.dead max-message=2
	mq-pub q long
	run ! --separate-stderr mq-sub -e q -- sh -c 'exit 100'
	[[ "$stderr" = *q.dead* ]]
	has depth q/default 1
	mq-ctl set q.dead max-message=1K
	MQ_NOW=+1h run -0 mq-sub -e q -- sh -c 'exit 100'
	run -0 mq-replay q.dead
	assert_output long
}

@test "a queue that is deleted while a command runs: the command finishes; 66" {
	gate
	mq-pub q one
	begin mq-sub q -- sh -c 'echo >>begun; read -r x <gate; echo >>ended'
	until_true 'lines begun 1'
	mq-ctl delete -f q
	let_go 1
	status=0
	wait "$pid" || status=$?
	[ "$status" = 66 ]
	[ "$(cat err)" = 'mq-sub: q: queue was deleted' ]
	lines ended 1
}
