#!/bin/sh
# demo.sh - the main job on real input, and what each step shows
#
# The input is the list of files that this machine's packages installed.  Run by
# `make demo`, or by hand with the tools in PATH; it leaves nothing behind.
set -eu

limit=${1:-3000}
work=$(mktemp -d "${TMPDIR:-/tmp}/mq-demo.XXXXXX")
consumers=
trap 'kill $consumers 2>/dev/null || :; rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
cd "$work"
MQ_SPOOL=$work/spool
export MQ_SPOOL

say() {
	printf '\n== %s\n' "$*"
}

show() {
	printf '   $ %s\n' "$*"
}

# same WHAT WANT HAVE: compares two sorted lists, or ends the demo.
same() {
	if ! cmp -s "$2" "$3"; then
		echo "$1: differs from the input:" >&2
		diff "$2" "$3" | head -n 10 >&2
		exit 1
	fi
	printf '   %-44s %s lines, same as the input\n' "$1:" "$(wc -l <"$3")"
}

# settled GROUP: waits until a group has nothing left.
settled() {
	until [ "$(mq-stat -J "files/$1" | sed -n 's/.*"group":"[^"]*","depth":\([0-9]*\).*/\1/p')" = 0 ]; do
		sleep 0.1
	done
}

find /var/lib/dpkg/info -name '*.list' -exec cat {} + | sort -u | head -n "$limit" >input
[ -s input ] || { echo 'demo: no package database here; using the files of /usr/bin' >&2
	find /usr/bin | sort >input; }
lines=$(wc -l <input)

say "1. A queue is a directory.  $lines lines become $lines messages, on disk when mq-pub ends."
show 'mq-pub files <input'
mq-pub files <input
show "ls \$MQ_SPOOL/files"
find "$MQ_SPOOL/files" -maxdepth 1 -type f -exec basename {} \; | sort | sed 's/^/   /'

say '2. Three groups read the same queue side by side; each gets every message.'
for group in archive pipeline handlers; do
	mq-ctl create "files/$group"
done
mq-ctl set files/handlers backoff=100ms..1s max-attempts=20

show 'mq-sub -e files/archive >archive           # a stream, settled when it is on disk'
mq-sub -e files/archive >archive &
consumers="$consumers $!"

show 'mq-sub -m files/pipeline | worker | mq-ack # settled by whoever did the work'
mq-sub -m -e files/pipeline | tee pipeline | mq-ack &
consumers="$consumers $!"

# A handler that fails at its first try for every seventh message, then works.
cat >handler <<'END'
#!/bin/sh
read -r line
case $MQ_ATTEMPT$(printf %s "$MQ_ID" | tail -c 1) in
1[07]) exit 1 ;;
esac
printf '%s\n' "$line" >"done/$MQ_ID"
END
chmod +x handler
mkdir done
show 'mq-sub -P 2 files/handlers -- ./handler    # a process a message, some fail and are retried'
mq-sub -P 2 files/handlers -- ./handler &
victim=$!

until [ "$(find done -type f | wc -l)" -gt $((lines / 10)) ]; do
	sleep 0.05
done
say '3. mq-stat, while they run.'
show mq-stat
mq-stat | sed 's/^/   /'

say '4. kill -9 of the consumer with the handlers, in the middle of its work.'
show "kill -9 $victim"
kill -KILL "$victim"
wait "$victim" 2>/dev/null || :
printf '   %s of %s handled so far; what it held comes back by itself\n' "$(find done -type f | wc -l)" "$lines"
show 'mq-sub -W 2s -P 2 files/handlers -- ./handler'
mq-sub -W 2s -P 2 files/handlers -- ./handler
settled handlers
settled archive
settled pipeline
wait

say '5. All done: depth 0 everywhere; the messages stay, so that they can be read again.'
show mq-stat
mq-stat | sed 's/^/   /'

say '6. Nothing is missing and nothing is doubled.'
sort input >want
sort archive >have
same 'group archive, the stream' want have
cut -f 2- pipeline | sort >have
same 'group pipeline, by mq-ack' want have
cat done/* | sort >have
same 'group handlers, retried and killed' want have
mq-replay files | sort >have
same 'mq-replay, the log itself' want have
show 'mq-replay --last 2 files'
mq-replay --last 2 files | sed 's/^/   /'
show 'mq-ctl check files'
mq-ctl check files | sed 's/^/   /'
