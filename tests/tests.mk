# tests.mk - what tests, benchmarks and fuzzers are built from, and how they are run; part
# of the Makefile
FUZZ_SECONDS ?= 30
# Tests of an engine that is left out are left out, too.
UNIT	= $(filter-out $(if $(AMQP),,$(B)/unit/test_amqp_%),$(patsubst tests/unit/%.c,$(B)/unit/%,$(wildcard tests/unit/test_*.c)))
TORTURE	= $(patsubst %,$(B)/torture/%,publish keep handle worker verify)
BENCH	= $(B)/bench/floors
# An engine is a folder of its own, since its name is the scheme's.
ENGINES	= $(patsubst tests/engines/%/,$(B)/engines/%/kafka.so,$(wildcard tests/engines/*/))
FUZZ	= $(filter-out $(if $(AMQP),,$(B)/fuzz/fuzz_amqp_%),$(patsubst tests/fuzz/%.c,$(B)/fuzz/%,$(wildcard tests/fuzz/fuzz_*.c)))
TESTED	= $(UNIT) $(TORTURE) $(BENCH)
# What the programs of tests/torture have in common.
TORTURED = $(filter-out $(TORTURE:$(B)/%=$(B)/tests/%.o),$(patsubst %.c,$(B)/%.o,$(wildcard tests/torture/*.c)))
OBJS	+= $(TESTED:$(B)/%=$(B)/tests/%.o) $(TORTURED)

# What tests of clusters need beside what all tests do.
CLUSTERED = rabbitmq-server librabbitmq-dev libcurl4-openssl-dev amqp-tools python3-pika openssl time valgrind

unit: $(UNIT) $(TORTURE) $(ENGINES)
tests: all unit
fuzzers: $(FUZZ)

# A make of our own in the middle of a recipe, on all processors unless -j was given.
again	= $(MAKE) --no-print-directory $(if $(findstring jobserver,$(MAKEFLAGS)),,-j$(JOBS))
# These need more than building does: packages are installed first, if any is missing.
check demo asan lint bench: setup
setup:; @tests/setup
check:; @$(again) tests && tests/run $(B) $(TESTS)
# Everything that also runs on a cluster of three nodes of RabbitMQ, and what only that has.
check-clusters:; @tests/setup $(CLUSTERED) && $(again) tests && tests/amqp/run $(B)
bench-clusters:; @tests/setup $(CLUSTERED) && $(again) all && tests/bench/clusters $(BENCHFLAGS) $(B)
demo:; @$(again) all && PATH="$(abspath $(B))/bin:$$PATH" tests/demo.sh
asan:; @$(again) VARIANT=asan B=build/asan tests
lint:; @$(again) all && tests/lint/all $(B)
bench:; @$(again) all $(BENCH) && tests/bench/run $(BENCHFLAGS) $(B)/bin
fuzz:; @tests/setup clang && $(again) VARIANT=fuzz B=build/fuzz fuzzers && \
	tests/fuzz/run build/fuzz $(FUZZ_SECONDS)
pictures: all; @tests/pictures/run $(B)
fresh:; @tests/setup debootstrap git && tests/fresh -a $(RELEASES)

$(TESTED): $(B)/%: $(B)/tests/%.o
$(TORTURE): $(TORTURED)
$(B)/unit/test_prefetch $(B)/unit/test_pace: $(B)/cmd/sub/prefetch.o $(B)/cmd/replay/pace.o
$(B)/unit/test_prometheus $(B)/unit/test_http_request $(B)/unit/test_html $(B)/unit/test_page $(B)/fuzz/fuzz_http $(B)/fuzz/fuzz_page_query: $(call objects,cmd/stat)

OF_AMQP	= $(filter $(B)/unit/test_amqp_% $(B)/fuzz/fuzz_amqp_%,$(UNIT) $(FUZZ))
$(OF_AMQP): $(AMQP_OBJS)
$(OF_AMQP): LIBS += $(AMQP_LIBS)

$(foreach engine,$(ENGINES),$(eval $(engine): $(wildcard $(engine:$(B)/%/kafka.so=tests/%/*.[ch]))))
# The engine that records, with another table.
$(B)/engines/incapable/kafka.so: $(filter-out %/table.c,$(wildcard tests/engines/record/*.[ch]))
$(B)/engines/holding/kafka.so: $(wildcard $(patsubst %,tests/engines/record/%.[ch],look record spool))
$(ENGINES): $(B)/libmqspool.a $(B)/flags
	$(call say,LD) $(compile) -Itests/engines -fPIC -shared -Wl,--as-needed -Wl,--exclude-libs,ALL -o $@ \
	    $(filter %.c,$^) $(B)/libmqspool.a $(LIBS)
$(B)/fuzz/%: tests/fuzz/%.c $(B)/libcmd.a $(B)/libmqspool.a
	$(call say,CC) $(compile) -fsanitize=fuzzer -MMD -MP -o $@ $< $(filter %.o,$^) $(filter %.a,$^) $(LIBS)

-include $(FUZZ:=.d)
.PHONY: unit tests setup check check-clusters bench-clusters demo pictures asan lint bench fuzz fresh fuzzers
