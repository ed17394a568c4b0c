# `make` alone says what there is.

PYTHON ?= python3
PORT   ?= 8000
KAFKA_PORT ?= 9092
DATA   ?= data
BIN    := .venv/bin

.DEFAULT_GOAL := help
.PHONY: help up kafka demo reset test test-long test-compose lint format bench messages lock install install-dev

help: ## what there is
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1|\2/' | awk -F'|' '{printf "%-16s %s\n", $$1, $$2}'

up: install ## start everything at http://127.0.0.1:8000 (PORT=8001, DATA=folder)
	@exec $(BIN)/crosswalk up --port $(PORT) --data "$(DATA)"

kafka: install ## Apache Kafka 4 at 127.0.0.1:9092 (KAFKA_PORT=19092; needs Java 17 and Maven)
	@exec $(BIN)/python -m deploy.kafka --port $(KAFKA_PORT) --data "$(DATA)/kafka"

demo: install ## play the main job against the running system
	@exec $(BIN)/crosswalk demo --data "$(DATA)"

reset: install ## empty the data folder
	@exec $(BIN)/crosswalk reset --data "$(DATA)"

# What kills and starves processes wants the machine for itself; all else shares it, two files at a time.
test: install-dev ## the tests (TESTS=tests/people for some; CI=1 for the slow ones, too)
	@if [ -n "$(TESTS)" ]; then $(BIN)/pytest $(TESTS); else \
		$(BIN)/pytest -n 2 --dist loadfile --ignore tests/faults --ignore tests/deploy/test_dead_parts.py; first=$$?; \
		$(BIN)/pytest tests/faults tests/deploy/test_dead_parts.py; exit $$((first | $$?)); fi

test-long: install-dev ## the slow tests, and the long form of those that kill and starve (ONLY=name for some)
	@CROSSWALK_LONG=1 $(BIN)/pytest -rP -o timeout=3600 tests/faults tests/referrals/test_reminders.py tests/notifications/test_outside.py tests/shared/test_worker_faults.py tests/deploy/test_dead_parts.py tests/deploy/test_upgrade.py tests/browser/test_every_page.py tests/journeys tests/referrals/test_many_schedulers.py $(if $(ONLY),-k "$(ONLY)")

test-compose: install-dev ## run docker-compose.yml for real and kill every container (needs a Docker engine)
	@CROSSWALK_COMPOSE=1 $(BIN)/pytest -rP tests/deploy/test_compose_run.py

lint: install-dev ## style, types, import contracts
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

format: install-dev ## put the code into shape
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

bench: install-dev ## speed, as ratios to what the machine can do (ONLY=name for one)
	@$(BIN)/python -m bench $(if $(ONLY),--only $(ONLY)) --data "$(DATA)"

messages: install-dev ## collect the words to translate into the catalogs
	@$(BIN)/python -m shared.translations extract

lock: ## write the lock files anew from pyproject.toml (needs uv)
	@uv pip compile --quiet --universal --generate-hashes --no-header --no-annotate --no-emit-index-url --python-version 3.11 --extra build pyproject.toml -o requirements.lock
	@uv pip compile --quiet --universal --generate-hashes --no-header --no-annotate --no-emit-index-url --python-version 3.11 --extra build --extra dev pyproject.toml -o requirements-dev.lock

install:
	@command -v $(PYTHON) >/dev/null || { echo "Crosswalk needs Python 3.11 or newer; there is no $(PYTHON). Install it, or name it: make PYTHON=/path/to/python3 up" >&2; exit 1; }
	@$(PYTHON) deploy/install.py

install-dev:
	@command -v $(PYTHON) >/dev/null || { echo "Crosswalk needs Python 3.11 or newer; there is no $(PYTHON). Install it, or name it: make PYTHON=/path/to/python3 test" >&2; exit 1; }
	@$(PYTHON) deploy/install.py
	@$(PYTHON) deploy/install.py dev
