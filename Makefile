# Quittance. "make" lists the targets; each gets by itself what is missing on a fresh machine with Go.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help run build release test test-deep bench scale chaos drill lint generate screenshots clean

PACKAGES      := deployments/local/install-packages.sh
PROGRESS      := deployments/local/with-progress.sh
TESTS         := go run gotest.tools/gotestsum@v1.13.0 --format pkgname --format-hide-empty-pkg --jsonfile
PATIENT       := -timeout 30m # Go gives a package ten minutes, which a busy machine can need for the end-to-end tests
ALONE         := -p 1 -parallel 4 # an hour passes in a second in some tests: packages beside each other would take that second away
# Tests of the local stack that take long. Their names make test shorter, and test-deep plays them.
LONG          := TestTwoAPIsAndThreeWorkers|TestABackupThatIsRestored|TestThreeVersions|TestAVersionThatDoesHarm|TestOnlyAVersionThatWorks|TestWhatIsBoundToAVersion|TestManyPaymentsSurvive|TestIdleCompanies|TestTwentyFourClicksOpenOnePageAlso|TestWhatPersonsDecide|TestSettlementFilesAreFetched|TestAThousandClicks|TestAnOperatorReadsInTemporalWeb|TestTheRunbookIsRight
GOLANGCI      := go run github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0
WORKFLOWCHECK := go run go.temporal.io/sdk/contrib/tools/workflowcheck@v0.6.0

help: ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

run: build ## start the whole local stack; Ctrl-C stops it, data stay in .quittance/
	@$(PACKAGES) postgresql
	@bin/quittance-local

build: ## build bin/quittance and bin/quittance-local
	@go build -o bin/ ./cmd/quittance
	@[[ -e bin/quittance-local ]] || echo "building the Temporal server into bin/quittance-local: the first time takes 4–8 minutes"
	@$(PROGRESS) "building bin/quittance-local" go build -C deployments/local -o ../../bin/quittance-local .

release: ## make what VERSION=1.0.0 is released as in dist/: binaries, SBOM, checksums and provenance
	@deployments/release.sh $(VERSION)

# Collecting garbage less often is worth its memory here.
test: export GOGC ?= 400
test: ## run the tests of all modules, in under ten minutes on two cores; what takes longer is in test-deep
	@$(PACKAGES) postgresql gcc pgbouncer
	@$(PACKAGES) chromium || echo "going on without Chromium: the browser tests are skipped"
	@$(PACKAGES) poppler-utils zbar-tools || echo "going on without them: QR-bills on paper are not measured"
	@mkdir -p bin
	@$(PROGRESS) "testing the product" $(TESTS) bin/test-product.json -- $(PATIENT) -short ./...
	@cd deployments/checks && ../../$(PROGRESS) "checking what is deployed" $(TESTS) ../../bin/test-checks.json -- $(PATIENT) -short ./...
	@echo "testing the local stack end to end; building the Temporal server takes 4–8 minutes the first time"
	@$(PROGRESS) "building the local stack" go build -C deployments/local ./...
	@cd deployments/local && ../../$(PROGRESS) "testing the local stack" $(TESTS) ../../bin/test-local.json -- $(PATIENT) $(ALONE) -short -skip "$(LONG)" ./...
	@echo; echo "What the tests counted:"; grep -hoE '_test.go:[0-9]+: [^"]*[0-9][^"]*' bin/test-product.json bin/test-checks.json bin/test-local.json | grep -v rapid | sed -E 's/^[^ ]+ /  /; s/\\n$$//'

