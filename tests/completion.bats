#!/usr/bin/env bats
# completion.bats - what bash, zsh and fish offer for each operand of each tool
#
# Each shell completes for itself: zsh on a pseudo-terminal, fish by its "complete -C",
# bash by calling the function with the line's words.  A shell that is not there is
# skipped; .ci/run installs them.

load lib/common

setup_file() {
	export top
	top=$(cd "$BATS_TEST_DIRNAME/.." && pwd)
}

in_bash() {
	bash --norc -c '
		source "$1"
		COMP_LINE=$2
		read -ra COMP_WORDS <<<"$2"
		[[ $2 != *" " ]] || COMP_WORDS+=("")
		COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
		_mq "${COMP_WORDS[0]}" "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
		printf "%s\n" "${COMPREPLY[@]}"' - "$top/completions/mq.bash" "$1"
}

in_zsh() {
	timeout 60 zsh -f "$top/tests/lib/complete.zsh" "$top/completions/mq.zsh" "$1" </dev/null
}

in_fish() {
	HOME=$BATS_TEST_TMPDIR timeout 60 fish --no-config -c \
	    'source $argv[1]; complete -C $argv[2]' "$top/completions/mq.fish" "$1" </dev/null | cut -f 1
}

queues='a b b.dead'
groups='a/g b/h'
both='a a/g b b.dead b/h'
subcommands='backup bind check compact create delete list pause purge redrive rename resume salvage set show skip trim unbind'
or_help=${subcommands/ list/ help list}

# offers LINE WORDS...: at the end of LINE these are offered.
offers() {
	local line=$1 have
	shift
	have=$("in_$shell" "$line" | sed 's/=$//; s/ *$//' | grep . | sort -u | paste -s -d ' ')
	[ "$have" = "$*" ] || {
		printf '%s, "%s"\n  offers %s\n  wanted %s\n' "$shell" "$line" "$have" "$*" >&2
		return 1
	}
}

everywhere() {
	local other=$BATS_TEST_TMPDIR/other command
	cd "$BATS_TEST_TMPDIR" || return
	mq-ctl create a/g b b.dead b/h
	mq-ctl -s "$other" create only/one
	touch file

	offers 'mq-pub ' $queues
	offers 'mq-pub -k key ' $queues
	offers 'mq-pub a '
	offers 'mq-pub -F a fi' file
	offers 'mq-sub ' $both
	offers 'mq-sub -c 3 --ordered b' b b.dead b/h
	offers 'mq-sub a '
	offers 'mq-sub --to ' $queues
	offers 'mq-sub --to b.dead ' $both
	offers 'mq-sub --from ' newest oldest
	offers 'mq-sub a -- mkfif' mkfifo
	offers 'mq-ack '
	offers 'mq-stat ' $both
	offers 'mq-stat a ' $both
	offers 'mq-replay --last 3 ' $both
	offers 'mq-replay a/g ' $both
	offers 'mq-replay --rewind --to oldest ' $groups
	offers 'mq-replay --rewind --to ' newest oldest
	offers 'mq-ctl ' $or_help
	offers 'mq-ctl help ' $subcommands
	offers 'mq-ctl help trim '
	for command in create show pause resume delete purge; do
		offers "mq-ctl $command " $both
		offers "mq-ctl $command b " $both
	done
	for command in list trim compact redrive check; do
		offers "mq-ctl $command " $queues
		offers "mq-ctl -q $command b " $queues
	done
	for command in bind unbind; do
		offers "mq-ctl $command -k pattern " $groups
		offers "mq-ctl $command a/g " $groups
	done
	offers 'mq-ctl create --from ' newest oldest
	offers 'mq-ctl skip ' $groups
	offers 'mq-ctl salvage a/' a/g
	offers 'mq-ctl salvage b '
	offers 'mq-ctl backup ' $queues
	offers 'mq-ctl rename ' $queues
	offers 'mq-ctl rename a '
	offers 'mq-ctl skip a/g '
	offers 'mq-ctl set ' $both
	offers 'mq-ctl set a over' overflow
	offers 'mq-ctl set a/g max-attempts=5 lea' lease
	offers "mq-ctl -s $other trim " only
	offers "mq-sub -s $other " only only/one
}

@test "bash" {
	shell=bash
	everywhere
}

@test "zsh" {
	command -v zsh >/dev/null || skip "zsh is not there"
	shell=zsh
	everywhere
}

@test "fish" {
	command -v fish >/dev/null || skip "fish is not there"
	shell=fish
	everywhere
}
