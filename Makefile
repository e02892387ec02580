# One command a chore; `make` alone prints them. Needs Python 3.11 or later (locked on 3.11), make, git and the package index.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
PY := $(VENV)/bin/python
BIN := $(VENV)/bin
READY := $(VENV)/.ready
# Some images set it, and then each of a thousand processes compiles all that it imports, and each of pytest's workers rewrites every test.
unexport PYTHONDONTWRITEBYTECODE

SOURCES := app.py setup.py chalicelib jobline infra bench e2e examples press proof tests
# Only what is there: a tool that is given a missing path stops with an error that says nothing about the code.
present = $(wildcard $(1))

.DEFAULT_GOAL := help

.PHONY: help
help: ## Print this help
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: venv
venv: $(READY) ## Make .venv with everything pinned (the other targets do so by themselves)

$(VENV)/bin/python:
	@test -n "$(PYTHON)" || { echo "make: no python3.11 or python3 on PATH; try: make PYTHON=/path/to/python3.11" >&2; exit 1; }
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11) and "make: needs Python 3.11 or later, found " + sys.version.split()[0])'
	"$(PYTHON)" -m venv $(VENV)

# Not compiled, which takes as long as all the rest: what is imported is compiled then, and most of it never is.
$(VENV)/.installed: requirements.txt requirements-dev.txt | $(VENV)/bin/python
	$(PY) -m pip install --quiet --disable-pip-version-check --no-compile --require-hashes -r requirements-dev.txt
	@touch $@

# The repository itself, editable: gives the `jobline` command and makes app.py, chalicelib, infra ... importable.
$(READY): $(VENV)/.installed pyproject.toml
	$(PY) -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

.PHONY: demo
demo: $(READY) ## The whole pipeline doing real work, in one go (DIR=folder for your own files)
	$(PY) -m examples.demo $(if $(DIR),--dir "$(DIR)") $(ARGS)

.PHONY: up
up: $(READY) ## Start the local stack and stay: API, queues, table, consumers; Ctrl-C stops it
	$(BIN)/jobline up $(ARGS)

# Each test runs once: the fast ones side by side, then the slow ones, those of one file one after the other.
.PHONY: test
ifdef ARGS
test: $(READY)
	$(PY) -m pytest $(ARGS)
else
test: coverage others slow ## Run all tests (ARGS="-k name" for some)
endif

.PHONY: check
check: lint coverage others sample ## The gate: format, lint, types, layers, template, fast tests with coverage floors, a sample of the proof

# Side by side: mypy takes as long as all the others.
LINTS := lint-types lint-template lint-layers lint-rules lint-format
.PHONY: lint
lint: $(READY) ## The gate's static half: nothing is run
	@$(MAKE) --no-print-directory --jobs=$(WORKERS) $(LINTS)

.PHONY: $(LINTS)
lint-format:
	$(BIN)/ruff format --check --output-format concise $(call present,$(SOURCES))
lint-rules:
	$(BIN)/ruff check --quiet $(call present,$(SOURCES))
lint-types:
	$(BIN)/mypy $(call present,$(SOURCES))
lint-layers:
	$(BIN)/lint-imports --no-logo
lint-template:
	$(BIN)/cfn-lint infra/template.yaml

# What ships is held to its floors by the tests that were made for it; those of the tools around it, and the slow ones (real servers,
# processes, minutes of load), run without being watched, since that makes them three times as slow. moto and botocore are not watched either.
COVERING := $(addprefix tests/,unit schedules contract api adapters observability)
# Those that go through the same code hundreds of times, for each call, seed, route or input: they cover nothing more by being watched.
EXHAUSTIVE := $(addprefix tests/unit/pipeline/test_,workflow_faults workflow_many workflow_objects workflow_dynamic workflow_reading \
	workflow_manifests tenant_limits three_hours public_address strict_json) \
	$(addprefix tests/api/test_,on_real_adapters rights bad_requests tenants openapi paging reading) \
	$(addprefix tests/contract/test_,law expressions queue newest) tests/schedules/test_changes \
	tests/adapters/test_limits_whole tests/observability/test_log_lines
