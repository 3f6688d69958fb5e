package main

import (
	"bytes"
	"context"
	"net"
	"os/exec"
	"strings"
	"testing"
	"time"

	"shutout/fixtures"
	"shutout/sim"
	"shutout/sim/expose"
)

// TestExamples carries out what serve prints to be tried, as a shell reads it.
func TestExamples(t *testing.T) {
	p, err := loadProfile("ex2016", opened)
	if err != nil {
		t.Fatal(err)
	}
	org, err := sim.New(sim.Options{Profile: p, Cast: fixtures.DefaultCast(), Seed: 1, Start: time.Now().UTC().Truncate(time.Second)})
	if err != nil {
		t.Fatal(err)
	}
	defer org.Close()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	services, err := expose.Services(ctx, org, net.IPv4(127, 0, 0, 1), "home")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := leave(dir, org, services); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	o := &serveOptions{Profile: p, Speed: 1, Stdout: newTerminal(&out)}
	o.introduce(org, services, dir)
	for _, want := range []string{"/EWS/Exchange.asmx\n", "/rpc/rpcproxy.dll\n", "/mapi/emsmdb/\n", "/autodiscover/autodiscover.xml\n", dir + "/krb5.conf\n"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, &out)
		}
	}
	played := make(chan error, 1)
	go func() { played <- org.Play(ctx, 1) }()
	defer func() { cancel(); <-played }()

	_, try, _ := strings.Cut(out.String(), "Try\n")
	script, _, _ := strings.Cut(try, "Ctrl-C")
	script = strings.ReplaceAll(script, "|\n", "|")
	for line := range strings.Lines(script) {
		line = strings.TrimSpace(line)
		want, program := "", "curl"
		switch {
		case strings.Contains(line, "OPTIONS"):
			want = "Ms-Asprotocolversions: "
		case strings.Contains(line, "/owa/"):
			want = "<h1>Inbox</h1>"
		case strings.Contains(line, "imaps:"):
			want = "Subject: "
		case strings.Contains(line, "kinit"):
			want, program = "krbtgt/CORP.EXAMPLE@CORP.EXAMPLE", "kinit"
		case strings.Contains(line, "ldapmodify"):
			want, program = "modifying entry", "ldapmodify"
		}
		if _, err := exec.LookPath(program); err != nil {
			t.Logf("%s is not installed here: not tried", program)
			continue
		}
		if version, _ := exec.Command("curl", "--version").Output(); strings.Contains(line, "--negotiate") && !bytes.Contains(version, []byte("SPNEGO")) {
			t.Log("this curl has no SPNEGO: not tried")
			continue
		}
		said, err := exec.Command("sh", "-c", line).CombinedOutput()
		if err != nil || want == "" || !bytes.Contains(said, []byte(want)) {
			t.Errorf("%s: %v, no %q in\n%s", line, err, want, said)
		}
	}
}
