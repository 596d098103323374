# SPDX-License-Identifier: GPL-2.0
#
# anygate: make help

KVER   ?=
KDIR   ?=
PREFIX ?= /usr/local
DESTDIR ?=
SBINDIR ?= $(PREFIX)/sbin
LIBEXECDIR ?= $(PREFIX)/libexec/anygate
DOCDIR ?= $(PREFIX)/share/doc/anygatectl
EXAMPLEDIR ?= $(DOCDIR)/examples
SYSCONFDIR ?= /etc
UNITDIR ?= $(PREFIX)/lib/systemd/system
DEBDIR ?= debs

VERSION := $(shell sed -n 's/^VERSION := //p' helper/Makefile)
units := anygate.service anygate@.service anygate-metrics.service \
	 anygate-metrics.timer
examples := $(wildcard helper/systemd/examples/*)
# The pages and the recipes; figures and raw data of benchmarks are in the source.
docs := $(patsubst Documentation/%,%,$(wildcard Documentation/*.md Documentation/*.svg) \
	$(sort $(shell find Documentation/recipes -type f)))
# Where what they point to is then.
moved := -e 's|\.\./helper/systemd/examples/|examples/|g; s|\(examples/[^) ]*\)\.in)|\1)|g' \
	 -e 's|!*\[\([^]]*\)\](\(bench/[^)]*\))|\1 (in the source: \2)|g'

# Variables that narrow check, demo and bench; the scripts know their defaults.
export KERNELS RELEASES TESTS JOBS BRIEF V ANYGATE_CACHE ANYGATE_OUT
export PEERS ROUTING KILLS SERVER MEMORY ACCEL

vm := selftests/vm

# The running kernel's headers, else the newest there are: a build machine's own
# kernel is rarely the one that the module is for.
running := $(shell uname -r)
ifneq ($(KDIR),)
else ifneq ($(KVER),)
  KDIR := /lib/modules/$(KVER)/build
else ifneq ($(wildcard /lib/modules/$(running)/build/Makefile),)
  KDIR := /lib/modules/$(running)/build
else
  KDIR := $(patsubst %/Makefile,%,$(shell \
	    ls -d /lib/modules/*/build/Makefile 2>/dev/null | sort -V | tail -n 1))
  other := $(KDIR)
endif

release = $(shell cat $(KDIR)/include/config/kernel.release 2>/dev/null)
updates = $(DESTDIR)/lib/modules/$(release)/updates

.DEFAULT_GOAL := all
.PHONY: all module helper install install-module install-tools uninstall \
	uninstall-tools dist deb deps check check-install demo bench bench-plot \
	check-recipes check-trixie check-debug check-kmsan check-newest check-rt check-all \
	netlink netlink-check style clean help kdir

## Building

all: module helper ## the module and anygatectl

module: kdir ## kmod/anygate.ko, for the running kernel or KVER= or KDIR=
	$(MAKE) -C $(KDIR) M=$(CURDIR) modules

helper: ## helper/anygatectl
	$(MAKE) -C helper

# What kernel that is, or what to do when there is none.
kdir:
ifneq ($(other),)
	@echo "The running kernel, $(running), has no headers; building for $(other:/lib/modules/%/build=%)."
endif
	@[ -e "$(KDIR)/Makefile" ] || { \
		echo "No kernel headers$(if $(KDIR), in $(KDIR)): make deps, or KDIR=/path/to/headers"; \
		exit 1; } >&2

install: install-module install-tools ## install all (DESTDIR, PREFIX; the module into lib/modules/VERSION/updates)

install-module: module
	$(MAKE) -C $(KDIR) M=$(CURDIR) modules_install \
		INSTALL_MOD_PATH=$(DESTDIR) INSTALL_MOD_DIR=updates

