package scenarios

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"shutout/lab"
	"shutout/lab/mitigation"
	"shutout/lab/strict"
)

// activityFile is an activity or control as it is written.
type activityFile struct {
	ID     string           `yaml:"id"` // who-path if left out
	Who    string           `yaml:"who"`
	From   string           `yaml:"from"`
	Path   lab.Path         `yaml:"path"`
	Do     []lab.Capability `yaml:"do"`
	Every  *time.Duration   `yaml:"every"`
	Since  *time.Duration   `yaml:"since"`
	To     string           `yaml:"to"`
	Sender string           `yaml:"sender"`
	Size   mitigation.Size  `yaml:"size"`
	Client struct {
		Reconnect string        `yaml:"reconnect"`
		Passwords []string      `yaml:"passwords"`
		Auth      lab.Auth      `yaml:"auth"`
		Wordlist  int           `yaml:"wordlist"`
		Guesses   int           `yaml:"guesses"`
		Script    bool          `yaml:"script"`
		Consent   bool          `yaml:"consent"`
		Heartbeat time.Duration `yaml:"heartbeat"`
		EAS       string        `yaml:"eas"`
		Cleartext bool          `yaml:"cleartext"`
		Removes   bool          `yaml:"removes"`
	} `yaml:"client"`
}

// DefaultTo is whom an activity writes to if it does not say: somebody outside,
// because that is the harm that a leaver does.
const DefaultTo = "olga"

func (l *loader) activities(key string, role lab.Role, files []activityFile) []*lab.Activity {
	var out []*lab.Activity
	for i := range files {
		n := l.root.Find(key, i)
		if n.Kind == strict.Map { // otherwise it has been complained about
			out = append(out, l.activity(&files[i], role, n))
		}
	}
	return out
}

// activity checks one activity, which stands at n.
func (l *loader) activity(f *activityFile, role lab.Role, n *strict.Node) *lab.Activity {
	bad := func(key, format string, args ...any) { l.d.Problemf(n.Find(key), format, args...) }
	// present tells whether a needed key is there, and complains if not.
	present := func(key, example string) bool {
		v := n.Get(key)
		if v == nil {
			l.d.Problemf(n, "%s is missing: for example %s: %s", key, key, example)
		}
		return v != nil && v.Kind != strict.Null && v.Kind != strict.Faulty
	}
	a := &lab.Activity{
		ID: f.ID, Role: role, Who: f.Who, From: f.From, Path: f.Path, Do: f.Do,
		Every: DefaultEvery, Since: DefaultSince, To: f.To, Sender: f.Sender, Size: DefaultSize,
	}
	if f.Size > 0 {
		a.Size = int(f.Size)
	}

	who := l.sc.Cast.People[f.Who]
	if present("who", "dana") && who == nil {
		bad("who", "there is no person %s%s", strict.Quote(f.Who), strict.Expected(f.Who, slices.Sorted(maps.Keys(l.sc.Cast.People))))
	}
	if present("from", "home") && l.sc.Cast.Hosts[f.From] == nil {
		bad("from", "there is no host %s%s", strict.Quote(f.From), strict.Expected(f.From, slices.Sorted(maps.Keys(l.sc.Cast.Hosts))))
	}
	info, known := LookupPath(f.Path)
	if present("path", "owa") && !known {
		bad("path", "unknown access path %s%s (shutout list paths)", strict.Quote(string(f.Path)), strict.Expected(string(f.Path), words(lab.Paths)))
	}
	if known && info.Account && who != nil && who.Outsider() {
		bad("who", "%s has no mailbox here, and %s needs one", f.Who, f.Path)
	}
	if present("do", "[read, send]") {
		l.do(f, info, known, n.Get("do"))
	}
	l.id(a, n)
	l.cadence(a, f, bad)
	l.letter(a, known && !info.Account, bad)
	l.client(a, f, n)
	return a
}

