package activesync

import (
	"strconv"

	"shutout/lab/protocol/airsync"
)

// policySettings is the policy that every device gets.
var policySettings = []airsync.PolicySetting{
	{Name: "DevicePasswordEnabled", Value: "0"},
	{Name: "AttachmentsEnabled", Value: "1"},
}

// policyXML is the same for version 2.5 (MS-ASPROV, PolicyType).
const policyXML = `<wap-provisioningdoc><characteristic type="SecurityPolicy"><parm name="4131" value="1"/></characteristic></wap-provisioningdoc>`

// provision hands out a policy in two steps, or a wipe in their place
// (MS-ASPROV, Provision).
func (c *call) provision() {
	q, err := airsync.ParseProvisionRequest(c.body)
	if err != nil {
		c.answer(airsync.ProvisionResponse{Status: airsync.ProvisionProtocolError}.Encode())
		return
	}
	dev := c.device
	resp := airsync.ProvisionResponse{Status: airsync.StatusOK}
	if q.Device != nil {
		dev.Model = clip(q.Device.Model)
		resp.DeviceStatus = airsync.StatusOK
	}
	if dev.Wipe != NoWipe {
		if q.WipeStatus == airsync.WipeAckOK || q.AccountWipeStatus == airsync.WipeAckOK {
			dev.WipeAck = c.now
			dev.policy = 0
		} else {
			resp.Wipe = dev.Wipe == DeviceWipe
			resp.AccountWipe = dev.Wipe == AccountWipe && c.version >= airsync.V161
		}
		c.answer(resp.Encode())
		return
	}
	resp.PolicyType, resp.PolicyStatus = q.PolicyType, airsync.StatusOK
	switch {
	case q.PolicyType != airsync.PolicyTypeWBXML && q.PolicyType != airsync.PolicyTypeXML:
		if q.PolicyType != "" {
			resp.PolicyStatus = airsync.PolicyUnknownType
		}
	case q.PolicyStatus == 0: // the first step
		dev.offered = dev.newKey()
		resp.PolicyKey = strconv.FormatUint(uint64(dev.offered), 10)
		if q.PolicyType == airsync.PolicyTypeXML {
			resp.PolicyXML = policyXML
		} else {
			resp.Policy = policySettings
		}
	case dev.offered == 0 || q.PolicyKey != strconv.FormatUint(uint64(dev.offered), 10):
		resp.PolicyStatus = airsync.PolicyKeyMismatch
	case q.PolicyStatus == airsync.AckIgnored:
		dev.offered = 0 // it wants no policy and gets no key
	default:
		dev.policy, dev.offered = dev.newKey(), 0
		resp.PolicyKey = strconv.FormatUint(uint64(dev.policy), 10)
	}
	c.answer(resp.Encode())
}
