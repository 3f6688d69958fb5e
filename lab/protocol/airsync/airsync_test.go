package airsync

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"shutout/lab/protocol/wbxml"
)

// doc is a document on the page, after which the body stands in tokens.
func doc(page byte, body string) []byte {
	return append([]byte{3, 1, 0x6a, 0, 0, page}, body...)
}

// TestTokens holds a token of every page against MS-ASWBXML 2.1.2.1, the last
// of each run among them, so that a slip in a run shows.
func TestTokens(t *testing.T) {
	tests := []struct {
		page, token byte
		name        string
	}{
		{0, 0x05, "AirSync:Sync"}, {0, 0x10, "AirSync:Class"}, {0, 0x12, "AirSync:CollectionId"},
		{0, 0x19, "AirSync:Truncation"}, {0, 0x1E, "AirSync:DeletesAsMoves"}, {0, 0x29, "AirSync:HeartbeatInterval"},
		{2, 0x0A, "Email:AttMethod"}, {2, 0x0F, "Email:DateReceived"}, {2, 0x14, "Email:Subject"},
		{2, 0x18, "Email:From"}, {2, 0x35, "Email:ThreadTopic"}, {2, 0x3F, "Email:DisallowNewTimeProposal"},
		{7, 0x0A, "FolderHierarchy:Type"}, {7, 0x0C, "FolderHierarchy:Status"}, {7, 0x12, "FolderHierarchy:SyncKey"},
		{7, 0x17, "FolderHierarchy:Count"},
		{13, 0x05, "Ping:Ping"}, {13, 0x0D, "Ping:MaxFolders"},
		{14, 0x11, "Provision:PasswordRecoveryEnabled"}, {14, 0x13, "Provision:AttachmentsEnabled"},
		{14, 0x1D, "Provision:RequireDeviceEncryption"}, {14, 0x30, "Provision:RequireEncryptionSMIMEAlgorithm"},
		{14, 0x3B, "Provision:AccountOnlyRemoteWipe"},
		{17, 0x08, "AirSyncBase:AllOrNone"}, {17, 0x0A, "AirSyncBase:Body"}, {17, 0x1B, "AirSyncBase:Status"},
		{18, 0x16, "Settings:DeviceInformation"}, {18, 0x29, "Settings:SendDisabled"}, {18, 0x2B, "Settings:RightsManagementInformation"},
		{21, 0x05, "ComposeMail:SendMail"}, {21, 0x09, "ComposeMail:ReplaceMime"}, {21, 0x10, "ComposeMail:Mime"},
		{21, 0x13, "ComposeMail:AccountId"},
		{22, 0x09, "Email2:ConversationId"}, {22, 0x13, "Email2:MeetingMessageType"},
	}
	for _, tt := range tests {
		if got := Pages.Name(wbxml.MakeTag(tt.page, tt.token)); got != tt.name {
			t.Errorf("page %d, token 0x%02X is %q, want %q", tt.page, tt.token, got, tt.name)
		}
	}
}

