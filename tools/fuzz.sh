#!/bin/sh
# Runs every fuzz target of the module for the given time.
set -eu
log=$(mktemp)
trap 'rm -f "$log"' EXIT
targets=0
for package in $(go list ./...); do
	for target in $(go test -list '^Fuzz' "$package" | grep '^Fuzz' || true); do
		# Minimising what is merely interesting can take longer than the fuzzing.
		go test -run '^$' -fuzz "^$target\$" -fuzztime "${1:-10s}" -fuzzminimizetime 10x "$package" >"$log" 2>&1 || {
			# The fuzzer may end with this error alone when its time is up
			# (golang.org/issue/56238).
			if grep -q 'context deadline exceeded' "$log" && ! grep -q 'Failing input' "$log"; then
				targets=$((targets + 1))
				continue
			fi
			echo "$package $target"
			cat "$log"
			exit 1
		}
		targets=$((targets + 1))
	done
done
echo "$targets fuzz targets, nothing found"
