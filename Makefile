PYTHON ?= python3
VENV ?= .venv
PYTHONS ?= 3.8 3.9 3.10 3.11 3.12 3.13
FUZZ_SECONDS ?= 60
BENCH_OPTIONS ?= --write
JOBS_OPTIONS ?= --write
DEMO = docs/examples/train.py --hyperparameters docs/examples/hyperparameters.json \
	--channel train=smargs-demo/data/train --channel test=smargs-demo/data/test --shard train

# Most tests start processes, and each would compile the package again.
unexport PYTHONDONTWRITEBYTECODE
# Python compiles a module when it first imports it; pip would compile all that it installs.
export PIP_COMPILE = 0

# The tests wait for the processes that they start, so one process more than there are processors runs them.
PROCESSES ?= $(shell expr $$(getconf _NPROCESSORS_ONLN) + 1)
PYTEST = $(VENV)/bin/python -m pytest -rs -n $(PROCESSES)
# The tests of a file share what is slow to make, so one process runs them all.
BY_FILE = --dist loadfile
QUICK = -m "not slow" --hypothesis-profile=quick
PIP = $(VENV)/bin/python -m pip --disable-pip-version-check

.PHONY: demo test coverage slow windows wasm check conformance ecosystem distributed pythons python-environments fuzz mutants bench docs docs-browser pictures clean

# Train docs/examples/train.py in a SageMaker job of two hosts on this machine; first show the script's arguments. Each host learns
# from its part of the images, and the first host averages their weights.
# The two hosts share the processors, so each computes in one thread.
demo: $(VENV)/.demo
	$(VENV)/bin/python docs/examples/digits.py smargs-demo/data
	$(VENV)/bin/smargs run $(DEMO) --dry-run
	OMP_NUM_THREADS=1 $(VENV)/bin/smargs run $(DEMO) --hosts 2 --output smargs-demo/job

# Run the tests, but for the slow ones, with few examples of each law.
test: $(VENV)/.test
	$(PYTEST) $(BY_FILE) $(QUICK)

# Run the same tests. They must reach every branch of the package.
coverage: $(VENV)/.test
	$(PYTEST) $(BY_FILE) $(QUICK) --cov --cov-report=term-missing:skip-covered

# Run what those leave out: the slow tests, and each law with all of its examples.
slow: $(VENV)/.test $(VENV)/.suites
	$(PYTEST) $(BY_FILE) -m "slow or hypothesis"

# Run tests of the parser, the testing kit and the command on a Python that lacks what Windows lacks: see docs/platforms.md.
windows: $(VENV)/.test
	PYTHONPATH=$(CURDIR)/tests/windows $(PYTEST) $(BY_FILE) -m "not slow and not needs_unix" --hypothesis-profile=quick \
		--basetemp "$$(mktemp -d)/tests" tests/testing/test_job.py tests/testing/test_plugin.py tests/parser/test_parser.py \
		tests/parser/test_errors.py tests/container tests/arguments/test_matching.py tests/cli/test_environment.py tests/local/test_job.py

# Run the tests on Python 3.14, as WebAssembly under node (20 or newer). It has no processes, threads, FIFOs and terminals.
wasm: $(VENV)/.wasm
	node tests/wasm/run.mjs $(VENV)/wasm -rs -m "not slow and not needs_process" --hypothesis-profile=quick \
		--ignore tests/docs/test_examples.py  # It imports scikit-learn.

# Run the tests on each of PYTHONS that is installed: see noxfile.py. Each Python has one process: `make --jobs 2 pythons` runs two
# of them side by side.
pythons: $(PYTHONS:%=python-%)

python-%: python-environments
	$(VENV)/bin/nox -R --pythons $* -- -n 0

# One after the other, since pip builds the package in this directory.
python-environments: $(VENV)/.check
	$(VENV)/bin/nox --install-only --pythons $(PYTHONS)

