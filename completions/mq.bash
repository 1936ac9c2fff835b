# bash completion for the tools of mq; installed under each tool's name
#
# Options come from the tools themselves (--help-options), names from mq-stat --names and
# settings from mq-ctl show, so that nothing of these can be out of date.  The values of
# settings and the numbers of --check are written here; tests hold them against the tools.
#
# Readline splits words at = : < > and others, too.  _mq joins them again, and cuts off what
# readline has already.

# Rows of an option table: -x<TAB>--long<TAB>ARG<TAB>explanation, "-" for what is absent.
_mq_rows() {
	if [ -n "$sub" ]; then
		"$tool" "$sub" --help-options 2>/dev/null
	else
		"$tool" --help-options 2>/dev/null
	fi
}

# What the argument of option $1 is called, [ARG] if it may be absent; nothing if it takes none.
_mq_argument() {
	local short long arg rest
	while IFS=$'\t' read -r short long arg rest; do
		[[ $arg == - ]] && continue
		[[ $1 == "$short" || $1 == "$long" ]] && { printf '%s\n' "$arg"; return; }
	done < <(_mq_rows)
}

_mq_options() {
	local short long arg rest
	while IFS=$'\t' read -r short long arg rest; do
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

# _mq_amounts SIGN UNITS WORDS: these words, and a number that has been begun with each unit.
_mq_amounts() {
	local number=${cur#"$1"} words=$3 unit
	number=${number%%[!0-9]*}
	for unit in ${number:+$2}; do
		words+=" $1$number$unit"
	done
	_mq_offer -W "$words"
}

_mq_offer_durations() {
	_mq_amounts '' 'ms s m h d' "$1 1s 10s 1m 10m 1h 1d"
}

_mq_offer_sizes() {
	_mq_amounts '' 'K M G' "$1 64K 1M 64M 1G"
}

# What an option's argument may be.
_mq_offer_argument() {
	case $1 in
	DIR) compopt -o filenames 2>/dev/null; _mq_offer -d ;;
	FILE) compopt -o filenames 2>/dev/null; _mq_offer -f ;;
	WHERE) _mq_amounts - 'ms s m h d' 'oldest newest now -1m -1h -1d -7d' ;;
	TIME\|ID) _mq_amounts - 'ms s m h d' 'now -1m -1h -1d -7d' ;;
	TIME) _mq_amounts + 'ms s m h d' 'now +1m +1h +1d' ;;
	DURATION | \[DURATION\]) _mq_offer_durations ;;
	QUEUE) _mq_offer -W "$(_mq_names queues)" ;;
	NUMBER) [[ ${tool##*/} != mq-pub ]] || _mq_offer -W "0 1 2 3 4 5 6 7 8 9" ;;
	EXPR)
		compopt -o nospace 2>/dev/null
		cur=${cur##*,}
		_mq_offer -W "depth ready leased delayed lag age consumers dead rate" ;;
	esac
}

# NAME= of the settings of a queue or group, or the values of the one that is named.
_mq_offer_settings() {
	local name=${cur%%=*}
	if [[ $cur != *=* ]]; then
		compopt -o nospace 2>/dev/null
		_mq_offer -W "$("$tool" ${spool:+-s "$spool"} show "$1" 2>/dev/null |
		    sed -n 's/^\([a-z-]*=\).*/\1/p' | sort -u)"
		return
	fi
	cur=${cur#*=}
	case $name in
	retain) _mq_offer_durations forever ;;
	ttl) _mq_offer_durations off ;;
	expires) _mq_offer_durations never ;;
	lease) _mq_offer_durations '' ;;
	backoff)
		[[ $cur != *..* ]] || cur=${cur#*..}
		_mq_offer_durations '' ;;
	retain-bytes | max-bytes) _mq_offer_sizes off ;;
	min-free) _mq_offer_sizes auto ;;
	max-message) _mq_offer_sizes '' ;;
	max-messages | max-leased) _mq_offer -W off ;;
	overflow) _mq_offer -W "block reject drop-oldest" ;;
	compact | index) _mq_offer -W "off key" ;;
	sync) _mq_offer -W "full relaxed" ;;
	exclusive | ordered) _mq_offer -W "off on" ;;
	schema) _mq_offer_argument FILE ;;
	dead-letter) _mq_offer -W "$(_mq_names queues)" ;;
	binding)
		compopt -o nospace 2>/dev/null
		_mq_offer -W "pattern: key: all: any:" ;;
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
			_mq_offer_settings "$first"
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
		if [ "$operands" -gt 1 ]; then
			return
		elif [ "$operands" -gt 0 ]; then
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
	mq-stat)
		if [ -z "$message" ]; then
			_mq_offer -W "$(_mq_names)"
		elif [ "$operands" = 0 ]; then
			_mq_offer -W "$(_mq_names queues)"
		fi ;;
	*) _mq_offer -W "$(_mq_names)" ;;
	esac
}

