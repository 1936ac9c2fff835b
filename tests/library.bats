#!/usr/bin/env bats
# The library as others use it: installed, found by pkg-config, built against in C and C++,
# and called from Python.  Installs what was built, as it is, below a directory of the test.

load lib/common

build=${MQ_BUILD:-$top/build/release}

setup_file() {
	root=$BATS_FILE_TMPDIR/root
	export root
	run install_files install-files
	[ "$status" = 0 ] || { echo "$output" >&2; return 1; }
}

# install_files TARGET: make's, below $root.
install_files() {
	env -u MAKEFLAGS -u MFLAGS make -s -C "$top" "$1" B="$build" DESTDIR="$root" \
	    PREFIX=/opt/mq LIBDIR=/opt/mq/lib/here
}

setup() {
	export MQ_SPOOL=$BATS_TEST_TMPDIR/spool
	export PKG_CONFIG_LIBDIR=$root/opt/mq/lib/here/pkgconfig PKG_CONFIG_SYSROOT_DIR=$root
	library=$root/opt/mq/lib/here
	examples=$root/opt/mq/share/doc/mq/examples
	cd "$BATS_TEST_TMPDIR" || return 1
}

# unsanitized: programs that are built without the sanitizers can't load a library with them.
unsanitized() {
	[ -z "${MQ_SANITIZED-}" ] || skip "the library has sanitizers, programs of others have none"
}

# flags OPTION...: pkg-config's answer becomes the array.
flags() {
	read -ra flags < <(pkg-config "$@" mqspool)
}

