package airsync

import "shutout/lab/protocol/wbxml"

var (
	tProvision       = Pages.MustTag("Provision:Provision")
	tProvisionStatus = Pages.MustTag("Provision:Status")
	tPolicies        = Pages.MustTag("Provision:Policies")
	tPolicy          = Pages.MustTag("Provision:Policy")
	tPolicyType      = Pages.MustTag("Provision:PolicyType")
	tPolicyKey       = Pages.MustTag("Provision:PolicyKey")
	tPolicyData      = Pages.MustTag("Provision:Data")
	tPolicyDoc       = Pages.MustTag("Provision:EASProvisionDoc")
	tRemoteWipe      = Pages.MustTag("Provision:RemoteWipe")
	tAccountWipe     = Pages.MustTag("Provision:AccountOnlyRemoteWipe")

	tDeviceInformation = Pages.MustTag("Settings:DeviceInformation")
	tSettingsSet       = Pages.MustTag("Settings:Set")
	tSettingsStatus    = Pages.MustTag("Settings:Status")
	tDeviceModel       = Pages.MustTag("Settings:Model")
	tDeviceName        = Pages.MustTag("Settings:FriendlyName")
	tDeviceOS          = Pages.MustTag("Settings:OS")
	tDeviceUserAgent   = Pages.MustTag("Settings:UserAgent")
)

// The policy types (MS-ASPROV 2.2.2.43).
const (
	PolicyTypeWBXML = "MS-EAS-Provisioning-WBXML" // from version 12.0 on
	PolicyTypeXML   = "MS-WAP-Provisioning-XML"   // version 2.5
)

// Device is what a device tells about itself in its first Provision request
// from version 14.1 on (MS-ASPROV, settings:DeviceInformation).
type Device struct {
	Model, FriendlyName, OS, UserAgent string
}

// ProvisionRequest is either phase of provisioning, or the acknowledgement of
// a wipe (MS-ASPROV 3.1.5.1):
//
//   - asking for the policy: PolicyType, and Device from 14.1 on;
//   - accepting it: PolicyType, the temporary PolicyKey of the response, and
//     PolicyStatus, for example AckApplied;
//   - saying that a wipe was understood: WipeStatus or AccountWipeStatus.
type ProvisionRequest struct {
	Device            *Device
	PolicyType        string
	PolicyKey         string
	PolicyStatus      Status
	WipeStatus        Status
	AccountWipeStatus Status // version 16.1
}

// Encode is the request's body.
func (r ProvisionRequest) Encode() ([]byte, error) {
	var l list
	if d := r.Device; d != nil {
		var set list
		set.text(tDeviceModel, d.Model)
		set.text(tDeviceName, d.FriendlyName)
		set.text(tDeviceOS, d.OS)
		set.text(tDeviceUserAgent, d.UserAgent)
		l.add(wbxml.Elem(tDeviceInformation, wbxml.Elem(tSettingsSet, set...)))
	}
	if r.PolicyType != "" {
		var p list
		p.text(tPolicyType, r.PolicyType)
		// The key must come before the status (MS-ASPROV 2.2.2.41).
		p.text(tPolicyKey, r.PolicyKey)
		p.status(tProvisionStatus, r.PolicyStatus)
		l.add(wbxml.Elem(tPolicies, wbxml.Elem(tPolicy, p...)))
	}
	if r.WipeStatus != 0 {
		var w list
		w.status(tProvisionStatus, r.WipeStatus)
		l.add(wbxml.Elem(tRemoteWipe, w...))
	}
	if r.AccountWipeStatus != 0 {
		var w list
		w.status(tProvisionStatus, r.AccountWipeStatus)
		l.add(wbxml.Elem(tAccountWipe, w...))
	}
	return encode(wbxml.Elem(tProvision, l...))
}

// ParseProvisionRequest reads a request's body. A request without policy and
// without wipe status is what a device sends that only asks for a pending
// wipe, so it is not an error.
func ParseProvisionRequest(body []byte) (ProvisionRequest, error) {
	var r ProvisionRequest
	root, err := decode(body, tProvision)
	if err != nil {
		return r, err
	}
	for i := range root.Children {
		n := &root.Children[i]
		switch n.Tag {
		case tDeviceInformation:
			r.Device = parseDevice(n)
		case tPolicies:
			var p policy
			if p, err = parsePolicies(n); err == nil {
				r.PolicyType, r.PolicyKey, r.PolicyStatus = p.kind, p.key, p.status
			}
		case tRemoteWipe:
			r.WipeStatus, err = childStatus(n)
		case tAccountWipe:
			r.AccountWipeStatus, err = childStatus(n)
		}
		if err != nil {
			return ProvisionRequest{}, err
		}
	}
	if r.PolicyStatus != 0 && r.PolicyKey == "" {
		return ProvisionRequest{}, schemaError(tPolicyKey, "is missing from an acknowledgement")
	}
	return r, nil
}

func parseDevice(info *wbxml.Node) *Device {
	d := new(Device)
	set := info.Child(tSettingsSet)
	if set == nil {
		return d
	}
	for i := range set.Children {
		n := &set.Children[i]
		switch n.Tag {
		case tDeviceModel:
			d.Model = n.Value()
		case tDeviceName:
			d.FriendlyName = n.Value()
		case tDeviceOS:
			d.OS = n.Value()
		case tDeviceUserAgent:
			d.UserAgent = n.Value()
		}
	}
	return d
}

