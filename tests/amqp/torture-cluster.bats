#!/usr/bin/env bats
# torture-cluster.bats - everything at once and everybody killed, on a cluster, and then a look at the
# history; then with a node killed as well
#
# Has the cluster to itself.  Needs three nodes for what is lost.
#
# $MQ_TORTURE_SECONDS (15): how long each goes on.  What is promised on a broker, and so checked, is
# told in tests/torture/verify.c.

load ../lib/common
load ../lib/torture

# Whatever a test did, all nodes are there for the next.
setup_file() {
	"$BATS_TEST_DIRNAME/nodes" "$MQ_CLUSTER" whole
	export TORTURE_BIN=${MQ_BUILD:-$BATS_TEST_DIRNAME/../../build/release}/torture
	export TORTURED=$BATS_FILE_TMPDIR/gentle
}
teardown_file() {
	"$BATS_TEST_DIRNAME/nodes" "$MQ_CLUSTER" whole
}

# torture DIRECTORY SECONDS: prints what was found; nothing may be wrong.
torture() {
	"$top/tests/torture/run" "$1" "$2" >found 2>&1 3>&- 7>&- || :
	cat found
	run ! grep 'not so' found
	tail -n 1 found | grep -qx 'all [0-9]* properties hold'
}

@test "publishers, consumers, handlers and workers are killed: all that was promised holds" {
	torture "$TORTURED" "${MQ_TORTURE_SECONDS:-15}"
}

# three: a heartbeat of two seconds, and a proxy before each node, through which the tools find it.
three() {
	local node
	[ "$(nodes count)" = 3 ] || skip "needs a cluster of three nodes"
	command -v python3 >/dev/null || skip "needs python3"
	export XDG_CONFIG_HOME=$BATS_TEST_TMPDIR/config
	mkdir -p "$XDG_CONFIG_HOME/mq"
	(umask 077; { cat "$BATS_FILE_TMPDIR/config/mq/amqp.conf"; printf '%s\n' heartbeat=2 connect-timeout=2s; } \
	    >"$XDG_CONFIG_HOME/mq/amqp.conf")
	for node in 1 2 3; do
		"$top/tests/amqp/proxy" "127.0.0.1:$(nodes port "$node")" >"proxy$node" 3>&- 7>&- &
		TORTURE_PROXIES="${TORTURE_PROXIES-} $!"
		until_true "[ -s proxy$node ]"
	done
	TORTURE_PROXIES=${TORTURE_PROXIES# }
	MQ_SPOOL="amqp://127.0.0.1:$(<proxy1),127.0.0.1:$(<proxy2),127.0.0.1:$(<proxy3)/$vhost"
	export TORTURE_PROXIES
}

@test "kill -9 of the node that leads the log, besides: all that was promised holds" {
	three
	export TORTURE_LOSSES="$top/tests/torture/lose kill"
	torture "$BATS_TEST_TMPDIR/run" "${MQ_TORTURE_SECONDS:-15}"
	[ "$(grep -cx 'whole kill' run/history)" = 1 ]
}

@test "the network to the node in use is cut, comes back, and all connections end: the same" {
	three
	export TORTURE_LOSSES="$top/tests/torture/lose cut end"
	torture "$BATS_TEST_TMPDIR/run" "${MQ_TORTURE_SECONDS:-15}"
	[ "$(grep -cx 'whole cut' run/history)" = 1 ]
	[ "$(grep -cx 'whole end' run/history)" = 1 ]
}

@test "the verifier finds what is wrong with the log" {
	local id
	id=$(awk '$1 == "told" { print $3; exit }' "$TORTURED/history")
	finds "" log.in "\$1 != \"$id\""
	assert_line --regexp "what was told is in the log: .* told as $id and is not in the log"
	finds "" log.in '{ print } NR == 20'
	assert_line --regexp '^each message is in the log once: not so: .* is in the log 2 times'
	finds "" log.in '{ print } NR == 20 { $1 = $1 1; print }'
	assert_line --regexp '^each message is in the log once: not so: .* is in the log under 2 ids'
	finds "" log.in '{ print } NR == 20 { $4 = ":other"; print }'
	assert_line --regexp '^messages are as sent: not so: .* is not as sent'
	# A message that was not told, of a run that has later ones in the log.
	finds "" log.in 'NR % 3 { print }'
	assert_line --regexp "^a publisher's messages are in order, without gaps: .* in the same run, is not"
	finds "" history '/^end .* 0$/ { $3 = 74 } { print }'
	assert_line --regexp '^who is not killed ends well: not so: .* ended with status 74'
}

@test "the verifier finds what is wrong with deliveries" {
	finds "work: " history '!($2 == "work" && /^(start|done|settled)/)'
	assert_line --regexp '^nothing is lost: not so: work: .* came to no end, after 0 deliveries'
	finds "" history '{ print } $1 == "start" && $2 == "work" { was[$3] = $0 }
		$1 == "done" && $2 == "work" && $5 == "ack" && !n++ { $0 = was[$3]; $4 = $4 1; print }'
	assert_line --regexp '^what is settled does not come back: not so: work: .* was settled by .* and came back in '
	finds "" history '{ print } $1 == "start" && $2 == "work" && !n++ { $4 = $4 1; print }'
	assert_line --regexp '^one handler at a time has a message: not so: work: .* while .* had it'
	finds "" history '$1 == "start" && $2 == "work" && $5 == 2 { $5 = 1 } { print }'
	assert_line --regexp '^attempts are counted as they were: not so: work: .* attempt 1 where 2 was next'
	finds "" history '$1 == "start" && $2 == "work" && $5 == 1 { $5 = 4 } { print }'
	assert_line --regexp '^attempts are counted as they were: .* attempt 4 after 0 deliveries'
	finds "" history '$1 == "start" && $2 == "topic" { $7 = ":b.k2" } { print }'
	assert_line --regexp '^a group gets what it is bound to: not so: topic: .* of key "b.k2"'
	finds "" history '/^begin only/ { begun[substr($2, 5, 1)] = $2 } { print }
		$1 == "start" && $2 == "only" && 1 in begun && 2 in begun && !n++ {
			$4 = $4 1
			$9 = begun[3 - substr($9, 5, 1)]
			print
		}'
	assert_line --regexp '^an exclusive group has one active consumer: not so: only: '
	finds "" log.dead '{ print; print }'
	assert_line --regexp '^a dead letter is made once: not so: .* is a dead letter twice'
	finds "" stat '$1 == "work" { $2 = 1 } { print }'
	assert_line 'counters agree with the log: not so: work: 1 messages are left'
}

@test "the verifier finds what is wrong with the order of keys" {
	finds "" history '$1 == "start" && $2 == "order" && $7 != ":" {
			at = $7 $9
			if (at in last && id[at] != $3 && !n++) {
				print
				$0 = last[at]
				$4 = $4 1
			} else {
				last[at] = $0
				id[at] = $3
			}
		}
		{ print }'
	assert_line --regexp '^ordered groups keep each key.s order: not so: order: key .* came again after another had begun'
	finds "" history '$1 == "done" && $2 == "order" { held = held $0 "\n"; next }
		!/^kill order/ { print } END { printf "%s", held }'
	assert_line --regexp '^ordered groups keep each key.s order: not so: order: key .* began while .* was at work'
	# The publishers sent in the other order.
	finds "" history '$1 == "sent" { held[++n] = $0; next } { rest[++m] = $0 }
		END { for (i = 1; i <= m; i++) if (rest[i] ~ /^begin p/) print rest[i]
			while (n > 0) print held[n--]
			for (i = 1; i <= m; i++) if (rest[i] !~ /^begin p/) print rest[i] }'
	assert_line --regexp '^ordered groups keep each key.s order: not so: order: key .* came first after '
}

