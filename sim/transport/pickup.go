package transport

import (
	"bytes"
	"maps"
	"net/mail"
	"slices"
	"strings"
	"time"

	"shutout/lab"
	"shutout/sim/directory"
	"shutout/sim/timeline"
)

// pickup is the Pickup directory of one server: message files that are put
// there are sent, whoever wrote them (Pickup directory and Replay directory,
// Exchange 2013 help). Nobody signs in to it. What protects it is the rights
// on the files, here those of the share that it may be reached by.
type pickup struct {
	shared  bool
	writers map[string]bool // who may write over the share, by sAMAccountName
	files   []pickupFile    // oldest first
	event   *timeline.Event
	minute  time.Time // for which sent is counted
	sent    int
	watch   map[int]func(now time.Time)
	nextID  int
}

type pickupFile struct {
	name string // with its extension
	raw  []byte
}

// Bounds of a directory, for the memory's sake.
const (
	maxPickupFiles = 10000
	maxPickupBytes = 1 << 30 // of all files
	maxPickupName  = 255     // NTFS has so many characters
)

// SharePickup shares the Pickup directory of a server with some users, instead
// of those before.
func (t *Transport) SharePickup(server string, users []string) bool {
	h := t.host(server)
	if h == nil {
		return false
	}
	h.pickup.shared, h.pickup.writers = true, map[string]bool{}
	for _, u := range users {
		h.pickup.writers[strings.ToLower(u)] = true
	}
	return true
}

// PickupState is what lies in a Pickup directory under a name.
type PickupState int

const (
	PickupNoShare PickupState = iota // the directory is not shared
	PickupGone                       // there is no such file
	PickupThere                      // it waits to be taken
)

// PickupFile tells what lies under a name, extension and all.
func (t *Transport) PickupFile(server, name string) PickupState {
	h := t.host(server)
	switch {
	case h == nil || !h.pickup.shared:
		return PickupNoShare
	case h.pickup.index(name) < 0:
		return PickupGone
	}
	return PickupThere
}

func (p *pickup) index(name string) int {
	return slices.IndexFunc(p.files, func(f pickupFile) bool { return strings.EqualFold(f.name, name) })
}

func (p *pickup) size() (n int) {
	for _, f := range p.files {
		n += len(f.raw)
	}
	return n
}

// WatchPickup has f called after each look into a server's directory, until
// stop is called.
func (t *Transport) WatchPickup(server string, f func(now time.Time)) (stop func()) {
	h := t.host(server)
	if h == nil {
		return func() {}
	}
	p := &h.pickup
	p.nextID++
	id := p.nextID
	if p.watch == nil {
		p.watch = map[int]func(time.Time){}
	}
	p.watch[id] = f
	return func() { delete(p.watch, id) }
}

// PickupRefusal tells why a file was not taken into the directory.
type PickupRefusal int

const (
	PickupWritten PickupRefusal = iota
	PickupDenied                // the user may not write there
	PickupBadName
	PickupExists
	PickupFull
)

// WritePickup has a user write a file into a server's Pickup directory, over
// the share. Raw must not be written to afterwards.
func (t *Transport) WritePickup(now time.Time, server string, user *directory.Object, name string, raw []byte) (lab.Decision, PickupRefusal) {
	d := lab.Decision{At: now, Layer: lab.LayerPermission, Server: server, Rule: "permissions of the share"}
	h := t.host(server)
	if h == nil || !h.pickup.shared {
		d.Reason = "the Pickup directory is not shared"
		return d, PickupDenied
	}
	p := &h.pickup
	if !p.writers[strings.ToLower(user.SAM())] {
		d.Reason = user.SAM() + " may not write to the Pickup directory"
		return d, PickupDenied
	}
	d.Layer, d.Rule = lab.LayerTransport, ""
	switch {
	case len(name) > maxPickupName || !validFileName(name):
		d.Reason = "no name for a file"
		return d, PickupBadName
	case p.index(name) >= 0:
		d.Reason = "there is a file of this name already"
		return d, PickupExists
	case len(p.files) >= maxPickupFiles || p.size()+len(raw) > maxPickupBytes:
		d.Reason = "the Pickup directory is full"
		return d, PickupFull
	}
	p.files = append(p.files, pickupFile{name, raw})
	t.planPickup(now, h)
	d.Allowed, d.Reason = true, user.SAM()+" wrote a file into the Pickup directory"
	return d, PickupWritten
}

func validFileName(s string) bool {
	return strings.Trim(s, ". ") != "" && strings.IndexFunc(s, func(r rune) bool {
		return r < ' ' || r == 0x7f || strings.ContainsRune(`<>:"/\|?*`, r)
	}) < 0
}

