# Every task of the project is one target. Nothing is assumed but GNU make and Python 3.11 or later;
# uv is used for installs where it is present.

VENV ?= .venv
BIN := $(VENV)/bin
PY := $(BIN)/python

# The first interpreter that is new enough and can make an environment with pip in it.
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11 python; do \
	"$$p" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 \
	&& echo "$$p" && break; done)

PYTEST_ARGS ?=
DEMO_ARGS ?=
BENCH_ARGS ?=
PYWB_VERSION := 2.10.0

.DEFAULT_GOAL := help
.PHONY: help run install format format-check lint types imports spelling pyproject-check quick test \
	torture replay bench docs-check docs reference lock audit check clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 16

# --- environments -----------------------------------------------------------------------------------
# A stamp stands for a finished install and is older than the lock when the lock has changed.

INSTALL_INPUTS := requirements-build.txt pyproject.toml

$(PY):
	@if [ -z "$(PYTHON)" ]; then \
		echo "error: QuasiCrawler needs Python 3.11 or later with venv; set PYTHON=/path/to/python" >&2; \
		exit 2; fi
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "error: $(PYTHON) is older than Python 3.11; set PYTHON=/path/to/python" >&2; exit 2; }
	@echo "making $(VENV) with $(PYTHON)"
	@$(PYTHON) -m venv $(VENV)

# $(1): requirement files. pip takes over where uv is missing or cannot reach what pip can.
define locked_install
	@echo "installing $$(cat $(1) | grep -c '==') packages ($(1)); this may take two minutes"
	@if ! { command -v uv >/dev/null 2>&1 && \
		uv pip install --quiet --python $(PY) --require-hashes $(addprefix -r ,$(1)); }; then \
		$(PY) -m pip install -qq --disable-pip-version-check --require-hashes \
			$(addprefix -r ,$(1)); fi
	@$(PY) -m pip install -qq --disable-pip-version-check --no-deps --no-build-isolation -e .
endef

$(VENV)/.installed: requirements.txt $(INSTALL_INPUTS) | $(PY)
	$(call locked_install,requirements.txt requirements-build.txt)
	@touch $@

$(VENV)/.installed-dev: requirements-dev.txt requirements.txt $(INSTALL_INPUTS) | $(PY)
	$(call locked_install,requirements-dev.txt)
	@touch $(VENV)/.installed $@
	@echo "done: now . $(BIN)/activate"

install: $(VENV)/.installed-dev ## make .venv with all that is locked

run: $(VENV)/.installed ## crawl the bundled demonstration web, then look at the result
	@$(BIN)/crawler demo $(DEMO_ARGS)

# --- checks -----------------------------------------------------------------------------------------

format: install ## format the code and fix what ruff can fix
	@$(BIN)/ruff check --fix --quiet . || true
	@$(BIN)/ruff format .

format-check: install
	@$(BIN)/ruff format --check .

lint: install ## ruff
	@$(BIN)/ruff check .

types: install ## mypy, strict
	@$(BIN)/mypy

imports: install ## import-linter: the layers of .importlinter
	@$(BIN)/lint-imports

spelling: install ## codespell
	@git ls-files -z -- ':!tests/corpus' ':!requirements*.txt' | xargs -0 $(BIN)/codespell

pyproject-check: install
	@$(BIN)/validate-pyproject pyproject.toml >/dev/null

docs-check: install ## the docs say what the code says, and their links hold
	@$(BIN)/pytest -q -p no:randomly tests/unit/test_docs.py tests/unit/test_reference.py

docs: install ## the documentation as a site, in site/
	@$(PY) -m docs.builder.site

reference: install ## write the tables of docs/reference anew, from the code
	@$(PY) -m docs.builder.reference

check: format-check lint types imports spelling pyproject-check docs-check ## all checks, no tests

# --- tests ------------------------------------------------------------------------------------------

quick: install ## unit, contract and property tests without services: the inner loop
	@$(BIN)/pytest -q -m "not e2e and not component and not postgres and not redis" $(PYTEST_ARGS)

# Files of tests side by side, one for each core; each keeps to addresses of its own.
TEST_JOBS ?= auto

test: install ## every test; those that need a service or a program say so where there is none
	@$(BIN)/pytest -n $(TEST_JOBS) --dist loadfile --no-loadscope-reorder $(PYTEST_ARGS)

torture: install ## kill rounds, property tests and mutations at full length
	@$(BIN)/pytest --torture $(PYTEST_ARGS)

replay: install ## show a crawled page from its archive in a browser (installs pywb in .replay)
	@[ -x .replay/bin/wayback ] || { $(PYTHON) -m venv .replay && \
		.replay/bin/pip install -qq --disable-pip-version-check pywb==$(PYWB_VERSION); }
	@PYWB=$(CURDIR)/.replay/bin $(BIN)/pytest tests/replay $(PYTEST_ARGS)

bench: install ## pages per CPU-second beside other crawlers; see benchmarks/
	@$(PY) -m benchmarks.run $(BENCH_ARGS)

# --- dependencies -----------------------------------------------------------------------------------

EXTRAS := --extra admin --extra analysis --extra redis --extra text --extra warc
UV ?= $(shell command -v uv 2>/dev/null || echo $(BIN)/uv)
COMPILE = $(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-header

lock: | $(PY) ## lock the dependencies again, with hashes (LOCK_ARGS=--upgrade for newer ones)
	@[ -x "$(UV)" ] || $(PY) -m pip install -qq --disable-pip-version-check uv
	$(COMPILE) $(LOCK_ARGS) $(EXTRAS) --group dev pyproject.toml -o requirements-dev.txt
	$(COMPILE) $(LOCK_ARGS) $(EXTRAS) -c requirements-dev.txt pyproject.toml -o requirements.txt
	$(COMPILE) $(LOCK_ARGS) --group pyproject.toml:build -c requirements-dev.txt -o requirements-build.txt

audit: install ## known vulnerabilities in what is locked (asks a public database)
	@$(BIN)/pip-audit --strict --require-hashes --disable-pip -r requirements-dev.txt

clean: ## remove everything that a target made
	@rm -rf .venv .replay .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache dist site demo-crawl
	@find . -name __pycache__ -type d -not -path './.git/*' -prune -exec rm -rf {} +
