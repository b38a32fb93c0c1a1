# make run    start everything on this machine
# make test   run the tests
# make help   the rest
.DEFAULT_GOAL := help
.PHONY: plans soak images images-test alerts deploy-check environment-deploy run web test long slow-inputs faults standby-drill restore-drill fuzz walk-through audit mutants mail-pictures pictures check lint lint-reference official-files snapshot examples format lock clean help environment environment-dev environment-check bench bench-growth environment-bench
MAKEFLAGS += --no-print-directory

# The newest Python from 3.11 to 3.14 that can make virtual environments; PYTHON=… chooses another.
PYTHON ?= $(shell for p in python3.14 python3.13 python3.12 python3.11 python3; do \
	$$p -c 'import ensurepip, sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && exit; \
	done; echo python3)
BIN := .venv/bin
# Compiled modules are kept also where an image says otherwise: tests start dozens of processes.
unexport PYTHONDONTWRITEBYTECODE
TESTS ?= tests
WORKERS ?= 2

run: environment ## Start PostgreSQL, Redis, S3, API and worker; PORT and LEARNING_DEV_DIR move them
	@LEARNING_DEV_UNDER_MAKE=1 exec $(BIN)/learning-service dev

test: environment-dev ## Run the tests on parts of their own
	@$(BIN)/pytest -n $(WORKERS) --dist worksteal $(TESTS)

LONG := (long or hypothesis) and not slow and not deploy
long: environment-dev ## Run the tests that take seconds each: parts that die, browsers, large data, all that is drawn
	@EXAMPLES_DRAWN=all $(BIN)/pytest -n $(WORKERS) --dist worksteal -m "$(LONG)" $(TESTS)

faults: environment-dev ## Hurt and kill everything under load and count what was lost; FAULTS=short does a part of it
	@$(BIN)/pytest -m slow tests/faults

standby-drill: environment-dev ## Kill the primary under load, promote its standby, and fail back: nothing acknowledged is lost
	@$(BIN)/pytest -n 0 -m slow tests/faults/test_standby.py

restore-drill: environment-dev ## Restore a backup elsewhere and a moment before a mishap: both serve what was there
	@$(BIN)/pytest -n 0 -m "long or not long" tests/operations/test_backup.py tests/operations/test_point_in_time.py

plans: environment-dev ## What every statement touches whatever statistics say, also beside an organization of MEMBERS (a million)
	@GIANT=$(or $(MEMBERS),1000000) $(BIN)/pytest -n 0 -m "long or slow" tests/foundations/test_route_plans.py \
		tests/foundations/test_list_plans.py tests/foundations/test_write_plans.py

slow-inputs: environment-dev ## Try the worst known texts in every field: 50 ms of processor for each 100 KiB of a request
	@SLOW_INPUTS=whole $(BIN)/pytest -n 0 -m long tests/hostile/test_slow_inputs.py

fuzz: environment-check ## Let schemathesis try the whole reference on a running copy, as each role; FUZZ_SECONDS in all
	@./scripts/fuzz.sh

walk-through: environment ## Do what the README says, from `make run` to a certificate, and stop everything
	@./scripts/walkthrough.sh

audit: environment-check ## Look for known holes in what runs in production
	@./scripts/audit.sh

mutants: environment-check ## Change the rules in thousands of ways and see which changes no test notices (hours)
	@./scripts/mutants.sh

mail-pictures: environment-dev ## Draw every mail in Chromium into docs/pictures: phone and desktop, light and dark
	@MAIL_PICTURES=docs/pictures $(BIN)/pytest -n 0 -q -m long tests/reminders/test_mail_browser.py

pictures: environment-dev ## Take pictures of the web application's main screens from the running copy (make run, PORT) into docs/pictures
	@PYTHONPATH=. $(BIN)/python scripts/pictures.py

bench: environment-bench ## Measure the service beside its limits and the alternative; ROW=verify one row, RUNS=3 medians
	@$(BIN)/python -m benchmarks $(if $(ROW),--row "$(ROW)") $(if $(RUNS),--runs $(RUNS))

bench-growth: environment-bench ## Growth with OTHERS members of other organizations, 10 million unless told: half an hour and 20 GB
	@$(BIN)/python -m benchmarks --row growth --others $(or $(OTHERS),10000000)

soak: environment-bench ## Two APIs and two workers under mixed load; MINUTES=30, RATE=10 calls a second; draws docs/pictures/soak.png
	@$(BIN)/python -m benchmarks.soak $(if $(MINUTES),--minutes $(MINUTES)) $(if $(RATE),--rate $(RATE))

web: environment-dev ## Build the web application and judge it: lint, types, unit tests
	@$(BIN)/learning-service web
	@$(BIN)/learning-service openapi >web/.openapi.json
	@cd web && npm run --silent lint && npm run --silent types && npm test --silent

check: lint test ## Everything that has to hold before a change is kept

lint: environment-dev ## Style, format, types and import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	@if command -v node >/dev/null; then echo scripts/lint_reference.sh; scripts/lint_reference.sh; fi

lint-reference: environment-dev ## Let redocly and spectral judge the OpenAPI document (needs node)
	@./scripts/lint_reference.sh

official-files: environment-dev ## Fetch 1EdTech's schema of Open Badges, by which the tests judge credentials
	@$(BIN)/python scripts/official_files.py

snapshot: environment-dev ## Renew docs/openapi.json, by which changes that break clients are found
	@$(BIN)/learning-service openapi > docs/openapi.json

deploy-check: environment-deploy ## Judge the chart, the alert rules and the dashboards by their own tools (needs promtool)
	@$(BIN)/pytest -n 0 -m deploy tests/operations

images: ## Build the images by docker, podman or buildah; IMAGES_FROM=packages makes their base of Debian's packages
	@$(PYTHON) scripts/images.py

images-test: environment-dev ## Build the images, start the composition by podman (as root), go from a deck to a certificate
	@$(PYTHON) scripts/images.py podman
	@$(BIN)/pytest -n 0 -m images tests/images

alerts: environment-deploy ## Write deploy/alerts and deploy/dashboards anew
	@$(BIN)/python scripts/alerts.py >deploy/alerts/learning-service.yml
	@$(BIN)/python scripts/dashboards.py deploy/dashboards

examples: environment-dev ## Take the reference's examples anew, from tests that call everything (minutes)
	@EXAMPLES=src/learning_service/assets/reference/examples.json $(BIN)/pytest -n 0 -q -m "long or not long" \
		tests/grading/test_following.py::test_a_lost_pass_may_be_kept \
		tests/webhooks/test_webhooks.py::test_rotation_overlaps_and_replay_sends_again \
		tests/completion/test_granting.py::test_more_attempts_reopen_a_failed_enrollment \
		tests/documents/test_upload.py::test_only_what_failed_is_tried_again \
		tests/authorization/test_matrix.py::test_everybody_gets_what_the_document_says

format: environment-dev ## Put the code in its form
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lock: ## Resolve requirements/*.in again (needs uv)
	@command -v uv >/dev/null || { echo "make lock needs uv: https://docs.astral.sh/uv/"; exit 1; }
	@cd requirements && for name in build runtime otel nats embedded dev check bench web uv deploy; do \
		uv pip compile --quiet --upgrade --generate-hashes --universal --python-version 3.11 --no-emit-index-url \
			--no-annotate --no-header $$name.in -o $$name.txt || exit 1; done

environment: ## Make or renew .venv for running
	@$(PYTHON) scripts/environment.py run

environment-dev: ## Make or renew .venv for development
	@$(PYTHON) scripts/environment.py dev

environment-check: ## Make or renew .venv with the tools of fuzz, audit and mutants as well
	@$(PYTHON) scripts/environment.py check

environment-deploy:
	@$(PYTHON) scripts/environment.py deploy

environment-bench:
	@$(PYTHON) scripts/environment.py bench

clean: ## Remove .venv, caches and the development copy's data
	rm -rf .venv .web-venv .dev build web/node_modules src/learning_service/assets/web .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find src tests migrations scripts -name __pycache__ -type d -prune -exec rm -rf {} +

help: ## Show this
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-18s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
