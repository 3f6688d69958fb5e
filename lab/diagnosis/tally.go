package diagnosis

import (
	"maps"
	"slices"
	"time"
)

// Bounds of what is kept of the records. Beyond them records are still
// counted, and the report says that something was left out.
const (
	maxQueued   = 1 << 18 // messages in queues
	maxQueues   = 1 << 16
	maxBook     = 1 << 14 // keys of one book
	maxPairs    = 1 << 18 // who wrote to whom
	maxIDs      = 1 << 17 // Message-IDs of reports and replies
	maxSet      = 1 << 12 // entries of one set
	maxHours    = 1 << 14 // hours of one tally, nearly two years
	samplesKept = 3       // lines shown for each observation
)

// Sample is a line that shows something.
type Sample struct {
	Where
	At   time.Time `json:"at,omitzero"`
	Text string    `json:"text"`
}

// tally counts one kind of record.
type tally struct {
	n           int
	hours       map[int64]int
	first, last time.Time
	samples     []Sample // the first ones
}

func (t *tally) add(w Where, at time.Time, text func() string) {
	t.n++
	if len(t.samples) < samplesKept {
		t.samples = append(t.samples, Sample{w, at, text()})
	}
	if at.IsZero() {
		return
	}
	if t.first.IsZero() || at.Before(t.first) {
		t.first = at
	}
	if at.After(t.last) {
		t.last = at
	}
	if t.hours == nil {
		t.hours = map[int64]int{}
	}
	if hour := at.Unix() / 3600; len(t.hours) < maxHours || t.hours[hour] > 0 {
		t.hours[hour]++
	}
}

// join adds what o counted.
func (t *tally) join(o *tally) {
	if o == nil || o.n == 0 {
		return
	}
	t.n += o.n
	for hour, n := range o.hours {
		if t.hours == nil {
			t.hours = map[int64]int{}
		}
		t.hours[hour] += n
	}
	if t.first.IsZero() || !o.first.IsZero() && o.first.Before(t.first) {
		t.first = o.first
	}
	if o.last.After(t.last) {
		t.last = o.last
	}
	t.samples = append(t.samples, o.samples...)
	slices.SortStableFunc(t.samples, func(a, b Sample) int {
		if c := a.At.Compare(b.At); c != 0 {
			return c
		}
		return a.Line - b.Line
	})
	t.samples = t.samples[:min(len(t.samples), samplesKept)]
}

// busiest is the count of the hour with the most; of records without a time
// it is all of them.
func (t *tally) busiest() int {
	most, timed := 0, 0
	for _, n := range t.hours {
		most, timed = max(most, n), timed+n
	}
	return max(most, t.n-timed)
}

// A book holds tallies by key.
type book[K comparable] struct {
	of   map[K]*tally
	lost int // records whose key found no room
}

func (b *book[K]) add(key K, w Where, at time.Time, text func() string) {
	t := b.of[key]
	if t == nil {
		if len(b.of) >= maxBook {
			b.lost++
			return
		}
		if b.of == nil {
			b.of = map[K]*tally{}
		}
		t = &tally{}
		b.of[key] = t
	}
	t.add(w, at, text)
}

// sum joins the tallies of the keys that match, in the order of compare, so
// that the same records give the same samples.
func (b *book[K]) sum(compare func(a, b K) int, match func(K) bool) (total tally, keys []K) {
	for _, k := range slices.SortedFunc(maps.Keys(b.of), compare) {
		if match(k) {
			total.join(b.of[k])
			keys = append(keys, k)
		}
	}
	return total, keys
}

// set is a bounded set.
type set[T comparable] struct {
	of   map[T]struct{}
	lost int
}

func (s *set[T]) add(x T) {
	if s.of == nil {
		s.of = map[T]struct{}{}
	}
	if _, known := s.of[x]; !known && len(s.of) >= maxSet {
		s.lost++
		return
	}
	s.of[x] = struct{}{}
}

func (s *set[T]) size() int { return len(s.of) }

func sorted(s *set[string]) []string { return slices.Sorted(maps.Keys(s.of)) }
