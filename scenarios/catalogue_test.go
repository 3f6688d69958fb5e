package scenarios

import (
	"slices"
	"testing"

	"shutout/lab"
	"shutout/lab/mitigation"
)

func TestCatalogue(t *testing.T) {
	var ids []string
	for _, sc := range Catalogue() {
		ids = append(ids, sc.ID)
		if sc.File != "scenarios/"+sc.ID+".yaml" {
			t.Errorf("%s stands in %s", sc.ID, sc.File)
		}
		if len(sc.Sources) == 0 || sc.Story == "" {
			t.Errorf("%s has no sources or no story", sc.ID)
		}
		// Whoever reads a case wants to know what to expect of each promise.
		for _, a := range everybody(sc) {
			for _, c := range a.Do {
				if sc.Expect[a.ID][c] == "" {
					t.Errorf("%s predicts nothing about %s %s", sc.ID, a.ID, c)
				}
			}
		}
		// A verdict about a path is only worth something with a control on it.
		for _, a := range sc.Activities {
			if !slices.ContainsFunc(sc.Controls, func(c *lab.Activity) bool { return c.Path == a.Path }) {
				t.Errorf("%s has no control on %s", sc.ID, a.Path)
			}
		}
	}
	if len(ids) == 0 {
		t.Errorf("the cases are %q", ids)
	}
	sc, ok := Find("only-cas-down")
	if !ok {
		t.Fatal("only-cas-down is gone")
	}
	sc.Title = "changed"
	if again, _ := Find("only-cas-down"); again.Title == "changed" {
		t.Error("the catalogue hands out one case twice")
	}
	if _, ok := Find("no-such-case"); ok {
		t.Error("Find finds what is not there")
	}
}

func TestSOPsAreBoundToEveryCase(t *testing.T) {
	var ids []string
	abuse := false
	for _, sop := range SOPs() {
		ids = append(ids, sop.ID)
		if len(sop.Sources) == 0 || sop.Story == "" || sop.File != "fixtures/sops/"+sop.ID+".yaml" {
			t.Errorf("%+v", sop)
		}
		for _, sc := range Catalogue() {
			if !sop.Suits(sc) || sop.Length() > sc.Horizon {
				continue
			}
			if err := sop.Bind(sc); err != nil {
				t.Errorf("%s: %v", sop.ID, err)
			}
			abuse = abuse || sop.ForLeaver() && !HasLeaver(sc)
		}
	}
	if len(ids) == 0 {
		t.Errorf("the SOPs are %q", ids)
	}
	if !abuse {
		t.Error("no SOP against abuse is bound to a mailbox")
	}
}

func TestEveryPathIsDescribed(t *testing.T) {
	infos := PathInfos()
	if len(infos) != len(lab.Paths) {
		t.Fatalf("%d paths are described, there are %d", len(infos), len(lab.Paths))
	}
	for i, info := range infos {
		if info.Path != lab.Paths[i] || info.Title == "" || info.Doc == "" || len(info.Do) == 0 {
			t.Errorf("%+v", info)
		}
		order := func(a, b lab.Capability) int {
			return slices.Index(lab.Capabilities, a) - slices.Index(lab.Capabilities, b)
		}
		if !slices.IsSortedFunc(info.Do, order) {
			t.Errorf("%s can %v, which is not in the usual order", info.Path, info.Do)
		}
	}
	if info, _ := LookupPath(lab.EWS); slices.Contains(info.Do, lab.Reply) {
		t.Error("paths share their list of capabilities")
	}
}

func TestExamplesOfMitigationsAreValid(t *testing.T) {
	for _, info := range mitigation.All() {
		if _, err := Parse("case.yaml", []byte(edit("{do: disable-account, user: dana}", info.Example))); err != nil {
			t.Errorf("%s: %v", info.Name, err)
		}
	}
}
