.PHONY: build test check generate clean

build: ## the binary, static, in this folder
	CGO_ENABLED=0 go build -o ganymede ./cmd/ganymede

test: ## the test command of the README
	go test ./...

check: ## all that must hold before a change lands
	.ci/run

generate: ## assembly, embedded data: what is generated and checked in
	go generate ./...

clean:
	rm -rf ganymede runs
