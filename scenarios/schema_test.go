package scenarios_test

import (
	"bytes"
	"sync"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"shutout/lab"
	"shutout/lab/report"
)

// schema is the published schema of the result document.
var schema = sync.OnceValues(func() (*jsonschema.Schema, error) {
	return jsonschema.NewCompiler().Compile("../docs/result.schema.json")
})

// fitsSchema holds a result against the schema, and against what reads it.
func fitsSchema(res *lab.RunResult) {
	GinkgoHelper()
	s, err := schema()
	Expect(err).NotTo(HaveOccurred())
	d := &lab.Document{Schema: lab.Schema, Lab: "sim", Seed: seed, Runs: []*lab.RunResult{res}}
	var b, again bytes.Buffer
	Expect(report.JSON(&b, d)).To(Succeed())
	instance, err := jsonschema.UnmarshalJSON(bytes.NewReader(b.Bytes()))
	Expect(err).NotTo(HaveOccurred())
	Expect(s.Validate(instance)).To(Succeed())
	back, err := report.Decode(b.Bytes())
	Expect(err).NotTo(HaveOccurred())
	Expect(report.JSON(&again, back)).To(Succeed())
	Expect(again.String()).To(Equal(b.String()))
}
