#!/usr/bin/env bats
# http.bats - mq-stat --http: one request on stdin, its answer on stdout; behind socat, as
# a service

load lib/common

# serve [OPTION...]: a server on a port of the kernel's choice, $port, that starts
# mq-stat --http for each connection, with the connection itself as stdin and stdout; what that
# says on stderr goes to ./said.
serve() {
	socat -d -d "TCP4-LISTEN:0,bind=127.0.0.1,backlog=128,fork" \
	    "EXEC:mq-stat --http${*:+ $*},nofork" 2>said 3>&- &
	server=$!
	until_true 'grep -q "listening on" said'
	port=$(sed -n 's/.*listening on .*:\([0-9]*\)$/\1/p' said)
	url=http://127.0.0.1:$port
}

# get [OPTION...] PATH: what curl gets: the headers in ./head, the body in ./body, the status
# on stdout.
get() {
	curl -q -s -S --max-time 60 -D head -o body -w '%{http_code}' "${@:1:$#-1}" "$url${*: -1}"
}

# header NAME: its value in ./head.
header() {
	sed -n "s/^$1: \\(.*\\)\\r\$/\\1/p" head
}

# ask: sends stdin to the server, shuts down, prints the answer.
ask() {
	timeout 60 socat -t 60 STDIO "TCP4:127.0.0.1:$port"
}

# sample NAME{LABELS} FILE
sample() {
	awk -v name="$1" '$1 == name { print $2; found = 1 } END { exit !found }' "$2"
}

# An exposition without what depends on the moment.
steady() {
	grep -v -e _age_seconds -e _time_seconds -e disk_free
}

@test "GET /metrics: what --prometheus prints, with its type and length" {
	seq 10 | mq-pub q
	mq-sub -c 3 q/g >/dev/null
	serve
	run -0 get /metrics
	assert_output 200
	assert_equal "$(header Content-Type)" 'text/plain; version=0.0.4; charset=utf-8'
	assert_equal "$(header Content-Length)" "$(stat -c %s body)"
	assert_equal "$(header Connection)" close
	assert_equal "$(header Cache-Control)" no-store
	assert_equal "$(header X-Content-Type-Options)" nosniff
	[[ $(header Content-Security-Policy) == *"default-src 'none'"* ]]
	[[ $(header Date) == *" GMT" ]]
	diff <(steady <body) <(mq-stat --prometheus | steady)
	[ "$(sample 'mq_group_depth_messages{queue="q",group="g"}' body)" = 7 ]
	# The query is nobody's business here.
	run -0 get '/metrics?x=y'
	assert_output 200
}

@test "HEAD /metrics: the same headers, and no body" {
	mq-ctl create q/g
	serve
	run -0 get -I /metrics
	assert_output 200
	[ "$(header Content-Length)" -gt 1000 ]
	assert_equal "$(header Content-Type)" 'text/plain; version=0.0.4; charset=utf-8'
	# On the wire, too.
	run -0 ask <<<$'HEAD /metrics HTTP/1.0\n'
	assert_line -n 0 $'HTTP/1.1 200 OK\r'
	refute_output --partial mq_queue
}

@test "operands: only these" {
	mq-ctl create a/g b/g
	serve a
	run -0 get /metrics
	grep -q 'queue="a"' body
	run -1 grep 'queue="b"' body
}

@test "404 for another path, 405 with Allow for another method, 413 for a body" {
	mq-ctl create q
	serve
	run -0 get /secret
	assert_output 404
	assert_equal "$(cat body)" '404 Not Found: there are / and /metrics'
	assert_equal "$(header Content-Type)" 'text/plain; charset=utf-8'
	assert_equal "$(header X-Content-Type-Options)" nosniff
	local method
	for method in POST PUT DELETE OPTIONS FROB; do
		run -0 get -X "$method" /metrics
		assert_output 405
		assert_equal "$(header Allow)" 'GET, HEAD'
	done
	run -0 get -d body /metrics
	assert_output 405
	run -0 get -X GET -d body /metrics
	assert_output 413
	run -0 get -X GET -H 'Transfer-Encoding: chunked' -d body /metrics
	assert_output 413
}

