package main

import (
	"bytes"
	"encoding/base64"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"shutout/lab"
	"shutout/lab/client"
	"shutout/scenarios"
	"shutout/sim"
	"shutout/sim/profile"
)

// secrets are what must not stand in any file, by kind, as clients and servers
// said it to each other.
var secrets = map[string]*regexp.Regexp{
	"credential": regexp.MustCompile(`(?i)\r\nAuthorization: (?:Basic|Bearer|NTLM|Negotiate) ([A-Za-z0-9+/=._~-]{8,})`),
	"cookie":     regexp.MustCompile(`(?i)\r\n(?:Set-)?Cookie: [^=\r\n]+=([^;\r\n]{12,})`),
	"token":      regexp.MustCompile(`"(?:access|refresh|id)_token": ?"([^"]{8,})"`),
	"code":       regexp.MustCompile(`[?&]code=([A-Za-z0-9._~-]{8,})`),
	"sasl":       regexp.MustCompile(`(?i)AUTH(?:ENTICATE)? (?:PLAIN|XOAUTH2|NTLM|LOGIN) ([A-Za-z0-9+/=]{12,})`),
}

// bodies are from the messages that clients send and that mailboxes hold.
var bodies = []string{"This message was sent by a test of", "this message was in the mailbox before"}

// No password, token, cookie or message body is in any file that a run writes,
// nor on the terminal.
func TestNoSecretIsWritten(t *testing.T) {
	found := map[string]bool{} // kinds of secrets that were said
	for _, id := range []string{
		"session-open-before-disable",            // owa, activesync, imap
		"thorough-but-mail-goes-on",              // owa, ews, passwords that are reset, a sweep
		"outlook-session-open-before-disable",    // rpc, outlook anywhere
		"pop3-password-on-the-wire",              // without TLS, somebody listens
		"imap-oauth-session-ends-with-token",     // tokens, as SASL
		"cloud-session-open-before-block",        // tokens, over HTTP
		"exchange-2013-test",                     // the canary of OWA
		"any-earlier-password-while-tokens-live", // passwords that were reset twice
		"mail-by-another-server",
	} {
		t.Run(id, func(t *testing.T) {
			said, passwords, files := playTapped(t, id)
			for _, p := range passwords {
				for _, form := range []string{p, base64.StdEncoding.EncodeToString([]byte(p)), strings.ToLower(p)} {
					search(t, files, "password", form)
				}
				if strings.Contains(said, p) {
					found["password"] = true
				}
			}
			for kind, re := range secrets {
				for _, m := range re.FindAllStringSubmatch(said, -1) {
					found[kind] = true
					search(t, files, kind, m[1])
				}
			}
			for _, body := range bodies {
				found["body"] = found["body"] || strings.Contains(said, body)
				search(t, files, "body", body)
			}
		})
	}
	for _, kind := range []string{"password", "credential", "cookie", "token", "sasl", "body"} {
		if !found[kind] {
			t.Errorf("no %s was said: the test looks for nothing", kind)
		}
	}
}

// playTapped plays a case for an hour and returns what was said on the wire, the
// passwords, and every file that was written, with what stood on the terminal.
func playTapped(t *testing.T, id string) (said string, passwords []string, files map[string]string) {
	t.Helper()
	c, ok := scenarios.Find(id)
	if !ok {
		t.Fatalf("there is no case %s", id)
	}
	c.SOP = slices.DeleteFunc(slices.Clone(c.SOP), func(s lab.Step) bool { return s.At > time.Hour })
	if err := scenarios.SetTimes(c, min(c.Within, time.Hour), time.Hour); err != nil {
		t.Fatal(err)
	}
	p, err := profile.Load(c.Profile, c.Set...)
	if err != nil {
		t.Fatal(err)
	}
	org, err := sim.New(sim.Options{Profile: p, Cast: c.Cast.Clone(), Seed: 1, Start: sim.Order.Add(-c.Lead())})
	if err != nil {
		t.Fatal(err)
	}
	defer org.Close()
	wire := &tapped{Organisation: org}
	r := &lab.Runner{NewClient: client.New, Sweep: true}
	res, err := r.Run(t.Context(), wire, c)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	dir := t.TempDir()
	o := &runOptions{Out: filepath.Join(dir, "run"), JSON: filepath.Join(dir, "result.json"), Stdout: newTerminal(&out), Stderr: newTerminal(&out)}
	if err := o.makeFolder(); err != nil {
		t.Fatal(err)
	}
	doc := &lab.Document{Schema: lab.Schema, Lab: simLab, Seed: 1, Runs: []*lab.RunResult{res}}
	if _, err := deliver(o, doc); err != nil {
		t.Fatal(err)
	}
	files = map[string]string{"the terminal": out.String()}
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		files[path] = string(b)
		return err
	})
	if err != nil || len(files) < 5 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, who := range org.Cast().People {
		passwords = append(passwords, who.Password, who.NewPassword)
	}
	passwords = append(passwords, org.AdministratorPassword())
	return string(wire.heard()), passwords, files
}

func search(t *testing.T, files map[string]string, kind, secret string) {
	t.Helper()
	for name, content := range files {
		if strings.Contains(content, secret) {
			t.Errorf("%s has a %s: %s", name, kind, secret)
		}
	}
}
