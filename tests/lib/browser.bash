# browser.bash - a headless Chromium, driven through WebDriver with curl and jq: load lib/browser

# browser_start WIDTH HEIGHT [ARGUMENT...]: starts it; its processes end with browser_stop.
browser_start() {
	local width=$1 height=$2
	shift 2
	mkdir -p profile
	HOME=$PWD chromedriver --port=0 >chromedriver.log 2>&1 3>&- &
	driver=$!
	until_true 'grep -q "successfully on port" chromedriver.log'
	driver_url=http://127.0.0.1:$(sed -n 's/.*successfully on port \([0-9]*\).*/\1/p' chromedriver.log)
	# Root may not use the sandbox; the page comes from ourselves.
	session=$(jq -n --arg profile "$PWD/profile" --arg size "$width,$height" '{capabilities: {alwaysMatch: {
	    browserName: "chrome", "goog:loggingPrefs": {browser: "ALL"},
	    "goog:chromeOptions": {args: (["--headless=new", "--no-sandbox", "--disable-gpu",
	    "--disable-dev-shm-usage", "--hide-scrollbars", "--no-first-run", "--disable-background-networking",
	    "--disable-component-update", "--disable-sync", "--user-data-dir=" + $profile,
	    "--window-size=" + $size] + $ARGS.positional)}}}}' --args "$@" |
	    browser_call /session | jq -r .sessionId)
	[ "$session" != null ]
}

# browser_call PATH [METHOD]: posts the JSON on stdin (or GETs), prints the value that comes.
browser_call() {
	local answer
	if [ $# = 1 ]; then
		answer=$(curl -q -s -S --max-time 120 -H 'Content-Type: application/json' \
		    --data-binary @- "$driver_url$1")
	else
		answer=$(curl -q -s -S --max-time 120 -X "$2" "$driver_url$1")
	fi || return 1
	if jq -e '.value | type == "object" and has("error")' >/dev/null <<<"$answer"; then
		jq -r '.value | .error + ": " + .message' <<<"$answer" >&2
		return 1
	fi
	jq .value <<<"$answer"
}

browser_open() {
	jq -n --arg url "$1" '{url: $url}' | browser_call "/session/$session/url" >/dev/null
}

# browser_run SCRIPT: what the script returns, as JSON.
browser_run() {
	jq -n --arg script "$1" '{script: $script, args: []}' |
	    browser_call "/session/$session/execute/sync"
}

# browser_click SELECTOR: clicks what is there, as a person would.
browser_click() {
	local element
	element=$(jq -n --arg css "$1" '{using: "css selector", value: $css}' |
	    browser_call "/session/$session/element" | jq -r '.[]') || return 1
	echo '{}' | browser_call "/session/$session/element/$element/click" >/dev/null
}

browser_picture() {
	browser_call "/session/$session/screenshot" GET | jq -r . | base64 -d >"$1"
}

# browser_screen WIDTH HEIGHT: emulates a screen of that size, which may be narrower than any window.
browser_screen() {
	jq -n --argjson w "$1" --argjson h "$2" '{cmd: "Emulation.setDeviceMetricsOverride",
	    params: {width: $w, height: $h, deviceScaleFactor: 1, mobile: false}}' |
	    browser_call "/session/$session/goog/cdp/execute" >/dev/null
}

# browser_scheme light|dark
browser_scheme() {
	jq -n --arg scheme "$1" '{cmd: "Emulation.setEmulatedMedia",
	    params: {features: [{name: "prefers-color-scheme", value: $scheme}]}}' |
	    browser_call "/session/$session/goog/cdp/execute" >/dev/null
}

# browser_console: the messages of its console since the last call, one a line.
browser_console() {
	echo '{"type": "browser"}' | browser_call "/session/$session/se/log" |
	    jq -r '.[] | .level + " " + .message'
}

browser_stop() {
	[ -n "${driver-}" ] || return 0
	[ -z "${session-}" ] || browser_call "/session/$session" DELETE >/dev/null 2>&1 || :
	kill "$driver" 2>/dev/null || :
	wait "$driver" 2>/dev/null || :
	driver=''
}
