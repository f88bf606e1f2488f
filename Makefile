# Everything here sets itself up: a fresh machine needs make and Python 3.11 or later, nothing more.
# A recipe calls `python -m tool`, since the scripts in a virtual environment break when their path holds a space.

PYTHON ?= python3
VENV = .venv
REQUIREMENTS = requirements/test.txt
PY = $(VENV)/bin/python

PIP_INSTALL = $(PY) -m pip install --quiet --disable-pip-version-check
COMPILE = .venv-lock/bin/python -m uv pip compile --quiet --universal --python-version 3.11 \
	--generate-hashes --custom-compile-command "make requirements"
LOCK = $(COMPILE) pyproject.toml --extra aio --extra cli --extra emulator --extra otel
# Most tests wait for sockets, other processes and each other: two at a time take half as long.
PYTEST = pytest --numprocesses auto --maxprocesses 4
FAST = -m "not slow and not browser"
# Without the variable, pyright checks the network for a newer version.
PYRIGHT = PYRIGHT_PYTHON_IGNORE_WARNINGS=1 $(PY) -m pyright
AIRFLOW = providers/airflow/requirements
SOAK_SECONDS = 600
FUZZ_SECONDS = 60
# mypy reads Airflow's settings, which are made at the first import, in the folder that AIRFLOW_HOME names.
AIRFLOW_TESTS = home=$$(mktemp -d) && cd providers/airflow && export PATH="$(CURDIR)/$(<D)/bin:$$PATH" && \
	$(AIRFLOW_TYPES) python -m pytest -q --numprocesses 2 --dist worksteal; \
	status=$$?; rm -rf "$$home"; exit $$status
# Spelled so that this line does not find itself.
REGISTRIES = [p]ypi\.(org|python)|[p]ythonhosted\.|[n]pmjs\.|[y]arnpkg\.|[p]roxy\.golang|[c]rates\.io|[r]ubygems\.

.DEFAULT_GOAL := help
.PHONY: airflow airflow-oldest help demo test test-all test-full test-oldest test-fast-oldest test-3.12 test-3.13 pytest coverage check types drift stubs docs site \
	pictures bench sample audit requirements clean fuzz soak mutants package test-installs test-sdist sbom release \
	release-check notes github-release rehearsal

help:  ## show this list
	@sed -n 's/^\([a-z][a-z-]*\):.*## \(.*\)/\1|\2/p' Makefile | awk -F'|' '{ printf "make %-13s %s\n", $$1, $$2 }'

demo: $(VENV)/.installed  ## see unisync at work, with an emulated AWS
	@$(PY) examples/demo.py

test: $(VENV)/.installed  ## run the tests that take milliseconds each: run this again and again
	@$(PY) -m $(PYTEST) $(FAST)

test-all: test-full test-oldest test-3.12 test-3.13  ## run all tests, also with the oldest boto3; the fast ones with other Pythons

test-full: $(VENV)/.checkers
	@$(PY) -m coverage erase
	@$(PY) -m coverage run -m $(PYTEST)
	@$(PY) -m coverage combine --quiet
	@printf 'Percent covered, branches included: '; $(PY) -m coverage report --format=total

test-oldest:
	@$(MAKE) --no-print-directory pytest VENV=.venv-oldest REQUIREMENTS=requirements/oldest.txt

pytest: $(VENV)/.installed
	@$(PY) -m $(PYTEST)

# For the combinations of Python and boto3 with which not all tests run.
test-fast-oldest:
	@$(MAKE) --no-print-directory test VENV=.venv-oldest REQUIREMENTS=requirements/oldest.txt

# A pyenv shim on the PATH answers only when its version is asked for; without pyenv the variable does nothing.
test-3.12 test-3.13: test-3.%:
	@found=$$(PYENV_VERSION=3.$* python3.$* -c 'import sys; print(sys.executable)' 2>/dev/null); \
	if [ -z "$$found" ]; then echo "There is no python3.$* on this machine: skipped."; \
	else $(MAKE) --no-print-directory test VENV=.venv-3.$* PYTHON="$$found"; fi

coverage: test-full  ## run all tests, then show every line and branch they miss
	@$(PY) -m coverage report
	@$(PY) -m coverage html --quiet && echo "Line by line: htmlcov/index.html"

