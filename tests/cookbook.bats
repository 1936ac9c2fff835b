#!/usr/bin/env bats
# cookbook.bats - the recipes of mq(7), taken from the page, and each of them interrupted
#
# What a recipe names that is not here has a stand-in: the programs of other machines and
# other packages are scripts in ./bin (ssh, which runs its command here, with another spool;
# convert, which "draws" by copying; sleep, which ends when the test says so), and web
# addresses lead to a server on loopback, which curl itself asks.

load lib/common
load lib/needs

# recipe WORD N: the Nth block of the recipe with WORD in its title.
recipe() {
	awk -v recipe="$1" -v block="$2" -f "$top/tests/lib/recipe.awk" "$top/man/mq.7"
}

# once WORD N: runs that block here, as typed.
once() {
	recipe "$1" "$2" >block.sh
	sh -e block.sh
}

# background COMMAND-LINE: starts it, with the stand-ins in PATH; its process is $!.
background() {
	PATH=$PWD/bin:$PATH bash -c "exec $1" >background.out 2>&1 3>&- &
}

# stand_in NAME: a script of this name, from standard input, in ./bin.
stand_in() {
	mkdir -p bin
	{ echo '#!/bin/sh'; cat; } >"bin/$1"
	chmod +x "bin/$1"
}

# done_with GROUP...: nothing is left for them; what waits for its next attempt is in no depth of a cluster.
done_with() {
	local group
	for group; do
		[ "$(depth "$group")$(field delayed "$group")" = 00 ] || return 1
	done
}

lines() {
	if [ -e "$1" ]; then wc -l <"$1"; else echo 0; fi
}

# A web server on loopback, at http://127.0.0.1:$port.  Each request is a line "PATH STATUS
# KEY BODY" of the file requests.  The status is 200, unless answers.PATH (without slashes) has
# lines: then the first of these, which is taken away; "none" closes without an answer.
serve() {
	cat >serve.py <<-'END'
	import os, threading
	from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
	lock = threading.Lock()
	class Handler(BaseHTTPRequestHandler):
	    def do_POST(self):
	        body = self.rfile.read(int(self.headers['Content-Length'])).decode()
	        name = self.path.strip('/').replace('/', '')
	        with lock:
	            status = '200'
	            try:
	                left = open('answers.' + name).read().split()
	                if left:
	                    status = left[0]
	                    open('answers.' + name, 'w').write('\n'.join(left[1:]))
	            except FileNotFoundError:
	                pass
	            with open('requests', 'a') as f:
	                f.write(' '.join([name, status, self.headers['Idempotency-Key'], body]) + '\n')
	        if status != 'none':
	            self.send_response(int(status))
	            self.send_header('Content-Length', '0')
	            self.end_headers()
	    def log_message(self, *args):
	        pass
	server = ThreadingHTTPServer(('127.0.0.1', 0), Handler)
	with open('port.new', 'w') as f:
	    f.write(str(server.server_port))
	os.rename('port.new', 'port')
	server.serve_forever()
	END
	command -v python3 >/dev/null || skip "needs python3"
	command -v curl >/dev/null || skip "needs curl"
	python3 serve.py 3>&- &
	patience=1200 until_true '[ -e port ]'
	port=$(cat port)
	export no_proxy=127.0.0.1
}

# here: https addresses on standard input, to that server.
here() {
	sed "s|https://|http://127.0.0.1:$port/|g"
}

@test "a cron job without overlap" {
	once overlap 1
	mq-ctl set backup/default max-attempts=3 backoff=10ms
	recipe overlap 2 | sed "s|/usr/local/sbin/backup|$PWD/backup|" >line
	mkfifo gate
	echo 0 >status
	cat >backup <<-'END'
		#!/bin/sh
		mkdir running || echo overlap >>overlaps
		echo "$PPID" >consumer
		echo run >>runs
		cat gate >/dev/null
		rmdir running
		echo end >>ends
		exit "$(cat status)"
	END
	chmod +x backup
	sh line >background.out 2>&1 3>&- &
	until_true '[ "$(lines runs)" = 1 ]'
	# The next start finds it running, and so it does when the first consumer was killed.
	run -1 sh line
	assert_output --partial 'queue full (1 message)'
	kill -KILL "$(cat consumer)"
	wait $! || :
	run -1 sh line
	[ "$(lines runs)" = 1 ]
	timeout 60 sh -c ': >gate'
	until_true '[ "$(lines ends)" = 1 ]'
	# That run was never settled, so a later start repeats it.
	timeout 60 sh -c ': >gate' 3>&- &
	until_true 'sh line >background.out 2>&1 || :; [ "$(lines ends)" = 2 ]'
	wait $!
	has depth backup/default 0
	# A job that fails is tried again, and put aside in the end.
	echo 1 >status
	for i in 3 4 5; do
		until_true '[ "$(field delayed backup/default)" = 0 ]'
		sh line >background.out 2>&1 3>&- &
		until_true "[ \"\$(lines runs)\" = $i ]"
		timeout 60 sh -c ': >gate'
		wait $! || :
	done
	has depth backup/default 0
	run -0 mq-replay -J backup.dead
	[ "$(jq -r '.headers["mq-dead-reason"]' <<<"$output")" = 'exit 1' ]
	[ ! -e overlaps ]
}