# A configuration that is there is somebody's.
install-tools: ## anygatectl with all that belongs to it, but no module
	$(MAKE) -C helper install DESTDIR=$(DESTDIR) PREFIX=$(PREFIX)
	install -d $(DESTDIR)$(UNITDIR)
	for u in $(units); do \
		sed 's|@SBINDIR@|$(SBINDIR)|g' helper/systemd/$$u.in >$(DESTDIR)$(UNITDIR)/$$u && \
		chmod 644 $(DESTDIR)$(UNITDIR)/$$u || exit; \
	done
	install -D -m 755 helper/systemd/reload-module $(DESTDIR)$(LIBEXECDIR)/reload-module
	install -d $(DESTDIR)$(EXAMPLEDIR)
	for e in $(examples); do \
		to=$${e##*/}; to=$(DESTDIR)$(EXAMPLEDIR)/$${to%.in}; \
		sed 's|@SBINDIR@|$(SBINDIR)|g' $$e >$$to && \
		chmod $$([ -x $$e ] && echo 755 || echo 644) $$to || exit; \
	done
	for d in $(docs); do \
		install -D -m 644 Documentation/$$d $(DESTDIR)$(DOCDIR)/$$d || exit; \
	done
	sed -i $(moved) $(addprefix $(DESTDIR)$(DOCDIR)/,$(filter %.md,$(docs)))
	[ -e $(DESTDIR)$(SYSCONFDIR)/anygate/anygate.conf ] || \
		install -D -m 644 helper/etc/anygate.conf $(DESTDIR)$(SYSCONFDIR)/anygate/anygate.conf
	for p in rt_protos rt_addrprotos; do \
		install -D -m 644 helper/etc/$$p.conf \
			$(DESTDIR)$(SYSCONFDIR)/iproute2/$$p.d/anygate.conf || exit; \
	done

# kbuild keeps the directory below M=, and may pack what it installs.
uninstall: kdir uninstall-tools ## remove what install put there
	rm -f $(updates)/kmod/anygate.ko*
	-@rmdir $(updates)/kmod $(updates) 2>/dev/null
	$(if $(DESTDIR),,depmod $(release))

# An anygate.conf with gates in it is not ours to remove.
uninstall-tools:
	$(MAKE) -C helper uninstall DESTDIR=$(DESTDIR) PREFIX=$(PREFIX)
	rm -f $(units:%=$(DESTDIR)$(UNITDIR)/%) $(DESTDIR)$(LIBEXECDIR)/reload-module
	rm -f $(foreach e,$(examples),$(DESTDIR)$(EXAMPLEDIR)/$(patsubst %.in,%,$(notdir $(e))))
	rm -f $(addprefix $(DESTDIR)$(DOCDIR)/,$(docs))
	-@find $(DESTDIR)$(DOCDIR)/recipes -depth -type d -exec rmdir {} \; 2>/dev/null
	rm -f $(DESTDIR)$(SYSCONFDIR)/iproute2/rt_protos.d/anygate.conf \
		$(DESTDIR)$(SYSCONFDIR)/iproute2/rt_addrprotos.d/anygate.conf
	! cmp -s helper/etc/anygate.conf $(DESTDIR)$(SYSCONFDIR)/anygate/anygate.conf || \
		rm $(DESTDIR)$(SYSCONFDIR)/anygate/anygate.conf
	-@rmdir $(DESTDIR)$(SYSCONFDIR)/iproute2/rt_addrprotos.d \
		$(DESTDIR)$(SYSCONFDIR)/anygate $(DESTDIR)$(LIBEXECDIR) \
		$(DESTDIR)$(EXAMPLEDIR) $(DESTDIR)$(DOCDIR) 2>/dev/null

## Packing it

dist: ## anygate-VERSION.tar.gz, of what is committed; the same commit gives the same bytes
	git archive --format=tar --prefix=anygate-$(VERSION)/ HEAD | gzip -9n >anygate-$(VERSION).tar.gz
	@sha256sum anygate-$(VERSION).tar.gz

deb: ## Debian packages of what is committed, into DEBDIR (debs/)
	debian/build-packages $(DEBDIR)

## Trying it out

demo: ## a router, a name server and its address, in a virtual machine (KERNELS=6.12)
	@KERNELS="$${KERNELS:-6.12}" $(vm)/deps --ensure
	@$(MAKE) --no-print-directory -s helper
	@for k in $${KERNELS:-6.12}; do \
		$(vm)/run --kernel $$k --timeout 180 -- selftests/demo/demo || exit; \
	done

# More than what "help" says, HOSTILE_SECONDS= … among it: the head of selftests/vm/check.
check: ## unit tests, and the selftests in virtual machines (KERNELS="6.1 6.12 …", TESTS="glob …", V=1)
	@$(vm)/deps --ensure --with-tools
	@$(vm)/check

check-install: ## packages on Debian with systemd: install, boot, upgrade, remove (RELEASES="bookworm trixie", V=1)
	@$(vm)/deps --ensure --with-install
	@selftests/install/check

# In guests only: what runs on this machine has run in "check". On make's own command line,
# since KERNELS= on that of the caller would count more than the environment.
guests = $(MAKE) --no-print-directory check GUESTS_ONLY=y

check-debug: ## the selftests on a 6.12 with KASAN, lockdep, kmemleak … (built once, cached)
	@$(guests) KERNELS=6.12-debug

check-kmsan: ## some of them on a 6.12 that finds uninitialised memory being used or sent (clang)
	@$(guests) KERNELS=6.12-kmsan

check-newest: ## as check-debug, with the newest source that Debian has
	@$(guests) KERNELS=newest-debug

check-rt: ## the selftests on Debian's PREEMPT_RT 6.12
	@$(guests) KERNELS=6.12-rt

check-recipes: ## the recipes that "make check" does not run, with the daemons and servers that they need
	@$(vm)/deps --ensure --with-recipes
	@$(guests) RECIPES=y

check-trixie: ## the recipes with Debian 13's routing daemons and servers, BIRD 3 among them
	@$(vm)/deps --ensure --with-recipes
	@$(guests) KERNELS="$(or $(KERNELS),$(if $(ALL),6.1 6.12,6.12))" RELEASE=trixie RECIPES=y

check-all: export ALL := y
check-all: check check-recipes check-trixie check-install check-rt check-debug check-kmsan check-newest ## all of these, one after the other, every test on every kernel

# Minutes on the instruction clock; then, by the clock on the wall, hours: OSPF has
# to come to rest before each of fifty kills, and there are many to be compared.
BENCH ?= latency scale cost peers anycast
bench-latency := selftests/bench/run
bench-scale := selftests/bench/scale
bench-cost := selftests/bench/cost
bench-peers := selftests/bench/peers/run
bench-anycast := selftests/bench/peers/run anycast

bench: ## how fast, at what cost, beside others (BENCH="latency scale cost peers anycast", PEERS="anygate …", ROUTING="bird-ospf …", KILLS=50, ACCEL=kvm)
	@$(vm)/deps --ensure $(if $(filter-out latency scale cost,$(BENCH)),--with-bench)
	@$(MAKE) --no-print-directory -s helper
	@$(MAKE) --no-print-directory -s -C selftests
	$(foreach b,$(BENCH),$(or $(bench-$b),$(error no such benchmark: $b)) &&) true

bench-plot: ## draw what is kept in Documentation/bench/
	selftests/bench/plot

deps: ## install what building, testing and the demo need (Debian; as root or with sudo)
	@$(vm)/deps --with-tools

## Working on it

netlink: ## regenerate what comes from Documentation/netlink/specs/anygate.yaml
	Documentation/netlink/regen.sh $$($(vm)/kernel-tools)/tools/net/ynl

netlink-check: ## fail if what is checked in is not what it would regenerate
	Documentation/netlink/regen.sh $$($(vm)/kernel-tools)/tools/net/ynl check

style: ## checkpatch, W=1 and sparse over the module, clang-tidy over anygatectl, shellcheck, the manual pages
	selftests/style

clean: ## remove what was built here (what is cached for tests stays)
	$(if $(wildcard $(KDIR)/Makefile),$(MAKE) -C $(KDIR) M=$(CURDIR) clean)
	$(MAKE) -C helper clean
	$(MAKE) -C selftests clean

help: ## this
	@awk -F ':.*## ' ' \
		/^## /               { printf "\n%s\n", substr($$0, 4) } \
		/^[a-z-]+:.*## /     { printf "  %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