@test "400 for what is not HTTP, at once, without repeating it" {
	local request
	mq-ctl create q
	serve
	for request in 'HELO <script>' 'GET /metrics' 'GET / HTTP/3.0' 'GET http:// HTTP/1.0' \
	    $'GET /metrics HTTP/1.1' $'GET / HTTP/1.0\nA: b\n continued' \
	    $'GET / HTTP/1.0\nContent-Length: many' $'GET / HTTP/1.0\n<script>'; do
		run -0 ask <<<"$request"$'\n'
		assert_line -n 0 $'HTTP/1.1 400 Bad Request\r'
		refute_output --partial script
	done
	# Neither the end of a line nor of the connection is waited for.
	run -0 sh -c "printf '\026\003\001 and a NUL \000' |
	    timeout 60 socat -t 60 STDIO,ignoreeof TCP4:127.0.0.1:$port"
	assert_line -n 0 $'HTTP/1.1 400 Bad Request\r'
	# The connection ends in the midst of a request.
	run -0 sh -c "printf 'GET /metrics HT' | socat -t 60 STDIO TCP4:127.0.0.1:$port"
	assert_line -n 0 $'HTTP/1.1 400 Bad Request\r'
	assert_output --partial 'ends too early'
}

@test "lines that end in LF alone, an absolute target, a request behind empty lines" {
	mq-ctl create q
	serve
	run -0 ask <<<$'\n\r\nGET http://localhost/metrics HTTP/1.1\nHost: localhost\n'
	assert_line -n 0 $'HTTP/1.1 200 OK\r'
	assert_line mq_queue_messages'{queue="q"} 0'
}

@test "413 for a request line or headers beyond 8 KiB; a client with a megabyte gets it, too" {
	mq-ctl create q
	serve
	# curl takes no longer lines.
	for i in {1..100}; do
		printf 'X%d: %s\n' "$i" "$(head -c 9900 /dev/zero | tr '\0' a)"
	done >large
	run -0 get -H @large /metrics
	assert_output 413
	assert_equal "$(cat body)" '413 Content Too Large: the request has more than 8192 bytes'
	run -0 get "/metrics?$(head -c 9000 /dev/zero | tr '\0' a)"
	assert_output 413
	# To the byte.
	{ printf 'GET /metrics HTTP/1.0\r\nX:'; head -c 8164 /dev/zero | tr '\0' a; } >request
	printf '\r\n\r\n' >>request
	assert_equal "$(stat -c %s request)" 8193
	run -0 ask <request
	assert_line -n 0 $'HTTP/1.1 413 Content Too Large\r'
	sed -i 's/X:a/X:/' request
	run -0 ask <request
	assert_line -n 0 $'HTTP/1.1 200 OK\r'
}

@test "what follows a request is not answered, and does not harm the answer" {
	local i
	mq-ctl create q
	serve
	{
		printf 'GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n'
		for i in 1 2 3; do
			printf 'GET /secret HTTP/1.1\r\nHost: x\r\n\r\n'
		done
		head -c 300000 /dev/urandom
	} >request
	run -0 sh -c "timeout 60 socat -t 60 STDIO TCP4:127.0.0.1:$port <request"
	assert_line -n 0 $'HTTP/1.1 200 OK\r'
	assert_equal "$(grep -c HTTP/1 <<<"$output")" 1
	assert_line 'mq_scrape_errors 0'
}

@test "a client that sends more than buffers hold before it reads anything gets its answer" {
	mq-ctl create q
	serve -W 60s
	# With a reset in place of an end, the client could not write to the last.
	run -0 timeout 120 perl -MSocket -e '
		$SIG{PIPE} = "IGNORE";
		socket my $s, PF_INET, SOCK_STREAM, 0 or die;
		connect $s, sockaddr_in($ARGV[0], inet_aton("127.0.0.1")) or die;
		my $all = "GET /metrics HTTP/1.0\r\n\r\n" . ("x" x 20_000_000);
		for (my $at = 0; $at < length $all; ) {
			$at += syswrite($s, $all, 65536, $at) // die "write: $!\n";
		}
		shutdown $s, 1;
		print while <$s>;' "$port"
	assert_line -n 0 $'HTTP/1.1 200 OK\r'
	assert_line 'mq_scrape_errors 0'
}

@test "408 for a client that sends nothing, or all of it too slowly" {
	mq-ctl create q
	serve -W 300ms
	run -0 sh -c "timeout 60 socat -t 60 STDIO,ignoreeof TCP4:127.0.0.1:$port </dev/null"
	assert_line -n 0 $'HTTP/1.1 408 Request Timeout\r'
	# The limit is for the whole request: each byte comes soon enough.
	(
		printf 'GET /metrics HTTP/1.1\r\nX: '
		while printf a 2>/dev/null; do sleep 0.02; done
	) 2>/dev/null | ask >answer 2>/dev/null || :
	[[ $(head -n 1 answer) == 'HTTP/1.1 408 Request Timeout'* ]]
}

