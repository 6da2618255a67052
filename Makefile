# `make demo` and `make test` each do everything from a fresh clone; nothing but Python >= 3.11 is needed. `make help` lists
# the targets. All of them install the releases that constraints.txt names, whatever has come out since.
# PYTHON names the interpreter to start from, and VENV a folder for it: make test PYTHON=python3.13 VENV=.venv-3.13

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALL := -m pip install --quiet --disable-pip-version-check
PYTEST := -m pytest -n auto --dist worksteal
# With other releases: pages show what the releases of constraints.txt print, prices and versions among it.
OTHERS := -m "not slow" --ignore tests/docs/test_examples.py

.PHONY: help demo test test-newest test-oldest explore lint bench fuzz site constraints clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' Makefile

demo: $(VENV)/.installed-local ## Generate 50 examples with the embedded model, and report on them
	$(BIN)/datarecipe run recipes/boolq.yaml --target-size 50
	@$(BIN)/datarecipe report runs/boolq --output runs/boolq.html > /dev/null
	@echo
	@echo "All 50 examples: runs/boolq/data.jsonl  (where each came from: lineage.jsonl, what was not taken: rejected.jsonl)"
	@echo "Again, with other examples: $(BIN)/datarecipe run recipes/boolq.yaml --target-size 50 --random-seed 1 --output runs/other"
	@echo "The report, for a browser: runs/boolq.html"

test: $(VENV)/.installed-test ## Run all tests
	$(BIN)/python $(PYTEST)

test-newest: ## Run the tests, without the slow ones, with the newest releases that pyproject.toml allows
	@$(MAKE) --no-print-directory VENV=.venv-newest .venv-newest/.installed-test
	.venv-newest/bin/python $(INSTALL) --upgrade --upgrade-strategy eager -e '.[local,embed,export]'
	.venv-newest/bin/python $(PYTEST) $(OTHERS)

test-oldest: ## Run the tests, without the slow ones, with the oldest releases that pyproject.toml allows
	@$(MAKE) --no-print-directory VENV=.venv-oldest .venv-oldest/.installed-test
	.venv-oldest/bin/python -m tests.oldest > .venv-oldest/oldest.txt
	.venv-oldest/bin/python $(INSTALL) -r .venv-oldest/oldest.txt
	.venv-oldest/bin/python $(PYTEST) $(OTHERS)

explore: $(VENV)/.installed-test ## Run the tests that generate their input on input that is new each time
	$(BIN)/python $(PYTEST) -m hypothesis --hypothesis-profile=explore

lint: $(VENV)/.installed-dev ## Check style, types, imports and generated files
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python docs/write_editor_words.py --check
	$(BIN)/python docs/generate_recipe_reference.py --check

WRITE ?=
bench: $(VENV)/.installed-test ## Measure everything, about an hour on a quiet machine; WRITE=--write updates the docs
	$(BIN)/python -m benchmarks.validation $(WRITE)
	$(BIN)/python -m benchmarks.generation $(WRITE)
	$(BIN)/python -m benchmarks.rerun $(WRITE)
	$(BIN)/python -m benchmarks.dispatch $(WRITE)
	$(BIN)/python -m benchmarks.faults $(WRITE)
	$(BIN)/python -m benchmarks.caps $(WRITE)
	$(BIN)/python -m benchmarks.replay $(WRITE)
	$(BIN)/python -m benchmarks.parsing $(WRITE)
	$(BIN)/python -m benchmarks.near_duplicates $(WRITE)
	$(BIN)/python -m benchmarks.drift $(WRITE)
	$(BIN)/python -m benchmarks.measures $(WRITE)

COUNT ?= 100000
SEED ?= 0
fuzz: $(VENV)/.installed-test ## Load broken recipes: make fuzz COUNT=1000000 SEED=1
	$(BIN)/python -m tests.fuzz --count $(COUNT) --seed $(SEED)

# Every warning is an error; nothing is fetched.
site: $(VENV)/.installed-test ## Build the documentation as HTML, from site/index.html on
	$(BIN)/python -m sphinx -b html -W --keep-going -n -q -E docs site
	@echo "site/index.html"

constraints: $(VENV)/.installed-dev ## Write constraints.txt anew, with the newest releases
	$(BIN)/python $(INSTALL) uv
	$(BIN)/uv pip compile --quiet --no-config --universal --fork-strategy fewest --python-version 3.11 --extra dev --upgrade \
		--no-annotate --custom-compile-command "make constraints" --output-file constraints.txt pyproject.toml

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "datarecipe needs Python 3.11 or later; name one with PYTHON=..., as in: make $(MAKECMDGOALS) PYTHON=python3.12"; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed-%: pyproject.toml constraints.txt $(VENV)/bin/python
	@echo "installing datarecipe[$*] into $(VENV) (about a minute)"
	$(BIN)/python $(INSTALL) -c constraints.txt -e '.[$*]'
	@touch $@

.PRECIOUS: $(VENV)/.installed-%

clean: ## Remove everything that was made here
	rm -rf .venv .venv-* runs .datarecipe site .cache
