#!/usr/bin/env bats
# damaged-messages.bats - damaged messages: each is named, costs none of the others, and the command that
# mq-sub's message ends with goes on without it

load lib/common
load lib/expect
load lib/damage

# seven: messages m1 to m7 in q, their ids in $ids (from 1).
seven() {
	# shellcheck disable=SC2207 # numbers
	ids=(0 $(seq -f m%g 7 | mq-pub -I q))
}

# consume COMMAND...: runs it while it ends with 74, and after each time exactly what its message
# says, a dozen times at the most.  What it printed: $printed; what it said: $said.
consume() {
	local i
	printed='' said=''
	for ((i = 0; i < 12; i++)); do
		run --separate-stderr "$@"
		printed+=${output:+$output$'\n'}
		said+=$stderr$'\n'
		if [ "$status" != 74 ]; then
			[ "$status" -le 1 ] || return 1
			return 0
		fi
		[ -n "$(way_on)" ] || { echo "no way on: $stderr" >&2; return 1; }
		eval "$(way_on)"
	done
	echo "no end of it: $said" >&2
	return 1
}

# ./show, a command that prints its message as a line.
show() {
	printf '#!/bin/sh\necho "$(cat)"\n' >show
	chmod +x show
}

# others N: all bodies but the N-th.
others() {
	seq -f m%g 7 | grep -vx "m$1"
}

@test "an id that equals another's: both named, none is printed twice, the rest is delivered" {
	seven
	set_id q "${ids[4]}" "${ids[2]}"
	run -74 --separate-stderr mq-sub -e q/g
	assert_output $'m1\nm2\nm3'
	[ "$stderr" = "mq-sub: q: message ${ids[4]}: damaged: its id is stored as ${ids[2]}, behind ${ids[3]}; to go on without it: mq-ctl -s $MQ_SPOOL skip q/g ${ids[4]}" ]
	[ "$(depth q/g)" = 4 ]
	[ "$(field acked q/g)" = 3 ]
	eval "$(way_on)"
	run -0 mq-sub -e q/g
	assert_output $'m5\nm6\nm7'
	[ "$(depth q/g)" = 0 ]
	run -74 --separate-stderr mq-ctl check q
	[[ $stderr == *"message ${ids[4]}: damaged: its id is stored as ${ids[2]}, behind ${ids[3]}"* ]]
	fails 74 "mq-replay: q: message ${ids[4]}: damaged: its id is stored as ${ids[2]}, behind ${ids[3]} ($MQ_SPOOL/q/log.mdb)" \
	    mq-replay q
	[ "$output" = "$(others 4)" ]
	run -0 mq-replay --since "${ids[5]}" q
	assert_output $'m5\nm6\nm7'
	# Retention takes it as any other.
	MQ_NOW=+30d mq-ctl trim q
	[ "$(messages q)" = 0 ]
}

@test "an id, any bit of it: each tool ends with 0 or 74, and all others are delivered once" {
	local n bit new command kind
	for kind in batch single; do
		rm -rf spool
		if [ $kind = batch ]; then
			seven
		else
			for n in 1 2 3 4 5 6 7; do
				ids[n]=$(mq-pub -I q m$n)
			done
		fi
		mv spool/q spool/whole
		for ((bit = 0; bit < 64; bit += ${MQ_BITS:-1})); do
			n=$((1 + bit % 7))
			rm -rf spool/q
			cp -r spool/whole spool/q
			new=$(flipped "${ids[n]}" $bit)
			set_id q "${ids[n]}" "$new"
			for command in 'mq-stat q' 'mq-replay q' 'mq-replay --last 3 q' 'mq-ctl check q' \
			    'mq-ctl trim q'; do
				run --separate-stderr timeout 20 $command
				[ "$status" = 0 ] || [ "$status" = 74 ] || {
					echo "bit $bit: $command: $status: $stderr" >&2
					return 1
				}
			done
			consume timeout 20 mq-sub -e q/g || { echo "bit $bit of $n" >&2; return 1; }
			[ "$printed" = "$(others $n)"$'\n' ] || {
				printf 'bit %s of %s: %s %s\n' $bit $n "$printed" "$said" >&2
				return 1
			}
			[[ $said == *"${ids[n]}"* || $said == *"$new"* ]]
			[ "$(depth q/g)" = 0 ]
			[ "$(field acked q/g)" = 6 ]
			MQ_NOW=+30d mq-ctl trim q
			[ "$(messages q)" = 0 ]
		done
	done
}

