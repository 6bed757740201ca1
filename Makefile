# The README's two commands, `make run` and `make test`, need Python 3.11+ and make: nothing else.
#
#   PYTHON   interpreter that makes the environment      (default python3)
#   SOURCE   directory that `make run` stores            (default docs)
#   WORK     where `make run` puts its offers and ledger (default build/run)
#   TESTS    what `make test` runs, with any option of pytest; the same for `make test-servers`
#   WORKERS  how many of those run at once: they wait for servers more than they work (default 4)
#   SERVERS  which servers `make test-servers` starts, by name   (default all)

PYTHON ?= python3
SOURCE ?= docs
WORK   ?= build/run
TESTS  ?=
SERVERS ?=
WORKERS ?= 4
UV     ?= uv

VENV := .venv
BIN  := $(VENV)/bin
LOCK := requirements/dev.lock
PEERS := requirements/peers.lock

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help env run test test-servers conformance check format bench peers docs lock clean

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' Makefile

env: $(VENV)/.installed ## make the environment in .venv, from locked and hashed packages

run: env ## do the main job on real input: store SOURCE on two offers, read it back, audit it
	@$(BIN)/python examples/main_job.py --source "$(SOURCE)" --work "$(WORK)"

test: env ## pass the tests
	@$(BIN)/python -m pytest -n auto --dist worksteal $(TESTS)

test-servers: env ## install and start real servers, and pass the tests that need them
	@$(BIN)/python -m tests.servers.launching --only "$(SERVERS)" -- \
	    $(BIN)/python -m pytest -n $(WORKERS) --dist worksteal tests/servers $(TESTS)

conformance: env ## hold our drivers against the contract, then the kit against liars and mutants
	@COFFRE_LIAR_TABLE=1 $(BIN)/python -m pytest -q -n auto --dist worksteal tests/conformance tests/liars
	@$(BIN)/python -m tools.mutation --survivors

check: env ## linter, formatter, strict types, floors (under a minute)
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/python -m pytest -q tests/test_floors.py

format: env ## put the code in the house's format
	@$(BIN)/ruff check --fix
	@$(BIN)/ruff format

bench: env ## measure (by hand; see docs/explanation/performance.md)
	@$(BIN)/python -m benchmarks $(BENCH)

docs: env ## write the reference pages that come from the code
	@$(BIN)/python -m tools.reference

# The lock is universal (every platform, Python 3.11 and later) and carries the hash of every file.
# It names no index and no path, so that it means the same thing everywhere.
lock: ## resolve the dependencies again (needs uv)
	@$(UV) pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes \
	    --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" \
	    --group dev --extra postgresql --extra prometheus --extra certificate \
	    --extra s3 --extra sftp --extra webdav pyproject.toml --output-file $(LOCK)
	@$(UV) pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes \
	    --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" \
	    requirements/peers.in --output-file $(PEERS)

# In a directory of their own: what they pin is nobody else's.
peers: env ## install the clients that `make bench` measures drivers beside
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes \
	    --upgrade --target $(VENV)/peers -r $(PEERS)

clean: ## remove what the targets above made
	@rm -rf $(VENV) build dist .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis

# Two steps, so that a change of pyproject.toml does not install the world again.
$(VENV)/.locked: $(LOCK)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	    echo "coffre needs Python 3.11 or later; '$(PYTHON)' is $$($(PYTHON) -V 2>&1)." \
	         "Name another one: make $(MAKECMDGOALS) PYTHON=python3.12" >&2; exit 2; }
	@$(PYTHON) -m venv $(VENV) || { \
	    echo "'$(PYTHON) -m venv' failed (on Debian and Ubuntu: apt install python3-venv)." >&2; exit 2; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $(LOCK)
	@touch $@

$(VENV)/.installed: $(VENV)/.locked pyproject.toml
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@