// TestVectors holds whole documents, octet for octet.
func TestVectors(t *testing.T) {
	encoded := func(body []byte, err error) string {
		if err != nil {
			t.Helper()
			t.Fatal(err)
		}
		return string(body)
	}
	_, mail, err := SendMailRequest{ClientID: "1", SaveInSentItems: true, MIME: []byte("a\x00b")}.Encode(V141)
	tests := map[string]struct{ got, want string }{
		"folder sync": {encoded(FolderSyncRequest{InitialKey}.Encode()), "\x03\x01\x6a\x00\x00\x07\x56\x52\x030\x00\x01\x01"},
		"ping": {encoded(PingRequest{Heartbeat: time.Minute, Folders: []PingFolder{{"5", ClassEmail}}}.Encode()),
			string(doc(13, "\x45\x48\x0360\x00\x01\x49\x4a\x4b\x035\x00\x01\x4c\x03Email\x00\x01\x01\x01\x01"))},
		"ping again": {encoded(PingRequest{}.Encode()), ""},
		"policy": {encoded(ProvisionRequest{PolicyType: PolicyTypeWBXML}.Encode()),
			string(doc(14, "\x45\x46\x47\x48\x03MS-EAS-Provisioning-WBXML\x00\x01\x01\x01\x01"))},
		"acknowledgement": {encoded(ProvisionRequest{PolicyType: PolicyTypeWBXML, PolicyKey: "7", PolicyStatus: AckApplied}.Encode()),
			string(doc(14, "\x45\x46\x47\x48\x03MS-EAS-Provisioning-WBXML\x00\x01\x49\x037\x00\x01\x4b\x031\x00\x01\x01\x01\x01"))},
		"sync": {encoded(SyncRequest{Collections: []SyncCollection{{SyncKey: "0", ID: "5"}}}.Encode(V141)),
			"\x03\x01\x6a\x00\x45\x5c\x4f\x4b\x030\x00\x01\x52\x035\x00\x01\x01\x01\x01"},
		"sync in 2.5": {encoded(SyncRequest{Collections: []SyncCollection{{Class: ClassEmail, SyncKey: "0", ID: "5"}}}.Encode(V25)),
			"\x03\x01\x6a\x00\x45\x5c\x4f\x50\x03Email\x00\x01\x4b\x030\x00\x01\x52\x035\x00\x01\x01\x01\x01"},
		"nothing new":     {encoded(SyncResponse{Status: StatusOK}.Encode(V141)), ""},
		"send mail":       {encoded(mail, err), string(doc(21, "\x45\x51\x031\x00\x01\x08\x50\xc3\x03a\x00b\x01\x01"))},
		"sent":            {encoded(SendMailResponse{StatusOK}.Encode()), ""},
		"submission fail": {encoded(SendMailResponse{StatusMailSubmissionFailed}.Encode()), string(doc(21, "\x45\x52\x03120\x00\x01\x01"))},
	}
	for name, tt := range tests {
		if tt.got != tt.want {
			t.Errorf("%s: got % x, want % x", name, tt.got, tt.want)
		}
	}
}

var aMail = Email{
	To: `"Erin" <erin@corp.example>`, Cc: "frank@corp.example", From: `"Dana" <dana@corp.example>`, ReplyTo: "dana@home.example",
	Subject: "Grüße", DateReceived: time.Date(2010, 3, 1, 9, 30, 0, 250e6, time.UTC), DisplayTo: "Erin", ThreadTopic: "Grüße",
	Importance: True, Read: False, MessageClass: "IPM.Note", InternetCPID: "65001", ContentClass: "urn:content-classes:message",
	Body: &Body{Type: BodyHTML, Size: 900, Truncated: true, Data: "<p>hello"}, NativeBodyType: BodyHTML,
}