@test "an id: claims of one message, retries, and a group that was there" {
	local new
	show
	for new in 2 6 7; do
		rm -rf spool
		seven
		mq-sub -e -c 1 q/g
		set_id q "${ids[4]}" "${ids[new]}"
		consume mq-sub -e -c 1 q/g
		until [ -z "$printed" ]; do
			cat <<<"$printed" >>out
			consume mq-sub -e -c 1 q/g
		done
		[ "$(grep . out | tr '\n' ' ')" = 'm2 m3 m5 m6 m7 ' ]
		rm out
		mq-ctl create q/h
		run -74 mq-sub -e q/h -- sh -c 'exit 1'
		MQ_NOW=+2h consume mq-sub -e q/h -- ./show
		[ "$(sort <<<"$printed" | grep . | tr '\n' ' ')" = 'm1 m2 m3 m5 m6 m7 ' ]
		[ "$(depth q/h)" = 0 ]
	done
}

@test "two in a row, and both ends of the queue" {
	local pair
	for pair in '3 4' '1 2' '6 7' '1 7' '4 6'; do
		rm -rf spool
		seven
		# shellcheck disable=SC2086 # two of them
		set -- $pair
		set_id q "${ids[$1]}" 18000000000000000000
		set_id q "${ids[$2]}" 5
		consume mq-sub -e q/g
		[ "$printed" = "$(others "$1" | grep -vx "m$2")"$'\n' ]
		[[ $said == *"message ${ids[$1]}: "*"message ${ids[$2]}: "* ]]
		[ "$(depth q/g)" = 0 ]
		mq-pub q m8
		run -0 mq-sub -e q/g
		assert_output m8
	done
}

@test "an id in a long queue, whatever page it is in" {
	local n
	# shellcheck disable=SC2207 # numbers
	ids=(0 $(seq 3000 | mq-pub -I q))
	mv spool/q spool/whole
	for n in 1 2 117 500 1500 2999 3000; do
		for new in 5 "${ids[10]}" "${ids[1700]}" "${ids[2990]}" 18000000000000000000; do
			rm -rf spool/q
			cp -r spool/whole spool/q
			set_id q "${ids[n]}" "$new"
			consume mq-sub -e --prefetch 100 q/g
			[ "$printed" = "$(seq 3000 | grep -vx $n)"$'\n' ] || [ "${ids[n]}" = "$new" ]
			[ "$(depth q/g)" = 0 ]
		done
	done
}

@test "the way on, for commands, batches, receipts and filters" {
	local way
	show
	for way in 'mq-sub -e q/g -- ./show' 'mq-sub -e -P 3 q/g -- ./show' 'mq-sub -e --batch 10 q/g -- ./show' \
	    'mq-sub -e -m -f %s\n q/g'; do
		rm -rf spool
		seven
		set_id q "${ids[3]}" "${ids[6]}"
		perl -pi -e 's/m5/mX/g' spool/q/log.mdb
		# shellcheck disable=SC2086 # words
		if [[ $way == *-m* ]]; then
			consume mq-sub -e -m -f '%s %r\n' q/g
			cut -d ' ' -f 2 <<<"$printed" | grep . | mq-ack
			printed=$(cut -d ' ' -f 1 <<<"$printed")
		else
			consume $way
		fi
		[ "$(grep . <<<"$printed" | sort | tr '\n' ' ')" = 'm1 m2 m4 m6 m7 ' ]
		[[ $said == *"message ${ids[3]}: "*"message ${ids[5]}: damaged: bad checksum"* ]]
		[ "$(depth q/g)" = 0 ]
		[ "$(field acked q/g)" = 5 ]
	done
	rm -rf spool
	seven
	set_id q "${ids[3]}" "${ids[6]}"
	consume mq-sub -e --to out q/g -- cat
	run -0 mq-sub -e out
	[ "$output" = "$(others 3)" ]
}

