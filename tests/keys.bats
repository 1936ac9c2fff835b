#!/usr/bin/env bats
# keys.bats - finding messages by key, pattern, header and time; the newest of each key

load lib/common
load lib/expect

# events: keys, headers and bodies, one after another: eu.fr eu.de us eu.fr, and none.
events() {
	mq-pub -k eu.fr -H app=shop -H kind=new q f1
	mq-pub -k eu.de -H app=shop q d1
	mq-pub -k us -H app=till q u1
	mq-pub -k eu.fr -H app=till -H kind=new q f2
	mq-pub q n1
}

lines() {
	printf '%s\n' "$@"
}

# ------------------------------------------------------------------------------- finding

@test "replay -k: keys of a pattern; several: any of them" {
	events
	run -0 mq-replay -k 'eu.*' q
	assert_output "$(lines f1 d1 f2)"
	run -0 mq-replay --pattern 'eu.de' -k us q
	assert_output "$(lines d1 u1)"
	run -0 mq-replay -k '#' q
	assert_output "$(lines f1 d1 u1 f2 n1)"
	run -1 mq-replay -k 'eu.*.#.x' q
	assert_output ''
}

@test "replay --key: exactly that key; several; with a pattern" {
	events
	run -0 mq-replay --key eu.fr q
	assert_output "$(lines f1 f2)"
	run -0 mq-replay --key eu.fr --key us q
	assert_output "$(lines f1 u1 f2)"
	run -0 mq-replay --key us -k 'eu.de' q
	assert_output "$(lines d1 u1)"
	run -0 mq-replay --key '' q
	assert_output n1
	# No wildcards there.
	run -1 mq-replay --key 'eu.*' q
}

@test "replay -H: all of the headers, or --any of them; or a key" {
	events
	run -0 mq-replay -H app=shop q
	assert_output "$(lines f1 d1)"
	run -0 mq-replay -H app=till -H kind=new q
	assert_output f2
	run -0 mq-replay --any -H app=till -H kind=new q
	assert_output "$(lines f1 u1 f2)"
	run -0 mq-replay --header kind=new --key us q
	assert_output "$(lines f1 u1 f2)"
	run -1 mq-replay -H app=none q
}

@test "replay: what matches, together with times, ids, --last, -c and several queues" {
	local third
	events
	third=$(mq-replay -f '%o\n' q | sed -n 3p)
	run -0 mq-replay --since "$third" -k 'eu.*' q
	assert_output f2
	run -0 mq-replay --until "$third" -k 'eu.*' q
	assert_output "$(lines f1 d1)"
	run -0 mq-replay --last 2 -k 'eu.*' q
	assert_output "$(lines d1 f2)"
	run -0 mq-replay -c 1 -k 'eu.*' q
	assert_output f1
	mq-pub -k eu.it p i1
	run -0 mq-replay -k 'eu.#' q p
	assert_output "$(lines f1 d1 f2 i1)"
}

@test "replay: what matches, of a group" {
	events
	mq-sub -e -c 1 q/g
	run -0 mq-replay -k 'eu.*' q/g
	assert_output "$(lines d1 f2)"
}

@test "replay -F -k: follows what matches" {
	events
	mq-replay -F -c 4 -k 'eu.*' q >out 3>&- &
	until_true '[ "$(wc -l <out)" = 3 ]'
	mq-pub -k us q u2
	mq-pub -k eu.it q i1
	wait $!
	[ "$(cat out)" = "$(lines f1 d1 f2 i1)" ]
}

@test "replay: patterns and headers that are none: 64" {
	events
	run -64 --separate-stderr mq-replay --any q
	[[ $stderr = 'mq-replay: --any: there is no -H'* ]]
	run -64 --separate-stderr mq-replay -H app q
	run -64 --separate-stderr mq-replay --key "$(printf '%0256d' 0)" q
	[[ $stderr = *'key has 256 bytes, at most 255'* ]]
	run -64 --separate-stderr mq-replay --rewind --to oldest -k a q/g
	[[ $stderr = *'--rewind goes with --to and --dry-run only'* ]]
}

# -------------------------------------------------------------------------------- latest

@test "replay --latest: the newest message of each key, in the order of their ids" {
	events
	run -0 mq-replay --latest q
	assert_output "$(lines d1 u1 f2 n1)"
}

@test "replay --latest: a key whose newest body is empty is deleted" {
	events
	mq-pub -k us q ''
	run -0 mq-replay --latest q
	assert_output "$(lines d1 f2 n1)"
	mq-pub -k us q u3
	run -0 mq-replay --latest q
	assert_output "$(lines d1 f2 n1 u3)"
}