# exchange COMMAND...: it publishes and consumes, and the tools see the same.
exchange() {
	mq-pub --header a=b greetings "from a tool"
	mq-ctl create greetings/other
	run --separate-stderr "$@" "$MQ_SPOOL" hello ""
	[ "$status" = 0 ] && [ -z "$stderr" ] || { echo "$status $stderr"; return 1; }
	[ "$output" = "from a tool
hello" ]
	[ "$(mq-sub -e greetings/other | tail -n +2 | od -c -An)" = "$(printf 'hello\n\n' | od -c -An)" ]
	[ "$(mq-stat -J greetings/readers | jq .depth)" = 0 ]
	# A large body comes by a descriptor.
	head -c 300000 /dev/zero | tr '\0' x | mq-pub -1 greetings
	"$@" "$MQ_SPOOL" >large
	[ "$(stat -c %s large)" = 300001 ]
	# What could not be printed is not acknowledged, and why is said once.
	mq-ctl delete greetings
	head -c 300000 /dev/zero | mq-pub -1 greetings
	status=0
	"$@" "$MQ_SPOOL" >/dev/full 2>said || status=$?
	[ "$status" = 1 ] || { echo "$status"; return 1; }
	[[ $(<said) == publish_consume*'No space left'* && $(wc -l <said) = 1 ]] || { cat said; return 1; }
	[ "$(depth greetings/readers)" = 1 ]
	run --separate-stderr "$@" /proc/none x
	[ "$status" = 1 ]
	[[ $stderr == */proc/none* ]] || { echo "$stderr"; return 1; }
}

@test "the shared library has exactly the functions of mqspool.h, of one version" {
	run diff <(sed -e 's|/\*.*\*/||' -e '\|/\*|,\|\*/|d' -e '/^typedef/d' "$root/opt/mq/include/mqspool.h" |
	    grep -oE '\bmqs_[a-z0-9_]+\(' | tr -d '(' | grep -v '_fn$' | sort -u) \
	    <(nm -D --defined-only "$library/libmqspool.so.1" |
	    awk '$2 != "A" && $3 !~ /^__(a|ub)san|^__odr/ { sub(/@@MQSPOOL_1$/, "", $3); print $3 }' | sort)
	assert_success
	readelf -d "$library/libmqspool.so" | grep -q 'soname: \[libmqspool.so.1\]'
}

@test "Debian's list of symbols has each function, with the version that it came in" {
	local symbols=$BATS_TEST_DIRNAME/../debian/libmqspool1.symbols
	diff <(sed -n 's/^ \(mqs_[a-z0-9_]*\)@MQSPOOL_1 [0-9.]*$/\1/p' "$symbols") \
	    <(nm -D --defined-only "$library/libmqspool.so.1" |
	    sed -n 's/.* \(mqs_[a-z0-9_]*\)@@MQSPOOL_1$/\1/p' | LC_ALL=C sort)
	run ! grep -E 'symver|#.*#.*mqs_' "$symbols"
}

@test "the archive does not need to be moved: neither it nor the shared library has text to relocate" {
	run bash -c "readelf -d '$library/libmqspool.so.1' | grep TEXTREL"
	assert_failure
}

@test "a C program, with the shared library" {
	unsanitized
	flags --cflags --libs
	cc -std=c11 -Wall -Wextra -Wpedantic -Werror -D_GNU_SOURCE "$examples/publish_consume.c" \
	    "${flags[@]}" -o shared
	export LD_LIBRARY_PATH=$library
	ldd shared | grep -q "libmqspool.so.1 => $library/libmqspool.so.1"
	exchange ./shared
}

@test "a C program, with the archive" {
	unsanitized
	flags --static --cflags --libs
	cc "$examples/publish_consume.c" -static "${flags[@]}" -o static 2>warnings ||
	    { cat warnings; return 1; }
	# Engines are loaded, which a static program can't promise to do.
	run grep -v -e "Using 'dlopen' in statically linked" -e 'in function' warnings
	refute_output
	run ldd ./static
	assert_failure
	exchange ./static
}

@test "Python, through ctypes" {
	unsanitized
	command -v python3 >/dev/null || skip "needs python3"
	export LD_LIBRARY_PATH=$library PYTHONDONTWRITEBYTECODE=1
	exchange python3 "$examples/publish_consume.py"
}

@test "the structures of the Python example are those of the header" {
	command -v python3 >/dev/null || skip "needs python3"
	cat >sizes.c <<-'END'
	#include <mqspool.h>
	#include <stdio.h>
	int main(void)
	{
		printf("%zu %zu %zu %zu %zu\n", sizeof(struct mqs_error), sizeof(struct mqs_options),
		    sizeof(struct mqs_message), sizeof(struct mqs_settlement),
		    offsetof(struct mqs_message, attempt));
	}
	END
	flags --cflags
	cc "${flags[@]}" sizes.c -o sizes
	mkdir fake
	sed 's/^lib = .*/lib = None/; s/^    function\b.*/    pass/' "$examples/publish_consume.py" >fake/example.py
	sed -i 's/^    function = .*/    pass/; s/^    function\..*/    pass/' fake/example.py
	run env PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=fake python3 -c 'from ctypes import sizeof as s
from example import *
print(s(Error), s(Options), s(Message), s(Settlement), Message.attempt.offset)'
	assert_output "$(./sizes)"
}

@test "a C++ program includes the header" {
	unsanitized
	cat >spool.cc <<-'END'
	#include <mqspool.h>
	#include <cstdio>
	int main(int, char **argv)
	{
		mqs_error err = {};
		mqs_message m = MQS_MESSAGE_INIT;
		mqs_spool *spool;
		if (m.body_fd != -1 || mqs_spool_open(&spool, argv[1], nullptr, &err) != MQS_OK)
			return 1;
		std::printf("%s %s\n", mqs_engine(spool), mqs_version());
		mqs_spool_free(spool);
	}
	END
	flags --cflags --libs
	c++ -std=c++20 -Wall -Wextra -Wno-missing-field-initializers -Wpedantic -Werror spool.cc "${flags[@]}" -o spool
	LD_LIBRARY_PATH=$library run ./spool "$MQ_SPOOL"
	assert_output "embedded $(mq-pub -V | awk '{ print $NF }')"
}

@test "the pkg-config file: version, and what only a static program needs" {
	[ "$(pkg-config --modversion mqspool)" = "$(mq-pub -V | awk '{ print $NF }')" ]
	[ "$(pkg-config --libs mqspool | xargs)" = "-L$library -lmqspool" ]
	run pkg-config --static --libs mqspool
	assert_output --partial -llmdb
	assert_output --partial -ljansson
	assert_output --partial -lbsd
}

@test "uninstall leaves nothing" {
	copy=$BATS_TEST_TMPDIR/copy
	cp -a "$root" "$copy"
	root=$copy install_files uninstall
	run find "$copy" ! -type d
	refute_output
}
