# The verbs of Vedette. `make` alone lists them.
#
# Everything happens inside this directory: the environment in .venv/, the data in .vedette/.
# Nothing but Python >= 3.11 with its venv module, make and a C library is needed beforehand.

SHELL := /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
# The first of these that is at least 3.11 makes the environment; PYTHON=… names another one.
PYTHON ?=
CANDIDATES := $(PYTHON) python3 python3.14 python3.13 python3.12 python3.11 python
# Each worker has followers of its own; the 200 connections of the run's PostgreSQL are for two.
WORKERS ?= 2
ONLY ?=
export SEEDS DAYS SITES GUARDS STEP_MINUTES WARM_UP_DAYS AT_ONCE
# Vedette is many processes, and its tests start hundreds. Where Python was told to keep nothing that
# it compiled, each of them would compile the same libraries again, for seconds.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help env demo test check fix bench evaluate clean

help: ## List these verbs
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' Makefile

env: $(READY) ## Make the environment in .venv (again when its pins change)

# The pinned uv comes by pip, checked by its hash, and installs the rest. Where only pip knows
# the way to a package index, pip does the rest itself, from the same pins and hashes.
$(READY): requirements.lock pyproject.toml
	@rm -f $(READY)
	@if ! $(BIN)/python -c 'import pip' 2>/dev/null; then \
	  rm -rf $(VENV); \
	  for python in $(CANDIDATES); do \
	    if "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
	      echo "Making $(VENV) with $$("$$python" --version)."; \
	      "$$python" -m venv $(VENV) && break; \
	      rm -rf $(VENV); \
	    fi; \
	  done; \
	fi
	@test -x $(BIN)/python || { \
	  echo "No Python >= 3.11 with its venv module was found; name one: make env PYTHON=…" >&2; \
	  exit 1; }
	@awk '/^uv==/ { on = 1 } on { print } on && !/\\$$/ { exit }' requirements.lock \
	  > $(VENV)/uv.txt
	@$(BIN)/python -m pip install -q --require-hashes -r $(VENV)/uv.txt
	@VIRTUAL_ENV=$(VENV) $(BIN)/uv pip sync -q --require-hashes requirements.lock \
	  || $(BIN)/python -m pip install -q --require-hashes -r requirements.lock
	@VIRTUAL_ENV=$(VENV) $(BIN)/uv pip install -q --no-deps --no-build-isolation -e . \
	  || $(BIN)/python -m pip install -q --no-deps --no-build-isolation -e .
	@touch $(READY)

demo: env ## Run everything with a demo tenant and live signals; Ctrl-C stops it
	@exec $(BIN)/python -m interfaces.cli.main up --demo

test: env ## Run every test, with coverage of the rules
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal --cov --cov-branch --cov-report=term

check: env ## Look at format, lint, types and import contracts; change nothing
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/python -m mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/python -m interfaces.docs --check

fix: env ## Format, and repair what can be repaired by rule
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: env ## Measure; ONLY=append_hot measures one thing
	$(BIN)/python -m tests.bench $(ONLY)

evaluate: env ## Play simulated months against the sealed truth; SEEDS=1,2,3 DAYS=30 SITES=20 GUARDS=200
	$(BIN)/python -m tests.evaluate

clean: ## Remove the environment and all caches (the data in .vedette stays)
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis dist
	rm -f .coverage .coverage.*
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
