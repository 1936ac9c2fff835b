# tmux.bash - a real terminal for tests: load lib/tmux
#
# Each test has a tmux server of its own, which is gone when the test ends.

terms=0	# each has a socket of its own: a server that is ending may still have the last one

# term COLUMNS LINES COMMAND: runs COMMAND, a line for the shell, in a terminal of that size.
term() {
	local width=$1 height=$2
	shift 2
	end_tmux
	terms=$((terms + 1))
	in_tmux -f /dev/null new-session -d -x "$width" -y "$height" "$@"
	in_tmux set-option -g status off
	in_tmux set-option -g remain-on-exit on
	in_tmux resize-window -x "$width" -y "$height"
}

in_tmux() {
	TMUX='' LC_ALL=C.UTF-8 tmux -S "$BATS_TEST_TMPDIR/tmux$terms" "$@"
}

# keys KEY...: types them, as tmux calls them (q, Enter, C-c).
keys() {
	in_tmux send-keys "$@"
}

# What is on the screen; with -e, with its colours.
# shellcheck disable=SC2120 # tests pass some
on_screen() {
	in_tmux capture-pane -p "$@"
}

# shows TEXT: waits until it is on the screen.
shows() {
	until_true "on_screen | grep -qF -- '$1'" || { on_screen >&2; return 1; }
}

# of_terminal NAME: what tmux knows of it, such as cursor_flag.
of_terminal() {
	in_tmux display-message -p "#{$1}"
}

end_tmux() {
	in_tmux kill-server 2>/dev/null || :
}
