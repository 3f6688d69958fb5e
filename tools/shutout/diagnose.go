package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/netip"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"shutout/lab"
	"shutout/lab/diagnosis"
	"shutout/lab/diagnosis/logfile"
	"shutout/lab/strict"
	"shutout/scenarios"
	"shutout/sim"
	"shutout/sim/profile"
	"shutout/sim/serverlogs"
)

// diagnoseFlags are the flags of diagnose as they were given.
type diagnoseFlags struct {
	scenario, profile, export, json string
	at                              momentFlag
	set, domains                    []string
	servers, listed                 addressesFlag
	seed                            uint64
}

// momentFlag is a time relative to the order, which may lie before it.
type momentFlag struct {
	value time.Duration
	set   bool
}

func (f *momentFlag) String() string { return "" }
func (f *momentFlag) Type() string   { return "DURATION" }

func (f *momentFlag) Set(text string) (err error) {
	f.value, err = strict.ParseDuration(text)
	f.set = err == nil
	return err
}

// addressesFlag is IP addresses.
type addressesFlag []netip.Addr

func (f *addressesFlag) String() string { return "" }
func (f *addressesFlag) Type() string   { return "ADDRESS" }

func (f *addressesFlag) Set(text string) error {
	a, err := netip.ParseAddr(text)
	if err != nil {
		return fmt.Errorf("expected an address such as 203.0.113.9")
	}
	*f = append(*f, a.Unmap().WithZone(""))
	return nil
}

func (a *app) diagnoseCommand() *cobra.Command {
	f := &diagnoseFlags{}
	cmd := &cobra.Command{
		Use:   "diagnose [FILE|DIR...]",
		Short: "Tell from queues and logs why a mail server sends what nobody wants",
		Long: `Diagnose reads the queues and logs of a mail server, and of the firewall around it, and tells what is behind them: a
reverse NDR attack, relay with a stolen account or without one, out-of-office replies to forged senders, a directory harvest, an
infected workstation. It shows the lines that tell, and what to do. It reads files of a real server, or plays a case and looks at
the simulated servers at a moment of it (--case).

It can read, whatever the files are called: message tracking logs (Exchange 2003, and 2007 and later), SMTP protocol logs and the
W3C log of the 2003 SMTP service, pfirewall.log, iptables lines in a syslog, and what these write:
  Get-Queue -Server S | Export-Csv queues.csv
  Get-Message -Server S -ResultSize Unlimited -IncludeRecipientInfo | select *,
    @{n='Recipients';e={$_.Recipients -join ';'}} -ExcludeProperty Recipients | Export-Csv messages.csv
(Get-MessageTrackingLog in the same way, where the log itself cannot be copied.) The more kinds of them it is given, the more it can tell. Nothing is sent anywhere.

The exit status is 0 when nothing was found, 1 when something was, and 2 when the input was wrong.`,
		Example: `  shutout diagnose queues.csv messages.csv MSGTRK20260115-1.LOG RECV20260115-1.LOG pfirewall.log
  shutout diagnose logs/ --listed 203.0.113.9
  shutout diagnose --case ndr-attack
  shutout diagnose --case infected-workstation --at 35m
  shutout diagnose --case authenticated-relay --set smtp.protocol_log=verbose --export logs/
  shutout diagnose logs/ --json -`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := notEmpty(cmd, "case", "profile", "export", "json"); err != nil {
				return err
			}
			return a.diagnose(cmd, f, args)
		},
	}
	fs := cmd.Flags()
	fs.StringVar(&f.scenario, "case", "", "play the case `ID` (or a file) and diagnose its servers")
	fs.Var(&f.at, "at", "with --case: when to look, such as 35m after the order or -10m before it (default: right before the order)")
	fs.StringVar(&f.profile, "profile", "", "with --case: play with the profile `NAME` in the place of the case's own")
	fs.StringArrayVar(&f.set, "set", nil, "with --case: set a profile's parameter, `NAME=VALUE`; may be given several times")
	f.seed = 1
	fs.Var((*numberFlag)(&f.seed), "seed", "with --case: the `NUMBER` that everything random comes from")
	fs.StringVar(&f.export, "export", "", "with --case: write the servers' files to `DIR`")
	fs.StringArrayVar(&f.domains, "domain", nil, "a mail `DOMAIN` of yours that the files do not show; may be given several times")
	fs.Var(&f.servers, "server", "the `ADDRESS` of a mail server of yours that the files do not show; may be given several times")
	fs.Var(&f.listed, "listed", "a public `ADDRESS` of yours that is on a block list; may be given several times")
	fs.StringVar(&f.json, "json", "", "write the document to `FILE`, or with - to standard output and nothing else there")
	fs.SortFlags = false
	return cmd
}

