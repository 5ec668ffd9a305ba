# The front door. `make` lists the targets; each of them prepares .venv by itself, from nothing but python3 and make.
# Packages come from the registry that pip is set up with, at the versions and hashes of requirements/.

PYTHON      ?= python3
PYTEST_ARGS ?= --cov -n auto --dist worksteal
LOCK_ARGS   ?=
UV          := uv==0.13.9
ATHERIS     := atheris==3.0.0
EDITOR_LSP  := yaml-language-server@1.25.0

BIN := .venv/bin
# The pip outside works on .venv from outside (pip >= 22.3): a venv without its own pip is made in no time, and also
# where the distribution leaves ensurepip out. An older pip, or none, falls back to the one that venv brings along.
OUTER_PIP := $(PYTHON) -m pip --python $(BIN)/python
PIP = $$(test -e $(BIN)/pip && echo "$(BIN)/python -m pip" || echo "$(OUTER_PIP)") --disable-pip-version-check -q

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo test lint types check lowest docs bench soak format lock wheel clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: .venv/run.ok ## the main job on the sample project against the pretend PBX; no account needed
	$(BIN)/campaignops demo

test: .venv/dev.ok .venv/editor.ok ## the tests and the coverage gate; a part: make test PYTEST_ARGS="tests/test_plan.py"
	@$(BIN)/python -m compileall -q campaignops  # once, and not by each process that a test starts
	PATH="$(CURDIR)/.venv/editor/node_modules/.bin:$$PATH" $(BIN)/python -m pytest -q $(PYTEST_ARGS)

lint: .venv/dev.ok ## ruff, its formatter in check mode, the import contracts, and holes in workflows
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/lint-imports --no-logo
	$(BIN)/zizmor --offline --quiet --no-progress --config .github/zizmor.yml .github campaignops/cli/new_project/github/workflows/campaigns.yml

types: .venv/dev.ok ## mypy, strict
	$(BIN)/mypy

check: lint types test ## all that CI runs

lowest: .venv/dev.ok .venv/uv.ok ## the tests on the lowest versions that pyproject.toml allows, in a venv of their own
	@.venv/uv/bin/uv venv -q --clear --python $(BIN)/python .venv/lowest
	@.venv/uv/bin/uv pip compile -q --resolution lowest-direct --no-header --no-annotate pyproject.toml -o .venv/lowest/run.txt
	@.venv/uv/bin/uv pip install -q --python .venv/lowest/bin/python --group dev -e .
	@.venv/uv/bin/uv pip install -q --python .venv/lowest/bin/python --no-deps -r .venv/lowest/run.txt
	.venv/lowest/bin/python -m pytest -q $(LOWEST_ARGS)

docs: .venv/dev.ok ## docs/ as a site, in site/
	$(BIN)/mkdocs build --quiet --strict -f .github/mkdocs.yml

format: .venv/dev.ok ## let ruff rewrite what it can
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

bench: .venv/dev.ok ## measure how the package scales
	$(BIN)/python tests/bench/run.py

soak: .venv/dev.ok .venv/atheris.ok ## the long rigs, hours, a line each; a part: make soak SOAK_ARGS="-k simulation" RIG_RUNS=5000
	PYTHONPATH=.venv/atheris $(BIN)/python -m pytest -q -m "soak or rig" $(SOAK_ARGS)

lock: .venv/uv.ok ## resolve pyproject.toml anew into requirements/; newest: make lock LOCK_ARGS=--upgrade
	$(call compile,run,)
	$(call compile,dev,--group dev --constraint requirements/run.txt)

wheel: .venv/run.ok ## dist/: the wheel and the source archive
	$(BIN)/python -c 'from hatchling import build as b; print(b.build_sdist("dist"), b.build_wheel("dist"))'

clean: ## remove .venv, caches and dist
	rm -rf .venv dist site htmlcov .coverage .coverage.* .*_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# -- how .venv comes about -------------------------------------------------------------------------------------------

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "campaignops needs Python 3.11 or newer, and $(PYTHON) is: $$($(PYTHON) --version 2>&1)" >&2; \
	  echo "If another one is installed, name it: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	@rm -rf .venv
	@$(PYTHON) -m venv --without-pip .venv
	@$(OUTER_PIP) --version >/dev/null 2>&1 || $(PYTHON) -m venv .venv || { rm -rf .venv; \
	  echo "No usable pip: install your system's python3-pip or python3-venv package, then run make again." >&2; exit 1; }

# A stamp says that .venv holds a lock and the package itself (editable). The newer of lock and metadata decides.
.venv/run.ok: requirements/run.txt pyproject.toml | .venv/bin/python
	$(install)

.venv/dev.ok: requirements/dev.txt pyproject.toml | .venv/bin/python
	$(install)
	@touch .venv/run.ok

define install
@echo "installing $< into .venv"
@$(PIP) install --require-hashes -r $<
@$(PIP) install --no-deps --no-build-isolation -e .
@touch $@
endef

# The resolver serves `make lock` only, so it lives apart from what the package runs on.
.venv/uv.ok: Makefile | .venv/bin/python
	@$(PIP) install --target .venv/uv --upgrade $(UV)
	@touch $@

# What editors make of the schemas is tested with the real language server, where npm is.
.venv/editor.ok: Makefile | .venv/bin/python
	@npm install --silent --no-audit --no-fund --prefix .venv/editor $(EDITOR_LSP) \
	  || echo "without npm, the tests with the language server of editors are left out"
	@touch $@

# The fuzzer has no build for some Pythons and platforms, so it is asked for where it is played only.
.venv/atheris.ok: Makefile | .venv/bin/python
	@$(PIP) install --target .venv/atheris --upgrade $(ATHERIS)
	@touch $@

# One resolution for every supported Python and platform. The build backend is locked too: the editable install needs
# it. No header and no index address: they would name the machine and the registry of whoever ran this last.
define compile
$(BIN)/python -c 'import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["build-system"]["requires"])' \
  | .venv/uv/bin/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-strip-extras --no-header $(LOCK_ARGS) $(2) \
    --output-file requirements/$(1).txt pyproject.toml -
endef
