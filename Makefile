# Everything that needs setting up is set up by the targets themselves.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
PAGE := build/example/html/index.html
ALL := -m "" --hypothesis-profile thorough

.PHONY: help example test test-all lint docs locked picture clean

help:
	@echo 'make example   build example_project with real TensorFlow'
	@echo 'make test      run the tests that every change needs'
	@echo 'make test-all  run all tests, with the slow ones and more examples'
	@echo 'make lint      linters, types, import contracts'
	@echo 'make docs      build the documentation'
	@echo 'make locked    build the documentation where there is no TensorFlow, from a lock, and compare'
	@echo 'make picture   take the pictures of the README again'
	@echo 'make clean     remove all that the others made'

# tensorflow-cpu where there is one for this machine, tensorflow elsewhere.
$(READY): pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; try make PYTHON=python3.12")'
	$(PYTHON) -m venv --clear $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade 'pip>=25.1'
	$(BIN)/python -m pip install --quiet --editable '.[tensorflow-cpu]' --group tests --group docs --group lint || \
	$(BIN)/python -m pip install --quiet --editable '.[tensorflow]' --group tests --group docs --group lint
	# Without their dependencies: they would bring a second TensorFlow.
	$(BIN)/python -m pip install --quiet --no-deps tf-keras keras-hub
	touch $@

example: $(READY)
	$(BIN)/python -m sphinx -nW --keep-going -q -d build/example/doctrees -b html example_project build/example/html
	@echo 'The page is $(CURDIR)/$(PAGE)'

test: $(READY)
	$(BIN)/python -m pytest -n 2

test-all: $(READY)
	$(BIN)/python -m pytest -n 2 $(ALL)

lint: $(READY)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

docs: $(READY)
	$(BIN)/python -m sphinx -nW --keep-going -q -d build/docs/doctrees -b html docs build/docs/html

# The same pages, from a lock, in an environment that has no TensorFlow.
BARE := build/bare
BARE_LOCK := $(CURDIR)/build/docs.lock.json
locked: docs
	$(BIN)/python -m sphinx -W -q -d build/docs/doctrees -b kerasshape-lock -D kerasshape_lockfile=$(BARE_LOCK) docs build/docs/lock
	$(BIN)/python -m venv --clear $(BARE)
	$(BARE)/bin/python -m pip install --quiet --upgrade 'pip>=25.1'
	$(BARE)/bin/python -m pip install --quiet . --group docs
	! $(BARE)/bin/python -c 'import tensorflow' 2>/dev/null
	$(BARE)/bin/python -m sphinx -nW --keep-going -q -E -d build/bare-docs/doctrees -D kerasshape_lockfile=$(BARE_LOCK) -b html docs build/bare-docs/html
	diff -r --exclude=.buildinfo build/docs/html build/bare-docs/html
	@echo 'The documentation is the same without TensorFlow'
	$(BARE)/bin/python -m sphinx -nW --keep-going -q -E -d build/bare-docs/doctrees -D kerasshape_python=$(CURDIR)/$(BIN)/python -b html docs build/bare-docs/other
	diff -r --exclude=.buildinfo build/docs/html build/bare-docs/other
	@echo 'The documentation is the same with another interpreter'

# The page that README.md shows, built and photographed in light and dark.
picture: $(READY)
	$(BIN)/python docs/picture.py

clean:
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis .nox
