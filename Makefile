# `make demo` and `make test` each do everything from a fresh clone; nothing but Python >= 3.11 is needed.
# PYTHON names the interpreter to start from: make test PYTHON=python3.12

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: demo test lint bench fuzz site clean

demo: $(VENV)/.installed
	$(BIN)/datarecipe run recipes/boolq.yaml --target-size 50
	@echo
	@echo "All 50 examples: runs/boolq/data.jsonl  (where each came from: lineage.jsonl, what was not taken: rejected.jsonl)"
	@echo "Again, with other examples: $(BIN)/datarecipe run recipes/boolq.yaml --target-size 50 --random-seed 1 --output runs/other"

test: $(VENV)/.installed-dev
	$(BIN)/pytest -n auto --dist worksteal

lint: $(VENV)/.installed-dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python docs/write_editor_words.py --check
	$(BIN)/python docs/generate_recipe_reference.py --check

# All that is measured, about 40 minutes on a quiet machine; into docs/performance.md: make bench WRITE=--write
WRITE ?=
bench: $(VENV)/.installed-dev
	$(BIN)/python -m benchmarks.validation $(WRITE)
	$(BIN)/python -m benchmarks.generation $(WRITE)
	$(BIN)/python -m benchmarks.rerun $(WRITE)
	$(BIN)/python -m benchmarks.dispatch $(WRITE)
	$(BIN)/python -m benchmarks.faults $(WRITE)
	$(BIN)/python -m benchmarks.caps $(WRITE)
	$(BIN)/python -m benchmarks.replay $(WRITE)

# Broken recipes: make fuzz COUNT=1000000 SEED=1
COUNT ?= 100000
SEED ?= 0
fuzz: $(VENV)/.installed-dev
	$(BIN)/python -m tests.fuzz --count $(COUNT) --seed $(SEED)

# The documentation as HTML, from site/index.html on. Every warning is an error; nothing is fetched.
site: $(VENV)/.installed-dev
	$(BIN)/python -m sphinx -b html -W --keep-going -n -q -E docs site
	@echo "site/index.html"

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "datarecipe needs Python 3.11 or later; name one with PYTHON=..., as in: make $(MAKECMDGOALS) PYTHON=python3.12"; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: pyproject.toml $(VENV)/bin/python
	@echo "installing datarecipe into $(VENV) (about a minute)"
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[local]'
	@touch $@

$(VENV)/.installed-dev: pyproject.toml $(VENV)/bin/python
	@echo "installing datarecipe and its development tools into $(VENV) (about a minute)"
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev]'
	@touch $@ $(VENV)/.installed

clean:
	rm -rf $(VENV) runs .datarecipe site .cache
