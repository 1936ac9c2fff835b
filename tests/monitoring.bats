#!/usr/bin/env bats
# monitoring.bats - a real Prometheus that scrapes a live spool: through mq-stat --http, and
# through a file that node exporter serves
#
# Everything listens on 127.0.0.1, and is gone when the test ends.

load lib/common
load lib/needs

share=$BATS_TEST_DIRNAME/../share

teardown() {
	local pid
	for pid in $servers; do
		kill "$pid" 2>/dev/null || :
		wait "$pid" 2>/dev/null || :
	done
}

# free_port: one that is free now.
free_port() {
	socat -d -d TCP4-LISTEN:0,bind=127.0.0.1,accept-timeout=0.01 STDIO 2>&1 </dev/null |
	    sed -n 's/.*listening on .*:\([0-9]*\)$/\1/p'
}

# answers LOG PATH COMMAND...: starts a server with @ in its words replaced by an address, and waits
# until it answers there.  Sets address.  A port that was free may be taken meanwhile: then another.
answers() {
	local log=$1 path=$2 i
	shift 2
	for i in 1 2 3 4 5; do
		address=127.0.0.1:$(free_port)
		"${@//@/$address}" >"$log" 2>&1 3>&- &
		servers="$servers $!"
		until_true "curl -qsf 'http://$address$path' >/dev/null || ! kill -0 $! 2>/dev/null"
		! kill -0 $! 2>/dev/null || return 0
		grep -q 'address already in use' "$log" || break
	done
	cat "$log" >&2
	return 1
}

# serve: mq-stat --http for each connection, on $port.
serve() {
	socat -d -d "TCP4-LISTEN:0,bind=127.0.0.1,backlog=128,fork" "EXEC:mq-stat --http" 2>said 3>&- &
	servers="$servers $!"
	until_true 'grep -q "listening on" said'
	port=$(sed -n 's/.*listening on .*:\([0-9]*\)$/\1/p' said)
}

# prometheus_scrapes PORT: starts one that scrapes that port every two seconds, and has the rules.
prometheus_scrapes() {
	cat >prometheus.yml <<-END
	global: { scrape_interval: 2s, scrape_timeout: 2s, evaluation_interval: 1s }
	rule_files: [ $share/prometheus/mq.rules.yml ]
	scrape_configs:
	  - job_name: mq
	    static_configs: [ { targets: [ "127.0.0.1:$1" ] } ]
	END
	answers prometheus.log /-/ready prometheus --config.file=prometheus.yml --storage.tsdb.path=data \
	    --web.listen-address=@ --log.level=warn
	api=$address
}

# query EXPRESSION: the values that it has now, one a line; nothing for NaN.
query() {
	curl -qsSf --max-time 20 -G --data-urlencode "query=$1" "http://$api/api/v1/query" |
	    jq -r '.data.result[].value[1] | select(. != "NaN")'
}

# A spool of which each number is to be seen: messages in each state, limits, dead letters.
live() {
	seq 100 | mq-pub orders
	mq-ctl set orders max-messages=120 max-bytes=1K retain-bytes=10M
	mq-ctl create orders/billing
	mq-ctl create orders/audit
	mq-sub -m -c 3 --prefetch 3 orders/billing >took
	mq-ack --retry -d 1h "$(sed -n 1p took | cut -f 1)"
	mq-ack --reject=unpayable "$(sed -n 2p took | cut -f 1)"
}

# has_data EXPRESSION: it has a value within a minute, while messages go in and out.
has_data() {
	local i
	for ((i = 0; i < 120; i++)); do
		[ -z "$(query "$1")" ] || return 0
		mq-sub -c 1 -e orders/billing -- true || :
		mq-sub -c 1 -e orders/audit -- true || :
		mq-pub -W 0s orders more || :
		sleep 0.5
	done
	echo "no data: $1" >&2
	return 1
}

@test "--http: every expression of every panel has data" {
	needs prometheus
	live
	serve
	prometheus_scrapes "$port"
	jq -r '.panels[].targets[]?.expr' "$share/grafana/mq.json" |
	    sed 's/\$queue/.*/g; s/\$group/.*/g; s/\$__rate_interval/20s/g' >expressions
	[ "$(wc -l <expressions)" -ge 50 ]
	while read -r expression; do
		has_data "$expression" </dev/null
	done <expressions
	# What the variables of the dashboard offer.
	run -0 curl -qsSf -G --data-urlencode 'match[]=mq_group_depth_messages' \
	    "http://$api/api/v1/label/group/values"
	assert_equal "$(jq -c .data <<<"$output")" '["audit","billing"]'
	# The numbers are those that mq-stat tells.
	until_true '[ "$(query "mq_queue_published_messages_total{queue=\"orders\"}")" = \
	    "$(mq-stat -J orders | jq "select(.uuid).in_messages")" ]'
	[ "$(query 'max(mq_scrape_errors)')" = 0 ]
}

@test "--http: alerts begin where they should" {
	needs prometheus
	live
	serve
	prometheus_scrapes "$port"
	until_true '[ -n "$(query "mq_queue_messages{queue=\"orders.dead\"}")" ]'
	mq-sub -c 1 orders/audit -- sh -c 'exit 65'
	# Each rule is evaluated, without an error.
	until_true 'curl -qsSf "http://$api/api/v1/rules" | jq -e "
	    [.data.groups[].rules[] | .health] | length == 10 and all(. == \"ok\")" >rules'
	# Nearly full, nobody there, a new dead letter; the last needs no time to fire.
	until_true 'curl -qsSf "http://$api/api/v1/alerts" | jq -e "
	    [.data.alerts[] | .labels.alertname + \" \" + .labels.queue + \" \" + (.labels.group // \"-\")
	    + \" \" + .state] | contains([\"MqNearlyFull orders - pending\",
	    \"MqNoConsumer orders billing pending\", \"MqDeadLetters orders audit firing\"])" >alerts'
}

@test "a file for node exporter, renewed while it is read" {
	needs prometheus
	needs prometheus-node-exporter
	mkdir textfile
	seq 10 | mq-pub q
	mq-ctl create q/g
	mq-stat --prometheus -o textfile/mq.prom
	answers exporter.log /metrics prometheus-node-exporter --collector.disable-defaults \
	    --collector.textfile --collector.textfile.directory=textfile --web.listen-address=@
	port=${address##*:}
	prometheus_scrapes "$port"
	until_true '[ "$(query "mq_group_depth_messages{group=\"g\"}")" = 10 ]'
	for i in 1 2 3 4 5; do
		mq-sub -c 1 q/g >/dev/null
		mq-stat --prometheus -o textfile/mq.prom
		until_true '[ "$(query "mq_group_depth_messages{group=\"g\"}")" = $((10 - i)) ]'
	done
	# Nobody renews it any more, but it is served: that is noticed.
	MQ_NOW=-11m mq-stat --prometheus -o textfile/mq.prom
	until_true 'curl -qsSf "http://$api/api/v1/alerts" | jq -e "
	    [.data.alerts[] | .labels.alertname + \" \" + .labels.instance + \" \" + .state]
	    | contains([\"MqNotScraped 127.0.0.1:$port pending\"])" >alerts'
	# No scrape met half a file.
	[ "$(query 'max_over_time(node_textfile_scrape_error[5m])')" = 0 ]
}
