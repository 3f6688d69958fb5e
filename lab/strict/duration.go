package strict

import (
	"errors"
	"math"
	"strconv"
	"strings"
	"time"
)

var durationUnits = []struct {
	letter byte
	span   time.Duration
}{{'d', 24 * time.Hour}, {'h', time.Hour}, {'m', time.Minute}, {'s', time.Second}}

// Longest is the longest time that somebody may write: no case takes longer.
// Times beyond what a [time.Duration] holds are refused with it as the bound;
// what is between is for those to judge who know what the time is for.
const Longest = 31 * 24 * time.Hour

var (
	errDuration = errors.New("expected a duration such as 30s, 15m, 2h, 2d or 1d12h")
	errTooLong  = errors.New("too long: expected at most 744h (31d)")
)

// ParseDuration reads whole numbers with the units d, h, m and s, each at most
// once and the largest first, with a minus in front for the time before: 30s,
// 15m, 1d12h, -30m. 0 needs no unit.
func ParseDuration(text string) (time.Duration, error) {
	rest, negative := strings.CutPrefix(text, "-")
	if rest == "0" {
		return 0, nil
	}
	var total time.Duration
	units := durationUnits
	for first := true; rest != "" || first; first = false {
		end := strings.IndexFunc(rest, func(r rune) bool { return r < '0' || r > '9' })
		if end <= 0 {
			return 0, errDuration
		}
		n, err := strconv.ParseInt(rest[:end], 10, 64)
		if err != nil { // digits alone, so it is out of range
			return 0, errTooLong
		}
		for len(units) > 0 && units[0].letter != rest[end] {
			units = units[1:]
		}
		switch {
		case len(units) == 0:
			return 0, errDuration
		case n > int64((math.MaxInt64-total)/units[0].span):
			return 0, errTooLong
		}
		total += time.Duration(n) * units[0].span
		units, rest = units[1:], rest[end+1:]
	}
	if negative {
		total = -total
	}
	return total, nil
}
