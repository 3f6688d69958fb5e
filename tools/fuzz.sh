#!/bin/sh
# Runs every fuzz target of the module for the given time.
set -eu
for package in $(go list ./...); do
	for target in $(go test -list '^Fuzz' "$package" | grep '^Fuzz' || true); do
		echo "$package $target"
		go test -run '^$' -fuzz "^$target\$" -fuzztime "${1:-10s}" "$package" >/tmp/shutout-fuzz.log 2>&1 || { cat /tmp/shutout-fuzz.log; exit 1; }
	done
done
