package remote

import (
	"errors"
	"fmt"

	"shutout/lab"
	"shutout/lab/mitigation"
)

// Offers tells whether the lab has an access path. The error says why not, and
// wraps [lab.ErrNotAvailable].
func (c *Config) Offers(path lab.Path) error {
	_, ok := c.Endpoints[path]
	switch {
	case ok:
		return nil
	case c.File != "":
		return fmt.Errorf("%w: the lab file names no endpoint for %s", lab.ErrNotAvailable, path)
	default:
		return fmt.Errorf("%w: no server here offers %s", lab.ErrNotAvailable, path)
	}
}

// Performs tells whether the lab has a way to carry out a mitigation. The error
// says why not, and wraps [lab.ErrNotAvailable].
func (c *Config) Performs(mitigation string) error {
	if _, ok := c.Executors[mitigation]; ok {
		return nil
	}
	return fmt.Errorf("%w: %s", lab.ErrNotAvailable, c.lacks(mitigation))
}

// Permits lists the addresses of the accounts that an action touches. The error
// names those that may not be touched.
func (l *Lab) Permits(a lab.Action) (touched []string, err error) {
	var faults []error
	for _, id := range mitigation.Accounts(a) {
		who := l.cast.People[id]
		if who == nil {
			continue // nobody here, so the step is n/a
		}
		touched = append(touched, who.Mail)
		if !l.cfg.allowed(who.Mail) {
			faults = append(faults, fmt.Errorf("%s is not on the allow-list of the lab %s", who.Mail, l.cfg.Name))
		}
	}
	return touched, errors.Join(faults...)
}