@test "messages in front of a damaged one are a batch" {
	seven
	perl -pi -e 's/m5/mX/g' spool/q/log.mdb
	run -74 --separate-stderr mq-sub -e --batch 10 q/g -- sh -c 'tr "\n" " "; echo'
	assert_output 'm1 m2 m3 m4 '
	[ "$(field acked q/g)" = 4 ]
}

@test "one that a living consumer holds" {
	seven
	mq-sub -m -l 1h -c 3 -f '%r\n' q/g >held
	set_id q "${ids[5]}" "${ids[1]}"
	set_id q "${ids[2]}" 18000000000000000000
	consume mq-sub -e q/g
	[ "$printed" = $'m4\nm6\nm7\n' ]
	mq-ctl skip q/g "${ids[2]}"
	run -66 sh -c 'mq-ack <held'
	[ "$(depth q/g)" = 0 ]
}

@test "one that is to become a dead letter" {
	local receipt
	mq-pub q a FINDTHIS b
	mq-sub -m -c 3 -f '%r %s\n' q/g >out
	receipt=$(sed -n 's/ FINDTHIS//p' out)
	perl -pi -e 's/FINDTHIS/FINDTHAT/g' spool/q/log.mdb
	run -74 --separate-stderr mq-ack --reject "$receipt"
	[[ $stderr == *"can't become a dead letter: q: message "*": damaged: bad checksum; to go on without it: mq-ctl -s $MQ_SPOOL skip q/g "* ]]
	eval "$(way_on)"
	awk '{ print $1 }' out | grep -vx "$receipt" | mq-ack
	[ "$(depth q/g)" = 0 ]
}

@test "redrive: letters in front of a damaged one go back; then the way on" {
	local n
	mq-ctl create q/g
	mq-pub q d1 d2 FINDTHIS d4
	run -0 mq-sub -e q/g -- sh -c 'exit 100'
	perl -pi -e 's/FINDTHIS/FINDTHAT/g' spool/q.dead/log.mdb
	run -74 --separate-stderr mq-ctl redrive q.dead
	[[ $stderr == *"damaged: bad checksum"* ]]
	eval "$(way_on)"
	run -0 mq-ctl redrive q.dead
	run -0 mq-sub -e q/g
	assert_output $'d1\nd2\nd4'
}

@test "priorities: a damaged message, and a damaged index" {
	local n
	# shellcheck disable=SC2207 # numbers
	ids=(0 $(seq -f m%g 7 | mq-pub -I -p 5 q))
	mq-pub q plain
	mv spool/q spool/whole
	cp -r spool/whole spool/q
	set_id q "${ids[4]}" "${ids[2]}"
	consume mq-sub -e q/g
	[ "$printed" = "$(others 4)"$'\nplain\n' ]
	[ "$(depth q/g)" = 0 ]
	for n in "${ids[2]}" "${ids[6]}" 18000000000000000000 5; do
		rm -rf spool/q
		cp -r spool/whole spool/q
		# In the index a priority is in front of the id.
		perl -0777 -pi -e 'BEGIN { ($from, $to) = map { "\x09\x00\x04" . pack "Q>", $_ } splice @ARGV, 0, 2 }
			s/\Q$from\E/$to/g or die "no entry"' "${ids[4]}" "$n" spool/q/log.mdb
		run -0 --separate-stderr mq-sub -e q/g
		[ "$stderr" = "mq-sub: q: damaged: the index of priority 5: delivering what is left of it as if it had none (mq-ctl -s $MQ_SPOOL check --repair q corrects it)" ]
		[ "$(sort <<<"$output" | tr '\n' ' ')" = 'm1 m2 m3 m4 m5 m6 m7 plain ' ]
		[ "$(depth q/g)" = 0 ]
		run -74 mq-ctl check q
	done
}

