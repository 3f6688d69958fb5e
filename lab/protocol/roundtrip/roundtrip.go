// Package roundtrip holds codecs to what they promise in tests: what they read
// they can write, and read again as the same.
package roundtrip

import (
	"reflect"
	"testing"
)

// Check fails a test if something that was read does not survive writing and
// reading.
func Check[T any](t *testing.T, first T, encode func(T) ([]byte, error), parse func([]byte) (T, error)) {
	t.Helper()
	data, err := encode(first)
	if err != nil {
		t.Fatalf("what was read cannot be written: %v: %+v", err, first)
	}
	second, err := parse(data)
	if err != nil {
		t.Fatalf("what was written cannot be read: %v: %+v", err, first)
	}
	if !reflect.DeepEqual(first, second) {
		t.Fatalf("%+v became %+v", first, second)
	}
}

// Fuzz has any bytes read, and what is accepted checked. It begins with the
// seeds as they are written.
func Fuzz[T any](f *testing.F, parse func([]byte) (T, error), encode func(T) ([]byte, error), seeds ...T) {
	f.Helper()
	for _, s := range seeds {
		b, err := encode(s)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if first, err := parse(b); err == nil {
			Check(t, first, encode, parse)
		}
	})
}
