package main

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"shutout/lab/strict"
	"shutout/sim/profile"
)

// durationFlag is a duration in the form of case files; set tells whether it
// was given.
type durationFlag struct {
	value time.Duration
	set   bool
}

func (f *durationFlag) String() string { return "" }
func (f *durationFlag) Type() string   { return "DURATION" }

func (f *durationFlag) Set(text string) error {
	d, err := strict.ParseDuration(text)
	if err != nil {
		return err
	}
	if d < 0 {
		return fmt.Errorf("the time is negative: expected one such as 15m")
	}
	f.value, f.set = d, true
	return nil
}

// or returns the given duration, or a negative one.
func (f *durationFlag) or() time.Duration {
	if !f.set {
		return -1
	}
	return f.value
}

// numberFlag is a whole number that is not negative.
type numberFlag uint64

func (f *numberFlag) String() string { return strconv.FormatUint(uint64(*f), 10) }
func (f *numberFlag) Type() string   { return "NUMBER" }

func (f *numberFlag) Set(text string) error {
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		return errors.New("expected a whole number from 0 to 18446744073709551615")
	}
	*f = numberFlag(n)
	return nil
}

// factorFlag is a number that may have a fraction.
type factorFlag float64

func (f *factorFlag) String() string { return strconv.FormatFloat(float64(*f), 'g', -1, 64) }
func (f *factorFlag) Type() string   { return "FACTOR" }

func (f *factorFlag) Set(text string) error {
	n, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return errors.New("expected a number such as 60 or 0.5")
	}
	*f = factorFlag(n)
	return nil
}

// notEmpty refuses flags that were given without a value, as a script does
// whose variable is not set: it did not mean the flag's default.
func notEmpty(cmd *cobra.Command, names ...string) error {
	for _, name := range names {
		if f := cmd.Flags().Lookup(name); f.Changed && f.Value.String() == "" {
			return fmt.Errorf("--%s is empty: give it a value or leave it out (%s --help)", name, cmd.CommandPath())
		}
	}
	return nil
}

// loadProfile returns a profile with some parameters set.
func loadProfile(name string, set []string) (*profile.Profile, error) {
	p, err := profile.Load(name)
	if err != nil {
		names := profile.Names()
		return nil, fmt.Errorf("unknown profile %s%s (shutout list profiles)", strict.Quote(name), strict.Expected(name, names))
	}
	for _, assignment := range set {
		if err := p.Set(assignment); err != nil {
			return nil, fmt.Errorf("--set: %w (shutout show %s)", err, name)
		}
	}
	return p, nil
}

// profileNames lists the profiles that --profile or --profiles name; nil:
// neither was given.
func profileNames(one, several string) ([]string, error) {
	var names []string
	switch {
	case one != "" && several != "":
		return nil, errors.New("--profile and --profiles exclude each other: say one of the two")
	case one != "":
		names = []string{one}
	case several == "all":
		return profile.Names(), nil
	case several != "":
		names = strings.Split(several, ",")
	}
	for i, name := range names {
		if slices.Contains(names[:i], name) {
			return nil, fmt.Errorf("--profiles names %s twice", name)
		}
		if _, err := loadProfile(name, nil); err != nil {
			return nil, err
		}
	}
	return names, nil
}
