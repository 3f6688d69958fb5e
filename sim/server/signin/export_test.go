package signin

import "net/http"

// Connection is what a connection remembers, for the fuzz test.
type Connection = connection

// AdmitOn is Admit for a request on that connection.
func (a *Web) AdmitOn(c *Connection, rw http.ResponseWriter, r *http.Request) (Identity, bool) {
	return a.admit(c, rw, r)
}
