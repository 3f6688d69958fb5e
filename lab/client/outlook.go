package client

import (
	"context"

	"shutout/lab"
)

// A carrier takes Outlook's session to the server: RPC over TCP, RPC over HTTP
// or MAPI over HTTP. What the buffers hold is opaque to it.
//
// Its errors are those of a session: *lab.Failure, or *lost when the
// connection or the session on the server is gone. A refusal of the
// credentials has the stage "sign-in", one of the mailbox "open mailbox".
type carrier interface {
	// connect dials, signs in and opens a session for the mailbox with that
	// legacy distinguished name (EcDoConnectEx, or Connect).
	connect(ctx context.Context, password, mailboxDN string) error
	// redirect has the next connect go to another server, by its name.
	redirect(server string)
	// execute passes an extended buffer of ROPs (mapi.AppendPayload) and
	// returns the answer's. Once says that passing it twice would do its work
	// twice. The result is valid until the next call.
	execute(ctx context.Context, stage string, buffer []byte, once bool) ([]byte, error)
	// wait leaves a request outstanding that the server answers when there is
	// news, unless one is outstanding already. That it fails is for a later
	// call to find out.
	wait(ctx context.Context)
	// news tells, without waiting, whether that request has been answered, and
	// takes the answer.
	news() bool
	// leave ends the session as the protocol wants it; drop closes what is
	// open without a word.
	leave()
	drop()
}

// newOutlook is Outlook over a carrier.
func newOutlook(l *line, c carrier) session { return &outlook{line: l, carrier: c} }

// outlook is Outlook's part of the conversation: the ROPs.
type outlook struct {
	line    *line
	carrier carrier
}

func (o *outlook) signIn(ctx context.Context, password string) error { return notBuilt }
func (o *outlook) do(ctx context.Context, t lab.Task) error          { return notBuilt }
func (o *outlook) leave()                                            { o.carrier.leave() }
func (o *outlook) drop()                                             { o.carrier.drop() }

var notBuilt = refused("client", "not built yet")
