# library.mk - libmqspool: archive, shared library, pkg-config file; part of the Makefile
#
# ABI is the number in the soname.  It changes when programs have to be built anew, which
# tests/lint/abi notices: it holds the library against lib/libmqspool.abi, which
#
#	make abi		renews; with gcc, Debian 12's abidw and default CFLAGS
ABI	= 1
SONAME	= libmqspool.so.$(ABI)
SHLIB	= $(B)/$(SONAME)
# One set of objects for both.  A call within the library goes to the library, whatever a
# program defines: so the tools lose nothing by code that can be anywhere.
PIC	= -fPIC -fno-semantic-interposition
$(LIB): private PLACED = $(PIC)
# What the shared library and programs linked to the archive need; libc as in LIBS.
NEEDED	:= $(call pkg,lmdb,--libs,-llmdb) $(call pkg,jansson,--libs,-ljansson) -lc $(call pkg,libbsd,--libs,-lbsd)
PRIVATE	:= -pthread $(call pkg,lmdb,--static --libs,-llmdb) $(call pkg,jansson,--static --libs,-ljansson) \
	   $(call pkg,libbsd,--static --libs,-lbsd -lmd)

library: $(B)/libmqspool.a $(SHLIB)
$(B)/libmqspool.a: $(LIB)
# Programs see the functions that the header declares, and no others.
$(B)/libmqspool.map: lib/mqspool.h lib/library.mk
	$(call say,MAP) { echo 'MQSPOOL_$(ABI) {'; echo 'global:'; \
	    sed -nE '/^typedef/d; s/^[a-z].*[	 *](mqs_[a-z0-9_]+)\(.*/	\1;/p' $<; \
	    echo 'local:'; echo '	*;'; echo '};'; } >$@
$(SHLIB): $(LIB) $(B)/libmqspool.map
	$(call say,LD) $(filter-out -pie,$(link)) -shared $(if $(SAN),,-Wl,-z,defs) -Wl,-soname,$(SONAME) \
	    -Wl,--version-script=$(B)/libmqspool.map -o $@ $(LIB) $(NEEDED)
abi: $(SHLIB)
	tests/lint/abi --renew $(B)

# Where engines and the checker are is known to one file each: another PREFIX rebuilds only these.
$(B)/dirs: FORCE
	$(call keep,$(LIBDIR) $(LIBEXECDIR))
FOUND	= $(B)/lib/engine/find.o $(B)/lib/embedded/schema_process.o
$(FOUND): $(B)/dirs
$(FOUND): DEFINE = -DMQ_LIBDIR='"$(LIBDIR)"' -DMQ_LIBEXECDIR='"$(LIBEXECDIR)"'

PKGCONFIGDIR ?= $(LIBDIR)/pkgconfig
INCLUDEDIR ?= $(PREFIX)/include
install-library:
	$(INSTALL) -d $(DESTDIR)$(LIBDIR) $(DESTDIR)$(PKGCONFIGDIR) $(DESTDIR)$(INCLUDEDIR)
	$(INSTALL) -m 644 $(B)/libmqspool.a $(SHLIB) $(DESTDIR)$(LIBDIR)
	ln -sf $(SONAME) $(DESTDIR)$(LIBDIR)/libmqspool.so
	$(INSTALL) -m 644 lib/mqspool.h $(DESTDIR)$(INCLUDEDIR)
	sed -e 's|@PREFIX@|$(PREFIX)|; s|@LIBDIR@|$(LIBDIR)|; s|@INCLUDEDIR@|$(INCLUDEDIR)|' \
	    -e 's|@VERSION@|$(VERSION)|; s|@PRIVATE@|$(strip $(PRIVATE))|' \
	    lib/mqspool.pc.in >$(DESTDIR)$(PKGCONFIGDIR)/mqspool.pc
uninstall-library:
	rm -f $(addprefix $(DESTDIR)$(LIBDIR)/,libmqspool.a $(SONAME) libmqspool.so) \
	    $(DESTDIR)$(INCLUDEDIR)/mqspool.h $(DESTDIR)$(PKGCONFIGDIR)/mqspool.pc
.PHONY: library abi install-library uninstall-library
