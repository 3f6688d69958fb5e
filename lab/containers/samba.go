package containers

import (
	"context"
	"crypto/tls"
	"fmt"
	"maps"
	"net"
	"slices"
	"strings"

	"github.com/go-ldap/ldap/v3"
	"github.com/testcontainers/testcontainers-go"

	"shutout/lab"
	"shutout/lab/remote"
)

// What the image of the domain controller comes with.
const (
	administrator   = "Administrator@" + domain
	imagePassword   = "Lab-Admin-2003"
	serviceAccount  = "svc-mail@" + domain
	servicePassword = "Lab-Service-2003"
	keytab          = "/var/lib/samba/mail.keytab"
)

func (org *organisation) samba() (recipe, error) {
	cert, err := org.certificate(hostDC, "dc1")
	return recipe{
		image: imageSamba, names: []string{hostDC, "dc1"}, networks: []*testcontainers.DockerNetwork{org.inside},
		ports: []int{88, 389, 636},
		files: append(cert, file{name: "etc/samba/smb.conf", content: org.fill("smb.conf")}),
		ready: func(ctx context.Context, s *server) error {
			c, err := org.bind(ctx, s, serviceAccount, servicePassword)
			if err == nil {
				c.Close()
			}
			return err
		},
	}, err
}

// bind signs in to the directory.
func (org *organisation) bind(ctx context.Context, s *server, user, password string) (*ldap.Conn, error) {
	raw, err := s.dial(ctx, "636")
	if err != nil {
		return nil, err
	}
	conf := org.tls()
	conf.ServerName = hostDC
	secured := tls.Client(raw, conf)
	if err := secured.HandshakeContext(ctx); err != nil {
		raw.Close()
		return nil, err
	}
	c := ldap.NewConn(secured, true)
	c.SetTimeout(readiness)
	c.Start()
	if err := c.Bind(user, password); err != nil {
		c.Close()
		return nil, fmt.Errorf("the directory: %w", err)
	}
	return c, nil
}

// addPeople makes the accounts of the cast, and gives the administrator a
// password of this lab alone.
func (org *organisation) addPeople(ctx context.Context) error {
	c, err := org.bind(ctx, org.servers[hostDC], administrator, imagePassword)
	if err != nil {
		return err
	}
	defer c.Close()
	for _, who := range org.people() {
		add := ldap.NewAddRequest(entry(who), nil)
		add.Attribute("objectClass", []string{"user"})
		add.Attribute("sAMAccountName", []string{account(who)})
		add.Attribute("userPrincipalName", []string{who.Mail})
		add.Attribute("mail", []string{who.Mail})
		add.Attribute("displayName", []string{who.Name})
		add.Attribute("unicodePwd", []string{remote.UnicodePassword(who.Password)})
		add.Attribute("userAccountControl", []string{"512"}) // a normal account
		if err := c.Add(add); err != nil {
			return fmt.Errorf("the account of %s: %w", who.ID, err)
		}
	}
	change := ldap.NewModifyRequest("CN=Administrator,"+people, nil)
	change.Replace("unicodePwd", []string{remote.UnicodePassword(org.admin)})
	if err := c.Modify(change); err != nil {
		return fmt.Errorf("the administrator's password: %w", err)
	}
	return nil
}

// people are those with a mailbox, in the order of their short names.
func (org *organisation) people() []*lab.Person {
	var list []*lab.Person
	for _, id := range slices.Sorted(maps.Keys(org.cast.People)) {
		if who := org.cast.People[id]; !who.Outsider() {
			list = append(list, who)
		}
	}
	return list
}

// account is the name of somebody's account: the part of the address before
// the @, by which all servers here know people.
func account(who *lab.Person) string {
	name, _, _ := strings.Cut(who.Mail, "@")
	return strings.ToLower(name)
}

// entry is the distinguished name of somebody's account.
func entry(who *lab.Person) string { return "CN=" + ldap.EscapeDN(account(who)) + "," + people }

// directory tells how the directory is reached to carry out mitigations.
func (org *organisation) directory() *remote.Directory {
	return &remote.Directory{
		URL: "ldaps://" + hostDC, TLS: org.tls(), Bind: administrator, Password: remote.Secret{Value: org.admin}, Base: baseDN,
		Dial: func(ctx context.Context, addr string) (net.Conn, error) { return org.dial(ctx, addr) },
	}
}
