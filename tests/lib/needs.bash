# needs.bash - packages that few tests need, and that are large: load lib/needs

# needs PACKAGE COMMAND: installs the package that has COMMAND, in CI or with MQ_INSTALL=yes;
# where it is not there otherwise, the test is skipped, by the package's name.
needs() {
	local command=${2:-$1}
	command -v "$command" >/dev/null && return
	if [ -n "${CI-}" ] || [ "${MQ_INSTALL-}" = yes ]; then
		flock "${TMPDIR:-/tmp}/mq-tests-install.lock" "$top/tests/setup" "$1" >&2 || :
		command -v "$command" >/dev/null && return
		echo "$1 could not be installed" >&2
		return 1
	fi
	skip "needs $1"
}
