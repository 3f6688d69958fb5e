package mitigation

import (
	"errors"

	"shutout/lab"
)

// ResetIIS stops and starts the web service of client access servers.
type ResetIIS struct {
	Servers []string `yaml:"servers,omitempty" kind:"cas" doc:"which servers" omitted:"all client access servers"`
	NoForce bool     `yaml:"noforce,omitempty" kind:"flag" doc:"do not kill services that will not stop; the command may then give up and leave everything as it was" omitted:"false"`
	Fails   bool     `yaml:"fails,omitempty" kind:"flag" doc:"with noforce: a service will not stop, so the command gives up" omitted:"as the profile says (iis.reset_noforce_fails)"`
}

func (*ResetIIS) Name() string { return "reset-iis" }

func (a *ResetIIS) Validate(c *lab.Cast) error {
	err := check(a, c)
	if a.Fails && !a.NoForce {
		err = errors.Join(err, &ParamError{Action: a.Name(), Param: "fails",
			Text: "needs noforce: without it the services are killed, so the command cannot give up"})
	}
	return err
}

var resetIIS = Info{
	Title: "Restart IIS",
	Doc: `Severs everything over HTTP on these servers and empties their token caches; on versions whose forms cookies
		depend on keys in memory those die too. It denies nothing: whoever may still sign in is back at the next
		attempt. IMAP, POP3, SMTP and Outlook over RPC/TCP do not pass IIS.`,
	Cmdlets: []string{
		"iisreset SERVER /restart",
		"iisreset SERVER /restart /noforce   # test the exit code",
	},
	Sources: []string{
		"000_aa5026bcf9d1a159.txt#disruption-stops", "001_01342c1255a20eb5.txt#restart-iis",
		"001_01342c1255a20eb5.txt#restart-clears-tokens", "001_01342c1255a20eb5.txt#restart-every-server",
		"001_01342c1255a20eb5.txt#reset-noforce", "001_01342c1255a20eb5.txt#reset-forced",
		"001_01342c1255a20eb5.txt#restart-felt-by-users", "KB3035228", "IISRESET", "OWA-KEYS",
	},
	SideEffects: "Everybody on these servers is cut off for the restart and asked to sign in again.",
	Undo:        "None needed.",
	Where:       OwnExchange,
	Needs:       "IIS",
	New:         func() lab.Action { return new(ResetIIS) },
}
