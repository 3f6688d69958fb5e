package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"shutout/lab"
	"shutout/lab/strict"
	"shutout/scenarios"
	"shutout/scenarios/claims"
)

// isFile tells whether an argument names a file rather than something of the
// catalogue: it has a separator or the ending of a YAML file.
func isFile(arg string) bool {
	ext := strings.ToLower(filepath.Ext(arg))
	return strings.ContainsRune(arg, os.PathSeparator) && !isTopic(arg) || ext == ".yaml" || ext == ".yml"
}

// isTopic tells whether an argument is KIND/NAME as show takes it.
func isTopic(arg string) bool {
	kind, _, found := strings.Cut(arg, "/")
	switch kind {
	case "scenario", "experiment", "claim", "control", "mitigation", "sop", "path", "profile", "parameter":
		return found
	}
	return false
}

// loadCase returns the case that an argument of run means.
func loadCase(arg string) (*lab.Scenario, error) {
	if isFile(arg) {
		return scenarios.Load(arg)
	}
	sc, ok := scenarios.Find(arg)
	if !ok {
		sc, ok = claims.Load().Experiment(arg)
	}
	if !ok {
		var ids []string
		for _, sc := range scenarios.Catalogue() {
			ids = append(ids, sc.ID)
		}
		return nil, fmt.Errorf("there is no case %s%s (shutout list scenarios; a file's name ends in .yaml)",
			strict.Quote(arg), strict.Expected(arg, ids))
	}
	return sc, nil
}

// loadSOP returns the SOP that --sop means: a file, or one of the product's.
func loadSOP(arg string) (*scenarios.SOP, error) {
	if isFile(arg) {
		return scenarios.LoadSOP(arg)
	}
	sop, ok := scenarios.FindSOP(arg)
	if !ok {
		var ids []string
		for _, s := range scenarios.SOPs() {
			ids = append(ids, s.ID)
		}
		return nil, fmt.Errorf("there is no SOP %s%s (shutout list sops; a file's name ends in .yaml)",
			strict.Quote(arg), strict.Expected(arg, ids))
	}
	return sop, nil
}
