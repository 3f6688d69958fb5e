// Command shutout tells how long mail access really lasts after an
// organisation has cut somebody off.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"shutout/lab/remote"
	"shutout/lab/report/foreign"
	"shutout/lab/strict"
)

// Exit codes of every command.
const (
	exitKept   = 0 // every promise was kept
	exitBroken = 1 // a promise was not kept
	exitBad    = 2 // bad input, or the work could not be done
)

func main() {
	os.Exit(execute(context.Background(), os.Args[1:], os.Stdout, os.Stderr))
}

// untilInterrupted returns a context that the first Ctrl-C or SIGTERM ends; the
// second ends the program. Commands that only read and print do without it, so
// that the first does.
func untilInterrupted(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	return ctx, stop
}

// execute runs one command line and returns its exit code. What went wrong is
// told on stderr, once, without the usage text.
func execute(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	return (&app{out: newTerminal(stdout), err: newTerminal(stderr)}).execute(ctx, args)
}

func (a *app) execute(ctx context.Context, args []string) int {
	root := a.root()
	root.SetArgs(args)
	root.SetOut(a.out)
	root.SetErr(a.err)
	err := root.ExecuteContext(ctx)
	if err == nil {
		err = a.out.fault
	}
	if err != nil {
		fmt.Fprintln(a.err, foreign.Lines(strings.ReplaceAll(err.Error(), "\t", " "))) // a server's words may be among it
		return exitBad
	}
	return a.exit
}

// app is one invocation.
type app struct {
	out, err *terminal
	exit     int
	// wrap, if set, stands between a lab and its journal: tests end the process
	// there.
	wrap func(remote.Journal) remote.Journal
}

func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "shutout",
		Short: "How long does mail access really last after somebody has been cut off?",
		Long: `Shutout starts a lab, a simulated Exchange organisation or real servers in containers, lets a leaver hold open sessions
on every access path, carries out a termination SOP, and reports for each path when access really ended, and why it
lasted that long.`,
		Example: `  shutout run                                   # play every case of the catalogue
  shutout run --sop our-sop.yaml --within 15m   # play them with your own SOP
  shutout run --lab containers                  # play them on Samba, Dovecot and Postfix
  shutout matrix                                # compare mitigations over all access paths
  shutout claims                                # test what documents and vendor texts say
  shutout show session-open-before-disable      # what a case is about
  shutout lint our-sop.yaml                     # check a file without playing it
  shutout diff runs/last-week runs/today        # what is better or worse than last time
  shutout serve                                 # open the organisation to any mail client`,
		SilenceErrors: true,
		SilenceUsage:  true,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return noCommand(cmd, args[0])
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		hint := ""
		if unknown, ok := errors.AsType[*pflag.NotExistError](err); ok {
			hint = nearestFlag(cmd, unknown.GetSpecifiedName())
		}
		return fmt.Errorf("%w%s (%s --help)", err, hint, cmd.CommandPath())
	})
	root.Version = versionLine()
	root.SetVersionTemplate("{{.Version}}\n")
	root.CompletionOptions.HiddenDefaultCmd = true
	root.AddCommand(a.runCommand(), a.matrixCommand(), a.claimsCommand(), a.listCommand(), a.showCommand(), a.lintCommand(), a.reportCommand(), a.diffCommand(), a.compareCommand(), a.serveCommand(), a.revertCommand(), a.probeCommand(), a.diagnoseCommand(), a.evidenceCommand(), a.versionCommand())
	root.SetHelpCommand(&cobra.Command{
		Use:     "help [COMMAND]",
		Short:   "Help about a command",
		Example: "  shutout help run",
		RunE: func(cmd *cobra.Command, args []string) error {
			c, rest, err := cmd.Root().Find(args)
			if err != nil || len(rest) > 0 {
				return noCommand(cmd.Root(), args[0])
			}
			c.InitDefaultHelpFlag()
			return c.Help()
		},
	})
	return root
}

// nearestFlag says which flags of a command may have been meant.
func nearestFlag(cmd *cobra.Command, name string) string {
	var known []string
	cmd.Flags().VisitAll(func(f *pflag.Flag) { known = append(known, f.Name) })
	near := strict.Nearest(name, known)
	if near == nil {
		return ""
	}
	return ": did you mean --" + strings.Join(near, " or --") + "?"
}

func noCommand(root *cobra.Command, name string) error {
	var names []string
	for _, c := range root.Commands() {
		if c.IsAvailableCommand() {
			names = append(names, c.Name())
		}
	}
	return fmt.Errorf("there is no command %s%s (%s --help)", strict.Quote(name), strict.Expected(name, names), root.Name())
}

// noArguments is for commands that take flags only.
func noArguments(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return fmt.Errorf("%s takes no argument, found %s (%s --help)", cmd.CommandPath(), strict.Quote(args[0]), cmd.CommandPath())
	}
	return nil
}