func childStatus(parent *wbxml.Node) (Status, error) {
	n := parent.Child(tProvisionStatus)
	if n == nil {
		return 0, schemaError(parent.Tag, "has no Status")
	}
	return status(n)
}

// A PolicySetting is one element of a policy document by its name, for example
// {"DevicePasswordEnabled", "1"} (MS-ASPROV, EASProvisionDoc).
type PolicySetting struct {
	Name, Value string
}

// ProvisionResponse is the server's answer. To the first phase it has a
// temporary PolicyKey and the policy, to the acknowledgement the final
// PolicyKey without one.
type ProvisionResponse struct {
	Status       Status
	DeviceStatus Status // whether Device was taken; 0 if none was sent
	PolicyType   string
	PolicyStatus Status
	PolicyKey    string
	Policy       []PolicySetting // with PolicyTypeWBXML; nil without a policy
	PolicyXML    string          // with PolicyTypeXML
	Wipe         bool            // erase the device
	AccountWipe  bool            // erase this account's data; version 16.1
}

// Encode is the response's body.
func (r ProvisionResponse) Encode() ([]byte, error) {
	var l list
	if r.DeviceStatus != 0 {
		var d list
		d.status(tSettingsStatus, r.DeviceStatus)
		l.add(wbxml.Elem(tDeviceInformation, d...))
	}
	l.status(tProvisionStatus, r.Status)
	if r.PolicyType != "" {
		var p list
		p.text(tPolicyType, r.PolicyType)
		p.status(tProvisionStatus, r.PolicyStatus)
		p.text(tPolicyKey, r.PolicyKey)
		if r.Policy != nil {
			doc := make(list, 0, len(r.Policy))
			for _, s := range r.Policy {
				tag, ok := Pages.Lookup("Provision:" + s.Name)
				if !ok {
					return nil, schemaError(tPolicyDoc, "has no setting %q", s.Name)
				}
				doc.add(textOf(tag, s.Value))
			}
			p.add(wbxml.Elem(tPolicyData, wbxml.Elem(tPolicyDoc, doc...)))
		} else {
			p.text(tPolicyData, r.PolicyXML)
		}
		l.add(wbxml.Elem(tPolicies, wbxml.Elem(tPolicy, p...)))
	}
	l.present(tRemoteWipe, r.Wipe)
	l.present(tAccountWipe, r.AccountWipe)
	return encode(wbxml.Elem(tProvision, l...))
}

// ParseProvisionResponse reads a response's body.
func ParseProvisionResponse(body []byte) (ProvisionResponse, error) {
	var r ProvisionResponse
	root, err := decode(body, tProvision)
	if err != nil {
		return r, err
	}
	for i := range root.Children {
		n := &root.Children[i]
		switch n.Tag {
		case tDeviceInformation:
			if s := n.Child(tSettingsStatus); s != nil {
				r.DeviceStatus, err = status(s)
			}
		case tProvisionStatus:
			r.Status, err = status(n)
		case tPolicies:
			var p policy
			if p, err = parsePolicies(n); err == nil {
				r.PolicyType, r.PolicyKey, r.PolicyStatus = p.kind, p.key, p.status
				r.Policy, r.PolicyXML = p.settings, p.xml
			}
		case tRemoteWipe:
			r.Wipe = true
		case tAccountWipe:
			r.AccountWipe = true
		}
		if err != nil {
			return ProvisionResponse{}, err
		}
	}
	if r.Status == 0 {
		return ProvisionResponse{}, schemaError(tProvisionStatus, "is missing")
	}
	return r, nil
}

// policy is a Policy element of either direction.
type policy struct {
	kind, key string
	status    Status
	settings  []PolicySetting
	xml       string
}

// parsePolicies reads the one policy that a device can have.
func parsePolicies(parent *wbxml.Node) (policy, error) {
	element := parent.Child(tPolicy)
	if element == nil {
		return policy{}, schemaError(tPolicy, "is missing")
	}
	var p policy
	var err error
	for i := range element.Children {
		n := &element.Children[i]
		switch n.Tag {
		case tPolicyType:
			p.kind = n.Value()
		case tPolicyKey:
			p.key = n.Value()
		case tProvisionStatus:
			p.status, err = status(n)
		case tPolicyData:
			p.settings, p.xml = nil, n.Value()
			if doc := n.Child(tPolicyDoc); doc != nil {
				p.settings = parseSettings(doc)
			}
		}
		if err != nil {
			return policy{}, err
		}
	}
	if p.kind == "" {
		return policy{}, schemaError(tPolicyType, "is missing")
	}
	return p, nil
}

// parseSettings keeps the plain settings. The two that are lists (of
// applications) are passed over.
func parseSettings(doc *wbxml.Node) []PolicySetting {
	settings := make([]PolicySetting, 0, len(doc.Children))
	for i := range doc.Children {
		n := &doc.Children[i]
		if n.Children == nil && n.Tag.Page() == tPolicyDoc.Page() {
			settings = append(settings, PolicySetting{Name: Pages[n.Tag.Page()].Names[n.Tag.Token()], Value: n.Value()})
		}
	}
	return settings
}
