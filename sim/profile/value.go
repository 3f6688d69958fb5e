package profile

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// Never is the value of a duration that does not end. It is the longest duration there is, so adding it to a time gives
// a time centuries away; adding to it overflows, so compare with Never before calculating with such a parameter.
const Never time.Duration = math.MaxInt64

// longest is the longest duration that can be set: 0x7FFFFFFF seconds, the top of the DWORD settings (KB152526).
const longest = 0x7FFFFFFF * time.Second

// maxList bounds the entries of a duration list.
const maxList = 1000

// Size is a number of bytes.
type Size int64

// String gives the size in the largest unit that divides it; 1 KB is 1024 bytes, as in Exchange.
func (s Size) String() string {
	for _, u := range sizeUnits {
		if s != 0 && int64(s)%u.bytes == 0 {
			return strconv.FormatInt(int64(s)/u.bytes, 10) + u.name
		}
	}
	return "0B"
}

var sizeUnits = []struct {
	name  string
	bytes int64
}{{"TB", 1 << 40}, {"GB", 1 << 30}, {"MB", 1 << 20}, {"KB", 1 << 10}, {"B", 1}}

// parseSize reads a whole number with B, KB, MB, GB or TB.
func parseSize(text string) (Size, bool) {
	for _, u := range sizeUnits {
		digits, found := strings.CutSuffix(text, u.name)
		if !found {
			continue
		}
		n, ok := parseInt(strings.TrimSpace(digits))
		if !ok || int64(n) > math.MaxInt64/u.bytes {
			return 0, false
		}
		return Size(int64(n) * u.bytes), true
	}
	return 0, false
}

// parseInt reads digits only: no sign, no separators.
func parseInt(text string) (int, bool) {
	for _, r := range text {
		if r < '0' || r > '9' {
			return 0, false
		}
	}
	n, err := strconv.Atoi(text)
	return n, err == nil
}

var durationUnits = []struct {
	name string
	span time.Duration
}{{"d", 24 * time.Hour}, {"h", time.Hour}, {"m", time.Minute}, {"s", time.Second}}

// parseDuration reads whole numbers with d, h, m or s, each unit at most once and the largest first: 90s, 15m, 2d, 1h30m.
func parseDuration(text string) (time.Duration, bool) {
	if text == "" {
		return 0, false
	}
	var total time.Duration
	for _, u := range durationUnits {
		digits, rest, found := strings.Cut(text, u.name)
		if !found {
			continue
		}
		n, ok := parseInt(digits)
		if !ok || time.Duration(n) > longest/u.span {
			return 0, false
		}
		total += time.Duration(n) * u.span
		text = rest
	}
	return total, text == "" && total <= longest
}

// formatDuration is the inverse of parseDuration. It uses days from two days on, and only for whole days.
func formatDuration(d time.Duration) string {
	switch {
	case d == Never:
		return "never"
	case d == 0:
		return "0s"
	}
	units := durationUnits[1:]
	if d >= 48*time.Hour && d%(24*time.Hour) == 0 {
		units = durationUnits
	}
	var b strings.Builder
	for _, u := range units {
		if n := d / u.span; n > 0 {
			b.WriteString(strconv.FormatInt(int64(n), 10) + u.name)
			d %= u.span
		}
	}
	return b.String()
}

// parseDurations reads durations separated by commas, each with an optional count: "1m x4, 5m x6". "none" is the empty list.
func parseDurations(text string) ([]time.Duration, bool) {
	list := []time.Duration{}
	if text == "none" {
		return list, true
	}
	for entry := range strings.SplitSeq(text, ",") {
		span, count, counted := strings.Cut(strings.TrimSpace(entry), "x")
		d, ok := parseDuration(strings.TrimSpace(span))
		n := 1
		if counted && ok {
			n, ok = parseInt(strings.TrimSpace(count))
		}
		if !ok || n < 1 || n > maxList-len(list) {
			return nil, false
		}
		for range n {
			list = append(list, d)
		}
	}
	return list, true
}

// formatDurations is the inverse of parseDurations.
func formatDurations(list []time.Duration) string {
	if len(list) == 0 {
		return "none"
	}
	var entries []string
	for i := 0; i < len(list); {
		run := i + 1
		for run < len(list) && list[run] == list[i] {
			run++
		}
		entry := formatDuration(list[i])
		if n := run - i; n > 1 {
			entry += " x" + strconv.Itoa(n)
		}
		entries = append(entries, entry)
		i = run
	}
	return strings.Join(entries, ", ")
}

// format writes a parameter's value in the form that Set reads.
func format(v any) string {
	switch v := v.(type) {
	case time.Duration:
		return formatDuration(v)
	case []time.Duration:
		return formatDurations(v)
	default: // string, bool, int, Size
		return fmt.Sprint(v)
	}
}
