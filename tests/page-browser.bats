#!/usr/bin/env bats
# page-browser.bats - the page for people in a real browser, from a server on loopback

load lib/common
load lib/needs
load lib/browser

# serve: a server on a port of the kernel's choice, $url.
serve() {
	socat -d -d "TCP4-LISTEN:0,bind=127.0.0.1,backlog=128,fork" "EXEC:mq-stat --http" 2>said 3>&- &
	until_true 'grep -q "listening on" said'
	url=http://127.0.0.1:$(sed -n 's/.*listening on .*:\([0-9]*\)$/\1/p' said)
}

setup_file() {
	top=$(cd "$BATS_TEST_DIRNAME/.." && pwd)
	if [ -n "${CI-}" ] || [ "${MQ_INSTALL-}" = yes ]; then
		flock "${TMPDIR:-/tmp}/mq-tests-install.lock" "$top/tests/setup" chromium chromium-driver >&2
	fi
}

# A spool with something of everything, hostile contents included, and a browser.
browse() {
	needs chromium
	needs chromium-driver chromedriver
	local long
	long=$(printf 'a-very-long-name.%.0s' 1 2 3 4 5)x
	mq-ctl create orders/mail
	mq-ctl create "$long/$long"
	mq-ctl set orders 'description=</p><script>document.title="broken"</script>'
	seq 100 | mq-pub orders
	mq-pub "$long" x
	printf 'it broke: <script>document.title="broken"</script><img src=x onerror=alert(1)> %s' \
	    "$(head -c 300 /dev/zero | tr '\0' w)" >words
	mq-sub -q -e -c 3 orders/mail -- sh -c 'cat words >&2; exit 65' 2>/dev/null || :
	mq-ctl pause "$long"
	touch busy
	mq-sub orders/mail -- sh -c 'while [ -e busy ]; do sleep 0.2; done' 3>&- &
	consumer=$!
	until_true 'mq-stat -l -J | grep -q "\"state\":\"running\""'
	serve
	browser_start 1100 900
}

teardown() {
	rm -f busy
	browser_stop
	local pid
	for pid in $(jobs -p); do
		kill "$pid" 2>/dev/null || :
	done
	wait
}

# The contrast of each text with what is behind it; prints the worst and where it is.
contrast='
function parts(c) { return c.match(/[\d.]+/g).map(Number); }
function luminance(c) {
	return c.slice(0, 3).map(v => v / 255).map(v => v <= 0.04045 ? v / 12.92 :
	    ((v + 0.055) / 1.055) ** 2.4).reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
}
function behind(e) {
	for (; e; e = e.parentElement) {
		const c = parts(getComputedStyle(e).backgroundColor);
		if (c.length === 3 || c[3] === 1) return c;
	}
	return [255, 255, 255];
}
let worst = [99, ""], seen = 0;
document.querySelectorAll("details").forEach(d => d.open = true);
const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (walk.nextNode()) {
	const e = walk.currentNode.parentElement;
	if (!walk.currentNode.data.trim() || !e.getClientRects().length) continue;
	const a = luminance(parts(getComputedStyle(e).color)), b = luminance(behind(e));
	const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
	seen++;
	if (ratio < worst[0]) worst = [ratio, e.outerHTML.slice(0, 100)];
}
return seen < 50 ? [0, "only " + seen + " texts"] : worst;'

# Whether the page is another one than that which was marked.
reloaded() {
	[ "$(browser_run 'return document.readyState === "complete" && document.body.id !== "before"' \
	    2>/dev/null)" = true ]
}

@test "rendered and clicked: links, details, hold; nothing on its console" {
	browse
	browser_open "$url/?hold=1"
	assert_equal "$(browser_run 'return document.title')" '"1 need attention - mq queues"'
	assert_equal "$(browser_run 'return document.compatMode')" '"CSS1Compat"'
	assert_equal "$(browser_run 'return [document.scripts.length, document.images.length]' | jq -c .)" '[0,0]'
	# A link of the table leads to the queue's section.
	browser_click 'table.sum a[href="#q-orders"]'
	assert_equal "$(browser_run 'return location.hash')" '"#q-orders"'
	assert_equal "$(browser_run 'return document.querySelector(":target h3").textContent')" '"orders"'
	run -0 browser_run 'return document.querySelector(":target").getBoundingClientRect().top < innerHeight'
	assert_output true
	# What is folded opens.
	local letters='document.getElementById("d-orders.dead")' visible
	visible="return $letters.querySelector('pre').checkVisibility()"
	assert_equal "$(browser_run "$visible")" false
	browser_click '[id="d-orders.dead"] summary'
	assert_equal "$(browser_run "$visible")" true
	run -0 browser_run "return $letters.querySelector('pre').textContent"
	assert_output --partial '<script>document.title='
	browser_click '[id="c-orders"] summary'
	run -0 browser_run 'return document.querySelector("[id=c-orders] tbody th").textContent.trim()'
	assert_output "\"$consumer\""
	# Held, it stays; then it reloads itself, and has rates.
	browser_click '.go a:last-child'
	run -0 browser_run 'return document.body.textContent.includes("Reloads every 10 s")'
	assert_output true
	browser_run 'document.body.id = "before"' >/dev/null
	mq-pub orders more
	until_true reloaded
	run -0 browser_run 'return location.search'
	assert_output --regexp '\?t=[0-9]+&s=a[0-9a-v.]+'
	run -0 browser_run 'return document.body.textContent.includes("published a second")'
	assert_output true
	assert_equal "$(browser_console)" ''
}

@test "no wider than a phone, and readable in light and dark" {
	browse
	browser_open "$url/?hold=1"
	local scheme width
	for scheme in light dark; do
		browser_scheme "$scheme"
		for width in 1100 360; do
			browser_screen "$width" 800
			run -0 browser_run "$contrast"
			[ "$(jq '.[0] >= 4.5' <<<"$output")" = true ] || fail "$scheme, $width: $output"
			run -0 browser_run 'return [document.documentElement.scrollWidth, innerWidth]'
			assert_equal "$(jq ".[0] <= $width and .[1] == $width" <<<"$output")" true
			browser_picture "$scheme-$width.png"
		done
	done
	# They differ.
	run ! cmp -s light-360.png dark-360.png
	browser_scheme light
	local light
	light=$(browser_run 'return getComputedStyle(document.body).backgroundColor')
	browser_scheme dark
	[ "$(browser_run 'return getComputedStyle(document.body).backgroundColor')" != "$light" ]
	# The table of all queues keeps its queues on a phone; a wide table scrolls in its frame.
	assert_equal "$(browser_run 'return document.querySelectorAll("table.sum tbody th").length')" 3
	run -0 browser_run 'return [...document.querySelectorAll(".s")].every(s => s.tabIndex === 0 && s.getBoundingClientRect().right <= innerWidth)'
	assert_output true
	assert_equal "$(browser_console)" ''
}
