# mq - message queues as files
#
#	make			the tools, in build/release/bin
#	make check		installs what the tests need, then runs all of them
#	make check VARIANT=asan	the same under the address and undefined sanitizers
#	make demo lint bench fuzz install
#
# CC CFLAGS CPPFLAGS LDFLAGS PREFIX DESTDIR are respected; WERROR=1 for -Werror.
# Objects never lie beside sources: each variant has its directory, B.
VARIANT	?= release
B	?= build/$(VARIANT)
PREFIX	?= /usr/local
BINDIR	?= $(PREFIX)/bin
LIBDIR	?= $(PREFIX)/lib
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
ifeq ($(VARIANT),fuzz)
CC	= clang
endif

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
UNIT	= $(patsubst tests/unit/%.c,$(B)/unit/%,$(wildcard tests/unit/test_*.c))
TORTURE	= $(patsubst %,$(B)/torture/%,publish keep handle worker verify)
BENCH	= $(B)/bench/floors
ENGINES	= $(addprefix $(B)/engines/,empty/kafka.so record/kafka.so incapable/kafka.so older/kafka.so other/kafka.so)
FUZZ	= $(patsubst tests/fuzz/%.c,$(B)/fuzz/%,$(wildcard tests/fuzz/fuzz_*.c))
TESTED	= $(UNIT) $(TORTURE) $(BENCH)
SHARED	= $(filter-out $(TORTURE:$(B)/%=$(B)/tests/%.o),$(patsubst %.c,$(B)/%.o,$(wildcard tests/torture/*.c)))
OBJS	= $(LIB) $(CMD) $(PARTS) $(TOOLS:%=$(B)/cmd/%.o) $(TESTED:$(B)/%=$(B)/tests/%.o) $(SHARED)
MAN	= $(wildcard man/*.[1-9])
COMPLETIONS = $(DESTDIR)$(DATADIR)/bash-completion/completions
ZSH	= $(DESTDIR)$(DATADIR)/zsh/site-functions
FISH	= $(DESTDIR)$(DATADIR)/fish/vendor_completions.d

# A short line for each file; V=1 shows whole commands.
say	= $(if $(V)$(findstring s,$(firstword -$(MAKEFLAGS))),,@echo '  $(1)	$@';)

# A make of our own in the middle of a recipe, on all processors unless -j was given.
again	= $(MAKE) --no-print-directory $(if $(findstring jobserver,$(MAKEFLAGS)),,-j$(JOBS))

all: $(BINS)
unit: $(UNIT) $(TORTURE) $(ENGINES)
tests: $(BINS) unit

check:
	@tests/setup
	@$(again) tests
	@tests/run $(B)

demo:
	@tests/setup
	@$(again) all
	@PATH="$(abspath $(B))/bin:$$PATH" tests/demo.sh

asan:
	@tests/setup
	@$(again) VARIANT=asan B=build/asan tests

lint:
	@tests/setup
	@$(again) all
	@tests/lint/all $(B)

bench:
	@tests/setup
	@$(again) all $(BENCH) && tests/bench/run $(BENCHFLAGS) $(B)/bin

fuzz:
	@tests/setup clang
	@$(again) VARIANT=fuzz B=build/fuzz fuzzers
	@tests/fuzz/run build/fuzz $(FUZZ_SECONDS)

fuzzers: $(FUZZ)

install: all
	$(INSTALL) -d $(DESTDIR)$(BINDIR) $(COMPLETIONS) $(ZSH) $(FISH)
	$(INSTALL) -m 755 $(BINS) $(DESTDIR)$(BINDIR)
	for page in $(MAN); do \
		$(INSTALL) -D -m 644 $$page $(DESTDIR)$(MANDIR)/man$${page##*.}/$${page##*/} || exit; \
	done
	$(INSTALL) -m 644 completions/mq.zsh $(ZSH)/_mq
	for tool in $(TOOLS); do \
		$(INSTALL) -m 644 completions/mq.bash $(COMPLETIONS)/$$tool && \
		$(INSTALL) -m 644 completions/mq.fish $(FISH)/$$tool.fish || exit; \
	done

uninstall:
	rm -f $(TOOLS:%=$(DESTDIR)$(BINDIR)/%) $(TOOLS:%=$(COMPLETIONS)/%)
	rm -f $(TOOLS:%=$(FISH)/%.fish) $(ZSH)/_mq
	for page in $(MAN); do rm -f $(DESTDIR)$(MANDIR)/man$${page##*.}/$${page##*/}; done

dist:
	git archive --prefix=mq-$(VERSION)/ -o mq-$(VERSION).tar.gz HEAD

clean:
	rm -rf build mq-*.tar.gz

# Other flags or another compiler rebuild everything.
$(B)/flags: FORCE
	@mkdir -p $(@D)
	@echo '$(subst ','\'',$(compile) $(link) $(LIBS))' | cmp -s - $@ || \
	    echo '$(subst ','\'',$(compile) $(link) $(LIBS))' >$@

# Where engines are is known to one file, so that another PREFIX rebuilds only that.
$(B)/libdir: FORCE
	@mkdir -p $(@D)
	@echo '$(LIBDIR)' | cmp -s - $@ || echo '$(LIBDIR)' >$@
$(B)/lib/engine/find.o: $(B)/libdir
$(B)/lib/engine/find.o: DEFINE = -DMQ_LIBDIR='"$(LIBDIR)"'

$(B)/%.o: %.c $(B)/flags
	@mkdir -p $(@D)
	$(call say,CC)$(compile) $(DEFINE) -MMD -MP -c -o $@ $<

$(B)/libmqspool.a: $(LIB)
	@rm -f $@
	$(call say,AR)$(AR) rcs $@ $^

$(B)/libcmd.a: $(CMD)
	@rm -f $@
	$(call say,AR)$(AR) rcs $@ $^

$(BINS) $(TESTED): $(B)/libcmd.a $(B)/libmqspool.a
	@mkdir -p $(@D)
	$(call say,LD)$(link) -o $@ $(filter %.o,$^) $(B)/libcmd.a $(B)/libmqspool.a $(LIBS)
$(BINS): $(B)/bin/%: $(B)/cmd/%.o
$(foreach tool,$(TOOLS),$(eval $(B)/bin/$(tool): $(call objects,cmd/$(tool:mq-%=%))))
$(TESTED): $(B)/%: $(B)/tests/%.o
$(TORTURE): $(SHARED)
$(B)/unit/test_prefetch: $(B)/cmd/sub/prefetch.o

# Engines for tests, in folders of their own, since their name is the scheme's.
$(B)/engines/%/kafka.so: tests/engines/%.c $(B)/libmqspool.a $(B)/flags
	@mkdir -p $(@D)
	$(call say,LD)$(compile) -fPIC -shared -o $@ $< lib/base/error.c

$(B)/fuzz/%: tests/fuzz/%.c $(B)/libmqspool.a
	@mkdir -p $(@D)
	$(call say,CC)$(compile) -fsanitize=fuzzer -MMD -MP -o $@ $< $(B)/libmqspool.a $(LIBS)

-include $(OBJS:.o=.d) $(FUZZ:=.d)

.PHONY: all unit tests check demo asan lint bench fuzz fuzzers install uninstall dist clean FORCE
FORCE:
.SECONDARY: $(OBJS)
