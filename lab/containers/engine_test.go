package containers

import (
	"errors"
	"strings"
	"testing"
)

// Where DOCKER_HOST names an engine that is not there, no other is taken.
func TestEngineThatIsNotThere(t *testing.T) {
	for _, host := range []string{"tcp://127.0.0.1:1", "unix:///nowhere/docker.sock", "nonsense"} {
		t.Setenv("DOCKER_HOST", host)
		if err := Available(t.Context()); !errors.Is(err, ErrNoEngine) || !strings.Contains(err.Error(), host) {
			t.Errorf("%s: %v", host, err)
		}
	}
}
