# complete.zsh - what zsh's completion offers at the end of a line
#
# usage: zsh -f complete.zsh COMPLETIONS-FILE LINE
#
# A shell of its own on a pseudo-terminal is given the line and a Tab.  There, compadd
# prints what it would add, one a line between two marks, and adds nothing.
zmodload zsh/zpty || exit 1

zpty shell zsh -f -i
# The pseudo-terminal shows what is typed: so the mark is not written as it is printed.
zpty -w shell "source ${(q)0:A:h}/complete-inside.zsh ${(q)1:A}; print -r -- 'rea''dy'"
until [[ $line == *ready* ]]; do
	zpty -r shell line || exit 1
	line=${line//\'/}
	[[ $line == *ready* && $line != *print* ]] || line=
done
zpty -n -w shell "$2"$'\t'
while zpty -r shell line; do
	line=${line//[$'\r\n']/}
	case $line in
	*=begin=) began=1 ;;
	*=end=*) ended=1; break ;;
	*) ((began)) && print -r -- $line ;;
	esac
done
zpty -d shell
((ended)) || { print -u2 'complete.zsh: the shell ended'; exit 1; }
