package main

import (
	"errors"
	"fmt"
	"maps"
	"net"
	"slices"

	"github.com/spf13/cobra"

	"shutout/fixtures"
	"shutout/lab"
	"shutout/lab/strict"
	"shutout/scenarios"
	"shutout/sim/profile"
)

// maxSpeed is a day in a second, more than a machine can follow.
const maxSpeed = 24 * 60 * 60

// opened is what an administrator has switched on for whoever looks around.
var opened = []string{"popimap.autostart=true", "owa.integrated=true"}

// serveOptions is a command line of serve that has been understood.
type serveOptions struct {
	Profile *profile.Profile
	Cast    *lab.Cast
	Speed   float64 // virtual seconds per second
	Listen  net.IP
	From    string // the host of the cast that foreign clients seem to connect from
	Seed    uint64
	Out     string // where the lab file goes; empty: none is written
	Lab     string // sim or containers
	Web     string // the address of the pages; empty: none
	Runs    string // the folder of past runs, which the pages show and add to

	address    string // where the pages are
	webMayMove bool   // nobody chose Web, so another port will do

	Stdout, Stderr *terminal
}

func (a *app) serveCommand() *cobra.Command {
	var listen, profileName string
	var set []string
	opts := &serveOptions{}
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Show runs in the browser, play cases there, and open the organisation to any mail client",
		Long: `Serve shows past runs in the browser, on this machine alone, and plays cases there while you look on: at any speed, with
pauses, and with the mitigations that you carry out. A case that was played to its end is a run as one of shutout run.

Beside it, serve opens every service of the simulated organisation on ports of this machine and prints the address, user and
password of each, so that any mail client can look around in it. It runs until it is interrupted. POP3 and IMAP4 run as
well, and OWA takes NTLM and Negotiate beside its form, which Exchange leaves to the administrator. Kerberos takes clients
whose clock agrees with the lab's, so tickets are of use at speed 1 only.

With --out it leaves a lab file, with all that it names, so that run --lab and probe --lab can be tried on it. With --lab
containers it starts real servers instead, Samba, Dovecot, Postfix and SOGo, and leaves a lab file of those.`,
		Example: `  shutout serve
  shutout serve --speed 60 --profile ex2016   # for mail clients, a minute passes in a second
  shutout serve --web 127.0.0.1:9000 --runs ../runs
  shutout serve --web none                    # for mail clients alone
  shutout serve --out served                  # then: shutout probe --lab served/lab.yaml
  shutout serve --lab containers --out served`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := notEmpty(cmd, "out", "web", "runs"); err != nil {
				return err
			}
			opts.Cast, opts.Stdout, opts.Stderr = fixtures.DefaultCast(), a.out, a.err
			switch {
			case opts.Lab != simLab && opts.Lab != containersLab:
				return fmt.Errorf("there is no lab %s to serve%s", strict.Quote(opts.Lab), strict.Expected(opts.Lab, []string{simLab, containersLab}))
			case opts.Lab == containersLab:
				for _, name := range []string{"speed", "listen", "profile", "set", "from"} {
					if cmd.Flags().Changed(name) {
						return fmt.Errorf("--%s is about the simulation: servers in containers are as they are", name)
					}
				}
				if opts.Out == "" {
					return errors.New("say with --out DIR where the lab file and the passwords go")
				}
				ctx, stop := a.untilPutBack(cmd.Context())
				defer stop()
				var err error
				a.exit, err = serveContainers(ctx, opts)
				return err
			}
			if !(opts.Speed > 0 && opts.Speed <= maxSpeed) {
				return fmt.Errorf("--speed is %v: expected more than 0 and at most %d, for example 60", opts.Speed, maxSpeed)
			}
			if opts.Listen = net.ParseIP(listen); opts.Listen == nil || !opts.Listen.IsLoopback() {
				return fmt.Errorf("--listen is %s: expected an address of this machine alone, such as 127.0.0.1", strict.Quote(listen))
			}
			if err := opts.web(cmd.Flags().Changed("web")); err != nil {
				return err
			}
			if opts.Cast.Hosts[opts.From] == nil {
				return fmt.Errorf("--from: there is no host %s%s", strict.Quote(opts.From),
					strict.Expected(opts.From, slices.Sorted(maps.Keys(opts.Cast.Hosts))))
			}
			var err error
			if opts.Profile, err = loadProfile(profileName, append(slices.Clone(opened), set...)); err != nil {
				return err
			}
			ctx, stop := untilInterrupted(cmd.Context())
			defer stop()
			a.exit, err = serveLab(ctx, opts)
			return err
		},
	}
	fs := cmd.Flags()
	opts.Speed, opts.Seed = 1, 1
	fs.StringVar(&opts.Web, "web", defaultWeb, "the loopback `ADDRESS` of the pages for the browser, or none")
	fs.StringVar(&opts.Runs, "runs", "runs", "the `FOLDER` of past runs that the pages show")
	fs.Var((*factorFlag)(&opts.Speed), "speed", "for mail clients: how fast time passes: `FACTOR` 1 is real time")
	fs.StringVar(&listen, "listen", "127.0.0.1", "the loopback `ADDRESS` to listen on")
	fs.StringVar(&profileName, "profile", scenarios.DefaultProfile, "the profile `NAME`")
	fs.StringArrayVar(&set, "set", nil, "set a profile's parameter, `NAME=VALUE`; may be given several times")
	fs.StringVar(&opts.From, "from", "home", "the `HOST` of the cast that your clients seem to connect from")
	fs.Var((*numberFlag)(&opts.Seed), "seed", "the `NUMBER` that everything random comes from")
	fs.StringVar(&opts.Lab, "lab", simLab, "what is opened: sim, or `containers` with real servers")
	fs.StringVar(&opts.Out, "out", "", "leave a lab file and all that it names in `DIR`, for run --lab and probe --lab")
	fs.SortFlags = false
	return cmd
}