check: $(VENV)/.checkers  ## lint, formats, types, and whether generated files are up to date
	$(PY) -m ruff check
	$(PY) -m ruff format --check
	$(PY) -m mypy
	$(PYRIGHT)
	@# As a user's checker sees the package: without our stubs, and with the first Python on the PATH.
	@found=$$(PATH="$(CURDIR)/$(VENV)/bin:$$PATH" $(PYRIGHT) --verifytypes unisync --ignoreexternal) || { echo "$$found"; exit 1; }; \
	echo "$$found" | grep 'Type completeness'
	$(PY) -m tools.generators.stubs --check
	$(PY) -m tools.generators.operations --check
	$(PY) -m tools.generators.cli --check
	$(PY) -m tools.generators.states --check
	$(PY) -m tools.generators.policies --check
	$(PY) -m towncrier build --draft --version 0 >/dev/null
	@# It finds shellcheck on the PATH.
	PATH="$(CURDIR)/$(VENV)/bin:$$PATH" $(PY) $(VENV)/bin/actionlint
	$(VENV)/bin/shellcheck .ci/run .github/actions/unisync-wait/wait.sh tools/foreign/run
	$(VENV)/bin/zizmor --quiet --offline --strict-collection .
	@if ! git rev-parse --git-dir >/dev/null 2>&1; then echo "Not a git checkout: did not search for names of package registries."; \
	elif git grep -nIE '$(REGISTRIES)'; then echo "The lines above name a package registry. No tracked file may."; exit 1; \
	else echo "No tracked file names a package registry."; fi

types: $(VENV)/.checkers  ## build the wheel and check it as its users' type checkers do, in environments of its own
	@$(PY) -m tools.installed

# Not pinned: the newest release that the index has.
drift:  ## name what the newest boto3 has that unisync does not know; this fails only if unisync cannot use it
	@$(MAKE) --no-print-directory .venv-newest/.installed VENV=.venv-newest
	@.venv-newest/bin/python -m pip install --quiet --disable-pip-version-check --upgrade boto3
	@.venv-newest/bin/python -m tools.drift

stubs: $(VENV)/.installed  ## generate the boto3 stubs from botocore's models
	$(PY) -m tools.generators.stubs

docs: $(VENV)/.installed  ## generate the pages that follow from the code
	$(PY) -m tools.generators.operations
	$(PY) -m tools.generators.cli
	$(PY) -m tools.generators.states
	$(PY) -m tools.generators.policies

site: $(VENV)/.checkers  ## build the documentation site: docs/_build/html
	@$(PY) -m sphinx -q -E -W --keep-going -n -b html docs docs/_build/html
	@echo "Built docs/_build/html/index.html"

pictures: $(VENV)/.checkers  ## take the pictures of the report; this needs Chromium
	$(PY) -m tools.generators.pictures

bench: $(VENV)/.installed .venv-aiobotocore/.installed .venv-awscli/.installed  ## compare what unisync costs with others: BENCHMARKS.md
	@$(PY) -m tools.bench.run --markdown BENCHMARKS.md

fuzz: $(VENV)/.checkers  ## search for inputs that break the reading of text and bytes: RELIABILITY.md; FUZZ_SECONDS=60 a target
	@nice -n 15 $(PY) -m tools.fuzz.run --seconds $(FUZZ_SECONDS) --markdown RELIABILITY.md

soak: $(VENV)/.installed  ## try every fault, and 100 000 calls, for SOAK_SECONDS (600): RELIABILITY.md
	@$(PY) -m tools.soak --seconds $(SOAK_SECONDS) --markdown RELIABILITY.md

# What an earlier run tried is not tried again unless it changed since; MINUTES=10 stops earlier.
mutants: $(VENV)/.checkers  ## break the code in small ways and report what no test notices; up to an hour
	@$(PY) -m tools.mutants $(if $(MINUTES),--minutes $(MINUTES))

# The types are those of the newest: older ones have other modules.
airflow: AIRFLOW_TYPES = AIRFLOW_HOME="$$home" python -m mypy &&
airflow: .venv-airflow/.installed  ## check the Airflow provider, with the newest Airflow
	@$(AIRFLOW_TESTS)

airflow-oldest: .venv-airflow-oldest/.installed  ## the same with Airflow 3.0.6, before a release
	@$(AIRFLOW_TESTS)

sample: $(VENV)/.installed  ## run a sample project's tests against the wheel, in an environment of its own
	@rm -rf .venv-sample dist/sample && mkdir -p dist/sample
	@$(PIP_INSTALL:install=wheel) --no-deps --no-build-isolation --wheel-dir dist/sample .
	@$(PYTHON) -m venv .venv-sample
	@.venv-sample/bin/python -m pip install --quiet --disable-pip-version-check "$$(echo dist/sample/*.whl)[testing]"
	@# In another folder, so that it finds nothing else of this repository.
	@away=$$(mktemp -d) && cp -r examples/deploygate/. "$$away" && here=$$PWD && cd "$$away" && \
	env -i HOME="$$away" PATH="$$PATH" PYTHONPATH="$$away" "$$here/.venv-sample/bin/python" -m pytest -q -p no:cacheprovider; \
	status=$$?; rm -rf "$$away"; exit $$status

package: $(VENV)/.checkers  ## build the distributions of this commit twice, compare and check them: dist/package
	@$(PY) -m tools.release.package

test-installs: package  ## install the wheel with each extra in an empty environment, and use it
	@$(PY) -m tools.release.installs

