package clientaccess

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"shutout/lab"
	"shutout/sim/directory"
)

// TestTokenModel plays random administrators and users against the rule that
// the token cache comes down to (KB3035228): a sign-in is granted if
// there is a live token for this password in this process, or the account is
// enabled and the password is right; and only then.
func TestTokenModel(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		sliding := rapid.Bool().Draw(rt, "sliding")
		mode := "iis.token_ttl_mode=absolute"
		if sliding {
			mode = "iis.token_ttl_mode=sliding"
		}
		w := newWorld(t, "ex2010", mode, "ntlm.old_password_cleartext=false", "ad.lockout_threshold=0")
		const ttl = 15 * time.Minute
		passwords := []string{password, "Autumn-2026", "Winter-2026"}
		current, enabled := password, true
		tokens := map[string]time.Time{} // password -> when the clock of its token began

		for range rapid.IntRange(1, 60).Draw(rt, "steps") {
			now := w.tl.Now()
			switch rapid.SampledFrom([]string{"try", "try", "try", "wait", "wait", "disable", "enable", "reset password", "recycle", "iisreset", "noforce fails"}).Draw(rt, "step") {
			case "try":
				pw := rapid.SampledFrom(passwords).Draw(rt, "password")
				began, cached := tokens[pw]
				reuse := cached && now.Sub(began) < ttl
				d := w.try("cas1", pw)
				if want := reuse || enabled && pw == current; d.Allowed != want {
					rt.Fatalf("at %s: allowed %v, want %v (%+v)", w.at(), d.Allowed, want, d)
				}
				if (d.Layer == lab.LayerToken) != reuse {
					rt.Fatalf("at %s: decided by %s, token reused: %v", w.at(), d.Layer, reuse)
				}
				if d.Allowed && (!reuse || sliding) {
					tokens[pw] = now
				}
			case "wait":
				w.run(time.Duration(rapid.IntRange(1, 20).Draw(rt, "minutes")) * time.Minute)
			case "disable":
				w.disable()
				enabled = false
			case "enable":
				w.modify(directory.Set("userAccountControl", "512"))
				enabled = true
			case "reset password":
				current = rapid.SampledFrom(passwords).Draw(rt, "new password")
				if err := w.dir.PDC().SetPassword(now, "dana", current); err != nil {
					rt.Fatal(err)
				}
			case "recycle":
				w.ca.Server("cas1").RecyclePool(now, PoolActiveSync)
				clear(tokens)
			case "iisreset":
				w.ca.Server("cas1").Reset(now, ResetOptions{})
				w.run(time.Minute)
				clear(tokens)
			case "noforce fails":
				w.ca.Server("cas1").Reset(now, ResetOptions{NoForce: true, Fail: true})
			}
		}
	})
}
