package mitigation

import "shutout/lab"

// DisconnectInternet pulls the plug on the internet connection.
type DisconnectInternet struct{}

func (*DisconnectInternet) Name() string                 { return "disconnect-internet" }
func (a *DisconnectInternet) Validate(c *lab.Cast) error { return check(a, c) }

var disconnectInternet = Info{
	Title: "Pull the plug on the internet connection",
	Doc: `Nothing goes out and nothing comes in: what abuses the servers from outside is cut off, and so is a bot inside. Mail
		to other domains waits in the queues, those who write to the organisation keep their mail in theirs. It gives
		time to clean up and cures nothing: when the plug is back, what was not cleaned up goes on. Programs inside
		call in vain, and the firewall's log names who tries.`,
	Cmdlets:     []string{"ip link set WAN down   # on the perimeter firewall, or the cable itself"},
	Sources:     []string{"004_4d27062e20911578.txt#pull-the-plug"},
	SideEffects: "Everybody is cut off from the internet, and everybody outside from the organisation's mail.",
	Undo:        "reconnect-internet",
	Purpose:     EndAbuse,
	Where:       OwnServers,
	Drastic:     true,
	New:         func() lab.Action { return new(DisconnectInternet) },
}

// ReconnectInternet puts the plug back.
type ReconnectInternet struct{}

func (*ReconnectInternet) Name() string                 { return "reconnect-internet" }
func (a *ReconnectInternet) Validate(c *lab.Cast) error { return check(a, c) }

var reconnectInternet = Info{
	Title:       "Put the internet connection back",
	Doc:         `Takes disconnect-internet back. What waits in the queues leaves at the next retry, wanted or not.`,
	Cmdlets:     []string{"ip link set WAN up   # on the perimeter firewall"},
	Sources:     []string{"004_4d27062e20911578.txt#pull-the-plug"},
	SideEffects: "Spam that lies in the queues leaves; remove-queued-mail first takes it out.",
	Undo:        "disconnect-internet",
	Purpose:     Restore,
	Where:       OwnServers,
	New:         func() lab.Action { return new(ReconnectInternet) },
}
