package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"shutout/lab"
	"shutout/lab/strict"
	"shutout/scenarios"
	"shutout/sim"
	"shutout/sim/expose"
	"shutout/tools/shutout/web"
)

// defaultWeb is where the pages are, unless another program is there.
const defaultWeb = "127.0.0.1:8025"

// web checks the address of the pages. One that somebody chose must be free.
func (o *serveOptions) web(chosen bool) error {
	if o.Web == "none" {
		o.Web = ""
		return nil
	}
	host, port, err := net.SplitHostPort(o.Web)
	n, portErr := strconv.ParseUint(port, 10, 16)
	ip := net.ParseIP(host)
	if err != nil || portErr != nil || ip == nil || !ip.IsLoopback() {
		return fmt.Errorf("--web is %s: expected none, or an address of this machine alone with a port, such as %s", strict.Quote(o.Web), defaultWeb)
	}
	o.Web = net.JoinHostPort(ip.String(), strconv.FormatUint(n, 10))
	o.webMayMove = !chosen
	return nil
}

// openWeb begins to show the pages until ctx ends. What it returns tells when
// that is over.
func (o *serveOptions) openWeb(ctx context.Context, org *sim.Organisation, services []expose.Service) (<-chan error, error) {
	stopped := make(chan error, 1)
	if o.Web == "" {
		stopped <- nil
		return stopped, nil
	}
	l, err := net.Listen("tcp", o.Web)
	if err != nil && o.webMayMove {
		l, err = net.Listen("tcp", "127.0.0.1:0")
	}
	if err != nil {
		return nil, fmt.Errorf("the pages for the browser: %w (--web chooses another address)", err)
	}
	o.address = l.Addr().String()
	var open []web.Service
	for _, s := range services {
		open = append(open, web.Service{Host: s.Host, Name: s.Name, URL: urlOf(org, s)})
	}
	server := web.New(web.Options{Runs: o.Runs, Seed: o.Seed, Keep: o.keep, Services: open})
	go func() { stopped <- server.Serve(ctx, l) }()
	return stopped, nil
}

// keep writes a play that came to its end as shutout run writes a run. What was
// done by hand lies beside it as an SOP, with which the same can be played
// again.
func (o *serveOptions) keep(p *web.Played) (string, error) {
	run := &runOptions{Out: filepath.Join(o.Runs, time.Now().Format("20060102-150405")+"-"+p.Case.ID), Fresh: true}
	if err := run.makeFolder(); err != nil {
		return "", fmt.Errorf("the run folder: %w", unwritable(run.Out, err))
	}
	sop, kept := p.SOP, p.SOP // as the command names it here, and beside the inputs
	inputs := &lab.Inputs{}
	if p.Steps != nil {
		const id = "by-hand"
		text := scenarios.WriteSOP(id, "What was carried out, by hand and by the SOP", p.Steps)
		sop, kept = filepath.Join(run.Out, byHandFile), lab.SOPFile(id)
		if err := os.WriteFile(sop, text, 0o644); err != nil {
			return "", fmt.Errorf("write the steps: %w", unwritable(sop, err))
		}
		p.Result.SOP = id
		inputs.SOPs = map[string]string{id: string(text)}
	}
	replay := func(sop string) string {
		line := newReplay("run", p.Case.ID)
		line.flag("profile", p.Case.Profile)
		if sop == web.NoSOP {
			line.flag("steps", "none")
		} else {
			line.flag("sop", sop)
		}
		line.played(nil, p.Seed)
		return line.String()
	}
	inputs.Replay = replay(kept)
	doc := &lab.Document{
		Schema: lab.Schema, Tool: tool(), Lab: simLab,
		Seed: p.Seed, Replay: replay(sop), Inputs: inputs, Runs: []*lab.RunResult{p.Result}, WallS: p.Result.WallS,
		Played: time.Now().Add(-time.Duration(p.Result.WallS * float64(time.Second))).UTC().Truncate(time.Second),
	}
	if err := writeFolder(run.Out, doc); err != nil {
		return "", err
	}
	return run.Out, nil
}

// byHandFile is the SOP of what was carried out by hand, in a run folder.
const byHandFile = "by-hand.yaml"
