#!/usr/bin/env bats
# loss-waiting.bats - nodes of a RabbitMQ cluster are killed while messages wait: delayed ones, retries and
# dead letters
#
# Has the cluster to itself.  Needs three nodes.
#
# A kill may repeat what was moving: between two levels of the delays, or from a group to the delays or to
# the dead-letter queue.  What lay still comes once.

load ../lib/common
load ../lib/expect
load loss

# Messages of "later" have their delay as their key; those of "again" succeed at their third attempt; those of
# "dead" die.
everything_waits() {
	local group
	for group in later/g again/g dead/g dead.dead/g; do
		mq-ctl create "$group"
	done
	mq-ctl set again/g backoff=1s
	# The delays are made first: a message is due so long after it was read, which its id does not tell then.
	mq-pub -d 1s -k 0 later first
	touch later.got again.got dead.got
	handler again 'printf "%s %s %s\n" "$EPOCHREALTIME" "$MQ_ID" "$MQ_ATTEMPT" >>again.got; [ "$MQ_ATTEMPT" = 3 ] || exit 75'
	handler die 'echo why >&2; exit 100'
	mq-sub -f '%k %o %s\n' later/g 2>later.said 3>&- 7>&- > >(stamped >later.got 3>&- 7>&-) &
	consumers+=($!)
	mq-sub -P 4 again/g -- ./again 2>again.said 3>&- 7>&- &
	consumers+=($!)
	mq-sub -P 2 dead/g -- ./die 2>die.said 3>&- 7>&- &
	consumers+=($!)
	mq-sub -J dead.dead/g 2>dead.said 3>&- 7>&- > >(stamped >dead.got 3>&- 7>&-) &
	consumers+=($!)
	publishing second 1 0.1 -d 1s -k 1 later
	publishing seconds 1 0.1 -d 5s -k 5 later
	publishing again 1 0.25 again
	publishing dead 1 0.25 -k a.b -H color=red dead
	goes_on
}

# handler NAME COMMAND: makes ./NAME.
handler() {
	printf '#!/bin/bash\n%s\n' "$2" >"$1"
	chmod +x "$1"
}

# still_waiting: two hundred messages that wait for 32 seconds in one level.
still_waiting() {
	seq 200 | mq-pub -I -d 32s -k 32 later >>still.ids
}

# ids_got NAME: the ids that came to the end, one for each time.
ids_got() {
	case $1 in
	second) awk '$2 == 1 { print $3 }' later.got ;;
	seconds) awk '$2 == 5 { print $3 }' later.got ;;
	still) awk '$2 == 32 { print $3 }' later.got ;;
	again) awk '$3 == 3 { print $2 }' again.got ;;
	dead) sed 's/[^ ]* //' dead.got | jq -r '.headers["mq-dead-id"]' ;;
	esac
}

# early NAME: what came before it was due.
early() {
	local delay=1
	if [ "$1" = still ]; then
		awk '{ split($3, id, "-"); if ($2 == 32 && $1 < id[1] / 1e9 + $2 - 0.01) print }' later.got
		return
	fi
	[ "$1" = second ] || delay=5
	awk -v delay="$delay" 'NR == FNR { written[$1] = $2; next }
		$2 == delay && $1 < written[$4] + delay - 0.01' "$1.times" later.got
}

# all_got NAME: each id came.
all_got() {
	[ -z "$(ids_got "$1" | sort -u | comm -13 - <(sort -u "$1.ids"))" ]
}

# goes_on [NAME...]: of what is published from now on, of each kind, ten messages come.
goes_on() {
	local name
	local -A n
	[ $# -gt 0 ] || set -- second seconds again dead
	for name; do
		n[$name]=$(($(wc -l <"$name.ids") + 10))
	done
	for name; do
		until_true "[ \"\$(ids_got $name | sort -u | wc -l)\" -ge ${n[$name]} ]"
	done
}

# lay_still: reads "ID TIME..." and prints those ids that at none of these times were near a loss.
lay_still() {
	awk 'NR == FNR { from[++n] = $1 - 1; to[n] = $2; next }
	{
		near = 0
		for (i = 1; i <= n; i++)
			for (field = 2; field <= NF; field++)
				near = near || ($field >= from[i] && $field <= to[i])
		if (!near)
			print $1
	}' losses -
}

# steps: "ID TIME..." of each delayed message: when it was to be published, and to leave each level.
steps() {
	awk '{
		begun = $3 / 1e9
		printf "%s %.6f %.6f", $3, begun, begun + $2
		if ($2 == 5)
			printf " %.6f", begun + 4
		print ""
	}' later.got | sort -u
}

