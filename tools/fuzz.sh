#!/bin/sh
# Runs every fuzz target of the module for the given time.
set -eu
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
cache=$(go env GOCACHE)/fuzz
targets=0
IFS='
'
for dir in $(go list -f '{{.Dir}}' ./...); do
	# The test program of a package is linked once for all its targets, and not
	# where there are none.
	grep -qs '^func Fuzz' "$dir"/*_test.go || continue
	cd "$dir"
	package=$(go list)
	go test -c -fuzz . -o "$tmp/test" .
	for target in $("$tmp/test" -test.list '^Fuzz'); do
		# Minimising what is merely interesting can take longer than the fuzzing.
		"$tmp/test" -test.run '^$' -test.fuzz "^$target\$" -test.fuzztime "${1:-10s}" -test.fuzzminimizetime 10x \
			-test.fuzzcachedir "$cache/$package" >"$tmp/log" 2>&1 || {
			# The fuzzer may end with this error alone when its time is up
			# (golang.org/issue/56238).
			grep -q 'context deadline exceeded' "$tmp/log" && ! grep -q 'Failing input' "$tmp/log" || {
				echo "$package $target"
				cat "$tmp/log"
				exit 1
			}
		}
		targets=$((targets + 1))
	done
done
echo "$targets fuzz targets, nothing found"
