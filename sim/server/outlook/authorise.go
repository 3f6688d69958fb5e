package outlook

import (
	"net"
	"strconv"
	"time"

	"shutout/lab"
	"shutout/lab/protocol/mapi"
	"shutout/sim/directory"
	"shutout/sim/profile"
	"shutout/sim/store"
)

// protocols are the names under which the store knows the paths.
var protocols = map[lab.Path]string{
	lab.OutlookRPC:      directory.MAPI,
	lab.OutlookAnywhere: directory.OutlookAnywhere,
	lab.MAPIHTTP:        directory.MAPIHTTP,
}

// denial is why a session may not be opened, or may not go on.
type denial struct {
	code      mapi.ErrorCode // Success: there is none
	reason    string
	temporary bool // it ends by itself: a locked mailbox, a restarting store
}

// authorise decides whether a session may be, when it is opened and when it is
// checked again, and opens its mailbox. A session whose mailbox lives elsewhere
// gets none.
func (s *Service) authorise(now time.Time, conn net.Conn, x *Session) (*store.Session, denial) {
	again := x.mailbox != nil
	look := s.w.Params.RPC.LogonAccount
	if again {
		look = s.w.Params.RPC.RevalidateAccount
	}
	if look {
		d, code := s.account(now, x.user.SAM())
		if again || !d.Allowed || d.Layer != lab.LayerDirectory {
			s.w.Record(conn, d) // else the sign-in has just said as much, and more
		}
		if code != mapi.Success {
			return nil, denial{code: code, reason: d.Reason}
		}
	}
	if x.elsewhere != "" {
		return nil, denial{}
	}
	r := store.Request{
		User: x.owner, As: x.user.SAM(), Protocol: protocols[x.path], Cache: s.cache, Owner: x.activity,
	}
	mailbox, d := s.w.Store.Logon(now, r)
	s.w.Record(conn, d)
	if mailbox == nil {
		return nil, s.denied(now, r, d)
	}
	return mailbox, denial{}
}

// account tells whether the account may be used, as this server knows it. The
// password's age does not matter to an open session: only a sign-in with the
// password looks at it (MS-KILE 3.3.5.6).
//
// A refusal names the domain controller that the server has it from, a grant
// from memory the memory.
func (s *Service) account(now time.Time, user string) (lab.Decision, mapi.ErrorCode) {
	dc := s.cache.DC()
	d := lab.Decision{At: now, Layer: lab.LayerDirectory, Server: dc.Host()}
	o, read, ok := s.cache.Get(now, user)
	if !ok {
		d.Reason = directory.NoSuchUser.String()
		return d, mapi.CodeUnknownUser
	}
	if read.Before(now) {
		d.Rule, d.Since = "from the directory cache of "+s.host, read
	}
	c := dc.Restriction(now, o)
	d.Reason = c.String()
	switch c {
	case directory.OK, directory.PasswordIsExpired, directory.PasswordMustChange:
	case directory.Disabled, directory.AccountIsExpired:
		return d, mapi.CodeAccountDisabled
	default: // locked out, or outside the logon hours
		return d, mapi.CodeLoginPermission
	}
	d.Allowed, d.Reason = true, "account neither disabled nor expired"
	if read.Before(now) {
		d.Layer, d.Server, d.Rule = lab.LayerDirCache, s.host, ""
		d.Reason += " when it was read"
		if ttl := s.w.Params.Dir.CacheTTL; ttl != profile.Never {
			d.Rule, d.Until = "directory cache "+lab.Duration(ttl), read.Add(ttl)
		}
	}
	return d, mapi.Success
}

// denied puts the store's refusal of a logon into a code.
func (s *Service) denied(now time.Time, r store.Request, d lab.Decision) denial {
	no := denial{code: mapi.CodeLoginPermission, reason: d.Reason}
	mb, exists := s.w.Store.Mailbox(r.User)
	switch {
	case !exists:
		no.code = mapi.CodeUnknownUser
	case d.Layer == lab.LayerService:
		no.code, no.temporary = mapi.CodeServerPaused, true
	case d.Layer == lab.LayerStore:
		if _, gone := mb.Disconnected(); gone {
			no.code = mapi.CodeMailboxDisabled
		} else {
			no.code, no.temporary = mapi.CodeMailboxInTransit, true
		}
	case d.Layer == lab.LayerMailboxInfo && s.w.Store.Allowed(now, r, store.FullAccess).Allowed: // so it was the flag
		no.code = mapi.CodeProtocolDisabled
		if r.Protocol == directory.OutlookAnywhere {
			no.code = mapi.CodeRPCHTTPDisallowed
		}
	}
	return no
}

// passwordSet is when a user's password was set last, as the domain controller
// has it that the server asks, or the cloud where people sign in there: a
// FILETIME, 0 when it must be changed.
func (s *Service) passwordSet(user string) int64 {
	if s.w.Cloud != nil {
		return directory.FileTime(s.w.Cloud.PasswordSet(user))
	}
	o, ok := s.cache.DC().Lookup(user)
	if !ok {
		return 0
	}
	n, _ := strconv.ParseInt(o.Get("pwdLastSet"), 10, 64)
	return n
}