# Look for inputs that break the promise, for FUZZ_SECONDS.
fuzz: $(VENV)/.fuzz
	@COLUMNS=80 $(VENV)/bin/python tests/fuzz/fuzz_parser.py -max_total_time=$(FUZZ_SECONDS) \
		|| { echo "To see it again: $(VENV)/bin/python tests/support/promise.py FILE, with the file that is named above"; exit 1; }

# Run the linters and the type checker, as on Linux, macOS and Windows, and list functions of more than 10 branches.
check: $(VENV)/.check
	$(VENV)/bin/ruff check
	$(VENV)/bin/ruff format --check
	$(VENV)/bin/mypy
	$(VENV)/bin/mypy --platform darwin
	$(VENV)/bin/mypy --config-file tests/typing/windows.ini
	@complex=$$($(VENV)/bin/radon cc --show-complexity --min C smargs); test -z "$$complex" || { echo "$$complex"; exit 1; }

# Test with jobs that AWS's own code makes and starts; it needs Python 3.10 or newer.
conformance: $(VENV)/.conformance $(VENV)/.platforms $(VENV)/.sdks
	$(PYTEST) tests/conformance

# Test with other packages for argparse, each the real one.
ecosystem: $(VENV)/.ecosystem $(VENV)/.trl
	$(PYTEST) $(BY_FILE) tests/ecosystem

# Test with jobs of several processes, under the real torchrun and Open MPI's mpirun. Linux, Python 3.10 or newer.
distributed: $(VENV)/.distributed
	$(VENV)/distributed/bin/python -m pytest -rs tests/distributed

# Measure the package beside its peers, and write the numbers of the docs. Some 25 minutes of a machine that does nothing else.
bench: $(VENV)/.bench
	$(VENV)/bench/bin/python -m pip --disable-pip-version-check install --quiet --force-reinstall --no-deps .
	$(VENV)/bench/bin/python tests/benchmarks/bench.py $(BENCH_OPTIONS)
	$(VENV)/bench/bin/python tests/benchmarks/local_jobs.py $(JOBS_OPTIONS)

# Make the site of the docs in build/docs. A picture that is out of date is an error, and so is a link that leads nowhere, as is
# every other warning. Python 3.11 or newer. The playground needs npm; without it, its page says that it has no Python.
docs: $(VENV)/.docs $(if $(shell command -v npm),$(VENV)/.pyodide)
	$(VENV)/bin/python docs/pictures/draw.py --check
	$(VENV)/bin/python -m sphinx --builder html --quiet --fail-on-warning --keep-going --nitpicky --fresh-env \
		--define pyodide=$(abspath $(VENV))/wasm/node_modules/pyodide docs build/docs

# Draw the pictures of a terminal again.
pictures: $(VENV)/.docs
	$(VENV)/bin/python docs/pictures/draw.py

# Test the site in Debian's chromium, which this does not install. Without npm, axe-core and the playground are left out.
docs-browser: docs $(VENV)/.browser $(if $(shell command -v npm),$(VENV)/.axe)
	$(PYTEST) $(BY_FILE) tests/browser

# Test the tests: change the rules of the package in every small way, and see which changes no test notices. Some 30 minutes.
mutants: $(VENV)/.test $(VENV)/.mutants
	rm -rf mutants
	PYTHONHASHSEED=0 $(VENV)/bin/mutmut run
	$(VENV)/bin/python tests/mutants/survivors.py

clean:
	rm -rf .venv .nox build dist mutants smargs-demo tests/fuzz/found *.egg-info

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.package: $(VENV)/bin/python setup.cfg setup.py
	$(PIP) install --quiet --editable .
	touch $@

# One mark for each extra of setup.cfg that is installed. The package is installed already, so pip does not build it again.
$(VENV)/.%: $(VENV)/.package
	$(PIP) install --quiet 'smargs[$*]'
	touch $@