func (l *loader) do(f *activityFile, info PathInfo, known bool, n *strict.Node) {
	if n.Kind == strict.List && len(f.Do) == 0 {
		l.d.Problemf(n, "do is empty: say at least one thing, such as [read]")
	}
	seen := map[lab.Capability]bool{}
	for i, c := range f.Do {
		item := n.Find(i)
		switch {
		case item.Kind != strict.Scalar: // has been complained about
		case seen[c]:
			l.d.Problemf(item, "%s stands in do twice", c)
		case !slices.Contains(lab.Capabilities, c):
			l.d.Problemf(item, "unknown capability %s%s", strict.Quote(string(c)), strict.Expected(string(c), words(lab.Capabilities)))
		case known && !slices.Contains(info.Do, c):
			l.d.Problemf(item, "%s cannot %s: it can %s (shutout show %s)", info.Path, c, strings.Join(words(info.Do), ", "), info.Path)
		}
		seen[c] = true
	}
}

func (l *loader) id(a *lab.Activity, n *strict.Node) {
	given := n.Get("id")
	if given == nil && a.Who != "" && a.Path != "" {
		a.ID = a.Who + "-" + string(a.Path)
	}
	switch {
	case a.ID == "": // something else has been complained about
	case given != nil && !strict.IsID(a.ID):
		l.d.Problemf(given, "%s is no id: expected small letters, digits and hyphens", strict.Quote(a.ID))
	case l.ids[a.ID]:
		l.d.Problemf(n.Find("id"), "there is an activity %s already: give each an id of its own", strict.Quote(a.ID))
	}
	l.ids[a.ID] = true
}

func (l *loader) cadence(a *lab.Activity, f *activityFile, bad func(key, format string, args ...any)) {
	if f.Every != nil {
		a.Every = *f.Every
	}
	if f.Since != nil {
		a.Since = *f.Since
	}
	if a.Every < minEvery || a.Every > longest {
		bad("every", "every is %s: expected at least %s and at most %s", lab.Duration(a.Every), lab.Duration(minEvery), lab.Duration(longest))
	}
	if noLead(a) {
		bad("since", "%s", leadText(a))
	} else if tooRare(a, l.sc.Horizon) {
		bad("every", "%s", rareText(a, l.sc.Horizon))
	}
}

// noLead tells whether an activity does not begin before the order, or begins
// longer before it than a case may take.
func noLead(a *lab.Activity) bool { return a.Since >= 0 || a.Since < -longest }

func leadText(a *lab.Activity) string {
	return fmt.Sprintf("since is %s: expected a time before the order such as -30m, so that access is seen to work first", lab.Duration(a.Since))
}

// tooRare tells whether no attempt falls between the order and the horizon, so
// that nothing can be seen. A horizon that is wrong itself is not held against
// the activity.
func tooRare(a *lab.Activity, horizon time.Duration) bool {
	if a.Every < minEvery || horizon <= 0 {
		return false
	}
	before := (-a.Since + a.Every - 1) / a.Every // attempts before the order
	return a.Since+before*a.Every > horizon
}

func rareText(a *lab.Activity, horizon time.Duration) string {
	return fmt.Sprintf("with every %s from %s on, no attempt falls between the order and the horizon of %s: nothing could be seen",
		lab.Duration(a.Every), lab.Duration(a.Since), lab.Duration(horizon))
}

