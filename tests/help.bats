#!/usr/bin/env bats
# help.bats - what --help says is what the tool's page says

load lib/common
load lib/expect

tools='mq-pub mq-sub mq-ack mq-stat mq-replay mq-ctl'

# documented TOOL: the exit statuses of its page; told TOOL [SUBCOMMAND]: those of its --help.
documented() {
	sed -n '/^\.Sh EXIT STATUS/,/^\.Sh EXAMPLES/s/^\.It \([0-9]*\)$/\1/p' "$top/man/$1.1"
}
told() {
	"$@" --help | sed -n '/^Exit status:/,$s/^  \([0-9][0-9]*\)  *[^ ].*/\1/p'
}

@test "--help has the exit statuses of the tool's page, and no others" {
	local tool
	for tool in $tools; do
		diff <(documented "$tool") <(told "$tool")
		[ "$(told "$tool" | wc -l)" -ge 9 ]
	done
	diff <(documented mq-ctl) <(told mq-ctl create)
	diff <(documented mq-ctl) <(mq-ctl help bind | sed -n '/^Exit status:/,$s/^  \([0-9]*\) .*/\1/p')
}

@test "--help names what the default spool depends on" {
	local tool word
	for tool in $tools 'mq-ctl create'; do
		for word in MQ_SPOOL XDG_STATE_HOME/mq .local/state/mq /var/spool/mq HOME MQ_NOW; do
			$tool --help | grep -qF -- "$word"
		done
	done
}

@test "--help: create, bind and unbind say what a BINDING is" {
	local command
	for command in create bind unbind; do
		mq-ctl "$command" --help | grep '^usage: .*BINDING'
		mq-ctl "$command" --help | grep -F 'A BINDING is -k PATTERN, --key KEY, or -H NAME=VALUE... [--any].'
	done
	mq-ctl bind --help | grep -F -- '--replace QUEUE/GROUP...'
}

@test "--help: -D lists each escape that is understood" {
	local tool
	for tool in mq-pub mq-sub mq-replay; do
		$tool --help | grep -F '(escapes \n \t \r \0 \\ \xNN)'
	done
	printf 'a\r\\b\r\\' | mq-pub -D '\r\\' q
	[ "$(mq-replay -D '\r\\' q)" = "$(printf 'a\r\\b\r\\')" ]
}

@test "a HOME that is not absolute is none: the spool is not in the current directory" {
	[ "$(id -u)" = 0 ] && [ ! -e /var/spool/mq ] || skip "needs to be root, and no spool in /var/spool"
	unset MQ_SPOOL XDG_STATE_HOME
	HOME=home fails 66 'mq-stat: /var/spool/mq: no such spool' mq-stat
	HOME=home MQ_AUTOCREATE=no run ! mq-pub q a
	[ ! -e home ]
	XDG_STATE_HOME=state HOME=home run ! mq-replay q
	[ ! -e state ]
}
