.DEFAULT_GOAL := build
.PHONY: build install test race vet fmt generate check clean help

build: ## the binary, static, in this folder
	CGO_ENABLED=0 go build -o ganymede ./cmd/ganymede

install: ## the command ganymede, in $(go env GOPATH)/bin
	CGO_ENABLED=0 go install ./cmd/ganymede

test: ## the tests
	go test ./...

race: ## the race detector on what is concurrent; needs a C compiler
	CGO_ENABLED=1 go test -race -short ./engine/pool ./train ./run

vet: ## what the compiler does not see
	go vet ./...

fmt: ## format the code
	gofmt -w $$(git ls-files '*.go')

generate: ## assembly, embedded data: what is generated and checked in
	go generate ./...

check: ## all that must hold before a change lands
	.ci/run

clean: ## the binary; runs stay
	rm -f ganymede

help: ## this list
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /\1\t/' | expand -t 10
