package ldap

// Session is one connection's state, for the fuzz test.
type Session = session

// NewSession makes a session of s without a connection. A user's distinguished
// name makes it bound.
func NewSession(s *Server, user string, tls bool) *Session {
	return &session{srv: s, user: user, tls: tls}
}

// Handle answers one message. It tells whether the connection goes on.
func (ss *session) Handle(msg []byte) (answer []byte, open bool) {
	answer, n := ss.handle(msg)
	return answer, n != hangUp
}

var (
	ReadMessage = readMessage
	Decode      = decode
)

const (
	MaxMessage = maxMessage
	MaxAnswer  = maxAnswer
)
