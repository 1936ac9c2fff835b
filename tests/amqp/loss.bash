# loss.bash - for tests in which nodes of a cluster are killed or stopped: load loss, after lib/common
#
# Such a test has the cluster to itself.  Whatever it did, all nodes are there for the next file.
setup_file() {
	"${BATS_TEST_DIRNAME}/nodes" "$MQ_CLUSTER" whole
}
teardown_file() {
	setup_file
}

# What a test that failed has left at work, also those in ./*.pid, must end; and what the tools said is told.
eval "common_$(declare -f teardown)"
teardown() {
	local file
	touch stop over
	if [ -z "${BATS_TEST_COMPLETED-}" ]; then
		for file in ./*.pid; do
			[ ! -e "$file" ] || kill -KILL "$(<"$file")" 2>/dev/null || :
		done
		tail -n 5 losses ./*.said 2>/dev/null || :
	fi
	common_teardown
}

# three: skips the test without three nodes; a heartbeat of a second.
three() {
	[ "$(nodes count)" = 3 ] || skip "needs a cluster of three nodes"
	export XDG_CONFIG_HOME=$BATS_TEST_TMPDIR/config
	mkdir -p "$XDG_CONFIG_HOME/mq"
	(umask 077; { cat "$BATS_FILE_TMPDIR/config/mq/amqp.conf"; printf '%s\n' heartbeat=1 connect-timeout=2s; } \
	    >"$XDG_CONFIG_HOME/mq/amqp.conf")
	publishers=() consumers=()
	mkfifo pace
	: >losses
}

# publishing NAME COUNT SECONDS OPTION... QUEUE: mq-pub -I publishes numbers to QUEUE, COUNT at a time, with so many
# seconds between, until there is a file ./stop; the numbers go to ./NAME.numbers, the ids to ./NAME.ids, and the
# first number of each time, with that time, to ./NAME.times.
publishing() {
	local name=$1 count=$2 seconds=$3 i
	shift 3
	for ((i = 0; ; i += count)); do
		[ ! -e stop ] || break
		echo "$((i + 1)) $EPOCHREALTIME" >>"$name.times"
		seq "$((i + 1))" "$((i + count))"
		read -rt "$seconds" <>pace || :
	done 3>&- 7>&- | tee "$name.numbers" | mq-pub -I "$@" >"$name.ids" 2>"$name.said" 3>&- 7>&- &
	publishers+=($!)
}

# published NAME...: ends what "publishing" began; each number has an id of its own.
published() {
	local name pid
	touch stop
	for pid in "${publishers[@]}"; do
		wait "$pid"
	done
	for name; do
		[ "$(sort -u "$name.ids" | wc -l)" = "$(wc -l <"$name.numbers")" ]
	done
}

# still_consuming: all in ${consumers[@]} are at work; then they end.
still_consuming() {
	local pid
	for pid in "${consumers[@]}"; do
		kill -TERM "$pid"
		wait "$pid"
	done
}

# stamped: lines, each with the time at which it came.
stamped() {
	local line
	while IFS= read -r line; do
		printf '%s %s\n' "$EPOCHREALTIME" "$line"
	done
}

# loss, over: between these nodes are lost, until all goes on.
loss() {
	printf '%s ' "$EPOCHREALTIME" >>losses
}
over() {
	goes_on
	printf '%s\n' "$EPOCHREALTIME" >>losses
}
