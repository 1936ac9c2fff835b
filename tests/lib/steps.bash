# steps.bash - a tool that is killed, or finds the disk full, at each of its steps: load
# lib/steps; needs lib/common

# steps_setup_file [STEPS.C]: where the test's own directory is not that of tests/steps.
steps_setup_file() {
	"${CC:-cc}" -std=c11 -D_GNU_SOURCE -O1 -Wall -Wextra -shared -fPIC \
	    -o "$BATS_FILE_TMPDIR/steps.so" "$BATS_TEST_DIRNAME/${1:-steps/steps.c}"
}

# steps KILL|FULL|STOP N COMMAND...: COMMAND, killed at step N, with a disk that is full from
# then, or stopped there (in the background: exec_steps).
# Its steps are what it does to files below $steps_dir ($MQ_SPOOL).
steps() {
	local how=$1 n=$2
	shift 2
	env LD_PRELOAD="$BATS_FILE_TMPDIR/steps.so" STEPS_DIR="${steps_dir:-$MQ_SPOOL}" \
	    STEPS_COUNT="$BATS_TEST_TMPDIR/steps" "STEPS_$how=$n" "$@"
}

can_be_stepped() {
	[ -z "${MQ_SANITIZED:-}" ] || skip "the sanitizers want to be loaded first"
}

exec_steps() {
	local how=$1 n=$2
	shift 2
	exec env LD_PRELOAD="$BATS_FILE_TMPDIR/steps.so" STEPS_DIR="${steps_dir:-$MQ_SPOOL}" \
	    STEPS_COUNT="$BATS_TEST_TMPDIR/steps" "STEPS_$how=$n" "$@"
}

# is_stopped PID
is_stopped() {
	[ "$(sed 's/.*) //; s/ .*//' "/proc/$1/stat" 2>/dev/null)" = T ]
}
