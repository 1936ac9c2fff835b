#!/usr/bin/env bats
# faults.bats - files, disks and permissions that are not as they should be
#
# Each fault has its status and a message that names the file; none loses what was told.

load lib/common
load lib/expect

# sample QUEUE: three messages, and the group g, which has seen none of them.
sample() {
	mq-pub "$1" alpha beta gamma
	mq-ctl create "$1/g"
}

# fails_ctl STATUS TEXT mq-ctl SUBCOMMAND...: fails, where the subcommand says its name too.
fails_ctl() {
	local status=$1 text=$2
	shift 2
	fails "$status" "mq-ctl $2: $text" "$@"
}

# lines N: so many lines of a hundred bytes that don't shrink.
lines() {
	seq -f '%099.0f' "$1"
}

# --------------------------------------------------------------- what is not there

@test "no spool: all but mq-pub and mq-sub say so" {
	local text="$MQ_SPOOL: no such spool"
	fails 66 "mq-replay: $text" mq-replay q
	fails 66 "mq-sub: $text" mq-sub -e q
	fails 66 "mq-stat: $text" mq-stat
	fails 66 "mq-stat: $text" mq-stat q
	fails_ctl 66 "$text" mq-ctl list
	fails_ctl 66 "$text" mq-ctl check
	fails_ctl 66 "$text" mq-ctl purge q
	fails 66 "mq-ack: q/g/1.2: $text" mq-ack q/g/1.2
	[ ! -e spool ]
}

@test "no queue: 66, and it is not made" {
	local text="gone: no such queue in $MQ_SPOOL"
	mq-ctl create other
	fails 66 "mq-replay: $text" mq-replay gone
	fails 66 "mq-replay: $text" mq-replay other gone
	fails 66 "mq-sub: $text" mq-sub -e gone
	fails 66 "mq-sub: $text" mq-sub -e gone/g -- cat
	fails 66 "mq-stat: $text" mq-stat gone
	fails_ctl 66 "$text" mq-ctl check gone
	fails_ctl 66 "$text" mq-ctl show gone
	fails_ctl 66 "$text" mq-ctl set gone retain=1d
	fails_ctl 66 "$text" mq-ctl trim gone
	fails_ctl 66 "$text" mq-ctl purge gone
	fails 66 "mq-ack: gone/g/1.2: $text" mq-ack gone/g/1.2
	run -0 ls spool
	assert_output other
}

@test "no group" {
	mq-pub q a
	fails 66 'mq-replay: q/gone: no such group' mq-replay q/gone
	fails 66 'mq-stat: q/gone: no such group' mq-stat q/gone
	fails_ctl 66 'q/gone: no such group' mq-ctl purge q/gone
	fails_ctl 66 'q/gone: no such group' mq-ctl delete q/gone
	fails 66 'mq-ack: q/gone/1.2: q/gone: no such group' mq-ack q/gone/1.2
	fails 66 'mq-sub: q/gone: no such group' env MQ_AUTOCREATE=no mq-sub q/gone
	[ ! -e spool/q/gone.group.mdb ]
}

# -------------------------------------------------------------- paths that are no spool

@test "a spool that is a file, or below a file, or a device" {
	: >file
	fails 64 'mq-pub: file: not a directory' mq-pub -s file q a
	fails 64 'mq-replay: file: not a directory' mq-replay -s file q
	fails 64 'mq-sub: file: not a directory' mq-sub -s file q
	fails 64 'mq-sub: file: not a directory' mq-sub -e -s file q
	fails 64 'mq-stat: file: not a directory' mq-stat -s file
	fails 64 'mq-ctl list: file: not a directory' mq-ctl -s file list
	run -64 mq-pub -s file/spool q a
	run -64 mq-pub -s /dev/null q a
	[ ! -s file ]
}

@test "/proc as a spool" {
	run ! --separate-stderr mq-pub -s /proc q a
	[[ $stderr == "mq-pub: q: can't be made in /proc: "* ]]
	fails 66 'mq-replay: q: no such queue in /proc' mq-replay -s /proc q
	fails 74 'mq-replay: /proc/self: not a queue: no use' mq-replay -s /proc self
	run -0 mq-ctl -s /proc list
	assert_output ''
}

@test "a directory that is no queue: named, and let be" {
	local text="$MQ_SPOOL/dir: not a queue: no use"
	mkdir -p spool/dir
	: >spool/dir/file
	fails 74 "mq-pub: $text" mq-pub dir a
	fails 74 "mq-replay: $text" mq-replay dir
	fails 74 "mq-sub: $text" mq-sub dir
	fails 74 "mq-stat: $text" mq-stat dir
	fails_ctl 74 "$text" mq-ctl check dir
	run -74 --separate-stderr mq-ctl delete -f dir
	[[ $stderr == "mq-ctl delete: $MQ_SPOOL/dir: not a queue: "* ]]
	run -0 mq-ctl list
	assert_output ''
	run -0 ls spool/dir
	assert_output file
}