@test "a damaged ordinal, and messages that are missing" {
	local n
	seven
	mv spool/q spool/whole
	cp -r spool/whole spool/q
	# A plain record: version, flags, ordinal, how far its id is ahead of its time, body.
	perl -0777 -pi -e 's/\x01\x00\x04(.)m4/\x01\x00\x74$1m4/sg or die' spool/q/log.mdb
	consume mq-sub -e q/g
	[ "$printed" = "$(others 4)"$'\n' ]
	[ "$(depth q/g)" = 0 ]
	run -74 mq-replay q
	for n in 1 4 7; do
		rm -rf spool/q
		cp -r spool/whole spool/q
		remove_message q "$n"
		run -74 --separate-stderr mq-replay q
		[[ $stderr == *"damaged: 1 message is missing"* ]]
		run -74 mq-ctl check q
		consume mq-sub -e q/g
		[ "$printed" = "$(others $n)"$'\n' ]
		[[ $said == *"damaged: 1 message is missing"* ]]
		[ "$(depth q/g)" = 0 ]
	done
}

@test "a group that names a message that is not there" {
	seven
	mq-sub -m -c 3 -f '%r\n' q/g >out
	mq-ack --release <out
	remove_message q 2
	consume mq-sub -e q/g
	[ "$printed" = "$(others 2)"$'\n' ]
	[[ $said == *"message ${ids[2]}: damaged: it is missing behind ${ids[1]}"* ]]
	[ "$(depth q/g)" = 0 ]
}

@test "mq-stat: a group whose oldest message is damaged is shown, with 74" {
	seven
	mq-ctl create q/g
	mq-ctl create q/h
	mq-sub -e -c 3 q/h
	set_id q "${ids[1]}" 18000000000000000000
	run -74 --separate-stderr mq-stat -J q
	[[ $stderr == *"message ${ids[1]}: damaged: its id is stored as 18000000000000000000"* ]]
	[ "$(jq -r 'select(.group == "g") | .depth' <<<"$output")" = 7 ]
	[ "$(jq -r 'select(.group == "h") | .depth' <<<"$output")" = 4 ]
	run -74 mq-stat --next-due q/g
	mq-ctl skip q/g "${ids[1]}"
	run -0 mq-stat --next-due q/g
}

@test "a group that starts or is moved somewhere around damage" {
	seven
	set_id q "${ids[5]}" "${ids[2]}"
	consume mq-sub -e --from "${ids[3]}" q/a
	[ "$printed" = $'m3\nm4\nm6\nm7\n' ]
	consume mq-sub -e --from "${ids[6]}" q/b
	[ "$printed" = $'m6\nm7\n' ]
	mq-replay --rewind q/b --to -5
	consume mq-sub -e q/b
	[ "$printed" = $'m3\nm4\nm6\nm7\n' ]
	mq-replay --rewind q/b --to "${ids[5]}"
	consume mq-sub -e q/b
	[ "$printed" = $'m6\nm7\n' ]
}

@test "publishing goes on beside damage, and removes what is damaged in its turn" {
	seven
	set_id q "${ids[1]}" 18000000000000000000
	set_id q "${ids[3]}" 5
	mq-ctl set q max-messages=7 overflow=drop-oldest
	seq -f n%g 7 | mq-pub q
	run -0 mq-sub -e q/g
	[ "$output" = "$(seq -f n%g 7)" ]
	run -0 mq-ctl check q
}

@test "a damaged index of message ids: nothing is taken for a message that is there" {
	mq-pub -i first q a
	# The entry's value is the id; the next message is found by it.
	perl -0777 -pi -e 'BEGIN { ($from, $to) = map { "first" . pack "Q>", $_ } splice @ARGV, 0, 2 }
		s/\Q$from\E/$to/g or die "no entry"' "$(mq-replay -f %o q)" 7 spool/q/log.mdb
	fails 74 "mq-pub: q: damaged: message 7 does not have the message id by which it is found; mq-ctl -s $MQ_SPOOL check --repair q corrects that" \
	    mq-pub -i first q c
	run -0 mq-replay q
	assert_output a
}

