package directory

import (
	"slices"
	"strings"
)

// Host is the name of the host that the domain controller runs on.
func (dc *DC) Host() string { return dc.host }

// Site is the name of the site that the domain controller stands in.
func (dc *DC) Site() string {
	if dc.site < len(dc.dir.org.Sites) {
		return dc.dir.org.Sites[dc.site].Name
	}
	return ""
}

// Directory is the domain that the controller belongs to.
func (dc *DC) Directory() *Directory { return dc.dir }

// Lookup finds an object by its sAMAccountName (with or without the domain in
// front), user principal name, legacy distinguished name, one of its proxy addresses
// or its distinguished name. Case does not matter.
func (dc *DC) Lookup(key string) (*Object, bool) {
	id, ok := dc.index[dc.normalise(key)]
	if !ok {
		return nil, false
	}
	return dc.objects[id], true
}

// normalise brings a name into the form that the index has.
func (dc *DC) normalise(key string) string {
	if domain, name, ok := strings.Cut(key, `\`); ok &&
		(strings.EqualFold(domain, dc.dir.org.NetBIOS) || strings.EqualFold(domain, dc.dir.org.Domain)) {
		key = name
	}
	return strings.ToLower(trimProxy(key))
}

// Objects lists every entry in the order in which they were made.
func (dc *DC) Objects() []*Object { return slices.Clone(dc.objects) }

// put makes o what this replica holds, and keeps the index in step.
func (dc *DC) put(o *Object) {
	if o.id == len(dc.objects) {
		dc.objects = append(dc.objects, o)
		dc.local = append(dc.local, local{created: dc.link.usn + 1})
		for _, k := range o.keys() {
			dc.claim(k, o.id)
		}
	} else {
		old := dc.objects[o.id]
		dc.objects[o.id] = o
		if !sameKeys(old, o) {
			dc.reindex(old, o)
		}
	}
	dc.link.usn++
	dc.local[o.id].changed = dc.link.usn
	dc.local[o.id].whenChanged = dc.dir.tl.Now()
}

func sameKeys(a, b *Object) bool {
	return a.SAM() == b.SAM() && a.UPN() == b.UPN() &&
		a.Get("legacyExchangeDN") == b.Get("legacyExchangeDN") && slices.Equal(a.All("proxyAddresses"), b.All("proxyAddresses"))
}

// reindex drops the names that an object no longer has and enters its new ones.
func (dc *DC) reindex(old, o *Object) {
	for _, k := range old.keys() {
		if dc.index[k] != o.id {
			continue
		}
		delete(dc.index, k)
		for _, other := range dc.objects { // nobody, save where two objects shared a name
			if slices.Contains(other.keys(), k) {
				dc.claim(k, other.id)
				break
			}
		}
	}
	for _, k := range o.keys() {
		dc.claim(k, o.id)
	}
}

// claim enters a name. When two objects have one name the older object keeps
// it, so that every replica comes to the same answer in whatever order changes
// arrive.
func (dc *DC) claim(key string, id int) {
	if holder, taken := dc.index[key]; !taken || id < holder {
		dc.index[key] = id
	}
}
