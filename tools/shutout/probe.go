package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"slices"

	"github.com/spf13/cobra"

	"shutout/lab"
	"shutout/lab/client"
	"shutout/lab/remote"
	"shutout/scenarios"
)

func (a *app) probeCommand() *cobra.Command {
	var file string
	cmd := &cobra.Command{
		Use:   "probe --lab FILE",
		Short: "Look what works in a real lab, and change nothing",
		Long: `Probe reads the file of a lab, looks for the lab's canary, and signs in over each access path as each person, once.
It tells what works. It changes nothing.

The exit status is 0 when everything works, 1 when something does not, and 2 when the file is wrong.`,
		Example: `  shutout probe --lab our-lab.yaml`,
		Args:    noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := notEmpty(cmd, "lab"); err != nil {
				return err
			}
			if !isFile(file) {
				return errors.New("say which lab: shutout probe --lab FILE, where the name of the file ends in .yaml")
			}
			cfg, err := loadLab(file)
			if err != nil {
				return err
			}
			ctx, stop := untilInterrupted(cmd.Context())
			defer stop()
			a.exit, err = probeLab(ctx, cfg, a.out)
			return err
		},
	}
	cmd.Flags().StringVar(&file, "lab", "", "the `FILE` that describes the lab")
	return cmd
}

// probeLab tells what works and returns the exit code.
func probeLab(ctx context.Context, cfg *remote.Config, t *terminal) (exit int, err error) {
	l, err := remote.Open(ctx, cfg, remote.Options{})
	if err != nil {
		return exitBad, err
	}
	defer l.Close()
	rows := [][]string{{"who", "path", "address", ""}}
	works := 0
	tell := func(who, path, addr string, err error) {
		said := "works"
		if err != nil {
			said = oneLine(err.Error())
		} else {
			works++
		}
		rows = append(rows, []string{who, path, addr, said})
	}
	tell("", "canary", "", l.Check(ctx))
	for _, id := range slices.Sorted(maps.Keys(cfg.People)) {
		for _, path := range lab.Paths {
			who := l.Cast().People[id]
			ep, err := l.Endpoint(who, path)
			if info, _ := scenarios.LookupPath(path); err != nil || !info.Account {
				continue
			}
			tell(who.Mail, string(path), ep.Addr, signIn(ctx, l, who, path, ep))
		}
	}
	for _, path := range lab.Paths {
		info, _ := scenarios.LookupPath(path)
		if ep, ok := cfg.Endpoints[path]; ok && !info.Account {
			tell("anybody", string(path), ep.Addr, answers(ctx, l, ep))
		}
	}
	if ctx.Err() != nil {
		return exitBad, errors.New("interrupted")
	}
	t.heading("%s", cfg.Name)
	t.table("  ", rows)
	fmt.Fprintf(t, "%d of %s. Nothing was changed.\n", works, lab.Count(len(rows)-1, "thing"))
	if works < len(rows)-1 {
		return exitBroken, nil
	}
	return exitKept, nil
}

// signIn signs somebody in once.
func signIn(ctx context.Context, l *remote.Lab, who *lab.Person, path lab.Path, ep lab.Endpoint) error {
	ctx, cancel := context.WithTimeout(ctx, l.Pace().Attempt)
	defer cancel()
	user := who.User
	if user == "" {
		user = who.Mail
	}
	c, err := client.New(lab.Env{
		Endpoint: ep, Now: l.Clock().Now, Domain: l.Cast().Organisation.Domain,
		Activity: &lab.Activity{ID: "probe", Who: who.ID, Path: path},
		Login:    lab.Login{User: user, Address: who.Mail, Passwords: []string{who.Password}},
		Dial:     func(ctx context.Context, addr string) (net.Conn, error) { return l.Dial(ctx, "probe", "", addr) },
	})
	if err != nil {
		return err
	}
	defer c.Close()
	return c.Do(ctx, lab.Task{Capability: lab.SignIn, From: who.Mail})
}

// answers tells whether somebody listens there.
func answers(ctx context.Context, l *remote.Lab, ep lab.Endpoint) error {
	conn, err := l.Dial(ctx, "probe", "", ep.Addr)
	if err != nil {
		return err
	}
	return conn.Close()
}
