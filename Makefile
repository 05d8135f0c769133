# andon: see README.md. `make help` lists the targets.

GO       ?= go
SCENARIO ?= mixed
FUZZTIME ?= 10s
BENCH    ?= .
PACT     := CGO_LDFLAGS="-L$(CURDIR)/.cache/pact/lib -Wl,-rpath,$(CURDIR)/.cache/pact/lib"
COUNT    ?= 6
# Some tables of bench-peers, or all where it is empty.
PEERS    ?=
# The packages with simulations, whose tests have the flag -long.
SIMULATED := ./reports/compare ./scenarios/queuetest ./scenarios/capacity ./scenarios/search
# Tests that need a browser, Node.js or Prometheus have it in their names.
TOOLS    := InBrowser|InNode|Prometheus

.DEFAULT_GOAL := help

.PHONY: help
help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: run
run: build ## Drive the embedded provider with a scenario (SCENARIO=mixed) and report
	bin/andon run $(SCENARIO)

.PHONY: build
build: go ## Build the static binary bin/andon
	@CGO_ENABLED=0 $(GO) build -trimpath -ldflags=-s -o bin/andon ./cmd/andon

.PHONY: test
test: go deps ## Run all tests, those with Pact among them; with the race detector where goroutines meet
	@GO="$(GO)" .ci/test

.PHONY: test-fast
test-fast: go ## Run the tests that need nothing but Go: no race detector, browser, Node.js, Prometheus or Pact
	CGO_ENABLED=0 $(GO) test -timeout 5m -skip '$(TOOLS)' ./...
	@echo "left out: the race detector, Pact, and the tests with these in their names: $(TOOLS)"

.PHONY: deps
deps: go pact ## Install what the tests need, as root on Debian; say what is missing elsewhere
	@.ci/need $${CC:-gcc} gcc libc6-dev
	@.ci/readers/install
	@.ci/providers/install
	@.ci/need prometheus prometheus
	@.ci/need chromium chromium

.PHONY: update
update: go pact-update ## Write everything anew that tests compare with: goldens, references, schemas, the pact
	.ci/update

.PHONY: pact
pact: ## Fetch Pact's native library into .cache/pact
	@.ci/pact/install

.PHONY: pact-build
pact-build: go pact ## Build bin/andon-pact, with which andon verify lets Pact judge too
	@CGO_ENABLED=1 $(PACT) $(GO) build -tags pact -o bin/andon-pact ./cmd/andon-pact

.PHONY: pact-update
pact-update: go pact ## Write contracts/pacts anew from openapi.yaml
	CGO_ENABLED=1 $(PACT) $(GO) test -count=1 -tags pact -run TestConsumer ./contracts/pact -update >/dev/null

.PHONY: lint
lint: go ## Check the code and openapi.yaml without running anything
	.ci/lint

.PHONY: hostile
hostile: go ## Let each command that sends meet each hostile server for 3 minutes; print what memory and time it took
	@CGO_ENABLED=0 $(GO) test -c -o bin/hostile.test ./cmd/andon
	@cd cmd/andon && ../../bin/hostile.test -test.run TestHostileServers -test.timeout 15m -hostile

.PHONY: simulate
simulate: go ## Search for known capacities 500 times each, by simulation, for an hour or two; print what came of it
	CGO_ENABLED=0 $(GO) test -count=1 -v -timeout 150m -run Simulate $(SIMULATED) -long

.PHONY: manifest-check
manifest-check: go ## Hold what andon fleet manifest prints against Kubernetes' own code, which takes some minutes to build
	$(GO) test -C .ci/kubernetes -p 1 -timeout 5m . -accepted

.PHONY: action-check
action-check: build ## Run the action for GitHub as its users do, by act on this machine, for two minutes
	@.ci/need jq jq
	@$(GO) build -C .ci/action -o ../../.cache/act github.com/nektos/act
	$(GO) test -C .ci/action -count=1 -v -timeout 10m . -andon $(CURDIR)/bin/andon -act $(CURDIR)/.cache/act

.PHONY: pictures
pictures: build ## Make the pictures in the documents anew: of the page, and of the live view
	@.ci/need chromium chromium
	.ci/pictures/make

.PHONY: public-check
public-check: go ## Hold andon against every operation of public OpenAPI documents; print what became of each
	@.ci/public/install
	$(GO) test -count=1 -v -timeout 20m -run TestPublicOperations ./contracts/provider -public $(CURDIR)/.cache/public

.PHONY: release
release: go ## Publish the release of the tag at this commit to GitHub, with GITHUB_TOKEN
	.ci/release/run release --clean

.PHONY: release-check
release-check: go ## Build the release twice, compare each byte, and run it in bare root file systems; takes many minutes
	.ci/release/check

.PHONY: image
image: go ## Make the image without a daemon: an OCI layout in .cache/image/layout, and what docker build wants
	.ci/release/image

.PHONY: image-check
image-check: go ## Make the images twice, Pact's too, compare each byte, and run them by runc with a read-only root
	.ci/release/image-check

.PHONY: audit
audit: go ## List the modules in use with their licences, and look for known vulnerabilities
	@.ci/need curl curl
	@.ci/audit

.PHONY: bench
bench: go ## Run the benchmarks (BENCH=., COUNT=6) and summarize them with benchstat
	@mkdir -p bin
	$(GO) test -run '^$$' -bench '$(BENCH)' -benchmem -count $(COUNT) ./... | tee bin/bench.txt
	$(GO) tool -modfile=.ci/tools/go.mod benchstat bin/bench.txt

.PHONY: bench-smoke
bench-smoke: go ## Run each benchmark once, to see that it still runs
	CGO_ENABLED=0 $(GO) test -vet=off -timeout 10m -run '^$$' -bench . -benchtime 1x \
		$$(git grep -l '^func Benchmark' -- '*_test.go' ':!.ci' | xargs -n1 dirname | sort -u | sed 's|^|./|')

.PHONY: bench-peers
bench-peers: build ## Measure andon beside other load testers for half an hour, as root with all else kept off core 0, and write scenarios/attack/README.md; PEERS=open,tls prints those tables alone
	.ci/peers/run $(if $(PEERS),-only $(PEERS),-o scenarios/attack/README.md)

.PHONY: fuzz
fuzz: go ## Run every fuzz target for FUZZTIME=10s, and say how many inputs were tried
	@.ci/fuzz $(FUZZTIME)

.PHONY: mutants
mutants: go ## Show that andon verify notices every known defect of a provider, and no harmless difference
	$(GO) test -count=1 -v -run 'TestMutants|TestHarmless' ./contracts/verify

.PHONY: clean
clean: ## Remove what was built; runs stay
	rm -rf bin .cache .ci/openapi/node_modules .ci/providers/node_modules .ci/readers/node_modules

.PHONY: go
go:
	@command -v $(GO) >/dev/null || { echo "Go is missing; andon needs Go 1.26 or newer (https://go.dev/doc/install)" >&2; exit 1; }
