# The same commands at the desk and in CI. `make demo` is the one to start with.
PYTHON ?= python3
BIN := .venv/bin
# Bytecode is kept, whatever the machine says: every process that a test starts would compile the package again.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: demo test test-fast check bench parity docs format clean

demo: ## the whole story on this machine in seconds: no Stripe account, no network
	@$(PYTHON) .ci/install.py
	@$(BIN)/creditctl demo

test: ## the whole test suite, or some rooms of it: make test ROOM="ledger cli/events"
	@$(PYTHON) .ci/install.py test
	@$(BIN)/python -m pytest -n auto --dist worksteal $(addprefix tests/,$(ROOM)) $(ARGS)

test-fast: ## while one works: without processes, browsers, databases, tests of many examples and of the whole house
	@$(PYTHON) .ci/install.py test
	@$(BIN)/python -m pytest -n auto -p no:schemathesis -m "not (outside or examples or wide)" $(addprefix tests/,$(ROOM)) $(ARGS)

check: ## formatting, lint, types, import contracts
	@$(PYTHON) .ci/install.py test check
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo

bench: ## ratios, measured side by side in one run
	@$(PYTHON) .ci/install.py test
	@$(BIN)/python -m tests.bench.run $(ARGS)

parity: ## the emulator beside your own account in test mode: reads CREDITCTL_TEST_STRIPE_KEY, writes parity.md
	@$(PYTHON) .ci/install.py test
	@$(BIN)/python -m tests.parity.run $(ARGS)

docs: ## rewrite the generated pages of docs/ from the program itself, and what the emulator knows of the SDK's types
	@$(PYTHON) .ci/install.py
	@$(BIN)/python .ci/sdk_shapes.py
	@$(BIN)/python .ci/docs.py

format: ## rewrite formatting and what can be fixed by machine
	@$(PYTHON) .ci/install.py check
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

clean: ## remove what the commands above made
	@rm -rf .venv .venv.lock .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
