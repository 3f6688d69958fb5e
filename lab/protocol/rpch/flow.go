package rpch

import (
	"errors"
	"fmt"
)

// Flow control (MS-RPCH 3.2.1.1.5): the recipient of a channel has a window of
// so many octets, the sender sends no RPC PDU that does not fit, and the
// recipient acknowledges as it works its window off. RTS PDUs and HTTP headers
// do not count. Counters are 32 bits wide and wrap around.

// ErrFlow is in the chain of every error about a window that was overrun or
// an acknowledgement that cannot be.
var ErrFlow = errors.New("flow control violated")

// A SendWindow is the sender's side.
type SendWindow struct {
	size      uint32
	available uint32
	sent      uint32
}

// NewSendWindow is a window of which nothing is used.
func NewSendWindow(size uint32) SendWindow { return SendWindow{size: size, available: size} }

// Fits tells whether a PDU of n octets can be sent now (MS-RPCH 3.2.1.4.1.3).
func (w *SendWindow) Fits(n int) bool { return uint64(n) <= uint64(w.available) }

// Ever tells whether a PDU of n octets can be sent at all: a larger one might
// wait for an acknowledgement that never becomes due.
func (w *SendWindow) Ever(n int) bool { return uint64(n) <= uint64(threshold(w.size)) }

// threshold is below how much known room a sender is told of more: half the
// window, and the least window that is allowed, since a PDU can be that large
// in every window (MS-RPCH 2.2.3.5.1). MS-RPCH 3.2.1.4.1.1 leaves it to the
// implementation.
func threshold(size uint32) uint32 { return max(size/2, min(size, uint32(minWindow))) }

// Sent counts a PDU that fits.
func (w *SendWindow) Sent(n int) {
	w.sent += uint32(n)
	w.available -= uint32(n)
}

// Acknowledged takes what the recipient says (MS-RPCH 3.2.1.1.5.1.1):
// available = its available window - (sent - received by it).
func (w *SendWindow) Acknowledged(a FlowControlAck) error {
	onTheWay := w.sent - a.BytesReceived
	if a.AvailableWindow > w.size || onTheWay > a.AvailableWindow {
		return fmt.Errorf("rpch: %w: %d of %d octets are acknowledged with a window of %d, the whole being %d",
			ErrFlow, a.BytesReceived, w.sent, a.AvailableWindow, w.size)
	}
	w.available = a.AvailableWindow - onTheWay
	return nil
}

// A ReceiveWindow is the recipient's side.
type ReceiveWindow struct {
	size       uint32
	available  uint32 // free now
	advertised uint32 // free as far as the sender knows (AvailableWindowAdvertised)
	received   uint32
}

// NewReceiveWindow is a window in which nothing is.
func NewReceiveWindow(size uint32) ReceiveWindow {
	return ReceiveWindow{size: size, available: size, advertised: size}
}

// Received counts a PDU that came. One that the sender had no room for is an
// error.
func (w *ReceiveWindow) Received(n int) error {
	if uint64(n) > uint64(w.advertised) {
		return fmt.Errorf("rpch: %w: %d octets into a window with room for %d", ErrFlow, n, w.advertised)
	}
	w.received += uint32(n)
	w.available -= uint32(n)
	w.advertised -= uint32(n)
	return nil
}

// Consumed counts a PDU that was worked off. due tells whether the sender
// should be told.
func (w *ReceiveWindow) Consumed(n int) (due bool) {
	w.available += uint32(n)
	return w.advertised < threshold(w.size) && w.available > w.advertised
}

// Ack is the acknowledgement to send now. It counts as sent.
func (w *ReceiveWindow) Ack(channel Cookie) FlowControlAck {
	w.advertised = w.available
	return FlowControlAck{BytesReceived: w.received, AvailableWindow: w.available, Channel: channel}
}
