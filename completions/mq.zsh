#compdef mq-pub mq-sub mq-ack mq-stat mq-replay mq-ctl

# zsh completion for the tools of mq.  Options come from the tools themselves
# (--help-options), names from mq-stat --names and settings from mq-ctl show.  The values of
# settings and the numbers of --check are written here; tests hold them against the tools.
#
# _call_program evaluates its words as a command line.  A word that has been typed may be text
# from elsewhere, which nobody has meant to run yet: such words come to it quoted, by (q), the
# subcommand only once it is known.

# The spool that the command line names, as the option -s DIR.  Sets at.
_mq_at() {
	local i=${words[(I)(-s|--spool)]} joined=${words[(R)(--spool=*|-s?*)]}
	at=()
	((i)) && joined=${words[i + 1]} || joined=${${joined#--spool=}#-s}
	joined=${(Q)joined}
	[[ -z $joined ]] || at=(-s ${joined/#\~\//$HOME/})
}

# Queues and groups; with the last argument queues or groups only these, else all.  The
# arguments before it are for compadd: _arguments puts them there.
_mq_names() {
	local -a names at
	_mq_at
	names=(${(f)"$(_call_program names mq-stat ${(q)at} --names 2>/dev/null)"})
	case $@[-1] in
	queues) names=(${names:#*/*}) ;;
	groups) names=(${(M)names:#*/*}) ;;
	esac
	compadd "${(@)argv[1,-2]}" -a names
}

# What a value of the kind that the last argument says may be; a number that has been begun
# is offered with each unit.  The arguments before it are for compadd.
_mq_values() {
	local number=${(M)${PREFIX#[-+]}##<->}
	local -a values spans=(ms s m h d) more
	case $@[-1] in
	duration) values=(1s 10s 1m 10m 1h 1d $number${^spans}) ;;
	size) values=(64K 1M 64M 1G $number${^:-{K,M,G}}) ;;
	where) values=(oldest newest now -1m -1h -1d -7d -$number${^spans}) ;;
	past) values=(now -1m -1h -1d -7d -$number${^spans}) ;;
	future) values=(now +1m +1h +1d +$number${^spans}) ;;
	priority) values=({0..9}) ;;
	numbers)
		compset -P '*,'
		values=(depth ready leased delayed lag age consumers dead rate)
		more=(-S '') ;;
	esac
	# Units alone, where no number has been begun.
	[[ -n $number ]] || values=(${values:#([-+]|)(ms|[smhdKMG])})
	values=(${(u)values})
	compadd "${(@)argv[1,-2]}" "${(@)more}" -a values
}

# NAME= of the settings of the queue or group that comes before them, or the values of the
# one that is named.
_mq_settings() {
	local -a settings at
	local of=${words[words[(I)set] + 1]}
	_mq_at
	if ! compset -P 1 '*='; then
		settings=(${(f)"$(_call_program settings mq-ctl ${(q)at} show ${(q)${(Q)of}} 2>/dev/null)"})
		settings=(${(u)${${(M)settings:#[a-z]*=*}%%=*}})
		compadd "$@" -S = -a settings
		return
	fi
	case ${${IPREFIX%=}##*[[:blank:]]} in
	retain) compadd "$@" forever; _mq_values "$@" duration ;;
	ttl) compadd "$@" off; _mq_values "$@" duration ;;
	expires) compadd "$@" never; _mq_values "$@" duration ;;
	lease) _mq_values "$@" duration ;;
	backoff) compset -P '*..'; _mq_values "$@" duration ;;
	retain-bytes | max-bytes) compadd "$@" off; _mq_values "$@" size ;;
	min-free) compadd "$@" auto; _mq_values "$@" size ;;
	max-message) _mq_values "$@" size ;;
	max-messages | max-leased) compadd "$@" off ;;
	overflow) compadd "$@" block reject drop-oldest ;;
	compact | index) compadd "$@" off key ;;
	sync) compadd "$@" full relaxed ;;
	exclusive | ordered) compadd "$@" off on ;;
	schema) _files ;;
	dead-letter) _mq_names "$@" queues ;;
	binding) compadd "$@" -S : pattern key all any ;;
	esac
}

