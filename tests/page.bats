#!/usr/bin/env bats
# page.bats - the page for people, which mq-stat --http gives at /

load lib/common
load lib/needs

# page [QUERY [OPERAND...]]: the answer in ./answer, its body in ./page.
page() {
	local query=${1-}
	shift || :
	printf 'GET /%s HTTP/1.1\r\nHost: x\r\n\r\n' "$query" | mq-stat --http "$@" >answer
	sed '1,/^\r$/d' answer >page
}

# next: the query to which the page reloads itself.
next() {
	sed -n 's/^<meta http-equiv=refresh content="10;url=\([^"]*\)">$/\1/p' page | sed 's/&amp;/\&/g'
}

# text: the page as a reader without any style has it, on one line.
text() {
	sed '/^<style>/,/<\/style>/d; s/<[^>]*>/ /g' page | tr -s ' \n' ' '
}

# dead QUEUE BODY STDERR: a message that dies at once.
dead() {
	mq-pub "$1" "$2"
	printf '%s' "$3" >stderr-of-handler
	mq-sub -q -e "$1" -- sh -c 'cat stderr-of-handler >&2; exit 65' 2>/dev/null || :
}

@test "one document, with the policy that nothing else is loaded" {
	mq-pub orders a b
	page
	assert_equal "$(head -n 1 answer)" $'HTTP/1.1 200 OK\r'
	grep -q $'^Content-Type: text/html; charset=utf-8\r$' answer
	grep -q "^Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline';" answer
	assert_equal "$(sed -n 's/^Content-Length: \([0-9]*\)\r$/\1/p' answer)" "$(wc -c <page | tr -d ' ')"
	run ! grep -i -E '<script|src=|@import|https?:|//[a-z]' page
	# Every link leads to a place of the page, or to the page itself.
	local id
	while read -r id; do
		grep -q "id=\"$id\"" page
	done < <(grep -o 'href="#[^"]*' page | cut -d '#' -f 2)
	run -0 grep -o 'href="[^"]*' page
	assert_output --regexp '^href="(#|\?hold=1&amp;t=|data:,)'
	run ! grep -v -E '^href="(#q-[a-z.]+|\?hold=1&amp;t=[0-9]+&amp;s=[0-9a-v.]+|data:,)$' <<<"$output"
}

@test "well-formed, with what screen readers go by" {
	needs libxml2-utils xmllint
	mq-pub orders a
	dead orders b 'it broke'
	page
	xmllint --html --noout page 2>&1 | grep -v -E 'Tag (main|header|footer|section|details|summary|time) invalid' |
	    grep -E 'error|warning' >wrong || :
	assert_equal "$(cat wrong)" ''
	# Each table has a caption, each of its titles a scope; the language, one h1, one main.
	assert_equal "$(grep -c '<table' page)" "$(grep -c '<caption>' page)"
	run ! grep -E -o '<th( class=l)?>' page
	assert_equal "$(grep -c '<h1>' page)" 1
	assert_equal "$(grep -c '<main>' page)" 1
	grep -q '<html lang=en>' page
	grep -q '<meta name=viewport' page
	# Labels are there.
	local id
	while read -r id; do
		grep -q "id=$id>" page
	done < <(grep -o 'aria-labelledby=[a-z]*' page | cut -d = -f 2)
}

@test "numbers of queues, groups and consumers" {
	mq-ctl create orders/mail
	mq-ctl set orders 'description=What people <want>'
	seq 1234 | mq-pub orders
	mq-sub -e -c 34 orders/mail >/dev/null
	mq-sub -m -c 2 -l 1h orders/mail >/dev/null
	touch busy
	mq-sub orders/mail -- sh -c 'while [ -e busy ]; do sleep 0.1; done' 3>&- &
	local pid=$!
	until_true 'mq-stat -l -J orders/mail | grep -q "\"state\":\"running\""'
	page
	rm busy
	run -0 text
	assert_output --partial 'What people &lt;want&gt;'
	assert_output --partial '1,234 retained'
	assert_output --partial '1,234 ever published'
	assert_output --partial 'Groups of orders'
	assert_output --regexp 'mail 1,200 [0-9,]+ [1-4] 0 [0-9]+s - 34 0 0 1 '
	assert_output --regexp '1 consumer .*Consumers of orders'
	assert_output --regexp "$pid mail 20[0-9-]+ [0-9:]+ [12] 1 "
	assert_output --partial 'Nothing does.'
	kill "$pid"
	wait "$pid" || :
}

# A broker's numbers come late; elsewhere the first look has them.  It tells no ages, and what it
# counts in a queue are also up to three signs of its group's beginning.
age='[0-9]+s' thousand=1,010
if [ -n "${MQ_CLUSTER-}" ]; then
	age=- thousand='1,01[0-3]'
fi
comes_true() {
	[ -n "${MQ_CLUSTER-}" ] || local patience=1
	until_true "$1" || { text >&2; return 1; }
}

