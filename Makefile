# Everything runs in .venv, which the first target that needs it makes from pyproject.toml and constraints.txt.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

VENV := .venv
PYTHON := $(VENV)/bin/python
LOCK := pyproject.toml constraints.txt
# One more than there are cores, four at the most: some tests wait for processes of their own.
WORKERS ?= $(shell cores=$$(getconf _NPROCESSORS_ONLN); echo $$(( cores < 3 ? cores + 1 : 4 )))

.PHONY: help demo test test-crash test-chaos test-fleet check bench clean

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 20

demo: $(VENV)/.runtime ## run the demonstration on the sandbox: no AWS account, no credentials
	@$(PYTHON) -m orchestrator.cli.demo

test: $(VENV)/.dev ## run all tests
	@scripts/ensure-chromium
	@scripts/ensure-redis
	@$(PYTHON) -m pytest -q -n $(WORKERS) --dist worksteal

test-crash: $(VENV)/.dev ## kill rollouts at every single AWS call, not at a sample of them
	@CRASH_AT_EVERY_CALL=1 $(PYTHON) -m pytest -q -n $(WORKERS) --dist worksteal tests/crash/test_rollouts.py

test-chaos: $(VENV)/.dev ## ten lives of each system among faults and kills, not one
	@CHAOS=10 $(PYTHON) -m pytest -q -n $(WORKERS) --dist worksteal tests/chaos

test-fleet: $(VENV)/.dev ## kill daemons and Celery workers for five simulated hours, not for half of one
	@scripts/ensure-redis
	@FLEET=5 $(PYTHON) -m pytest -q -s -o faulthandler_timeout=0 tests/fleet/test_ordeals.py

check: $(VENV)/.dev ## lint, format, types, import contracts
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/ruff format --check .
	@$(VENV)/bin/mypy
	@$(VENV)/bin/lint-imports --no-cache

bench: $(VENV)/.dev ## measure, against the budgets
	@$(PYTHON) -m tests.bench

clean: ## remove the environment and all that the tools left
	@rm -rf $(VENV) .venv.lock build dist .coverage .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	@find orchestrator tests -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/.runtime: $(LOCK)
	@scripts/ensure-venv runtime

$(VENV)/.dev: $(LOCK)
	@scripts/ensure-venv dev
