// Package foreign runs programs that nobody here wrote against the protocols,
// in tests. Where one is not installed its test is skipped.
package foreign

import (
	"context"
	"os/exec"
	"sync"
	"testing"
	"time"
)

// pythons are the interpreters that may have impacket: the first on the PATH,
// and the system's own, which is the one that a package is installed for.
var pythons = []string{"python3", "/usr/bin/python3"}

var withImpacket = sync.OnceValue(func() string {
	for _, python := range pythons {
		if exec.Command(python, "-c", "import impacket.dcerpc.v5.rpch").Run() == nil {
			return python
		}
	}
	return ""
})

// Impacket runs a Python script that uses impacket and returns what it printed.
// If a server hangs up in the middle, impacket never notices, so it gets a
// minute.
func Impacket(t testing.TB, script string, args ...string) (string, error) {
	t.Helper()
	python := withImpacket()
	if python == "" {
		t.Skip("python3-impacket is not installed")
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	out, err := exec.CommandContext(ctx, python, append([]string{"-c", script}, args...)...).CombinedOutput()
	return string(out), err
}
