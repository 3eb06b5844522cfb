PYTHON ?= python3
VENV := .venv
PIP := $(VENV)/bin/python -m pip --disable-pip-version-check

.PHONY: demo test check clean
demo: $(VENV)/.demo  ## train docs/examples/train.py inside a SageMaker environment
	$(VENV)/bin/python docs/examples/demo.py

test: $(VENV)/.test  ## run the whole test suite
	$(VENV)/bin/python -m pytest --cov --cov-report=term-missing:skip-covered

check: $(VENV)/.check  ## run the linters and the type checker
	$(VENV)/bin/ruff check
	$(VENV)/bin/ruff format --check
	$(VENV)/bin/mypy

clean:
	rm -rf $(VENV) build dist smargs-demo *.egg-info

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.%: $(VENV)/bin/python setup.cfg setup.py
	$(PIP) install --quiet --editable '.[$*]'
	touch $@