@test "a file where a queue should be, and a link to nowhere" {
	mkdir spool
	: >spool/file
	ln -s nowhere spool/link
	fails 74 "mq-pub: $MQ_SPOOL/file: not a queue: not a directory" mq-pub file a
	fails 74 "mq-sub: $MQ_SPOOL/file: not a queue: not a directory" mq-sub file
	fails 66 "mq-replay: link: no such queue in $MQ_SPOOL" mq-replay link
	run ! mq-pub link a
}

@test "a queue that lacks a part: the command that makes it again, also below a folder with a space" {
	local part text
	mkdir 'a spool'
	MQ_SPOOL='a spool' mq-pub q a
	rm 'a spool/q/use'
	fails 74 "mq-pub: a spool/q: not a whole queue: no use (while nobody uses it: touch 'a spool/q/use')" \
	    mq-pub -s 'a spool' q a
	sample q
	for part in use gate turn blob owner log.mdb; do
		cp -r spool/q spool/lacks
		rm -r spool/lacks/$part
		case $part in
		log.mdb) text="not a queue: no $part" ;;
		blob | owner) text="not a whole queue: no $part (while nobody uses it: mkdir $MQ_SPOOL/lacks/$part)" ;;
		*) text="not a whole queue: no $part (while nobody uses it: touch $MQ_SPOOL/lacks/$part)" ;;
		esac
		fails 74 "mq-pub: $MQ_SPOOL/lacks: $text" mq-pub lacks a
		fails 74 "mq-replay: $MQ_SPOOL/lacks: $text" mq-replay lacks
		if [ "$part" != log.mdb ]; then
			# The command that is named makes it whole.
			eval "$(mq-pub lacks a 2>&1 | sed 's/.*nobody uses it: \(.*\))$/\1/')"
			[ -e "spool/lacks/$part" ]
			mq-pub lacks a
		fi
		rm -r spool/lacks
	done
}

# -------------------------------------------------------------------------- log.mdb

@test "log.mdb: empty, cut, garbage, a directory, a fifo, a device" {
	local kind text tool remedy
	sample q
	for kind in empty cut short zeros garbage text directory fifo device; do
		cp -r spool/q "spool/$kind"
	done
	: >spool/empty/log.mdb
	truncate -s 10000 spool/cut/log.mdb
	truncate -s 100 spool/short/log.mdb
	head -c 100000 /dev/zero >spool/zeros/log.mdb
	perl -e 'srand 1; print pack "C*", map { rand 256 } 1 .. 100000' >spool/garbage/log.mdb
	yes text | head -c 100000 >spool/text/log.mdb
	rm spool/{directory,fifo,device}/log.mdb
	mkdir spool/directory/log.mdb
	mkfifo spool/fifo/log.mdb
	ln -s /dev/zero spool/device/log.mdb
	for kind in empty cut short zeros garbage text directory fifo device; do
		remedy=" (mq-ctl -s $MQ_SPOOL salvage $kind NEW saves what is intact)"
		case $kind in
		empty)	text='empty' ;;
		cut)	text='truncated (10000 of * bytes)'$remedy ;;
		short)	text='truncated (* bytes)'$remedy ;;
		directory | fifo | device) text='not a file' ;;
		*)	text='damaged: not a database'$remedy ;;
		esac
		for tool in "mq-pub $kind x" "mq-replay $kind" "mq-replay $kind/g" \
		    "mq-sub -e $kind/g" "mq-sub $kind/g" "mq-sub -e $kind/g -- cat" \
		    "mq-sub -m -e $kind/g" "mq-stat $kind" "mq-ctl check $kind" \
		    "mq-ctl show $kind" "mq-ctl set $kind retain=1d" "mq-ctl trim $kind" \
		    "mq-ctl purge $kind" "mq-ctl create $kind/new" "mq-ack $kind/g/1.2"; do
			# shellcheck disable=SC2086 # words
			run -74 --separate-stderr $tool
			[ "$output" = '' ]
			if [[ $stderr != mq-*": $MQ_SPOOL/$kind/log.mdb: "$text ]]; then
				printf '%s\nsaid: %s\n' "$tool" "$stderr" >&2
				return 1
			fi
		done
		mq-ctl delete -f "$kind"
	done
	# The queue beside them is well.
	mq-ctl check -q q
}

@test "log.mdb: cut while it is in use" {
	local pid
	lines 20000 | mq-pub q
	mkfifo out
	mq-replay q >out 2>said 3>&- &
	pid=$!
	exec 7<out
	head -c 100 <&7 >/dev/null
	truncate -s 20000 spool/q/log.mdb
	cat <&7 >/dev/null
	exec 7<&-
	run -74 wait "$pid"
	grep -q "^mq-replay: $MQ_SPOOL.*: .*damaged" said
}

@test "a damaged queue does not hide the others" {
	sample a
	sample b
	sample c
	: >spool/b/log.mdb
	fails 74 "mq-stat: $MQ_SPOOL/b/log.mdb: empty" mq-stat -J
	run -0 jq -r .queue <<<"$output"
	assert_output $'a\na\nc\nc'
	run -74 --separate-stderr mq-ctl check
	assert_output $'a: 3 messages, 0 findings\nc: 3 messages, 0 findings'
	run -74 --separate-stderr mq-ctl list
	assert_line a/g
	assert_line c/g
}

