package containers

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"

	"github.com/testcontainers/testcontainers-go"

	"shutout/lab/protocol/airsync"
)

func (org *organisation) sogo() (recipe, error) {
	files, err := org.certificate(hostSOGo, "sogo")
	return recipe{
		image: imageSOGo, names: []string{hostSOGo, "sogo"}, networks: []*testcontainers.DockerNetwork{org.inside},
		ports: []int{443},
		files: append(files,
			file{name: "etc/sogo/sogo.conf", content: org.fill("sogo.conf")},
			file{name: "etc/nginx/sites-enabled/sogo", content: org.fill("nginx.conf")},
		),
		ready: org.sogoReady,
	}, err
}

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
	req, err := http.NewRequestWithContext(ctx, http.MethodOptions, "https://"+hostSOGo+airsync.URLPath, nil)
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
