// Command images builds the images of the lab of real servers, where they are
// missing.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"shutout/lab/containers"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := containers.Images(ctx, os.Stderr)
	switch {
	case errors.Is(err, containers.ErrNoEngine) && os.Getenv("CI") == "" && len(os.Args) > 1 && os.Args[1] == "--if-possible":
		fmt.Fprintln(os.Stderr, "the tests with real servers are skipped:", err)
	case err != nil:
		fmt.Fprintln(os.Stderr, "images:", err)
		os.Exit(2)
	}
}