# ConfigArgParse's own tests, of the version that is installed: only its source distribution has them. Only ConfigArgParse is
# built from source, not what builds it.
$(VENV)/.suites: $(VENV)/.package
	rm -rf $(VENV)/suites
	version=$$($(VENV)/bin/python -c 'from importlib.metadata import version; print(version("configargparse"))'); \
		$(PIP) download --quiet --no-deps --use-pep517 --no-binary configargparse --dest $(VENV)/suites configargparse==$$version
	mkdir -p $(VENV)/suites/configargparse
	tar -xzf $(VENV)/suites/*.tar.gz --strip-components 1 -C $(VENV)/suites/configargparse
	rm $(VENV)/suites/configargparse/configargparse.py
	touch $@

# CPython as WebAssembly.
$(VENV)/.pyodide: $(VENV)/bin/python tests/wasm/package.json
	mkdir -p $(VENV)/wasm
	cp tests/wasm/package.json $(VENV)/wasm
	npm install --prefix $(VENV)/wasm --silent --no-audit --no-fund --no-package-lock
	touch $@

# axe-core, which finds what is not accessible.
$(VENV)/.axe: $(VENV)/bin/python tests/browser/package.json
	mkdir -p $(VENV)/axe
	cp tests/browser/package.json $(VENV)/axe
	npm install --prefix $(VENV)/axe --silent --no-audit --no-fund --no-package-lock
	touch $@

# Packages in pure Python do for WebAssembly; without its library in C, PyYAML is one, too.
$(VENV)/.wasm: $(VENV)/.pyodide setup.cfg
	rm -rf $(VENV)/wasm/site-packages
	$(PIP) install --quiet --target $(VENV)/wasm/site-packages --only-binary :all: --python-version 3.14 \
		--implementation py --abi none --platform any '.[testing]'
	$(PIP) install --quiet --target $(VENV)/wasm/site-packages --no-deps pyyaml
	touch $@

# SDK v3's drivers need nothing that it asks for; 5.0.0 is the last toolkit that left its command line to a shell unquoted.
$(VENV)/.platforms: $(VENV)/.conformance
	$(PIP) install --quiet --no-deps 'sagemaker-train >= 1.27'
	$(PIP) install --quiet --no-deps --upgrade --target $(VENV)/toolkit-5.0.0 sagemaker-training==5.0.0
	touch $@

# Both SDKs are called sagemaker, so each has an environment of its own, where smargs needs ConfigArgParse. To pack sources and to
# launch jobs, v3 needs no mlflow, its largest download.
$(VENV)/.sdks:
	$(PYTHON) -m venv $(VENV)/sdk-v2
	$(VENV)/sdk-v2/bin/python -m pip --disable-pip-version-check install --quiet 'sagemaker < 3' configargparse
	$(PYTHON) -m venv $(VENV)/sdk-v3
	$(VENV)/sdk-v3/bin/python -m pip --disable-pip-version-check install --quiet sagemaker-core graphene configargparse
	$(VENV)/sdk-v3/bin/python -m pip --disable-pip-version-check install --quiet --no-deps 'sagemaker-train >= 1.27'
	touch $@

# torch brings a torchrun that conformance tests would start, and with it transformers asks for more packages.
$(VENV)/.distributed: $(VENV)/bin/python setup.cfg setup.py
	$(PYTHON) -m venv $(VENV)/distributed
	$(VENV)/distributed/bin/python -m pip --disable-pip-version-check install --quiet --editable '.[distributed]'
	touch $@

# What users install, in site-packages: an editable installation makes the search path longer.
$(VENV)/.bench: $(VENV)/bin/python setup.cfg
	$(PYTHON) -m venv $(VENV)/bench
	$(VENV)/bench/bin/python -m pip --disable-pip-version-check install --quiet '.[bench]'
	touch $@

# trl asks for torch, by way of accelerate, but its parser needs nothing that transformers does not bring.
$(VENV)/.trl: $(VENV)/.ecosystem
	$(PIP) install --quiet --no-deps trl
	touch $@
