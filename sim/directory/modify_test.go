package directory_test

import (
	"errors"
	"fmt"
	"testing"

	"shutout/sim/directory"
)

func TestModify(t *testing.T) {
	set := directory.Set
	add := func(a string, v ...string) directory.Mod { return directory.Mod{Op: directory.Add, Attr: a, Values: v} }
	del := func(a string, v ...string) directory.Mod {
		return directory.Mod{Op: directory.Delete, Attr: a, Values: v}
	}
	tests := []struct {
		name string
		mods []directory.Mod
		want directory.Result // 0: done
		attr string
		have []string
	}{
		{"replace", []directory.Mod{set("TITLE", "boss")}, 0, "title", []string{"boss"}},
		{"add, then delete one", []directory.Mod{add("proxyAddresses", "smtp:a@b", "smtp:c@d"), del("proxyAddresses", "SMTP:A@B", "smtp:dana@corp.example")}, 0,
			"proxyAddresses", []string{"smtp:d.leaver@corp.example", "smtp:c@d"}},
		{"delete all", []directory.Mod{del("displayName")}, 0, "displayName", nil},
		{"replace with nothing", []directory.Mod{set("displayName")}, 0, "displayName", nil},
		{"replace what is not there with nothing", []directory.Mod{set("title")}, 0, "title", nil},
		{"all or none", []directory.Mod{set("title", "boss"), set("nonsense", "x")}, directory.NoSuchAttribute, "title", nil},
		{"value twice", []directory.Mod{add("proxyAddresses", "smtp:D.Leaver@corp.example")}, directory.AttributeOrValueExists, "", nil},
		{"second value of a single-valued attribute", []directory.Mod{add("displayName", "x")}, directory.AttributeOrValueExists, "", nil},
		{"two values for a single-valued attribute", []directory.Mod{set("title", "x", "y")}, directory.ConstraintViolation, "", nil},
		{"delete what is not there", []directory.Mod{del("title")}, directory.NoSuchAttribute, "", nil},
		{"delete a value that is not there", []directory.Mod{del("displayName", "x")}, directory.NoSuchAttribute, "", nil},
		{"add nothing", []directory.Mod{add("title")}, directory.ConstraintViolation, "", nil},
		{"not a number", []directory.Mod{set("userAccountControl", "off")}, directory.InvalidSyntax, "", nil},
		{"not a boolean", []directory.Mod{set("mDBUseDefaults", "no")}, directory.InvalidSyntax, "", nil},
		{"empty value", []directory.Mod{set("title", "")}, directory.InvalidSyntax, "", nil},
		{"not UTF-8", []directory.Mod{set("title", "\xff")}, directory.InvalidSyntax, "", nil},
		{"rename", []directory.Mod{set("cn", "x")}, directory.NotAllowedOnRDN, "", nil},
		{"system", []directory.Mod{set("objectGUID", "x")}, directory.UnwillingToPerform, "", nil},
		{"not a user any more", []directory.Mod{set("userAccountControl", "2")}, directory.UnwillingToPerform, "", nil},
		{"no userAccountControl", []directory.Mod{del("userAccountControl")}, directory.UnwillingToPerform, "", nil},
		{"bits that are only shown", []directory.Mod{set("userAccountControl", fmt.Sprint(0x200|0x10|0x800000))}, 0, "userAccountControl", []string{"512"}},
		{"lock by hand", []directory.Mod{set("lockoutTime", "1")}, directory.UnwillingToPerform, "", nil},
		{"short logon hours", []directory.Mod{set("logonHours", "xxx")}, directory.ConstraintViolation, "", nil},
		{"a name that is taken", []directory.Mod{set("sAMAccountName", "ERIN")}, directory.ConstraintViolation, "", nil},
		{"no name", []directory.Mod{set("sAMAccountName")}, directory.ConstraintViolation, "", nil},
		{"another name", []directory.Mod{set("sAMAccountName", "dleaver")}, 0, "sAMAccountName", []string{"dleaver"}},
		{"unknown operation", []directory.Mod{{Op: 7, Attr: "title"}}, directory.UnwillingToPerform, "", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, nil)
			before, _ := w.DC("dc1").Lookup("dana")
			err := w.DC("dc1").Modify(w.now(), before.DN(), tt.mods)
			var e *directory.Error
			switch {
			case tt.want == 0 && err != nil:
				t.Fatal(err)
			case tt.want != 0 && (!errors.As(err, &e) || e.Result != tt.want):
				t.Fatalf("%v, want result %d", err, tt.want)
			}
			after, _ := w.DC("dc1").Lookup(before.DN())
			if tt.attr != "" && fmt.Sprint(after.All(tt.attr)) != fmt.Sprint(tt.have) {
				t.Errorf("%s is %q, want %q", tt.attr, after.All(tt.attr), tt.have)
			}
			if err != nil && after != before {
				t.Error("a refused modification changed the object")
			}
		})
	}
	w := newWorld(t, nil)
	var e *directory.Error
	if err := w.DC("dc1").Modify(start, "nobody", nil); !errors.As(err, &e) || e.Result != directory.NoSuchObject {
		t.Errorf("nobody: %v", err)
	}
}
