# Everything runs in a virtual environment of its own: .venv, built from requirements.lock.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed

.PHONY: help setup demo demo-wordpress test check docs pictures bench lock clean
help: ## these lines
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 16

setup: $(STAMP) ## the virtual environment, from the lock file
$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed: make PYTHON=python3.12 ..."; exit 1; }
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation -e .
	@touch $@

demo: $(STAMP) ## the whole story on real files: plan, apply, nothing left to do, a change, apply
	@PATH="$(CURDIR)/$(BIN):$$PATH" sh examples/demo.sh

demo-wordpress: $(STAMP) ## the same with the people of a WordPress site, which it starts (needs WordPress, PHP and MariaDB)
	@PATH="$(CURDIR)/$(BIN):$$PATH" PYTHONPATH=tests $(BIN)/python -m servers.wordpress sh examples/demo-wordpress.sh

test: $(STAMP) ## all tests
	@$(BIN)/python -m pytest -n auto --dist worksteal

check: $(STAMP) ## style, types, layers, and that everything generated is current
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache
	@$(BIN)/python -m reconciler.testing.generate --check

docs: $(STAMP) ## write everything that is generated: schemas and docs
	@$(BIN)/python -m reconciler.testing.generate

pictures: $(STAMP) ## the pictures of docs/report.md (needs Chromium, and the font Inter to look the same)
	@PYTHONPATH=tests $(BIN)/python -m report_pictures docs/images

bench: $(STAMP) ## the table of targets, measured
	@$(BIN)/python -m bench

lock: ## requirements.lock from pyproject.toml (needs uv)
	@uv pip compile --universal --python-version 3.11 --all-extras --group dev pyproject.toml --generate-hashes \
		--no-header --no-emit-index-url --no-emit-find-links --no-annotate --quiet -o requirements.lock

clean: ## the virtual environment and caches
	@rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis .demo .bench