@test "replay --latest: of what matches and lies within the bounds: the state at any past moment" {
	local ids time
	events
	mq-pub -k eu.de q ''
	mapfile -t ids < <(mq-replay -f '%o\n' q)
	run -0 mq-replay --latest --until "${ids[2]}" q
	assert_output "$(lines f1 d1 u1)"
	time=$(mq-replay -J q | jq -r 'select(.body == "f2") | .time')
	run -0 mq-replay --latest --until "$time" q
	assert_output "$(lines f1 d1 u1)"
	run -0 mq-replay --latest --since "${ids[1]}" --until "${ids[3]}" q
	assert_output "$(lines d1 u1 f2)"
	run -0 mq-replay --latest -k 'eu.*' q
	assert_output f2
	# The newest of those that match, not what matches of the newest.
	run -0 mq-replay --latest -H app=shop q
	assert_output "$(lines f1 d1)"
	run -0 mq-replay --latest -c 2 q
	assert_output "$(lines u1 f2)"
	run -1 mq-replay --latest --key eu.de q
	run -0 mq-replay --latest --key us q
	assert_output u1
}

@test "replay --latest: what a group has yet to settle" {
	events
	mq-sub -e -c 3 q/g >/dev/null
	run -0 mq-replay --latest q/g
	assert_output "$(lines f2 n1)"
}

@test "replay --latest: several queues" {
	events
	mq-pub -k us p u9
	run -0 mq-replay --latest q p
	assert_output "$(lines d1 u1 f2 n1 u9)"
}

@test "replay --latest: many keys, many times, agrees with awk" {
	awk 'BEGIN { srand(7); for (i = 0; i < 60000; i++) printf "k%d:%s\n", rand() * 5000,
	    rand() < 0.2 ? "" : i }' >in
	mq-pub -K : q <in
	awk -F : '{ last[$1] = NR; body[NR] = $2 } END { for (k in last) if (body[last[k]] != "")
	    print last[k], body[last[k]] }' in | sort -n | cut -d ' ' -f 2 >want
	mq-replay --latest q >out
	cmp want out
}

@test "replay --latest: large bodies" {
	head -c 400000 /dev/zero | tr '\0' a >one
	head -c 300000 /dev/zero | tr '\0' b >two
	mq-pub -k k -F q one two
	mq-pub -k other q small
	mq-replay --latest q >out
	{ cat two; echo; echo small; } | cmp - out
}

@test "replay --latest: not with -F or --last: 64" {
	events
	run -64 --separate-stderr mq-replay --latest -F q
	[[ $stderr = 'mq-replay: --latest: not with -F'* ]]
	run -64 --separate-stderr mq-replay --latest --last 3 q
	[[ $stderr = 'mq-replay: --latest: not with --last'* ]]
}

@test "replay --latest: a damaged message is named, and the others are printed" {
	local ids
	mq-pub -k a q a-first
	mq-pub -k b q b-first
	mq-pub -k a q a-second
	mapfile -t ids < <(mq-replay -f '%o\n' q)
	perl -0777 -pi -e 's/a-second/a-sXcond/g or die' "$MQ_SPOOL/q/log.mdb"
	run -74 --separate-stderr mq-replay --latest q
	assert_output "$(lines a-first b-first)"
	[[ $stderr = *"message ${ids[2]}: damaged"* ]]
}

# ---------------------------------------------------------------------------------- pace

@test "replay --pace: as fast as can be, everything comes at once and in order" {
	events
	run -0 mq-replay --pace 1000000000 q
	assert_output "$(lines f1 d1 u1 f2 n1)"
	run -0 mq-replay --pace 1000000000 -c 2 q
	assert_output "$(lines f1 d1)"
}

@test "replay --pace: what was printed goes out before a wait; a signal ends it" {
	local pid status=0
	events
	mq-replay --pace 0.000001 q >out 3>&- &
	pid=$!
	until_true '[ -s out ]'
	[ "$(cat out)" = f1 ]
	kill -0 "$pid"
	kill "$pid"
	wait "$pid" || status=$?
	[ "$status" = 143 ]
	[ "$(cat out)" = f1 ]
}

