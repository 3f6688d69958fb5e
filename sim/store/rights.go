package store

import (
	"cmp"
	"slices"
	"strings"
)

// Rights is what a grantee may do with a mailbox.
type Rights uint8

const (
	// FullAccess opens the mailbox.
	FullAccess Rights = 1 << iota
	// SendAs sends with the mailbox's address.
	SendAs
)

// Grantees that every mailbox starts with.
const (
	Self             = `NT AUTHORITY\SELF` // the mailbox's own user
	ExchangeServers  = "Exchange Servers"
	TrustedSubsystem = "Exchange Trusted Subsystem"
)

// A Permission is what one grantee holds on a mailbox.
type Permission struct {
	Grantee string // a sAMAccountName, or one of the constants
	Rights  Rights
}

// permissions is sorted by grantee. It is copied on write, so that a snapshot
// is only a slice header.
type permissions []Permission

func defaultPermissions() permissions {
	var p permissions
	p = p.with(Self, FullAccess|SendAs)
	p = p.with(ExchangeServers, FullAccess)
	return p.with(TrustedSubsystem, FullAccess)
}

func (p permissions) find(grantee string) (int, bool) {
	return slices.BinarySearchFunc(p, grantee, func(e Permission, g string) int {
		return cmp.Compare(strings.ToLower(e.Grantee), strings.ToLower(g))
	})
}

// of returns the rights of grantee, 0 when it has no entry.
func (p permissions) of(grantee string) Rights {
	if i, ok := p.find(grantee); ok {
		return p[i].Rights
	}
	return 0
}

// with returns a copy in which grantee holds exactly rights.
func (p permissions) with(grantee string, rights Rights) permissions {
	q := slices.Clone(p)
	i, ok := q.find(grantee)
	switch {
	case ok && rights == 0:
		return slices.Delete(q, i, i+1)
	case ok:
		q[i].Rights = rights
		return q
	case rights == 0:
		return q
	default:
		return slices.Insert(q, i, Permission{grantee, rights})
	}
}
