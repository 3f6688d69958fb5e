package remote

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"shutout/lab"
)

// cast puts the lab's people in the place of a case's. Whoever has a mailbox in
// the case and no account in the lab is not there. Those outside stay as they
// are; an address that a case gives somebody without an account below its own
// organisation is moved below the lab's. Passwords are read if somebody signs in.
func (c *Config) cast(of *lab.Cast, passwords bool) (*lab.Cast, error) {
	cast := of.Clone()
	var faults []error
	domain := cast.Organisation.Domain
	cast.Organisation.Domain = c.Domain
	for _, id := range slices.Sorted(maps.Keys(cast.People)) {
		p := cast.People[id]
		if c.People[id] != nil {
			continue
		}
		if !p.Outsider() {
			delete(cast.People, id)
		} else if local, at, _ := strings.Cut(p.Mail, "@"); strings.EqualFold(at, domain) {
			p.Mail = local + "@" + c.Domain
		}
	}
	for _, id := range slices.Sorted(maps.Keys(c.People)) {
		p := cast.People[id]
		if p == nil {
			p = &lab.Person{ID: id}
			cast.People[id] = p
		}
		c.People[id].over(p)
		if !passwords {
			continue
		}
		if err := c.People[id].unlock(p); err != nil {
			faults = append(faults, fmt.Errorf("the lab %s: %s: %w", c.Name, id, err))
		}
	}
	return cast, errors.Join(faults...)
}

// account stands for the database of a real account. It only tells that there
// is a mailbox.
const account = "lab"

// over puts an account in the place of what the cast says of somebody.
func (p *Person) over(who *lab.Person) {
	who.Name = cmp.Or(p.Name, who.Name, who.ID)
	who.Mail, who.User = p.Mail, p.User
	who.Database = cmp.Or(who.Database, account)
}

// unlock reads the account's passwords.
func (p *Person) unlock(who *lab.Person) (err error) {
	if who.Password, err = p.Password.Read(); err != nil {
		return fmt.Errorf("the password: %w", err)
	}
	if p.NewPassword.Given() {
		if who.NewPassword, err = p.NewPassword.Read(); err != nil {
			return fmt.Errorf("the new password: %w", err)
		}
	}
	return nil
}