@test "replay --pace: the wait is the distance in time, divided by the pace" {
	local gap pace want
	command -v strace >/dev/null || skip "no strace"
	[ -z "${MQ_SANITIZED-}" ] || skip "leaks can't be looked for under strace"
	events
	gap=$(mq-replay -J q | jq -r .time | while read -r t; do date -d "$t" +%s%N; done |
	    awk 'NR == 1 { a = $1 } NR == 2 { printf "%d", $1 - a }')
	timeout 60 strace -f -qq -e trace=ppoll -e inject=ppoll:retval=1 -o trace \
	    mq-replay --pace 0.000001 q >out || :
	[ "$(cat out)" = f1 ]
	# Of gap * 1,000,000, some ms are over when the wait is computed.
	want=$((gap / 1000))
	got=$(sed -n 's/.*tv_sec=\([0-9]*\).*/\1/p' trace | head -n 1)
	[ "$got" -le "$want" ]
	[ "$got" -ge $((want - want / 5 - 2)) ]
}

@test "replay --pace: a reader that goes away ends the wait" {
	events
	run -0 --separate-stderr timeout 60 bash -c 'mq-replay --pace 0.000001 q | head -n 1'
	assert_output f1
}

@test "replay --pace: not a number: 64" {
	local bad
	events
	for bad in 0 -1 x 1e3 ''; do
		run -64 --separate-stderr mq-replay --pace="$bad" q
		[[ $stderr = "mq-replay: --pace: '$bad': not a number"* ]]
	done
}

# ------------------------------------------------------------------------------- seeking

# spoil FROM TO: the bodies of messages m-FROM to m-TO are damaged.
spoil() {
	perl -0777 -pi -e 'BEGIN { ($from, $to) = splice @ARGV, 0, 2 }
	    s/m-(\d{6})-/($1 >= $from && $1 <= $to ? "X" : "m") . "-$1-"/ge' \
	    "$1" "$2" "$MQ_SPOOL/q/log.mdb"
}

@test "replay --since, --until: nothing outside of them is read" {
	local ids time
	# Two transactions, so that a time lies between them.
	seq -f m-%06.0f- 1 30000 | mq-pub q
	seq -f m-%06.0f- 30001 60000 | mq-pub q
	mapfile -t ids < <(mq-replay -f '%o\n' q)
	time=$(mq-replay --since "${ids[30000]}" -c 1 -J q | jq -r .time)
	# One good message in front: the search begins behind it.
	spoil 1 29999
	spoil 30011 60000
	run -0 --separate-stderr mq-replay --since "${ids[30000]}" --until "${ids[30009]}" q
	assert_output "$(seq -f m-%06.0f- 30001 30010)"
	assert_equal "$stderr" ''
	run -0 --separate-stderr mq-replay --since "$time" -c 10 q
	assert_output "$(seq -f m-%06.0f- 30001 30010)"
	assert_equal "$stderr" ''
}

# --------------------------------------------------------------------------------- index

# accounts N: N messages of 100 keys, k0 to k99, in turn: bodies m-NNNNNN-.
accounts() {
	seq "$1" | awk '{ printf "k%d:m-%06d-\n", $1 % 100, $1 }' | mq-pub -K : q
}

# of_key K N: the bodies of that key, of N messages.
of_key() {
	seq "$2" | awk -v k="$1" '$1 % 100 == k { printf "m-%06d-\n", $1 }'
}

indexed() {
	mq-ctl show q | sed -n 's/^index=//p'
}

@test "index=key: set, shown, unset; only off and key" {
	mq-pub q a
	mq-ctl set q index=key
	[ "$(indexed)" = key ]
	mq-ctl set q index=
	[ "$(indexed)" = off ]
	mq-ctl delete q
	mq-pub q a
	[ "$(indexed)" = off ]
	fails 78 'mq-ctl set: q: index=keys: is neither off nor key' mq-ctl set q index=keys
	mq-ctl check q
}

@test "index=key: of an empty queue, of one with messages, and turned off again" {
	mq-ctl create q
	mq-ctl set q index=key
	mq-ctl check q
	accounts 1000
	run -0 mq-replay --key k7 q
	assert_output "$(of_key 7 1000)"
	mq-ctl check q
	mq-ctl set q index=off
	run -0 mq-replay --key k7 q
	assert_output "$(of_key 7 1000)"
	mq-ctl check q
	mq-ctl set q index=key
	run -0 mq-replay --key k7 q
	assert_output "$(of_key 7 1000)"
	mq-ctl check q
}

