# fish completion for the tools of mq; installed as TOOL.fish for each tool, and good for
# that tool then.  Options come from the tools themselves (--help-options), names from
# mq-stat --names.

# The subcommands of mq-ctl.
set -g __mq_commands create set show bind unbind list pause resume skip delete purge rename trim compact backup redrive check salvage

# Offers what "TOOL [SUBCOMMAND] --help-options" lists; where that subcommand, or none, is on
# the command line.
function __mq_options
	set -l when
	test $argv[1] = mq-ctl; and set when -n "__mq_has_subcommand '$argv[2]'"
	for row in ($argv --help-options 2>/dev/null)
		set -l field (string split \t -- $row)
		set -l spec
		test "$field[1]" = -; or set -a spec -s (string sub -s 2 -- $field[1])
		test "$field[2]" = -; or set -a spec -l (string sub -s 3 -- $field[2])
		set -a spec -d "$field[4]"
		switch $field[3]
			case - '[REASON]'
			case DIR
				set -a spec -x -a '(__fish_complete_directories (__mq_value) "")'
			case FILE
				set -a spec -r -F
			case WHERE 'TIME|ID' TIME DURATION EXPR
				set -a spec -x -a "(__mq_values '$field[3]')"
			case '[DURATION]'
				set -a spec -f -a '(__mq_values DURATION)'
			case QUEUE
				set -a spec -x -a '(__mq_names queues)'
			case NUMBER
				set -a spec -x
				test $argv[1] = mq-pub; and set -a spec -a '0 1 2 3 4 5 6 7 8 9'
			case '*'
				set -a spec -x
		end
		complete -c $argv[1] $when $spec
	end
end

# The subcommand of mq-ctl: the first word that is neither an option nor the argument of one.
function __mq_subcommand
	set -l words (commandline -opc)[2..-1]
	while set -q words[1]
		switch $words[1]
			case -s --spool
				set -e words[1]
			case '-*'
			case '*'
				printf %s $words[1]
				return
		end
		set -e words[1]
	end
end

# Whether the subcommand of mq-ctl is $argv[1]; none if that is empty.
function __mq_has_subcommand
	set -l sub (__mq_subcommand)
	test "$sub" = "$argv[1]"
end

# The part of the current word that is an option's argument, or a setting's value.
function __mq_value
	string replace -r '^[a-z-]*=' '' -- (commandline -ct)
end

# Words of the kind $argv[1], after others: a number that has been begun is offered with each
# unit.
function __mq_values
	set -l number (__mq_value | string match -rg '^[-+]?([0-9]+)')
	set -l spans ms s m h d
	printf '%s\n' $argv[2..-1]
	switch $argv[1]
		case DURATION
			printf '%s\n' 1s 10s 1m 10m 1h 1d $number$spans
		case SIZE
			set -l units K M G
			printf '%s\n' 64K 1M 64M 1G $number$units
		case WHERE
			printf '%s\n' oldest newest now -1m -1h -1d -7d -$number$spans
		case 'TIME|ID'
			printf '%s\n' now -1m -1h -1d -7d -$number$spans
		case TIME
			printf '%s\n' now +1m +1h +1d +$number$spans
		case EXPR
			set -l before (commandline -ct | string replace -r '^--[a-z]*=' '' | string match -r '^.*,')
			test -n "$before"; or set before ''
			printf '%s\n' $before{depth,ready,leased,delayed,lag,age,consumers,dead,rate}
	end
end

# The tool $argv in the spool that the command line names.
function __mq_in_spool
	set -l words (commandline -opc)
	set -l spool (string match -rg -- '^(?:--spool=|-s)(.+)' $words)
	set -l i (contains -i -- -s $words; or contains -i -- --spool $words)
	and set spool $words[(math $i + 1)]
	test -n "$spool"; and set -a argv -s (string replace -r '^~/' "$HOME/" -- $spool[-1])
	$argv 2>/dev/null
end

# Queues and groups; $argv[1] queues, groups: only these.
function __mq_names -a kind
	switch "$kind"
		case queues
			__mq_in_spool mq-stat --names | string match -v '*/*'
		case groups
			__mq_in_spool mq-stat --names | string match '*/*'
		case '*'
			__mq_in_spool mq-stat --names
	end
end

# The words of the command line so far that are no options, nor arguments of options; the
# first is the tool.  In mq-sub "--" begins a command, and they end there; in the others it
# ends the options.
function __mq_words
	set -l words (commandline -opc)
	set -l sub
	set -l i 2
	echo $words[1]
	test $words[1] = mq-ctl; and set sub (__mq_subcommand)
	set -l takes ($words[1] $sub --help-options 2>/dev/null |
	    string replace -r '^([^\t]*\t[^\t]*\t[^\t]*)\t.*' '$1' | string match -rv '\t(-|\[.*)$' | string split \t | string match -r '^--?[^-].*')
	while set -q words[$i]
		if test "$words[$i]" = --
			set -e words[2..$i]
			test $words[1] != mq-sub -a (count $words) -gt 1
			and printf '%s\n' $words[2..-1]
			return
		else if string match -q -- '-?*' $words[$i]
			contains -- $words[$i] $takes; and set i (math $i + 1)
		else
			echo -- $words[$i]
		end
		set i (math $i + 1)
	end
