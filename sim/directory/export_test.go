package directory

// Secrets returns what is stored of an object's passwords, for tests that
// compare replicas.
func Secrets(o *Object) string {
	s, history := o.password()
	for _, h := range history {
		s.hash += h
	}
	return s.by + s.hash
}
