# SPDX-License-Identifier: GPL-2.0-only
# One Makefile for all of it. Everything generated goes to $(BUILD); V=1 shows the commands.
# CFLAGS, LDFLAGS, CC, CLANG, BPFTOOL, PREFIX, DESTDIR are the user's.
VERSION    := 0.1.0
BUILD      ?= build
PREFIX     ?= /usr/local
BINDIR     ?= $(PREFIX)/bin
SBINDIR    ?= $(PREFIX)/sbin
MANDIR     ?= $(PREFIX)/share/man
DATADIR    ?= $(PREFIX)/share/vxconsole
COMPDIR    ?= $(PREFIX)/share/bash-completion/completions
UNITDIR    ?= $(PREFIX)/lib/systemd/system
SYSCONFDIR ?= /etc
CLANG      ?= clang
CFLAGS     ?= -O2 -g
override BUILD := $(patsubst $(CURDIR)/%,%,$(BUILD))
Q := $(if $(V),,@)
say = $(if $(V),:,printf '  %-5s %s\n' $(1) $(2))

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.SUFFIXES:
.SECONDARY:
.PHONY: help all tests deps test check check-root test-kernels soak asan tsan fuzz fuzzers bench demo fmt \
	check-fmt lint docs install uninstall clean FORCE

# Under sudo the real work is a second make; what it leaves in build/ is then given to the user, also
# after a failure or Ctrl-C.
ifeq ($(shell id -u):$(if $(filter-out 0,$(SUDO_UID)),sudo):$(VX_OWNED),0:sudo:)
GOALS := $(or $(MAKECMDGOALS),all)
.PHONY: $(GOALS) as-root
$(GOALS): as-root ;
as-root:
	@trap : INT TERM HUP; $(MAKE) --no-print-directory VX_OWNED=1 $(GOALS); rc=$$?; \
	for d in build $(BUILD); do [ ! -d $$d ] || chown -Rh $(SUDO_UID):$(SUDO_GID) $$d; done; exit $$rc
else

help: ## this list
	@sed -n 's/^\([a-z-]*\):[^#]*## /\1\t/p' Makefile | expand -t 16
	@echo "Variables: V=1 BUILD=dir CC= CLANG= CFLAGS= BPFTOOL= LIBXDP=0 PREFIX= DESTDIR="

# What the machine must have is looked at before anything is compiled, but not for goals that need
# nothing or that install it first.
EASY := help clean deps test test-kernels demo soak bench fuzz fmt check-fmt lint docs uninstall
ifneq ($(filter-out $(EASY),$(or $(MAKECMDGOALS),all)),)
need := build $(if $(filter tests check check-root asan tsan,$(MAKECMDGOALS)),test)
ifneq ($(shell CC='$(CC)' CLANG='$(CLANG)' BPFTOOL='$(BPFTOOL)' tests/tools/deps.sh check $(need) && echo ok),ok)
$(error vxconsole cannot be built here yet)
endif
BPFTOOL := $(shell BPFTOOL='$(BPFTOOL)' tests/tools/deps.sh bpftool)
endif

LIBXDP ?= $(shell pkg-config --exists libxdp 2>/dev/null && echo 1 || echo 0)
PKGS   := libbpf libelf zlib libmnl libcjson ncursesw readline
fault  := $(if $(FAULT),-DVX_FAULT_$(FAULT))
san    := $(if $(SAN),-fsanitize=$(SAN) -fno-sanitize-recover=all -fno-omit-frame-pointer)
WARN   := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wformat=2 \
	  -Wconversion $(if $(CI),-Werror)
INC    := -Ibpf -Iinjector -Iconsole -Itests/lab -Itests/unit -I$(BUILD)
ALL_CFLAGS := -std=gnu11 -D_GNU_SOURCE= -DVX_VERSION='"$(VERSION)"' $(INC) $(WARN) -pthread \
	  $(shell pkg-config --cflags $(PKGS) 2>/dev/null) $(if $(filter 1,$(LIBXDP)),-DVX_LIBXDP) $(san) $(CFLAGS)
ALL_LDFLAGS := -pthread $(san) $(LDFLAGS)
XDP_LIBS := $(if $(filter 1,$(LIBXDP)),-lxdp -lbpf)
LIBS   := $(XDP_LIBS) $(shell pkg-config --libs $(PKGS) 2>/dev/null) -lm
# The target bpf has no system directories of its own; the host compiler knows this machine's.
BPF_SYS = $(shell $(CLANG) -v -E - </dev/null 2>&1 | \
	  sed -n '/<...> search starts here:/,/End of search list./s| \(/.*\)|-idirafter \1|p')
