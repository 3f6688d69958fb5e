package ldap

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	ber "github.com/go-asn1-ber/asn1-ber"
)

// rootDSE answers a search for the entry without a name, which tells anybody
// what the server is (MS-ADTS 3.1.1.3.2).
func (ss *session) rootDSE(now time.Time, id int, q query) []byte {
	dc := ss.srv.DC
	dir := dc.Directory()
	host := dc.Host() + "." + dir.Domain()
	extensions := []string{oidWhoAmI}
	if ss.srv.TLS != nil {
		extensions = append(extensions, oidStartTLS)
	}
	// supportedSASLMechanisms is absent: this server has simple bind only.
	attrs := []struct {
		name   string
		values []string
	}{
		{"currentTime", []string{now.UTC().Format("20060102150405.0Z")}},
		{"defaultNamingContext", []string{dir.Base()}},
		{"dnsHostName", []string{host}},
		{"highestCommittedUSN", []string{strconv.FormatUint(dc.USN(), 10)}},
		{"isGlobalCatalogReady", []string{"TRUE"}},
		{"isSynchronized", []string{"TRUE"}},
		{"ldapServiceName", []string{dir.Domain() + ":" + dc.Host() + "$@" + strings.ToUpper(dir.Domain())}},
		{"namingContexts", []string{dir.Base()}},
		{"rootDomainNamingContext", []string{dir.Base()}},
		{"supportedCapabilities", []string{"1.2.840.113556.1.4.800"}}, // Active Directory
		{"supportedControl", slices.Sorted(maps.Keys(supportedControls))},
		{"supportedExtension", extensions},
		{"supportedLDAPVersion", []string{"3"}},
	}
	var all []string
	find := func(name string) (string, []string) {
		for _, a := range attrs {
			if strings.EqualFold(a.name, name) {
				return a.name, a.values
			}
		}
		return "", nil
	}
	for _, a := range attrs {
		all = append(all, a.name)
	}
	present := func(name string) []string {
		if strings.EqualFold(name, "objectClass") {
			return []string{"*"} // every entry has one, though this one does not show it
		}
		_, v := find(name)
		return v
	}
	if q.filter(present) != yes {
		return nil
	}
	list := ber.NewSequence("")
	for _, n := range q.selected(all) {
		if name, values := find(n); len(values) > 0 {
			list.AppendChild(attribute(name, values, q.typesOnly))
		}
	}
	return envelope(id, entryOf("", list))
}
