# The only commands anyone needs. Everything lives in .venv, made from the hashed locks.
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.installed

.PHONY: install demo emulator test test-long lint lock equality bench bench-quick bench-methods clients chaos model image monorepo monorepo-try

install: $(STAMP)

$(STAMP): requirements-dev.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(0 if (3, 11) <= sys.version_info[:2] <= (3, 12) else "Python 3.11 or 3.12 is needed (PyAirbyte, which the demo runs on, stops at 3.12). Set PYTHON=/path/to/python3.12")'
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --no-deps --require-hashes -r requirements-dev.lock
	$(BIN)/pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $(STAMP)

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# On JOBS cores. Compiled modules are kept, whatever the environment says: the connectors that tests start load them.
JOBS ?= 2

test test-long: export PYTHONDONTWRITEBYTECODE =
test: $(STAMP)
	$(BIN)/pytest -m "not long" --numprocesses $(JOBS) --no-loadscope-reorder --durations 20 integration_tests unit_tests

# Stories of whole processes, whose parts `test` holds.
test-long: $(STAMP)
	$(BIN)/pytest -m long --numprocesses $(JOBS) --no-loadscope-reorder --durations 20 integration_tests unit_tests

# Every record of every module by every retrieval method with every version.
equality: $(STAMP)
	EQUALITY=all $(BIN)/pytest unit_tests/source/test_records.py -k comes_once_and_whole

# Without Zoho's limit of ten access tokens in ten minutes, which commands typed by hand soon meet.
emulator: $(STAMP)
	$(BIN)/python -m zoho_emulator --knob tokens_per_10_min=0

demo: $(STAMP)
	$(BIN)/python -m demo $(if $(CONFIG),--config $(CONFIG))

# All marks, in about 35 minutes on two cores: benchmarks/RESULTS.md. ONLY=coql-100 is one of its experiments, ROUNDS=1 runs each side once.
bench bench-quick bench-methods: export PYTHONDONTWRITEBYTECODE =
bench: $(STAMP)
	$(BIN)/python -m benchmarks $(if $(ONLY),--only $(ONLY)) $(if $(ROUNDS),--rounds $(ROUNDS))

bench-quick: $(STAMP)
	$(BIN)/python -m benchmarks.quick

bench-methods: $(STAMP)
	$(BIN)/python -m benchmarks.methods

# Zoho's own SDKs, each in an environment of its own, against the emulator; SDK=python-8.0 is one of them.
clients: $(STAMP)
	$(BIN)/python -m clients $(SDK)

# Faults of every kind against connectors as processes, while they read and while they write; SEEDS=n plays each n times, otherwise.
chaos: $(STAMP)
	@$(BIN)/python -m chaos source $(if $(SEEDS),--seeds $(SEEDS)); first=$$?; \
	$(BIN)/python -m chaos destination $(if $(SEEDS),--seeds $(SEEDS)) && test $$first -eq 0

# Readers against a Zoho in memory: N schedules on JOBS processes; SEED=n tells what happens in one.
N ?= 1000000

model: $(STAMP)
	$(BIN)/python -m unit_tests.source.model $(if $(SEED),--seed $(SEED),--schedules $(N) --jobs $(JOBS))

# The builder that is there, or BUILDER=podman; BUILD_FLAGS="--build-arg BASE=..." overrides the base.
BUILDER ?= $(firstword $(foreach builder,docker podman buildah,$(if $(shell command -v $(builder)),$(builder))))
VERSION := $(shell sed -n 's/^version = "\(.*\)"/\1/p' pyproject.toml)

image:
	@test -n "$(BUILDER)" || { echo "docker, podman or buildah is needed" >&2; exit 1; }
	@for connector in source-zoho-crm destination-zoho-crm; do \
	  $(BUILDER) build $(BUILD_FLAGS) --build-arg CONNECTOR=$$connector --build-arg VERSION=$(VERSION) \
	    --tag zoho-crm-connectors/$$connector:$(VERSION) --tag zoho-crm-connectors/$$connector:dev . || exit 1; \
	done

# Both folders as Airbyte's monorepo has them: DIR is the root of a checkout of it, or any empty folder.
monorepo monorepo-try: $(STAMP)
	@test -n "$(DIR)" || { echo "say where: make $@ DIR=path" >&2; exit 1; }
	$(BIN)/python -m monorepo "$(DIR)" $(if $(filter monorepo-try,$@),--try)

lock: $(STAMP)
	$(BIN)/uv pip compile --universal --generate-hashes --no-emit-index-url --quiet pyproject.toml -o requirements.lock
	$(BIN)/uv pip compile --universal --generate-hashes --no-emit-index-url --quiet --all-extras pyproject.toml -o requirements-dev.lock
