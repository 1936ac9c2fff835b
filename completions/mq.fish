# fish completion for the tools of mq; installed under each tool's name.  Options come
# from the tools themselves (--help-options), names from mq-stat --names.

function __mq_complete -a tool
	for row in ($tool --help-options 2>/dev/null)
		set -l field (string split \t -- $row)
		set -l spec
		test $field[1] = - || set -a spec -s (string sub -s 2 -- $field[1])
		test $field[2] = - || set -a spec -l (string sub -s 3 -- $field[2])
		switch $field[3]
			case - '[*'
			case DIR FILE
				set -a spec -r -F
			case WHERE
				set -a spec -x -a 'oldest newest'
			case '*'
				set -a spec -x
		end
		complete -c $tool $spec
	end
end

for tool in mq-pub mq-sub mq-ack mq-stat mq-replay mq-ctl
	__mq_complete $tool
end
for tool in mq-pub mq-sub mq-stat mq-replay
	complete -c $tool -f -a '(mq-stat --names 2>/dev/null)'
end
complete -c mq-pub -F
set -l commands create set show list delete purge trim check help
complete -c mq-ctl -f -n "not __fish_seen_subcommand_from $commands" -a "$commands"
complete -c mq-ctl -f -n "__fish_seen_subcommand_from $commands" -a '(mq-stat --names 2>/dev/null)'