# The tests have an environment of their own; the documentation is built with the tools of this one.
test-sdist: package  ## build the documentation from the unpacked sdist, and run its fast tests
	@away=$$(mktemp -d) && trap 'rm -rf "$$away"' EXIT && \
	tar -xzf dist/package/*.tar.gz -C "$$away" --strip-components 1 && \
	$(MAKE) --no-print-directory -C "$$away" site VENV="$(CURDIR)/$(VENV)" && \
	$(MAKE) --no-print-directory -C "$$away" test

sbom: package  ## list what the built wheel needs: dist/sbom.cdx.json
	@$(PY) -m tools.release.sbom

release: $(VENV)/.checkers  ## commit and tag VERSION=, with its changelog; pushes nothing
	@$(PY) -m tools.release cut "$(VERSION)"

# These two take the tag from the environment: a workflow must not paste it into a script.
release-check: $(VENV)/.checkers
	@$(PY) -m tools.release check "$$TAG"

notes: $(VENV)/.checkers
	@mkdir -p dist && $(PY) -m tools.release notes "$$TAG" >dist/notes.md

# With the GitHub CLI.
github-release:
	@gh release create "$$TAG" --verify-tag --title "unisync $${TAG#v}" --notes-file dist/notes.md dist/package/* dist/sbom.cdx.json

rehearsal: $(VENV)/.checkers  ## rehearse a release in a clone, up to the upload
	@$(PY) -m tools.release.rehearse

# It queries a database on the network; a package that the database does not know is listed, and is no failure.
audit: $(VENV)/.checkers  ## search for known vulnerabilities in the pinned packages
	$(PY) -m pip_audit --require-hashes --disable-pip --progress-spinner off --requirement requirements/dev.txt

requirements: .venv-lock/.installed  ## pin what pyproject.toml requires; UPGRADE=--upgrade moves every pin
	$(LOCK) --group dev $(UPGRADE) --output-file requirements/dev.txt
	@# The pins that an output file has already are kept where possible: this is how the files come to agree.
	cp requirements/dev.txt requirements/test.txt
	$(LOCK) --group build --group test --output-file requirements/test.txt
	cp requirements/test.txt requirements/oldest.txt
	$(LOCK) --group build --group test --constraint requirements/oldest.in --output-file requirements/oldest.txt
	$(COMPILE) requirements/aiobotocore.in $(UPGRADE) --output-file requirements/aiobotocore.txt
	$(COMPILE) requirements/stubs.in --constraint requirements/test.txt $(UPGRADE) --output-file requirements/stubs.txt
	$(COMPILE) requirements/stubs-oldest.in --constraint requirements/oldest.txt --output-file requirements/stubs-oldest.txt
	$(COMPILE) $(AIRFLOW)/newest.in $(UPGRADE) --output-file $(AIRFLOW)/newest.txt
	@# With the packages of its days: those that a managed Airflow has.
	$(COMPILE) $(AIRFLOW)/oldest.in --exclude-newer 2025-08-31 --output-file $(AIRFLOW)/oldest.txt

clean:  ## remove everything that make has made
	rm -rf .venv .venv-* tools/foreign/.venv tools/foreign/node_modules .coverage .coverage.* htmlcov dist docs/_build \
		.mypy_cache .pytest_cache .ruff_cache .hypothesis tools/fuzz/found mutants
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The stamps below are older than what they were made from only when there is something new to install.
$(VENV)/.installed: $(REQUIREMENTS) pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "unisync needs Python 3.11 or later: make PYTHON=...")'
	@echo "Setting up $(VENV)"
	@$(PY) -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv $(VENV)
	@$(PIP_INSTALL) --require-hashes --requirement $(REQUIREMENTS)
	@$(PIP_INSTALL) --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.checkers: requirements/dev.txt $(VENV)/.installed
	@echo "Adding the checkers to $(VENV)"
	@$(PIP_INSTALL) --require-hashes --requirement requirements/dev.txt
	@touch $@

.venv-aiobotocore/.installed: requirements/aiobotocore.txt
	@echo "Setting up .venv-aiobotocore"
	@$(PYTHON) -m venv .venv-aiobotocore
	@.venv-aiobotocore/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement $<
	@touch $@

.venv-awscli/.installed: tools/foreign/awscli.txt
	@echo "Setting up .venv-awscli"
	@$(PYTHON) -m venv .venv-awscli
	@.venv-awscli/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement $<
	@touch $@

.venv-airflow/.installed: $(AIRFLOW)/newest.txt
.venv-airflow-oldest/.installed: $(AIRFLOW)/oldest.txt
.venv-airflow/.installed .venv-airflow-oldest/.installed: providers/airflow/pyproject.toml pyproject.toml
	@echo "Setting up $(@D)"
	@$(PYTHON) -m venv $(@D)
	@# All that is needed is pinned. pip before 24 takes a pin for none where another package asks for an extra of it.
	@$(@D)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes --requirement $(filter %.txt,$^)
	@$(@D)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --editable . --editable providers/airflow
	@touch $@

.venv-lock/.installed:
	@$(PYTHON) -m venv .venv-lock
	@.venv-lock/bin/python -m pip install --quiet --disable-pip-version-check 'uv>=0.9'
	@touch $@
