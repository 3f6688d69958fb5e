package lab

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
)

// SetPasswords gives everybody a password, and the one that a reset sets.
func (c *Cast) SetPasswords(r *rand.Rand) {
	for _, id := range slices.Sorted(maps.Keys(c.People)) {
		who := c.People[id]
		who.Password, who.NewPassword = NewPassword(r), NewPassword(r)
	}
}

// NewPassword makes one that satisfies the usual complexity rules and survives
// shells, URLs and mail programs unquoted.
func NewPassword(r *rand.Rand) string {
	const letters = "abcdefghjkmnpqrstuvwxyz"
	var b strings.Builder
	for i := range 3 {
		if i > 0 {
			b.WriteByte('-')
		}
		for j := range 4 {
			c := letters[r.IntN(len(letters))]
			if j == 0 {
				c -= 'a' - 'A'
			}
			b.WriteByte(c)
		}
	}
	fmt.Fprintf(&b, "-%d", 10+r.IntN(90))
	return b.String()
}
