package main

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"os"
	"strings"
	"testing"
)

func TestConfirm(t *testing.T) {
	for _, tt := range []struct {
		given, typed string
		terminal     bool
		want         string // in the error; empty: agreed
	}{
		{given: "our-lab"},
		{given: "our", want: `--yes-this-is-a-lab is "our", and this lab is called our-lab`},
		{given: "our", typed: "our-lab\n", terminal: true, want: "--yes-this-is-a-lab"},
		{want: "there is no terminal"},
		{typed: "our-lab\n", want: "there is no terminal"},
		{typed: "our-lab\n", terminal: true},
		{typed: "our-lab\r\n", terminal: true},
		{typed: "our-lab", terminal: true, want: "that is not our-lab"},
		{typed: "yes\n", terminal: true, want: "that is not our-lab"},
		{typed: "\n", terminal: true, want: "that is not our-lab"},
		{typed: strings.Repeat("x", 1000) + "our-lab\n", terminal: true, want: "that is not our-lab"},
		{terminal: true, want: "that is not our-lab"},
	} {
		var out bytes.Buffer
		err := confirm(t.Context(), lines{strings.NewReader(tt.typed), tt.terminal}, &out, "our-lab", tt.given, "What it does.")
		if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%+v: %v", tt, err)
		}
		if asked := strings.HasPrefix(out.String(), "What it does.\n"); asked != (tt.terminal && tt.given == "") {
			t.Errorf("%+v: asked %q", tt, out.String())
		}
	}
	// Ctrl-C in the place of an answer.
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r, w := io.Pipe()
	defer w.Close()
	if err := confirm(ctx, lines{r, true}, io.Discard, "our-lab", "", ""); err == nil || !strings.Contains(err.Error(), "interrupted") {
		t.Errorf("%v", err)
	}
}

// The first Ctrl-C ends the play; those after it do not keep the lab from being
// put back.
func TestCtrlCAgain(t *testing.T) {
	r, w := io.Pipe()
	a := &app{err: &terminal{Writer: w}}
	ctx, stop := a.untilPutBack(t.Context())
	defer stop()
	self, err := os.FindProcess(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	said := bufio.NewScanner(r)
	for _, want := range []string{"interrupted: putting everything back", "still putting everything back", "still putting everything back"} {
		if err := self.Signal(os.Interrupt); err != nil {
			t.Skip("this system sends no such signal: ", err)
		}
		for said.Scan() && said.Text() == "" {
		}
		if !strings.HasPrefix(said.Text(), want) {
			t.Fatalf("it says %q, want %q", said.Text(), want)
		}
	}
	<-ctx.Done()
}
