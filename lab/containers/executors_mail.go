package containers

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/go-ldap/ldap/v3"

	"shutout/lab"
	"shutout/lab/remote"
)

// setPassword hands the password to Samba's tool as somebody would type it, twice:
// what stands among a program's arguments can be seen in the list of processes.
// The shell's own printf is no program.
const setPassword = `printf '%s\n%s\n' "$PASSWORD" "$PASSWORD" | samba-tool user setpassword "$1"`

// resetPassword resets a password with Samba's own tool, which enables the
// account, too.
func (org *organisation) resetPassword() *act {
	set := func(ctx context.Context, who *lab.Person, password string) error {
		_, err := org.servers[hostDC].runWith(ctx, []string{"PASSWORD=" + password},
			"sh", "-c", setPassword, "-", account(who))
		return err
	}
	return &act{
		at: hostDC,
		plan: func(ctx context.Context, o remote.Order, c *remote.Change) (kept, error) {
			k, err := about(o)
			if err != nil {
				return nil, err
			}
			if o.Params["directory"] == "cloud" {
				return nil, unavailable("no cloud knows these accounts")
			}
			if k["control"], err = org.control(ctx, o.Person); err != nil {
				return nil, err
			}
			k["times"] = o.Params["times"]
			c.Do, c.Undo = "samba-tool user setpassword "+account(o.Person), "the old password, and userAccountControl "+k["control"]
			return k, nil
		},
		do: func(ctx context.Context, k kept) (string, error) {
			who, err := org.person(k)
			if err != nil {
				return "", err
			}
			if k["times"] == "2" {
				if err := set(ctx, who, secret()); err != nil {
					return "", err
				}
			}
			if err := set(ctx, who, who.NewPassword); err != nil {
				return "", err
			}
			now, err := org.control(ctx, who)
			return "password set; userAccountControl " + k["control"] + " -> " + now, err
		},
		undo: func(ctx context.Context, k kept) (string, error) {
			who, err := org.person(k)
			if err != nil {
				return "", err
			}
			return "password and userAccountControl are as before", org.onAccount(ctx, func(c *ldap.Conn) error {
				change := ldap.NewModifyRequest(entry(who), nil)
				change.Replace("unicodePwd", []string{remote.UnicodePassword(who.Password)})
				change.Replace("userAccountControl", []string{k["control"]})
				return c.Modify(change)
			})
		},
	}
}

// onAccount has f use the directory as its administrator.
func (org *organisation) onAccount(ctx context.Context, f func(*ldap.Conn) error) error {
	c, err := org.bind(ctx, org.servers[hostDC], administrator, org.admin)
	if err != nil {
		return err
	}
	defer c.Close()
	return f(c)
}

// control is an account's userAccountControl.
func (org *organisation) control(ctx context.Context, who *lab.Person) (value string, err error) {
	err = org.onAccount(ctx, func(c *ldap.Conn) error {
		res, err := c.Search(ldap.NewSearchRequest(entry(who), ldap.ScopeBaseObject, ldap.NeverDerefAliases, 1, 0, false, "(objectClass=*)", []string{"userAccountControl"}, nil))
		if err != nil {
			return fmt.Errorf("the account of %s: %w", who.ID, err)
		}
		if len(res.Entries) == 1 {
			value = res.Entries[0].GetAttributeValue("userAccountControl")
		}
		return nil
	})
	return value, err
}

// setOutOfOffice puts somebody's vacation script in force, or out of it.
func (org *organisation) setOutOfOffice() *act {
	set := func(ctx context.Context, k kept, audience string) (string, error) {
		who, err := org.person(k)
		if err != nil {
			return "", err
		}
		if audience == "off" {
			_, err := org.servers[hostMail].run(ctx, "rm", "-f", "/"+home(who)+".dovecot.sieve")
			return "vacation is off", err
		}
		return "vacation answers " + audience, org.servers[hostMail].put(ctx, org.vacation(who, audience)...)
	}
	return &act{
		at: hostMail,
		plan: func(ctx context.Context, o remote.Order, c *remote.Change) (kept, error) {
			k, err := about(o)
			if err != nil {
				return nil, err
			}
			script, err := org.servers[hostMail].run(ctx, "sh", "-c", `cat "$1" 2>/dev/null || true`, "-", "/"+home(o.Person)+".dovecot.sieve")
			if err != nil {
				return nil, err
			}
			k["before"] = "off"
			if strings.Contains(script, "envelope") {
				k["before"] = "internal"
			} else if script != "" {
				k["before"] = "all"
			}
			k["audience"] = o.Params["audience"]
			c.Do, c.Undo = "vacation "+k["before"]+" -> "+k["audience"], "vacation "+k["before"]
			return k, nil
		},
		do:   func(ctx context.Context, k kept) (string, error) { return set(ctx, k, k["audience"]) },
		undo: func(ctx context.Context, k kept) (string, error) { return set(ctx, k, k["before"]) },
	}
}

