// Package mitigation is the administrative actions that an SOP is made of.
// Each is a type of its own with typed parameters; what an action does is the
// business of the lab that carries it out. An action's parameters are
// described by the tags of its struct and nowhere else:
//
//	yaml:"dc,omitempty"  the parameter's name; omitempty marks an optional one
//	doc:"…"              what it is
//	kind:"…"             what its value must be, see check.go
//	default:"1"          the value that [Info.New] fills in
//	omitted:"…"          what leaving it out means
//	choice:"a b c"       the words that it takes
//	min:"1" max:"2"      the bounds of a number
//	example:"443"        a value to show, where any other would mislead
package mitigation

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"shutout/lab"
)

// Info is what people read about a mitigation.
type Info struct {
	Name        string
	Title       string
	Doc         string   // what it changes, and what that means for somebody who is already in
	Cmdlets     []string // the command lines that do it in a real organisation
	Sources     []string // citations of the texts that describe it, see fixtures/sources
	SideEffects string   // what it does to others
	Undo        string   // how to take it back
	Drastic     bool     // mail or data may be lost by it, or everybody is cut off: nobody's first choice
	Purpose     Purpose  // left out where it is to end access
	Where       Where    // left out where every organisation can do it
	Needs       string   // what it acts on, where that is more special than Exchange: "IIS"
	Open        *Texts   // what is said otherwise at a site with Samba, Dovecot and Postfix
	Params      []Param
	Example     string            // a step as an SOP says it
	New         func() lab.Action // with the defaults filled in
}

// Texts are what people read about a mitigation at a site where other servers
// have other words and commands for it. What is empty is said as elsewhere.
type Texts struct {
	Doc         string
	Cmdlets     []string
	Sources     []string
	SideEffects string
	Undo        string
}

// At is the mitigation in the words of a site.
func (i Info) At(s Site) Info {
	if s != OpenSite || i.Open == nil {
		return i
	}
	i.Doc, i.SideEffects, i.Undo = cmp.Or(i.Open.Doc, i.Doc), cmp.Or(i.Open.SideEffects, i.SideEffects), cmp.Or(i.Open.Undo, i.Undo)
	if i.Open.Cmdlets != nil {
		i.Cmdlets = i.Open.Cmdlets
	}
	if i.Open.Sources != nil {
		i.Sources = i.Open.Sources
	}
	return i
}

// Purpose is what a mitigation is for.
type Purpose string

const (
	// EndAccess, the purpose of most, is to end what somebody can do who has an
	// account.
	EndAccess Purpose = ""
	// EndAbuse is to end what nobody needs an account for: forged mail,
	// automatic replies to it, programs that send.
	EndAbuse Purpose = "abuse"
	// EndResidual is to end what goes on without a session: mail that is sent on,
	// rights of others.
	EndResidual Purpose = "residual"
	// Restore is to give access back.
	Restore Purpose = "restore"
)

// Site is a kind of organisation, by the servers that its mail is on.
type Site string

const (
	// The profiles of the simulation that are of no Exchange on servers of one's own.
	CloudProfile = "exo"
	OpenProfile  = "dovecot-postfix-samba"

	ExchangeSite Site = "Exchange on servers of the organisation's own"
	CloudSite    Site = "Exchange Online (profile " + CloudProfile + ")"
	OpenSite     Site = "Samba, Dovecot and Postfix (profile " + OpenProfile + ")"
)

// SiteOf tells what kind of site a profile is about.
func SiteOf(profile string) Site {
	switch profile {
	case CloudProfile:
		return CloudSite
	case OpenProfile:
		return OpenSite
	}
	return ExchangeSite
}

// Where says at which sites a mitigation can be carried out; none stands for
// all of them.
type Where []Site

var (
	// OwnServers are sites that run their servers themselves.
	OwnServers = Where{ExchangeSite, OpenSite}
	// OwnExchange are those of them that run Exchange, and AnyExchange all that
	// have it.
	OwnExchange = Where{ExchangeSite}
	AnyExchange = Where{ExchangeSite, CloudSite}
	// CloudTenant are sites whose people sign in at Entra ID.
	CloudTenant = Where{CloudSite}
	// OpenServers are sites with Samba, Dovecot and Postfix.
	OpenServers = Where{OpenSite}
)