// TestRoundTrips sends every message through Encode and its parser.
func TestRoundTrips(t *testing.T) {
	check := func(name string, want, got any, err error) {
		t.Helper()
		if err != nil {
			t.Errorf("%s: %v", name, err)
		} else if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %+v, want %+v", name, got, want)
		}
	}
	encoded := func(body []byte, err error) []byte {
		if err != nil {
			t.Helper()
			t.Fatal(err)
		}
		return body
	}

	for _, want := range []ProvisionRequest{
		{},
		{Device: &Device{Model: "P1", FriendlyName: "phone", OS: "OS 1", UserAgent: "Mail/1"}, PolicyType: PolicyTypeWBXML},
		{Device: &Device{}, PolicyType: PolicyTypeXML},
		{PolicyType: PolicyTypeWBXML, PolicyKey: "123", PolicyStatus: AckPartial},
		{WipeStatus: WipeAckOK}, {AccountWipeStatus: WipeAckFailed},
	} {
		got, err := ParseProvisionRequest(encoded(want.Encode()))
		check("provision request", want, got, err)
	}
	for _, want := range []ProvisionResponse{
		{Status: ProvisionServerError},
		{Status: StatusOK, DeviceStatus: StatusOK, PolicyType: PolicyTypeWBXML, PolicyStatus: StatusOK, PolicyKey: "123",
			Policy: []PolicySetting{{"DevicePasswordEnabled", "1"}, {"MaxInactivityTimeDeviceLock", "900"}, {"MaxAttachmentSize", ""}}},
		{Status: StatusOK, PolicyType: PolicyTypeWBXML, PolicyStatus: StatusOK, PolicyKey: "1", Policy: []PolicySetting{}},
		{Status: StatusOK, PolicyType: PolicyTypeXML, PolicyStatus: StatusOK, PolicyKey: "1", PolicyXML: "<wap-provisioningdoc/>"},
		{Status: StatusOK, PolicyType: PolicyTypeWBXML, PolicyStatus: PolicyKeyMismatch},
		{Status: StatusOK, Wipe: true}, {Status: StatusOK, AccountWipe: true},
	} {
		got, err := ParseProvisionResponse(encoded(want.Encode()))
		check("provision response", want, got, err)
	}
	for _, want := range []FolderSyncResponse{
		{Status: StatusOK, SyncKey: "1", Added: []Folder{{"5", "0", "Inbox", FolderInbox}, {"9", "5", "Käse", FolderUserMail}}},
		{Status: StatusOK, SyncKey: "2"},
		{Status: StatusOK, SyncKey: "3", Updated: []Folder{{"9", "0", "Cheese", FolderUserMail}}, Deleted: []string{"11", "12"}},
		{Status: FolderSyncInvalidKey}, {Status: StatusDeviceNotProvisioned},
	} {
		got, err := ParseFolderSyncResponse(encoded(want.Encode()))
		check("folder sync response", want, got, err)
	}
	for _, want := range []PingRequest{
		{}, {Heartbeat: 15 * time.Minute}, {Folders: []PingFolder{{"5", ClassEmail}, {"7", "Calendar"}}},
	} {
		got, err := ParsePingRequest(encoded(want.Encode()))
		check("ping request", want, got, err)
	}
	for _, want := range []PingResponse{
		{Status: PingExpired}, {Status: PingChanges, Folders: []string{"5", "7"}},
		{Status: PingHeartbeatOutOfRange, Heartbeat: 3540 * time.Second}, {Status: PingTooManyFolders, MaxFolders: 200},
	} {
		got, err := ParsePingResponse(encoded(want.Encode()))
		check("ping response", want, got, err)
	}
	for _, want := range []SyncRequest{
		{},
		{Collections: []SyncCollection{{SyncKey: InitialKey, ID: "5"}}},
		{Collections: []SyncCollection{{Class: ClassEmail, SyncKey: "17", ID: "5", GetChanges: True, DeletesAsMoves: False, WindowSize: 25,
			Options: SyncOptions{FilterType: 3, MIMESupport: 2, MIMETruncation: 8, Truncation: 4,
				Bodies: []BodyPreference{{Type: BodyPlain, TruncationSize: 512}, {Type: BodyMIME, AllOrNone: true}}},
			Commands: []SyncCommand{{Op: Change, ServerID: "5:1", Email: &Email{Read: True}}, {Op: Delete, ServerID: "5:2"}, {Op: Fetch, ServerID: "5:3"}}}}},
		{Wait: 10 * time.Minute, WindowSize: 100, Partial: true}, {Heartbeat: 90 * time.Second},
	} {
		got, err := ParseSyncRequest(encoded(want.Encode(V121)))
		check("sync request", want, got, err)
	}
	for _, want := range []SyncResponse{
		{Status: StatusOK},
		{Status: SyncWaitOutOfRange, Limit: 59},
		{Status: StatusOK, Collections: []SyncResult{{SyncKey: "1", ID: "5", Status: StatusOK}}},
		{Status: StatusOK, Collections: []SyncResult{{Class: ClassEmail, SyncKey: "2", ID: "5", Status: StatusOK, MoreAvailable: true,
			Commands:  []SyncCommand{{Op: Add, ServerID: "5:1", Email: &aMail}, {Op: SoftDelete, ServerID: "5:9"}},
			Responses: []SyncCommand{{Op: Fetch, ServerID: "5:3", Status: StatusOK, Email: &aMail}, {Op: Change, ServerID: "5:4", Status: SyncObjectNotFound}}}}},
		{Status: StatusOK, Collections: []SyncResult{{SyncKey: "0", ID: "5", Status: SyncInvalidKey}}},
	} {
		got, err := ParseSyncResponse(encoded(want.Encode(V121)))
		check("sync response", want, got, err)
	}
	for _, want := range []SendMailResponse{{StatusOK}, {StatusSendQuotaExceeded}} {
		got, err := ParseSendMailResponse(encoded(want.Encode()))
		check("send mail response", want, got, err)
	}
}

