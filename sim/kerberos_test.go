package sim_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"shutout/lab"
	"shutout/lab/client"
	"shutout/lab/mitigation"
)

// disabled plays a leaver at the office whose account is disabled, and who
// signs in with tickets got half an hour before.
func disabled(t *testing.T, path lab.Path, version string, b lab.Behaviour, set ...string) *lab.ActivityResult {
	t.Helper()
	s := scenario(path, lab.Read, 10*time.Minute, 24*time.Hour)
	s.Profile = version
	a := s.Activities[0]
	a.Since, a.Client = -30*time.Minute, b
	s.SOP = []lab.Step{{Action: &mitigation.DisableAccount{User: "dana"}}}
	o := organisation(t, version, set...)
	res, err := (&lab.Runner{NewClient: client.New}).Run(context.Background(), o, s)
	if err != nil {
		t.Fatal(err)
	}
	return res.Activities[0]
}

// A ticket is good until it ends, for requests and for new sessions alike; an
// open session is not interrupted by its end.
func TestTicketsOutliveTheAccount(t *testing.T) {
	const ticketEnds, day = 9*time.Hour + 30*time.Minute, 24 * time.Hour
	tickets := lab.Behaviour{Auth: lab.AuthKerberos}
	for _, c := range []struct {
		path    lab.Path
		version string
		b       lab.Behaviour
		set     []string
		end     time.Duration
		layer   lab.Layer
	}{
		{lab.EWS, "ex2010", tickets, nil, ticketEnds, lab.LayerTicket},
		{lab.EWS, "ex2010", tickets, []string{"krb.tgt=2h"}, 90 * time.Minute, lab.LayerTicket},
		{lab.EWS, "ex2010", tickets, []string{"krb.tgt=never", "krb.service=never"}, day, lab.LayerTicket},
		{lab.EWS, "ex2010", tickets, []string{"krb.service=1h"}, 30 * time.Minute, lab.LayerTicket},
		{lab.EWS, "ex2010", tickets, []string{"krb.service=1h", "krb.recheck_age=never"}, ticketEnds, lab.LayerTicket},
		// Where a ticket is good for the connection, its end is not noticed.
		{lab.EWS, "ex2010", tickets, []string{"krb.service=1h", "auth.kerberos_scope=connection", "iis.connection_idle=1h"}, day, lab.LayerConnection},
		{lab.MAPIHTTP, "ex2016", tickets, nil, 90 * time.Minute, lab.LayerSession},
		{lab.OutlookRPC, "ex2007", tickets, nil, 90 * time.Minute, lab.LayerSession}, // the mailbox server, with Autodiscover on another
		{lab.OutlookRPC, "ex2010", lab.Behaviour{}, nil, 90 * time.Minute, lab.LayerSession},
		{lab.OutlookRPC, "ex2010", lab.Behaviour{}, []string{"rpc.session_revalidate=never"}, day, lab.LayerSession},
		{lab.OutlookRPC, "ex2010", lab.Behaviour{Every: time.Hour}, []string{"rpc.logon_checks_account=false", "rpc.session_revalidate=never"}, ticketEnds, lab.LayerSession},
	} {
		r := disabled(t, c.path, c.version, c.b, c.set...)
		// The last attempt that works is the one before the end.
		want := c.end
		if want < day {
			want -= 10 * time.Minute
		}
		if got := *r.LastSuccessS; got != lab.Seconds(want) {
			t.Errorf("%s %q: last success %v s after the order, want %s", c.path, c.set, got, want)
		}
		if !slices.ContainsFunc(r.Because, func(b lab.Reason) bool { return b.Layer == c.layer && b.Allowed }) {
			t.Errorf("%s %q: %+v, want %s among the reasons", c.path, c.set, r.Because, c.layer)
		}
	}
}

// Outside the perimeter there is no KDC, and so no ticket.
func TestNoTicketsFromOutside(t *testing.T) {
	s := scenario(lab.EWS, lab.Read, 10*time.Minute, time.Hour)
	a := s.Activities[0]
	a.From, a.Client = "home", lab.Behaviour{Auth: lab.AuthKerberos}
	res, err := (&lab.Runner{NewClient: client.New}).Run(context.Background(), organisation(t, "ex2010"), s)
	if err != nil {
		t.Fatal(err)
	}
	if r := res.Activities[0]; r.Successes != 0 || len(r.Spans) != 1 || r.Spans[0].Outcome != "unreachable" {
		t.Errorf("%+v", r)
	}
}