// Has tells whether a mitigation can be carried out at a site.
func (w Where) Has(s Site) bool { return len(w) == 0 || slices.Contains(w, s) }

// String lists the sites; it is empty for all.
func (w Where) String() string {
	var list []string
	for _, s := range w {
		list = append(list, string(s))
	}
	return strings.Join(list, ", or ")
}

// EndsAccess tells whether the mitigation can be turned against somebody who
// leaves: it is for that, and it acts on an account, on servers that hold
// sessions, or on the place that somebody connects from.
func (i Info) EndsAccess() bool {
	return i.Purpose == EndAccess && slices.ContainsFunc(i.Params, func(p Param) bool {
		return slices.Contains([]string{"account", "cas", "store", "server", "exchange", "host"}, p.Kind)
	})
}

// Step writes a step as an SOP says it, with those parameters that it is not
// whole without; value gives the value of each.
func (i Info) Step(at time.Duration, value func(Param) string) string {
	step := "{at: " + lab.Duration(at) + ", do: " + i.Name
	for _, p := range i.Params {
		if p.Needed {
			step += ", " + p.Name + ": " + value(p)
		}
	}
	return step + "}"
}

// Param is one parameter of a mitigation.
type Param struct {
	Name     string
	Kind     string // what the value must be, a word of check.go; empty for words and numbers
	Type     string // "person with a mailbox", "list of client access servers", …
	Doc      string
	Required bool
	Needed   bool   // an example is not whole without it: it is required, or one of several is
	Default  string // the value that is filled in; empty: none
	Omitted  string // what leaving it out means
	Example  string // a value, as a file says it
	List     bool   // it takes several values
	Min, Max int    // the bounds of a number; both 0: none
	choices  []string
}

// Choice tells whether the parameter takes one of a few words.
func (p Param) Choice() bool { return len(p.choices) > 0 }

// Known lists the values that the parameter can have in a cast; nil where they
// cannot be counted.
func (p Param) Known(c *lab.Cast) []string {
	if len(p.choices) > 0 {
		return p.choices
	}
	if known := kinds[p.Kind].known; known != nil {
		return known(c)
	}
	return nil
}

// All lists every mitigation in the order in which an administrator meets
// them: the account, the protocols, the servers, the mailbox, the mail flow,
// people's computers, the network.
func All() []Info { return slices.Clone(all()) }

// all completes the list once: whoever reads a case looks up each of its steps.
var all = sync.OnceValue(func() []Info {
	all := []Info{
		disableAccount, enableAccount, resetPassword, expireAccount, denyLogonHours, denyLocalLogon, lockAccount,
		blockSignIn, unblockSignIn, revokeSessions, disableDevices, deleteCloudAccount, restoreCloudAccount,
		convertToShared, removeLicence,
		disableProtocols, blockDevice, removeDevice, wipeDevice, clientAccessRule, blockLegacyAuth,
		resetIIS, recycleAppPool, setTokenTTL, flushTokenCache,
		requireTLS, stopService,
		flushAuthCache, kickSessions, closeSMTPSessions, restartService, filterDisabledAccounts,
		moveMailbox, disconnectMailbox, removeExchangeAttributes, reconnectMailbox, recreateMailbox,
		removeSelfAccess, removeServerAccess, restoreFullAccess, hideFromAddressLists,
		restartStore, failoverMailboxServer, dismountDatabase, mountDatabase, restartRPCClientAccess, restartServer,
		limitMessageSize, limitRecipients, limitSendQuota, setOutOfOffice, restrictAnonymous,
		freezeOutbound, thawOutbound, removeQueuedMail,
		filterRecipients, setTarpit, disableRelay, allowAnonymousRelay, denyAnonymousRelay, restrictSenders, limitReplies, rejectMail,
		sharePickup, useSmartHost, sendDirectly, useSecondAddress, requestDelisting,
		removeForwarding, removeInboxRules, removeDelegates, blockAutoForward,
		setOutlookGuard,
		blockSourceIP, closePort, closeOutboundPort, admitToPort, disconnectInternet, reconnectInternet,
	}
	for i := range all {
		complete(&all[i])
	}
	return all
})