@test "index=key: replay --key reads no message of another key" {
	accounts 20000
	mq-ctl set q index=key
	# All others are damaged; those that are read are not.
	perl -0777 -pi -e 's/m-(\d{6})-/($1 % 100 == 7 ? "m" : "X") . "-$1-"/ge' "$MQ_SPOOL/q/log.mdb"
	run -0 --separate-stderr mq-replay --key k7 q
	assert_output "$(of_key 7 20000)"
	assert_equal "$stderr" ''
	run -0 --separate-stderr mq-replay --last 3 --key k7 q
	assert_output "$(of_key 7 20000 | tail -n 3)"
	assert_equal "$stderr" ''
}

@test "index=key: --key with --since, --until, --last, -c, -F, an empty key, no such key" {
	local ids
	accounts 3000
	mq-pub q none
	mq-ctl set q index=key
	mapfile -t ids < <(mq-replay --key k5 -f '%o\n' q)
	[ ${#ids[@]} = 30 ]
	run -0 mq-replay --key k5 --since "${ids[10]}" --until "${ids[12]}" q
	assert_output "$(of_key 5 3000 | sed -n 11,13p)"
	run -0 mq-replay --key k5 --since $((ids[10] + 1)) -c 1 q
	assert_output "$(of_key 5 3000 | sed -n 12p)"
	run -0 mq-replay --key k5 --last 2 q
	assert_output "$(of_key 5 3000 | tail -n 2)"
	run -0 mq-replay --key k5 --last 2 --until "${ids[12]}" q
	assert_output "$(of_key 5 3000 | sed -n 12,13p)"
	run -0 mq-replay --key k5 --last 1000 q
	assert_output "$(of_key 5 3000)"
	run -0 mq-replay --key '' q
	assert_output none
	run -1 mq-replay --key k100 q
	run -1 mq-replay --key k100 --last 3 q
	run -1 mq-replay --key k5 --since now q
	mq-replay -F --last 1 -c 3 --key k5 q >out 3>&- &
	until_true '[ -s out ]'
	accounts 3000
	wait $!
	[ "$(cat out)" = "$(of_key 5 3000 | tail -n 1; of_key 5 3000 | head -n 2)" ]
}

@test "index=key: --latest with it, as without it" {
	local ids state
	accounts 2000
	mq-pub -k k8 q ''
	mapfile -t ids < <(mq-replay -f '%o\n' q)
	for state in "" "--until ${ids[1950]}" "--since ${ids[1950]}" "-k k1" "-k # -H a=b" "-k k7 -k k8" "-k k1 -H a=b" "--key k3"; do
		# shellcheck disable=SC2086 # options
		mq-replay --latest $state q >without
		mq-ctl set q index=key
		# shellcheck disable=SC2086
		mq-replay --latest $state q >with
		mq-ctl set q index=off
		cmp without with
		[ -n "$state" ] || [ "$(wc -l <with)" = 99 ]
	done
}

@test "index=key: what is trimmed, purged, dropped or a duplicate leaves no entry" {
	accounts 500
	mq-ctl set q index=key
	mq-sub -e q/g >/dev/null
	mq-ctl set q retain-bytes=100
	mq-ctl trim q
	mq-ctl check q
	run -0 mq-replay q
	[ "${#lines[@]}" -lt 20 ]
	mq-ctl set q retain-bytes=off max-messages=10 overflow=drop-oldest
	accounts 500 2>/dev/null
	mq-ctl check q
	mq-pub -k k3 -i once q x
	mq-pub -k k3 -i once q x
	run -0 mq-replay --last 1 --key k3 q
	assert_output x
	mq-ctl check q
	mq-ctl purge q
	mq-ctl check q
	run -1 mq-replay --key k3 q
}

# fill N: the small disk, but for N bytes.
fill() {
	head -c $(($(df --output=avail -B1 disk | tail -n 1) - $1)) /dev/zero >disk/fill
}

@test "index=key: rolled back with a full disk: 75, and the setting is as before" {
	small_disk 40m
	export MQ_SPOOL=$PWD/disk
	accounts 100000
	fill $((3 << 20))
	run -75 --separate-stderr mq-ctl set q description=new index=key
	[[ $stderr = 'mq-ctl set: q: disk full'* ]]
	[ "$(indexed)" = off ]
	[ "$(mq-ctl show --changed q)" = '' ]
	mq-ctl check q
	# Where nothing is kept free, the commit itself fails, and what was built is dropped.
	mq-ctl set q min-free=0
	head -c $((2 << 20)) /dev/zero >disk/more
	run -75 --separate-stderr mq-ctl set q description=new index=key
	[ "$(mq-ctl show --changed q)" = min-free=0 ]
	mq-ctl check q
	rm disk/fill disk/more
	mq-ctl trim q
	mq-ctl check q
	mq-ctl set q index=key
	mq-ctl check q
	run -0 mq-replay --key k9 q
	assert_output "$(of_key 9 100000)"
}

# killed N COMMAND...: kills it when it syncs its log for the N-th time.
killed() {
	command -v strace >/dev/null || skip "no strace"
	# One of the two is what LMDB syncs with.
	ASAN_OPTIONS=${ASAN_OPTIONS:-}:detect_leaks=0 \
	    run ! strace -qq -o /dev/null -e trace=fdatasync,fsync,msync \
	    -e inject=fdatasync,fsync:signal=KILL:when="$1" "${@:2}"
}

@test "index=key: a build that is killed is gone on with; until then it is not used" {
	local how
	accounts 20000
	for how in 'mq-ctl set q description=x' 'mq-ctl trim q' 'mq-ctl set q index=key'; do
		mq-ctl set q index=off
		killed 6 mq-ctl set q index=key
		[ "$(indexed)" = key ] || { echo "$how: $(indexed) $status $output"; return 1; }
		mq-ctl check q
		accounts 200
		mq-ctl check q
		run -0 bash -c 'mq-replay --key k9 q | head -n 200'
		assert_output "$(of_key 9 20000)"
		fails 78 "mq-pub: q: the index of keys is not complete; to complete it: mq-ctl -s $MQ_SPOOL trim q" \
		    mq-pub -k new --expect-last 0 q x
		$how
		mq-ctl check q
		mq-pub -k "${how// /.}" --expect-last 0 q x
	done
	# Dropping, too.
	killed 2 mq-ctl set q index=off
	mq-ctl check q
	accounts 200
	mq-ctl trim q
	mq-ctl check q
}

@test "index=key: built while others publish and consume" {
	local i
	accounts 30000
	(for i in 1 2 3 4 5 6 7 8; do accounts 100; done) 3>&- &
	mq-ctl set q retain-bytes=100K
	mq-sub -e q/g >/dev/null 3>&- &
	mq-ctl set q index=key
	wait
	mq-ctl check q
	mq-ctl set q index=off
	mq-replay --key k9 q >without
	mq-ctl set q index=key
	mq-replay --key k9 q | cmp - without
}

@test "index=key: a reader that follows goes on when the index is turned off" {
	accounts 300
	mq-ctl set q index=key
	mq-replay -F -c 6 --key k5 q >out 3>&- &
	until_true '[ "$(wc -l <out)" = 3 ]'
	mq-ctl set q index=off
	accounts 300
	wait $!
	[ "$(cat out)" = "$(of_key 5 300; of_key 5 300)" ]
}

@test "check: an index that lacks a message, or names one of another key" {
	accounts 300
	mq-ctl set q index=key
	local id
	id=$(mq-replay --key k5 -c 1 -f '%o' q)
	mq-ctl check q
	# The message gets another key of the same length: k5 becomes k1.
	perl -0777 -pi -e 's/k5m-000005-/k1m-000005-/g or die' "$MQ_SPOOL/q/log.mdb"
	run -74 --separate-stderr mq-ctl check q
	[[ $stderr = *"message $id"* ]]
}

@test "a damaged branch page of the index is told: no reader goes round for ever" {
	local until
	mq-ctl create q
	mq-ctl set q index=key
	seq 2000 | mq-pub -k k q
	# A separator becomes less by 64: who looks for one of those ids gets to the wrong leaf.
	until=$(perl -0777 -e '
		open my $f, "+<", $ARGV[0] or die "$ARGV[0]: $!";
		local $_ = <$f>;
		my $id;
		for (my $at = 0; $at < length; $at += 4096) {
			my ($flags, $lower) = unpack "x10 v v", substr $_, $at, 16;
			next unless $flags & 1;
			my @nodes = unpack "v*", substr $_, $at + 16, $lower - 16;
			shift @nodes;
			for my $node (@nodes) {
				next unless unpack("x6 v", substr $_, $at + $node, 8) == 16;
				my $found = unpack "Q>", substr $_, $at + $node + 16, 8;
				next unless $found & 64;
				$id = $found;
				substr($_, $at + $node + 16, 8) = pack "Q>", $id ^ 64;
				last;
			}
		}
		die "no such page" unless $id;
		seek $f, 0, 0;
		print $f $_;
		print $id - 10;
	' "$MQ_SPOOL/q/log.mdb")
	run -74 --separate-stderr timeout 60 mq-replay --latest --until "$until" q
	[[ $stderr = *'index of keys: out of order'* ]]
}
