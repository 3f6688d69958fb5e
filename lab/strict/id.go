package strict

import "regexp"

var id = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,62}$`)

// IsID tells whether a text is fit to be the id of something that a file
// describes: small letters, digits and hyphens.
func IsID(text string) bool { return id.MatchString(text) }