// planPickup has the directory looked at when it is next due, as long as there
// is something to take.
func (t *Transport) planPickup(now time.Time, h *host) {
	p := &h.pickup
	if !slices.ContainsFunc(p.files, isMessageFile) {
		t.tl.Cancel(p.event)
		return
	}
	poll := t.params.Pickup.Poll
	due := now.Truncate(poll).Add(poll)
	if p.event == nil {
		p.event = t.tl.At(due, 0, func(now time.Time) { t.pollPickup(now, h) })
	} else {
		t.tl.Move(p.event, due)
	}
}

func isMessageFile(f pickupFile) bool { return strings.HasSuffix(strings.ToLower(f.name), ".eml") }

// pollPickup takes the message files, as many as the minute has room for. Each
// is renamed to .tmp, sent and deleted; what is no message stays as .bad.
func (t *Transport) pollPickup(now time.Time, h *host) {
	p := &h.pickup
	if minute := now.Truncate(time.Minute); !minute.Equal(p.minute) {
		p.minute, p.sent = minute, 0
	}
	var left []pickupFile
	files := p.files
	for _, f := range files {
		if h.down || !isMessageFile(f) || p.sent >= t.params.Pickup.Rate {
			left = append(left, f)
			continue
		}
		p.sent++
		m, why := t.pickedUp(now, h, f.raw)
		if why != "" {
			f.name = f.name[:len(f.name)-len(".eml")] + ".bad"
			left = append(left, f)
			t.tracking.add(TrackEvent{Timestamp: now, Server: h.name, Event: eventBadMail, Source: sourcePickup, Status: why})
			continue
		}
		t.track(now, h, m, eventReceive, sourcePickup, m.to, "", "")
		t.accept(now, h, m)
	}
	p.files = left
	t.planPickup(now, h)
	for _, id := range slices.Sorted(maps.Keys(p.watch)) {
		p.watch[id](now)
	}
}

// pickedUp makes a message of a file, or tells why it is none. Its sender is
// what the file says; nobody has signed in, so it counts as anonymous (general
// knowledge), and it may go to any domain.
func (t *Transport) pickedUp(now time.Time, h *host, raw []byte) (*message, string) {
	from, to, rest, why := parsePickup(raw, int(t.params.Pickup.MaxHeader), t.params.Pickup.MaxRecipients)
	if why != "" {
		return nil, why
	}
	in, ok := readHeader(rest, len(rest))
	if !ok {
		return nil, "header is larger than allowed"
	}
	m := &message{id: t.newID(), arrived: now, from: from, to: to, header: in}
	t.complete(m, h)
	received := "Received: from localhost by Pickup with Microsoft SMTP Server id " + string(t.params.Server.Version) + ";\r\n "
	if t.gen == gen2003 {
		received = "Received: from mail pickup service by " + h.fqdn + " with Microsoft SMTPSVC;\r\n\t "
	}
	m.raw = t.stamp(now, h, m, rest, received+now.Format(time.RFC1123Z)+"\r\n")
	return m, ""
}

// parsePickup reads the envelope of a message file from its header: the sender
// from Sender or From, the recipients from To, Cc and Bcc. It returns the
// message without the fields that do not go on: Received, Resent and Bcc.
func parsePickup(raw []byte, maxHeader, maxRecipients int) (from Address, to []Address, rest []byte, why string) {
	var author, sender []Address
	pos := 0
	for ended := false; !ended; {
		field, next := nextField(raw, pos)
		switch {
		case next > maxHeader:
			return from, nil, nil, "header is larger than allowed"
		case next == pos || len(field) == 0 && next == len(raw) && !bytes.HasSuffix(raw, []byte("\n")):
			return from, nil, nil, "no empty line between header and body"
		case len(field) == 0:
			ended = true
		}
		name, value, _ := bytes.Cut(field, []byte{':'})
		name = bytes.TrimRight(name, " \t")
		list := func() (all []Address) {
			parsed, err := mail.ParseAddressList(string(bytes.Join(bytes.Fields(value), []byte{' '})))
			if err != nil {
				why = "malformed address in " + clean(string(name))
			}
			for _, p := range parsed {
				a, err := ParseAddress(p.Address)
				if err != nil || a.Null() {
					why = "malformed address in " + clean(string(name))
				}
				all = append(all, a)
			}
			return all
		}
		switch {
		case is(name, "From"):
			author = append(author, list()...)
		case is(name, "Sender"):
			sender = append(sender, list()...)
		case is(name, "To"), is(name, "Cc"), is(name, "Bcc"):
			to = append(to, list()...)
		}
		if why != "" {
			return from, nil, nil, why
		}
		if !is(name, "Received") && !is(name, "Bcc") && !startsFold(name, "Resent-") {
			rest = append(rest, raw[pos:next]...)
		}
		pos = next
	}
	if sender == nil {
		sender = author
	}
	switch {
	case len(sender) != 1:
		return from, nil, nil, "no sender, or more than one"
	case len(to) == 0:
		return from, nil, nil, "no recipient"
	case len(to) > maxRecipients:
		return from, nil, nil, "too many recipients"
	}
	return sender[0], to, append(rest, raw[pos:]...), ""
}
