# packages.mk - the tarball and Debian's packages; part of the Makefile
#
# Both are made of what HEAD has, whatever else lies in the tree.  The tarball has the same
# bytes whoever makes it, with whatever settings of git and gzip, and when.
archive_head = env GIT_ATTR_NOSYSTEM=1 git -c safe.directory='*' -c core.autocrlf=false -c core.eol=lf \
    -c tar.umask=0002 -c core.attributesFile=/dev/null archive --format=tar --prefix=mq-$(VERSION)/ HEAD
DIST	= build/dist/mq-$(VERSION).tar.gz
dist:
	@mkdir -p $(dir $(DIST))
	@rm -f $(DIST)
	$(archive_head) >$(DIST).tar
	env -u GZIP gzip -9n <$(DIST).tar >$(DIST).new
	@rm $(DIST).tar && mv $(DIST).new $(DIST)

# Built in a directory outside of the tree, which stays as it is; as any user.
deb:
	@tests/setup debhelper dpkg-dev git
	@rm -rf build/deb && mkdir -p build/deb && work=$$(mktemp -d) && trap 'rm -rf "$$work"' EXIT && \
	$(archive_head) >"$$work/tar" && tar -C "$$work" -xf "$$work/tar" && \
	(cd "$$work/mq-$(VERSION)" && env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL -u CC -u CXX \
	    dpkg-buildpackage -us -uc -j$(JOBS)) >build/deb/log 2>&1 || { tail -n 40 build/deb/log; exit 1; }; \
	for file in "$$work"/*.*; do [ -d "$$file" ] || cp "$$file" build/deb || exit; done; ls build/deb

check-packages:
	@tests/setup debhelper dpkg-dev lintian debootstrap git wget && { tests/packages || \
	    { [ $$? = 77 ] && echo "0 passed, 0 failed, 1 skipped"; }; }
.PHONY: dist deb check-packages
