package containers

import (
	"fmt"
	"slices"
	"sync"
	"time"

	"shutout/lab"
	"shutout/lab/authority"
	"shutout/lab/mitigation"
	"shutout/lab/remote"
)

// Profile is the simulated twin of these servers.
const Profile = mitigation.OpenProfile

// Paths are the access paths of these servers.
var Paths = []lab.Path{lab.ActiveSync, lab.IMAP, lab.POP3, lab.SMTPSubmission, lab.SMTPAnonymous}

// Offers tells, without starting a server, whether a lab has an access path. The
// error wraps [lab.ErrNotAvailable].
func Offers(path lab.Path) error {
	if slices.Contains(Paths, path) {
		return nil
	}
	return fmt.Errorf("%w: no server here offers %s", lab.ErrNotAvailable, path)
}

// Performs tells, without starting a server, whether a lab has a way to carry
// out a mitigation. The error wraps [lab.ErrNotAvailable].
func Performs(mitigation string) error { return unstarted().Performs(mitigation) }

// unstarted is a lab in which no server runs.
var unstarted = sync.OnceValue(func() *remote.Config {
	ca, err := authority.New(time.Now())
	if err != nil {
		panic(err) // this machine makes no keys
	}
	return &remote.Config{Executors: (&organisation{ca: ca}).executors(nil), Lacks: lacks}
})