@test "a damaged group does not hide the others" {
	mq-pub q a
	mq-ctl create q/a
	mq-ctl create q/b
	mq-ctl create q/c
	: >spool/q/b.group.mdb
	rm -f spool/q/b.group.stat
	fails 74 "mq-sub: $MQ_SPOOL/q/b.group.mdb: empty (mq-ctl -s $MQ_SPOOL salvage q/b makes the group anew)" mq-sub -e q/b
	fails 74 "mq-replay: $MQ_SPOOL/q/b.group.mdb: empty (mq-ctl -s $MQ_SPOOL salvage q/b makes the group anew)" mq-replay q/b
	fails 74 "mq-ack: $MQ_SPOOL/q/b.group.mdb: empty (mq-ctl -s $MQ_SPOOL salvage q/b makes the group anew)" mq-ack q/b/1.2
	run -0 mq-sub -e q/a
	assert_output a
	mq-pub q more
	run -74 --separate-stderr mq-ctl check q
	[[ $stderr == *"$MQ_SPOOL/q/b.group.mdb: empty"* ]]
	run -74 --separate-stderr mq-stat -J q
	[[ $stderr == *"$MQ_SPOOL/q/b.group.mdb: empty"* ]]
	run -0 jq -r '.group // empty' <<<"$output"
	assert_line a
	assert_line c
}

@test "a record with a flipped bit: found by check, named by whoever meets it" {
	local id
	mq-pub q alpha
	id=$(mq-pub -I q FINDTHIS)
	mq-pub q gamma
	mq-ctl create q/g
	perl -pi -e 's/FINDTHIS/FINDTHAT/g' spool/q/log.mdb
	run -74 --separate-stderr mq-ctl check q
	[[ $stderr == *"message $id: damaged: bad checksum"* ]]
	fails 74 "mq-replay: q: message $id: damaged: bad checksum ($MQ_SPOOL/q/log.mdb)" \
	    mq-replay q
	assert_output $'alpha\ngamma'
	run -74 --separate-stderr mq-sub -e q/g
	[ "$stderr" = "mq-sub: q: message $id: damaged: bad checksum; to go on without it: mq-ctl -s $MQ_SPOOL skip q/g $id" ]
	assert_output alpha	# what came before it is delivered, and settled
	[ "$(field acked q/g)" = 1 ]
	run -74 --separate-stderr mq-sub -e q/g -- cat
	[ "$stderr" = "mq-sub: q: message $id: damaged: bad checksum; to go on without it: mq-ctl -s $MQ_SPOOL skip q/g $id" ]
	[[ $output != *FIND* ]]
	# What can be read is still read, and published.
	mq-pub q delta
	run -0 mq-replay --since "$((id + 1))" q
	assert_output $'gamma\ndelta'
}

@test "a large body that is damaged, cut, longer, or gone" {
	local blob id kind way
	head -c 300000 /dev/urandom >body
	mq-pub q before
	id=$(mq-pub -I -F q body)
	mq-pub q behind
	blob=$(ls spool/q/blob)
	for kind in flipped cut longer gone; do
		cp -r spool/q "spool/$kind"
	done
	perl -e 'open F, "+<", shift; seek F, 1000, 0; read F, $c, 1; seek F, 1000, 0; print F $c ^ "\1"' \
	    "spool/flipped/blob/$blob"
	truncate -s 100 "spool/cut/blob/$blob"
	echo x >>"spool/longer/blob/$blob"
	rm "spool/gone/blob/$blob"
	for kind in flipped cut longer; do
		case $kind in
		flipped) text='checksum does not fit' ;;
		cut)	 text='has 100 bytes, not 300000' ;;
		longer)	 text='has 300002 bytes, not 300000' ;;
		esac
		fails 74 "mq-replay: $kind: message $id: $MQ_SPOOL/$kind/blob/$blob: $text" \
		    mq-replay "$kind"
		assert_output $'before\nbehind'
		way="; to go on without it: mq-ctl -s $MQ_SPOOL skip $kind"
		fails 74 "mq-sub: $MQ_SPOOL/$kind/blob/$blob: $text$way/handler $id" \
		    mq-sub -e "$kind/handler" -- true
		run -74 --separate-stderr mq-sub -e "$kind/stdout"
		[ "$stderr" = "mq-sub: $MQ_SPOOL/$kind/blob/$blob: $text$way/stdout $id" ]
		[ "$(depth "$kind/handler")" = 2 ]
		run -74 --separate-stderr mq-ctl check "$kind"
		[[ $stderr == *"message $id: $MQ_SPOOL/$kind/blob/$blob: $text"* ]]
	done
	# One that is gone was not trimmed: its message is there.
	text="gone: message $id: damaged: its body $blob is gone"
	fails 74 "mq-replay: $text" mq-replay gone
	assert_output $'before\nbehind'
	fails 74 "mq-sub: $text; to go on without it: mq-ctl -s $MQ_SPOOL skip gone/g $id" mq-sub -e gone/g
	assert_output before
	[ "$(depth gone/g)" = 2 ]
	mq-ctl skip gone/g "$id"
	run -0 mq-sub -e gone/g
	assert_output behind
	run -74 --separate-stderr mq-ctl check gone
	[[ $stderr == *"message $id: its body $blob is gone"* ]]
}

