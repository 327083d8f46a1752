# Every target is a thin call; what it does is in scripts/.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory
PY := .venv/bin/python

.PHONY: help demo test test-all test-pg15 check coverage browser bench drill rollback-check upgrade-drill sbom advisories unmaintained messages openapi lock clean

help:  ## show this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## /{printf "  make %-12s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

demo:  ## run the demo hospital: database, web, worker; Ctrl-C stops it
	@bash scripts/python.sh demo
	@exec $(PY) -m scripts.demo

test:  ## static checks and the whole test suite on real servers
	@bash scripts/test.sh

test-all:  ## make test, the same on PostgreSQL 15, the drills, and back by one release
	@HMS_ROUNDS=20 HMS_WHOLE=1 bash scripts/test.sh
	@HMS_ROUNDS=20 HMS_WHOLE=1 bash scripts/test_pg15.sh
	@$(PY) -m scripts.drill
	@$(PY) -m scripts.rollback_check
	@$(PY) -m scripts.upgrade_drill

test-pg15:  ## the test suite on PostgreSQL 15, the oldest version supported
	@bash scripts/test_pg15.sh

check:  ## lint, types, import contracts and every other static check
	@bash scripts/python.sh dev
	@exec $(PY) -m scripts.check

coverage:  ## branch coverage: 90 % of everything, 100 % of services, selectors and rules
	@bash scripts/python.sh dev
	@COVERAGE_FILE=var/coverage bash scripts/pytest.sh --cov --cov-branch --cov-fail-under=90 \
		--cov-report=term:skip-covered $(ARGS)
	@COVERAGE_FILE=var/coverage $(PY) -m coverage report --show-missing --fail-under=100 \
		--include="*/services/*,*/services.py,*/selectors.py,*/permissions.py,*/states.py"

browser:  ## find or install a browser for the browser tests
	@bash scripts/python.sh dev
	@bash scripts/browser.sh

bench:  ## load test and figures for docs/benchmarks.md
	@bash scripts/python.sh dev
	@HMS_VAR="$${HMS_VAR:-var/bench}" $(PY) -m scripts.devservers run --safe -- $(PY) -m bench $(ARGS)

drill:  ## kill -9 every part in turn under load; nothing acknowledged may be lost
	@bash scripts/python.sh dev
	@exec $(PY) -m scripts.drill $(ARGS)

rollback-check:  ## the release before (REF=commit) works on the tables of this one
	@bash scripts/python.sh dev
	@exec $(PY) -m scripts.rollback_check $(REF)

upgrade-drill:  ## migrate while people work with the release before (REF=commit)
	@bash scripts/python.sh dev
	@exec $(PY) -m scripts.upgrade_drill $(REF)

sbom:  ## what a release is made of, with licences and hashes: var/sbom.cdx.json
	@bash scripts/python.sh dev
	@exec $(PY) -m scripts.sbom

advisories:  ## known holes in the locked packages; fails when it could not ask
	@bash scripts/python.sh dev
	@exec $(PY) -m scripts.advisories

unmaintained:  ## locked packages without a release for three years; fails when it could not ask
	@bash scripts/python.sh dev
	@exec $(PY) -m scripts.unmaintained

messages:  ## bring locale/*/django.po up to date with the code and say what is missing
	@bash scripts/python.sh dev
	@$(PY) -m scripts.messages update
	@$(PY) -m scripts.messages compile

openapi:  ## write docs/openapi.yaml anew from the code
	@bash scripts/python.sh dev
	@HMS_ENV=test $(PY) manage.py openapi

lock:  ## resolve the dependencies anew into requirements/*.txt
	@bash scripts/python.sh dev
	@bash scripts/lock.sh

clean:  ## stop what runs here; remove .venv, var/ (all demo data) and caches
	@bash scripts/clean.sh
