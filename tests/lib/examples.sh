#!/usr/bin/env bash
# examples.sh - runs the examples of a page and compares what they print
#
# usage: examples.sh FILE
#
# All of a page's examples run in one shell, in order, in the current directory and the
# spool that $MQ_SPOOL names.  A command's output (both kinds) must be the lines that
# follow it; a line "..." stands for any lines.  0 if all of it was so.

here=$(dirname "${BASH_SOURCE[0]}")
list=$(awk -f "$here/examples.awk" "$1") || exit 2
[ -n "$list" ] || { echo "$1: no examples"; exit 1; }

examples_failed=0
examples_n=0

# Whether the file $1 matches the file $2, in which "..." stands for any lines.
examples_match() {
	awk '
	NR == FNR { have[++n] = $0; next }
	{ want[++m] = $0 }
	function like(i, j) {
		for (; j <= m; j++) {
			if (want[j] == "...") {
				for (; i <= n + 1; i++)
					if (like(i, j + 1)) return 1
				return 0
			}
			if (i > n || have[i++] != want[j]) return 0
		}
		return i > n
	}
	END { exit !like(1, 1) }' "$1" "$2"
}

examples_run() {
	[ -n "$examples_command" ] || return 0
	examples_n=$((examples_n + 1))
	eval "$examples_command" </dev/null >"$examples_work/have" 2>&1
	printf '%s' "$examples_expected" >"$examples_work/want"
	if ! examples_match "$examples_work/have" "$examples_work/want"; then
		examples_failed=$((examples_failed + 1))
		printf '%s: an example prints something else:\n$ %s\n' "$examples_file" \
		    "$examples_command"
		diff -u --label page --label now "$examples_work/want" "$examples_work/have"
	fi
}

examples_file=$1
examples_work=$(mktemp -d)
trap 'rm -rf "$examples_work"' EXIT
examples_command='' examples_expected=''
while IFS= read -r line <&3; do
	case $line in
	C*) examples_run; examples_command=${line#C} examples_expected= ;;
	c*) examples_command+=$'\n'${line#c} ;;
	O*) examples_expected+=${line#O}$'\n' ;;
	esac
done 3<<<"$list"
examples_run
echo "$examples_n examples, $examples_failed of them wrong"
[ "$examples_failed" = 0 ]
