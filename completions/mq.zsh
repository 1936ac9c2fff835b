#compdef mq-pub mq-sub mq-ack mq-stat mq-replay mq-ctl

# zsh completion for the tools of mq.  Options come from the tools themselves
# (--help-options), names from mq-stat --names.

_mq_names() {
	local -a names
	names=(${(f)"$(_call_program names mq-stat --names 2>/dev/null)"})
	[[ $1 == queues ]] && names=(${names:#*/*})
	compadd -a names
}

_mq() {
	local tool=$words[1] sub short long arg action
	local -a specs rows commands
	if [[ $service == mq-ctl ]]; then
		commands=(create set show bind unbind list pause resume skip delete purge trim redrive check)
		sub=${${(M)words[2,CURRENT-1]:#(${(j:|:)~commands})}[1]}
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
	mq-pub) specs+=('1:queue:_mq_names queues' '*:file:_files') ;;
	mq-sub) specs+=('1:queue or group:_mq_names' '*::command:_normal') ;;
	mq-ack) specs+=('*:receipt:') ;;
	mq-ctl) specs+=("1:subcommand:($commands help)") ;;
	mq-ctl*) specs+=("1:subcommand:($commands)" '*:queue or group:_mq_names') ;;
	*) specs+=('*:queue or group:_mq_names') ;;
	esac
	_arguments -S $specs
}

_mq "$@"
