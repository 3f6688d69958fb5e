// Command shutout tells how long mail access really lasts after an
// organisation has cut somebody off.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
)

// Exit codes of every command.
const (
	exitKept   = 0 // every promise was kept
	exitBroken = 1 // a promise was not kept
	exitBad    = 2 // bad input, or the work could not be done
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(execute(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// execute runs one command line and returns its exit code. What went wrong is
// told on stderr, once, without the usage text.
func execute(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	app := &app{out: newTerminal(stdout), err: newTerminal(stderr)}
	root := app.root()
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	if err := root.ExecuteContext(ctx); err != nil {
		fmt.Fprintln(stderr, err)
		return exitBad
	}
	return app.exit
}

// app is one invocation.
type app struct {
	out, err *terminal
	exit     int
}

func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "shutout",
		Short: "How long does mail access really last after somebody has been cut off?",
		Long: `Shutout starts a simulated Exchange organisation, lets a leaver hold open sessions on every access path, carries out
a termination SOP, and reports for each path when access really ended, and why it lasted that long.`,
		Example: `  shutout run                                   # play every case of the catalogue
  shutout run --sop our-sop.yaml --within 15m   # play them with your own SOP
  shutout show session-open-before-disable      # what a case is about
  shutout lint our-sop.yaml                     # check a file without playing it
  shutout serve                                 # open the organisation to any mail client`,
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          cobra.NoArgs,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return fmt.Errorf("%w (%s --help)", err, cmd.CommandPath())
	})
	root.CompletionOptions.HiddenDefaultCmd = true
	root.AddCommand(a.runCommand(), a.listCommand(), a.showCommand(), a.lintCommand(), a.serveCommand(), a.versionCommand())
	root.SetHelpCommand(&cobra.Command{
		Use:     "help [COMMAND]",
		Short:   "Help about a command",
		Example: "  shutout help run",
		Run: func(cmd *cobra.Command, args []string) {
			if c, _, err := cmd.Root().Find(args); err == nil {
				c.InitDefaultHelpFlag()
				_ = c.Help()
			}
		},
	})
	return root
}
