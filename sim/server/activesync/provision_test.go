package activesync

import (
	"testing"
	"time"

	"shutout/lab/protocol/airsync"
	"shutout/sim/directory"
)

func (d *device) provision(q airsync.ProvisionRequest) airsync.ProvisionResponse {
	d.t.Helper()
	body, err := q.Encode()
	r, err := airsync.ParseProvisionResponse(d.must(airsync.CmdProvision, body, err))
	if err != nil {
		d.t.Fatal(err)
	}
	return r
}

func TestProvision(t *testing.T) {
	w, devices := newWorld(t, "ex2016")
	d := newDevice(t, w)
	d.policy = "0"
	if r := d.folders(airsync.InitialKey); r.Status != airsync.StatusDeviceNotProvisioned {
		t.Fatalf("before Provision: %v", r.Status)
	}
	one := d.provision(airsync.ProvisionRequest{PolicyType: airsync.PolicyTypeWBXML, Device: &airsync.Device{Model: "T1"}})
	if one.Status != airsync.StatusOK || one.PolicyKey == "" || one.Policy == nil {
		t.Fatalf("first step: %+v", one)
	}
	if bad := d.provision(airsync.ProvisionRequest{PolicyType: airsync.PolicyTypeWBXML, PolicyKey: "1", PolicyStatus: airsync.AckApplied}); bad.PolicyStatus != airsync.PolicyKeyMismatch {
		t.Errorf("wrong temporary key: %+v", bad)
	}
	two := d.provision(airsync.ProvisionRequest{PolicyType: airsync.PolicyTypeWBXML, PolicyKey: one.PolicyKey, PolicyStatus: airsync.AckApplied})
	if two.PolicyKey == "" || two.PolicyKey == one.PolicyKey {
		t.Fatalf("second step: %+v", two)
	}
	d.policy = one.PolicyKey
	if r := d.folders(airsync.InitialKey); r.Status != airsync.StatusInvalidPolicyKey {
		t.Errorf("with the temporary key: %v", r.Status)
	}
	d.policy = two.PolicyKey
	if r := d.folders(airsync.InitialKey); r.Status != airsync.StatusOK {
		t.Errorf("with the final key: %v", r.Status)
	}

	w.Do(func(time.Time) { devices.Wipe("dana", "phone1", DeviceWipe) })
	if r := d.folders(airsync.InitialKey); r.Status != airsync.StatusRemoteWipeRequested {
		t.Errorf("a wipe is pending: %v", r.Status)
	}
	if r := d.provision(airsync.ProvisionRequest{PolicyType: airsync.PolicyTypeWBXML}); !r.Wipe {
		t.Errorf("no wipe: %+v", r)
	}
	d.provision(airsync.ProvisionRequest{WipeStatus: airsync.WipeAckOK})
	w.Do(func(now time.Time) {
		dev, ok := devices.Device("dana", "PHONE1")
		if !ok || !dev.WipeAck.Equal(now) || dev.Model != "T1" || len(devices.List("dana")) != 1 {
			t.Errorf("device %+v", dev)
		}
	})
}

func TestDeniedDevices(t *testing.T) {
	w, _ := newWorld(t, "ex2010")
	d := newDevice(t, w)
	d.folders(airsync.InitialKey)
	w.Change(directory.Set("msExchMobileBlockedDeviceIDs", "phone1"))
	w.Pass(10 * time.Minute)
	if r := d.folders(airsync.InitialKey); r.Status != airsync.StatusDeviceBlockedForUser {
		t.Errorf("blocked device: %v", r.Status)
	}
	d.id = "OTHER"
	if r := d.folders(airsync.InitialKey); r.Status != airsync.StatusOK {
		t.Errorf("another device: %v", r.Status)
	}
	w.SwitchOff("activesync")
	w.Pass(3 * time.Hour)
	if code, _ := d.post(airsync.CmdFolderSync, airsync.ContentType, nil); code != 403 {
		t.Errorf("flag off: %d", code)
	}
	w.DisableAccount()
	w.Pass(time.Hour)
	if code, _ := d.post(airsync.CmdFolderSync, airsync.ContentType, nil); code != 401 {
		t.Errorf("account disabled: %d", code)
	}
}
