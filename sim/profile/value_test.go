package profile

import (
	"slices"
	"testing"
	"time"
)

func TestDurations(t *testing.T) {
	const day = 24 * time.Hour
	for _, c := range []struct {
		in   string
		want time.Duration
		out  string
	}{
		{"90s", 90 * time.Second, "1m30s"},
		{"900s", 15 * time.Minute, "15m"},
		{"15m", 15 * time.Minute, "15m"},
		{"60m", time.Hour, "1h"},
		{"24h", day, "24h"},
		{"1d", day, "24h"},
		{"36h", 36 * time.Hour, "36h"},
		{"1d12h", 36 * time.Hour, "36h"},
		{"48h", 2 * day, "2d"},
		{"10080m", 7 * day, "7d"},
		{"1h0m30s", time.Hour + 30*time.Second, "1h30s"},
		{"0s", 0, "0s"},
		{"0d", 0, "0s"},
		{"2147483647s", longest, "596523h14m7s"},
	} {
		got, ok := parseDuration(c.in)
		if !ok || got != c.want {
			t.Errorf("parseDuration(%q) = %v, %v; want %v", c.in, got, ok, c.want)
		}
		if out := formatDuration(got); out != c.out {
			t.Errorf("formatDuration(%q) = %q, want %q", c.in, out, c.out)
		}
	}
	for _, bad := range []string{"", "15", "m", "-1m", "+1m", "1.5h", "1m1h", "1m1m", "1h ", "1 h", "1w", "1ms", "2147483648s",
		"24855d3h14m8s", "99999999999999999999d", "1e3s", "١m"} {
		if d, ok := parseDuration(bad); ok {
			t.Errorf("parseDuration(%q) = %v", bad, d)
		}
	}
	if got := formatDuration(Never); got != "never" {
		t.Errorf("formatDuration(Never) = %q", got)
	}
}

func TestDurationLists(t *testing.T) {
	const s, m = time.Second, time.Minute
	for _, c := range []struct {
		in   string
		want []time.Duration
		out  string
	}{
		{"none", []time.Duration{}, "none"},
		{"15m, 30m, 60m", []time.Duration{15 * m, 30 * m, 60 * m}, "15m, 30m, 1h"},
		{"1mx2,5m x 2", []time.Duration{m, m, 5 * m, 5 * m}, "1m x2, 5m x2"},
		{"60s, 1m x1, 10s", []time.Duration{m, m, 10 * s}, "1m x2, 10s"},
	} {
		got, ok := parseDurations(c.in)
		if !ok || !slices.Equal(got, c.want) {
			t.Errorf("parseDurations(%q) = %v, %v; want %v", c.in, got, ok, c.want)
		}
		if out := formatDurations(got); out != c.out {
			t.Errorf("formatDurations(%q) = %q, want %q", c.in, out, c.out)
		}
	}
	for _, bad := range []string{"", ",", "1m,", "1m x0", "1m x", "1m x-1", "x4", "1m 5m", "1m x1001", "1m x1000, 1m", "never", "[1m]"} {
		if list, ok := parseDurations(bad); ok {
			t.Errorf("parseDurations(%q) = %d entries", bad, len(list))
		}
	}
}

func TestSizes(t *testing.T) {
	for _, c := range []struct {
		in   string
		want Size
		out  string
	}{
		{"0B", 0, "0B"},
		{"512B", 512, "512B"},
		{"1024B", 1 << 10, "1KB"},
		{"64KB", 64 << 10, "64KB"},
		{"1536KB", 1536 << 10, "1536KB"},
		{"10 MB", 10 << 20, "10MB"},
		{"2GB", 2 << 30, "2GB"},
	} {
		got, ok := parseSize(c.in)
		if !ok || got != c.want || got.String() != c.out {
			t.Errorf("parseSize(%q) = %d (%s), %v; want %d (%s)", c.in, int64(got), got, ok, int64(c.want), c.out)
		}
	}
	for _, bad := range []string{"", "10", "B", "MB", "-1KB", "1.5MB", "10mb", "9223372036854775807KB", "99999999999999999999B"} {
		if n, ok := parseSize(bad); ok {
			t.Errorf("parseSize(%q) = %d", bad, int64(n))
		}
	}
}