func TestBodyBelow12(t *testing.T) {
	plain := Email{Subject: "x", Read: True, Body: &Body{Type: BodyPlain, Size: 5, Data: "hello"}}
	want := SyncResponse{Status: StatusOK, Collections: []SyncResult{{Class: ClassEmail, SyncKey: "2", ID: "5", Status: StatusOK,
		Commands: []SyncCommand{{Op: Add, ServerID: "5:1", Email: &plain}}}}}
	body, err := want.Encode(V25)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(body), "\x00\x11") {
		t.Errorf("code page 17 in version 2.5: % x", body)
	}
	if got, err := ParseSyncResponse(body); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v", got, err)
	}
	plain.Body.Type = BodyHTML
	if _, err := want.Encode(V25); err == nil {
		t.Error("HTML in version 2.5")
	}
	request := SyncRequest{Collections: []SyncCollection{{SyncKey: "0", ID: "5", Options: SyncOptions{Bodies: []BodyPreference{{Type: BodyPlain}}}}}}
	if _, err := request.Encode(V25); err == nil {
		t.Error("BodyPreference in version 2.5")
	}
}

func TestClassIsGoneFrom14(t *testing.T) {
	body, err := SyncRequest{Collections: []SyncCollection{{Class: ClassEmail, SyncKey: "0", ID: "5"}}}.Encode(V140)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := ParseSyncRequest(body); err != nil || got.Collections[0].Class != "" {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestWantsChanges(t *testing.T) {
	tests := []struct {
		key  string
		flag Flag
		want bool
	}{
		{InitialKey, Unset, false}, {"1", Unset, true}, {"1", False, false}, {"1", True, true},
	}
	for _, tt := range tests {
		c := SyncCollection{SyncKey: tt.key, GetChanges: tt.flag}
		if got := c.WantsChanges(); got != tt.want {
			t.Errorf("key %s, flag %d: %v", tt.key, tt.flag, got)
		}
	}
	// An empty GetChanges element means yes.
	r, err := ParseSyncRequest([]byte("\x03\x01\x6a\x00\x45\x5c\x4f\x4b\x031\x00\x01\x52\x035\x00\x01\x13\x01\x01\x01"))
	if err != nil || r.Collections[0].GetChanges != True {
		t.Errorf("got %+v, %v", r, err)
	}
}

func TestSendMailRequest(t *testing.T) {
	mail := []byte("Subject: x\r\n\r\nhello\r\n")
	for _, v := range []Version{V25, V121, V140, V141} {
		want := SendMailRequest{MIME: mail}
		if v >= V140 {
			want.ClientID, want.SaveInSentItems = "42", true
		}
		contentType, body, err := want.Encode(v)
		if err != nil {
			t.Fatal(err)
		}
		if raw := contentType == ContentTypeMIME; raw != (v < V140) {
			t.Errorf("%v has content type %s", v, contentType)
		}
		got, err := ParseSendMailRequest(v, contentType, body)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%v: got %+v, %v", v, got, err)
		}
	}
	if _, err := ParseSendMailRequest(V121, ContentType, mail); err == nil {
		t.Error("WBXML below 14.0")
	}
	for name, r := range map[string]SendMailRequest{
		"no message": {ClientID: "1"}, "no client id": {MIME: mail}, "long client id": {ClientID: strings.Repeat("1", 41), MIME: mail},
	} {
		if _, _, err := r.Encode(V141); err == nil {
			t.Error(name)
		}
	}
	// A client may send the message as text.
	got, err := ParseSendMailRequest(V141, ContentType, doc(21, "\x45\x51\x031\x00\x01\x50\x03hello\x00\x01\x01"))
	if err != nil || string(got.MIME) != "hello" || got.SaveInSentItems {
		t.Errorf("got %+v, %v", got, err)
	}
}

// TestStrayOctets: what no inline string can carry still arrives.
func TestStrayOctets(t *testing.T) {
	want := SyncResponse{Status: StatusOK, Collections: []SyncResult{{SyncKey: "1", ID: "5", Status: StatusOK,
		Commands: []SyncCommand{{Op: Add, ServerID: "1", Email: &Email{Subject: "caf\xe9", Body: &Body{Type: BodyMIME, Data: "a\x00b"}}}}}}}
	body, err := want.Encode(V141)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := ParseSyncResponse(body); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestParsersRefuse(t *testing.T) {
	parsers := map[string]func([]byte) error{
		"provision request":    func(b []byte) error { _, err := ParseProvisionRequest(b); return err },
		"provision response":   func(b []byte) error { _, err := ParseProvisionResponse(b); return err },
		"folder sync request":  func(b []byte) error { _, err := ParseFolderSyncRequest(b); return err },
		"folder sync response": func(b []byte) error { _, err := ParseFolderSyncResponse(b); return err },
		"sync request":         func(b []byte) error { _, err := ParseSyncRequest(b); return err },
		"sync response":        func(b []byte) error { _, err := ParseSyncResponse(b); return err },
		"ping request":         func(b []byte) error { _, err := ParsePingRequest(b); return err },
		"ping response":        func(b []byte) error { _, err := ParsePingResponse(b); return err },
		"send mail request": func(b []byte) error {
			_, err := ParseSendMailRequest(V141, ContentType, b)
			return err
		},
		"send mail response": func(b []byte) error { _, err := ParseSendMailResponse(b); return err },
	}
	tests := []struct {
		parser string
		body   []byte
		want   string
	}{
		{"provision request", doc(14, "\x45\x46\x01\x01"), "Provision:Policy is missing"},
		{"provision request", doc(14, "\x45\x46\x47\x01\x01\x01"), "PolicyType is missing"},
		{"provision request", doc(14, "\x45\x46\x47\x48\x03x\x00\x01\x4b\x031\x00\x01\x01\x01\x01"), "PolicyKey is missing"},
		{"provision request", doc(14, "\x45\x4c\x01\x01"), "RemoteWipe has no Status"},
		{"provision response", doc(14, "\x45\x01"), "Status is missing"},
		{"folder sync request", doc(7, "\x56\x01"), "SyncKey is missing"},
		{"folder sync request", doc(13, "\x45\x01"), "expected as root, not Ping:Ping"},
		{"folder sync response", doc(7, "\x56\x01"), "Status is missing"},
		{"folder sync response", doc(7, "\x56\x4c\x031\x00\x01\x01"), "SyncKey is missing"},
		{"folder sync response", doc(7, "\x56\x4c\x03one\x00\x01\x01"), "not a number"},
		{"folder sync response", doc(7, "\x56\x4c\x034294967296\x00\x01\x01"), "31 bits"},
		{"folder sync response", doc(7, "\x56\x4e\x4f\x4a\x032\x00\x01\x01\x01\x01"), "ServerId is missing"},
		{"sync request", doc(0, "\x45\x5c\x4f\x52\x035\x00\x01\x01\x01\x01"), "SyncKey is missing"},
		{"sync request", doc(0, "\x45\x5c\x4f\x4b\x035\x00\x01\x01\x01\x01"), "CollectionId is missing"},
		{"sync request", doc(0, "\x45\x5c\x4f\x53\x03yes\x00\x01\x01\x01\x01"), "neither 0 nor 1"},
		{"sync request", doc(0, "\x45\x64\x03-5\x00\x01\x01"), "Wait is not a number"},
		{"sync request", doc(0, "\x45\x5c\x4f\x56\x47\x01\x01\x01\x01\x01"), "neither ServerId nor ClientId"},
		{"sync response", doc(0, "\x45\x5c\x4f\x01\x01\x01"), "Status is missing"},
		{"sync response", doc(0, "\x45\x5c\x4f\x56\x47\x5d\x00\x02\x4f\x03today\x00\x01\x01\x01\x01\x01\x01\x01"), "DateReceived is not a date"},
		{"sync response", doc(0, "\x45\x5c\x4f\x56\x47\x5d\x00\x11\x4a\x01\x01\x01\x01\x01\x01\x01"), "Type is missing"},
		{"ping request", doc(13, "\x45\x48\x030\x00\x01\x01"), "HeartbeatInterval is 0"},
		{"ping request", doc(13, "\x45\x49\x4a\x4b\x035\x00\x01\x01\x01\x01"), "an Id and a Class"},
		{"ping response", doc(13, "\x45\x01"), "Status is missing"},
		{"send mail request", doc(21, "\x45\x50\x03x\x00\x01\x01"), "ClientId must have"},
		{"send mail request", doc(21, "\x45\x51\x03x\x00\x01\x01"), "Mime is missing"},
		{"send mail response", doc(21, "\x45\x01"), "Status is missing"},
	}
	for _, tt := range tests {
		err := parsers[tt.parser](tt.body)
		var schema *SchemaError
		if !errors.As(err, &schema) || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s % x: got %v, want a schema error with %q", tt.parser, tt.body, err, tt.want)
		}
	}
	for name, parse := range parsers {
		var schema *SchemaError
		if err := parse([]byte("<xml/>")); err == nil || errors.As(err, &schema) {
			t.Errorf("%s: XML instead of WBXML: %v", name, err)
		}
	}
}

func TestEncodersRefuse(t *testing.T) {
	if _, err := (PingRequest{Heartbeat: 1500 * time.Millisecond}).Encode(); err == nil {
		t.Error("a heartbeat of 1.5 s")
	}
	if _, err := (SyncRequest{Wait: 90 * time.Second}).Encode(V121); err == nil {
		t.Error("a wait of 1.5 min")
	}
	if _, err := (ProvisionResponse{Status: 1, PolicyType: "x", Policy: []PolicySetting{{"NoSuchThing", "1"}}}).Encode(); err == nil {
		t.Error("an unknown setting")
	}
	if _, err := (SyncResponse{Collections: []SyncResult{{Status: 1, Commands: []SyncCommand{{ServerID: "1"}}}}}).Encode(V141); err == nil {
		t.Error("a command of no kind")
	}
}

func TestUnmodelledElementsArePassedOver(t *testing.T) {
	// Ping with AutdState; Sync options for SMS beside those for mail.
	if r, err := ParsePingRequest(doc(13, "\x45\x46\x03x\x00\x01\x48\x0360\x00\x01\x01")); err != nil || r.Heartbeat != time.Minute {
		t.Errorf("got %+v, %v", r, err)
	}
	r, err := ParseSyncRequest(doc(0, "\x45\x5c\x4f\x4b\x031\x00\x01\x52\x035\x00\x01"+
		"\x57\x58\x033\x00\x01\x01\x57\x50\x03SMS\x00\x01\x58\x035\x00\x01\x01\x01\x01\x01"))
	if err != nil || r.Collections[0].Options.FilterType != 3 {
		t.Errorf("got %+v, %v", r, err)
	}
}

func TestStatusString(t *testing.T) {
	for s, want := range map[Status]string{StatusOK: "1", StatusUserDisabledForSync: "126 UserDisabledForSync", 999: "999"} {
		if got := s.String(); got != want {
			t.Errorf("%d is %q", int(s), got)
		}
	}
}

func BenchmarkSyncResponse(b *testing.B) {
	r := SyncResponse{Status: StatusOK, Collections: []SyncResult{{SyncKey: "2", ID: "5", Status: StatusOK,
		Commands: []SyncCommand{{Op: Add, ServerID: "5:1", Email: &aMail}}}}}
	b.ReportAllocs()
	for b.Loop() {
		body, err := r.Encode(V141)
		if err == nil {
			_, err = ParseSyncResponse(body)
		}
		if err != nil {
			b.Fatal(err)
		}
	}
}