# Small messages of a page are removed in two turns; a damaged one may come between them.
@test "trimming many small messages, damaged ones among them, leaves the newest and true counters" {
	local n id
	seq 1000 | mq-pub -I q >ids
	mq-ctl set q retain-bytes=100
	for n in $(seq 10 7 400); do
		id=$(sed -n "${n}p" ids)
		set_id q "$id" "$(flipped "$id" 4)"
	done
	mq-ctl trim q
	# Of 3 and 4 digits: what is left has at most 100 bytes.
	seq 1000 | tail -n 33 >newest
	mq-replay q | tail -n 33 | diff newest -
	n=$(mq-replay q | wc -l)
	[ "$(mq-stat -J q | jq 'select(.uuid) | .messages')" = "$n" ]
	[ "$(mq-stat -J q | jq 'select(.uuid) | .messages + .trimmed')" = 1000 ]
	mq-ctl check q
}

# Nothing in front of it tells that its id was greater.
@test "trimming does not drop the first that is left, whose id became that of one that was removed" {
	seven
	mq-sub -e -c 3 q/g
	mq-ctl set q retain=0s
	mq-ctl trim q
	[ "$(messages q)" = 4 ]
	set_id q "${ids[4]}" "${ids[2]}"
	mq-ctl trim q
	[ "$(messages q)" = 4 ]
	consume mq-sub -e q/g
	mq-ctl trim q
	[ "$(messages q)" = 0 ]
}

# three_gone: the first three of seven were settled by g and removed.
three_gone() {
	seven
	mq-sub -e -c 3 q/g
	mq-ctl set q retain=0s
	mq-ctl trim q
	[ "$(messages q)" = 4 ]
}

# Nothing in front of the first that is left tells that its id was greater.
@test "the first that is left, whose id became that of one that was removed, is told" {
	local said="damaged: its id is stored as "
	three_gone
	set_id q "${ids[4]}" "${ids[2]}"
	run -74 --separate-stderr mq-ctl check q
	[[ $stderr == *"message ${ids[4]}: $said${ids[2]}, out of order"* ]]
	run -74 --separate-stderr mq-replay q
	assert_output $'m5\nm6\nm7'
	[[ $stderr == *"message ${ids[4]}: $said${ids[2]}, out of order"* ]]
	run -74 --separate-stderr mq-replay --since "${ids[4]}" q
	assert_output $'m5\nm6\nm7'
	run -74 --separate-stderr mq-replay q/g
	assert_output $'m5\nm6\nm7'
	run -74 --separate-stderr mq-sub -e q/g
	assert_output ''
	[ "$stderr" = "mq-sub: q: message ${ids[4]}: $said${ids[2]}, out of order; to go on without it: mq-ctl -s $MQ_SPOOL skip q/g ${ids[4]}" ]
	[ "$(depth q/g)" = 4 ]
	consume mq-sub -e q/g
	[ "$printed" = $'m5\nm6\nm7\n' ]
	[ "$(depth q/g)" = 0 ]
}

@test "the same, alone, several in a row, and with damaged bodies: nothing tells their ids" {
	local last n
	for last in 4 5 6 7; do
		rm -rf spool
		three_gone
		for ((n = 4; n <= last; n++)); do
			set_id q "${ids[n]}" "$((n - 3))"
			perl -pi -e "s/m$n/mX/g" spool/q/log.mdb
		done
		run -74 mq-replay q/g
		consume mq-sub -e q/g
		[ "$(grep . <<<"$printed")" = "$(seq -f m%g $((last + 1)) 7)" ]
		[ "$(grep -c 'to go on without it' <<<"$said")" = $((last - 3)) ]
		[ "$(depth q/g)" = 0 ]
	done
}

@test "in a log that was compacted, messages may be left out, but not damaged ones" {
	local n
	for n in 4 5 7 8; do
		rm -rf spool
		# shellcheck disable=SC2207 # numbers
		ids=(0 $(for i in 1 2 3 4 5 6 7; do mq-pub -I -k "$i" q "m$i"; done))
		mq-ctl set q compact=key retain=0s
		ids+=("$(mq-pub -I -k 1 q m8)")
		mq-ctl trim q
		[ "$(messages q)" = 7 ]
		mq-sub -e -c 2 q/g
		set_id q "${ids[n]}" "${ids[2]}"
		consume mq-sub -e q/g
		[ "$printed" = "$(seq -f m%g 8 | sed 1,3d | grep -vx "m$n")"$'\n' ]
		[[ $said == *"damaged: its id is stored as ${ids[2]}"* ]]
		[ "$(depth q/g)" = 0 ]
	done
}
