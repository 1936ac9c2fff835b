# complete-inside.zsh - makes a shell print completions; see complete.zsh
#
# usage: source complete-inside.zsh COMPLETIONS-FILE
unsetopt prompt_cr prompt_sp
PROMPT= RPROMPT=
stty -echo -onlcr 2>/dev/null
autoload -Uz compinit
compinit -D -u
functions[_mq_all]=$(<$1)
compdef _mq_all mq-pub mq-sub mq-ack mq-stat mq-replay mq-ctl

compadd() {
	# Asked by the completion system itself for what would match (-O, -A, -D).
	if [[ ${@[1,(i)(-|--)]} == *-(O|A|D)\ * ]]; then
		builtin compadd "$@"
		return
	fi
	local -a offered
	builtin compadd -O offered "$@"
	(($#offered)) && print -rl -- $offered
	return 1
}

_offered() {
	print -r -- '=begin='
	_main_complete
	print -r -- '=end='
	compstate[insert]=
}
zle -C offered complete-word _offered
bindkey '^I' offered
