package containers

import (
	"context"
	"crypto/tls"
	"fmt"
	"net/http"

	"net"

	"github.com/testcontainers/testcontainers-go"
)

func (org *organisation) sogo() (recipe, error) {
	files, err := org.certificate(hostSOGo, "sogo")
	return recipe{
		image: imageSOGo, names: []string{hostSOGo, "sogo"}, networks: []*testcontainers.DockerNetwork{org.inside},
		ports: []int{443},
		files: append(files,
			file{name: "etc/sogo/sogo.conf", content: org.fill("sogo.conf")},
			file{name: "etc/stunnel/sogo.conf", content: org.fill("stunnel.conf")},
		),
		ready: org.sogoReady,
	}, err
}

// activeSyncPath is where ActiveSync is without a web server in front of SOGo,
// which would make it /Microsoft-Server-ActiveSync.
const activeSyncPath = "/SOGo/Microsoft-Server-ActiveSync"

// sogoReady asks for the versions of ActiveSync: SOGo answers once it works.
func (org *organisation) sogoReady(ctx context.Context, s *server) error {
	conf := org.tls()
	conf.ServerName = hostSOGo
	c := http.Client{Transport: &http.Transport{
		DisableKeepAlives: true,
		DialTLSContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			raw, err := s.dial(ctx, "443")
			if err != nil {
				return nil, err
			}
			return tls.Client(raw, conf), nil
		},
	}}
	req, err := http.NewRequestWithContext(ctx, http.MethodOptions, "https://"+hostSOGo+activeSyncPath, nil)
	if err != nil {
		return err
	}
	a, err := c.Do(req)
	if err != nil {
		return err
	}
	a.Body.Close()
	if a.StatusCode != http.StatusOK && a.StatusCode != http.StatusUnauthorized {
		return fmt.Errorf("ActiveSync answers %s", a.Status)
	}
	return nil
}
