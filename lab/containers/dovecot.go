package containers

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/testcontainers/testcontainers-go"

	"shutout/lab"
)

// mailUID owns all mail.
const mailUID = 5000

// Whom Dovecot's look-ups find: anybody with the name, or only those whose
// account is not disabled (bit 2 of userAccountControl, MS-ADTS 2.2.16; the rule
// is bitwise AND, MS-ADTS 3.1.1.3.4.4.1).
const (
	anybody     = "(sAMAccountName=%n)"
	enabledOnly = "(&(sAMAccountName=%n)(!(userAccountControl:1.2.840.113556.1.4.803:=2)))"
)

func (org *organisation) dovecot() (recipe, error) {
	files, err := org.certificate(hostMail, "mail")
	if err != nil {
		return recipe{}, err
	}
	files = append(files,
		file{name: "etc/krb5.conf", content: org.fill("krb5.conf")},
		org.dovecotConf(protocols),
		org.lookups(anybody),
	)
	for _, who := range org.people() {
		files = append(files, org.mailbox(who)...)
	}
	return recipe{
		image: imageDovecot, names: []string{hostMail, "mail"}, networks: []*testcontainers.DockerNetwork{org.inside},
		ports: []int{24, 110, 143, 587, 993, 995, 4190, 8080}, files: files,
		ready: func(ctx context.Context, s *server) error { return greeting(ctx, s, "143", "* OK") },
	}, nil
}

// protocols are those that Dovecot offers.
const protocols = "imap pop3 lmtp submission sieve"

func (org *organisation) dovecotConf(protocols string) file {
	set := org.set
	set.Protocols = protocols
	return file{name: "etc/dovecot/dovecot.conf", content: fill("dovecot.conf", set)}
}

// lookups is the file that says how Dovecot finds people in the directory.
func (org *organisation) lookups(filter string) file {
	set := org.set
	set.Filter = filter
	return file{name: "etc/dovecot/ldap.conf.ext", content: fill("dovecot-ldap.conf.ext", set), mode: 0o600}
}

// mailbox is somebody's mailbox with the mail that was there before the case.
func (org *organisation) mailbox(who *lab.Person) []file {
	home := home(who)
	var list []file
	for _, folder := range []string{"", "Maildir/", "Maildir/cur/", "Maildir/new/", "Maildir/tmp/", "sieve/"} {
		list = append(list, file{name: home + folder, mode: 0o700})
	}
	now := time.Now()
	for i, raw := range lab.SeedMail(org.cast, who, now) {
		list = append(list, file{name: fmt.Sprintf("%sMaildir/new/%d.seed%d.lab", home, now.Unix(), i), content: raw, mode: 0o600, time: now})
	}
	if who.OutOfOffice != "" {
		list = append(list, org.vacation(who, who.OutOfOffice)...)
	}
	for i := range list {
		list[i].uid, list[i].gid = mailUID, mailUID
	}
	return list
}

// home is where somebody's mail is, without a leading slash.
func home(who *lab.Person) string { return "srv/mail/" + account(who) + "/" }

// vacation is the script that answers somebody's mail, for all senders or only
// those inside, and the link that puts it in force.
func (org *organisation) vacation(who *lab.Person, audience string) []file {
	script := fill("vacation.sieve", struct {
		Internal              bool
		Domain, Address, Name string
	}{audience == "internal", domain, who.Mail, quoted(who.Name)})
	home := home(who)
	return []file{
		{name: home + "sieve/vacation.sieve", content: script, mode: 0o600, uid: mailUID, gid: mailUID},
		{name: home + ".dovecot.sieve", link: "sieve/vacation.sieve", uid: mailUID, gid: mailUID},
	}
}

// quoted makes a name safe within a string of Sieve (RFC 5228 section 2.4.2).
func quoted(s string) string {
	return strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\r", " ", "\n", " ").Replace(s)
}

// handKeys gives Dovecot the keys of its services, which the directory's image
// was made with.
func (org *organisation) handKeys(ctx context.Context) error {
	r, err := org.servers[hostDC].CopyFileFromContainer(ctx, keytab)
	if err != nil {
		return fmt.Errorf("the keys of the mail services: %w", err)
	}
	defer r.Close()
	keys, err := io.ReadAll(io.LimitReader(r, maxOutput))
	if err != nil {
		return fmt.Errorf("the keys of the mail services: %w", err)
	}
	return org.servers[hostMail].put(ctx, file{name: "etc/lab/mail.keytab", content: keys})
}
