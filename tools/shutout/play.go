package main

import (
	"context"
	"errors"
)

// runCases plays the cases, reports, and returns the exit code.
func runCases(ctx context.Context, o *runOptions) (exit int, err error) {
	return exitBad, errors.New("run cannot play yet")
}

// serveLab opens the organisation until ctx ends, and returns the exit code.
func serveLab(ctx context.Context, o *serveOptions) (exit int, err error) {
	return exitBad, errors.New("serve cannot open anything yet")
}