@test "rates since the load whose counters the address carries" {
	mq-ctl create orders/mail
	seq 10 | mq-pub orders
	mq-sub -c 1 orders/mail
	comes_true 'page && next | grep -qxE "\?t=[0-9]+&s=a[0-9a-v]+\.a\.1"'
	run -0 next
	local query=$output before
	# As if that had been 100 seconds ago.
	before=${query#*t=} before=${before%%&*}
	query=${query/t=$before/t=$((before - 100000))}
	seq 1000 | mq-pub orders
	mq-sub -e -c 500 orders/mail >/dev/null
	comes_true 'page "$query" && text | grep -qE "orders waiting 509 $age (10|[5-9]\.[0-9]) ([2-5]\.[0-9]) 0 $thousand"'
	run -0 text
	assert_output --regexp 'Rates are of the last 1[0-9][0-9] s'
	assert_output --regexp '(9\.[0-9]|10|[5-9]) published a second|published a second (9\.[0-9]|10|[5-9])'
	# Another queue: the counters would be those of others.
	mq-ctl create new
	page "$query"
	run -0 text
	refute_output --partial 'Rates are of'
	# What a stranger makes up, shown nowhere.
	page "?t=1&s=%3Cscript%3E&hold=<script>&q='\"><b>"
	assert_equal "$(head -n 1 answer)" $'HTTP/1.1 200 OK\r'
	run ! grep -i -e '<script' -e '%3C' -e '"><b>' page
	run -0 text
	refute_output --partial 'Rates are of'
}

@test "hold: no reloading, and a way back" {
	mq-pub orders a
	page
	assert_equal "$(grep -c 'http-equiv=refresh' page)" 1
	local link
	link=$(grep -o 'href="?hold=1[^"]*' page | cut -d '"' -f 2 | sed 's/&amp;/\&/g')
	page "$link"
	run ! grep http-equiv page
	run -0 text
	assert_output --partial 'Load again'
	assert_output --partial 'Reload every 10 s'
}

@test "what needs attention comes first, with the reason" {
	local queue
	for queue in aaa bbb ccc ddd eee; do
		mq-ctl create "$queue/g"
		mq-pub "$queue" x
	done
	mq-sub -e aaa/g >/dev/null
	mq-ctl set bbb max-messages=1
	mq-ctl pause ccc/g
	dead ddd 'it died' 'no such file'
	MQ_NOW=+300s page
	run -0 text
	assert_output --partial 'Needs attention bbb full: 1 of 1 messages; publishers wait ddd.dead 2 dead letters'
	assert_output --partial 'ccc paused: g is given nothing'
	assert_output --regexp 'Queue State .* bbb full .* ddd.dead dead letters .* ccc paused .* aaa idle .* ddd .* eee waiting'
	grep -q '<title>2 need attention - mq queues</title>' page
	# Old and without a consumer.
	MQ_NOW=+2h page
	run -0 text
	assert_output --partial 'eee nothing consumes g : 1 message, 2h old'
}

@test "dead letters: the newest ten, with their reasons and the beginning of stderr" {
	mq-ctl create orders/default
	local i
	for i in 1 2 3 4 5 6 7 8 9 10 11 12; do
		dead orders "body-$i" "reason number $i"
	done
	page
	run -0 text
	assert_output --partial '12 dead letters, the newest 10'
	assert_output --regexp 'exit 65 20[0-9-]+ [0-9:]+ &middot; in orders/default &middot; attempts 1 &middot; id [0-9]+ &middot; 7B reason number 12 '
	refute_output --regexp 'reason number 2 '
	refute_output --partial body-
	[[ ${output%%reason number 11*} != *'reason number 10 '* ]]
	# Those that were delivered again are dead letters no more.
	mq-ctl redrive -c 11 orders.dead
	page
	run -0 text
	assert_output --partial '1 dead letter '
	assert_output --partial 'reason number 12 '
	refute_output --partial 'reason number 11 '
	# The queue that another names.
	mq-ctl create other/default
	mq-ctl set other dead-letter=morgue
	dead other x 'of another'
	page
	run -0 text
	assert_output --partial 'morgue 1 dead letter;'
}

# letters_are NUMBER QUEUE [OPERAND]: so many dead letters the page of the operand has, and --check.
letters_are() {
	number=$1 queue=$2 operand=${3-$2}
	comes_true 'page "" "$operand" && [ "$(letters_of "$queue" | uniq)" = "$number" ]'
}
letters_of() {
	text | grep -o '[0-9]* dead letters\?;' | cut -d ' ' -f 1 | sort -u
	mq-stat --check 'dead<999' "$1" | sed -n "s/.*'$1 dead'=\([0-9]*\);.*/\1/p"
}

@test "dead letters are counted as --check counts them, and belong to the queues asked for" {
	mq-ctl create o/default
	local i
	for i in 1 2 3; do
		dead o "body-$i" "reason $i"
	done
	for i in o o/default o.dead; do
		letters_are 3 "${i%/*}" "$i"
	done
	# One group has dealt with one, another has not.
	mq-ctl create o.dead/audit
	mq-sub -q -c 1 o.dead/people >/dev/null
	letters_are 3 o
	mq-ctl redrive -c 2 o.dead
	letters_are 1 o
	mq-ctl redrive o.dead
	letters_are 0 o
	# A queue that another names, and one that is not there yet.
	mq-ctl set o dead-letter=morgue
	letters_are 0 o
	run ! grep morgue page
	mq-sub -q -e o -- sh -c 'exit 65' 2>/dev/null || :
	letters_are 3 o
	mq-ctl delete o.dead
	letters_are 3 o o/default
}

@test "what queues contain is text" {
	local evil=$'<script>alert(1)</script>"\'&amp;\e[31m\r\xe2\x80\xae</pre><img src=x onerror=alert(1)>\xff'
	mq-ctl create orders/g
	mq-ctl set orders 'description=</p><script>alert(1)</script>'
	mq-pub -k '<i>"key' -H 'x=</td><script>alert(1)</script>' orders "$evil"
	printf '%s' "$evil" >evil
	mq-sub -q -e orders/g -- sh -c 'cat evil >&2; exit 100' 2>/dev/null || :
	mq-pub orders y
	mq-ack "--reject=<script>alert(2)</script>" "$(mq-sub -m -c 1 orders/g | cut -f 1)"
	page
	run ! grep -i -E '<(script|img|i)[ >]' page
	run ! grep -a -P '[\x00-\x08\x0b-\x1f\x7f]|\x{202e}' page
	iconv -f UTF-8 -t UTF-8 page >/dev/null
	run -0 cat page
	assert_output --partial '&lt;/p&gt;&lt;script&gt;alert(1)'
	assert_output --partial 'key &lt;i&gt;&quot;key'
	assert_output --partial '&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39;&amp;amp;'
	assert_output --partial '<b>&lt;script&gt;alert(2)&lt;/script&gt;</b>'
	refute_output --partial 'x=&lt;'
}

# The bytes of all data files.
state() {
	find "$MQ_SPOOL" -type f ! -name '*-lock' ! -name '*.stat' -exec md5sum {} + | sort
}

@test "looking changes nothing" {
	mq-pub orders a
	dead orders b 'it broke'
	state >before
	page
	state | diff before -
	mq-stat --names >names
	page '' orders nowhere
	mq-stat --names | diff names -
}

@test "a queue that can't be read, and permissions" {
	mq-pub good a
	mq-pub damaged a
	printf 'no database' >"$MQ_SPOOL/damaged/log.mdb"
	page
	run -0 text
	assert_output --regexp 'Needs attention 1 could not be read [^ ]*/damaged/log.mdb: truncated'
	assert_output --partial 'good idle'
	grep -q '<title>1 need attention' page
	rm -r "$MQ_SPOOL/damaged"
	# Who may read only has the numbers, and is told what is missing.
	touch busy
	chmod a+rx . "$BATS_TEST_TMPDIR"
	mq-sub good -- sh -c 'while [ -e busy ]; do sleep 0.1; done' 3>&- &
	local pid=$!
	until_true 'mq-stat -l -J good | grep -q "\"state\":\"running\""'
	printf 'GET / HTTP/1.0\r\n\r\n' | as_nobody mq-stat --http >answer || :
	rm busy
	sed '1,/^\r$/d' answer >page
	run -0 text
	kill "$pid"
	wait "$pid" || :
	assert_output --partial 'good working 1 '
	assert_output --regexp '1 consumer [^ ]*/good/default.group.mdb: Permission denied'
}

@test "an empty spool, and only what was asked for" {
	[ -n "${MQ_CLUSTER-}" ] || mkdir "$MQ_SPOOL"
	page
	run -0 text
	assert_output --partial 'There is no queue yet.'
	mq-ctl create a/g
	mq-ctl create a/h
	mq-ctl create b/g
	page '' a/h
	run -0 text
	assert_output --partial 'Groups of a'
	refute_output --regexp ' g | b '
	page '' missing
	run -0 text
	assert_output --regexp '1 could not be read missing: no such queue'
}

@test "a thousand queues: about 1 MiB at most" {
	[ -z "${MQ_SANITIZED-}" ] || skip "a thousand processes under a sanitizer"
	seq 1000 | sed 's,.*,q&/g,' | xargs -P 2 -n 1 mq-ctl create
	page
	assert_equal "$(head -n 1 answer)" $'HTTP/1.1 200 OK\r'
	[ "$(wc -c <page)" -lt 1200000 ]
	run -0 next
	[ "${#output}" -lt 6000 ]
	tail -n 1 page | grep -q '</html>'
	grep -q '>1,000</dd>' page
}

@test "below min-free publishers are refused, and the page says so" {
	mq-pub q a
	mq-ctl set q min-free=900T
	run -75 mq-pub q b
	page
	run -0 text
	assert_output --partial 'left, below min-free (900T); publishers are refused'
}

@test "a disk without room to settle is told also where min-free is 0" {
	small_disk 8M
	export MQ_SPOOL=$PWD/disk/spool
	mq-pub q a
	mq-ctl set q min-free=0
	page
	run -0 text
	assert_output --partial 'Nothing does.'
	head -c 16M /dev/zero >disk/filling || :
	page
	run -0 text
	assert_output --regexp 'disk full: [0-9.]+[BK] left; consumers need 768K to settle'
	refute_output --partial 'Nothing does.'
}