test-deep: export GOGC ?= 400
test-deep: ## find data races, and play every fault, wrong value, lost step, page and large file; what make test plays in part
	@$(PACKAGES) postgresql gcc pgbouncer
	@$(PACKAGES) chromium || echo "going on without Chromium: the pages of the console are not looked at"
	@$(PACKAGES) poppler-utils zbar-tools || echo "going on without them: QR-bills on paper are not measured"
	@mkdir -p bin
	@$(PROGRESS) "finding data races" $(TESTS) bin/test-deep-race.json -- $(PATIENT) -short -race ./...
	@$(PROGRESS) "spoiling every field" $(TESTS) bin/test-deep-product.json -- $(PATIENT) -race -run TestWhateverIsWrong ./api
	@$(PROGRESS) "keeping the books of large files" $(TESTS) bin/test-deep-books.json -- $(PATIENT) -run "TestBooksOfAYear|TestLargeMRX" ./api
	@$(PROGRESS) "telling random truths" $(TESTS) bin/test-deep-truths.json -- $(PATIENT) -run TestEachMovement ./internal/settlement -rapid.checks=10000
	@$(PROGRESS) "losing and moving every step" $(TESTS) bin/test-deep-steps.json -- $(PATIENT) -run TestEveryStep ./internal/testing/mutation
	@cd deployments/checks && ../../$(PROGRESS) "releasing twice" $(TESTS) ../../bin/test-deep-checks.json -- $(PATIENT) -run TestARelease ./...
	@cd deployments/local && ../../$(PROGRESS) "playing every fault" $(TESTS) ../../bin/test-deep-local.json -- $(PATIENT) $(ALONE) -run "TestEveryPath|TestEverybodyCanUse|TestWhatGoesWrong|$(LONG)" ./e2e ./chaos

bench: ## measure the product on this machine; fails when a bar is missed; ONLY=noise,reads for parts of it
	@$(PACKAGES) postgresql
	@$(PROGRESS) "measuring" go run -C deployments/local ./bench $(if $(ONLY),--only $(ONLY))

scale: ## say which machines loads need, by queueing theory; RATE=10,500 for yours, COSTS=file for your own figures
	@go run -C deployments/local ./scaling $(if $(RATE),--rate $(RATE)) $(if $(COSTS),--with $(abspath $(COSTS)))

chaos: ## use everything while everything goes wrong, then check the books; SEED=n plays a run once more
	@$(PACKAGES) postgresql
	@go build -o bin/ ./cmd/quittance
	@$(PROGRESS) "chaos" go run -C deployments/local ./chaos --binary $(CURDIR)/bin/quittance $(if $(SEED),--seed $(SEED))

drill: ## lose a region while payers pay, go on in another one, then check the books: the drill of RUNBOOK.md; SEED=n plays one once more
	@$(PACKAGES) postgresql
	@go build -o bin/ ./cmd/quittance
	@$(PROGRESS) "drill" go run -C deployments/local ./chaos --failover --payments 120 --duration 1m --binary $(CURDIR)/bin/quittance $(if $(SEED),--seed $(SEED))

lint: ## check style, likely bugs and the determinism of workflows
	@$(PROGRESS) "linting the product" $(GOLANGCI) run ./...
	@cd deployments/local && ../../$(PROGRESS) "linting the local stack" $(GOLANGCI) run ./...
	@cd deployments/checks && ../../$(PROGRESS) "linting the checks" $(GOLANGCI) run ./...
	@$(PROGRESS) "checking the workflows" $(WORKFLOWCHECK) ./workflows/...

generate: ## generate the server stubs from the OpenAPI document
	@go generate ./...

screenshots: ## take the pictures of the console for README and docs; PAGES=folder for every page in every language
	@$(PACKAGES) postgresql chromium fonts-liberation
	@cd deployments/local && ../../$(PROGRESS) "taking pictures" go test ./e2e -count=1 $(PATIENT) -run $(if $(PAGES),TestEverybodyCanUseEveryPage,TestPicturesOfTheTour) -args $(if $(PAGES),-pages $(abspath $(PAGES)),-tour $(CURDIR)/docs/pictures)

clean: ## remove what was built; data in .quittance/ stay
	@rm -rf bin dist
