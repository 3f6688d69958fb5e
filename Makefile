# The two commands of the README are `make run` and `make test`.
SHUTOUT := bin/shutout

.PHONY: run build test check profiles race fuzz pictures bench deps images containers clean

# Play the whole catalogue. Cases that show how access outlives an account end
# in exit status 1; that is their result, not a fault of the program.
run: build
	@$(SHUTOUT) run; status=$$?; if [ $$status -gt 1 ]; then exit $$status; fi

build:
	@go build -o $(SHUTOUT) ./tools/shutout

# Nothing is vetted while it is tested: check has done that.
# Packages that wait for real servers and for time to pass leave their core to
# others, so more are tested at once than there are cores.
GOTEST := go test -vet=off -p 4 -timeout 30m

# Everything that must hold, in some minutes. Each case of the catalogue is
# played on its own profile; `make profiles` plays it on all others.
test: deps check
	@go run ./tools/images --if-possible
	$(GOTEST) ./...

profiles:
	$(GOTEST) ./scenarios -run TestScenarios -ginkgo.label-filter=elsewhere

check:
	@test -z "$$(gofmt -l $$(git ls-files '*.go'))" || { gofmt -l $$(git ls-files '*.go'); echo "run gofmt -w on these files"; exit 1; }
	go vet ./...

# The foreign clients that tests talk to the servers with, and the browser that
# they open pages with. Tests whose client is missing say so and are skipped.
deps:
	@./tools/test-deps.sh

# The images of the lab of real servers. What is there already is left alone.
images: deps
	@go run ./tools/images

# The slow tests with real servers: each is stopped, paused and disconnected in
# the middle of a case; and the program is killed at every step of an SOP, and the
# account put back from the journal.
containers: images
	$(GOTEST) ./lab/containers -faults
	$(GOTEST) ./tools/shutout -run TestContainers -containers

# The same tests under the race detector. It makes the cases six times as slow,
# so each is played on its own profile only, and once. Left out are tests that
# measure real servers, for the detector has them measure itself, and those that
# play the simulation more often but in no other way than the cases do: the
# README, every claim (the scripts of the command line play some) and each case
# a second time with the same seed.
race: deps
	$(GOTEST) -race -skip 'README|^TestClaims$$|^TestOneSeed$$' $$(go list ./... | grep -v /containers$$)

# Each fuzz target for FUZZTIME.
FUZZTIME ?= 10s
fuzz:
	@./tools/fuzz.sh $(FUZZTIME)

# The pictures of the README, of a run and a matrix that are played for them.
pictures: build deps
	$(SHUTOUT) matrix --html $(CURDIR)/bin/heatmap.html >/dev/null
	go test ./lab/report -run TestPictures -pictures $(CURDIR)/docs/pictures -heatmap $(CURDIR)/bin/heatmap.html

bench:
	go test -run '^$$' -bench . -benchtime 1s ./sim ./sim/timeline ./sim/directory ./sim/store ./sim/transport ./sim/clientaccess ./sim/server/outlook ./tools/shutout

clean:
	rm -rf bin runs
