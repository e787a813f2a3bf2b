# Everything a fresh machine needs is python3 (3.11 or later), make and a Python package index.
PYTHON ?= python3
UV_VERSION := 0.13.9
UV := $(shell command -v uv || echo .uv/bin/uv)
DYNAMODB_LOCAL := amplify-dynamodb-simulator@2.9.30
# AWS's package of cfn-guard, a binary for each system, and of the rules that Control Tower deploys.
GUARD := @cdklabs/cdk-validator-cfnguard@0.0.62
GUARD_SHA256 := 660c14562d4c79d524d0623d80d494e41797acae9da23ecb10915d7f66ada80c
SYNC = $(UV) sync --locked --python $(PYTHON) --compile-bytecode
BIN := .venv/bin
export UV_PYTHON_DOWNLOADS := never
export SAM_CLI_TELEMETRY := 0

.PHONY: help demo setup test test-rest test-all scan soak mutants lint build dynamodb-local clean
.DEFAULT_GOAL := help

help: ## Show the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "%-16s%s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: .venv/run ## Run the whole stack on this machine and number some requests
	@$(BIN)/gapless demo

setup: .venv/all ## Install everything: the tool, the tests, the SAM CLI

test: .venv/test ## Fast tests, linters and types; says what it skips
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/pytest

test-rest: .venv/all .tools/dynamodb-local .tools/scan .tools/cfn-guard ## What `make test` skips: DynamoDB Local, sam, planted bugs
	$(BIN)/pytest --everything -m everything

test-all: test scan test-rest ## All of it

scan: .venv/all .tools/scan .tools/cfn-guard ## Scanners of the template, the code, the packages, secrets and workflows
	$(BIN)/python -m tests.scan

soak: .venv/test ## A million crashes in simulated worlds, on every core; a quarter of an hour
	PYTHONPATH=functions/processor:. $(BIN)/python -m tests.faults.simulation.campaign --crashes 1000000

mutants: .venv/test ## Plant a bug for every promise; each has to be caught
	$(BIN)/pytest --everything tests/faults/test_planted_bugs.py

lint: .venv/test ## Format, then lint and check types
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .
	$(BIN)/mypy

build: .venv/all ## sam validate and sam build
	$(BIN)/sam validate --lint
	$(BIN)/sam build

dynamodb-local: .venv/run .tools/dynamodb-local ## Fetch AWS's DynamoDB Local from npm and start it (needs Java 17)
	$(BIN)/python -m gapless.local.dynamodb_local

clean: ## Remove what the other targets made
	rm -rf .venv .uv .tools .aws-sam .gapless .pytest_cache .hypothesis .mypy_cache .ruff_cache

# What the system's Python must be, said before anything is installed with it.
CHECK_PYTHON = $(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "gapless needs Python 3.11 or later: make PYTHON=python3.13")'

# One environment, filled as far as a target needs it; --inexact keeps what another target has added.
.venv/run: pyproject.toml uv.lock $(filter .uv/%,$(UV))
	@$(CHECK_PYTHON)
	$(SYNC) --inexact --no-default-groups --quiet
	@touch $@

.venv/test: pyproject.toml uv.lock $(filter .uv/%,$(UV))
	@$(CHECK_PYTHON)
	$(SYNC) --inexact --quiet
	@touch $@ .venv/run

.venv/all: pyproject.toml uv.lock $(filter .uv/%,$(UV))
	@$(CHECK_PYTHON)
	$(SYNC) --all-groups --quiet
	@touch $@ .venv/run .venv/test

.uv/bin/uv:
	@$(CHECK_PYTHON)
	$(PYTHON) -m venv .uv
	.uv/bin/pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)

.tools/dynamodb-local:
	mkdir -p .tools
	cd .tools && tar -xzf "$$(npm pack --silent $(DYNAMODB_LOCAL))" package/emulator && rm -f amplify-*.tgz
	mv .tools/package/emulator $@ && rmdir .tools/package

# In an environment of its own: checkov pins the packages that it shares with the project.
.tools/scan: tests/scan/requirements.txt $(filter .uv/%,$(UV))
	@$(CHECK_PYTHON)
	$(UV) venv --quiet --clear --python $(PYTHON) $@
	$(UV) pip sync --quiet --no-build --require-hashes --python $@/bin/python $<
	@touch $@

.tools/cfn-guard:
	mkdir -p $@.part
	cd $@.part && npm pack --silent $(GUARD) && echo "$(GUARD_SHA256) *$$(ls cdklabs-*.tgz)" | sha256sum --check --status
	cd $@.part && tar -xzf cdklabs-*.tgz --strip-components 1 package/bin package/rules package/LICENSE && rm cdklabs-*.tgz
	mv $@.part $@
