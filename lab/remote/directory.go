package remote

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
	"time"
	"unicode"

	"github.com/go-ldap/ldap/v3"

	"shutout/lab"
)

// Directory is how a directory is reached: Active Directory, Samba, or any other
// that speaks LDAP.
type Directory struct {
	URL      string // ldaps://dc1.our.example or ldap://…, with a port if it is another one
	StartTLS bool
	TLS      *tls.Config // the roots; nil: those of this machine
	Bind     string      // a distinguished name, or what else the directory takes
	Password Secret
	Base     string // where people are looked for
	// Filter finds somebody's entry; {user} and {mail} stand for the name that
	// they sign in with and their address. Empty: [DefaultFilter].
	Filter string
	// Dial, if set, makes the connections.
	Dial func(ctx context.Context, addr string) (net.Conn, error)
}

// DefaultFilter finds people in Active Directory.
const DefaultFilter = "(|(userPrincipalName={user})(sAMAccountName={user})(mail={mail}))"

// Secure tells whether a password may be sent to it.
func (d *Directory) Secure() bool { return d.StartTLS || strings.HasPrefix(d.URL, "ldaps:") }

// host is the directory's own name, and addr where it is.
func (d *Directory) host() (host, addr string, err error) {
	u, err := url.Parse(d.URL)
	if err != nil || u.Hostname() == "" || u.Scheme != "ldap" && u.Scheme != "ldaps" {
		return "", "", fmt.Errorf("%q is no address of a directory: expected ldaps://HOST or ldap://HOST", d.URL)
	}
	port := cmp.Or(u.Port(), map[string]string{"ldap": "389", "ldaps": "636"}[u.Scheme])
	return u.Hostname(), net.JoinHostPort(u.Hostname(), port), nil
}

// directoryPatience is how long an answer may take where nobody says when all of
// it has to be over.
const directoryPatience = 30 * time.Second

// open connects and secures the connection.
func (d *Directory) open(ctx context.Context) (*ldap.Conn, error) {
	host, addr, err := d.host()
	if err != nil {
		return nil, err
	}
	dial := d.Dial
	if dial == nil {
		dial = func(ctx context.Context, addr string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "tcp", addr)
		}
	}
	raw, err := dial(ctx, addr)
	if err != nil {
		return nil, fmt.Errorf("the directory %s cannot be reached: %w", d.URL, err)
	}
	conf := d.TLS.Clone()
	if conf == nil {
		conf = &tls.Config{}
	}
	conf.ServerName = cmp.Or(conf.ServerName, host)
	implicit := strings.HasPrefix(d.URL, "ldaps:")
	if implicit {
		secured := tls.Client(raw, conf)
		if err := secured.HandshakeContext(ctx); err != nil {
			raw.Close()
			return nil, fmt.Errorf("the directory %s: %w", d.URL, err)
		}
		raw = secured
	}
	c := ldap.NewConn(raw, implicit)
	limit := directoryPatience
	if until, ok := ctx.Deadline(); ok {
		limit = time.Until(until)
	}
	c.SetTimeout(limit)
	c.Start()
	if d.StartTLS {
		if err := c.StartTLS(conf); err != nil {
			c.Close()
			return nil, fmt.Errorf("the directory %s: %w", d.URL, err)
		}
	}
	return c, nil
}

// do signs in and has f use the connection. It ends with ctx.
func (d *Directory) do(ctx context.Context, f func(*ldap.Conn) error) error {
	password, err := d.Password.Read()
	if err != nil {
		return fmt.Errorf("the directory's password: %w", err)
	}
	c, err := d.open(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	defer context.AfterFunc(ctx, func() { c.Close() })()
	if err := c.Bind(d.Bind, password); err != nil {
		return &onOneLine{fmt.Errorf("the directory %s does not let %s in with the password kept in %s: %w", d.URL, d.Bind, d.Password, err)}
	}
	if err := f(c); err != nil {
		return &onOneLine{err}
	}
	return nil
}

// onOneLine is an error whose text may have line breaks and control characters,
// as those of directories have.
type onOneLine struct{ error }

func (e *onOneLine) Error() string {
	return strings.Join(strings.FieldsFunc(e.error.Error(), func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }), " ")
}

func (e *onOneLine) Unwrap() error { return e.error }

// find returns the distinguished name of somebody's entry.
func (d *Directory) find(c *ldap.Conn, who *lab.Person) (string, error) {
	filter := strings.NewReplacer(
		"{user}", ldap.EscapeFilter(cmp.Or(who.User, who.Mail)),
		"{mail}", ldap.EscapeFilter(who.Mail),
	).Replace(cmp.Or(d.Filter, DefaultFilter))
	res, err := c.Search(ldap.NewSearchRequest(d.Base, ldap.ScopeWholeSubtree, ldap.NeverDerefAliases, 2, 0, false, filter, []string{"1.1"}, nil))
	if err != nil && !ldap.IsErrorWithCode(err, ldap.LDAPResultSizeLimitExceeded) {
		return "", fmt.Errorf("looking for %s below %s: %w", who.Mail, d.Base, err)
	}
	switch len(res.Entries) {
	case 1:
		return res.Entries[0].DN, nil
	case 0:
		return "", fmt.Errorf("the directory has nobody below %s with %s: correct base or filter", d.Base, filter)
	default:
		return "", fmt.Errorf("the directory has more than one entry below %s with %s: make the filter find one", d.Base, filter)
	}
}

// values are those of an entry's attributes; one that is not there has none.
type values map[string][][]byte

// read returns the values of some attributes of an entry.
func read(c *ldap.Conn, dn string, attrs []string) (values, error) {
	res, err := c.Search(ldap.NewSearchRequest(dn, ldap.ScopeBaseObject, ldap.NeverDerefAliases, 1, 0, false, "(objectClass=*)", attrs, nil))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", dn, err)
	}
	if len(res.Entries) != 1 {
		return nil, fmt.Errorf("%s: there is no such entry", dn)
	}
	v := values{}
	for _, a := range attrs {
		v[a] = res.Entries[0].GetEqualFoldRawAttributeValues(a)
	}
	return v, nil
}

// Exists tells whether an object is there; the error says why not.
func (d *Directory) Exists(ctx context.Context, dn string) error {
	return d.do(ctx, func(c *ldap.Conn) error {
		_, err := read(c, dn, []string{"objectClass"})
		if ldap.IsErrorWithCode(err, ldap.LDAPResultNoSuchObject) {
			return errors.New("the directory has no object " + dn)
		}
		return err
	})
}

// Knows tells whether somebody's entry can be found; the error says why not.
func (d *Directory) Knows(ctx context.Context, who *lab.Person) error {
	return d.do(ctx, func(c *ldap.Conn) error {
		_, err := d.find(c, who)
		return err
	})
}
