package sim_test

import (
	"context"
	"strings"
	"testing"

	"shutout/lab"
	"shutout/lab/mitigation"
)

// What is done at a site of Samba, Dovecot and Postfix is not done at Exchange,
// and the other way round; each says why.
func TestMitigationsOfASite(t *testing.T) {
	const open = "dovecot-postfix-samba"
	for _, tt := range []struct {
		profile string
		action  lab.Action
		result  lab.OutcomeResult
		want    string
	}{
		{"ex2010", &mitigation.FlushAuthCache{}, lab.NotApplicable, "the servers are Exchange"},
		{"exo", &mitigation.KickSessions{User: "dana"}, lab.NotApplicable, "the servers are Exchange"},
		{"ex2019", &mitigation.RestartService{Service: "dovecot"}, lab.NotApplicable, "the servers are Exchange"},
		{open, &mitigation.ResetIIS{}, lab.NotApplicable, "there is no IIS here"},
		{open, &mitigation.MoveMailbox{User: "dana", To: "disabled-users"}, lab.NotApplicable, "there is no Exchange here"},
		{open, &mitigation.DisableProtocols{User: "dana"}, lab.NotApplicable, "there is no Exchange here"},
		{open, &mitigation.BlockSignIn{User: "dana"}, lab.NotApplicable, "nobody signs in at Entra ID"},
		{open, &mitigation.FlushAuthCache{User: "dana"}, lab.Done, "0 users forgotten"},
		{open, &mitigation.KickSessions{User: "dana"}, lab.Done, "0 sessions kicked"},
		{open, &mitigation.CloseSMTPSessions{User: "dana"}, lab.Done, "0 SMTP sessions closed"},
		{open, &mitigation.FilterDisabledAccounts{}, lab.Done, "leaves disabled accounts out"},
		{open, &mitigation.RestartService{Service: "dovecot"}, lab.Done, "dovecot restarted, away for 1s"},
		{open, &mitigation.RestartService{Service: "postfix"}, lab.Done, "postfix restarted, away for 1s"},
		{open, &mitigation.RestartService{Service: "sogo"}, lab.Done, "sogo restarted, away for 1s"},
		{open, &mitigation.RestartService{Service: "samba"}, lab.Done, "samba restarted, away for 3s"},
		{open, &mitigation.RestartServer{Servers: []string{"cas1"}}, lab.Done, "cas1 restarted, away for 10s"},
		{open, &mitigation.StopService{Service: "pop3"}, lab.Done, "stopped"},
		{open, &mitigation.FreezeOutbound{}, lab.Done, "held"},
		{open, &mitigation.ResetPassword{User: "dana", Times: 1}, lab.Done, "new password set once on dc1"},
	} {
		out := organisation(t, tt.profile).Apply(context.Background(), tt.action)
		if out.Result != tt.result || !strings.Contains(out.Detail, tt.want) {
			t.Errorf("%s on %s: %+v, want %s with %q", tt.action.Name(), tt.profile, out, tt.result, tt.want)
		}
	}
}

// A reset enables the account where the profile has it so, and says it.
func TestResetEnables(t *testing.T) {
	for _, tt := range []struct {
		profile string
		set     []string
		enables bool
	}{
		{"dovecot-postfix-samba", nil, true},
		{"dovecot-postfix-samba", []string{"samba.reset_enables=false"}, false},
		{"ex2010", nil, false},
	} {
		o := organisation(t, tt.profile, tt.set...)
		o.Apply(context.Background(), &mitigation.DisableAccount{User: "dana"})
		out := o.Apply(context.Background(), &mitigation.ResetPassword{User: "dana", Times: 2})
		if got := strings.Contains(out.Detail, "userAccountControl 514 -> 512"); got != tt.enables || out.Result != lab.Done {
			t.Errorf("%s %v: %+v", tt.profile, tt.set, out)
		}
	}
}
