package smtp

import (
	"fmt"
	"strings"

	"shutout/sim/server/servertest"
)

// Panics takes the library's log in tests.
var Panics servertest.Panics

func init() { logger = libraryLog{} }

// libraryLog passes on what go-smtp says, save for a race of its own that it
// survives: the goroutine of a BDAT command asks for the session when the
// connection has ended already and finds none (go-smtp v0.25.1, conn.go,
// handleBdat). Nothing of ours is on that stack.
type libraryLog struct{}

func (libraryLog) Printf(format string, v ...any) {
	text := fmt.Sprintf(format, v...)
	if strings.Contains(text, "go-smtp.(*Conn).handleBdat.func1()") && !strings.Contains(text, "shutout/") {
		return
	}
	Panics.Printf("%s", text)
}

func (libraryLog) Println(v ...any) { Panics.Println(v...) }