BPF_CFLAGS = -target bpf -mcpu=v3 -O2 -g -Wall -Wextra $(if $(CI),-Werror) $(fault) -Ibpf $(BPF_SYS)

obj    = $(patsubst %.c,$(BUILD)/obj/%.o,$(1))
SKELS := $(patsubst bpf/%.bpf.c,$(BUILD)/%.skel.h,$(wildcard bpf/*.bpf.c))
INJ   := $(wildcard injector/*.c)
CON   := $(sort $(shell find console -name '*.c'))
LAB   := $(filter-out tests/lab/vxgen.c,$(wildcard tests/lab/*.c))
WIRE  := console/engine/model/parse.c console/engine/model/sum.c
PROG  := $(wildcard tests/prog/*.c)
UNIT  := $(wildcard tests/unit/test_*.c)
UHELP := $(filter-out $(UNIT),$(wildcard tests/unit/*.c))
FUZZ  := $(patsubst tests/fuzz/%.c,$(BUILD)/%,$(wildcard tests/fuzz/fuzz_*.c))
UNITS := $(patsubst tests/unit/%.c,$(BUILD)/unit/%,$(UNIT))
INJ_UNITS := $(patsubst tests/unit/%.c,$(BUILD)/unit/%,$(shell grep -lE '"inj(_int)?\.h"' $(UNIT) /dev/null))
BINS  := $(BUILD)/vxconsole $(BUILD)/vxgen
BENCHES := $(addprefix $(BUILD)/,bench_inj bench_floor min_ring min.bpf.o min_ring.bpf.o)
C_FILES = $(shell find bpf injector console tests -name '*.[ch]')

all: $(BINS) ## build vxconsole and vxgen
tests: all $(UNITS) $(BENCHES) $(BUILD)/vxprog ## build, with the test programs

# Rebuilds everything when the flags change, and nothing when they do not, nor where a build is copied to.
built_by = $(subst ','\'',$(CC) $(subst -I$(BUILD),,$(ALL_CFLAGS)) $(CLANG))
$(BUILD)/flags: FORCE
	@mkdir -p $(BUILD)
	@echo '$(built_by)' | cmp -s - $@ || echo '$(built_by)' >$@
# A build that loses packets (a test must find out): FAULT is known only where there is one to build in.
FAULTY := $(BUILD)/vx.bpf.o $(call obj,injector/ring.c $(wildcard injector/egress_*.c))
$(BUILD)/fault.flags: FORCE
	@mkdir -p $(BUILD)
	@echo '$(fault)' | cmp -s - $@ || echo '$(fault)' >$@
$(FAULTY): $(BUILD)/fault.flags
$(FAULTY): ALL_CFLAGS += $(fault)
$(call obj,$(wildcard console/engine/dp/*.c)): $(SKELS)

$(BUILD)/%.bpf.o: bpf/%.bpf.c $(BUILD)/flags
	@$(call say,BPF,$@); mkdir -p $(@D)
	$(Q)$(CLANG) $(BPF_CFLAGS) -MMD -MP -MT $@ -MF $(@:.o=.d) -c $< -o $@

$(BUILD)/min.bpf.o $(BUILD)/min_ring.bpf.o: $(BUILD)/%.bpf.o: tests/bench/%.bpf.c $(BUILD)/flags
	@$(call say,BPF,$@)
	$(Q)$(CLANG) $(BPF_CFLAGS) -MMD -MP -MT $@ -MF $(@:.o=.d) -c $< -o $@

$(BUILD)/%.skel.h: $(BUILD)/%.bpf.o
	@$(call say,SKEL,$@)
	$(Q)(echo '#pragma GCC system_header'; $(BPFTOOL) gen skeleton $< name $*) >$@

$(BUILD)/obj/%.o: %.c $(BUILD)/flags | $(SKELS)
	@$(call say,CC,$<); mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) -MMD -MP -c $< -o $@

archive = $(Q)rm -f $@ && $(AR) rcs $@ $(filter %.o,$^)
$(BUILD)/libinj.a: $(call obj,$(INJ))
	$(archive)
$(BUILD)/libvx.a: $(filter-out $(call obj,console/main.c),$(call obj,$(CON)))
	$(archive)
$(BUILD)/liblab.a: $(call obj,$(LAB))
	$(archive)
$(BUILD)/libunit.a: $(call obj,$(UHELP))
	$(archive)
VX_LIBS := $(BUILD)/libvx.a $(BUILD)/libinj.a

link = @$(call say,LD,$@); mkdir -p $(@D); $(if $(V),set -x;) $(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) \
	$(filter %.o,$^) -Wl,--start-group $(filter %.a,$^) -Wl,--end-group
$(BUILD)/vxconsole: $(call obj,console/main.c) $(VX_LIBS)
	$(link) $(LIBS) -o $@
$(BUILD)/vxgen: $(call obj,tests/lab/vxgen.c injector/vx_err.c injector/xtx.c $(WIRE)) $(BUILD)/liblab.a
	$(link) $(XDP_LIBS) -lm -o $@
$(BUILD)/vxprog: $(call obj,$(PROG)) $(VX_LIBS)
	$(link) $(LIBS) -o $@
$(UNITS): $(BUILD)/unit/%: $(BUILD)/obj/tests/unit/%.o $(BUILD)/libunit.a $(BUILD)/liblab.a $(VX_LIBS)
	$(link) -lcmocka $(LIBS) -o $@
$(FUZZ): $(BUILD)/%: $(BUILD)/obj/tests/fuzz/%.o $(VX_LIBS)
	$(link) -fsanitize=fuzzer $(LIBS) -o $@
$(BUILD)/bench_inj: $(BUILD)/obj/tests/bench/bench_inj.o $(BUILD)/libunit.a $(VX_LIBS)
	$(link) $(LIBS) -o $@
$(BUILD)/bench_floor: $(BUILD)/obj/tests/bench/floor.o
	$(link) -o $@
$(BUILD)/min_ring: $(BUILD)/obj/tests/bench/min_ring.o $(BUILD)/libinj.a
	$(link) $(LIBS) -o $@
fuzzers: $(FUZZ)

-include $(wildcard $(BUILD)/*.d) $(shell find $(BUILD)/obj -name '*.d' 2>/dev/null)

# $(sub) is make again, once the set-up has made it possible.
sub = $(MAKE) --no-print-directory $(if $(filter -j%,$(MAKEFLAGS)),,-j$(shell nproc))
deps: ## install what building and testing needs (apt or dnf; root)
	@CC='$(CC)' CLANG='$(CLANG)' tests/tools/deps.sh install build test
test: deps ## all set-up, build, then every test (root)
	@+$(sub) tests
	@BUILD=$(BUILD) tests/run tools unit prog netns tui
check: tests ## tests that need no root
	@BUILD=$(BUILD) tests/run tools unit
check-root: tests ## tests that need root
	@BUILD=$(BUILD) tests/run prog netns tui
test-kernels: deps ## load, attach, prog, kill and a short run on other kernels under qemu (root)
	@tests/tools/deps.sh install kernels
	@+$(sub) tests
	@BUILD=$(BUILD) tests/kernels/run
soak: deps ## minutes at 85,000 packets/s and more: no loss, no false cause, undo of a shift (root)
	@+$(sub) tests
	@BUILD=$(BUILD) tests/run soak
asan: ## unit and (root) netns tests under the address and undefined behaviour sanitizers
	@+$(sub) BUILD=$(BUILD)/asan SAN=address,undefined tests
	@BUILD=$(BUILD)/asan tests/run unit $(if $(filter 0,$(shell id -u)),netns)
tsan: ## the injector's unit tests under the thread sanitizer
	@+$(sub) BUILD=$(BUILD)/tsan SAN=thread $(patsubst $(BUILD)/%,$(BUILD)/tsan/%,$(INJ_UNITS))
	@BUILD=$(BUILD)/tsan tests/run $(patsubst $(BUILD)/%,%,$(INJ_UNITS))
fuzz: ## FUZZ_SECONDS (60) of each fuzz target (clang with compiler-rt)
	@+$(sub) BUILD=$(BUILD)/fuzz CC='$(CLANG)' SAN=fuzzer-no-link,address,undefined fuzzers
	@for f in $(FUZZ:$(BUILD)/%=$(BUILD)/fuzz/%); do echo $$f; mkdir -p $$f.corpus; $$f -verbosity=0 \
		-max_total_time=$${FUZZ_SECONDS:-60} -artifact_prefix=$$f. $$f.corpus tests/unit/data share || exit; done
bench: deps ## rates, latency and cost a packet, ours and others' (root; about 30 min; FULL=1: all cases)
	@+$(sub) all $(BENCHES)
	@$(BUILD)/bench_inj
	@BUILD=$(BUILD) tests/bench/bench.py $(if $(filter 1,$(FULL)),--full) $(BENCH)
demo: ## set-up, build, and the console on a lab with traffic (root); HEADLESS=1: 30 s without a screen
	@tests/tools/deps.sh install build lab
	@+$(sub) all
	@BUILD=$(BUILD) tests/lab/demo.sh

fmt: ## format the C sources
	clang-format -i $(C_FILES)
check-fmt: ## are they formatted?
	@clang-format --dry-run --Werror $(C_FILES)
lint: ## cppcheck, shellcheck
	cppcheck -q --std=c11 --enable=warning,portability --suppress=uninitvar --suppress=memleak \
		--error-exitcode=1 '-DLIBBPF_OPTS(t,n,...)=struct t n = { 0 }' -Ibpf -Iinjector -Iconsole injector console tests/lab
	shellcheck -S warning -e SC2034 $$(grep -lrE '^#!/bin/(ba)?sh' tests .ci)
docs: ## bring the marked blocks of the manual up to date
	@tests/tools/docs.py --write

# Installs; the files in /etc are the user's once they are there.
ETC := $(DESTDIR)$(SYSCONFDIR)/vxconsole
SAMPLES := vxconsole.conf allowlist.json
# sudo has a PATH of its own (secure_path), which "sudo -V" tells root, and which may lack SBINDIR.
how_to_start = p=$$(LC_ALL=C sudo -V 2>/dev/null | sed -n "s/^Value to override user's .PATH with: //p"); \
	case ":$${p:-$$PATH}:" in *:$(SBINDIR):*) vx=vxconsole ;; *) vx=$(SBINDIR)/vxconsole ;; esac; \
	echo "Installed. To start: $$(! command -v sudo >/dev/null || echo 'sudo ')$$vx ens5 ens6"
install: all ## PREFIX= DESTDIR=
	install -D -m 755 $(BUILD)/vxconsole $(DESTDIR)$(SBINDIR)/vxconsole
	install -D -m 755 $(BUILD)/vxgen $(DESTDIR)$(BINDIR)/vxgen
	install -D -m 644 -t $(DESTDIR)$(MANDIR)/man8 $(wildcard man/*.8)
	install -D -m 644 -t $(DESTDIR)$(MANDIR)/man5 $(wildcard man/*.5)
	install -D -m 644 -t $(DESTDIR)$(DATADIR) $(SAMPLES:%=share/%)
	install -D -m 644 -t $(DESTDIR)$(COMPDIR) share/completion/vxconsole
	install -d $(DESTDIR)$(UNITDIR)
	sed 's|@SBINDIR@|$(SBINDIR)|; s|@SYSCONFDIR@|$(SYSCONFDIR)|g' share/vxconsole.service \
		>$(DESTDIR)$(UNITDIR)/vxconsole.service
	for f in $(SAMPLES); do [ -e $(ETC)/$$f ] || install -D -m 644 share/$$f $(ETC)/$$f; done
	@$(if $(DESTDIR),,$(how_to_start))
uninstall: ## removes what install put there; edited files in /etc stay
	rm -f $(DESTDIR)$(SBINDIR)/vxconsole $(DESTDIR)$(BINDIR)/vxgen $(DESTDIR)$(UNITDIR)/vxconsole.service \
		$(DESTDIR)$(COMPDIR)/vxconsole
	rm -f $(foreach m,$(notdir $(wildcard man/*.[58])),$(DESTDIR)$(MANDIR)/man$(patsubst .%,%,$(suffix $(m)))/$(m))
	rm -f $(SAMPLES:%=$(DESTDIR)$(DATADIR)/%)
	for f in $(SAMPLES); do ! cmp -s share/$$f $(ETC)/$$f || rm -f $(ETC)/$$f; done
	-rmdir $(DESTDIR)$(DATADIR) $(ETC) 2>/dev/null
clean: ## remove build/
	rm -rf $(BUILD)
endif
