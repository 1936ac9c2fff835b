# spool.bash - the spool of a test that runs on a cluster; loaded by lib/common where
# MQ_CLUSTER names a directory of tests/amqp/nodes
#
# Each test has a vhost of its own.  The address has no password and no user, and the
# management API's port is not in it: they are in the configuration that the tools read.
#
# What is listed in tests/amqp/embedded-only is skipped.  What is listed in
# tests/amqp/unsupported runs with wrappers in front of the tools that log their statuses,
# for tests/amqp/bats, which judges it.  Lists have lines of FILE, TEST and REASON, divided by
# tabs.  TEST is the test's name, or a pattern of the shell.

nodes() {
	"$top/tests/amqp/nodes" "$MQ_CLUSTER" "$@"
}

# listed LIST: prints the reason if the running test is on it.
listed() {
	local file test reason
	# shellcheck disable=SC2053 # a pattern
	while IFS=$'\t' read -r file test reason; do
		if [ "$file" = "${BATS_TEST_FILENAME##*/}" ] && { [ "$test" = "$BATS_TEST_DESCRIPTION" ] ||
		    [[ $BATS_TEST_DESCRIPTION = $test ]]; }; then
			echo "$reason"
			return
		fi
	done < <(grep -v '^#' "$top/tests/amqp/$1")
	return 1
}

# log_statuses: puts wrappers in front of the tools.  What can't come true is waited for a
# second only: the test is to fail.
log_statuses() {
	local tool real
	patience=20
	export MQ_STATUSES=$MQ_JUDGED/$BATS_TEST_NUMBER
	mkdir "$BATS_TEST_TMPDIR.tools"
	for tool in mq-pub mq-sub mq-ack mq-stat mq-replay mq-ctl; do
		real=$(command -v "$tool")
		printf '#!/bin/sh\n%s "$@"\nstatus=$?\nprintf "%%s\\n" "$status %s $*" >>"$MQ_STATUSES"\nexit "$status"\n' \
		    "$real" "$tool" >"$BATS_TEST_TMPDIR.tools/$tool"
		chmod +x "$BATS_TEST_TMPDIR.tools/$tool"
	done
	PATH=$BATS_TEST_TMPDIR.tools:$PATH
}

setup() {
	local why
	cd "$BATS_TEST_TMPDIR" || return 1
	umask 022
	if why=$(listed embedded-only); then
		skip "embedded engine only: $why"
	fi
	export MQ_ENGINES=$MQ_BUILD/engines/mq XDG_CONFIG_HOME=$BATS_FILE_TMPDIR/config
	if [ ! -e "$XDG_CONFIG_HOME/mq/amqp.conf" ]; then
		mkdir -p "$XDG_CONFIG_HOME/mq"
		(umask 077; printf 'user=mq\npassword=secret\nmanagement=%s\n' "$(nodes management 1)" \
		    >"$XDG_CONFIG_HOME/mq/amqp.conf")
	fi
	vhost=$(basename "$BATS_TEST_FILENAME" .bats)-$BATS_TEST_NUMBER-$BATS_ROOT_PID
	MQ_SPOOL=$(nodes vhost "$vhost") || return 1
	export MQ_SPOOL=${MQ_SPOOL/mq:secret@/}
	# shellcheck disable=SC2034 # for the tests
	in_spool=" in $MQ_SPOOL"
	if [ -n "${MQ_JUDGED-}" ] && listed unsupported >"$MQ_JUDGED/$BATS_TEST_NUMBER.reason"; then
		log_statuses
	fi
}

# What is retained is what can be read again.
messages() {
	local each status=0
	each=$(mq-replay -f x "$1" 2>/dev/null) || status=$?
	[ "$status" -gt 1 ] || echo "${#each}"
}

# A broker's numbers come late, and some counters it does not have: those are null.  Retries and
# dead letters are acked, too.
has() {
	local until=$((SECONDS + 30)) is number=$3
	[ "$1" != acked ] || number=${3%+}+
	while is=$(counted "$1" "$2"); ! is_number "$is" "$number"; do
		case $1 in
		retried|released|rejected|dead|expired|delayed) [ "$is" != null ] || return 0 ;;
		esac
		[ "$SECONDS" -lt "$until" ] || { echo "$1 of $2: $is, not $3" >&2; return 1; }
		sleep 0.1
	done
}

# What is on its way to a consumer that ends goes back in no order.
given_back() {
	sort -V
}

# Each publisher makes its own.
ids_ascend() {
	cat >/dev/null
}

untouched() {
	[ -z "$(mq-ctl list)" ]
}

# There are no files to look at.
sound() {
	:
}

# The vhost goes while the next test begins, unless all is kept.
forget_vhost() {
	[ -z "${vhost-}" ] || [ "${MQ_KEEP-}" = yes ] || nodes forget "$vhost" >/dev/null 2>&1 </dev/null 3>&- &
}

# Another user has a configuration, and the engine, of his own.
as_nobody() {
	local copy=$BATS_FILE_TMPDIR/nobody
	[ "$(id -u)" = 0 ] || skip "needs root to become another user"
	if [ ! -d "$copy" ]; then
		chmod a+x "$BATS_RUN_TMPDIR" "${BATS_FILE_TMPDIR%/*}" "$BATS_FILE_TMPDIR"
		mkdir -m 755 "$copy"
		cp -r "$(dirname "$(command -v mq-pub)")" "$copy/bin"
		cp -r "$MQ_ENGINES" "$copy/engines"
		cp -r "$XDG_CONFIG_HOME" "$copy/config"
		chown -R 65534:65534 "$copy/config"
	fi
	PATH=$copy/bin:$PATH MQ_ENGINES=$copy/engines XDG_CONFIG_HOME=$copy/config \
	    setpriv --reuid=65534 --regid=65534 --clear-groups -- "$@"
}
