#!/usr/bin/env bats
# alerts.bats - the rules and the dashboard in share/: what promtool says of them, whether they
# fit what mq-stat --prometheus prints, and whether mq(7) explains them
#
# Grafana itself is not there to be asked.  monitoring.bats runs each expression of both in a
# real Prometheus.

load lib/common
load lib/needs

rules=$BATS_TEST_DIRNAME/../share/prometheus/mq.rules.yml
dashboard=$BATS_TEST_DIRNAME/../share/grafana/mq.json

# alerts: the names of all alerts in the rules.
alerts() {
	sed -n 's/^ *- alert: //p' "$rules"
}

# metrics FILE: the names of metrics that its expressions have.
metrics() {
	grep -o 'mq_[a-z_]*' "$1" | sed 's/_\(bucket\|sum\|count\)$//' | sort -u
}

@test "promtool: the rules are sound" {
	needs prometheus promtool
	run -0 promtool check rules "$rules"
	assert_output --partial "$(alerts | wc -l) rules found"
}

@test "promtool: each alert fires where it should, and not beside it" {
	needs prometheus promtool
	local tests=$BATS_TEST_DIRNAME/prometheus/mq.rules.test.yml
	run -0 promtool test rules "$tests"
	# Each has a case in which it fires, and one in which it does not yet.
	for alert in $(alerts); do
		run awk -v alert="$alert" '$1 == "alertname:" { seen = $2 == alert; silent += seen }
			seen && /exp_alerts:/ { fires++; silent-- }
			END { exit !(fires > 0 && (silent > 0 || alert ~ /Full|Paused/)) }' "$tests"
		[ "$status" = 0 ] || fail "$alert: not in all cases"
	done
}

@test "promtool: the cases bite" {
	needs prometheus promtool
	mkdir -p share/prometheus tests/prometheus
	cp "$BATS_TEST_DIRNAME/prometheus/mq.rules.test.yml" tests/prometheus/
	for change in 's/> 600/> 6000/' 's/ unless mq_group_paused == 1//' 's/> 1000/> 1/' \
	    's/> 1\.5 \*/> 0.1 */' 's/deriv(\(.*\)) > 0/deriv(\1) > -1e9/' 's/_consumers\(.*\) == 0/_consumers\1 >= 0/' \
	    's/> 0\.8/> 0.7/' 's/max without (group)/min without (group)/' 's/ or mq_queue_messages)/)/' \
	    's/< 2 \*/< 1 */' 's/_errors > 0/_errors >= 0/' 's/for: 1h/for: 2h/' \
	    's/dead_lettered/acked/' 's/unless ignoring (group)/and ignoring (group)/' \
	    's/absent(/(/' 's/{group!="redrive"}//' 's/clamp_min(\(.*\), 768 . 1024)/\1/' \
	    's/unless \(.*\) offset 15m/unless \1 offset 1m/' 's/total > 0/total >= 0/' \
	    's/^ *and on (job, instance) mq_build_info offset 15m)/)/' 's/or increase(.*) > 0//' \
	    's/scrape_time_seconds\[1d\]/scrape_time_seconds[5m]/' 's/_time_\(.*\) > 600/_time_\1 > 60/' \
	    's/_time_\(.*\) > 600/_time_\1 > 900/' 's/^ *or up{.*//' 's/up{job="mq"}/up/'; do
		sed "$change" "$rules" >share/prometheus/mq.rules.yml
		! cmp -s "$rules" share/prometheus/mq.rules.yml || fail "changes nothing: $change"
		run promtool test rules tests/prometheus/mq.rules.test.yml
		[ "$status" != 0 ] || fail "goes unnoticed: $change"
	done
}

@test "rules and dashboard use only metrics that there are" {
	seq 3 | mq-pub q
	mq-ctl set q max-messages=10 max-bytes=10
	mq-sub -c 1 q/g >/dev/null
	mq-stat --prometheus | sed -n 's/^# TYPE \([^ ]*\) .*/\1/p' | sort >there
	for file in "$rules" "$dashboard"; do
		run comm -13 there <(metrics "$file" | grep -v '^mq_pub$')
		assert_output ''
	done
	# The dashboard shows all of them.
	run comm -23 there <(metrics "$dashboard")
	assert_output ''
}

@test "each alert has a paragraph in mq(7), and each paragraph an alert" {
	diff <(alerts | sort) <(sed -n 's/^\.It Sy \(Mq[A-Z][A-Za-z]*\)$/\1/p' \
	    "$BATS_TEST_DIRNAME/../man/mq.7" | sort)
	run -0 grep -c 'runbook: man 7 mq, Mq' "$rules"
	assert_output "$(alerts | wc -l)"
	for alert in $(alerts); do
		grep -q "runbook: man 7 mq, $alert\$" "$rules" || fail "$alert"
	done
}

@test "the dashboard: no panel twice or upon another, variables are there and used" {
	run -0 jq -e '[.panels[].id] | length == (unique | length)' "$dashboard"
	run -0 jq -e '[.panels[].gridPos | . as $p | range($p.h) as $y | range($p.w) as $x |
	    [$p.x + $x, $p.y + $y]] | length == (unique | length) and all(.[0] < 24)' "$dashboard"
	run -0 jq -e '[.panels[] | select(.type != "row") | .title, .description | length > 0] | all' \
	    "$dashboard"
	run -0 jq -e '[.panels[].datasource, .panels[].targets[]?.datasource | values |
	    .uid == "${datasource}"] | all' "$dashboard"
	run -0 jq -r '.templating.list[].name' "$dashboard"
	assert_output $'datasource\nqueue\ngroup'
	# Nothing else is substituted.
	run -1 grep -oE '\$[a-zA-Z_{]+' <(jq -r '.panels[].targets[]?.expr' "$dashboard" |
	    sed 's/\$queue//g; s/\$group//g; s/\$__rate_interval//g')
}
