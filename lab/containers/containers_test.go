package containers

import (
	"context"
	"math/rand/v2"
	"os"
	"testing"
	"time"

	"shutout/fixtures"
)

func TestStart(t *testing.T) {
	cast := fixtures.DefaultCast()
	cast.SetPasswords(rand.New(rand.NewPCG(1, 1)))
	began := time.Now()
	org, err := start(context.Background(), cast, Options{ActiveSync: os.Getenv("SOGO") != "", Progress: os.Stderr})
	if err != nil {
		t.Fatal(err)
	}
	t.Log("up in", time.Since(began))
	if os.Getenv("KEEP") != "" {
		for _, p := range cast.People {
			t.Log(p.ID, p.Password)
		}
		time.Sleep(time.Hour)
	}
	began = time.Now()
	if err := org.stop(); err != nil {
		t.Fatal(err)
	}
	t.Log("down in", time.Since(began))
}
