# Targets for people; CI runs `make test` and nothing else.

export CGO_ENABLED = 0
# Packages at once. Sandboxes, servers and compilers share few cores: more
# makes heavy packages starve each other.
P ?= 2

.PHONY: build guest test clients demo bench lint race fmt clean

build:
	go build -o bin/ostler ./cmd/ostler

# What runs inside of containers, for a server on another system than Linux.
guest:
	GOOS=linux GOARCH=amd64 go build -ldflags=-s -o bin/ostler-guest-linux-amd64 ./cmd/ostler-guest
	GOOS=linux GOARCH=arm64 go build -ldflags=-s -o bin/ostler-guest-linux-arm64 ./cmd/ostler-guest

# All tests, those with the official clients included. The last lines say how
# many tests ran, and which client in which version.
test: clients
	go vet ./...
	GOOS=darwin go vet ./cmd/ostler
	go run ./scripts/summary -p $(P) -timeout 15m ./...

# The official clients, in the versions of the lock files, below .cache/.
clients:
	scripts/clients.sh

demo: build
	bin/ostler demo

bench:
	go run ./bench

lint:
	@test -z "$$(gofmt -s -l .)" || { gofmt -s -l .; echo "run make fmt"; exit 1; }
	go vet ./...

race:
	CGO_ENABLED=1 go test -race -p $(P) -timeout 30m ./...

fmt:
	gofmt -s -w .

clean:
	rm -rf bin .cache
