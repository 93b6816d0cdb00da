# make run: the switch on the sample configuration. make test: everything that CI runs. make quick: the inner loop.
# The virtual environment is made once and again whenever the lock file changes.

PYTHON ?= $(shell for p in python3.11 python3.12 python3.13 python3; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; break; }; done)
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
# Files of tests, on five workers for two cores: those that wait for phones come first, by their names, and leave both
# idle most of the time; short ones fill the end.
SIDE_BY_SIDE := --numprocesses 5 --dist loadfile --no-loadscope-reorder
# Containers often say that no bytecode is to be kept; then each of a thousand processes compiles the whole house anew.
unexport PYTHONDONTWRITEBYTECODE
CONFIG ?= config
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet

.PHONY: run test side-by-side quick lint unit bench demo schema lock clean

run: $(STAMP)
	$(BIN)/softswitch run --config $(CONFIG)

demo: $(STAMP)
	$(BIN)/softswitch demo

test: $(STAMP)
	tests/setup-system.sh
	$(MAKE) --no-print-directory --jobs 2 lint side-by-side
	$(BIN)/python -m pytest $$(grep -rl 'mark\.alone' tests --include='*.py' | sort) -m alone || $(BIN)/python -m tests.second_look

side-by-side: $(STAMP)
	@$(BIN)/python -m pytest tests --collect-only -qq >/dev/null || true # compiled once, and not by each worker
	$(BIN)/python -m pytest tests -m "not alone" $(SIDE_BY_SIDE) || $(BIN)/python -m tests.second_look

quick: lint unit

unit: $(STAMP)
	$(BIN)/python -m pytest -q tests/unit tests/property

lint: $(STAMP)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(STAMP)
	@mkdir -p tests/bench/results
	$(BIN)/softswitch bench all --json | tee tests/bench/results/$$(date +%Y-%m-%d)-$$(git describe --always --dirty).jsonl

# What is made from the code, and committed: for editors, and for readers. Tests hold it against the code.
schema: $(STAMP)
	$(BIN)/softswitch schema dialplan > config/dialplan.schema.json
	$(BIN)/softswitch schema config > config/softswitch.schema.json
	$(BIN)/softswitch schema verbs > docs/verbs.md

# Needs uv. Universal, with hashes, and without the name of any host. The second one is what runs, without what tests.
COMPILE = uv pip compile --quiet --universal --generate-hashes --python-version 3.11 --no-header --no-annotate \
	--no-emit-index-url --no-emit-find-links pyproject.toml
lock:
	$(COMPILE) --all-extras --output-file requirements.lock
	$(COMPILE) --extra speech --output-file requirements-run.lock

$(STAMP): requirements.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed; name one: make PYTHON=/path/to/python3" >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || \
		{ echo "cannot make a virtual environment; on Debian: apt-get install python3-venv" >&2; exit 1; }
	$(PIP) --require-hashes --no-deps --requirement requirements.lock
	$(PIP) --no-deps --no-build-isolation --editable .
	@touch $@

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
