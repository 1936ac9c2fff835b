# mq - message queues as files
#
#	make			the tools, in build/release/bin, and the library
#	make check		installs what the tests need, then runs all of them
#	make check VARIANT=asan	the same under the address and undefined sanitizers
#	make check TESTS="..."	those of tests/run alone: tests/order.bats test_bytes
#	make check-clusters	installs RabbitMQ, then runs what also runs on a cluster of it
#	make demo lint bench bench-clusters fuzz pictures abi
#	make fresh		these in minimal Debian roots; RELEASES=trixie for one of them
#	make install uninstall	below PREFIX; what is below share/ is installed as data
#	make dist deb		of HEAD: the tarball, in build/dist; Debian's packages, in build/deb
#	make check-packages	builds, installs, upgrades and removes these in a minimal root
#
# CC CXX CFLAGS CPPFLAGS LDFLAGS PREFIX DESTDIR are respected; WERROR=1 for -Werror.
# Objects never lie beside sources: each variant has its directory, B.
# The rules of the library are in lib/library.mk, those of RabbitMQ's engine in lib/amqp/amqp.mk,
# those of the tests in tests/tests.mk, those of packages in debian/packages.mk.
VARIANT	?= release
B	?= build/$(VARIANT)
PREFIX	?= /usr/local
BINDIR	?= $(PREFIX)/bin
LIBDIR	?= $(PREFIX)/lib
LIBEXECDIR ?= $(PREFIX)/libexec
DATADIR	?= $(PREFIX)/share
MANDIR	?= $(DATADIR)/man
DOCDIR	?= $(DATADIR)/doc/mq
UNITDIR	?= $(PREFIX)/lib/systemd/system
JOBS	?= $(shell nproc 2>/dev/null || echo 1)
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

# Programs' code; lib/library.mk has the library's.
PLACED	= -fPIE
compile	= $(CC) -std=c11 -pthread -D_GNU_SOURCE -Ilib -Icmd $(PKG_CFLAGS) $(WARN) $(PLACED) \
	  $(if $(SAN),$(SAN),$(HARDEN)) $(CPPFLAGS) $(CFLAGS)
compile++ = $(CXX) -std=c++17 $(filter-out $(CC) -std=c11 %-prototypes,$(compile))
# Starting a tool costs less the fewer libraries it loads: hence --as-needed.
link	= $(CC) -pthread $(CFLAGS) $(SAN) -pie -Wl,-z,relro,-z,now -Wl,--as-needed $(LDFLAGS)

# Folders of folders, without find(1).
objects	= $(patsubst %.c,$(B)/%.o,$(wildcard $(addsuffix .c,$(1)/* $(1)/*/* $(1)/*/*/* $(1)/*/*/*/*)))
# Engines in files of their own are no part of the library.
LIB	= $(filter-out $(B)/lib/amqp/%,$(call objects,lib))
CMD	= $(call objects,cmd/common)
# What a tool has beside its cmd/mq-TOOL.c and what all of them share.
PARTS	= $(filter-out $(CMD),$(foreach folder,$(wildcard cmd/*/),$(call objects,$(folder:/=))))
TOOLS	= $(patsubst cmd/%.c,%,$(wildcard cmd/mq-*.c))
BINS	= $(TOOLS:%=$(B)/bin/%)
# A program of its own in C++, which the library starts (lib/embedded/schema_checker.h).
CHECKER	= $(B)/libexec/mq-schema
OBJS	= $(LIB) $(CMD) $(PARTS) $(TOOLS:%=$(B)/cmd/%.o)
MAN	= $(notdir $(wildcard man/*.[1-9]))
MANDIRS	= $(addprefix $(DESTDIR)$(MANDIR)/man,$(sort $(patsubst .%,%,$(suffix $(MAN)))))
BASH	= $(DESTDIR)$(DATADIR)/bash-completion/completions
ZSH	= $(DESTDIR)$(DATADIR)/zsh/site-functions
FISH	= $(DESTDIR)$(DATADIR)/fish/vendor_completions.d
# share/FOLDER/FILE: units to systemd's folder, examples to the documents, others to ours;
# pictures are for the README.
SHARED	= $(filter-out share/pictures/%,$(wildcard share/*/*))
UNITS	= $(filter share/systemd/%,$(SHARED))
shared	= $(DESTDIR)$(if $(filter share/examples/%,$(1)),$(DOCDIR),$(DATADIR)/mq)$(1:share%=%)

all: $(BINS) $(CHECKER) library engine-amqp

