# examples.awk - the examples of a manual page (mdoc) or of README.md, as a list
#
# Prints "C" and a command's line, or "O" and a line of the output it is to have.  An
# example is a literal block (.Bd -literal in the section EXAMPLES; in a README, a block
# fenced as ```console) of lines "$ COMMAND", "> MORE OF IT", and output.

function unescape(s) {
	gsub(/\\&/, "", s)
	gsub(/\\\(aq/, "'", s)
	gsub(/\\-/, "-", s)
	gsub(/\\e/, "\\", s)
	return s
}

FILENAME !~ /\.md$/ {
	if ($1 == ".Sh") examples = ($2 == "EXAMPLES")
	if ($1 == ".Bd" && examples) { inside = 1; next }
	if ($1 == ".Ed") { inside = 0; next }
}
FILENAME ~ /\.md$/ {
	if ($0 == "```console") { inside = 1; next }
	if ($0 ~ /^```/) { inside = 0; next }
}
!inside { next }
{ line = FILENAME ~ /\.md$/ ? $0 : unescape($0) }
line ~ /^\$ / { print "C" substr(line, 3); command = 1; next }
command && line ~ /^> / { print "c" substr(line, 3); next }
{ command = 0; print "O" line }