@test "log shipping over ssh" {
	once shipping 1
	printf 'seq 500\n' | stand_in app
	# The other machine is another spool.  The file "cut" says how the connection breaks.
	stand_in ssh <<-'END'
		shift
		cut=$(cat cut)
		MQ_SPOOL=$PWD/remote
		export MQ_SPOOL
		case $cut in
		refused) exit 255 ;;
		sending) head -c 20000 | sh -c "$*"; exit 255 ;;
		answering) sh -c "$*" | head -n 10; exit 255 ;;
		esac
		sh -c "$*"
	END
	PATH=$PWD/bin:$PATH
	once shipping 2
	recipe shipping 3 >ship
	recipe shipping 4 >line
	for cut in refused sending answering; do
		echo "$cut" >cut
		run sh line
		[ "$(depth logs/ship)" -gt 0 ]
		[ "$cut" = refused ] || [ "$(mq-replay -s remote logs | wc -l)" -gt 10 ]
	done
	: >cut
	run -0 sh line
	has depth logs/ship 0
	seq 500 | cmp - <(mq-replay -s remote logs)
	# Nothing to do is no error.
	run sh line
	assert_output ''
}

@test "fan-out to webhooks with curl" {
	serve
	recipe Fan-out 1 >hook
	recipe Fan-out 2 | here >consumers
	[ "$(lines consumers)" = 2 ]
	for group in billing search; do
		mq-ctl create "events/$group"
		mq-ctl set "events/$group" backoff=10ms max-attempts=20
	done
	# One receiver has a bad day: that is nothing to the other.
	printf '%s\n' 500 none 503 500 >answers.billing.examplehook
	seq -f '{"n":%g}' 20 | mq-pub events
	while read -r line; do
		background "$line"
	done <consumers
	until_true 'done_with events/billing events/search'
	mq-replay -f '%o %s\n' events | sort >want
	for group in billing search; do
		awk -v p="$group.examplehook" '$1 == p && $2 == 200 { print $3, $4 }' requests |
		    sort >have
		cmp want have
	done
	[ "$(grep -c '^billing' requests)" = 24 ]
	[ "$(grep -c '^search' requests)" = 20 ]
}

@test "fan-out to webhooks with curl: none of curl's statuses rejects" {
	recipe Fan-out 1 >hook
	printf 'exit 65\n' | stand_in curl
	PATH=$PWD/bin:$PATH
	MQ_ID=1 run -75 sh hook x
}

@test "thumbnails with xargs" {
	mkdir photos
	for i in $(seq 20); do echo "$i" >"photos/it's $i.jpg"; done
	echo 21 >$'photos/line\nbreak.jpg'
	echo corrupt >photos/corrupt.jpg
	echo deadly >photos/deadly.jpg
	# Draws by copying, first one half.  One photo can't be drawn; with another one, the
	# script that called is killed the first time, upon which xargs gives up as well.
	stand_in convert <<-'END'
		printf thumb >"$4"
		case $(cat "$1") in
		corrupt) exit 1 ;;
		deadly) ! mkdir killed 2>/dev/null || kill -KILL "$PPID" ;;
		esac
		{ printf 'thumb of '; cat "$1"; } >"$4"
	END
	PATH=$PWD/bin:$PATH
	once xargs 1
	recipe xargs 2 >thumb
	recipe xargs 3 >line
	mq-ctl create photos/default
	mq-ctl set photos/default backoff=10ms lease=1s
	run sh line
	[ -d killed ]
	# A retry that waits in a broker is in no number.
	until_true 'sh line || :; done_with photos/default && mq-replay photos.dead >/dev/null 2>&1'
	for i in $(seq 20); do [ "$(cat "photos/it's $i.jpg.png")" = "thumb of $i" ]; done
	[ "$(cat $'photos/line\nbreak.jpg.png')" = 'thumb of 21' ]
	[ "$(cat photos/deadly.jpg.png)" = 'thumb of deadly' ]
	[ "$(find photos -name '*.jpg.png' | tr -cd '\n' | wc -c)" = 23 ]
	[ "$(mq-replay photos.dead)" = photos/corrupt.jpg ]
	[ ! -e photos/corrupt.jpg.png ]
	# With nothing to do, nothing is begun.
	run -0 --separate-stderr sh line
	assert_equal "$stderr" ''
}

