package containers

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/testcontainers/testcontainers-go"

	"shutout/lab"
)

// The ports of the mail exchangers outside: one that takes everything, one that
// knows no recipient, and one where nobody listens.
const (
	sinkPort     = 25
	refusingPort = 2550
	deadPort     = 2551
)

// route is a domain outside, and how Postfix gets mail there.
type route struct{ Name, Transport string }

// routes has the domains of the cast answer as it says.
func (org *organisation) routes() []route {
	var list []route
	for _, name := range slices.Sorted(maps.Keys(org.cast.Domains)) {
		transport := "error:5.4.4 Host not found"
		switch org.cast.Domains[name] {
		case lab.GoodDomain, lab.TrapDomain:
			transport = fmt.Sprintf("smtp:[%s]:%d", hostSink, sinkPort)
		case lab.RefusingDomain:
			transport = fmt.Sprintf("smtp:[%s]:%d", hostSink, refusingPort)
		case lab.DeadDomain:
			transport = fmt.Sprintf("smtp:[%s]:%d", hostSink, deadPort)
		}
		list = append(list, route{name, transport})
	}
	return list
}

func (org *organisation) postfix() (recipe, error) {
	files, err := org.certificate(hostMX, "mx")
	for _, name := range []string{"main.cf", "master.cf", "header_checks", "transport", "recipients.cf"} {
		files = append(files, file{name: "etc/postfix/" + name, content: org.fill(name)})
	}
	return recipe{
		image: imagePostfix, names: []string{hostMX, "mx"}, networks: []*testcontainers.DockerNetwork{org.inside, org.outside},
		ports: []int{25, 465, 587}, files: files,
		// What looks over the queue of a Postfix that was killed is no root, and
		// writes to the same log.
		command: []string{"sh", "-ec", "chmod a+w /dev/stdout; exec postfix start-fg"},
		ready:   func(ctx context.Context, s *server) error { return greeting(ctx, s, "25", "220 ") },
	}, err
}

// spool is where the mail exchangers outside keep what they have taken.
const spool = "/var/spool/world"

func (org *organisation) sink() (recipe, error) {
	script := strings.Join([]string{
		"mkdir -p " + spool, "chown postfix " + spool,
		fmt.Sprintf("smtp-sink -u postfix -h world -d %s/%%s. :%d 100 &", spool, sinkPort),
		fmt.Sprintf("exec smtp-sink -u postfix -h world -B '550 5.1.1 User unknown' -f RCPT :%d 100", refusingPort),
	}, "\n")
	return recipe{
		image: imagePostfix, names: []string{hostSink}, networks: []*testcontainers.DockerNetwork{org.outside},
		ports: []int{sinkPort, refusingPort}, command: []string{"sh", "-ec", script},
		ready: func(ctx context.Context, s *server) error {
			if err := greeting(ctx, s, fmt.Sprint(refusingPort), "220 "); err != nil {
				return err
			}
			return greeting(ctx, s, fmt.Sprint(sinkPort), "220 ")
		},
	}, nil
}
