# common.bash - what every bats file starts with: load lib/common
#
# Each test has a spool of its own, and the tools in front of PATH ($MQ_BIN, or the
# release build).

bats_require_minimum_version 1.5.0

BATS_LIB_PATH=${BATS_LIB_PATH:-/usr/lib/bats}
bats_load_library bats-support
bats_load_library bats-assert

top=$(cd "${BATS_TEST_DIRNAME%/tests*}" && pwd)
PATH=${MQ_BIN:-$top/build/release/bin}:$PATH
export PATH MQ_LIBEXEC=${MQ_LIBEXEC:-$top/build/release/libexec}
unset MQ_NOW MQ_AUTOCREATE MQ_MAPSIZE MQ_ENGINES MQ_FRESH_CACHE
# What is in the environment of all tests, behind MQ_; a pattern of grep -E.
# shellcheck disable=SC2034 # for the tests
set_for_tests='BIN|BUILD|CLUSTER|ENGINES|JUDGED|KEEP|KILLS|LIBEXEC|SANITIZED'

setup() {
	export MQ_SPOOL=$BATS_TEST_TMPDIR/spool
	in_spool=" in $MQ_SPOOL"	# behind "no such queue"
	cd "$BATS_TEST_TMPDIR" || return 1
	umask 022
}
# until_true COMMAND: waits for a state, a minute at the most ($patience times 50 ms).  After a second it
# looks four times less often: what is waited for needs the processor, too.
until_true() {
	local waited=0 pause=50
	until eval "$1"; do
		if [ "$waited" -ge $((${patience:-1200} * 50)) ]; then
			echo "never came true: $1" >&2
			return 1
		fi
		[ "$waited" -lt 1000 ] || pause=200
		sleep "0.${pause/#50/050}"
		waited=$((waited + pause))
	done
}

# soon MS COMMAND...: COMMAND, which says how many ms something took, takes less than MS
# once in three times; a single one may be late where much else goes on.
soon() {
	local most=$1 took i
	shift
	for i in 1 2 3; do
		took=$("$@") || return 1
		[ "$took" -ge "$most" ] || return 0
	done
	echo "took $took ms, not less than $most: $*" >&2
	return 1
}

# ms: of the clock.
ms() {
	echo $(($(date +%s%N) / 1000000))
}

# drain QUEUE/GROUP COMMAND...: runs COMMAND, which consumes what there is, until nothing is
# left; what the command of a killed consumer still works on comes back when that ends.
drain() {
	local group=$1 until=$((SECONDS + 60)) status
	shift
	while status=0 && { "$@" || status=$?; } && [ "$status" -le 1 ]; do
		[ "$(depth "$group")" != 0 ] || return 0
		[ "$SECONDS" -lt "$until" ] || break
		sleep 0.05
	done
	echo "$group was not drained: $* ($status)" >&2
	return 1
}

# depth QUEUE/GROUP, or one of its other numbers: field NAME QUEUE/GROUP.
field() {
	mq-stat -J "$2" | jq -r "select(.group == \"${2#*/}\") | .$1"
}

depth() {
	field depth "$1"
}

# messages QUEUE: how many it retains; nothing if it is not there.
messages() {
	mq-stat -J "$1" 2>/dev/null | jq -r 'select(.messages != null) | .messages'
}

# counted NAME QUEUE[/GROUP]: what "has" compares.
counted() {
	if [ "$1" = messages ]; then
		messages "$2"
	else
		field "$1" "$2"
	fi
}

# is_number IS NUMBER, or NUMBER+: so many, or more.
is_number() {
	case $2 in
	*+) [ "$1" -ge "${2%+}" ] 2>/dev/null ;;
	*) [ "$1" = "$2" ] ;;
	esac
}

# has NAME QUEUE[/GROUP] NUMBER: one of a group's numbers (depth, acked), or how many messages a
# queue retains (messages), is NUMBER, or with a + behind it, as much at least.
has() {
	local is
	is=$(counted "$1" "$2")
	is_number "$is" "$3" || { echo "$1 of $2: $is, not $3" >&2; return 1; }
}

# given_back: lines of numbered messages, of which a consumer had the first and gave them back.
given_back() {
	cat
}

# ids_ascend: those of a queue's messages, on stdin in the order of the log, do.
ids_ascend() {
	sort -nc
}

# exists QUEUE[/GROUP], and missing: by the tools, since a spool need not be a directory.
exists() {
	mq-ctl show "$1" >/dev/null 2>&1
}
missing() {
	local status=0
	mq-ctl show "$1" >/dev/null 2>&1 || status=$?
	[ "$status" = 66 ]
}

# untouched: nothing has made anything in the spool.
untouched() {
	[ ! -e "$MQ_SPOOL" ]
}

# sound [QUEUE...]: nothing is wrong with the files of these queues, or of all.
sound() {
	mq-ctl check -q "$@"
}

# as_nobody COMMAND...: as a user without rights.  Skips the test where that can't be.
# The tools are run from a copy: the build may lie where that user may not go, for
# instance in root's home.
as_nobody() {
	local copy=$BATS_FILE_TMPDIR/bin
	[ "$(id -u)" = 0 ] || skip "needs root to become another user"
	if [ ! -d "$copy" ]; then
		chmod a+x "$BATS_RUN_TMPDIR" "${BATS_FILE_TMPDIR%/*}" "$BATS_FILE_TMPDIR"
		mkdir -m 755 "$copy"
		cp "$(dirname "$(command -v mq-pub)")"/mq-* "$copy"
	fi
	PATH=$copy:$PATH setpriv --reuid=65534 --regid=65534 --clear-groups -- "$@"
}

# A small filesystem at ./disk, of SIZE (as tmpfs takes it).
small_disk() {
	[ "$(id -u)" = 0 ] || skip "needs root to mount a small filesystem"
	mkdir disk
	mount -t tmpfs -o "size=$1" tmpfs disk || skip "can't mount a tmpfs here"
}

teardown() {
	local pids
	pids=$(jobs -p)
	if [ -n "$pids" ]; then
		# shellcheck disable=SC2086 # a list
		kill -KILL $pids 2>/dev/null || :
	fi
	if [ -d "$BATS_TEST_TMPDIR/disk" ]; then
		umount "$BATS_TEST_TMPDIR/disk" 2>/dev/null || :
	fi
	[ -z "${MQ_CLUSTER-}" ] || forget_vhost
}

# On a cluster some of these are others.
# shellcheck source-path=SCRIPTDIR/..
[ -z "${MQ_CLUSTER-}" ] || . "$top/tests/amqp/spool.bash"