@test "the verifier finds what is wrong with streams" {
	local id
	id=$(awk '$1 == "told" { print $3; exit }' "$TORTURED/history")
	finds "" temp.temp.1 "{ print } END { print \"$id\"; print \"$id\" }"
	assert_line --regexp "^a temporary group gets a message once: not so: temp got .* twice in "
	id=$(awk '$1 == "sent" && $8 == 0 { lasts[$2] = 1 }
		$1 == "told" && lasts[$2] { print $3; exit }' "$TORTURED/history")
	finds "" 'stream.*' "\$1 != \"$id\""
	assert_line --regexp "^streams are complete: not so: stream never got .*$id"
}

# So a loss excuses it, and nothing else does.
@test "the verifier takes a repeat for right where something was lost, and no gap" {
	doctor history '{ print } $1 == "start" && $2 == "work" && !n++ { print "losing kill"; $4 = $4 1; print }'
	run -0 "$TORTURE_BIN/verify" doctored
	refute_output --partial 'not so'
	finds "" history 'NR == 2 { print "losing kill" } !($2 == "work" && /^(start|done|settled)/) { print }'
	assert_line --regexp '^nothing is lost: not so: work: '
	# One whose publisher had its answer by then: another may have been sent again.
	finds "" history 'BEGIN {
			while ((getline < "'"$TORTURED/history"'") > 0) {
				if ($1 == "sent") of[$2] = $3
				if ($1 == "told") run[$3] = of[$2]
				if ($1 == "cut") cut[$2] = 1
			}
		}
		$1 == "told" && !(run[$3] in cut) { told[$3] = 1 }
		$1 == "start" && $2 == "work" && $5 == 1 { was[$3] = $0 }
		$1 == "settled" && $2 == "work" && $5 == "ack" && $3 in was && $3 in told && !n++ {
			print "losing kill"
			again = was[$3]
		}
		{ print } END { $0 = again; $4 = $4 1; print }'
	assert_line --regexp '^what is settled does not come back: not so: work: '
}
