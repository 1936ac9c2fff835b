# expect.bash - what a tool said, and how it ended: load lib/expect

# fails STATUS TEXT COMMAND...: ends with STATUS, and TEXT is its first line on stderr.
# A usage error also says where help is.
fails() {
	local status=$1 text=$2
	shift 2
	run "-$status" --separate-stderr "$@"
	if [ "$stderr" != "$text" ] && [ "${stderr%%$'\n'*}" != "$text" ]; then
		printf 'said:   %s\nwanted: %s\n' "$stderr" "$text" >&2
		return 1
	fi
	if [ "$status" = 64 ] && ! grep -q "^Try '.* --help'\.$" <<<"$stderr" &&
	    [[ $text != *"command line: "* ]] && [[ $text != *directory ]]; then
		echo "no hint: $stderr" >&2
		return 1
	fi
}

# says_stale TEXT RECEIPT: TEXT is that of a receipt that was settled before.  On a cluster, where
# its consumer ends when all that it gave is settled, that may be what is said.
says_stale() {
	local gone='the delivery was settled, or the message is delivered again'
	[ "$1" = "mq-ack: $2: settled or delivered again meanwhile" ] || {
		[ -n "${MQ_CLUSTER-}" ] && [[ $1 = "mq-ack: $2: its consumer (process "*") is gone: $gone" ]]
	} || { echo "said: $1" >&2; return 1; }
}

# fails_stale RECEIPT COMMAND...: it ends with 66, and says so of RECEIPT first.
fails_stale() {
	local receipt=$1
	shift
	run -66 --separate-stderr "$@"
	says_stale "${stderr%%$'\n'*}" "$receipt"
}

# watched FILE COMMAND...: runs COMMAND with all signals as they are by default, its pid
# in FILE.pid; at the end FILE is "exit STATUS" or "signal NUMBER".
watched() {
	perl -e '
		my $file = shift;
		my $pid = fork;
		if (!$pid) {
			$SIG{INT} = $SIG{TERM} = $SIG{HUP} = "DEFAULT";
			exec { $ARGV[0] } @ARGV or exit 127;
		}
		open my $f, ">", "$file.new" or die; print $f $pid; close $f;
		rename "$file.new", "$file.pid";
		waitpid $pid, 0;
		open $f, ">", "$file.new" or die;
		print $f $? & 127 ? "signal " . ($? & 127) : "exit " . ($? >> 8);
		close $f;
		rename "$file.new", $file;
	' "$@"
}

# for_everybody: other users get at the test's directory.  bats makes its own for one.
for_everybody() {
	local dir=$BATS_TEST_TMPDIR
	while [ "$dir" != "$BATS_RUN_TMPDIR" ] && [ "$dir" != / ]; do
		chmod o+x "$dir"
		dir=$(dirname "$dir")
	done
	chmod o+x "$BATS_RUN_TMPDIR"
}

# ended PID: it has ended (wait tells how).
ended() {
	! kill -0 "$1" 2>/dev/null
}
