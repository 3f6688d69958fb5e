package directory

// Secrets returns what is stored of an object's passwords, for tests that
// compare replicas.
func Secrets(o *Object) string {
	s := o.account.password
	for _, h := range o.history() {
		s.hash += h
	}
	return s.by + s.hash
}
