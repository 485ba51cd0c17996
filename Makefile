# `make run` serves, `make test` checks. Both create .venv if it is missing.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
# Test processes: auto is one per core, at most eight; 0 runs all tests in one.
JOBS ?= auto
# Coverage slows the tests, so only CI measures it, and holds the floor in pyproject.toml.
COVERAGE := $(if $(CI),--cov --cov-report=term:skip-covered)
INSTALLED := $(VENV)/.installed

.PHONY: install run test test-core check format lock test-clients test-security bench performance vendor schema docs rows clean

install: $(INSTALLED)

$(INSTALLED): requirements.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is required: make PYTHON=/path/to/python3.11")'
	$(PYTHON) -m venv --clear $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --requirement requirements.txt
	@touch $@

run: install
	$(BIN)/python main.py serve

check: install
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

test: check
	$(BIN)/pytest -m "not clients and not security and not long" -n $(JOBS) --maxprocesses 8 --dist worksteal $(COVERAGE)

# The compiled executor has the results of graphql-core if both pass.
test-core: install
	$(BIN)/pytest --graphql-core -m "not clients and not security and not long" -n $(JOBS) --maxprocesses 8 --dist worksteal tests/api tests/queries

test-clients: install
	$(BIN)/pytest -m "clients and not long"

# Public tools in an environment of their own: they pin older versions of what the server uses.
SECURITY_TOOLS := .venv-security/.installed

$(SECURITY_TOOLS): tests/security/requirements.txt
	$(PYTHON) -m venv --clear .venv-security
	.venv-security/bin/python -m pip install --quiet --disable-pip-version-check --requirement $<
	@touch $@

test-security: install $(SECURITY_TOOLS)
	$(BIN)/pytest -m "not long" -rs tests/security tests/clients/test_schemathesis.py tests/transport/websocket/test_protocol_sequences.py

format: install
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

schema: install
	$(BIN)/python main.py schema > schema/schema.graphql

docs: install
	$(BIN)/python -m tests.docs.configuration

rows: install
	$(BIN)/python -m models.tables.generate_rows

lock: install
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	UV_CUSTOM_COMPILE_COMMAND="make lock" $(BIN)/uv pip compile --quiet --universal --no-emit-index-url --no-emit-find-links --upgrade --group dev pyproject.toml --output-file requirements.txt
	UV_CUSTOM_COMPILE_COMMAND="make lock" $(BIN)/uv pip compile --quiet --universal --no-emit-index-url --no-emit-find-links --upgrade tests/security/requirements.in --output-file tests/security/requirements.txt

vendor:
	web/vendor.sh

bench: install
	$(BIN)/python -m bench

performance: install
	$(BIN)/python -m bench --save docs/performance/results.json
	$(BIN)/python -m bench.performance_page

clean:
	rm -rf $(VENV) .venv-security
