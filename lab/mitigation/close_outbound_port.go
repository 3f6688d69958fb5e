package mitigation

import "shutout/lab"

// CloseOutboundPort keeps the organisation's hosts from a port on the internet.
type CloseOutboundPort struct {
	Port   int      `yaml:"port" min:"1" max:"65535" example:"25" doc:"the TCP port on the internet, such as 25"`
	Except []string `yaml:"except,omitempty" kind:"inner" example:"mbx1" doc:"the hosts that may still use it" omitted:"nobody"`
}

func (*CloseOutboundPort) Name() string                 { return "close-outbound-port" }
func (a *CloseOutboundPort) Validate(c *lab.Cast) error { return check(a, c) }

var closeOutboundPort = Info{
	Title: "Close a port to the internet for all but some hosts",
	Doc: `With port 25 closed for all but the mail servers, a bot that brings its own SMTP engine cannot send any more, and
		the firewall's log names the computer that tries. What goes through the mail servers is not touched: it needs
		freeze-outbound. Without an exception the servers' own mail stays in their queues, in Retry. A bot on a server
		that is excepted goes on, and shows in no queue either. The computer that was found stays infected until it is
		wiped.`,
	Cmdlets: []string{
		"iptables -I FORWARD 1 -s LAN -o WAN -p tcp --dport 25 -j LOG --log-prefix smtp-out; iptables -I FORWARD 2 -s LAN -o WAN -p tcp --dport 25 -j DROP   # on the perimeter firewall",
		"iptables -I FORWARD 1 -s SERVER -o WAN -p tcp --dport 25 -j ACCEPT   # the exception",
	},
	Sources: []string{
		"004_4d27062e20911578.txt#freeze-close-and-watch", "004_4d27062e20911578.txt#firewall-log-shows-it",
		"004_4d27062e20911578.txt#wipe-the-computer", "004_4d27062e20911578.txt#bot-on-the-server",
		"004_4d27062e20911578.txt#pull-the-plug", "XBL-NAT",
	},
	SideEffects: "Programs in the office that send by another provider's port 25 are cut off.",
	Undo:        "iptables -D FORWARD with the same values",
	Purpose:     EndAbuse,
	New:         func() lab.Action { return new(CloseOutboundPort) },
}
