package lab_test

import (
	"testing"
	"time"

	"shutout/lab"
)

func TestDuration(t *testing.T) {
	seconds := 4.012
	for d, want := range map[time.Duration]string{
		0: "0s", 30 * time.Second: "30s", 90 * time.Minute: "1h30m", 24 * time.Hour: "24h", 250 * time.Microsecond: "250µs",
		time.Duration(seconds * float64(time.Second)):  "4.012s",
		time.Duration(-seconds * float64(time.Second)): "-4.012s",
		65*time.Second + 700*time.Millisecond:          "1m6s",
	} {
		if got := lab.Duration(d); got != want {
			t.Errorf("%d is %s, want %s", d, got, want)
		}
	}
}
