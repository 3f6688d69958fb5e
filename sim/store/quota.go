package store

import (
	"strconv"
	"strings"
	"time"

	"shutout/lab"
	"shutout/sim/directory"
	"shutout/sim/profile"
)

// quotas are a mailbox's limits as the store read them last. The store reads
// them again after store.quota_reread (KB327378).
type quotas struct {
	read time.Time // zero: not read yet
	// At or above these sizes the mailbox may not send, or neither send nor
	// receive (Set-Mailbox: ProhibitSendQuota, ProhibitSendReceiveQuota).
	send, receive limit
}

// limit is a number of bytes that may be missing.
type limit struct {
	bytes int64
	set   bool
}

// kilobytes reads one of the directory's limits, which count in KB. What is no
// number sets no limit.
func kilobytes(o *directory.Object, attr string) limit {
	n, err := strconv.ParseInt(o.Get(attr), 10, 53)
	if err != nil || n < 0 {
		return limit{}
	}
	return limit{bytes: n << 10, set: true}
}

// reached tells whether size has come to the limit.
func (l limit) reached(size int64) bool { return l.set && size >= l.bytes }

func (l limit) String() string {
	if !l.set {
		return "unlimited"
	}
	return profile.Size(l.bytes).String()
}

// readQuotas reads the limits of an account. They count only when
// mDBUseDefaults is FALSE (UseDatabaseQuotaDefaults $false); the databases
// themselves have no limits here.
func readQuotas(now time.Time, o *directory.Object) quotas {
	q := quotas{read: now}
	if strings.EqualFold(o.Get("mDBUseDefaults"), "FALSE") {
		q.send = kilobytes(o, "mDBOverQuotaLimit")
		q.receive = kilobytes(o, "mDBOverHardQuotaLimit")
	}
	return q
}

// limits returns the mailbox's quotas, read again when they are due. Without a
// directory there are none.
func (mb *Mailbox) limits(now time.Time) quotas {
	if q := mb.quota; !q.read.IsZero() && now.Sub(q.read) < mb.store.params.QuotaReread {
		return q
	}
	if o, _, ok := mb.object(now); ok {
		mb.quota = readQuotas(now, o)
	}
	return mb.quota
}

// object reads the mailbox's account through the server's directory cache.
func (mb *Mailbox) object(now time.Time) (o *directory.Object, seen time.Time, ok bool) {
	if mb.db.server.cache == nil {
		return nil, time.Time{}, false
	}
	return mb.db.server.cache.Get(now, mb.user)
}

// MaySend tells whether user's mailbox may send a message now. It looks at the
// mailbox only; what a sender's account may do is transport's business.
func (s *Store) MaySend(now time.Time, user string) lab.Decision {
	mb, ok := s.Mailbox(user)
	if !ok {
		return noMailbox(now, user).Decision
	}
	if refused := mb.available(now); refused != nil {
		return refused.Decision
	}
	return mb.maySend(now)
}

func (mb *Mailbox) maySend(now time.Time) lab.Decision {
	if mb.store.params.SendNeedsServerRights {
		if d, ok := mb.serverRights(now); !ok {
			return d
		}
	}
	q := mb.limits(now)
	d := mb.quotaDecision(now, q)
	switch {
	case q.receive.reached(mb.size):
		d.Reason = "over the prohibit-send-and-receive quota of " + q.receive.String()
	case q.send.reached(mb.size):
		d.Reason = "over the prohibit-send quota of " + q.send.String()
	default:
		d.Allowed = true
		d.Reason = "below the send quota (" + q.send.String() + ")"
	}
	return d
}

// serverRights refuses when the groups of the Exchange servers have lost their
// rights on the mailbox, as far as the store knows. One test saw that stop
// sending, along with two other changes; hence a parameter.
func (mb *Mailbox) serverRights(now time.Time) (lab.Decision, bool) {
	e, refused := mb.info(now, nil)
	if refused != nil {
		return refused.Decision, false
	}
	for _, group := range []string{ExchangeServers, TrustedSubsystem} {
		if e.rights.of(group)&FullAccess == 0 {
			d := e.decision(now, mb)
			d.Reason = group + " has no full access"
			return d, false
		}
	}
	return lab.Decision{}, true
}

func (mb *Mailbox) quotaDecision(now time.Time, q quotas) lab.Decision {
	d := lab.Decision{
		At: now, Layer: lab.LayerStore, Server: mb.Server(),
		Rule: mb.store.quotaRule,
	}
	if !q.read.IsZero() {
		d.Since, d.Until = q.read, q.read.Add(mb.store.params.QuotaReread)
	}
	return d
}

// full refuses when the mailbox may not take anything more.
func (mb *Mailbox) full(now time.Time) *Refusal {
	q := mb.limits(now)
	if !q.receive.reached(mb.size) {
		return nil
	}
	d := mb.quotaDecision(now, q)
	d.Reason = "mailbox full: over the prohibit-send-and-receive quota of " + q.receive.String()
	return &Refusal{Decision: d}
}
