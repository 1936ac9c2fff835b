# fish completion for the tools of mq; installed as TOOL.fish for each tool, and good for
# that tool then.  Options come from the tools themselves (--help-options), names from
# mq-stat --names.

# The subcommands of mq-ctl.
set -g __mq_commands create set show bind unbind list pause resume skip delete purge rename trim compact backup redrive check salvage

# Offers what "TOOL [SUBCOMMAND] --help-options" lists.
function __mq_options
	set -l when
	set -q argv[2]; and set when -n "__fish_seen_subcommand_from $argv[2]"
	for row in ($argv --help-options 2>/dev/null)
		set -l field (string split \t -- $row)
		set -l spec
		test "$field[1]" = -; or set -a spec -s (string sub -s 2 -- $field[1])
		test "$field[2]" = -; or set -a spec -l (string sub -s 3 -- $field[2])
		switch $field[3]
			case - '[*'
			case DIR FILE
				set -a spec -r -F
			case WHERE
				set -a spec -x -a 'oldest newest'
			case QUEUE
				set -a spec -x -a '(__mq_names queues)'
			case '*'
				set -a spec -x
		end
		complete -c $argv[1] $when $spec
	end
end

# The tool $argv in the spool that the command line names.
function __mq_in_spool
	set -l words (commandline -opc)
	set -l i (contains -i -- -s $words; or contains -i -- --spool $words)
	and set -a argv -s $words[(math $i + 1)]
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
# first is the tool.  Stops at "--".
function __mq_words
	set -l words (commandline -opc)
	set -l sub
	set -l i 2
	echo $words[1]
	test $words[1] = mq-ctl; and set sub (string match -r "^(?:"(string join '|' $__mq_commands)")\$" -- $words)[1]
	set -l takes ($words[1] $sub --help-options 2>/dev/null |
	    string match -rv '\t(-|\[.*)$' | string split \t | string match -r '^--?[^-].*')
	while set -q words[$i]
		if test "$words[$i]" = --
			return
		else if string match -q -- '-?*' $words[$i]
			contains -- $words[$i] $takes; and set i (math $i + 1)
		else
			echo -- $words[$i]
		end
		set i (math $i + 1)
	end
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
				__mq_in_spool mq-ctl show $words[3] | string replace -rf '^([^=#]+=).*' '$1'
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
			else
				__fish_complete_directories (commandline -ct)
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
				complete -C "$(string join ' ' -- (string escape -- $command[1..-2]) $command[-1])"
			else if test $n = 0
				__mq_names
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
