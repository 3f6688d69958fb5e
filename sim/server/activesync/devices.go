package activesync

import (
	"slices"
	"strings"
	"time"

	"shutout/lab/protocol/airsync"
)

// Devices is the device partnerships of all mailboxes. They stand in the
// mailbox, so every client access server sees the same ones, and they outlive
// its restarts. The world's lock guards them.
type Devices struct {
	of map[string][]*Device // by user, in order of their first contact
}

// NewDevices returns an organisation without devices.
func NewDevices() *Devices { return &Devices{of: make(map[string][]*Device)} }

// maxDevices bounds the partnerships of one mailbox. It keeps the simulation's
// memory small and says nothing about Exchange.
const maxDevices = 100

// Device is a partnership (Get-MobileDeviceStatistics).
type Device struct {
	User      string // sAMAccountName
	ID, Type  string // as the device calls itself
	UserAgent string
	Model     string
	FirstSync time.Time
	LastSync  time.Time

	Wipe    Wipe
	WipeAck time.Time // when the device said that it has understood

	policy       uint32 // the policy key that the device must show; 0 before Provision
	offered      uint32 // a temporary key that awaits its acknowledgement
	lastKey      uint32
	hierarchy    int           // number of the last FolderSync key
	folders      []knownFolder // what that sync told, by number
	previous     []knownFolder // what the one before told
	collections  map[uint32]*collection
	heartbeat    time.Duration // of the last Ping
	watched      []string      // its folders
	sentClientID []string      // of the last SendMails, to know retries
}

// Wipe is an administrator's request to erase a device.
type Wipe int

const (
	NoWipe      Wipe = iota
	DeviceWipe       // everything on it
	AccountWipe      // this account's data; the device must speak 16.1
)

// List returns a user's devices in order of their first contact.
func (d *Devices) List(user string) []*Device { return slices.Clone(d.of[strings.ToLower(user)]) }

// Device returns one of them.
func (d *Devices) Device(user, id string) (*Device, bool) {
	for _, dev := range d.of[strings.ToLower(user)] {
		if strings.EqualFold(dev.ID, id) {
			return dev, true
		}
	}
	return nil, false
}

// Remove ends a partnership (Remove-MobileDevice). The device's data stays on
// it, and it may begin a new partnership.
func (d *Devices) Remove(user, id string) bool {
	list := d.of[strings.ToLower(user)]
	i := slices.IndexFunc(list, func(dev *Device) bool { return strings.EqualFold(dev.ID, id) })
	if i < 0 {
		return false
	}
	d.of[strings.ToLower(user)] = slices.Delete(list, i, i+1)
	return true
}

// Wipe asks for a device to be erased at its next contact (Clear-MobileDevice).
func (d *Devices) Wipe(user, id string, w Wipe) bool {
	dev, ok := d.Device(user, id)
	if ok {
		dev.Wipe, dev.WipeAck = w, time.Time{}
	}
	return ok
}

// meet returns the partnership of a device that has authenticated, a new one
// if it was not known, or nil when the mailbox has too many.
func (d *Devices) meet(now time.Time, user string, q airsync.Query, agent string) *Device {
	dev, ok := d.Device(user, q.DeviceID)
	if !ok {
		key := strings.ToLower(user)
		if len(d.of[key]) >= maxDevices {
			return nil
		}
		dev = &Device{User: user, ID: q.DeviceID, FirstSync: now, collections: make(map[uint32]*collection)}
		d.of[key] = append(d.of[key], dev)
	}
	dev.Type, dev.UserAgent, dev.LastSync = clip(q.DeviceType), clip(agent), now
	return dev
}

// clip bounds what a device says about itself.
func clip(s string) string {
	const most = 256
	if len(s) > most {
		s = s[:most]
	}
	return strings.ToValidUTF8(s, "")
}

// newKey gives the device another policy key.
func (dev *Device) newKey() uint32 {
	dev.lastKey++
	// Keys look like those of Exchange, large and unrelated to each other.
	if dev.lastKey = dev.lastKey*2654435761 + 12345; dev.lastKey == 0 {
		dev.lastKey = 1
	}
	return dev.lastKey
}

// maxSent bounds the remembered client ids.
const maxSent = 32

// repeats tells whether a SendMail with this client id has succeeded before.
func (dev *Device) repeats(clientID string) bool {
	return clientID != "" && slices.Contains(dev.sentClientID, clientID)
}

func (dev *Device) remember(clientID string) {
	if clientID == "" {
		return
	}
	if len(dev.sentClientID) == maxSent {
		dev.sentClientID = slices.Delete(dev.sentClientID, 0, 1)
	}
	dev.sentClientID = append(dev.sentClientID, clientID)
}
