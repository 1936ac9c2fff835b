#!/usr/bin/env bats
# mq-stat-service.bats - share/systemd/mq-stat.socket and mq-stat@.service: what systemd says
# of the units, and what they start

load lib/common
load lib/needs

units=$BATS_TEST_DIRNAME/../share/systemd

# setting NAME: its values in the service, one a line.
setting() {
	sed -n "s/^$1=//p" "$units/mq-stat@.service"
}

# The units as they would be installed, with the tools where they are now.
installed() {
	mkdir units
	cp "$units"/mq-stat.socket "$units"/mq-stat@.service units
	sed -i "s|^ExecStart=mq-stat |ExecStart=$(command -v mq-stat) |" units/mq-stat@.service
	grep -q "^ExecStart=/" units/mq-stat@.service
}

# Runs the service's own command line, in its environment but for the spool, with an accepted
# connection as stdin and stdout, as systemd does; $socket is where clients connect.
start() {
	local command
	command=$(setting ExecStart)
	socket=$PWD/socket
	# shellcheck disable=SC2086 # words
	systemd-socket-activate --accept --inetd -l "$socket" \
	    -E PATH="$PATH" -E MQ_SPOOL="$MQ_SPOOL" "$(command -v ${command%% *})" \
	    ${command#* } 2>said 3>&- &
	until_true '[ -S socket ] && grep -q Listening said'
}

get() {
	curl -q -s -S --max-time 60 --unix-socket "$socket" -o body -w '%{http_code}' \
	    "http://localhost$1"
}

@test "systemd-analyze verify has nothing to say" {
	needs systemd systemd-analyze
	installed
	run -0 systemd-analyze verify --man=no units/mq-stat.socket units/mq-stat@.service
	assert_output ''
	# It would.
	echo Nonsense=yes >>units/mq-stat@.service
	run systemd-analyze verify --man=no units/mq-stat.socket units/mq-stat@.service
	assert_output --partial Nonsense
}

@test "systemd-analyze security: exposure of 1.0 at most" {
	needs systemd systemd-analyze
	installed
	run -0 systemd-analyze security --no-pager --offline=true --threshold=10 \
	    units/mq-stat@.service
}

@test "it listens on this machine only, and each connection is a service" {
	run -0 grep -c '^ListenStream=127\.0\.0\.1:[0-9]*$' "$units/mq-stat.socket"
	assert_output 1
	run -0 grep -c ^ListenStream= "$units/mq-stat.socket"
	assert_output 1
	run -0 grep -x Accept=yes "$units/mq-stat.socket"
	assert_equal "$(setting StandardInput) $(setting StandardOutput)" 'socket socket'
	# Many quick connections do not put the socket into a failed state, for good.
	run -0 grep -x TriggerLimitIntervalSec=0 "$units/mq-stat.socket"
	# All that the service may be told to do beyond the defaults takes less time than it has.
	[ "$(setting RuntimeMaxSec)" -gt 20 ]
}

@test "what the service starts answers, and complains in the journal" {
	needs systemd systemd-socket-activate
	seq 3 | mq-pub q
	start
	run -0 get /metrics
	assert_output 200
	grep -qxF 'mq_queue_messages{queue="q"} 3' body
	run -0 get /
	assert_output 200
	grep -q '<html' body
	run -0 get /none
	assert_output 404
	rm -r spool
	run -0 get /metrics
	assert_output 503
	until_true 'grep -q "mq-stat: $MQ_SPOOL" said'
}

@test "as another user, on a filesystem that is read-only, the spool is read and left alone" {
	needs systemd systemd-socket-activate
	seq 3 | mq-pub q
	mq-sub -c 1 q/g >/dev/null
	as_nobody true
	chmod 755 .
	unshare -m true 2>/dev/null || skip "can't unshare mounts here"
	printf 'GET /metrics HTTP/1.0\r\n\r\n' >request
	find spool -type f -exec md5sum {} + | sort >before
	find spool -printf '%p %s %T@ %m\n' | sort >>before
	# shellcheck disable=SC2016 # expanded inside
	run -0 unshare -m sh -c 'mount --bind spool spool && mount -o remount,ro,bind spool &&
	    exec setpriv --reuid=65534 --regid=65534 --clear-groups "$0" --http <request' \
	    "$BATS_FILE_TMPDIR/bin/mq-stat"
	assert_line -n 0 $'HTTP/1.1 200 OK\r'
	assert_line 'mq_scrape_errors 0'
	assert_line 'mq_group_depth_messages{queue="q",group="g"} 2'
	printf 'GET / HTTP/1.0\r\n\r\n' >request
	run -0 unshare -m sh -c 'mount --bind spool spool && mount -o remount,ro,bind spool &&
	    exec setpriv --reuid=65534 --regid=65534 --clear-groups "$0" --http <request' \
	    "$BATS_FILE_TMPDIR/bin/mq-stat"
	assert_line -n 0 $'HTTP/1.1 200 OK\r'
	find spool -type f -exec md5sum {} + | sort >after
	find spool -printf '%p %s %T@ %m\n' | sort >>after
	cmp before after
}

@test "it needs no system call that the service forbids" {
	needs systemd systemd-analyze
	command -v strace >/dev/null || skip "needs strace"
	[ -z "${MQ_SANITIZED-}" ] || skip "the sanitizers make calls of their own"
	seq 3 | mq-pub q
	mq-sub -c 1 q/g >/dev/null
	local path
	for path in / /metrics; do
		printf 'GET %s HTTP/1.0\r\n\r\n' $path >request
		strace -f -qq -o call mq-stat --http <request >/dev/null
		cat call >>calls
	done
	# Sets, and sets in sets, as lists of calls.
	calls_of() {
		systemd-analyze syscall-filter --no-pager "$1" | sed -n 's/^    \([@a-z0-9_-]*\)$/\1/p' |
		    while read -r name; do
			case $name in
			@*) calls_of "$name" ;;
			*) echo "$name" ;;
			esac
		done
	}
	local line set
	touch allowed denied
	while read -r line; do
		for set in ${line#\~}; do
			calls_of "$set" >>"$([[ $line == ~* ]] && echo denied || echo allowed)"
		done
	done < <(setting SystemCallFilter)
	[ -s denied ]
	comm -23 <(sort -u allowed) <(sort -u denied) >left
	[ "$(wc -l <left)" -gt 100 ]
	grep -q openat calls
	sed -n 's/^[0-9]* *\([a-z0-9_]*\)(.*/\1/p' calls | sort -u | comm -23 - left >refused
	assert_equal "$(cat refused)" ''
}
