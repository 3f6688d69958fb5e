package lab

import (
	"fmt"
	"time"
)

// SeedMail is the mail that is in somebody's mailbox before a scenario begins,
// so that there is something to read: messages as RFC 5322 has them.
func SeedMail(c *Cast, who *Person, now time.Time) [][]byte {
	domain := c.Organisation.Domain
	var list [][]byte
	for i, subject := range []string{"Welcome to " + domain, "Price list, confidential", "Lunch on Friday?"} {
		list = append(list, fmt.Appendf(nil, "From: postmaster@%s\r\nTo: %s\r\nSubject: %s\r\nDate: %s\r\nMessage-ID: <seed.%d.%s@%[1]s>\r\n"+
			"Content-Type: text/plain; charset=utf-8\r\n\r\nDear %[7]s,\r\n\r\nthis message was in the mailbox before the scenario began.\r\n",
			domain, who.Mail, subject, now.Format(time.RFC1123Z), i, who.ID, who.Name))
	}
	return list
}
