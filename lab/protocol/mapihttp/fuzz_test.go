package mapihttp

import (
	"bytes"
	"reflect"
	"testing"
)

// FuzzBody checks that what a parser accepts is written as it was read: bodies
// have but one form.
func FuzzBody(f *testing.F) {
	for i, b := range bodies {
		f.Add(i, unhex(f, b.wire))
	}
	f.Add(1, []byte{1, 0, 0, 0, 0, 0, 0, 0})
	f.Fuzz(func(t *testing.T, i int, data []byte) {
		if i < 0 || i >= len(bodies) {
			return
		}
		value, err := bodies[i].parse(data)
		if err != nil {
			return
		}
		again, err := value.(interface{ Encode() ([]byte, error) }).Encode()
		if err != nil || !bytes.Equal(again, data) {
			t.Fatalf("% x became % x, %v", data, again, err)
		}
	})
}

func FuzzStream(f *testing.F) {
	f.Add(aFinal.Append(Pending.Append(Processing.Append(nil))))
	f.Add([]byte("DONE\r\nX-ResponseCode: 10\r\nX-FEServer: x\r\n"))
	f.Add([]byte("DONE\r\nX-StartTime: Monday, 22-Apr-13 15:33:32 GMT\r\n\r\n"))
	limits := Limits{Line: 64, Headers: 4, Pending: 4, Body: 64}
	f.Fuzz(func(t *testing.T, data []byte) {
		first, err := ReadFinal(bytes.NewReader(data), limits)
		if err != nil {
			return
		}
		second, err := ReadFinal(bytes.NewReader(first.Append(nil)), limits)
		if err != nil || !reflect.DeepEqual(first, second) {
			t.Fatalf("%+v became %+v, %v", first, second, err)
		}
	})
}
