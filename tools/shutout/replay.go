package main

import (
	"strconv"
	"strings"

	"shutout/lab"
)

// replay is a command line that does the same again.
type replay []string

func newReplay(command string, args ...string) *replay {
	r := &replay{"shutout", command}
	for _, arg := range args {
		*r = append(*r, shellWord(arg))
	}
	return r
}

// flag adds a flag that has a value.
func (r *replay) flag(name, value string) {
	if value != "" {
		*r = append(*r, "--"+name, shellWord(value))
	}
}

// word adds a flag that has no value.
func (r *replay) word(flag string) { *r = append(*r, flag) }

// times adds the limit and the horizon if they were given.
func (r *replay) times(within, horizon durationFlag) {
	if within.set {
		r.flag("within", lab.Duration(within.value))
	}
	if horizon.set {
		r.flag("horizon", lab.Duration(horizon.value))
	}
}

// played adds what a play depends on.
func (r *replay) played(set []string, seed uint64) {
	for _, assignment := range set {
		r.flag("set", assignment)
	}
	r.flag("seed", strconv.FormatUint(seed, 10))
}

func (r *replay) String() string { return strings.Join(*r, " ") }

// shellWord quotes s for a shell if it has to be.
func shellWord(s string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_./=,:+@%", r)
	}
	if s != "" && strings.IndexFunc(s, func(r rune) bool { return !plain(r) }) < 0 {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
