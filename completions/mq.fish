# fish completion for the tools of mq; installed as TOOL.fish for each tool, and good for
# that tool then.  Options come from the tools themselves (--help-options), names from
# mq-stat --names.

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
				set -a spec -x -a '(mq-stat --names 2>/dev/null | string match -v "*/*")'
			case '*'
				set -a spec -x
		end
		complete -c $argv[1] $when $spec
	end
end

function __mq_tool -a tool
	set -l names '(mq-stat --names 2>/dev/null)'
	set -l commands create set show bind unbind list pause resume skip delete purge trim redrive check
	if test $tool = mq-ctl
		for command in $commands
			__mq_options mq-ctl $command
		end
		complete -c mq-ctl -f -n "not __fish_seen_subcommand_from $commands" -a "$commands help"
		complete -c mq-ctl -f -n "__fish_seen_subcommand_from $commands" -a $names
		return
	end
	__mq_options $tool
	switch $tool
		case mq-ack
			complete -c $tool -f
		case mq-pub
			complete -c $tool -a $names
		case '*'
			complete -c $tool -f -a $names
	end
end

set -l tool (string replace -r '\.fish$' '' -- (status basename))
if contains -- $tool mq-pub mq-sub mq-ack mq-stat mq-replay mq-ctl
	__mq_tool $tool
else
	for tool in mq-pub mq-sub mq-ack mq-stat mq-replay mq-ctl
		__mq_tool $tool
	end
end
