# amqp.mk - the engine for RabbitMQ clusters; part of the Makefile
#
# MQ_ENGINES=$(B)/engines/mq names it to the tools of a build.  It has a copy of its own of what
# engines use of the library, and exports one symbol, its table.  Without librabbitmq or libcurl's
# headers it is left out, and everything else is built.  libcurl is loaded when it is needed.
AMQP	:= $(shell $(PKG_CONFIG) --exists librabbitmq libcurl jansson 2>/dev/null && echo lib/amqp)
ENGINE.amqp = $(if $(AMQP),$(B)/engines/mq/amqp.so)
AMQP_OBJS = $(if $(AMQP),$(call objects,lib/amqp))
$(AMQP_OBJS): private PLACED = $(PIC)
AMQP_LIBS := $(if $(AMQP),$(call pkg,librabbitmq,--libs,-lrabbitmq))
OBJS	+= $(AMQP_OBJS)

# What of the library an engine may use: see lib/engine/engine.h.
SHARED_BY_ENGINES = $(call objects,lib/base) $(call objects,lib/message) \
	$(filter-out $(B)/lib/engine/dispatch% $(B)/lib/engine/find.o,$(call objects,lib/engine))
ENGINE_NEEDED := $(call pkg,jansson,--libs,-ljansson) -lc $(call pkg,libbsd,--libs,-lbsd)

engine-amqp: $(ENGINE.amqp)
	$(if $(AMQP),,@echo 'amqp.so, the engine for RabbitMQ, is left out: there is no librabbitmq (librabbitmq-dev) or libcurl (libcurl4-openssl-dev)')
$(B)/engines/engine.map: lib/amqp/amqp.mk
	$(call say,MAP) echo '{ global: mqs_engine_table; local: *; };' >$@
$(B)/engines/mq/amqp.so: $(AMQP_OBJS) $(SHARED_BY_ENGINES) $(B)/engines/engine.map
	$(call say,LD) $(filter-out -pie,$(link)) -shared $(if $(SAN),,-Wl,-z,defs) \
	    -Wl,--version-script=$(B)/engines/engine.map -o $@ $(filter %.o,$^) $(AMQP_LIBS) $(ENGINE_NEEDED)

install-engine-amqp: $(ENGINE.amqp)
	$(if $(AMQP),$(INSTALL) -d $(DESTDIR)$(LIBDIR)/mq && \
	    $(INSTALL) -m 644 $(ENGINE.amqp) $(DESTDIR)$(LIBDIR)/mq)
uninstall-engine-amqp:
	rm -f $(DESTDIR)$(LIBDIR)/mq/amqp.so
.PHONY: engine-amqp install-engine-amqp uninstall-engine-amqp
