package mitigation

import (
	"fmt"
	"math"
	"net/netip"
	"strconv"
	"strings"
)

// Size is a number of bytes. KB, MB and GB are powers of 1024, as in Exchange.
type Size int64

var sizeUnits = []struct {
	name  string
	bytes int64
}{{"GB", 1 << 30}, {"MB", 1 << 20}, {"KB", 1 << 10}, {"B", 1}}

// UnmarshalText reads a whole number with its unit: 512B, 1KB, 25MB.
func (s *Size) UnmarshalText(text []byte) error {
	for _, u := range sizeUnits {
		digits, found := strings.CutSuffix(string(text), u.name)
		if !found {
			continue
		}
		n, err := strconv.ParseUint(digits, 10, 63)
		if err != nil || n > math.MaxInt64/uint64(u.bytes) {
			break
		}
		*s = Size(int64(n) * u.bytes)
		return nil
	}
	return fmt.Errorf("expected a size such as 512B, 1KB or 25MB")
}

// String writes the size in the largest unit that divides it.
func (s Size) String() string {
	for _, u := range sizeUnits {
		if s != 0 && int64(s)%u.bytes == 0 {
			return strconv.FormatInt(int64(s)/u.bytes, 10) + u.name
		}
	}
	return "0B"
}

// Range is a set of addresses: one address, or a prefix.
type Range struct{ netip.Prefix }

// UnmarshalText reads 203.0.113.7 or 203.0.113.0/24.
func (r *Range) UnmarshalText(text []byte) error {
	if a, err := netip.ParseAddr(string(text)); err == nil && a.Zone() == "" {
		r.Prefix = netip.PrefixFrom(a.Unmap(), a.Unmap().BitLen())
		return nil
	}
	p, err := netip.ParsePrefix(string(text))
	if err != nil {
		return fmt.Errorf("expected an address such as 203.0.113.7 or a range such as 203.0.113.0/24")
	}
	if p != p.Masked() {
		return fmt.Errorf("the address has bits beyond the prefix length: did you mean %s?", p.Masked())
	}
	r.Prefix = p
	return nil
}

// String writes a single address without a prefix length.
func (r Range) String() string {
	if r.IsSingleIP() {
		return r.Addr().String()
	}
	return r.Prefix.String()
}
