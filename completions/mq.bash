# bash completion for the tools of mq; installed under each tool's name
#
# Options come from the tools themselves (--help-options), names from mq-stat --names,
# so that nothing here can be out of date.

# Rows of an option table: -x<TAB>--long<TAB>ARG, "-" for what is absent.
_mq_rows() {
	if [ -n "$sub" ]; then
		"$tool" "$sub" --help-options 2>/dev/null
	else
		"$tool" --help-options 2>/dev/null
	fi
}

# What the argument of option $1 is called; nothing if it takes none.
_mq_argument() {
	local short long arg
	while IFS=$'\t' read -r short long arg; do
		[[ $arg == - || $arg == \[* ]] && continue
		[[ $1 == "$short" || $1 == "$long" ]] && { printf '%s\n' "$arg"; return; }
	done < <(_mq_rows)
}

_mq_options() {
	local short long arg
	while IFS=$'\t' read -r short long arg; do
		[[ $short == - ]] || printf '%s\n' "$short"
		[[ $long == - ]] || printf '%s\n' "$long"
	done < <(_mq_rows)
}

# Queues and groups; $1 queues, groups: only these.
_mq_names() {
	"${tool%"${tool##*/}"}mq-stat" ${spool:+-s "$spool"} --names 2>/dev/null |
	    case $1 in
	    queues) grep -v / ;;
	    groups) grep / ;;
	    *) cat ;;
	    esac
}

_mq_offer() {
	mapfile -t COMPREPLY < <(compgen "$@" -- "$cur")
}

# What an option's argument may be.
_mq_offer_argument() {
	case $1 in
	DIR) compopt -o filenames 2>/dev/null; _mq_offer -d ;;
	FILE) compopt -o filenames 2>/dev/null; _mq_offer -f ;;
	WHERE) _mq_offer -W "oldest newest" ;;
	QUEUE) _mq_offer -W "$(_mq_names queues)" ;;
	*) COMPREPLY=() ;;
	esac
}

_mq_offer_operand() {
	local kind=${tool##*/}${sub:+ $sub}
	case $kind in
	mq-ack) ;;
	mq-ctl) _mq_offer -W "create set show bind unbind list pause resume skip delete purge rename trim compact backup redrive check salvage help" ;;
	"mq-ctl help") [ "$operands" -gt 0 ] || _mq_offer -W "create set show bind unbind list pause resume skip delete purge rename trim compact backup redrive check salvage" ;;
	"mq-ctl set")
		if [ "$operands" -gt 0 ]; then
			compopt -o nospace 2>/dev/null
			_mq_offer -W "$("$tool" ${spool:+-s "$spool"} show "$first" 2>/dev/null |
			    sed 's/=.*/=/')"
		else
			_mq_offer -W "$(_mq_names)"
		fi ;;
	"mq-ctl bind" | "mq-ctl unbind") _mq_offer -W "$(_mq_names groups)" ;;
	"mq-ctl skip")
		[ "$operands" -gt 0 ] || _mq_offer -W "$(_mq_names groups)" ;;
	"mq-ctl salvage")
		if [ "$operands" = 0 ]; then
			compopt -o filenames 2>/dev/null
			_mq_offer -f -W "$(_mq_names)"
		fi ;;
	"mq-ctl backup")
		if [ "$operands" -gt 0 ]; then
			_mq_offer_argument DIR
		else
			_mq_offer -W "$(_mq_names queues)"
		fi ;;
	"mq-ctl rename") [ "$operands" -gt 0 ] || _mq_offer -W "$(_mq_names queues)" ;;
	"mq-ctl trim" | "mq-ctl compact" | "mq-ctl redrive" | "mq-ctl check" | "mq-ctl list") _mq_offer -W "$(_mq_names queues)" ;;
	mq-pub)
		if [ "$operands" = 0 ]; then
			_mq_offer -W "$(_mq_names queues)"
		elif [ -n "$files" ]; then
			_mq_offer_argument FILE
		fi ;;
	mq-sub)
		[ "$operands" -gt 0 ] || _mq_offer -W "$(_mq_names)" ;;
	mq-replay) _mq_offer -W "$(_mq_names ${rewind:+groups})" ;;
	*) _mq_offer -W "$(_mq_names)" ;;
	esac
}

_mq() {
	local tool=$1 cur=$2 sub='' spool='' files='' rewind='' operands=0 first='' i word arg
	COMPREPLY=()
	for ((i = 1; i < COMP_CWORD; i++)); do
		word=${COMP_WORDS[i]}
		if [ "$word" = -- ]; then
			# What follows is a command of its own.
			if declare -F _command_offset >/dev/null && ((COMP_CWORD > i + 1)); then
				_command_offset $((i + 1))
			else
				_mq_offer -c
			fi
			return
		fi
		if [[ $word == -?* ]]; then
			[[ $word == -F || $word == --files ]] && files=1
			[[ $word == --rewind ]] && rewind=1
			arg=$(_mq_argument "$word")
			[ -n "$arg" ] || continue
			if ((i + 1 == COMP_CWORD)); then
				_mq_offer_argument "$arg"
				return
			fi
			i=$((i + 1))
			[[ $word == -s || $word == --spool ]] && spool=${COMP_WORDS[i]}
		elif [[ ${tool##*/} == mq-ctl && -z $sub ]]; then
			sub=$word
		else
			[ "$operands" -gt 0 ] || first=$word
			operands=$((operands + 1))
		fi
	done
	if [[ $cur == -* ]]; then
		_mq_offer -W "$(_mq_options)"
	else
		_mq_offer_operand
	fi
}

complete -F _mq mq-pub mq-sub mq-ack mq-stat mq-replay mq-ctl
