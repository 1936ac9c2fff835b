# mq - message queues as files
#
#	make			the tools, in build/release/bin
#	make check		installs what the tests need, then runs all of them
#	make check VARIANT=asan	the same under the address and undefined sanitizers
#	make demo lint bench fuzz install
#	make fresh		these in minimal Debian roots; RELEASES=trixie for one of them
#
# CC CXX CFLAGS CPPFLAGS LDFLAGS PREFIX DESTDIR are respected; WERROR=1 for -Werror.
# Objects never lie beside sources: each variant has its directory, B.
VARIANT	?= release
B	?= build/$(VARIANT)
PREFIX	?= /usr/local
BINDIR	?= $(PREFIX)/bin
LIBDIR	?= $(PREFIX)/lib
LIBEXECDIR ?= $(PREFIX)/libexec
DATADIR	?= $(PREFIX)/share
MANDIR	?= $(DATADIR)/man
JOBS	?= $(shell nproc 2>/dev/null || echo 1)
FUZZ_SECONDS ?= 30
VERSION	:= $(shell sed -n 's/^.define MQ_VERSION "\(.*\)"/\1/p' lib/base/error.c)
INSTALL	?= install
PKG_CONFIG ?= pkg-config
CFLAGS	?= -O2 -g
WARN	= -Wall -Wextra -Wpedantic -Wshadow -Wmissing-prototypes -Wstrict-prototypes \
	  -Wvla -Wconversion $(if $(WERROR),-Werror)
HARDEN	= -D_FORTIFY_SOURCE=2 -fstack-protector-strong
SAN.asan = -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
SAN.fuzz = $(SAN.asan) -fsanitize=fuzzer-no-link
SAN	= $(SAN.$(VARIANT))
CC	:= $(if $(filter fuzz,$(VARIANT)),clang,$(CC))

# A library that has no .pc file is -lNAME.
pkg	= $(shell $(PKG_CONFIG) --exists $(1) 2>/dev/null && $(PKG_CONFIG) $(2) $(1) || echo $(3))
PKG_CFLAGS := $(strip $(foreach p,lmdb jansson libbsd libxxhash,$(call pkg,$(p),--cflags)))
# What few runs of a tool need is linked in from its archive, where that is there: each
# shared library costs every start.
archive	= $(or $(wildcard $(call pkg,$(1),--variable=libdir,/usr/lib)/lib$(2).a),$(call pkg,$(1),--libs,-l$(2)))
# libc before libbsd: what both have (arc4random_buf, strlcpy) is libc's.
LIBS	:= $(call pkg,lmdb,--libs,-llmdb) $(call archive,jansson,jansson) -lc $(call archive,libbsd,bsd)

compile	= $(CC) -std=c11 -pthread -D_GNU_SOURCE -Ilib -Icmd $(PKG_CFLAGS) $(WARN) -fPIE \
	  $(if $(SAN),$(SAN),$(HARDEN)) $(CPPFLAGS) $(CFLAGS)
compile++ = $(CXX) -std=c++17 $(filter-out $(CC) -std=c11 %-prototypes,$(compile))
# Starting a tool costs less the fewer libraries it loads: hence --as-needed.
link	= $(CC) -pthread $(CFLAGS) $(SAN) -pie -Wl,-z,relro,-z,now -Wl,--as-needed $(LDFLAGS)