@test "a client that goes away without a request costs nothing and is no failure" {
	mq-ctl create q
	run -0 --separate-stderr sh -c 'mq-stat --http </dev/null'
	assert_equal "$output$stderr" ''
	serve
	local i
	for i in 1 2 3; do
		socat -u /dev/null "TCP4:127.0.0.1:$port"
		# With a request, but it does not wait for the answer.
		printf 'GET /metrics HTTP/1.0\r\n\r\n' | socat -u STDIN "TCP4:127.0.0.1:$port"
	done
	run -0 get /metrics
	assert_output 200
	kill "$server"
	wait "$server" || :
	run -1 grep -e 'mq-stat:' -e 'exited with' said
}

# slow_reader SOCKET-TYPE: starts mq-stat --http on a socket pair with a request for an answer
# larger than the socket's buffers, and reads nothing.  Prints the status it ended with.
slow_reader() {
	timeout 60 perl -MSocket -e '
		socketpair my $ours, my $theirs, AF_UNIX, SOCK_STREAM, 0 or die;
		my $pid = fork;
		if (!$pid) {
			close $ours;
			open STDIN, "<&", $theirs; open STDOUT, ">&", $theirs;
			exec @ARGV;
		}
		close $theirs;
		syswrite $ours, "GET /metrics HTTP/1.0\n\n";
		waitpid $pid, 0;
		print $? >> 8, "\n"' mq-stat --http -W "$1"
}

@test "a client that does not read is left alone after the limit" {
	seq 100 | sed 's/$/\/g/; s/^/queue-/' | xargs mq-ctl create
	run -0 slow_reader 300ms
	assert_output 0
	# Through a pipe as well.
	mkfifo pipe
	exec 8<>pipe
	run -0 sh -c "printf 'GET /metrics HTTP/1.0\n\n' | timeout 60 mq-stat --http -W 300ms >pipe"
	exec 8>&-
}

@test "while an answer waits to be read, no file of the spool is open" {
	seq 100 | sed 's/$/\/g/; s/^/queue-/' | xargs mq-ctl create
	mkfifo pipe
	printf 'GET /metrics HTTP/1.0\n\n' >request
	mq-stat --http -W 1h <request >pipe &
	local pid=$!
	exec 8<pipe
	read -r line <&8
	[[ $line == HTTP/1.1*200* ]]
	run -1 sh -c "ls -l /proc/$pid/fd | grep -F '$MQ_SPOOL'"
	run -1 grep -F "$MQ_SPOOL" "/proc/$pid/maps"
	kill -0 "$pid"
	cat <&8 >rest
	exec 8<&-
	wait "$pid"
	assert_equal "$(tail -n 1 rest)" 'mq_scrape_errors 0'
}

@test "50 clients at once each get a whole answer" {
	seq 10 | sed 's/$/\/g/; s/^/queue-/' | xargs mq-ctl create
	serve -W 60s
	seq 50 | xargs -P 50 -I '{}' curl -q -s -S --max-time 120 -o 'body-{}' "$url/metrics"
	local i
	for i in {1..50}; do
		assert_equal "$(tail -n 1 "body-$i")" 'mq_scrape_errors 0'
		assert_equal "$(grep -c '^mq_queue_messages' "body-$i")" 10
	done
}

# fits FILE: in an exposition, what must be equal is, for the queue q and its group g.
fits() {
	local q='{queue="q"}' g='{queue="q",group="g"}'
	awk -v q="$q" -v g="$g" '
	function queue(name) { return v["mq_queue_" name q] }
	function group(name) { return v["mq_group_" name g] }
	function expect(ok, what) { if (!ok) { print what; bad = 1 } }
	{ v[$1] = $2 }
	END {
		in_log = queue("published_messages_total") - queue("trimmed_messages_total")
		expect(queue("messages") == in_log, "retained is published less trimmed")
		parts = group("ready_messages") + group("leased_messages") + group("delayed_messages")
		expect(group("depth_messages") == parts, "depth is ready, leased and delayed")
		acked = group("acked_messages_total")
		expect(acked <= group("delivered_messages_total"), "what is acked was delivered")
		expect(acked + group("depth_messages") >= queue("published_messages_total"),
		    "what was published is acked or unsettled")
		expect(acked == group("ack_latency_seconds_count"), "what is acked has a latency")
		expect(v["mq_scrape_errors"] == 0, "errors")
		exit bad
	}' "$1"
}

@test "while publishers and consumers run, the numbers fit together" {
	local i last=0 now
	mq-ctl create q/g
	serve -W 60s
	(
		for i in {1..20}; do seq 500 | mq-pub q; done
		touch published
	) &
	local publisher=$!
	mq-sub q/g >/dev/null &
	mq-sub q/g >/dev/null &
	until [ -e published ]; do
		run -0 get /metrics
		assert_output 200
		fits body
		now=$(sample 'mq_group_acked_messages_total{queue="q",group="g"}' body)
		[ "$now" -ge "$last" ]
		last=$now
	done
	wait "$publisher"
	until_true '[ "$(depth q/g)" = 0 ]'
	run -0 get /metrics
	fits body
	[ "$(sample 'mq_group_acked_messages_total{queue="q",group="g"}' body)" = 10000 ]
	[ "$(sample 'mq_queue_published_messages_total{queue="q"}' body)" = 10000 ]
	[ "$(sample 'mq_group_consumers{queue="q",group="g"}' body)" = 2 ]
}

