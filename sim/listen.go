package sim

import (
	"crypto/tls"
	"fmt"
	"net"
	"time"

	"shutout/lab"
	"shutout/sim/clientaccess"
	"shutout/sim/network"
	"shutout/sim/server"
	"shutout/sim/server/entra"
	"shutout/sim/server/imap"
	"shutout/sim/server/kdc"
	"shutout/sim/server/ldap"
	"shutout/sim/server/pop3"
	"shutout/sim/server/share"
	"shutout/sim/server/signin"
	"shutout/sim/server/smtp"
)

// Well-known ports of the services (RFC 6335 registry).
const (
	portSMTP     = 25
	portKerberos = 88
	portPOP3     = 110
	portIMAP     = 143
	portLDAP     = 389
	portHTTPS    = 443
	portShare    = 445
	portSubmit   = 587
	portLDAPS    = 636
	portIMAPS    = 993
	portPOP3S    = 995
)

// maxConnIdleTime is Active Directory's LDAP policy of that name (MS-ADTS
// 3.1.1.3.4.6).
const maxConnIdleTime = 15 * time.Minute

// shareIdle is how long a session without open files is kept by a file server
// (LanmanServer, autodisconnect: 15 minutes).
const shareIdle = 15 * time.Minute

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
	for _, site := range o.World.Cast.Organisation.Sites {
		holders := site.CAS
		if o.storeHolds() {
			holders = site.Stores
		}
		for _, start := range []struct {
			hosts []string
			f     func(host string) error
		}{{site.DCs, o.listenDC}, {site.CAS, o.listenCAS}, {site.Stores, o.listenTransport}, {holders, o.listenRPC}} {
			for _, host := range start.hosts {
				if err := start.f(host); err != nil {
					return fmt.Errorf("start %s: %w", host, err)
				}
			}
		}
	}
	if err := o.listenSignIn(); err != nil {
		return err
	}
	return o.listenOutside()
}

// open opens a port and has serve answer it until the network closes. A
// listener's error at the end is the network's closing, which everybody knows.
func (o *Organisation) open(host string, port int, serve func(l *network.Listener) error) error {
	l, err := o.Net.Listen(host, port)
	if err != nil {
		return err
	}
	go serve(l)
	return nil
}

// openBoth opens a service's plain port, where clients may ask for TLS, and
// the port on which everything is TLS.
func (o *Organisation) openBoth(host string, plain, implicit int, conf *tls.Config, serve, serveTLS front) error {
	if err := o.open(host, plain, func(l *network.Listener) error { return serve(o.World, host, conf, l) }); err != nil {
		return err
	}
	return o.open(host, implicit, func(l *network.Listener) error { return serveTLS(o.World, host, conf, l) })
}

// front is how a front end is started on a port.
type front func(w *server.World, host string, conf *tls.Config, l net.Listener) error

func (o *Organisation) listenCAS(host string) error {
	conf, err := o.certificate(host)
	if err != nil {
		return err
	}
	site := o.site(host)
	err = o.open(host, portHTTPS, func(l *network.Listener) error {
		return network.ServeHTTP(l, conf, o.Params.IIS.ConnectionIdle, site)
	})
	if err != nil || !o.Params.PopImap.Autostart {
		return err // POP3 and IMAP4 wait for an administrator to start them
	}
	if err := o.openBoth(host, portIMAP, portIMAPS, conf, imap.Serve, imap.ServeTLS); err != nil {
		return err
	}
	return o.openBoth(host, portPOP3, portPOP3S, conf, pop3.Serve, pop3.ServeTLS)
}

func (o *Organisation) listenDC(host string) error {
	conf, err := o.certificate(host)
	if err != nil {
		return err
	}
	if err := o.open(host, portKerberos, func(l *network.Listener) error { return kdc.Serve(o.World, host, l) }); err != nil {
		return err
	}
	s := &ldap.Server{World: o.World, DC: o.Dir.DC(host), TLS: conf, SignIn: signin.New(o.World, host), Idle: maxConnIdleTime}
	if err := o.open(host, portLDAP, func(l *network.Listener) error { return s.Serve(l) }); err != nil {
		return err
	}
	return o.open(host, portLDAPS, func(l *network.Listener) error { return s.ServeTLS(l) })
}

func (o *Organisation) listenTransport(host string) error {
	conf, err := o.certificate(host)
	if err != nil {
		return err
	}
	ports := []int{portSMTP}
	if p := o.Params.SMTP.SubmissionPort; p != 0 && p != portSMTP {
		ports = append(ports, p)
	}
	for _, port := range ports {
		if err := o.open(host, port, func(l *network.Listener) error { return smtp.Serve(o.World, host, conf, l) }); err != nil {
			return err
		}
	}
	if o.Open != nil {
		return nil
	}
	s := share.New(o.World, host)
	return o.open(host, portShare, func(l *network.Listener) error {
		return network.ServeHTTP(l, nil, shareIdle, s)
	})
}

// listenSignIn opens the cloud's sign-in service, where there is one.
func (o *Organisation) listenSignIn() error {
	if o.Cloud == nil {
		return nil
	}
	host := o.Cloud.Host()
	conf, err := o.certificate(host)
	if err != nil {
		return err
	}
	site := entra.New(o.World)
	return o.open(host, portHTTPS, func(l *network.Listener) error {
		return network.ServeHTTP(l, conf, o.Params.IIS.ConnectionIdle, site)
	})
}