EXHAUSTIVE := $(addsuffix .py,$(EXHAUSTIVE))
# Named, not left over by --ignore: that would leave out the exhaustive ones too, though they are named.
OTHERS := $(filter-out $(COVERING) tests/__pycache__,$(patsubst %/,%,$(wildcard tests/*/)))
WORKERS ?= 2
SPREAD := -n $(WORKERS) --dist worksteal

.PHONY: coverage
coverage: $(READY) ## The fast tests of what ships, and the coverage floors: chalicelib 95 %, its domain 100 %
	$(PY) -m pytest -m "not slow" $(SPREAD) -p tests.support.untraced --cov --cov-report= $(COVERING) $(addprefix --ignore=,$(EXHAUSTIVE))
	$(BIN)/coverage report --include='chalicelib/*' --fail-under=95 --skip-covered
	$(BIN)/coverage report --include='chalicelib/domain/*' --fail-under=100 --skip-covered

.PHONY: others
others: $(READY) ## The other fast tests: infra, proof, cost, demo, local, doctor, ...
	$(PY) -m pytest -m "not slow" $(SPREAD) $(OTHERS) $(EXHAUSTIVE)

.PHONY: slow
SLOW_WORKERS ?= 3 # they wait for processes and servers about as long as they work
slow: $(READY) ## The slow tests: real servers, processes, load
	$(PY) -m pytest -m "slow and not long" -rs -n $(SLOW_WORKERS) --dist loadfile --no-loadscope-reorder

.PHONY: browser
browser: $(READY) ## The dashboard's tests alone, in headless Chromium (CHROMIUM=/path/to/it; Debian: apt-get install chromium)
	$(PY) -m pytest -m slow -n $(WORKERS) --dist loadfile -rs tests/browser $(ARGS)

.PHONY: screens
screens: $(READY) ## Pictures of the dashboard's pages, light, dark and on a phone, under build/screens/; and the README's
	$(PY) -m tests.browser.screens $(ARGS)

.PHONY: long
long: $(READY) ## The longest tests, each with a shorter sister in `make test`: deploys taken apart, days under policies, much load
	$(PY) -m pytest -m long -n $(SLOW_WORKERS) --dist loadfile

.PHONY: cost
cost: $(READY) ## Count AWS calls and write units for 1,000 plain jobs, and what each feature adds
	$(PY) -m bench.features
	$(PY) -m bench.cost $(ARGS)

# The peers are for this alone: an environment of their own, locked apart, that nothing else installs.
.PHONY: bench
PEERS := build/peers
bench: $(READY) $(PEERS)/.installed ## Jobline beside its peers, on one emulator, in turns; results under build/bench/ (ARGS="--rounds 3")
	$(PY) -m bench.race $(ARGS)

.PHONY: measures
measures: $(READY) ## The API beside a bare route, enqueueing beside raw calls, a consumer's memory (ARGS="door", "--enqueue 100000", "--memory 1000000")
	$(PY) -m bench.measures $(ARGS)

$(PEERS)/.installed: bench/race/peers.txt
	"$(PYTHON)" -m venv $(PEERS)
	$(PEERS)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@

.PHONY: workflows
workflows: $(READY) ## Measure what workflows cost at 1,000, 10,000 and 100,000 children; the chart under build/bench/ (ARGS="--emulator 10000")
	$(PY) -m bench.workflows $(ARGS)

.PHONY: scaling
scaling: $(READY) ## A model of AWS's limits under loads: what gives way first, what moves it, what it costs (docs/scaling.md)
	$(PY) -m bench.scaling $(ARGS)

.PHONY: package
package: $(READY) ## Build what ships, open it, print what it weighs; fails if it holds what it must not (STAGE=dev)
	$(PY) -m infra.packaging --stage $(or $(STAGE),dev) $(ARGS)

.PHONY: cold-start
cold-start: $(READY) ## Time a cold start of each function from its zip against a bare boto3 handler
	$(PY) -m bench.cold_start $(ARGS)

.PHONY: fan-in
fan-in: $(READY) ## 10,000 children of one group end in 200 threads, before an emulator: one join (ARGS="--children 500 --threads 32")
	$(PY) -m proof.fan_in $(ARGS)

.PHONY: proof
PROOF_MINUTES ?= 20
proof: $(READY) ## Prove it: every layer, all faults and mutants, the report under build/proof/ (PROOF_MINUTES=20)
	$(PY) -m proof --minutes $(PROOF_MINUTES) $(ARGS)

.PHONY: sample
sample: $(READY) ## A minute of the proof: some of everything, and a quarter of the mutants
	$(PY) -m proof --minutes 1 --folder build/proof-sample

.PHONY: e2e
e2e: $(READY) ## Prove the deployed thing on an emulator: deploy, use, redeploy, delete; both ways (ARGS=--quick)
	$(PY) -m e2e $(ARGS)

.PHONY: deploy
deploy: $(READY) ## Set a stage up on AWS, or bring it up to date: shows what would change, and asks (STAGE=dev)
	@test -n "$(STAGE)" || { echo "make: say which stage: make deploy STAGE=dev" >&2; exit 1; }
	$(PY) -m infra deploy --stage "$(STAGE)" $(ARGS)

.PHONY: destroy
destroy: $(READY) ## Take a stage down; its table and bucket stay, unless told otherwise (STAGE=dev)
	@test -n "$(STAGE)" || { echo "make: say which stage: make destroy STAGE=dev" >&2; exit 1; }
	$(PY) -m infra destroy --stage "$(STAGE)" $(ARGS)

.PHONY: wheel
wheel: $(READY) ## Build the wheel of the client, the command and all that `jobline new` needs, into build/dist
	$(PY) -m jobline.new.wheel build/dist

.PHONY: first-five
first-five: $(READY) ## From the wheel to the first finished job of one's own, as a new user, timed step by step (ARGS="--from clone")
	$(PY) -m bench.first_five $(ARGS)

# Not in the gate's environment: it is a hundred packages, 290 MB, for one template.
.PHONY: checkov
CHECKOV := build/checkov
checkov: $(CHECKOV)/.ready ## Judge the stack's template by checkov's rules; the exceptions and their reasons stand in it
	$(CHECKOV)/bin/checkov --file infra/template.yaml --framework cloudformation --compact --quiet --skip-download

$(CHECKOV)/.ready: proof/security/checkov.txt
	"$(PYTHON)" -m venv --clear $(CHECKOV)
	$(CHECKOV)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r proof/security/checkov.txt
	@touch $@

# What looks for holes is sixty packages: in an environment of its own, which sees the project's libraries through a .pth file.
.PHONY: security
SECURITY := build/security
SECURITY_PY := $(SECURITY)/venv/bin/python
security: $(READY) $(SECURITY)/.ready ## Look for what gets in: rights, inputs, secrets, the API and its readers at random, bandit, checkov, the bill of materials (ARGS="--cases 2000")
	$(PY) -m proof.security $(ARGS)

.PHONY: fuzz
FUZZ_CASES ?= 100000
FUZZ_RUNS ?= 1000000
fuzz: $(READY) $(SECURITY)/.ready ## The same at random alone, for longer: 100,000 requests by schemathesis, 14 readers fed a million times each
	$(PY) -m proof.security --fuzz-only --cases $(FUZZ_CASES) --runs $(FUZZ_RUNS) $(ARGS)

$(SECURITY)/.ready: proof/security/requirements.txt
	"$(PYTHON)" -m venv $(SECURITY)/venv
	$(SECURITY_PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r proof/security/requirements.txt
	$(PY) -c 'import site; print(site.getsitepackages()[0])' > "$$($(SECURITY_PY) -c 'import site; print(site.getsitepackages()[0])')/project.pth"
	@touch $@

.PHONY: format
format: $(READY) ## Format the code and mend what lint can mend
	$(BIN)/ruff format --quiet $(call present,$(SOURCES))
	$(BIN)/ruff check --fix --quiet $(call present,$(SOURCES))

# The site's builder is not in the gate's environment: it has one of its own, locked, which is made when it is first needed.
.PHONY: docs
SITE := build/docs
SITE_BIN := $(SITE)/venv/bin
docs: $(READY) $(SITE)/.ready ## Build the documentation site, strictly, into build/docs/site; draw docs/lifecycle.md again from the code's table
	$(PY) -m press.lifecycle
	$(PY) -m press.stage
	$(SITE_BIN)/python -m press.draw
	rm -rf $(SITE)/site
	$(SITE_BIN)/python -m sphinx --builder html --fail-on-warning --keep-going --quiet --fresh-env --doctree-dir $(SITE)/doctrees $(SITE)/source $(SITE)/site
	@echo "$(SITE)/site/index.html"

.PHONY: docs-look
docs-look: $(READY) ## Look at every page of the built site in headless Chromium: light, dark, a phone's width; nothing missing, no other host, a clean console
	$(PY) -m press.look

$(SITE)/.ready: press/requirements.txt
	"$(PYTHON)" -m venv $(SITE)/venv
	$(SITE_BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r press/requirements.txt
	@touch $@

.PHONY: recording
recording: $(READY) ## Record docs/pictures/terminal.svg again: a story really typed against a local stack
	$(PY) -m press.recording

.PHONY: lock
PIN := CUSTOM_COMPILE_COMMAND="make lock" $(BIN)/pip-compile --quiet --generate-hashes --allow-unsafe --strip-extras \
	--no-emit-index-url --no-emit-trusted-host --no-emit-find-links --no-emit-options
lock: $(READY) ## Pin what ships into requirements.txt, all else into requirements-dev.txt, the site's builder into press/requirements.txt, what looks for holes into proof/security, with hashes (ARGS=--upgrade)
	$(PIN) --output-file requirements.txt $(ARGS) requirements.in
	$(PY) -m infra.packaging.lock requirements.txt
	$(PIN) --output-file requirements-dev.txt $(ARGS) requirements-dev.in
	$(PIN) --output-file press/requirements.txt $(ARGS) press/requirements.in
	$(PIN) --output-file proof/security/requirements.txt $(ARGS) proof/security/requirements.in
	$(PIN) --output-file proof/security/checkov.txt $(ARGS) proof/security/checkov.in

.PHONY: lock-peers
lock-peers: $(READY) ## Pin the peers of `make bench` into bench/race/peers.txt, with hashes
	CUSTOM_COMPILE_COMMAND="make lock-peers" $(BIN)/pip-compile --quiet --generate-hashes --allow-unsafe --strip-extras \
		--no-emit-index-url --no-emit-trusted-host --no-emit-find-links --no-emit-options --output-file bench/race/peers.txt bench/race/peers.in

.PHONY: clean
clean: ## Remove .venv, builds and caches
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis .coverage .coverage.*
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