end

# NAME= of the settings of the queue or group $argv[1], or the values of the one that the
# current word names.
function __mq_settings
	set -l name (commandline -ct | string match -rg '^([^=]*)=')
	if test -z "$name"
		__mq_in_spool mq-ctl show $argv[1] | string replace -rf '^([a-z-]+=).*' '$1' | sort -u
		return
	end
	switch $name
		case retain
			__mq_values DURATION forever
		case ttl
			__mq_values DURATION off
		case expires
			__mq_values DURATION never
		case lease
			__mq_values DURATION
		case backoff
			set -l before (__mq_value | string match -r '^.*\.\.')
			printf '%s\n' "$before"{1s,10s,1m,10m,1h,1d}
			set -l number (__mq_value | string match -rg '([0-9]+)[a-z]*$')
			printf '%s\n' "$before"$number{ms,s,m,h,d}
		case retain-bytes max-bytes
			__mq_values SIZE off
		case min-free
			__mq_values SIZE auto
		case max-message
			__mq_values SIZE
		case max-messages max-leased
			echo off
		case overflow
			printf '%s\n' block reject drop-oldest
		case compact index
			printf '%s\n' off key
		case sync
			printf '%s\n' full relaxed
		case exclusive ordered
			printf '%s\n' off on
		case schema
			__fish_complete_path (__mq_value)
		case dead-letter
			__mq_names queues
		case binding
			printf '%s\n' pattern: key: all: any:
	end | string replace -r '^' "$name="
end

# What an operand may be, by its place.
function __mq_operands
	set -l words (__mq_words)
	set -l options (commandline -opc)
	set -l n (math (count $words) - 1)
	set -l kind $words[1]
	if test $kind = mq-ctl -a $n -gt 0
		set kind "mq-ctl $words[2]"
		set n (math $n - 1)
	end
	switch $kind
		case mq-ctl
			printf '%s\n' $__mq_commands help
		case 'mq-ctl help'
			test $n = 0; and printf '%s\n' $__mq_commands
		case 'mq-ctl set'
			if test $n = 0
				__mq_names
			else
				__mq_settings $words[3]
			end
		case 'mq-ctl skip'
			test $n = 0; and __mq_names groups
		case 'mq-ctl salvage'
			if test $n = 0
				__mq_names all
				__fish_complete_path (commandline -ct)
			end
		case 'mq-ctl backup'
			if test $n = 0
				__mq_names queues
			else if test $n = 1
				__fish_complete_directories (commandline -ct) ""
			end
		case 'mq-ctl rename'
			test $n = 0; and __mq_names queues
		case 'mq-ctl bind' 'mq-ctl unbind'
			__mq_names groups
		case 'mq-ctl list' 'mq-ctl trim' 'mq-ctl compact' 'mq-ctl redrive' 'mq-ctl check'
			__mq_names queues
		case mq-ack
		case mq-pub
			if test $n = 0
				__mq_names queues
			else if contains -- -F $options; or contains -- --files $options
				__fish_complete_path (commandline -ct)
			end
		case mq-sub
			set -l i (contains -i -- -- $options)
			if test -n "$i"
				set -l command $options[(math $i + 1)..-1] (commandline -ct)
				# fish would run what stands in parentheses, to find out the command's name.
				string match -q -- '*(*' $command[-1]; and return
				complete -C "$(string join ' ' -- (string escape -- $command[1..-2]) $command[-1])"
			else if test $n = 0
				__mq_names
			end
		case mq-stat
			if not string match -qr -- '^--message(=|$)' $options
				__mq_names
			else if test $n = 0
				__mq_names queues
			end
		case mq-replay
			if contains -- --rewind $options
				__mq_names groups
			else
				__mq_names
			end
		case '*'
			__mq_names
	end
end

function __mq_tool -a tool
	if test $tool = mq-ctl
		__mq_options mq-ctl
		for command in $__mq_commands
			__mq_options mq-ctl $command
		end
	else
		__mq_options $tool
	end
	complete -c $tool -f -a '(__mq_operands)'
end

set -l tool (string replace -r '\.fish$' '' -- (status basename))
if contains -- $tool mq-pub mq-sub mq-ack mq-stat mq-replay mq-ctl
	__mq_tool $tool
else
	for tool in mq-pub mq-sub mq-ack mq-stat mq-replay mq-ctl
		__mq_tool $tool
	end
end