// diagnosed is the document of a diagnosis.
type diagnosed struct {
	Schema int             `json:"schema"`
	Tool   lab.Tool        `json:"tool"`
	Case   *diagnosedCase  `json:"case,omitempty"` // absent: files were read
	Files  []logfile.Stats `json:"files"`
	*diagnosis.Report
	Thresholds diagnosis.Thresholds `json:"thresholds"`
}

type diagnosedCase struct {
	Scenario string   `json:"scenario"`
	Profile  string   `json:"profile"`
	Set      []string `json:"set,omitempty"`
	Seed     uint64   `json:"seed"`
	AtS      *float64 `json:"at_s"` // null: right before the order
}

func (a *app) diagnose(cmd *cobra.Command, f *diagnoseFlags, args []string) error {
	switch {
	case f.scenario != "" && len(args) > 0:
		return fmt.Errorf("--case plays a case and reads no files: leave out %s, or --case (%s --help)", strict.Quote(args[0]), cmd.CommandPath())
	case f.scenario == "" && len(args) == 0:
		return fmt.Errorf("diagnose needs logs, or a case to play: shutout diagnose DIR, shutout diagnose --case ndr-attack (%s --help)", cmd.CommandPath())
	}
	if f.scenario == "" {
		for _, name := range []string{"at", "profile", "set", "seed", "export"} {
			if cmd.Flags().Changed(name) {
				return fmt.Errorf("--%s is for a case that is played: give --case with it (%s --help)", name, cmd.CommandPath())
			}
		}
	}
	for _, d := range f.domains {
		if strings.Contains(d, "@") || !strings.Contains(d, ".") {
			return fmt.Errorf("--domain: found %s, expected a mail domain such as corp.example", strict.Quote(d))
		}
	}
	if f.json != "" && f.json != "-" {
		if err := writable(f.json); err != nil {
			return fmt.Errorf("write the document: %w", err)
		}
	}
	evidence := diagnosis.New(diagnosis.Options{Domains: f.domains, Servers: f.servers, Listed: f.listed})
	doc := &diagnosed{
		Schema: lab.Schema, Tool: tool(), Thresholds: diagnosis.DefaultThresholds, Files: []logfile.Stats{},
	}
	var more []string // notes about the input
	var err error
	if f.scenario != "" {
		ctx, stop := untilInterrupted(cmd.Context())
		defer stop()
		more, err = f.play(ctx, doc, evidence)
	} else {
		more, err = readLogs(args, doc, evidence)
	}
	if err != nil {
		return err
	}
	doc.Report = evidence.Conclude()
	if doc.Findings == nil {
		doc.Findings = []diagnosis.Finding{} // a list in the document
	}
	doc.Notes = append(doc.Notes, more...)
	if len(doc.Findings) > 0 {
		a.exit = exitBroken
	}
	return a.tell(f, doc)
}

// tell writes the document and its renderings.
func (a *app) tell(f *diagnoseFlags, doc *diagnosed) error {
	if f.json != "" {
		var content bytes.Buffer
		enc := json.NewEncoder(&content)
		enc.SetIndent("", "  ")
		enc.SetEscapeHTML(false)
		if err := enc.Encode(doc); err != nil {
			return err
		}
		if f.json == "-" {
			_, err := content.WriteTo(a.out)
			return err
		}
		if err := os.WriteFile(f.json, content.Bytes(), 0o644); err != nil {
			return fmt.Errorf("write the document: %w", unwritable(f.json, err))
		}
	}
	showDiagnosis(a.out, doc)
	return nil
}

