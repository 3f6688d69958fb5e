package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"golang.org/x/term"

	"shutout/lab/strict"
)

// lines reads what somebody types.
type lines struct {
	r io.Reader
	// Terminal tells whether there is somebody to ask.
	Terminal bool
}

func newLines(f *os.File) lines { return lines{f, term.IsTerminal(int(f.Fd()))} }

// confirm has whoever gives the order say which lab it is about. Given is what
// --yes-this-is-a-lab says.
func confirm(ctx context.Context, in lines, out io.Writer, name, given, what string) error {
	switch {
	case given == name:
		return nil
	case given != "":
		return fmt.Errorf("--yes-this-is-a-lab is %s, and this lab is called %s: nothing was changed", strict.Quote(given), name)
	case !in.Terminal:
		return fmt.Errorf("there is no terminal to ask on whether %s is a lab: say so with --yes-this-is-a-lab %s", name, name)
	}
	fmt.Fprintf(out, "%s\nType the name of the lab to go on: ", what)
	answer := make(chan string, 1)
	go func() {
		line, _ := bufio.NewReader(io.LimitReader(in.r, 256)).ReadString('\n')
		answer <- line
	}()
	select {
	case <-ctx.Done():
		return errors.New("interrupted; nothing was changed")
	case line := <-answer:
		if line != name+"\n" && line != name+"\r\n" {
			return fmt.Errorf("that is not %s: nothing was changed", name)
		}
		return nil
	}
}

// untilPutBack is [untilInterrupted] for a command that changes real accounts:
// the first signal ends its play, and those after it do not keep it from taking
// back what it has changed. Neither does a terminal or a pipe that has gone.
func (a *app) untilPutBack(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGPIPE)
	done := make(chan struct{})
	go func() {
		for {
			select {
			case <-done:
				return
			case s := <-signals:
				switch {
				case s == syscall.SIGPIPE:
				case ctx.Err() == nil:
					fmt.Fprintln(a.err, "\ninterrupted: putting everything back as it was")
					cancel()
				default:
					fmt.Fprintln(a.err, "\nstill putting everything back; this ends by itself (after kill -9: shutout revert)")
				}
			}
		}
	}()
	return ctx, func() {
		cancel()
		signal.Stop(signals)
		close(done)
	}
}