// letter checks what is sent, and by and to whom.
func (l *loader) letter(a *lab.Activity, anonymous bool, bad func(key, format string, args ...any)) {
	writes := slices.ContainsFunc(a.Do, func(c lab.Capability) bool {
		return c == lab.Send || c == lab.Reply || c == lab.Deliver || c == lab.Harvest
	})
	if writes && a.To == "" {
		if anonymous || slices.Contains(a.Do, lab.Reply) {
			bad("to", "to is missing: whose mailbox is written to? For example to: erin")
		} else {
			a.To = DefaultTo
		}
	}
	person := l.sc.Cast.People[a.To]
	switch {
	case a.To == "":
	case person == nil && !isAddress(a.To):
		bad("to", "%s is neither a person nor a mail address%s", strict.Quote(a.To), strict.Expected(a.To, slices.Sorted(maps.Keys(l.sc.Cast.People))))
	case slices.Contains(a.Do, lab.Harvest) && (person == nil || person.Outsider()):
		bad("to", "%s has no mailbox here: a harvester is told apart by an address that exists, so name a person with one", strict.Quote(a.To))
	case slices.Contains(a.Do, lab.Reply) && (person == nil || person.Outsider()):
		bad("to", "%s has no mailbox here that could reply: name a person with one", strict.Quote(a.To))
	}
	if direct := a.Path == lab.SMTPDirect; direct && writes && a.To != "" && (person == nil || !person.Outsider()) {
		bad("to", "%s goes to the mail server of somebody outside: name a person without a mailbox here", lab.SMTPDirect)
	}
	if a.Sender != "" && !anonymous {
		bad("sender", "sender can be chosen on %s and %s only: on %s it is the person's own address", lab.SMTPAnonymous, lab.SMTPDirect, a.Path)
	} else if a.Sender != "" && !isAddress(strings.ReplaceAll(a.Sender, "{n}", "1")) {
		bad("sender", "%s is no mail address: expected one such as forged{n}@dead.example", strict.Quote(a.Sender))
	}
	if a.Size > maxContent {
		bad("size", "size is too large: expected at most %s", mitigation.Size(maxContent))
	}
}

func isAddress(s string) bool {
	local, domain, found := strings.Cut(s, "@")
	return found && local != "" && domain != "" && len(s) <= 254 &&
		strings.IndexFunc(s, func(r rune) bool { return r <= ' ' || r > '~' || strings.ContainsRune(`<>(),;:\"[]{}`, r) }) < 0 &&
		!strings.Contains(domain, "@")
}

func (l *loader) client(a *lab.Activity, f *activityFile, n *strict.Node) {
	const expected = "expected never, when-refused, or every and a duration such as every 10m"
	text := f.Client.Reconnect
	interval, clocked := strings.CutPrefix(text, "every ")
	where := n.Find("client", "reconnect")
	switch {
	case clocked:
		every, err := strict.ParseDuration(interval)
		if err != nil || every < minEvery || every > longest {
			l.d.Problemf(where, "%s is no way to reconnect: %s", strict.Quote(text), expected)
		}
		a.Client.Reconnect, a.Client.Every = "every", every
	case text == "" || text == "never" || text == "when-refused":
		a.Client.Reconnect = text
	default:
		l.d.Problemf(where, "%s is no way to reconnect: %s", strict.Quote(text), expected)
	}
	for i, word := range f.Client.Passwords {
		if word != "own" && word != "new" && word != lab.Overheard {
			l.d.Problemf(n.Find("client", "passwords", i), "%s is no password that a person may know: expected own, new or overheard", strict.Quote(word))
		}
	}
	a.Client.Passwords = f.Client.Passwords
	l.auth(a, f, n.Find("client", "auth"))
	l.script(a, f, n)
	l.heartbeat(a, f, n)
	l.guesses(a, f, n)
	a.Client.Cleartext, a.Client.Removes = f.Client.Cleartext, f.Client.Removes
	if a.Client.Cleartext && a.Path != lab.POP3 && a.Path != lab.IMAP {
		l.d.Problemf(n.Find("client", "cleartext"), "only on pop3 and imap can a program do without TLS")
	}
	if a.Client.Removes && a.Path != lab.POP3 {
		l.d.Problemf(n.Find("client", "removes"), "only on pop3 does a program take the mail off the server")
	}
}

