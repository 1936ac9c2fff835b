# recipe.awk - one block of a recipe in mq(7), as its reader would type it
#
# usage: awk -v recipe=WORD -v block=N -f recipe.awk mq.7
#
# Prints the Nth literal block of the recipe (.It in the subsection Cookbook) whose title
# has WORD in it; of a line of crontab(5), the command.  1 if there is no such block.

function unescape(s) {
	gsub(/\\&/, "", s)
	gsub(/\\\(aq/, "'", s)
	gsub(/\\-/, "-", s)
	gsub(/\\e/, "\\", s)
	return s
}

$1 == ".Ss" || $1 == ".Sh" { cookbook = ($2 == "Cookbook") }
cookbook && $1 == ".It" { wanted = index($0, recipe) > 0; n = 0 }
!cookbook || !wanted { next }
$1 == ".Bd" { inside = (++n == block); next }
$1 == ".Ed" { inside = 0 }
!inside { next }
{
	line = unescape($0)
	sub(/^\*[\/0-9]* \* \* \* \* /, "", line)
	print line
	found = 1
}
END { exit !found }