@test "files with random damage: an answer or an error, never a crash" {
	local seed status command
	seq 3000 | mq-pub -k key q
	mq-sub -e -c 50 q/g >/dev/null
	head -c 300000 /dev/zero | mq-pub -1 q
	mq-ctl create q/f
	for ((seed = 1; seed <= ${MQ_SEEDS:-25}; seed++)); do
		rm -rf spool/x
		cp -r spool/q spool/x
		perl -e 'srand $ARGV[0]; my $f = $ARGV[1]; open my $h, "+<", $f or die;
			for (1 .. 1 + $ARGV[0] % 5 * 40) {
				seek $h, int rand -s $f, 0; print $h chr int rand 256;
			}' "$seed" spool/x/"$([ $((seed % 3)) = 0 ] && echo g.group.mdb || echo log.mdb)"
		for command in 'mq-stat x' 'mq-replay x' 'mq-replay x/g' 'mq-ctl check x' \
		    'mq-ctl show x' 'mq-sub -e -c 100 x/f'; do
			status=0
			# shellcheck disable=SC2086 # words
			timeout 20 $command >out 2>said || status=$?
			case $status in
			0 | 1) ;;
			66 | 69 | 70 | 74 | 75 | 78) [ -s said ] ;;
			*)
				echo "seed $seed: $command: status $status: $(cat said)" >&2
				return 1 ;;
			esac
		done
	done
}

@test "a log that was restored from an older copy: said loudly, and delivered again" {
	mq-pub q 1 2 3
	cp spool/q/log.mdb old
	mq-pub q 4
	run -0 mq-sub -e q/g
	assert_output $'1\n2\n3\n4'
	cp old spool/q/log.mdb
	run -0 --separate-stderr mq-sub -e q/g
	assert_output $'1\n2\n3'
	[[ $stderr == 'mq-sub: q/g: the log is older than this group'* ]]
	mq-pub q 5
	run -0 --separate-stderr mq-sub -e q/g
	assert_output 5
	[ "$stderr" = '' ]
	mq-ctl check -q q
}

# ------------------------------------------------------------------ newer versions

@test "a log of a newer format: 69, whatever is asked" {
	local command
	sample q
	perl -pi -e 's/format\x01\0\0\0/format\x02\0\0\0/g' spool/q/log.mdb
	cp spool/q/log.mdb before
	for command in 'mq-pub q x' 'mq-replay q' 'mq-sub q/g' 'mq-sub -e q/g' 'mq-stat q' \
	    'mq-sub -e q/g -- cat' 'mq-ack q/g/1.2'; do
		# shellcheck disable=SC2086 # words
		fails 69 "${command%% *}: $MQ_SPOOL/q/log.mdb: format 2, this version of mq knows 1" \
		    $command
	done
	for command in check show trim purge 'delete -f'; do
		[ "$command" != 'delete -f' ] || continue
		# shellcheck disable=SC2086
		fails_ctl 69 "$MQ_SPOOL/q/log.mdb: format 2, this version of mq knows 1" \
		    mq-ctl $command q
	done
	fails_ctl 69 "$MQ_SPOOL/q/log.mdb: format 2, this version of mq knows 1" \
	    mq-ctl set q retain=1d
	cmp before spool/q/log.mdb
}

@test "a group of a newer format: 69, and the queue is still published to" {
	local text="$MQ_SPOOL/q/g.group.mdb: format 2, this version of mq knows 1"
	sample q
	mq-sub -e -c 1 q/g
	perl -pi -e 's/format\x01\0\0\0/format\x02\0\0\0/g' spool/q/g.group.mdb
	fails 69 "mq-sub: $text" mq-sub -e q/g
	fails 69 "mq-replay: $text" mq-replay q/g
	fails 69 "mq-ack: $text" mq-ack q/g/1.2
	mq-pub q delta
	run -0 mq-sub -e q/other
	assert_output $'alpha\nbeta\ngamma\ndelta'
}

@test "a database of another version of LMDB's format" {
	sample q
	perl -0777 -pi -e 's/\xde\xc0\xef\xbe\x01/\xde\xc0\xef\xbe\x02/g' spool/q/log.mdb
	fails 69 "mq-pub: $MQ_SPOOL/q/log.mdb: database format 2, this version of mq knows 1" \
	    mq-pub q a
	fails 69 "mq-replay: $MQ_SPOOL/q/log.mdb: database format 2, this version of mq knows 1" \
	    mq-replay q
}

# --------------------------------------------------------------------- permissions