// play plays the case up to the moment and reads the files of its servers.
func (f *diagnoseFlags) play(ctx context.Context, doc *diagnosed, evidence *diagnosis.Case) ([]string, error) {
	sc, err := loadCase(f.scenario)
	if err != nil {
		return nil, err
	}
	if f.profile != "" {
		sc = sc.WithProfile(f.profile)
	}
	if _, err := loadProfile(sc.Profile, append(append([]string(nil), sc.Set...), f.set...)); err != nil {
		return nil, err
	}
	if profile.FamilyOf(sc.Profile) != profile.Exchange {
		return nil, fmt.Errorf("the servers of %s are no Exchange and keep no logs in its formats: diagnose a case on another profile, with --profile ex2016 for one", sc.Profile)
	}
	doc.Case = &diagnosedCase{Scenario: sc.ID, Profile: sc.Profile, Set: append(append([]string(nil), sc.Set...), f.set...), Seed: f.seed}
	until := -time.Nanosecond // what the administrator finds who then gives the order
	if f.at.set {
		until = f.at.value
		seconds := until.Seconds()
		doc.Case.AtS = &seconds
	}
	if err := scenarios.CutAt(sc, until); err != nil {
		return nil, fmt.Errorf("--at: %w", err)
	}
	var files []serverlogs.File
	var dropped int
	_, err = sim.Play(ctx, sc, sim.PlayOptions{Set: f.set, Seed: f.seed, Inspect: func(o *sim.Organisation) { files, dropped = o.Logs() }})
	if err != nil {
		if ctx.Err() != nil {
			err = errors.New("interrupted; nothing was diagnosed")
		}
		return nil, err
	}
	if f.export != "" {
		if err := export(f.export, files); err != nil {
			return nil, fmt.Errorf("--export: %w", unwritable(f.export, err))
		}
	}
	for _, file := range files {
		stats, err := logfile.Read(file.Name, bytes.NewReader(file.Content), evidence)
		if err != nil {
			return nil, err
		}
		doc.Files = append(doc.Files, stats)
	}
	if dropped > 0 {
		return []string{fmt.Sprintf("%d older lines had given way in the simulated servers' logs", dropped)}, nil
	}
	return nil, nil
}

// export writes the files below a folder.
func export(dir string, files []serverlogs.File) error {
	for _, f := range files {
		name := filepath.Join(dir, filepath.FromSlash(f.Name))
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(name, f.Content, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// maxLogs bounds how many files are read.
const maxLogs = 10000

// readLogs reads what was named. A file that is no log is an error when it was
// named itself; in a folder it is passed over and noted.
func readLogs(args []string, doc *diagnosed, evidence *diagnosis.Case) (notes []string, err error) {
	var faults []error
	for _, arg := range args {
		info, err := os.Stat(arg)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			faults = append(faults, fmt.Errorf("%s: there is no such file: name a log or a folder of logs (to play a case: --case ID)", arg))
		case err != nil:
			faults = append(faults, fmt.Errorf("read the log: %w", err))
		case !info.IsDir():
			if err := readLog(arg, doc, evidence); err != nil {
				faults = append(faults, err)
			}
		default:
			more, err := readFolder(arg, doc, evidence)
			notes = append(notes, more...)
			if err != nil {
				faults = append(faults, err)
			}
		}
	}
	return notes, errors.Join(faults...)
}

func readFolder(dir string, doc *diagnosed, evidence *diagnosis.Case) (notes []string, err error) {
	known := len(doc.Files)
	var passed []string
	err = filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case name != dir && strings.HasPrefix(d.Name(), "."):
			if d.IsDir() {
				return filepath.SkipDir
			}
			return nil
		case !d.Type().IsRegular():
			return nil
		case len(doc.Files) >= maxLogs:
			return fmt.Errorf("more than %d files: name fewer", maxLogs)
		}
		err = readLog(name, doc, evidence)
		if bad, ok := errors.AsType[*logfile.Error](err); ok {
			passed = append(passed, bad.File)
			return nil
		}
		return err
	})
	switch n := len(passed); {
	case n > 3:
		notes = append(notes, fmt.Sprintf("passed over %d files that are no logs: %s and %d more", n, strings.Join(passed[:3], ", "), n-3))
	case n > 0:
		notes = append(notes, "passed over what is no log: "+strings.Join(passed, ", "))
	}
	if err == nil && len(doc.Files) == known {
		err = fmt.Errorf("%s: there is no log in this folder (shutout diagnose --help tells what can be read)", dir)
	}
	return notes, err
}

func readLog(name string, doc *diagnosed, evidence *diagnosis.Case) error {
	file, err := os.Open(name)
	if err != nil {
		return fmt.Errorf("read the log: %w", err)
	}
	defer file.Close()
	stats, err := logfile.Read(path.Clean(filepath.ToSlash(name)), io.Reader(file), evidence)
	if err != nil {
		return err
	}
	doc.Files = append(doc.Files, stats)
	return nil
}
