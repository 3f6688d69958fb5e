package pop3

import (
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"
)

func TestParseCommand(t *testing.T) {
	tests := map[string]struct {
		line string
		want Command
	}{
		"bare":             {"STAT", Command{Verb: "STAT"}},
		"lower case":       {"retr 12", Command{Verb: "RETR", Args: []string{"12"}}},
		"three letters":    {"Top 1 0", Command{Verb: "TOP", Args: []string{"1", "0"}}},
		"not known":        {"XTND x", Command{Verb: "XTND", Args: []string{"x"}}},
		"domain user":      {`USER CORP\dana`, Command{Verb: "USER", Args: []string{`CORP\dana`}}},
		"password":         {"PASS a  b ", Command{Verb: "PASS", Args: []string{"a  b "}}},
		"password é":       {"PASS é", Command{Verb: "PASS", Args: []string{"é"}}},
		"empty password":   {"PASS ", Command{Verb: "PASS", Args: []string{""}}},
		"missing password": {"PASS", Command{Verb: "PASS"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := ParseCommand(tt.line)
			if err != nil || !reflect.DeepEqual(got, tt.want) {
				t.Errorf("got %+v, %v", got, err)
			}
		})
	}
	for _, line := range []string{"", " ", "OK", "HELLO", "US3R", "LIST ", "TOP 1  2", "USER a\tb", "USER a\x00", "USER \x7f"} {
		var syntax *SyntaxError
		if got, err := ParseCommand(line); !errors.As(err, &syntax) {
			t.Errorf("%q: %+v, %v", line, got, err)
		}
	}
	if _, err := ParseCommand("USER " + strings.Repeat("a", MaxCommand)); !errors.Is(err, ErrLineTooLong) {
		t.Errorf("a long line: %v", err)
	}
}

func TestCommandString(t *testing.T) {
	for line, want := range map[string]string{
		"QUIT": "QUIT", "TOP 1 2": "TOP 1 2", "PASS secret": "PASS ***", "APOP dana c4c9": "APOP ***", "AUTH PLAIN AGRhbmE=": "AUTH ***",
	} {
		c, err := ParseCommand(line)
		if err != nil || c.String() != want {
			t.Errorf("%q is logged as %q, %v", line, c, err)
		}
	}
}

func TestCommandReader(t *testing.T) {
	longest := "USER " + strings.Repeat("a", MaxCommand-7)
	r := NewCommandReader(strings.NewReader("NOOP\r\n" + longest + "\r\n" + longest + "b\r\n" + strings.Repeat("x", 3*MaxCommand) + "\r\n" +
		"NOOP\nBAD LINE!\r\nQUIT\r\n"))
	want := []any{Command{Verb: "NOOP"}, Command{Verb: "USER", Args: []string{longest[5:]}}, ErrLineTooLong, ErrLineTooLong,
		&SyntaxError{}, Command{Verb: "BAD", Args: []string{"LINE!"}}, Command{Verb: "QUIT"}, io.EOF}
	for i, w := range want {
		got, err := r.Read()
		var syntax *SyntaxError
		switch w := w.(type) {
		case Command:
			if err != nil || !reflect.DeepEqual(got, w) {
				t.Errorf("line %d: got %+v, %v, want %v", i, got, err, w)
			}
		case *SyntaxError:
			if !errors.As(err, &syntax) {
				t.Errorf("line %d: got %+v, %v, want a syntax error", i, got, err)
			}
		case error:
			if !errors.Is(err, w) {
				t.Errorf("line %d: got %+v, %v, want %v", i, got, err, w)
			}
		}
	}
	for _, half := range []string{"QUI", strings.Repeat("x", MaxCommand), strings.Repeat("x", MaxCommand+1)} {
		if _, err := NewCommandReader(strings.NewReader(half)).Read(); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("half a line of %d octets: %v", len(half), err)
		}
	}
	r = NewCommandReader(strings.NewReader("STLS\r\nUSER mallory\r\n"))
	if _, err := r.Read(); err != nil || r.Buffered() == 0 {
		t.Errorf("nothing buffered behind STLS, %v", err)
	}
}

func FuzzCommandReader(f *testing.F) {
	f.Add("USER dana\r\nPASS a b\r\nSTAT\r\nQUIT\r\n")
	f.Add("TOP 1 2\nUIDL\r\n")
	f.Add(strings.Repeat("x", 600) + "\r\nNOOP\r\n")
	f.Fuzz(func(t *testing.T, input string) {
		r := NewCommandReader(strings.NewReader(input))
		for range len(input) + 1 {
			c, err := r.Read()
			var syntax *SyntaxError
			if errors.As(err, &syntax) || errors.Is(err, ErrLineTooLong) {
				continue
			}
			if err != nil {
				return
			}
			line := c.Verb
			if c.Args != nil {
				line += " " + strings.Join(c.Args, " ")
			}
			if again, err := ParseCommand(line); err != nil || !reflect.DeepEqual(again, c) {
				t.Fatalf("%+v became %+v, %v", c, again, err)
			}
		}
		t.Fatal("the reader does not come to an end")
	})
}
