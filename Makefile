# Two commands: `make demo` shows what this is, `make test` shows that it works. `make bench` shows how fast.
# Both install what is missing from Debian's packages first. LIBTORCH=/path takes another LibTorch.
# For those who change it: quick (the tests without the slow ones), lint, coverage, docs, sanitize, faults, fuzz, package.

BUILD ?= build
JOBS ?= $(shell nproc)
TARGET := all

TOOLS := cmake ninja-build g++ ccache mold pkg-config
LIBRARIES := $(if $(LIBTORCH),,libtorch-dev) libfmt-dev nlohmann-json3-dev libcli11-dev libgtest-dev zlib1g-dev libopenblas0-pthread
BROWSER := chromium
PYTHON := python3-torch python3-matplotlib
BENCHMARKS := libbenchmark-dev python3-torch octave

# Where `make peers` puts the wheels that `make bench` compares with.
export EBM_PEERS ?= $(HOME)/.cache/dualebm/peers

LINTERS := clang-format clang-tidy cppcheck

FUZZ_SECONDS ?= 600
# A warning is an error with the compiler and the LibTorch that all this is compiled with every day; others find others.
WERROR ?= $(if $(LIBTORCH),OFF,$(if $(filter 12,$(shell g++ -dumpversion 2>/dev/null || echo 12)),ON,OFF))

.PHONY: demo test quick bench peers build install package setup setup-tests setup-benchmarks lint format docs coverage \
        sanitize faults fuzz clean

demo install: TARGET = dualebm
demo: build
	@$(BUILD)/bin/dualebm compare apps/configs/demo.json --out runs/demo --force

test: setup-tests build
	@ctest --test-dir $(BUILD) --output-on-failure -j$(JOBS)

# All that is not labelled `slow`.
quick: setup-tests build
	@ctest --test-dir $(BUILD) --output-on-failure -j$(JOBS) -LE slow

build: setup
	@cmake --preset default -B $(BUILD) $(if $(LIBTORCH),-DLIBTORCH=$(LIBTORCH)) -DDUALEBM_WERROR=$(WERROR) \
	  --log-level=NOTICE >/dev/null
	@cmake --build $(BUILD) --parallel $(JOBS) --target $(TARGET)

# Kernels and trainers with their fraction of what the processor can do, growth with the sizes, and the same iteration
# in other frameworks; about ten minutes, results in runs/bench.
bench: TARGET = benchmarks
bench: setup-benchmarks build
	@sh tests/benchmarks/run.sh $(BUILD)/bin runs/bench

# PyTorch, JAX, torchebm and ebmkit of today for the comparison. Wheels are large; without them these rows are left out.
peers:
	@$(call install_missing,python3-venv)
	@python3 -m venv $(EBM_PEERS) && $(EBM_PEERS)/bin/pip install --quiet torch jax numpy torchebm ebmkit

# Headers, libraries, the program and a CMake package, for find_package(dualebm).
install: build
	@cmake --install $(BUILD) $(if $(PREFIX),--prefix $(PREFIX)) >/dev/null && echo "installed in $(or $(PREFIX),/usr/local)"

# dualebm_*.deb in build-package, for Debian 12 and its LibTorch.
package: setup
	@$(call install_missing,dpkg-dev)
	@cmake --preset package --log-level=NOTICE >/dev/null
	@cmake --build build-package --parallel $(JOBS)
	@cd build-package && cpack >/dev/null && ls $$PWD/dualebm_*.deb

# What reads the sources: the layout, every header compiled alone, clang-tidy and cppcheck. Again only what has changed.
lint: setup
	@$(call install_missing,$(LINTERS) libgtest-dev)
	@cmake --preset lint $(if $(LIBTORCH),-DLIBTORCH=$(LIBTORCH)) --log-level=NOTICE >/dev/null
	@cmake --build build-lint --parallel $(JOBS) --target lint

format:
	@git ls-files -z '*.cpp' '*.hpp' '*.cu' | xargs -0 clang-format -i

# Pages of the API in build-docs/html; a public name without a docstring is an error.
docs:
	@$(call install_missing,doxygen)
	@sh apps/docs/build.sh build-docs

# Which lines the quick tests run, by room; the pages are in build-coverage/coverage.
coverage: setup-tests
	@$(call install_missing,gcovr)
	@cmake --preset coverage --log-level=NOTICE >/dev/null
	@cmake --build build-coverage --parallel $(JOBS)
	@find build-coverage -name '*.gcda' -delete
	@ctest --test-dir build-coverage --output-on-failure -j$(JOBS) -LE slow
	@mkdir -p build-coverage/coverage
	@gcovr --root . --object-directory build-coverage -j $(JOBS) --filter framework/ --filter models/ --filter trainers/ \
	  --filter datasets/ --filter apps/ --exclude-unreachable-branches --exclude-throw-branches --print-summary \
	  --html-details build-coverage/coverage/index.html --output build-coverage/coverage/lines.txt

# The whole suite under address and undefined-behaviour sanitizers, in build-asan.
sanitize: setup-tests
	@cmake --preset asan
	@cmake --build build-asan --parallel $(JOBS)
	@ctest --preset asan

# What a run survives: kills, losses of power, full disks, damaged files, rivals, limits; about a quarter of an hour.
faults: TARGET = faults
faults: setup-tests build

# Every reader of files against libFuzzer, FUZZ_SECONDS each; a finding is an error and stays in build-fuzz.
fuzz:
	@$(call install_missing,cmake ninja-build clang libfmt-dev nlohmann-json3-dev zlib1g-dev)
	@cmake --preset fuzz -DFUZZ_SECONDS=$(FUZZ_SECONDS) --log-level=WARNING >/dev/null
	@cmake --build build-fuzz --target fuzz

setup:
	@$(call install_missing,$(TOOLS) $(LIBRARIES))

setup-tests: setup
	@$(call install_missing,$(BROWSER) $(PYTHON))

setup-benchmarks: setup
	@$(call install_missing,$(BENCHMARKS))

clean:
	rm -rf $(BUILD) build-asan build-coverage build-docs build-fuzz build-lint build-package

# Installs the packages that are not there yet, and says which; says nothing if all are.
define install_missing
missing=""; for package in $(1); do \
  dpkg-query -W -f='$${Status}' $$package 2>/dev/null | grep -q 'install ok installed' || missing="$$missing $$package"; \
done; \
if [ -n "$$missing" ]; then \
  echo "Installing from Debian's packages:$$missing"; \
  if [ "$$(id -u)" = 0 ]; then run=""; else run="sudo"; fi; \
  $$run apt-get update -qq && \
  DEBIAN_FRONTEND=noninteractive $$run apt-get install -y -qq --no-install-recommends $$missing >/dev/null; \
fi
endef
