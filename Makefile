# Everything is behind one word; `make` alone lists them. PYTHON= names another Python 3.11 or newer.
PYTHON ?= python3
PY := .venv/bin/python
.DEFAULT_GOAL := help
# Modules of a caller's own must not stand in for ours.
unexport PYTHONPATH
.PHONY: help demo billing-demo run test lint verify bench messages lock clean

help:  ## List what can be made
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## */  make \1\t/' | expand -t 22

demo:  ## Everything from nothing to a cutout, then a server (PORT=8000; ONCE=1 stops after the cutout)
	@$(PYTHON) deploy/bootstrap.py demo
	@$(PY) -m deploy.demo

billing-demo:  ## A purchase to click through, with a stand-in for Stripe (PORT=8000; ONCE=1 buys once and stops)
	@$(PYTHON) deploy/bootstrap.py billing-demo
	@$(PY) -m deploy.billing_demo

run:  ## The server on your own data in .data (PORT=8000)
	@$(PYTHON) deploy/bootstrap.py run
	@$(PY) manage.py migrate --verbosity 0
	@$(PY) manage.py fetch_model --default-suffices
	@$(PY) -m gunicorn -c deploy/gunicorn.conf.py removebg.wsgi:application

test:  ## The suite for every change, on both databases (Linux)
	@$(PYTHON) deploy/bootstrap.py test
	@$(PY) manage.py fetch_model isnet-general-use u2netp
	@$(PY) -m tests.clients.install
	$(PY) -m pytest -q -n 2 --dist loadfile --ignore=tests/browser
	$(PY) -m pytest -q -n 2 --dist loadfile tests/browser  # apart: Playwright leaves a running event loop behind
	$(PY) tests/run_on_postgres.py

lint:  ## Style, spelling, types and import rules
	@$(PYTHON) deploy/bootstrap.py test
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	.venv/bin/codespell
	$(PY) -m mypy
	.venv/bin/lint-imports

verify:  ## The full counts, written to docs/verification.md (some 20 minutes)
	@$(PYTHON) deploy/bootstrap.py test
	@$(PY) manage.py fetch_model isnet-general-use u2netp
	@$(PY) -m tests.clients.install
	$(PY) -m tests.verify

bench:  ## Mattes, time, memory and HTTP against peers, into .bench (PARTS=quality,speed DATA=FOLDER WRITE=1)
	@$(PYTHON) deploy/bootstrap.py test
	@$(PY) manage.py fetch_model
	$(PY) -m benchmarks $(if $(PARTS),--parts "$(PARTS)") $(if $(DATA),--data "$(DATA)") $(if $(WRITE),--write) \
		--quality="$(QUALITY)" --speed="$(SPEED)" --serve="$(SERVE)"

messages:  ## Bring the translations' catalogues up to the sources and compile them (ADD=it begins another language)
	@$(PYTHON) deploy/bootstrap.py test
	@$(PY) -m tests.translations $(ADD)

lock:  ## Choose the newest versions of all dependencies and write their hashes
	@deploy/requirements/lock.sh

clean:  ## Delete what can be made again (.venv, .cache, .demo, .bench); your data in .data stays
	rm -rf .venv .cache .demo .bench .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis mutants
