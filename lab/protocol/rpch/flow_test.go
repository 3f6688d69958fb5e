package rpch

import (
	"errors"
	"math/rand/v2"
	"testing"
)

func TestSendWindow(t *testing.T) {
	w := NewSendWindow(100)
	if !w.Fits(100) || w.Fits(101) || !w.Ever(100) || w.Ever(101) {
		t.Fatal("a fresh window of 100")
	}
	w.Sent(60)
	if !w.Fits(40) || w.Fits(41) {
		t.Fatal("40 of 100 should be left")
	}
	// The recipient had 20 of the 60 and had worked off none of them: 80 are
	// free there, 40 on their way.
	if err := w.Acknowledged(FlowControlAck{BytesReceived: 20, AvailableWindow: 80}); err != nil || !w.Fits(40) || w.Fits(41) {
		t.Fatal("40 should be left", err)
	}
	if err := w.Acknowledged(FlowControlAck{BytesReceived: 60, AvailableWindow: 100}); err != nil || !w.Fits(100) {
		t.Fatal("all should be left", err)
	}
	for name, a := range map[string]FlowControlAck{
		"more than was sent":         {BytesReceived: 61, AvailableWindow: 100},
		"a window larger than it is": {BytesReceived: 60, AvailableWindow: 101},
		"less than is on its way":    {BytesReceived: 0, AvailableWindow: 59},
	} {
		if err := w.Acknowledged(a); !errors.Is(err, ErrFlow) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestReceiveWindow(t *testing.T) {
	w := NewReceiveWindow(100)
	if err := w.Received(51); err != nil {
		t.Fatal(err)
	}
	if err := w.Received(50); !errors.Is(err, ErrFlow) {
		t.Fatal("101 octets are taken", err)
	}
	if !w.Consumed(51) {
		t.Fatal("an acknowledgement is due: the sender knows of 49 of 100")
	}
	if a := w.Ack(inChannel); a != (FlowControlAck{51, 100, inChannel}) {
		t.Fatalf("%+v", a)
	}
	if err := w.Received(50); err != nil {
		t.Fatal(err)
	}
	if !w.Consumed(50) {
		t.Fatal("an acknowledgement is due: a window that small has no half to spare")
	}
	w = NewReceiveWindow(64 << 10)
	if err := w.Received(32 << 10); err != nil || w.Consumed(32<<10) {
		t.Fatal("no acknowledgement is due: the sender knows of 32 KiB", err)
	}
	if err := w.Received(1); err != nil || !w.Consumed(1) {
		t.Fatal("an acknowledgement is due: the sender knows of less than half", err)
	}
}

// Both ends together, acknowledgements arriving late: nothing is overrun and
// nothing gets stuck, also where the counters wrap.
func TestWindowsTogether(t *testing.T) {
	const size = 8 << 10
	rnd := rand.New(rand.NewPCG(1, 2))
	send, receive := NewSendWindow(size), NewReceiveWindow(size)
	send.sent, receive.received = 1<<32-5*size, 1<<32-5*size
	var wire, queue []int
	var acks []FlowControlAck
	total := 0
	for total < 20*size {
		n := 1 + rnd.IntN(5840)
		moved := false
		if send.Fits(n) {
			send.Sent(n)
			wire = append(wire, n)
			moved = true
		}
		if len(wire) > 0 && (rnd.IntN(2) == 0 || !moved) {
			if err := receive.Received(wire[0]); err != nil {
				t.Fatal(err)
			}
			queue, wire, moved = append(queue, wire[0]), wire[1:], true
		}
		if len(queue) > 0 && (rnd.IntN(2) == 0 || !moved) {
			if receive.Consumed(queue[0]) {
				acks = append(acks, receive.Ack(inChannel))
			}
			total += queue[0]
			queue, moved = queue[1:], true
		}
		if len(acks) > 0 && (rnd.IntN(2) == 0 || !moved) {
			if err := send.Acknowledged(acks[0]); err != nil {
				t.Fatal(err)
			}
			acks, moved = acks[1:], true
		}
		if !moved {
			t.Fatalf("stuck after %d octets: %+v %+v", total, send, receive)
		}
	}
}