@test "an unwritable spool: 77" {
	for_everybody
	mkdir -m 755 spool
	fails 77 "mq-pub: q: can't be made in $MQ_SPOOL: Permission denied" \
	    as_nobody mq-pub q a
	fails 77 "mq-ctl create: q: can't be made in $MQ_SPOOL: Permission denied" \
	    as_nobody mq-ctl create q
	fails 77 "mq-sub: q: can't be made in $MQ_SPOOL: Permission denied" \
	    as_nobody mq-sub q
	fails 77 "mq-pub: $MQ_SPOOL/below: can't be made: Permission denied" \
	    as_nobody mq-pub -s spool/below q a || \
	    fails 77 "mq-pub: spool/below: can't be made: Permission denied" \
	    as_nobody mq-pub -s spool/below q a
	run -0 ls -A spool
	assert_output ''
}

@test "a spool that can't be entered: 77" {
	sample q
	for_everybody
	chmod 700 spool
	fails 77 "mq-pub: $MQ_SPOOL/q: Permission denied" as_nobody mq-pub q a
	fails 77 "mq-replay: $MQ_SPOOL/q: Permission denied" as_nobody mq-replay q
	fails 77 "mq-stat: $MQ_SPOOL: Permission denied" as_nobody mq-stat
	chmod 755 spool
	chmod 700 spool/q
	fails 77 "mq-replay: $MQ_SPOOL/q: Permission denied" as_nobody mq-replay q
}

@test "a queue of another user: reading is allowed, writing is not" {
	sample q
	mq-sub -e -c 1 q/g
	for_everybody
	run -0 as_nobody mq-replay q
	assert_output $'alpha\nbeta\ngamma'
	run -0 as_nobody mq-stat -J q
	run -0 jq -c 'select(.group == "g") | .depth' <<<"$output"
	assert_output 2
	run -0 as_nobody mq-ctl show q
	fails 77 "mq-pub: $MQ_SPOOL/q/log.mdb: Permission denied" as_nobody mq-pub q a
	for command in 'trim q' 'purge q' 'delete -f q' 'set q retain=1d' 'create q/new'; do
		# shellcheck disable=SC2086 # words
		run -77 --separate-stderr as_nobody mq-ctl $command
		[[ $stderr == "mq-ctl "*": $MQ_SPOOL/q/log.mdb: Permission denied" ]]
	done
	run -77 --separate-stderr as_nobody mq-sub -e q/g
	run -77 --separate-stderr as_nobody mq-sub -e q/new
	run -77 --separate-stderr as_nobody mq-ack q/g/1.2
	[ "$(messages q)" = 3 ]
	[ "$(depth q/g)" = 2 ]
	mq-ctl check -q
}

@test "file modes say who may publish, and who may consume" {
	sample q
	for_everybody
	chmod 666 spool/q/{log.mdb,log.stat,turn}
	as_nobody mq-pub q delta
	run -77 --separate-stderr as_nobody mq-sub -e q/g
	chmod 644 spool/q/log.mdb
	fails 77 "mq-pub: $MQ_SPOOL/q/log.mdb: Permission denied" as_nobody mq-pub q epsilon
	chmod 600 spool/q/log.mdb
	fails 77 "mq-replay: $MQ_SPOOL/q/log.mdb: Permission denied" as_nobody mq-replay q
	[ "$(messages q)" = 4 ]
}

@test "who may not publish may still consume, if the group's files allow it" {
	sample q
	mq-sub -e -c 1 q/g
	for_everybody
	chmod 666 spool/q/{g.group.*,turn}
	chmod 777 spool/q/owner
	fails 77 "mq-pub: $MQ_SPOOL/q/log.mdb: Permission denied" as_nobody mq-pub q delta
	run -0 --separate-stderr as_nobody mq-sub -e q/g
	assert_output $'beta\ngamma'
	[ "$(depth q/g)" = 0 ]
	run -77 as_nobody mq-sub -e q/new
	run -0 mq-ctl list q
	assert_output $'q\nq/g'
}

@test "a queue that is open to all is used by all" {
	for_everybody
	(umask 000; sample q)
	as_nobody mq-pub q delta
	run -0 as_nobody mq-sub -e q/g
	assert_output $'alpha\nbeta\ngamma\ndelta'
	head -c 300000 /dev/zero >big
	as_nobody mq-pub -F q big
	as_nobody mq-sub -e q/g -- true
	mq-pub q epsilon
	as_nobody mq-sub -e q/theirs >/dev/null
	mq-pub q zeta
	run -0 mq-sub -e q/g
	assert_output $'epsilon\nzeta'
	mq-ctl check -q
}

