package smtp

import "shutout/sim/server/servertest"

// Panics takes the library's log in tests.
var Panics servertest.Panics

func init() { logger = &Panics }
