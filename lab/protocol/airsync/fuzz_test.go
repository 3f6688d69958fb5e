package airsync

import (
	"shutout/lab/protocol/roundtrip"
	"testing"
	"time"
)

func FuzzProvisionRequest(f *testing.F) {
	roundtrip.Fuzz(f, ParseProvisionRequest, ProvisionRequest.Encode,
		ProvisionRequest{Device: &Device{Model: "P1"}, PolicyType: PolicyTypeWBXML},
		ProvisionRequest{PolicyType: PolicyTypeWBXML, PolicyKey: "7", PolicyStatus: AckApplied},
		ProvisionRequest{WipeStatus: WipeAckOK})
}

func FuzzProvisionResponse(f *testing.F) {
	roundtrip.Fuzz(f, ParseProvisionResponse, ProvisionResponse.Encode,
		ProvisionResponse{Status: StatusOK, PolicyType: PolicyTypeWBXML, PolicyStatus: StatusOK, PolicyKey: "7",
			Policy: []PolicySetting{{"DevicePasswordEnabled", "0"}}},
		ProvisionResponse{Status: StatusOK, Wipe: true})
}

func FuzzFolderSyncRequest(f *testing.F) {
	roundtrip.Fuzz(f, ParseFolderSyncRequest, FolderSyncRequest.Encode, FolderSyncRequest{InitialKey})
}

func FuzzFolderSyncResponse(f *testing.F) {
	roundtrip.Fuzz(f, ParseFolderSyncResponse, FolderSyncResponse.Encode,
		FolderSyncResponse{Status: StatusOK, SyncKey: "1", Added: []Folder{{"5", "0", "Inbox", FolderInbox}}, Deleted: []string{"9"}})
}

func FuzzSyncRequest(f *testing.F) {
	roundtrip.Fuzz(f, ParseSyncRequest, func(r SyncRequest) ([]byte, error) { return r.Encode(V121) },
		SyncRequest{Collections: []SyncCollection{{SyncKey: InitialKey, ID: "5"}}},
		SyncRequest{Collections: []SyncCollection{{SyncKey: "17", ID: "5", GetChanges: True, WindowSize: 25,
			Options:  SyncOptions{FilterType: 3, Bodies: []BodyPreference{{Type: BodyPlain, TruncationSize: 512}}},
			Commands: []SyncCommand{{Op: Change, ServerID: "5:1", Email: &Email{Read: True}}}}}, Wait: time.Minute})
}

func FuzzSyncResponse(f *testing.F) {
	roundtrip.Fuzz(f, ParseSyncResponse, func(r SyncResponse) ([]byte, error) { return r.Encode(V121) },
		SyncResponse{Status: StatusOK, Collections: []SyncResult{{SyncKey: "2", ID: "5", Status: StatusOK, MoreAvailable: true,
			Commands: []SyncCommand{{Op: Add, ServerID: "5:1", Email: &aMail}}}}},
		SyncResponse{Status: SyncWaitOutOfRange, Limit: 59})
}

func FuzzPingRequest(f *testing.F) {
	roundtrip.Fuzz(f, ParsePingRequest, PingRequest.Encode,
		PingRequest{Heartbeat: 15 * time.Minute, Folders: []PingFolder{{"5", ClassEmail}}})
}

func FuzzPingResponse(f *testing.F) {
	roundtrip.Fuzz(f, ParsePingResponse, PingResponse.Encode,
		PingResponse{Status: PingChanges, Folders: []string{"5"}},
		PingResponse{Status: PingHeartbeatOutOfRange, Heartbeat: time.Minute})
}

func FuzzSendMailRequest(f *testing.F) {
	roundtrip.Fuzz(f,
		func(b []byte) (SendMailRequest, error) { return ParseSendMailRequest(V141, ContentType, b) },
		func(r SendMailRequest) ([]byte, error) { _, b, err := r.Encode(V141); return b, err },
		SendMailRequest{ClientID: "42", SaveInSentItems: true, MIME: []byte("Subject: x\r\n\r\nhello\r\n")})
}

func FuzzSendMailResponse(f *testing.F) {
	roundtrip.Fuzz(f, ParseSendMailResponse, SendMailResponse.Encode, SendMailResponse{StatusMailSubmissionFailed})
}