@test "a read-only filesystem: what reads works, what writes says so" {
	local command
	small_disk 4m
	export MQ_SPOOL=$PWD/disk/spool
	sample q
	mq-sub -e -c 1 q/g
	mount -o remount,ro disk
	run -0 mq-replay q
	assert_output $'alpha\nbeta\ngamma'
	run -0 mq-stat -J q
	run -0 mq-ctl show q
	run -0 mq-ctl list
	fails 77 "mq-pub: $MQ_SPOOL/q/log.mdb: Read-only file system" mq-pub q a
	fails 77 "mq-pub: new: can't be made in $MQ_SPOOL: Read-only file system" mq-pub new a
	for command in 'mq-sub q/g' 'mq-sub -e q/g' 'mq-sub -e q/new' 'mq-sub -e q/g -- cat' \
	    'mq-ack q/g/1.2' 'mq-ctl purge q' 'mq-ctl trim q' 'mq-ctl set q retain=1d' \
	    'mq-ctl delete -f q' 'mq-ctl create q/new' 'mq-ctl create new'; do
		# shellcheck disable=SC2086 # words
		run -77 --separate-stderr $command
		[ "$output" = '' ]
	done
	mount -o remount,rw disk
	mq-pub q delta
	run -0 mq-sub -e q/g
	assert_output $'beta\ngamma\ndelta'
	mq-ctl check -q
}

# ----------------------------------------------------------------------- full disks

@test "a full disk: 75, and what was told before is there" {
	local told
	small_disk 8m
	export MQ_SPOOL=$PWD/disk/spool
	mq-ctl create q/g
	mq-ctl set q min-free=0		# else it would not come to this
	lines 100000 >in
	run -75 --separate-stderr sh -c 'mq-pub -I q <in >ids'
	told=$(wc -l <ids)
	[ "$told" -gt 1000 ]
	[ "$stderr" = "mq-pub: q: not stored: No space left on device ($told messages were published before)" ]
	mq-replay -f '%o\n' q | cmp - ids
	mq-replay q | cmp - <(head -n "$told" in)
	# So it stays, with every tool that looks.
	fails 75 'mq-pub: q: not stored: No space left on device' mq-pub q <in
	mq-stat q >/dev/null
	mq-ctl check -q q
	[ "$(messages q)" = "$told" ]
}

@test "a full disk: consumers settle again once there is room" {
	local receipt told
	small_disk 2m
	export MQ_SPOOL=$PWD/disk/spool
	head -c 300000 /dev/zero >disk/other
	mq-pub q first second
	receipt=$(mq-sub -m -c 1 q/g | cut -f 1)
	lines 100000 >in
	run -75 mq-pub q <in
	# The last bytes, too.
	cat /dev/zero >disk/rest || :
	told=$(messages q)
	run -75 --separate-stderr mq-sub -e q/h
	[[ $stderr == mq-sub:*": No space left on device; 'mq-ctl delete' of a queue or group that nobody needs makes room" ]]
	run -75 --separate-stderr mq-ctl create new
	[[ $stderr == mq-ctl*': No space left on device' ]]
	mq-replay q >have
	[ "$(wc -l <have)" = "$told" ]
	rm disk/other disk/rest
	mq-ack "$receipt"
	mq-sub -e q/g >have
	[ "$(wc -l <have)" = $((told - 1)) ]
	[ "$(depth q/g)" = 0 ]
	mq-pub q last
	run -0 mq-sub -e q/g
	assert_output last
	mq-ctl check -q q
	run -0 ls -A disk/spool disk/spool/q
	refute_output --partial .new-
}

@test "a full disk: --atomic publishes nothing" {
	small_disk 2m
	export MQ_SPOOL=$PWD/disk/spool
	mq-pub q first
	mq-ctl set q min-free=0
	lines 30000 >in
	fails 75 'mq-pub: q: not stored: No space left on device' mq-pub --atomic -I q <in
	assert_output ''
	run -0 mq-replay q
	assert_output first
}

@test "a full disk: a large body leaves nothing" {
	small_disk 2m
	export MQ_SPOOL=$PWD/disk/spool
	mq-pub q first
	head -c 3000000 /dev/zero >big
	run -75 --separate-stderr mq-pub -F q big
	[[ $stderr == "mq-pub: $MQ_SPOOL/q/blob/"*": write: No space left on device" ]]
	run -75 --separate-stderr mq-pub -1 q <big
	run -0 ls disk/spool/q/blob
	assert_output ''
	mq-pub q second
	[ "$(messages q)" = 2 ]
}

@test "a full disk: a queue is made whole or not at all" {
	small_disk 1m
	export MQ_SPOOL=$PWD/disk/spool
	mkdir disk/spool
	cat /dev/zero >disk/rest || :
	run -75 --separate-stderr mq-pub q a
	[[ $stderr == mq-pub:*': No space left on device' ]]
	run -0 ls -A disk/spool
	assert_output ''
	rm disk/rest
	mq-pub q a
	mq-ctl check -q
}

@test "a full disk under mq-sub's output: what did not fit is delivered again" {
	small_disk 64k
	lines 5000 >in
	mq-pub q <in
	run -74 --separate-stderr sh -c 'mq-sub -e q/g >disk/out'
	[ "$stderr" = 'mq-sub: standard output: No space left on device' ]
	[ "$(depth q/g)" -gt 4000 ]
	mq-sub -e q/g >rest
	# The line that was cut comes again, whole; nothing is missing.
	sort -u <(grep -xE '[0-9]{99}' disk/out) rest | cmp - in
}