@test "503 where there is no spool, or none that can be read; 200 where a queue can't" {
	serve
	run -0 get /metrics
	assert_output 503
	assert_equal "$(cat body)" '503 Service Unavailable: there is no spool yet'
	grep -qF "mq-stat: $MQ_SPOOL: No such file or directory" said
	mq-ctl create q
	run -0 get /metrics
	assert_output 200
	# An engine that is not there ends the tool: the client is told so.
	run -71 --separate-stderr sh -c \
	    "printf 'GET /metrics HTTP/1.0\n\n' | mq-stat -s kafka://h --http || exit 71"
	assert_line -n 0 $'HTTP/1.1 503 Service Unavailable\r'
	[[ $stderr == *kafka* ]]
}

@test "a queue that can't be read: 200, counted, and named on stderr" {
	mq-ctl create open first
	chmod 700 spool/first
	chmod -R a+rX spool/open
	chmod 755 spool .
	printf 'GET /metrics HTTP/1.0\n\n' >request
	run -0 --separate-stderr as_nobody mq-stat -s "$MQ_SPOOL" --http <request
	assert_line -n 0 $'HTTP/1.1 200 OK\r'
	assert_line 'mq_scrape_errors 1'
	assert_line 'mq_queue_messages{queue="open"} 0'
	[[ $stderr == *"/first: Permission denied"* ]]
	chmod 700 spool
	run -0 --separate-stderr as_nobody mq-stat -s "$MQ_SPOOL" --http <request
	assert_line -n 0 $'HTTP/1.1 503 Service Unavailable\r'
	refute_output --partial "$MQ_SPOOL"
}

@test "under inetd, where stderr is the connection as well, messages stay off the answer" {
	mq-ctl create q
	run -0 timeout 60 perl -MSocket -e '
		socketpair my $ours, my $theirs, AF_UNIX, SOCK_STREAM, 0 or die;
		if (!fork) {
			close $ours;
			open STDIN, "<&", $theirs; open STDOUT, ">&", $theirs;
			open STDERR, ">&", $theirs;
			exec @ARGV;
		}
		close $theirs;
		syswrite $ours, "GET /metrics HTTP/1.0\n\n";
		shutdown $ours, 1;
		print while <$ours>;' mq-stat --http q gone
	assert_line -n 0 $'HTTP/1.1 200 OK\r'
	assert_line 'mq_scrape_errors 1'
	refute_output --partial mq-stat:
}

@test "-v: says how a request is refused" {
	mq-ctl create q
	run -0 --separate-stderr sh -c "printf 'GET /x HTTP/1.0\n\n' | mq-stat --http -v"
	assert_equal "$stderr" 'mq-stat: answering 404: there are / and /metrics'
	run -0 --separate-stderr sh -c "printf 'GET /x HTTP/1.0\n\n' | mq-stat --http"
	assert_equal "$stderr" ''
}

@test "usage errors: 64" {
	local other
	for other in -l --next-due --names --prometheus; do
		run -64 --separate-stderr mq-stat --http $other
		[[ $stderr == *"only one of"*"--http"* ]]
	done
	run -64 --separate-stderr mq-stat --http -J
	[[ $stderr == *"-J: only alone, or with -l or --message"* ]]
	run -64 --separate-stderr mq-stat -W 5s
	[[ $stderr == *"-W: only with --http"* ]]
	run -64 --separate-stderr mq-stat --http -W 0
	[[ $stderr == *"-W 0: leaves no time for a request"* ]]
	run -64 --separate-stderr mq-stat --http -o file
	[[ $stderr == *"-o: only with --prometheus"* ]]
}

@test "a queue that is named, and that somebody else has to himself, is an error after the limit" {
	mq-ctl create b/g
	exec 9<>"$MQ_SPOOL/b/use"
	flock 9
	printf 'GET /metrics HTTP/1.0\n\n' >request
	run -0 --separate-stderr timeout 60 mq-stat --http -W 300ms b <request
	assert_line -n 0 $'HTTP/1.1 200 OK\r'
	assert_line 'mq_scrape_errors 1'
	[[ $stderr == 'mq-stat: b'* ]]
	exec 9<&-
	run -0 mq-stat --http -W 300ms b <request
	assert_line 'mq_scrape_errors 0'
}