// removeQueuedMail takes a sender's messages out of Postfix's queue.
func (org *organisation) removeQueuedMail() *act {
	return &act{
		at: hostMX,
		plan: func(_ context.Context, o remote.Order, c *remote.Change) (kept, error) {
			if o.Params["report"] == "true" {
				return nil, unavailable("postsuper tells no sender")
			}
			k := kept{"sender": strings.Trim(o.Params["sender"], "<>")}
			if o.Person != nil {
				k["sender"] = o.Person.Mail
			}
			c.Do = "postsuper -d each message from <" + k["sender"] + ">"
			return k, nil
		},
		do: func(ctx context.Context, k kept) (string, error) {
			queue, err := org.servers[hostMX].run(ctx, "postqueue", "-j")
			if err != nil {
				return "", err
			}
			ids, err := queuedFrom(queue, k["sender"])
			if err != nil {
				return "", err
			}
			for _, id := range ids {
				if _, err := org.servers[hostMX].run(ctx, "postsuper", "-d", id); err != nil {
					return "", err
				}
			}
			return "removed " + strconv.Itoa(len(ids)) + " from the queue", nil
		},
	}
}

// queuedFrom returns the queue ids of a sender's messages; queue is what
// postqueue -j says, one message a line.
func queuedFrom(queue, sender string) ([]string, error) {
	var ids []string
	lines := bufio.NewScanner(strings.NewReader(queue))
	lines.Buffer(nil, maxOutput)
	for lines.Scan() {
		var m struct {
			ID     string `json:"queue_id"`
			Sender string `json:"sender"`
		}
		if err := json.Unmarshal(lines.Bytes(), &m); err != nil {
			return nil, fmt.Errorf("the queue cannot be read: %w", err)
		}
		// Postfix calls the sender of reports and automatic replies so.
		if m.Sender == "MAILER-DAEMON" {
			m.Sender = ""
		}
		if strings.EqualFold(m.Sender, sender) {
			ids = append(ids, m.ID)
		}
	}
	return ids, lines.Err()
}

// outbound has Postfix keep mail for other domains, or let it go again.
func (org *organisation) outbound(freeze bool) *act {
	set := func(ctx context.Context, held string) (string, error) {
		s := org.servers[hostMX]
		if _, err := s.run(ctx, "postconf", "defer_transports="+held); err != nil {
			return "", err
		}
		if _, err := s.run(ctx, "postfix", "reload"); err != nil {
			return "", err
		}
		if held != "" {
			return "mail for other domains is held", nil
		}
		_, err := s.run(ctx, "postqueue", "-f")
		return "mail for other domains leaves", err
	}
	return &act{
		at: hostMX,
		plan: func(ctx context.Context, o remote.Order, c *remote.Change) (kept, error) {
			if o.Params["domain"] != "" {
				return nil, unavailable("Postfix holds the mail for all other domains, or for none")
			}
			before, err := org.servers[hostMX].run(ctx, "postconf", "-h", "defer_transports")
			if err != nil {
				return nil, err
			}
			k := kept{"before": strings.TrimSpace(before)}
			if freeze {
				k["held"] = "smtp"
			}
			c.Do, c.Undo = "defer_transports = "+k["held"], "defer_transports = "+k["before"]
			return k, nil
		},
		do:   func(ctx context.Context, k kept) (string, error) { return set(ctx, k["held"]) },
		undo: func(ctx context.Context, k kept) (string, error) { return set(ctx, k["before"]) },
	}
}