@test "a limit on the size of files: 74, SIGXFSZ is survived, nothing is lost" {
	mq-ctl create q/g
	mq-pub q first
	lines 20000 >in
	fails 74 'mq-pub: q: not stored: File too large' bash -c 'ulimit -f 300; mq-pub q <in'
	run -74 --separate-stderr bash -c 'ulimit -f 300; mq-pub -F q in'
	[[ $stderr == "mq-pub: $MQ_SPOOL/q/blob/"*": write: File too large" ]]
	run -74 --separate-stderr bash -c 'ulimit -f 50; mq-ctl create new'
	[[ $stderr == mq-ctl*': File too large' ]]
	[ "$(messages q)" = 1 ]
	run -0 ls -A spool spool/q/blob
	refute_output --partial .new-
	run -74 --separate-stderr bash -c 'ulimit -f 0; mq-sub -e q/g | cat; exit ${PIPESTATUS[0]}'
	[ "$(depth q/g)" = 1 ]
	mq-pub q <in
	mq-sub -e q/g >have
	cmp have <(echo first; cat in)
	mq-ctl check -q
}

@test "no descriptors, no memory: 71, named" {
	mq-pub q a
	# Three beside the standard ones, however many bats keeps open.
	run -71 --separate-stderr bash -c 'for fd in /proc/self/fd/*; do
			fd=${fd##*/}
			[ "$fd" -le 2 ] || eval "exec $fd>&-"
		done
		ulimit -n 6
		exec mq-pub q b'
	[[ $stderr == "mq-pub: $MQ_SPOOL/q/"*': Too many open files (ulimit -n is '[0-9]*')' ]]
	[ -n "${MQ_SANITIZED:-}" ] ||
	    fails 71 "mq-pub: $MQ_SPOOL/q/log.mdb: not enough address space to map it (ulimit -v)" \
	    bash -c 'ulimit -v 20000; exec mq-pub q b'
	[ -n "${MQ_SANITIZED:-}" ] || bash -c 'ulimit -v 200000; exec mq-pub q b'
	run -0 mq-replay q
}

@test "a map that is full: 75, what was told is there" {
	local told
	mq-ctl create q
	lines 100000 >in
	run -75 --separate-stderr env MQ_MAPSIZE=1M sh -c 'mq-pub -I q <in >ids'
	told=$(wc -l <ids)
	[ "$stderr" = "mq-pub: q: map is full (MQ_MAPSIZE) ($told messages were published before)" ] ||
	    [ "$stderr" = 'mq-pub: q: map is full (MQ_MAPSIZE)' ]
	[ "$(messages q)" = "$told" ]
	mq-pub q <in
	mq-ctl check -q
}

# --------------------------------------------------------------------------- stdout

@test "stdout closed or full: 74, and nothing is lost" {
	local tool
	# Fewer than mq-sub -m holds at most: it would wait for them to be settled.
	lines 900 >in
	mq-pub q <in
	for tool in 'mq-sub -e q/g' 'mq-sub -e -J q/g' 'mq-sub -m -e q/m' 'mq-replay q' \
	    'mq-replay -J q' 'mq-replay -F q'; do
		fails 74 "${tool%% *}: standard output: Bad file descriptor" sh -c "$tool >&-"
		fails 74 "${tool%% *}: standard output: No space left on device" \
		    sh -c "$tool >/dev/full"
	done
	mq-sub -e q/g | cmp - in
	# Under -m, too: nothing was handed out.
	mq-sub -m -e q/m | cut -f 2 | cmp - in
	for tool in mq-stat 'mq-stat -J' 'mq-ctl list' 'mq-ctl show q' 'mq-ctl check'; do
		run -74 sh -c "$tool >/dev/full"
		run -74 sh -c "$tool >&-"
	done
}

@test "a reader that goes away: what it took is settled, the rest comes again" {
	# 100 bytes a message: the reader takes 25 and a half.
	lines 2000 >in
	mq-pub q <in
	run -0 bash -c 'mq-sub q/g | dd bs=1 count=2550 of=took 2>/dev/null; exit "${PIPESTATUS[0]}"'
	[ "$(depth q/g)" = $((2000 - 25)) ]
	{ head -c 2500 took; mq-sub -e q/g; } | cmp - in
	run -0 bash -c 'mq-replay q | head -n 1 >/dev/null; exit "${PIPESTATUS[0]}"'
}

@test "a reader that goes away while there is nothing to read: it is noticed" {
	local pid
	mkfifo out
	mq-pub q first
	mq-sub q/g >out 3>&- &
	pid=$!
	exec 7<out
	read -r line <&7
	[ "$line" = first ]
	exec 7<&-
	until_true "ended $pid"
	wait "$pid"
}

@test "a reader that stops in the midst of a large body: all of it comes again" {
	head -c 5000000 /dev/urandom >body
	mq-pub -F q body
	# 1: not one was delivered.
	run -1 bash -c 'mq-sub -f %s q/g | dd bs=1000 count=100 of=/dev/null 2>/dev/null; exit "${PIPESTATUS[0]}"'
	[ "$(depth q/g)" = 1 ]
	mq-sub -e -f %s q/g | cmp - body
}

# -------------------------------------------------------------------- deleted queues

@test "a queue deleted under a publisher: 66, and nothing goes into the deleted file" {
	local pid how sum
	mkfifo in
	for how in 'mq-ctl delete -f q' 'rm -r spool/q' 'mv spool/q moved'; do
		mq-pub q <in 2>said 3>&- &
		pid=$!
		exec 7>in
		echo one >&7
		until_true '[ "$(messages q)" = 1 ]'
		exec 8<spool/q/log.mdb
		$how
		sum=$(md5sum </dev/fd/8)
		echo two >&7
		until_true "ended $pid"
		run -66 wait "$pid"
		exec 7>&-
		[ "$(cat said)" = 'mq-pub: q: queue was deleted (1 message was published before)' ]
		[ "$(md5sum </dev/fd/8)" = "$sum" ]
		exec 8<&-
		run -0 ls -A spool
		assert_output ''
	done
}

@test "a queue deleted and made again under a publisher: nothing is lost silently" {
	local pid status=0
	mkfifo in
	mq-pub -I q <in >ids 2>said 3>&- &
	pid=$!
	exec 7>in
	echo one >&7
	until_true '[ "$(messages q)" = 1 ]'
	mq-ctl delete -f q
	mq-ctl create q
	echo two >&7
	exec 7>&-
	until_true "ended $pid"
	wait "$pid" || status=$?
	# Either it says so, or the message is in the new queue.
	case $status in
	0)	[ "$(mq-replay q)" = two ] ;;
	75)	[ "$(wc -l <ids)" = 1 ]
		[ "$(cat said)" = 'mq-pub: q: queue was replaced (1 message was published before)' ]
		[ "$(messages q)" = 0 ] ;;
	*)	false ;;
	esac
	mq-ctl check -q
}

