#compdef mq-pub mq-sub mq-ack mq-stat mq-replay mq-ctl

# zsh completion for the tools of mq.  Options come from the tools themselves
# (--help-options), names from mq-stat --names.

# Queues and groups; with the last argument queues or groups only these, else all.  The
# arguments before it are for compadd: _arguments puts them there.
_mq_names() {
	local -a names at
	local i=${words[(I)(-s|--spool)]}
	((i)) && at=(-s ${(Q)words[i + 1]})
	names=(${(f)"$(_call_program names mq-stat $at --names 2>/dev/null)"})
	case $@[-1] in
	queues) names=(${names:#*/*}) ;;
	groups) names=(${(M)names:#*/*}) ;;
	esac
	compadd "${(@)argv[1,-2]}" -a names
}

# NAME= of the settings of the queue or group that comes before them.
_mq_settings() {
	local -a settings at
	local i=${words[(I)(-s|--spool)]} of=${words[(I)set]}
	((i)) && at=(-s ${(Q)words[i + 1]})
	of=${words[of + 1]}
	settings=(${(f)"$(_call_program settings mq-ctl $at show ${(Q)of} 2>/dev/null)"})
	settings=(${${(M)settings:#*=*}%%=*})
	compadd "$@" -S = -a settings
}

_mq() {
	local tool=$words[1] sub short long arg action row
	local -a specs rows subcommands
	local -i dashes=${words[(i)--]}
	if [[ $service == mq-sub ]] && ((dashes < CURRENT)); then
		# What follows is a command of its own.
		shift $dashes words
		((CURRENT -= dashes))
		_normal
		return
	fi
	if [[ $service == mq-ctl ]]; then
		subcommands=(create set show bind unbind list pause resume skip delete purge rename trim compact backup redrive check salvage)
		for sub in $words[2,CURRENT-1] ''; do
			(($subcommands[(Ie)$sub])) || [[ $sub == help ]] && break
		done
	fi
	rows=(${(f)"$(_call_program options $tool $sub --help-options 2>/dev/null)"})
	for row in $rows; do
		IFS=$'\t' read -r short long arg <<<$row
		case $arg in
		DIR) action=:$arg:_directories ;;
		FILE) action=:$arg:_files ;;
		WHERE) action=":$arg:(oldest newest)" ;;
		QUEUE) action=":$arg:_mq_names queues" ;;
		- | \[*) action= ;;
		*) action=:$arg: ;;
		esac
		[[ $short == - ]] || specs+=("*$short$action")
		[[ $long == - ]] || specs+=("*$long$action")
	done
	case $service${sub:+ $sub} in
	mq-pub)
		specs+=('1:queue:_mq_names queues')
		((${words[(I)(-F|--files)]})) && specs+=('*:file:_files') || specs+=('*:message:') ;;
	mq-sub) specs+=('1:queue or group:_mq_names all' '*:-- and a command:') ;;
	mq-ack) specs+=('*:receipt:') ;;
	mq-replay)
		((${words[(I)--rewind]})) && specs+=('*:group:_mq_names groups') ||
		    specs+=('*:queue or group:_mq_names all') ;;
	mq-ctl) specs+=("1:subcommand:($subcommands help)") ;;
	'mq-ctl help') specs+=('1:help:' "2:subcommand:($subcommands)" '*:nothing:') ;;
	'mq-ctl set') specs+=('1:set:' '2:queue or group:_mq_names all' '*:setting:_mq_settings') ;;
	'mq-ctl skip') specs+=('1:skip:' '2:group:_mq_names groups' '*:id:') ;;
	'mq-ctl backup') specs+=('1:backup:' '2:queue:_mq_names queues' '3:directory:_directories') ;;
	'mq-ctl rename') specs+=('1:rename:' '2:queue:_mq_names queues' '*:new name:') ;;
	'mq-ctl salvage')
		specs+=('1:salvage:' '2:damaged queue, group or file:{ _mq_names all; _files }' '*:new name:') ;;
	'mq-ctl '(bind|unbind)) specs+=("1:$sub:" '*:group:_mq_names groups') ;;
	'mq-ctl '(list|trim|compact|redrive|check)) specs+=("1:$sub:" '*:queue:_mq_names queues') ;;
	mq-ctl*) specs+=("1:$sub:" '*:queue or group:_mq_names all') ;;
	*) specs+=('*:queue or group:_mq_names all') ;;
	esac
	_arguments -S $specs
}

_mq "$@"
