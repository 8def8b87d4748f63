# make             the release build: .build/release/temper and the plugins beside it
# make test        all tests, in a release build of their own
# make quickstart  install, build, and watch the embedded model get better
# make bench       temper against PyTorch on models of random weights: speed and memory
# make install     into PREFIX (/usr/local), with the Swift runtime, so that no toolchain is needed,
#                  and with the SDK for plugins
# make format      rewrite the Swift sources in the house's style; make lint only looks
SHELL := bash
.SHELLFLAGS := -o pipefail -c
.DEFAULT_GOAL := build

PREFIX ?= /usr/local
CONFIGURATION := -c release --explicit-target-dependency-import-check error
# Swift links with gold where it can; a distribution without it has lld from the toolchain.
ifeq ($(shell command -v ld.gold),)
CONFIGURATION += -Xswiftc -use-ld=lld
endif

.PHONY: build test quickstart bench install format lint clean

build:
	@swift build $(CONFIGURATION)

# Failures, skips and the closing line reach the terminal; .build/tests.log has the rest.
# After a crash the backtracer can hang for minutes, so it stays off. One test at a time: some
# switch the instruction set or the number of threads, which the whole process shares.
test:
	@mkdir -p .build
	@SWIFT_BACKTRACE=enable=no swift test $(CONFIGURATION) -Xswiftc -enable-testing \
	  --disable-xctest --no-parallel --scratch-path .build/tests 2>&1 | tee .build/tests.log | \
	  awk '/Test run with|^✘|^➜|error:|warning:/ { print; fflush() }'

quickstart:
	@bash .ci/install
	@$(MAKE) --no-print-directory build
	@bash evals/quickstart.sh

# BENCH="--repeats 5 --shape llama-15m" reaches `temper bench`.
bench: build
	@bash evals/bench/bench.sh $(BENCH)

# bin/temper and lib/temper find each other by relative paths, so the tree can be moved whole.
INSTALL_SCRATCH := .build/install
RUNTIME = $(shell swift -print-target-info | sed -n '/"runtimeLibraryPaths"/{n;s/.*"\(.*\)".*/\1/p}')
install:
	@swift build $(CONFIGURATION) --scratch-path $(INSTALL_SCRATCH) \
	  --disable-local-rpath -Xswiftc -no-toolchain-stdlib-rpath \
	  -Xlinker -rpath -Xlinker '$$ORIGIN/../lib/temper/swift' \
	  -Xlinker -rpath -Xlinker '$$ORIGIN/../swift'
	@install -d $(DESTDIR)$(PREFIX)/{bin,include,lib/temper/plugins,lib/temper/swift}
	@install $(INSTALL_SCRATCH)/release/temper $(DESTDIR)$(PREFIX)/bin
	@cd evals && for file in */suite.yaml templates/*.yaml; do \
	  install -D -m 644 $$file $(DESTDIR)$(PREFIX)/share/temper/evals/$$file || exit 1; \
	done
	@install -m 644 Sources/CPluginABI/include/temper_plugin.h $(DESTDIR)$(PREFIX)/include
	@cd plugins/sdk && find -L . -type f -not -path '*/.build/*' -not -name '*.so' -not -name test | \
	  while read -r file; do \
	    install -D -m 644 "$$file" "$(DESTDIR)$(PREFIX)/share/temper/sdk/$$file" || exit 1; \
	  done
	@for plugin in plugins/*/*/; do \
	  kind=$$(basename $$(dirname $$plugin)); name=$$(basename $$plugin); \
	  library=lib$${kind%s}_$${name//-/_}.so; \
	  install $(INSTALL_SCRATCH)/release/$$library $(DESTDIR)$(PREFIX)/lib/temper/plugins || exit 1; \
	done
	@LD_LIBRARY_PATH=$(RUNTIME) ldd $(DESTDIR)$(PREFIX)/bin/temper \
	  $(DESTDIR)$(PREFIX)/lib/temper/plugins/*.so | \
	  awk '$$3 ~ /^\// && index($$3, "$(RUNTIME)/") == 1 { print $$3 }' | sort -u | \
	  xargs -I{} install -m 644 {} $(DESTDIR)$(PREFIX)/lib/temper/swift
	@echo "temper is in $(DESTDIR)$(PREFIX)/bin"

FORMATTED := Package.swift Sources Tests plugins
format:
	@swift format -i -r $(FORMATTED)

lint:
	@swift format lint --strict -r $(FORMATTED)

clean:
	@rm -rf .build