// Lookup returns the mitigation called name.
func Lookup(name string) (Info, bool) {
	for _, info := range all() {
		if info.Name == name {
			return info, true
		}
	}
	return Info{}, false
}

// Names lists the names of all mitigations in the order of [All].
func Names() []string {
	var names []string
	for _, info := range all() {
		names = append(names, info.Name)
	}
	return names
}

// complete takes the name and the parameters from the type, where they are
// written down, and has New fill in the defaults.
func complete(info *Info) {
	zero := info.New
	info.New = func() lab.Action {
		a := zero()
		eachParam(a, func(v reflect.Value, f field) {
			if f.param.Default != "" {
				setDefault(v, f.param.Default)
			}
		})
		return a
	}
	a := zero()
	info.Name = a.Name()
	info.Doc = strings.Join(strings.Fields(info.Doc), " ")
	if info.Open != nil {
		open := *info.Open
		open.Doc = strings.Join(strings.Fields(open.Doc), " ")
		info.Open = &open
	}
	eachParam(a, func(_ reflect.Value, f field) { info.Params = append(info.Params, f.param) })
	info.Example = info.Step(0, func(p Param) string { return p.Example })
}

// field is one parameter as its tags describe it.
type field struct {
	param    Param
	kind     string
	choices  []string
	min, max int // both 0: no bounds
}

// eachParam calls f for each field of the struct that a points to, in order.
func eachParam(a lab.Action, f func(reflect.Value, field)) {
	v := reflect.ValueOf(a).Elem()
	for i := range v.NumField() {
		f(v.Field(i), describe(v.Type().Field(i)))
	}
}

func describe(sf reflect.StructField) field {
	name, options, _ := strings.Cut(sf.Tag.Get("yaml"), ",")
	f := field{
		kind:    sf.Tag.Get("kind"),
		choices: strings.Fields(sf.Tag.Get("choice")),
		param: Param{
			Name:     name,
			Kind:     sf.Tag.Get("kind"),
			Doc:      sf.Tag.Get("doc"),
			Required: options != "omitempty",
			Default:  sf.Tag.Get("default"),
			Omitted:  sf.Tag.Get("omitted"),
		},
	}
	f.min, _ = strconv.Atoi(sf.Tag.Get("min"))
	f.max, _ = strconv.Atoi(sf.Tag.Get("max"))
	f.param.Needed = f.param.Required || sf.Tag.Get("example") != ""
	list := sf.Type.Kind() == reflect.Slice
	f.param.List, f.param.Min, f.param.Max, f.param.choices = list, f.min, f.max, f.choices
	f.param.Type = f.typeName(list)
	f.param.Example = f.exampleValue(sf.Tag.Get("example"), list)
	return f
}

// typeName says in words what the parameter takes.
func (f field) typeName(list bool) string {
	var name string
	switch {
	case len(f.choices) > 0:
		name = strings.Join(f.choices, ", ")
		if list {
			return "list of some of " + name
		}
		return "one of " + name
	case f.max > 0 && list:
		return fmt.Sprintf("list of whole numbers from %d to %d", f.min, f.max)
	case f.max > 0:
		return fmt.Sprintf("whole number from %d to %d", f.min, f.max)
	}
	k := kinds[f.kind]
	if list {
		return "list of " + k.many
	}
	return k.one
}

// exampleValue is the tag's, or else one that the parameter takes.
func (f field) exampleValue(tag string, list bool) string {
	value := tag
	switch {
	case value != "":
	case len(f.choices) > 0:
		value = f.choices[0]
	case f.max > 0:
		value = strconv.Itoa(f.min)
	default:
		value = kinds[f.kind].example
	}
	if list {
		return "[" + value + "]"
	}
	return value
}

// setDefault gives v the value that a default tag spells.
func setDefault(v reflect.Value, text string) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(text)
	case reflect.Int:
		n, err := strconv.Atoi(text)
		if err != nil {
			panic(fmt.Sprintf("mitigation: the default %q is no number", text)) // the package's tests meet it
		}
		v.SetInt(int64(n))
	default:
		panic("mitigation: no default for " + v.Type().String())
	}
}
