#!/usr/bin/env bats
# completion.bats - what bash, zsh and fish offer: options, their values, operands, settings
#
# Each shell completes for itself: zsh on a pseudo-terminal, fish by its "complete -C",
# bash by calling the function with the line's words, split as readline splits them.
# Everything that a shell offers is compared, so that nothing is offered beside.

load lib/common
load lib/needs

setup_file() {
	export top
	top=$(cd "$BATS_TEST_DIRNAME/.." && pwd)
}

in_bash() {
	bash --norc -c '
		source "$1"
		COMP_LINE=$2 COMP_POINT=${#2} COMP_WORDS=() rest=$2
		while [[ $rest =~ ^[[:blank:]]*([=:\<\>@\|\&\;\(]+|[^[:blank:]=:\<\>@\|\&\;\(]+)(.*)$ ]]; do
			COMP_WORDS+=("${BASH_REMATCH[1]}") rest=${BASH_REMATCH[2]}
		done
		[[ $2 != *" " ]] || COMP_WORDS+=("")
		COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
		word=${COMP_WORDS[COMP_CWORD]}
		[[ $word != [=:\<\>@]* ]] || word=
		_mq "${COMP_WORDS[0]}" "$word" "${COMP_WORDS[COMP_CWORD - 1]}"
		printf "%s\n" "${COMPREPLY[@]}"' - "$top/completions/mq.bash" "$1"
}

in_zsh() {
	timeout 60 zsh -f "$top/tests/lib/complete.zsh" "$top/completions/mq.zsh" "$1" </dev/null
}

# fish offers whole words, where the others offer what comes behind "=".
in_fish() {
	local word=${1##* }
	word=${word%"${word##*=}"}
	HOME=$BATS_TEST_TMPDIR timeout 60 fish --no-config -c \
	    'source $argv[1]; complete -C $argv[2]' "$top/completions/mq.fish" "$1" </dev/null |
	    cut -f 1 | while IFS= read -r offered; do printf '%s\n' "${offered#"$word"}"; done
}

queues='a b b.dead'
groups='a/g b/h'
both='a a/g b b.dead b/h'
subcommands='backup bind check compact create delete list pause purge redrive rename resume salvage set show skip trim unbind'
or_help=${subcommands/ list/ help list}

durations='10m 10s 1d 1h 1m 1s'
sizes='1G 1M 64K 64M'
ages='-1d -1h -1m -7d'
numbers='age consumers dead delayed depth lag leased rate ready'

in_order() {
	grep . | LC_ALL=C sort -u | paste -s -d ' '
}

# offers LINE WORDS...: at the end of LINE these are offered, in any order, and the shell
# complains of nothing.  Of a list, or a range, the last part counts.
offers() {
	local line=$1 have want
	shift
	"in_$shell" "$line" >offered 2>errors && [ ! -s errors ] || {
		printf '%s, "%s": ended with %s, said:\n' "$shell" "$line" $? >&2
		cat errors >&2
		return 1
	}
	have=$(sed 's/ *$//; s/[=:/]$//; s/.*,//; s/.*[.][.]//' offered | in_order)
	want=$(printf '%s\n' "$@" | in_order)
	[ "$have" = "$want" ] || {
		printf '%s, "%s"\n  offers %s\n  wanted %s\n' "$shell" "$line" "$have" "$want" >&2
		return 1
	}
}

make_queues() {
	mq-ctl create a/g b b.dead b/h
	touch file
	mkdir folder
}

# The options that --help shows: short ones and long ones.
helped() {
	"$@" --help | sed -n 's/^  \(-[^-]\), \(--[a-z-]*\).*/\1 \2/p; s/^      \(--[a-z-]*\).*/\1/p' |
	    tr ' ' '\n'
}

options() {
	local tool word
	local -a rows
	for tool in mq-pub mq-sub mq-ack mq-stat mq-replay mq-ctl; do
		mapfile -t rows < <(helped $tool)
		[ ${#rows[@]} -ge 10 ]
		offers "$tool -" "${rows[@]}" || return
		mapfile -t rows < <(helped $tool | grep ^--)
		offers "$tool --" "${rows[@]}" || return
	done
	for word in $subcommands; do
		mapfile -t rows < <(helped mq-ctl "$word")
		[ ${#rows[@]} -ge 10 ]
		offers "mq-ctl $word -" "${rows[@]}" || return
	done
	offers 'mq-ctl help -' || return
	# What stands before is an argument, or a queue, and no subcommand.
	mapfile -t rows < <(helped mq-ctl | grep ^--)
	offers 'mq-ctl -s create --' "${rows[@]}" || return
	mapfile -t rows < <(helped mq-ctl show | grep ^--)
	offers 'mq-ctl -q show create --' "${rows[@]}" || return
}

option_values() {
	local option
	make_queues

	for option in 'mq-sub --from' 'mq-ctl create --from' 'mq-replay --rewind --to'; do
		offers "$option " newest oldest now $ages
		offers "$option=" newest oldest now $ages
	done
	offers 'mq-sub --from n' newest now
	offers 'mq-sub --from=old' oldest
	for option in --since --until; do
		offers "mq-replay $option " now $ages
		offers "mq-replay $option=-3" -3ms -3s -3m -3h -3d
	done
	offers 'mq-pub --at ' now +1m +1h +1d
	offers 'mq-pub --at=+2' +2ms +2s +2m +2h +2d
	for option in 'mq-pub -d' 'mq-pub --delay' 'mq-pub --ttl' 'mq-pub -W' 'mq-pub --wait' 'mq-sub -l' \
	    'mq-sub --lease' 'mq-sub -W' 'mq-sub --wait' 'mq-sub --timeout' 'mq-ack --retry -d' \
	    'mq-ack --extend' 'mq-stat --http -W' 'mq-stat --interval' 'mq-ctl compact -W' \
	    'mq-ctl compact --wait'; do
		offers "$option " $durations
		offers "$option 3" 3ms 3s 3m 3h 3d
	done
	offers 'mq-pub --wait=30' 30ms 30s 30m 30h 30d
	offers 'mq-pub --wait=30m' 30ms 30m
	offers 'mq-stat --watch=' $durations
	offers 'mq-stat --watch ' $both
	offers 'mq-stat -w ' $both
	offers 'mq-pub -p ' 0 1 2 3 4 5 6 7 8 9
	offers 'mq-pub --priority=' 0 1 2 3 4 5 6 7 8 9
	offers 'mq-replay --pace '
	for option in --check --warn; do
		offers "mq-stat $option " $numbers
		offers "mq-stat $option=de" dead delayed depth
		offers "mq-stat $option depth=1,r" rate ready
	done
	offers 'mq-sub --to ' $queues
	offers 'mq-sub --to=' $queues
	offers 'mq-pub --reject-to fi' file
	offers 'mq-stat --prometheus -o fi' file
	offers 'mq-ctl check --schema fi' file
	offers 'mq-ctl check --schema=fi' file
	offers 'mq-stat -s fo' folder
	offers 'mq-stat --spool fi'
	for option in 'mq-pub -k' 'mq-pub -H' 'mq-pub -i' 'mq-pub --expect-last' 'mq-pub -D' 'mq-sub -f' \
	    'mq-sub -c' 'mq-sub -P' 'mq-sub -k' 'mq-replay --last' 'mq-stat --message' 'mq-ack --reject=' \
	    'mq-ctl redrive --reason' 'mq-ctl bind --key'; do
		offers "${option/%[^=]/${option: -1} }"
	done
}

operands() {
	local other=$BATS_TEST_TMPDIR/other command
	make_queues
	mq-ctl -s "$other" create only/one

	offers 'mq-pub ' $queues
	offers 'mq-pub -k key ' $queues
	offers 'mq-pub --progress --key=key ' $queues
	offers 'mq-pub a '
	offers 'mq-pub -k key -- ' $queues
	offers 'mq-pub -- a '
	offers 'mq-pub -F a fi' file
	offers 'mq-sub ' $both
	offers 'mq-sub -c 3 --ordered b' b b.dead b/h
	offers 'mq-sub a '
	offers 'mq-sub --to b.dead ' $both
	offers 'mq-sub --from -1h ' $both
	offers 'mq-sub a -- mkfif' mkfifo
	offers 'mq-ack '
	offers 'mq-stat ' $both
	offers 'mq-stat a ' $both
	offers 'mq-stat --message 12 ' $queues
	offers 'mq-stat --message=12 a '
	offers 'mq-replay --last 3 ' $both
	offers 'mq-replay a/g ' $both
	offers 'mq-replay --rewind --to oldest ' $groups
	offers 'mq-ctl ' $or_help
	offers 'mq-ctl -q b' backup bind
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
	offers 'mq-ctl skip ' $groups
	offers 'mq-ctl salvage a/' a/g
	offers 'mq-ctl salvage b '
	offers 'mq-ctl backup ' $queues
	offers 'mq-ctl backup a fo' folder
	offers 'mq-ctl backup a folder '
	offers 'mq-ctl rename ' $queues
	offers 'mq-ctl rename a '
	offers 'mq-ctl skip a/g '
	offers "mq-ctl -s $other trim " only
	offers "mq-sub -s $other " only only/one
	offers "mq-sub --spool=$other " only only/one
	offers "mq-sub -s$other " only only/one
	offers "mq-sub -s '$other' " only only/one
	offers "mq-sub --spool=\"$other\" " only only/one
	HOME=$BATS_TEST_TMPDIR offers "mq-pub -s ~/other " only
}

# values QUEUE[/GROUP] NAME VALUE...: these are offered for the setting, and the tool takes each of them.
values() {
	local of=$1 name=$2 value
	shift 2
	offers "mq-ctl set $of $name=" "$@"
	asked+=" $name"
	for value; do
		[[ $name == binding ]] || mq-ctl set "$of" "$name=$value"
	done
}

settings() {
	local asked=''
	local -a rows
	make_queues
	# Comments of show are no settings; nor is a binding that has = offered twice.
	mq-ctl create -H urgent=yes c/h
	mq-ctl bind -H slow=no c/h

	mq-ctl show a b/h | sed -n 's/=.*//p' >names
	[ "$(wc -l <names)" -ge 20 ]
	offers 'mq-ctl set ' $both c c/h
	mapfile -t rows < <(mq-ctl show b | sed -n 's/=.*//p')
	offers 'mq-ctl set c ' "${rows[@]}"
	mapfile -t rows < <(mq-ctl show b/h | sed -n 's/=.*//p')
	offers 'mq-ctl set c/h ' "${rows[@]}"
	offers 'mq-ctl set a over' overflow
	offers 'mq-ctl set a/g max-attempts=5 lea' lease
	mq-ctl delete c

	values a retain forever $durations
	values a retain-bytes off $sizes
	values a max-message $sizes
	values a ttl off $durations
	values a max-messages off
	values a max-bytes off $sizes
	values a overflow block reject drop-oldest
	values a min-free auto $sizes
	values a compact off key
	mq-ctl set a compact=
	values a index off key
	values a sync full relaxed
	values a dead-letter $queues
	values a description
	offers 'mq-ctl set a schema=fi' file
	asked+=' schema'
	values a/g lease $durations
	values a/g max-attempts
	values a/g backoff $durations
	values a/g max-leased off
	values a/g exclusive off on
	values a/g ordered off on
	values a/g expires never $durations
	values a/g binding pattern key all any
	[ "$(tr ' ' '\n' <<<"$asked" | in_order)" = "$(in_order <names)" ]

	offers 'mq-ctl set a sync=r' relaxed
	offers 'mq-ctl set a sync=full overflow=d' drop-oldest
	offers 'mq-ctl set a retain=3' 3ms 3s 3m 3h 3d
	offers 'mq-ctl set a max-bytes=20' 20K 20M 20G
	offers 'mq-ctl set a/g backoff=1s..5' 5ms 5s 5m 5h 5d
	offers 'mq-ctl set no-such-queue '
	offers 'mq-ctl set a no-such-setting='
}

# What has been typed may be text from elsewhere, and is not run yet: Tab runs nothing of it.
runs_nothing() {
	local word line
	make_queues
	# Bare, quoted, and as a pattern of zsh that runs a command for each file.
	for word in '$(touch ran)`touch ran`' "'x;touch ran;\$(touch ran)'" '*(e:"touch ran":)'; do
		for line in "mq-ctl $word " "mq-ctl $word -" "mq-ctl help $word " "mq-ctl -s $word create " \
		    "mq-ctl --spool=$word set a " "mq-ctl set $word " "mq-ctl set a $word=" "mq-ctl set a retain=$word" \
		    "mq-ctl set a schema=$word" "mq-ctl salvage $word" "mq-ctl bind -k $word " "$word/mq-ctl create " \
		    "mq-pub $word " "mq-pub $word" "mq-pub --at=$word" "mq-pub -d $word" "mq-pub --$word=" "$word/mq-pub -" \
		    "mq-pub -F a $word" "mq-sub --from $word" "mq-sub --to $word a " "mq-sub a -- $word" "mq-sub a -- $word " \
		    "mq-sub a -- ls $word" "mq-stat --message $word " "mq-stat --check $word," "mq-ack $word" \
		    "mq-replay --rewind $word"; do
			"in_$shell" "$line" >/dev/null || return
			[ ! -e ran ] || {
				printf '%s runs what stands in "%s"\n' "$shell" "$line" >&2
				return 1
			}
		done
	done
}

# in_shell SHELL FUNCTION: with that shell, which is installed or by whose name it is skipped.
in_shell() {
	shell=$1
	[ "$shell" = bash ] || needs "$shell"
	"$2"
}

@test "the numbers that --check may be about are those that are offered" {
	run mq-stat --check no
	[ "$(sed 's/.*there are //; s/, /\n/g' <<<"$output" | in_order)" = "$numbers" ]
}

@test "bash: options" {
	in_shell bash options
}

@test "bash: values of options" {
	in_shell bash option_values
}

@test "bash: operands" {
	in_shell bash operands
}

@test "bash: settings and their values" {
	in_shell bash settings
}

@test "bash: what has been typed is not run" {
	in_shell bash runs_nothing
}

@test "zsh: options" {
	in_shell zsh options
}

@test "zsh: values of options" {
	in_shell zsh option_values
}

@test "zsh: operands" {
	in_shell zsh operands
}

@test "zsh: settings and their values" {
	in_shell zsh settings
}

@test "zsh: what has been typed is not run" {
	in_shell zsh runs_nothing
}

@test "fish: options" {
	in_shell fish options
}

@test "fish: options are explained as --help explains them" {
	command -v fish >/dev/null || skip "no fish"
	HOME=$BATS_TEST_TMPDIR run -0 timeout 60 fish --no-config -c \
	    'source $argv[1]; complete -C $argv[2]' "$top/completions/mq.fish" 'mq-pub --prio' </dev/null
	assert_output "--priority"$'\t'"$(mq-pub --help-options | sed -n 's/.*\t--priority\t.*\t//p')"
}

@test "fish: values of options" {
	in_shell fish option_values
}

@test "fish: operands" {
	in_shell fish operands
}

@test "fish: settings and their values" {
	in_shell fish settings
}

@test "fish: what has been typed is not run" {
	in_shell fish runs_nothing
}
