# common.bash - what every bats file starts with: load lib/common
#
# Each test has a spool of its own, and the tools in front of PATH ($MQ_BIN, or the
# release build).

bats_require_minimum_version 1.5.0

BATS_LIB_PATH=${BATS_LIB_PATH:-/usr/lib/bats}
bats_load_library bats-support
bats_load_library bats-assert

top=$(cd "$BATS_TEST_DIRNAME/.." && pwd)
PATH=${MQ_BIN:-$top/build/release/bin}:$PATH
export PATH MQ_LIBEXEC=${MQ_LIBEXEC:-$top/build/release/libexec}
unset MQ_NOW MQ_AUTOCREATE MQ_MAPSIZE MQ_ENGINES

setup() {
	export MQ_SPOOL=$BATS_TEST_TMPDIR/spool
	cd "$BATS_TEST_TMPDIR" || return 1
	umask 022
}

# until_true COMMAND: waits for a state, a minute at the most.
until_true() {
	local i
	for ((i = 0; i < 1200; i++)); do
		if eval "$1"; then
			return 0
		fi
		sleep 0.05
	done
	echo "never came true: $1" >&2
	return 1
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
}
