package scenarios_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"shutout/lab"
	"shutout/scenarios"
	"shutout/sim"
)

// A case with one leaver and one bystander on a path, polling every so often;
// the SOP follows.
func leaver(path, every, sop string) *lab.Scenario {
	GinkgoHelper()
	src := fmt.Sprintf(`
id: leaver
title: One leaver, one bystander
activities:
  - {id: dana, who: dana, from: home, path: %[1]s, do: [read], every: %[2]s, since: -2m}
controls:
  - {id: erin, who: erin, from: erin-home, path: %[1]s, do: [read], every: 1m, since: -2m}
within: 5m
horizon: 3h
sop:
%[3]s`, path, every, sop)
	s, err := scenarios.Parse("leaver.yaml", []byte(src))
	Expect(err).NotTo(HaveOccurred())
	return s
}

var _ = Describe("cut-offs follow from the layers", func() {
	const disabled = "  - {at: 0s, do: disable-account, user: dana}\n"
	denials := []struct{ name, sop string }{
		{"disabled", disabled},
		{"expired", "  - {at: 0s, do: expire-account, user: dana}\n"},
		{"password reset", "  - {at: 0s, do: reset-password, user: dana}\n"},
	}
	for _, path := range []string{"owa", "activesync"} {
		for _, denial := range denials {
			name, sop := denial.name, denial.sop
			It("an absolute token of 7 minutes lets a "+path+" leaver in for 7 minutes from minting, account "+name, func(ctx SpecContext) {
				res := play(ctx, leaver(path, "10s", sop), "iis.token_ttl=7m", "iis.token_ttl_mode=absolute")
				dana := find(res, "dana", lab.Read)
				// Minted at the first poll, two minutes before the order.
				Expect(dana.Verdict).To(Equal(lab.Ended))
				Expect(*dana.CutoffS).To(BeNumerically("~", 300, 10))
				Expect(find(res, "erin", lab.Read).Verdict).To(Equal(lab.Kept))
			})
			It("a sliding one lets a busy "+path+" leaver in until the pool recycles, account "+name, func(ctx SpecContext) {
				s := leaver(path, "10s", sop)
				res := play(ctx, s, "iis.token_ttl=7m", "iis.token_ttl_mode=sliding")
				Expect(find(res, "dana", lab.Read).Verdict).To(Equal(lab.Open))

				pool := map[string]string{"owa": "MSExchangeOWAAppPool", "activesync": "MSExchangeSyncAppPool"}[path]
				s = leaver(path, "10s", sop+"  - {at: 1h, do: recycle-app-pool, pool: "+pool+"}\n")
				res = play(ctx, s, "iis.token_ttl=7m", "iis.token_ttl_mode=sliding")
				dana := find(res, "dana", lab.Read)
				Expect(dana.Verdict).To(Equal(lab.Late))
				Expect(*dana.CutoffS).To(BeNumerically("~", 3600, 10))
			})
			It("a "+path+" leaver who polls less often than the TTL is out at the first poll after the order, account "+name, func(ctx SpecContext) {
				s := leaver(path, "10m", strings.ReplaceAll(sop, "0s", "1m"))
				s.Within = 10 * time.Minute // rarer attempts could not show that a shorter limit was kept
				res := play(ctx, s, "iis.token_ttl=7m")
				dana := find(res, "dana", lab.Read)
				Expect(dana.Verdict).To(Equal(lab.Ended))
				Expect(*dana.CutoffS).To(BeZero())
				Expect(dana.Successes).To(Equal(1))
			})
		}
		It("resetting the server that a "+path+" leaver does not use changes nothing", func(ctx SpecContext) {
			res := play(ctx, leaver(path, "10s", disabled+"  - {at: 1m, do: reset-iis, servers: [cas2]}\n"))
			Expect(find(res, "dana", lab.Read).Verdict).To(Equal(lab.Open))
		})
		It("resetting the one in use ends "+path, func(ctx SpecContext) {
			res := play(ctx, leaver(path, "10s", disabled+"  - {at: 1m, do: reset-iis, servers: [cas1]}\n"))
			dana := find(res, "dana", lab.Read)
			Expect(dana.Verdict).To(Equal(lab.Ended))
			Expect(*dana.CutoffS).To(BeNumerically("~", 50, 10))
		})
		It("severing without denying ends nothing for "+path, func(ctx SpecContext) {
			res := play(ctx, leaver(path, "10s", "  - {at: 1m, do: reset-iis}\n"))
			dana := find(res, "dana", lab.Read)
			Expect(dana.Verdict).To(Equal(lab.Open))
			Expect(dana.Spans).To(HaveLen(3), "in, out while IIS is away, in again: %+v", dana.Spans)
		})
		It("iisreset /noforce that fails leaves the "+path+" token alive", func(ctx SpecContext) {
			res := play(ctx, leaver(path, "10s", disabled+"  - {at: 1m, do: reset-iis, noforce: true, fails: true}\n"))
			Expect(find(res, "dana", lab.Read).Verdict).To(Equal(lab.Open))
			Expect(res.Steps[1].Outcome).To(Equal(lab.Failed))
		})
	}
	It("the reason is the decision's own record", func(ctx SpecContext) {
		res := play(ctx, leaver("owa", "10s", disabled), "iis.token_ttl=7m", "iis.token_ttl_mode=absolute")
		because := find(res, "dana", lab.Read).Because
		Expect(because).To(ContainElement(And(
			HaveField("Layer", lab.LayerToken), HaveField("Allowed", true),
			HaveField("Detail", "token reused on cas1, absolute 7m, made T-2m, until T+5m"))))
		Expect(because).To(ContainElement(And(
			HaveField("Layer", lab.LayerDirectory), HaveField("Allowed", false),
			HaveField("Detail", ContainSubstring("data 533")))))
	})
})

// TestOneSeed gives each case the same result document twice.
func TestOneSeed(t *testing.T) {
	for _, s := range scenarios.Catalogue() {
		t.Run(s.ID, func(t *testing.T) {
			t.Parallel()
			s.Horizon = min(s.Horizon, 2*s.Within+600e9)
			var docs [2]string
			for i := range docs {
				res, err := sim.Play(t.Context(), s, sim.PlayOptions{Seed: seed})
				if err != nil {
					t.Fatal(err)
				}
				res.WallS = 0
				b, err := json.MarshalIndent(res, "", " ")
				if err != nil {
					t.Fatal(err)
				}
				docs[i] = string(b)
			}
			if docs[0] != docs[1] {
				t.Errorf("one seed has two results:\n%s\n%s", docs[0], docs[1])
			}
		})
	}
}
