package remote

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"

	"shutout/lab"
)

// Local runs programs on this machine.
type Local struct{}

func (Local) Kind() string  { return "command" }
func (Local) Where() string { return "this machine" }

// maxOutput bounds what is kept of a program's output, in bytes.
const maxOutput = 64 << 10

// afterKill is how long to wait, once a program has been ended, for those that
// hold its output.
const afterKill = 2 * time.Second

// bounded keeps the beginning of what is written to it.
type bounded struct{ kept bytes.Buffer }

func (b *bounded) Write(p []byte) (int, error) {
	if room := maxOutput - b.kept.Len(); room > 0 {
		b.kept.Write(p[:min(room, len(p))])
	}
	return len(p), nil
}

func (b *bounded) String() string { return b.kept.String() }

// Run runs a program in a group of its own, so that what it starts ends with it
// when its time is over, and not when somebody interrupts Shutout: what is being
// changed is finished or taken back.
func (Local) Run(ctx context.Context, p Program) (string, error) {
	var out, errs bounded
	cmd := exec.CommandContext(ctx, p.Argv[0], p.Argv[1:]...)
	cmd.Env = os.Environ()
	for name, v := range p.Env {
		cmd.Env = append(cmd.Env, name+"="+v)
	}
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(p.Stdin), &out, &errs
	cmd.WaitDelay = afterKill
	ownGroup(cmd)
	err := cmd.Run()
	if err == nil {
		return out.String(), nil
	}
	return "", failedProgram(ctx, p, err, errs.String())
}

// failedProgram says what became of a program. Secrets go before the rest is cut
// short: of one that is cut in two the half would stay.
func failedProgram(ctx context.Context, p Program, err error, said string) error {
	if ctx.Err() != nil && !errors.Is(err, errGoesOn) {
		err = errors.New("cut off before its end")
	}
	if said = brief(lab.Hide(said, p.Secrets)); said != "" {
		return fmt.Errorf("%s: %w: %s", p.Argv[0], err, said)
	}
	return fmt.Errorf("%s: %w", p.Argv[0], err)
}

// Check looks for the program.
func (Local) Check(_ context.Context, p string) error {
	_, err := exec.LookPath(p)
	return err
}