# The command line up to the cursor: words that no blank parts are one.  Sets words.
_mq_join() {
	local rest=${COMP_LINE:0:COMP_POINT} next i
	words=()
	for ((i = 0; i <= COMP_CWORD; i++)); do
		next=${rest#"${rest%%[![:blank:]]*}"}
		[[ $i -gt 0 && $next == "$rest" ]] || words+=("")
		if ((i == COMP_CWORD)); then
			words[-1]+=$next
		else
			words[-1]+=${COMP_WORDS[i]}
			rest=${next#"${COMP_WORDS[i]}"}
		fi
	done
}

# Finds out from the words what is to be completed, and offers it.
_mq_find() {
	local sub='' spool='' files='' rewind='' message='' operands=0 first='' i word arg
	local ended='' last=$((${#words[@]} - 1))
	for ((i = 1; i < last; i++)); do
		word=${words[i]}
		case ${ended:-$word} in
		--) ended=operands ;;
		-F | --files) files=1 ;;
		--rewind) rewind=1 ;;
		--message | --message=*) message=1 ;;
		--spool=*) spool=${word#*=} ;;
		-s?*) spool=${word#-s} ;;
		-s | --spool) spool=${words[i + 1]} ;;
		esac
		# One pair of quotes around all of it; what is quoted otherwise names another directory.
		case $spool in
		\'*\' | \"*\") spool=${spool:1:${#spool}-2} ;;
		*) spool=${spool/#\~\//$HOME/} ;;
		esac
		if [[ $word == -?* && ( -z $ended || $word == -- ) ]]; then
			arg=$(_mq_argument "$word")
			[[ -n $arg && $arg != \[* ]] || continue
			if ((i + 1 == last)); then
				_mq_offer_argument "$arg"
				return
			fi
			i=$((i + 1))
		elif [[ ${tool##*/} == mq-ctl && -z $sub ]]; then
			sub=$word
		else
			[ "$operands" -gt 0 ] || first=$word
			operands=$((operands + 1))
		fi
	done
	if [[ -z $ended && $cur == --*=* ]]; then
		word=${cur%%=*}
		cur=${cur#*=}
		_mq_offer_argument "$(_mq_argument "$word")"
	elif [[ -z $ended && $cur == -* ]]; then
		_mq_offer -W "$(_mq_options)"
	else
		_mq_offer_operand
	fi
}

_mq() {
	local tool=$1 shown=$2 cur words i
	COMPREPLY=()
	for ((i = 1; i < COMP_CWORD; i++)); do
		[[ ${COMP_WORDS[i]} == -- && ${tool##*/} == mq-sub ]] || continue
		# What follows is a command of its own.
		if declare -F _command_offset >/dev/null && ((COMP_CWORD > i + 1)); then
			_command_offset $((i + 1))
		else
			cur=$shown
			_mq_offer -c
		fi
		return
	done
	_mq_join
	cur=${words[-1]}
	_mq_find
	# Readline replaces only what it calls the word, which is more or less than cur.
	for i in "${!COMPREPLY[@]}"; do
		if [[ $cur == *"$shown" ]]; then
			COMPREPLY[i]=${COMPREPLY[i]#"${cur%"$shown"}"}
		else
			COMPREPLY[i]=${shown%"$cur"}${COMPREPLY[i]}
		fi
	done
}

complete -F _mq mq-pub mq-sub mq-ack mq-stat mq-replay mq-ctl
