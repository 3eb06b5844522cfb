PYTHON ?= python3
VENV ?= .venv
PYTEST_OPTIONS ?= --cov --cov-report=term-missing:skip-covered

PIP = $(VENV)/bin/python -m pip --disable-pip-version-check

.PHONY: demo test check ecosystem clean

# Train docs/examples/train.py inside a SageMaker environment.
demo: $(VENV)/.demo
	$(VENV)/bin/python docs/examples/demo.py

# Run the whole test suite.
test: $(VENV)/.test
	$(VENV)/bin/python -m pytest -rs $(PYTEST_OPTIONS)

# Run the linters and the type checker.
check: $(VENV)/.check
	$(VENV)/bin/ruff check
	$(VENV)/bin/ruff format --check
	$(VENV)/bin/mypy

# Test with other packages for argparse, each the real one.
ecosystem: $(VENV)/.ecosystem $(VENV)/.trl
	$(VENV)/bin/python -m pytest -rs tests/ecosystem

clean:
	rm -rf .venv .venv-* build dist smargs-demo *.egg-info

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

# One mark for each extra of setup.cfg that is installed.
$(VENV)/.%: $(VENV)/bin/python setup.cfg setup.py
	$(PIP) install --quiet --editable '.[$*]'
	touch $@

# trl asks for torch, by way of accelerate, but its parser needs nothing that transformers does not bring.
$(VENV)/.trl: $(VENV)/.ecosystem
	$(PIP) install --quiet --no-deps trl
	touch $@