# tries FIELD: reads lines of TIME, and an id in that field; prints "ID TIME..." of each id.
tries() {
	awk -v field="$1" '{ times[$field] = times[$field] " " $1 } END { for (id in times) print id times[id] }'
}

# once NAME: reads the ids of messages that lay still, and each came once.  Of the others, no more came twice
# than move at once.
once() {
	ids_got "$1" | sort | uniq -d >"$1.twice"
	comm -12 <(sort -u) "$1.twice" >"$1.repeated"
	[ ! -s "$1.repeated" ] || { echo "$1 came again: $(head "$1.repeated")"; return 1; }
	[ "$(wc -l <"$1.twice")" -le $((100 * $(wc -l <losses))) ]
}

all_came() {
	local name
	goes_on
	published second seconds again dead
	for name in second seconds still again dead; do
		until_true "all_got $name"
	done

	# None came before it was due, so long after mq-pub had read it; its id may be of later, in a loss.
	for name in second seconds still; do
		early "$name" >too.early
		[ ! -s too.early ] || { echo "early: $(head too.early)"; return 1; }
	done
	for name in second seconds still; do
		steps | lay_still | once "$name"
	done

	# Each attempt was made, and none after the last.
	[ "$(cut -d ' ' -f 2,3 again.got | sort -u | wc -l)" = "$((3 * $(wc -l <again.ids)))" ]
	[ -z "$(awk '$3 > 3' again.got)" ]
	tries 2 <again.got | lay_still | once again

	# Each letter says whose it is.
	sed 's/[^ ]* //' dead.got | jq -e -s 'all(.[]; .key == "a.b" and .headers.color == "red" and
	    .headers["mq-dead-queue"] == "dead" and .headers["mq-dead-group"] == "g" and
	    .headers["mq-dead-reason"] == "exit 100" and .headers["mq-dead-attempts"] == "1" and
	    .headers["mq-dead-stderr"] == "why" and (.headers["mq-dead-time"] | length) > 0)'
	paste -d ' ' <(cut -d ' ' -f 1 dead.got) <(ids_got dead) | tries 2 | lay_still | once dead
	still_consuming
	nothing_left
	redriven
}

nothing_left() {
	local group
	for group in later again dead dead.dead; do
		run -1 mq-sub -e "$group/g"
	done
}

# redriven: each letter is there still, and goes back to where it died.
redriven() {
	run -0 mq-ctl redrive dead.dead
	[[ $output =~ ^dead.dead:\ ([0-9]+)\ letters\ redriven,\ 0\ left$ ]]
	mq-sub -e -f '%o\n' dead/g >redriven
	[ "$(wc -l <redriven)" = "${BASH_REMATCH[1]}" ]
	sort -u redriven | cmp - <(sort -u dead.ids)
	run -1 mq-sub -e dead/g
}

@test "kill -9 of the node that leads the delays, and of the one that follows it" {
	local node _
	three
	everything_waits
	for _ in first second; do
		still_waiting
		node=$(nodes leader "$vhost" mq.delay.0)
		loss
		nodes kill "$node"
		goes_on dead
		# What was due in that moment may wait until the node is back; see mq-rabbitmq(7).
		nodes restart "$node"
		over
	done
	all_came
}

@test "all nodes are killed, and started again" {
	three
	everything_waits
	still_waiting
	loss
	nodes kill 1 2 3
	nodes restart 1 2 3
	over
	all_came
}

@test "kill -9 of the node that leads the dead letters while they are redriven" {
	local node redriving
	three
	mq-ctl create q/g
	seq 5000 | mq-pub q
	mq-sub -m -e -f '%r\n' q/g | mq-ack --reject=why
	mq-ctl redrive -q -c 1 q.dead
	mq-sub -f '%s\n' q/g >got 2>said 3>&- 7>&- &
	consumers+=($!)
	mq-ctl redrive q.dead >redriven 2>redrive.said 3>&- 7>&- &
	redriving=$!
	until_true '[ "$(wc -l <got)" -ge 100 ]'
	node=$(nodes leader "$vhost" q.dead/redrive)
	nodes kill "$node"
	wait "$redriving"
	# What was taken from it may wait until it is back, letters too; see mq-rabbitmq(7).
	nodes restart "$node"
	until_true '[ "$(mq-ctl redrive q.dead)" = "q.dead: 0 letters redriven, 0 left" ]'
	until_true '[ "$(sort -u got | wc -l)" = 5000 ]'
	still_consuming
	sort -u got | cmp - <(seq 5000 | sort)
	# What came twice was on its way.
	[ "$(wc -l <got)" -le 7000 ]
}
