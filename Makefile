.DEFAULT_GOAL := help
PYTHON ?= python3

help:  ## Show these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup:  ## Install Phiward in this environment with everything a contributor needs
	$(PYTHON) -m pip install --editable '.[dev]'

test:  ## Run every test that is not heavy
	$(PYTHON) -m pytest

heavy:  ## Run the heavy proofs: fuzzing against Terraform, large trees
	$(PYTHON) -m pytest -m heavy

check:  ## Lint, format, types, import contracts
	ruff check . && ruff format --check . && mypy && lint-imports

picture:  ## Draw docs/scan.svg from a real run over the flawed estate
	$(PYTHON) docs/picture.py

bench:  ## Measure against the peers and over generated trees (minutes)
	$(PYTHON) bench/run.py

.PHONY: help setup test heavy check picture bench
