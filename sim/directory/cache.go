package directory

import "time"

// Cache is an Exchange server's memory of directory objects (DSAccess, later
// ADAccess): what it has read it uses for a while, whatever happens to the
// directory meanwhile.
type Cache struct {
	dc   *DC
	ttl  time.Duration
	keys map[string]*cached // each name of an object leads to the same entry
	byID map[int]*cached
}

type cached struct {
	obj    *Object
	loaded time.Time
	keys   []string
}

// NewCache makes an empty cache in front of dc. A ttl of 0 keeps nothing, and
// profile.Never keeps everything until [Cache.Flush].
func NewCache(dc *DC, ttl time.Duration) *Cache {
	return &Cache{dc: dc, ttl: ttl, keys: map[string]*cached{}, byID: map[int]*cached{}}
}

// DC is the domain controller that the cache reads from.
func (c *Cache) DC() *DC { return c.dc }

// Get returns an object by any of its names (see [DC.Lookup]) and when it was
// read. The age counts from the read; using an object does not prolong it.
// Names that lead nowhere are asked for each time.
func (c *Cache) Get(now time.Time, key string) (obj *Object, loaded time.Time, ok bool) {
	if e, have := c.keys[c.dc.normalise(key)]; have && c.fresh(now, e) {
		return e.obj, e.loaded, true
	}
	obj, ok = c.dc.Lookup(key)
	if !ok {
		return nil, time.Time{}, false
	}
	// The object may be here under a name that was not known when it was read.
	if e, have := c.byID[obj.id]; have {
		if c.fresh(now, e) {
			return e.obj, e.loaded, true
		}
		c.drop(e)
	}
	e := &cached{obj: obj, loaded: now, keys: obj.keys()}
	for _, k := range e.keys {
		c.keys[k] = e
	}
	c.byID[obj.id] = e
	return obj, now, true
}

// Known tells when an object was read, and until when it counts; zero: until the
// cache is emptied. It reads nothing.
func (c *Cache) Known(now time.Time, key string) (loaded, until time.Time, ok bool) {
	e, ok := c.keys[c.dc.normalise(key)]
	if !ok || !c.fresh(now, e) {
		return time.Time{}, time.Time{}, false
	}
	if c.ttl != forever {
		until = e.loaded.Add(c.ttl)
	}
	return e.loaded, until, true
}

// Current is an account as the cache knows it now, or as it is given where the
// directory has it no more.
func (c *Cache) Current(now time.Time, o *Object) *Object {
	if known, _, ok := c.Get(now, o.SAM()); ok {
		return known
	}
	return o
}

func (c *Cache) fresh(now time.Time, e *cached) bool {
	return c.ttl == forever || now.Sub(e.loaded) < c.ttl
}

func (c *Cache) drop(e *cached) {
	for _, k := range e.keys {
		if c.keys[k] == e {
			delete(c.keys, k)
		}
	}
	delete(c.byID, e.obj.id)
}

// Flush forgets everything.
func (c *Cache) Flush() {
	clear(c.keys)
	clear(c.byID)
}