_mq() {
	local tool=${${(Q)words[1]}/#\~\//$HOME/} sub short long arg help action row
	local -a specs rows subcommands
	local -i dashes=${words[(i)--]} i
	whence -p -- $tool >/dev/null || tool=$service
	if [[ $service == mq-sub ]] && ((dashes < CURRENT)); then
		# What follows is a command of its own.
		shift $dashes words
		((CURRENT -= dashes))
		_normal
		return
	fi
	if [[ $service == mq-ctl ]]; then
		subcommands=(create set show bind unbind list pause resume skip delete purge rename trim compact backup redrive check salvage)
		# The first word that is neither an option nor the argument of one.
		for ((i = 2; i < CURRENT; i++)); do
			case $words[i] in
			-s | --spool) ((i++)) ;;
			-*) ;;
			*) sub=$words[i]; break ;;
			esac
		done
		# What is no subcommand has neither options nor operands.
		[[ -z $sub || $sub == help || -n ${(M)subcommands:#$sub} ]] || return 1
	fi
	[[ $sub == help ]] ||
	    rows=(${(f)"$(_call_program options ${(q)tool} $sub --help-options 2>/dev/null)"})
	for row in $rows; do
		IFS=$'\t' read -r short long arg help <<<$row
		# What _arguments would take for the end of an explanation.
		help="[${${${help//\\/\\\\}//\[/\\[}//\]/\\]}]"
		case $arg in
		DIR) action=":$arg:_path_files -/" ;;
		FILE) action=:$arg:_files ;;
		WHERE) action=":$arg:_mq_values where" ;;
		TIME\|ID) action=":$arg:_mq_values past" ;;
		TIME) action=":$arg:_mq_values future" ;;
		DURATION) action=":$arg:_mq_values duration" ;;
		\[DURATION\]) action="::duration:_mq_values duration" ;;
		EXPR) action=":$arg:_mq_values numbers" ;;
		QUEUE) action=":$arg:_mq_names queues" ;;
		NUMBER)
			action=:$arg:
			[[ $service == mq-pub ]] && action=":$arg:_mq_values priority" ;;
		-) action= ;;
		\[*) action="::${arg//[][]/}:" ;;
		*) action=:$arg: ;;
		esac
		# An argument that may be absent has no place behind the short option.
		case $arg in
		-) specs+=("*$short$help" "*$long$help") ;;
		\[*) specs+=("*$short$help" "*$long=-$help$action") ;;
		*) specs+=("*$short+$help$action" "*$long=$help$action") ;;
		esac
	done
	specs=(${specs:#\*-(|+|=|=-)\[*})
	case $service${sub:+ $sub} in
	mq-pub)
		specs+=('1:queue:_mq_names queues')
		((${words[(I)(-F|--files)]})) && specs+=('*:file:_files') || specs+=('*:message:') ;;
	mq-sub) specs+=('1:queue or group:_mq_names all' '*:-- and a command:') ;;
	mq-ack) specs+=('*:receipt:') ;;
	mq-stat)
		((${words[(I)--message(|=*)]})) && specs+=('1:queue:_mq_names queues' '*:nothing:') ||
		    specs+=('*:queue or group:_mq_names all') ;;
	mq-replay)
		((${words[(I)--rewind]})) && specs+=('*:group:_mq_names groups') ||
		    specs+=('*:queue or group:_mq_names all') ;;
	mq-ctl) specs+=("1:subcommand:($subcommands help)") ;;
	'mq-ctl help') specs+=('1:help:' "2:subcommand:($subcommands)" '*:nothing:') ;;
	'mq-ctl set') specs+=('1:set:' '2:queue or group:_mq_names all' '*:setting:_mq_settings') ;;
	'mq-ctl skip') specs+=('1:skip:' '2:group:_mq_names groups' '*:id:') ;;
	'mq-ctl backup') specs+=('1:backup:' '2:queue:_mq_names queues' '3:directory:_path_files -/' '*:nothing:') ;;
	'mq-ctl rename') specs+=('1:rename:' '2:queue:_mq_names queues' '*:new name:') ;;
	'mq-ctl salvage')
		specs+=('1:salvage:' '2:damaged queue, group or file:{ _mq_names all; _files }' '*:new name:') ;;
	'mq-ctl '(bind|unbind)) specs+=("1:$sub:" '*:group:_mq_names groups') ;;
	'mq-ctl '(list|trim|compact|redrive|check)) specs+=("1:$sub:" '*:queue:_mq_names queues') ;;
	*) specs+=("1:$sub:" '*:queue or group:_mq_names all') ;;
	esac
	_arguments -S $specs
}

_mq "$@"
