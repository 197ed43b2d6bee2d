# Each target installs what it needs into .venv first, once.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt

.PHONY: demo test soak lint full-size mutants bench synth
.DELETE_ON_ERROR:

demo: $(READY)
	@$(BIN)/firstspike demo

test: lint
	@$(BIN)/python -m pytest -n 2 --dist loadgroup

# N random networks from number SEED on (by default a random one), until one is wrong.
soak: $(READY)
	@$(BIN)/python -m tests.cosim.soak $(if $(N),--count $(N)) $(if $(SEED),--seed $(SEED))

lint: $(READY)
	@$(BIN)/ruff check .
	@$(BIN)/lint-imports

# VGG-16 and ResNets on the RTL: a quarter of an hour.
full-size: $(READY)
	@$(BIN)/python -m pytest -m full_size tests/full_size

mutants: $(READY)
	@$(BIN)/python tests/mutants/run.py

# Seconds to build and to run simulation models, of the golden models, and of training.
bench: $(READY)
	@$(BIN)/python -m tests.bench.run

# Sizes and clock of processors against what they were: half an hour.
synth: $(READY)
	@$(BIN)/python -m tests.cosim.synthesis.baseline

# torch goes first and alone: with its exact pin no other build can be chosen for it.
$(READY): pyproject.toml constraints.txt
	@.ci/check_machine $(PYTHON)
	@echo "installing into .venv (minutes, once)"
	@$(PYTHON) -m venv .venv
	@$(PIP) "$$(grep '^torch==' constraints.txt)"
	@$(PIP) --editable '.[dev]'
	@touch $@