// heartbeat checks how long a phone has its request held. Whether the server
// agrees is for the two to find out.
func (l *loader) heartbeat(a *lab.Activity, f *activityFile, n *strict.Node) {
	a.Client.Heartbeat = f.Client.Heartbeat
	if eas := n.Find("client", "eas"); f.Client.EAS != "" && f.Client.EAS != "14.1" && f.Client.EAS != "16.1" {
		l.d.Problemf(eas, "%s is no version of ActiveSync that a phone here speaks: expected 14.1 or 16.1", strict.Quote(f.Client.EAS))
	} else if f.Client.EAS != "" && a.Path != lab.ActiveSync {
		l.d.Problemf(eas, "only a phone speaks ActiveSync: on %s leave eas out", a.Path)
	}
	a.Client.EAS = f.Client.EAS
	where := n.Find("client", "heartbeat")
	switch {
	case n.Get("client").Get("heartbeat") == nil:
	case a.Path != lab.ActiveSync:
		l.d.Problemf(where, "only a phone has a heartbeat: on %s leave it out", a.Path)
	case a.Client.Heartbeat < minEvery || a.Client.Heartbeat > longest:
		l.d.Problemf(where, "heartbeat is %s: expected at least %s, such as 12m", lab.Duration(a.Client.Heartbeat), lab.Duration(minEvery))
	}
}

// Bounds of what an attacker tries. A thousand words of a list are the most
// that anybody watches.
const (
	maxWords       = 1000
	maxGuesses     = 100 // RFC 5321 section 4.5.3.1.8 has servers take so many recipients
	defaultGuesses = 10
)

// guesses checks how much an attacker tries.
func (l *loader) guesses(a *lab.Activity, f *activityFile, n *strict.Node) {
	number := func(key string, found, most int, on bool, where string) {
		at := n.Find("client", key)
		switch given := n.Get("client").Get(key) != nil; {
		case given && !on:
			l.d.Problemf(at, "%s is about %s", key, where)
		case given && (found < 1 || found > most):
			l.d.Problemf(at, "%s is %d: expected a whole number from 1 to %d", key, found, most)
		}
	}
	number("wordlist", f.Client.Wordlist, maxWords, a.Path == lab.SMTPSubmission, "passwords that are tried on "+string(lab.SMTPSubmission))
	harvests := slices.Contains(a.Do, lab.Harvest)
	number("guesses", f.Client.Guesses, maxGuesses, harvests, "addresses that are asked for: say do: ["+string(lab.Harvest)+"]")
	a.Client.Wordlist, a.Client.Guesses = f.Client.Wordlist, f.Client.Guesses
	if harvests && a.Client.Guesses == 0 {
		a.Client.Guesses = defaultGuesses
	}
}

// auth checks how the client is to prove who it is.
func (l *loader) auth(a *lab.Activity, f *activityFile, n *strict.Node) {
	a.Client.Auth = f.Client.Auth
	info, known := LookupPath(a.Path)
	switch {
	case a.Client.Auth == "" || !known:
	case len(info.Auth) == 0:
		l.d.Problemf(n, "%s has one way to sign in: leave auth out", a.Path)
	case !slices.Contains(info.Auth, a.Client.Auth):
		l.d.Problemf(n, "%s cannot sign in with %s%s", a.Path, strict.Quote(string(a.Client.Auth)), strict.Expected(string(a.Client.Auth), words(info.Auth)))
	}
}

// script checks who may drive Outlook.
func (l *loader) script(a *lab.Activity, f *activityFile, n *strict.Node) {
	a.Client.Script, a.Client.Consent = f.Client.Script, f.Client.Consent
	if a.Client.Script && !slices.Contains(outlookPaths, a.Path) {
		l.d.Problemf(n.Find("client", "script"), "a script can drive Outlook on %s only", strings.Join(words(outlookPaths), ", "))
	}
	if a.Client.Consent && !a.Client.Script {
		l.d.Problemf(n.Find("client", "consent"), "consent is about a script that drives Outlook: say script: true, too")
	}
}

// outlookPaths are those that Outlook takes.
var outlookPaths = []lab.Path{lab.OutlookRPC, lab.OutlookAnywhere, lab.MAPIHTTP}
