PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := PIP_DISABLE_PIP_VERSION_CHECK=1 $(BIN)/python -m pip
COMPILE := pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
	--no-annotate --no-emit-index-url --no-emit-find-links --no-sources
LINTED := $(patsubst %/,%,$(sort $(dir $(wildcard \
	$(addsuffix /*.py,syncd adapters migrations tests benchmarks)))))
WORKERS ?= 3
ARGS ?=

# The suite starts many processes; each would compile every library anew.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help setup test prove prove-the-proof lint demo bench lock

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

setup: $(VENV)/.installed ## make .venv from requirements-dev.lock, with .venv/bin/syncd

# A changed lock makes the environment anew; a changed pyproject.toml only
# installs the project again.
$(VENV)/.locked: requirements-dev.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo 'syncd needs Python 3.11 or newer: make setup PYTHON=python3.11' >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
		echo 'Python cannot make a virtual environment: install the package python3-venv' >&2; exit 1; }
	$(PYTHON) -m venv --clear $(VENV)
	$(PIP) install --quiet --require-hashes --no-deps --no-compile -r requirements-dev.lock
	@touch $@

$(VENV)/.installed: $(VENV)/.locked pyproject.toml
	$(PIP) install --quiet --no-deps --no-build-isolation -e .
	@touch $@

test: setup ## the suite; ARGS='-k name' narrows it, WORKERS=0 runs it in one process
	$(BIN)/pytest -n $(WORKERS) --dist worksteal $(ARGS)

prove: setup ## the suite with every crash point and far more histories; ARGS as for test
	SYNCD_PROVE=1 $(BIN)/pytest -n $(WORKERS) --dist worksteal --timeout 1800 $(ARGS)

prove-the-proof: setup ## plant known faults in copies of the tree and see that the suites find each
	$(BIN)/python -m tests.planted.prove $(ARGS)

lint: setup ## ruff and mypy
	$(BIN)/ruff check $(LINTED)
	$(BIN)/ruff format --check $(LINTED)
	$(BIN)/mypy $(LINTED)

demo: setup ## sandbox, dry run, real sync, edits both ways, each result read back raw
	$(BIN)/python tests/e2e/demo.py

bench: setup ## figures of speed and request budgets
	$(BIN)/python -m benchmarks $(ARGS)

lock: ## write both lock files anew from pyproject.toml
	@set -eu; tmp=$$(mktemp -d); trap 'rm -rf "$$tmp"' EXIT; \
	$(PYTHON) -m venv "$$tmp/venv"; \
	PIP_DISABLE_PIP_VERSION_CHECK=1 "$$tmp/venv/bin/python" -m pip install --quiet uv; \
	"$$tmp/venv/bin/uv" $(COMPILE) pyproject.toml -o requirements.lock; \
	"$$tmp/venv/bin/uv" $(COMPILE) --extra dev -c requirements.lock pyproject.toml -o requirements-dev.lock
