package report

import (
	"testing"

	"shutout/lab"
)

func TestTookText(t *testing.T) {
	for want, s := range map[string]lab.StepResult{
		"": {}, ", took 1.5s": {TookS: 1.5}, ", took 2.0s, began 3.2s late": {TookS: 2.04, LateS: 3.2}, ", began 0.5s late": {TookS: 0.1, LateS: 0.5},
	} {
		if got := tookText(&s); got != want {
			t.Errorf("%+v: %q, want %q", s, got, want)
		}
	}
}
