package sim

import (
	"fmt"
	"net/http"

	"shutout/lab"
	"shutout/sim/clientaccess"
	"shutout/sim/network"
	"shutout/sim/server/owa"
)

// Well-known ports of the services (RFC 6335 registry).
const (
	portSMTP   = 25
	portPOP3   = 110
	portIMAP   = 143
	portLDAP   = 389
	portHTTPS  = 443
	portSubmit = 587
	portLDAPS  = 636
	portIMAPS  = 993
	portPOP3S  = 995
)

// servicePorts are the ports that go down with a service.
var servicePorts = map[string][]int{
	clientaccess.ServiceIIS:  {portHTTPS},
	clientaccess.ServiceIMAP: {portIMAP, portIMAPS},
	clientaccess.ServicePOP:  {portPOP3, portPOP3S},
	clientaccess.ServiceSMTP: {portSMTP, portSubmit},
}

// published are the ports that the perimeter firewall lets in from the
// internet; everything else is dropped there.
var published = []int{portSMTP, portPOP3, portIMAP, portHTTPS, portSubmit, portIMAPS, portPOP3S}

func (o *Organisation) publish() {
	o.Net.AppendRule(network.Rule{ID: "published", Action: network.Allow, FromZone: lab.Internet, ToZone: lab.Servers, Ports: published})
	for _, zone := range []lab.Zone{lab.Servers, lab.LAN} {
		o.Net.AppendRule(network.Rule{ID: "perimeter-" + string(zone), Action: network.Drop, FromZone: lab.Internet, ToZone: zone})
	}
}

// listen starts the front ends of every server.
func (o *Organisation) listen() error {
	for _, site := range o.cast.Organisation.Sites {
		for _, start := range []struct {
			hosts []string
			f     func(host string) error
		}{{site.DCs, o.listenDC}, {site.CAS, o.listenCAS}, {site.Stores, o.listenTransport}} {
			for _, host := range start.hosts {
				if err := start.f(host); err != nil {
					return fmt.Errorf("start %s: %w", host, err)
				}
			}
		}
	}
	return nil
}

// open opens a port and has serve run it until the network closes.
func (o *Organisation) open(host string, port int, serve func(l *network.Listener)) error {
	l, err := o.Net.Listen(host, port)
	if err != nil {
		return err
	}
	go serve(l)
	return nil
}

func (o *Organisation) listenCAS(host string) error {
	conf, err := o.certificate(host)
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.Handle("/", owa.New(o.World, host))
	return o.open(host, portHTTPS, func(l *network.Listener) {
		network.ServeHTTP(l, conf, o.Params.IIS.ConnectionIdle, mux)
	})
}

func (o *Organisation) listenDC(host string) error { return nil }
func (o *Organisation) listenTransport(host string) error { return nil }