include lib/library.mk lib/amqp/amqp.mk tests/tests.mk debian/packages.mk

install: all install-files
# What is built already, as it is; tests call it.  systemd and cron look for no tool in BINDIR.
install-files: install-library install-engine-amqp
	$(INSTALL) -d $(DESTDIR)$(BINDIR) $(DESTDIR)$(LIBEXECDIR)/mq $(BASH) $(ZSH) $(FISH) $(MANDIRS)
	$(INSTALL) -m 755 $(BINS) $(DESTDIR)$(BINDIR)
	$(INSTALL) -m 755 $(CHECKER) $(DESTDIR)$(LIBEXECDIR)/mq
	for page in $(MAN); do $(INSTALL) -m 644 man/$$page $(DESTDIR)$(MANDIR)/man$${page##*.} || exit; done
	$(INSTALL) -m 644 completions/mq.zsh $(ZSH)/_mq
	for tool in $(TOOLS); do $(INSTALL) -m 644 completions/mq.bash $(BASH)/$$tool && \
	    $(INSTALL) -m 644 completions/mq.fish $(FISH)/$$tool.fish || exit; done
	$(foreach file,$(filter-out $(UNITS),$(SHARED)),$(INSTALL) -D -m 644 $(file) $(call shared,$(file)) &&) :
	$(foreach unit,$(UNITS),$(INSTALL) -D -m 644 $(unit) $(DESTDIR)$(UNITDIR)/$(notdir $(unit)) &&) :
	sed -i '/^Exec[A-Za-z]*=/s|\bmq-[a-z]* |$(BINDIR)/&|g' $(UNITS:share/systemd/%=$(DESTDIR)$(UNITDIR)/%)
	sed -i 's|^PATH=|&$(BINDIR):|' $(call shared,share/cron/mq)
uninstall: uninstall-library uninstall-engine-amqp
	rm -f $(TOOLS:%=$(DESTDIR)$(BINDIR)/%) $(TOOLS:%=$(BASH)/%) $(TOOLS:%=$(FISH)/%.fish) $(ZSH)/_mq \
	    $(CHECKER:$(B)/libexec/%=$(DESTDIR)$(LIBEXECDIR)/mq/%) \
	    $(foreach file,$(filter-out $(UNITS),$(SHARED)),$(call shared,$(file))) \
	    $(UNITS:share/systemd/%=$(DESTDIR)$(UNITDIR)/%)
	for page in $(MAN); do rm -f $(DESTDIR)$(MANDIR)/man$${page##*.}/$$page; done
clean:
	rm -rf build

# What objects depend on beside files: $(1) is kept in a file, written when it changes.
keep	= @mkdir -p $(@D); text='$(subst ','\'',$(1))'; echo "$$text" | cmp -s - $@ || echo "$$text" >$@
# Other flags or another compiler rebuild everything.
$(B)/flags: FORCE
	$(call keep,$(compile) $(compile++) $(PIC) $(link) $(LIBS))

# Begins a recipe: a short line for each file; V=1 shows whole commands.
say	= $(if $(V)$(findstring s,$(firstword -$(MAKEFLAGS))),,@echo '  $(1)	$@';) mkdir -p $(@D) &&
$(B)/%.o: %.c $(B)/flags
	$(call say,CC) $(compile) $(DEFINE) -MMD -MP -c -o $@ $<
$(B)/%.o: %.cc $(B)/flags
	$(call say,CXX) $(compile++) -MMD -MP -c -o $@ $<
$(B)/%.a:
	$(call say,AR) rm -f $@ && $(AR) rcs $@ $^
$(B)/libcmd.a: $(CMD)
$(BINS) $(TESTED): $(B)/libcmd.a $(B)/libmqspool.a
	$(call say,LD) $(link) -o $@ $(filter %.o,$^) $(B)/libcmd.a $(B)/libmqspool.a $(LIBS)
$(BINS): $(B)/bin/%: $(B)/cmd/%.o
$(foreach tool,$(TOOLS),$(eval $(B)/bin/$(tool): $(call objects,cmd/$(tool:mq-%=%))))
$(CHECKER): $(patsubst %.cc,$(B)/%.o,$(wildcard cmd/schema/*.cc))
	$(call say,LD) $(CXX) $(link:$(CC)%=%) -o $@ $^

-include $(OBJS:.o=.d)
.PHONY: all install install-files uninstall clean FORCE
FORCE:
.SECONDARY: $(OBJS)
