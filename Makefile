# `make help` lists the targets. Each does what set-up is still to be done: Python packages
# (hashed) into .venv, the local chain (anvil) into node_modules.

PYTHON ?= python3
PY := .venv/bin/python
# Two workers: the suite is made for two cores; raise it with `make test WORKERS=8`.
WORKERS ?= 2
# For `make notebook` only: a hundred packages that nothing else needs.
LAB := jupyterlab==4.6.6

.PHONY: help setup demo test lint bench accuracy backtest invariants mutation proofs proof branches curves notebook notebooks sweep devnet lock clean
.DEFAULT_GOAL := help

help: ## show this list
	@sed -nE 's/^([a-z]+):[^#]*## (.*)/  make \1\t\2/p' Makefile | expand -t 20

setup: .venv/.stamp node_modules/.stamp ## install everything that is pinned

demo: setup ## play a market crash through the contracts; pictures and figures in out/
	$(PY) -m novate run

test: lint ## every check and every test
	$(PY) -m benchmarks.size
	$(PY) -m pytest -n $(WORKERS)

lint: setup ## style and types (the Vyper sources: tests/unit/test_sources.py)
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy

bench: setup benchmarks/forge/node_modules/.stamp ## measure gas, sizes and speed, rewrite benchmarks/*.json; peers in out/gas.png
	$(PY) -m benchmarks.size --write
	$(PY) -m benchmarks.gas
	$(PY) -m benchmarks.picture
	$(PY) -m benchmarks.engine

accuracy: setup ## 200,000 prices against 50 digits; rewrite benchmarks/accuracy.json
	$(PY) -m benchmarks.accuracy

backtest: setup ## 18 years of margin against the next day's loss; rewrite benchmarks/backtest.json
	$(PY) -m benchmarks.backtest

invariants: setup ## a million random contract calls against 48 named checks; out/invariants.json
	$(PY) -m tests.stateful.invariants

mutation: setup ## break the contracts of TARGET on purpose: is it noticed? (a sample; SAMPLE=0 for all, SEED=N for new ones)
	$(PY) -m tests.mutation.run $(or $(TARGET),settlement) --sample $(or $(SAMPLE),60) $(if $(SEED),--unseen --seed $(SEED))

proofs: setup tests/proofs/.venv/.stamp tests/proofs/node_modules/.stamp ## halmos, forge invariants, foreign suites, static analysis
	$(PY) -m tests.proofs.run

proof: setup tests/proofs/.venv/.stamp tests/proofs/node_modules/.stamp ## everything long, and out/proof.html about it (40 minutes)
	$(PY) -m tests.proof

branches: setup ## which branches and lines of the contracts no test takes (98 % must)
	$(PY) -m tests.branches.report

curves: setup ## which auction curve recovers most in two crashes
	$(PY) -m novate.curve_study

notebook: setup .venv/.lab ## open the notebooks in JupyterLab, which is installed for it
	.venv/bin/jupyter-lab notebooks

notebooks: setup ## execute every notebook from a fresh kernel
	.venv/bin/jupyter-execute notebooks/*.ipynb

sweep: setup ## eight seeds of the demo over all cores; tables and pictures in out/sweep/
	$(PY) -m novate sweep

devnet: setup ## a local chain on port 8545 with a market on it, until Ctrl-C
	$(PY) -m novate.devnet

lock: ## resolve the Python dependencies of pyproject.toml again (needs uv)
	uv pip compile pyproject.toml --extra test --universal --python-version 3.11 \
		--generate-hashes --no-emit-index-url --no-annotate \
		--custom-compile-command "make lock" --output-file requirements.lock
	echo $(LAB) | uv pip compile - --constraint requirements.lock --universal \
		--python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate \
		--custom-compile-command "make lock" --output-file requirements-lab.lock
	printf 'halmos==0.3.3\ncvc5==1.4.2\n' | uv pip compile - --universal --python-version 3.11 \
		--generate-hashes --no-emit-index-url --no-annotate \
		--custom-compile-command "make lock" --output-file tests/proofs/halmos.lock
	echo vyper-guard==0.7.0 | uv pip compile - --universal --python-version 3.11 \
		--generate-hashes --no-emit-index-url --no-annotate \
		--custom-compile-command "make lock" --output-file tests/proofs/vyper-guard.lock

benchmarks/forge/node_modules/.stamp: benchmarks/forge/package-lock.json
	npm ci --prefix benchmarks/forge --ignore-scripts --no-fund --no-audit --loglevel=error
	@touch $@

tests/proofs/.venv/.stamp: tests/proofs/halmos.lock tests/proofs/vyper-guard.lock
	@# Each tool in an environment of its own.
	for tool in halmos vyper-guard; do \
		$(PYTHON) -m venv tests/proofs/.venv/$$tool && \
		tests/proofs/.venv/$$tool/bin/python -m pip install --quiet --disable-pip-version-check \
			--require-hashes -r tests/proofs/$$tool.lock || exit 1; \
	done
	@touch $@

tests/proofs/node_modules/.stamp: tests/proofs/package-lock.json
	npm ci --prefix tests/proofs --ignore-scripts --no-fund --no-audit --loglevel=error
	@touch $@

clean: ## remove what set-up, tests and runs made
	rm -rf .venv node_modules benchmarks/forge/node_modules tests/proofs/.venv tests/proofs/node_modules out .cache .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/.stamp: requirements.lock requirements-chains.lock
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' || \
		{ echo "novate needs Python 3.11 to 3.13; $(PYTHON) is" \
		"$$($(PYTHON) --version 2>&1): make PYTHON=/path/to/python3.11"; exit 1; }
	$(PYTHON) -m venv .venv
	$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements-chains.lock
	@# In place of an editable install, which would need an unhashed build.
	@$(PY) -c 'import sysconfig; open(sysconfig.get_path("purelib") + "/novate.pth", "w").write("$(CURDIR)\n")'
	@touch $@

.venv/.lab: requirements-lab.lock .venv/.stamp
	$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-lab.lock
	@touch $@

node_modules/.stamp: package-lock.json
	npm ci --ignore-scripts --no-fund --no-audit --loglevel=error
	@touch $@