# remove QUEUE: as people do.  A consumer that is waiting may put a status page back in
# the midst of it.
remove() {
	until_true "rm -r spool/$1 2>/dev/null; [ ! -e spool/$1 ]"
}

@test "a queue deleted under a consumer: 66, within a second or two" {
	local pid how tool
	for how in 'mq-ctl delete -f q' 'remove q'; do
		for tool in 'mq-sub q/g' 'mq-sub -m q/g' 'mq-sub q/g -- cat' 'mq-replay -F q'; do
			mq-pub q one
			rm -f out
			$tool >out 2>said 3>&- &
			pid=$!
			until_true '[ -s out ]'
			$how
			until_true "ended $pid"
			run -66 wait "$pid"
			# Files that go one by one may be missed before the queue is.
			grep -qE "^${tool%% *}: (q|q/g): (queue|group) was deleted\$" said ||
			    { [[ $how == remove* ]] && grep -q "^${tool%% *}: $MQ_SPOOL/q/.*: No such file or directory\$" said; } || {
				echo "$how under $tool: $(cat said)" >&2
				return 1
			}
			run -0 ls -A spool
			assert_output ''
		done
	done
}

@test "a queue deleted while a handler runs: the handler ends in peace, then 66" {
	local pid
	mq-pub q one two
	mq-sub q/g -- sh -c 'echo begun >>log; until [ -e go ]; do sleep 0.02; done; echo done >>log' \
	    2>said 3>&- &
	pid=$!
	until_true '[ -s log ]'
	mq-ctl delete -f q
	: >go
	until_true "ended $pid"
	run -66 wait "$pid"
	grep -q '^mq-sub: .*q' said
	# Both were taken before; what begins is let end.
	[ "$(grep -c begun log)" = "$(grep -c done log)" ]
	run -0 ls -A spool
	assert_output ''
}

@test "a group deleted under a consumer: 66, and it says that it was the group" {
	local pid
	mq-pub q one
	mq-sub q/g >out 2>said 3>&- &
	pid=$!
	until_true '[ -s out ]'
	mq-ctl delete -f q/g
	until_true "ended $pid"
	run -66 wait "$pid"
	[ "$(cat said)" = 'mq-sub: q/g: group was deleted' ]
	run -0 mq-ctl list
	assert_output q
}

# -------------------------------------------------------------------------- receipts

@test "a receipt of another spool, a stale one, and what is none" {
	local receipt
	mq-pub -s other q a
	mq-pub q a
	mq-sub -m -e q/g >/dev/null
	receipt=$(mq-sub -s other -m -e q/g | cut -f 1)
	fails 66 "mq-ack: $receipt: settled or delivered again meanwhile" mq-ack "$receipt"
	mq-ack -s other "$receipt"
	fails 66 "mq-ack: $receipt: settled or delivered again meanwhile" \
	    mq-ack -s other "$receipt"
	[ "$(depth q/g)" = 1 ]
	fails 64 'mq-ack: nonsense: not a receipt: a receipt is QUEUE/GROUP/ID.LEASE' \
	    mq-ack nonsense
	echo nonsense >in
	fails 65 'mq-ack: stdin: line 1: nonsense: not a receipt: a receipt is QUEUE/GROUP/ID.LEASE' \
	    mq-ack <in
}