@test "rate-limited API calls" {
	local released=0 sleeper
	serve
	once Rate 1
	mq-ctl set calls/default backoff=10ms
	recipe Rate 2 | here >call
	line=$(recipe Rate 3)
	# A second ends when the test removes its file.
	stand_in sleep <<-'END'
		: >"asleep.$$"
		while [ -e "asleep.$$" ]; do /bin/sleep 0.02; done
	END
	printf '%s\n' 429 none >answers.api.examplev1orders
	seq 8 | mq-pub calls
	background "$line"
	background "$line"
	first=$!
	# At any moment no more was asked than two and what the clock let go.
	while [ "$(depth calls/default)" != 0 ]; do
		[ "$(lines requests)" -le $((released + 2)) ]
		if [ "$released" = 2 ]; then
			# The calls that a killed consumer had begun still count.
			kill -KILL "$first"
		fi
		until_true 'compgen -G "asleep.*" >/dev/null || [ "$(depth calls/default)" = 0 ]'
		[ "$(lines requests)" -le $((released + 2)) ]
		for sleeper in asleep.*; do
			[ -e "$sleeper" ] || continue
			rm "$sleeper"
			released=$((released + 1))
			break
		done
	done
	mq-replay -f '%o %s\n' calls | sort >want
	awk '$2 == 200 { print $3, $4 }' requests | sort -u >have
	cmp want have
	grep -q ' 429 ' requests
}

@test "a build queue in CI" {
	needs git
	needs make
	needs procps ps
	export HOME=$PWD GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@example GIT_COMMITTER_NAME=a \
	    GIT_COMMITTER_EMAIL=a@example GIT_CONFIG_NOSYSTEM=1 STATE=$PWD
	git init -q --bare app.git
	recipe CI 1 | stand_in post-receive
	cp bin/post-receive app.git/hooks/
	recipe CI 2 >build
	line=$(recipe CI 3 | sed "s|/srv/git/app.git|$PWD/app.git|")
	mkfifo gate
	git init -q work
	printf 'check:\n\tsh test.sh\n' >work/Makefile
	# push BRANCH WANT TEST: a commit on it, whose test is this line of shell.
	push() {
		echo "$3" >work/test.sh
		git -C work checkout -q -B "$1"
		git -C work add .
		git -C work commit -q -m "$2"
		git -C work push -q ../app.git "$1" 2>/dev/null
		echo "refs/heads/$1 $(git -C work rev-parse HEAD) $2" >>want
	}
	# Waits for the other branch's build, and passes if the next of its own has not begun.
	push one passed 'until [ -e "$STATE/group" ]; do sleep 0.05; done; [ ! -e "$STATE/second" ]'
	push one failed ': >"$STATE/second"; false'
	push two passed 'if mkdir "$STATE/first" 2>/dev/null; then
	    ps -o pgid= $$ >"$STATE/group.new"; mv "$STATE/group.new" "$STATE/group"; cat "$STATE/gate"; fi'
	git -C work push -q ../app.git :two 2>/dev/null && git -C work push -q ../app.git two
	# A branch that goes and comes back as it was is no second build.
	[ "$(mq-replay builds | wc -l)" = 3 ]
	background "$line"
	builder=$!
	until_true '[ -e group ]'
	kill -KILL "$builder"
	kill -KILL -- "-$(tr -d ' ' <group)"
	background "$line"
	until_true '[ "$(depth builds/ci)" = 0 ]'
	mq-replay -f '%k %s\n' results | sort >have
	sort want | cmp - have
}

@test "an outbox" {
	needs sqlite3
	once Outbox 1
	recipe Outbox 2 >program
	recipe Outbox 3 >relay
	recipe Outbox 4 >line
	for _ in $(seq 5); do sh program; done
	# What fails leaves neither.
	sed 's/INTO outbox/INTO nowhere/' program >broken
	run sh broken
	[ "$status" != 0 ]
	# Reading breaks half way: nothing is published or removed.
	real=$(command -v sqlite3)
	stand_in sqlite3 <<-END
		"$real" "\$@" | { [ "\${2#SELECT json}" = "\$2" ] && exec cat; head -n 2; exit 1; }
	END
	PATH=$PWD/bin:$PATH run -1 sh line
	run -66 mq-replay orders
	rm bin/sqlite3
	# The relay dies between publishing and removing: it is published again, and kept once.
	real=$(command -v mq-pub)
	printf '"%s" "$@"; kill -KILL $PPID\n' "$real" | stand_in mq-pub
	PATH=$PWD/bin:$PATH run sh line
	[ "$status" != 0 ]
	[ "$(sqlite3 shop.db 'SELECT count(*) FROM outbox')" = 5 ]
	[ "$(mq-replay orders | wc -l)" = 5 ]
	sh program
	sh line
	[ "$(mq-replay orders | wc -l)" = 6 ]
	[ "$(sqlite3 shop.db 'SELECT count(*) FROM outbox')" = 0 ]
	# Numbers go on after the table was empty.
	sh program
	sh line
	[ "$(mq-replay orders | wc -l)" = 7 ]
	[ "$(mq-replay orders | sort -u)" = '{"tea":2}' ]
	[ "$(sqlite3 shop.db 'SELECT count(*) FROM orders')" = 7 ]
	# Nothing to do is no error.
	run -0 sh line
}

@test "every recipe of the page is in this file; the bridge is in amqp/bridge.bats" {
	awk '$1 == ".Ss" { on = ($2 == "Cookbook") } $1 == ".Sh" { on = 0 }
	    on && /^\.It Sy/ { print }' "$top/man/mq.7" >titles
	[ "$(lines titles)" = 8 ]
	for word in overlap shipping Fan-out xargs Rate CI Outbox bridge; do
		[ "$(grep -c -w -e "$word" titles)" = 1 ]
	done
}