# Folders of folders, without find(1).
objects	= $(patsubst %.c,$(B)/%.o,$(wildcard $(addsuffix .c,$(1)/* $(1)/*/* $(1)/*/*/* $(1)/*/*/*/*)))
LIB	= $(call objects,lib)
CMD	= $(call objects,cmd/common)
# What a tool has beside its cmd/mq-TOOL.c and what all of them share.
PARTS	= $(filter-out $(CMD),$(foreach folder,$(wildcard cmd/*/),$(call objects,$(folder:/=))))
TOOLS	= $(patsubst cmd/%.c,%,$(wildcard cmd/mq-*.c))
BINS	= $(TOOLS:%=$(B)/bin/%)
# A program of its own in C++, which the library starts (lib/embedded/schema_checker.h).
CHECKER	= $(B)/libexec/mq-schema
UNIT	= $(patsubst tests/unit/%.c,$(B)/unit/%,$(wildcard tests/unit/test_*.c))
TORTURE	= $(patsubst %,$(B)/torture/%,publish keep handle worker verify)
BENCH	= $(B)/bench/floors
ENGINES	= $(addprefix $(B)/engines/,empty/kafka.so record/kafka.so incapable/kafka.so older/kafka.so other/kafka.so)
FUZZ	= $(patsubst tests/fuzz/%.c,$(B)/fuzz/%,$(wildcard tests/fuzz/fuzz_*.c))
TESTED	= $(UNIT) $(TORTURE) $(BENCH)
SHARED	= $(filter-out $(TORTURE:$(B)/%=$(B)/tests/%.o),$(patsubst %.c,$(B)/%.o,$(wildcard tests/torture/*.c)))
OBJS	= $(LIB) $(CMD) $(PARTS) $(TOOLS:%=$(B)/cmd/%.o) $(TESTED:$(B)/%=$(B)/tests/%.o) $(SHARED)
MAN	= $(notdir $(wildcard man/*.[1-9]))
MANDIRS	= $(addprefix $(DESTDIR)$(MANDIR)/man,$(sort $(patsubst .%,%,$(suffix $(MAN)))))
BASH	= $(DESTDIR)$(DATADIR)/bash-completion/completions
ZSH	= $(DESTDIR)$(DATADIR)/zsh/site-functions
FISH	= $(DESTDIR)$(DATADIR)/fish/vendor_completions.d

# Begins a recipe: a short line for each file; V=1 shows whole commands.
say	= $(if $(V)$(findstring s,$(firstword -$(MAKEFLAGS))),,@echo '  $(1)	$@';) mkdir -p $(@D) &&
# A make of our own in the middle of a recipe, on all processors unless -j was given.
again	= $(MAKE) --no-print-directory $(if $(findstring jobserver,$(MAKEFLAGS)),,-j$(JOBS))

all: $(BINS) $(CHECKER)
unit: $(UNIT) $(TORTURE) $(ENGINES)
tests: all unit

# These need more than building does: packages are installed first, if any is missing.
check demo asan lint bench: setup
setup:; @tests/setup
check:; @$(again) tests && tests/run $(B)
demo:; @$(again) all && PATH="$(abspath $(B))/bin:$$PATH" tests/demo.sh
asan:; @$(again) VARIANT=asan B=build/asan tests
lint:; @$(again) all && tests/lint/all $(B)
bench:; @$(again) all $(BENCH) && tests/bench/run $(BENCHFLAGS) $(B)/bin
fuzz:; @tests/setup clang && $(again) VARIANT=fuzz B=build/fuzz fuzzers && \
	tests/fuzz/run build/fuzz $(FUZZ_SECONDS)
fresh:; @tests/setup debootstrap git && tests/fresh $(RELEASES)
fuzzers: $(FUZZ)
install: all
	$(INSTALL) -d $(DESTDIR)$(BINDIR) $(DESTDIR)$(LIBEXECDIR)/mq $(BASH) $(ZSH) $(FISH) $(MANDIRS)
	$(INSTALL) -m 755 $(BINS) $(DESTDIR)$(BINDIR)
	$(INSTALL) -m 755 $(CHECKER) $(DESTDIR)$(LIBEXECDIR)/mq
	for page in $(MAN); do $(INSTALL) -m 644 man/$$page $(DESTDIR)$(MANDIR)/man$${page##*.} || exit; done
	$(INSTALL) -m 644 completions/mq.zsh $(ZSH)/_mq
	for tool in $(TOOLS); do $(INSTALL) -m 644 completions/mq.bash $(BASH)/$$tool && \
	    $(INSTALL) -m 644 completions/mq.fish $(FISH)/$$tool.fish || exit; done
uninstall:
	rm -f $(TOOLS:%=$(DESTDIR)$(BINDIR)/%) $(TOOLS:%=$(BASH)/%) $(TOOLS:%=$(FISH)/%.fish) $(ZSH)/_mq \
	    $(CHECKER:$(B)/libexec/%=$(DESTDIR)$(LIBEXECDIR)/mq/%)
	for page in $(MAN); do rm -f $(DESTDIR)$(MANDIR)/man$${page##*.}/$$page; done
dist:
	git archive --prefix=mq-$(VERSION)/ -o mq-$(VERSION).tar.gz HEAD
clean:
	rm -rf build mq-*.tar.gz

# What objects depend on beside files: $(1) is kept in a file, written when it changes.
keep	= @mkdir -p $(@D); text='$(subst ','\'',$(1))'; echo "$$text" | cmp -s - $@ || echo "$$text" >$@
# Other flags or another compiler rebuild everything.
$(B)/flags: FORCE
	$(call keep,$(compile) $(compile++) $(link) $(LIBS))
# Where engines and the checker are is known to one file each: another PREFIX rebuilds only these.
$(B)/dirs: FORCE
	$(call keep,$(LIBDIR) $(LIBEXECDIR))
FOUND	= $(B)/lib/engine/find.o $(B)/lib/embedded/schema_process.o
$(FOUND): $(B)/dirs
$(FOUND): DEFINE = -DMQ_LIBDIR='"$(LIBDIR)"' -DMQ_LIBEXECDIR='"$(LIBEXECDIR)"'

$(B)/%.o: %.c $(B)/flags
	$(call say,CC) $(compile) $(DEFINE) -MMD -MP -c -o $@ $<
$(B)/%.o: %.cc $(B)/flags
	$(call say,CXX) $(compile++) -MMD -MP -c -o $@ $<
$(CHECKER): $(patsubst %.cc,$(B)/%.o,$(wildcard cmd/schema/*.cc))
	$(call say,LD) $(CXX) $(link:$(CC)%=%) -o $@ $^
$(B)/libmqspool.a: $(LIB)
$(B)/libcmd.a: $(CMD)
$(B)/%.a:
	$(call say,AR) rm -f $@ && $(AR) rcs $@ $^
$(BINS) $(TESTED): $(B)/libcmd.a $(B)/libmqspool.a
	$(call say,LD) $(link) -o $@ $(filter %.o,$^) $(B)/libcmd.a $(B)/libmqspool.a $(LIBS)
$(BINS): $(B)/bin/%: $(B)/cmd/%.o
$(foreach tool,$(TOOLS),$(eval $(B)/bin/$(tool): $(call objects,cmd/$(tool:mq-%=%))))
$(TESTED): $(B)/%: $(B)/tests/%.o
$(TORTURE): $(SHARED)
$(B)/unit/test_prefetch $(B)/unit/test_pace: $(B)/cmd/sub/prefetch.o $(B)/cmd/replay/pace.o

# Engines for tests, in folders of their own, since their name is the scheme's.
$(B)/engines/%/kafka.so: tests/engines/%.c $(B)/libmqspool.a $(B)/flags
	$(call say,LD) $(compile) -fPIC -shared -o $@ $< lib/base/error.c
$(B)/fuzz/%: tests/fuzz/%.c $(B)/libmqspool.a
	$(call say,CC) $(compile) -fsanitize=fuzzer -MMD -MP -o $@ $< $(B)/libmqspool.a $(LIBS)

-include $(OBJS:.o=.d) $(FUZZ:=.d)
.PHONY: all unit tests setup check demo asan lint bench fuzz fresh fuzzers install uninstall dist clean FORCE
FORCE:
.SECONDARY: $(OBJS)
