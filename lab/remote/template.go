package remote

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// A template is text with placeholders in braces: {user}. Doubled braces stand
// for themselves.
type template string

// Placeholders besides a mitigation's own parameters. What stands for a secret
// may be in what a command reads, and never among its arguments.
var (
	personWords = []string{"user", "mail", "local"} // {local} is what stands before the @ of mail
	secretWords = []string{"password", "new_password"}
	fileWords   = []string{"password_file", "new_password_file"} // files that hold a secret while the command runs
)

// beforeWord stands for what read said before the change.
const beforeWord = "before"

var placeholder = regexp.MustCompile(`\{\{|\}\}|\{([a-z_]*)\}|[{}]`)

// words lists the placeholders of a template; an error says what is wrong with
// its braces.
func (t template) words() (words []string, err error) {
	for _, m := range placeholder.FindAllStringSubmatch(string(t), -1) {
		switch {
		case m[1] != "":
			words = append(words, m[1])
		case m[0] != "{{" && m[0] != "}}" && err == nil:
			err = fmt.Errorf("%q stands alone: write {{ and }} for braces that are no placeholder", m[0])
		}
	}
	return words, err
}

// expand puts values in the place of placeholders. One without a value stays.
func (t template) expand(value map[string]string) string {
	return placeholder.ReplaceAllStringFunc(string(t), func(m string) string {
		switch m {
		case "{{", "}}":
			return m[:1]
		}
		if v, ok := value[strings.Trim(m, "{}")]; ok {
			return v
		}
		return m
	})
}

// plain is the template of a text that has no placeholders.
func plain(text string) template {
	return template(strings.NewReplacer("{", "{{", "}", "}}").Replace(text))
}

// check tells which placeholders a template may have.
func (t template) check(allowed ...[]string) error {
	words, err := t.words()
	if err != nil {
		return err
	}
	known := slices.Concat(allowed...)
	for _, w := range words {
		if !slices.Contains(known, w) {
			return fmt.Errorf("{%s} stands for nothing here: there is {%s}", w, strings.Join(known, "}, {"))
		}
	}
	return nil
}

// shells are programs that read a command from their arguments.
var shells = []string{"sh", "bash", "dash", "ash", "zsh", "ksh", "fish", "pwsh", "powershell", "powershell.exe", "cmd", "cmd.exe"}
