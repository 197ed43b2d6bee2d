# Each target installs what it needs into .venv first, once.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt

.PHONY: demo test lint full-size mutants bench
.DELETE_ON_ERROR:

demo: $(READY)
	@$(BIN)/firstspike demo

test: lint
	@$(BIN)/python -m pytest -n 2 --dist loadgroup

lint: $(READY)
	@$(BIN)/ruff check .
	@$(BIN)/lint-imports

# VGG-16 and ResNets on the RTL: about an hour.
full-size: $(READY)
	@$(BIN)/python -m pytest -m full_size tests/full_size

mutants: $(READY)
	@$(BIN)/python tests/mutants/run.py

# Seconds to build and to run simulation models.
bench: $(READY)
	@$(BIN)/python -m tests.bench.run

# torch goes first and alone: with its exact pin no other build can be chosen for it.
$(READY): pyproject.toml constraints.txt
	@.ci/check_machine $(PYTHON)
	@echo "installing into .venv (minutes, once)"
	@$(PYTHON) -m venv .venv
	@$(PIP) "$$(grep '^torch==' constraints.txt)"
	@$(PIP) --editable '.[dev]'
	@touch $@
