package lab

import "strings"

// maxSaid bounds what is kept of an answer, in bytes.
const maxSaid = 200

// Hide takes secrets out of what a server or a program said, which may repeat
// them.
func Hide(text string, secrets []string) string {
	for _, s := range secrets {
		if s != "" {
			text = strings.ReplaceAll(text, s, "***")
		}
	}
	return text
}

// Brief makes what a server or a program said fit for a report: one line,
// bounded.
func Brief(text string) string {
	return Bound(strings.Join(strings.Fields(strings.ToValidUTF8(text, "?")), " "), maxSaid)
}

// Bound cuts a text that is longer than so many bytes.
func Bound(text string, most int) string {
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most], "") + "…"
}
