package mapi

import (
	"errors"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"shutout/lab/protocol/mapi/wire"
)

var (
	inbox   = MakeID(1, 0x0D)
	mail    = MakeID(1, 0x1234)
	someDay = time.Date(2013, 4, 22, 15, 33, 32, 0, time.UTC)
	columns = []PropTag{TagMID, TagSubject, TagMessageDeliveryTime, TagMessageSize}
	bob     = &RecipientRow{Kind: AddressSMTP, EmailAddress: "bob@contoso.example", DisplayName: "Bob",
		SameTransmittableName: true, SimpleDisplayName: "Bób", Properties: Row{int32(6)}}
	alice = &RecipientRow{Kind: AddressX500, X500DN: "alice", DisplayType: 0, AddressPrefixUsed: 0x55, String8: true,
		DisplayName: "Alice", Properties: Row{nil}}
)

// sentRops has every request, and gotRops every response that goes with one,
// in the same order; RopRelease has none.
var sentRops = []Request{
	&LogonRequest{Output: 0, Flags: LogonPrivate, OpenFlags: OpenHomeLogon | OpenTakeOwnership | OpenNoMail, ESSDN: "/o=Contoso/ou=x/cn=Recipients/cn=dana"},
	&GetReceiveFolderRequest{MessageClass: "IPM.Note"},
	&OpenFolderRequest{Output: 1, FolderID: inbox},
	&GetHierarchyTableRequest{Input: 1, Output: 2, Flags: TableDepth},
	&GetContentsTableRequest{Input: 1, Output: 3},
	&SetColumnsRequest{Input: 3, Tags: columns},
	&SortTableRequest{Input: 3, Orders: []SortOrder{{TagMessageDeliveryTime, SortDescending}}},
	&QueryRowsRequest{Input: 3, Forward: true, RowCount: 50},
	&OpenMessageRequest{Output: 4, CodePage: 0x0FFF, FolderID: inbox, Mode: OpenReadOnly, MessageID: mail},
	&GetPropertiesSpecificRequest{Input: 4, WantUnicode: true, Tags: []PropTag{TagSubject, TagBody, TagHTML, Tag(0x0E1D, TypeUnspecified)}},
	&GetPropertiesAllRequest{Input: 4, SizeLimit: 512, WantUnicode: true},
	&OpenStreamRequest{Input: 4, Output: 5, Tag: TagBody},
	&ReadStreamRequest{Input: 5, ByteCount: 4096},
	&ReadStreamRequest{Input: 5, ByteCount: ReadStreamMaximum, MaximumByteCount: 1 << 20},
	&WriteStreamRequest{Input: 5, Data: []byte("hello")},
	&WriteStreamRequest{Input: 5},
	&CommitStreamRequest{Input: 5},
	&SeekRowRequest{Input: 3, Origin: BookmarkEnd, RowCount: -7, WantMoved: true},
	&ReleaseRequest{Input: 5},
	&CreateMessageRequest{Input: 1, Output: 6, CodePage: 0x0FFF, FolderID: inbox},
	&SetPropertiesRequest{Input: 6, Properties: []Property{{TagSubject, "Grüße 😀"}, {TagDeleteAfterSubmit, true}, {TagClientSubmitTime, someDay}}},
	&ModifyRecipientsRequest{Input: 6, Columns: []PropTag{Tag(0x3905, TypeInteger32)},
		Recipients: []ModifyRecipient{{0, RecipientTo, bob}, {1, RecipientCc, alice}, {2, RecipientBcc, nil}}},
	&SaveChangesMessageRequest{ResponseIndex: 7, Input: 6, Flags: SaveKeepOpenReadWrite},
	&SubmitMessageRequest{Input: 6, Flags: SubmitPreprocess},
	&TransportSendRequest{Input: 6},
	&RegisterNotificationRequest{Output: 8, Types: NotifyNewMail, WholeStore: true},
	&RegisterNotificationRequest{Output: 8, Types: NotifyNewMail | NotifyExtended, FolderID: inbox, MessageID: mail},
}

var gotRops = []Response{
	&LogonResponse{Flags: LogonPrivate, Folders: [13]ID{0: MakeID(1, 1), FolderInbox: inbox}, ResponseFlags: ResponseReserved | ResponseOwnerRight,
		MailboxGUID: GUID{1, 2, 3}, ReplicaID: 1, ReplicaGUID: GUID{15: 9}, Time: someDay, GwartTime: 7},
	&GetReceiveFolderResponse{FolderID: inbox, ExplicitMessageClass: "IPM"},
	&OpenFolderResponse{Index: 1, HasRules: true, IsGhosted: true, CheapServers: 1, Servers: []string{"ex1", "ex2"}},
	&GetHierarchyTableResponse{Index: 2, RowCount: 11},
	&GetContentsTableResponse{Index: 3, RowCount: 2},
	&SetColumnsResponse{Index: 3},
	&SortTableResponse{Index: 3, Status: TableSorting},
	&NotifyResponse{Handle: 99, Notification: Notification{Flags: NotifyTableModified | NotifyMessage, Table: TableRowAdded,
		Row: RowKey{inbox, mail, 1}, InsertAfter: RowKey{inbox, mail + 1, 2}, RowData: []byte{0, 1}}},
	&QueryRowsResponse{Index: 3, Origin: BookmarkEnd, Columns: columns, Rows: []Row{
		{int64(mail), "hello", someDay, int32(1200)},
		{int64(mail), nil, CellError(CodeNotFound), int32(0)}}},
	&OpenMessageResponse{Index: 4, SubjectPrefix: "RE: ", NormalizedSubject: "", RecipientCount: 2, RecipientColumns: []PropTag{Tag(0x3905, TypeInteger32)},
		Recipients: []OpenRecipient{{RecipientTo, 1252, bob}, {RecipientCc, 1252, alice}}},
	&GetPropertiesSpecificResponse{Index: 4, Columns: []PropTag{TagSubject, TagBody, TagHTML, Tag(0x0E1D, TypeUnspecified)},
		Row: Row{"hello", CellError(CodeOutOfMemory), nil, TypedValue{TypeString, "hello"}}},
	&GetPropertiesAllResponse{Index: 4, Properties: []Property{{TagSubject, "hello"}, {Tag(0x1000, TypeErrorCode), CodeOutOfMemory}}},
	&OpenStreamResponse{Index: 5, Size: 5},
	&ReadStreamResponse{Index: 5, Data: []byte("hello")},
	&ErrorResponse{ID: RopReadStream, Index: 5, Code: CodeNullObject},
	&WriteStreamResponse{Index: 5, Written: 5},
	&ErrorResponse{ID: RopWriteStream, Index: 5, Code: CodeNullObject},
	&CommitStreamResponse{Index: 5},
	&SeekRowResponse{Index: 3, Less: true, Moved: -3},
	&CreateMessageResponse{Index: 6},
	&SetPropertiesResponse{Index: 6, Problems: []PropertyProblem{{1, TagDeleteAfterSubmit, CodeAccessDenied}}},
	&ModifyRecipientsResponse{Index: 6},
	&SaveChangesMessageResponse{Index: 7, Input: 6, MessageID: mail},
	&ErrorResponse{ID: RopSubmitMessage, Index: 6, Code: CodeMaxSubmissionExceeded},
	&TransportSendResponse{Index: 6, Properties: []Property{{TagMessageClass, "IPM.Note"}}},
	&RegisterNotificationResponse{Index: 8},
	&ErrorResponse{ID: RopRegisterNotification, Index: 8, Code: CodeNotSupported},
	&PendingResponse{SessionIndex: 3},
	&BufferTooSmallResponse{SizeNeeded: 0x8000, Requests: []byte{1, 0, 5}},
}

func TestRequests(t *testing.T) {
	want := RequestBuffer{Rops: sentRops, Handles: []uint32{NoHandle, 1, 2}}
	payload, err := want.Encode()
	if err != nil {
		t.Fatal(err)
	}
	got, err := ParseRequests(payload)
	if err != nil {
		t.Fatal(err)
	}
	for i := range want.Rops {
		equal(t, got.Rops[i], want.Rops[i])
	}
	equal(t, got.Handles, want.Handles)
	covered := map[RopID]bool{}
	for _, r := range sentRops {
		covered[r.Rop()] = true
	}
	equal(t, len(covered), len(requests))
}

func TestResponses(t *testing.T) {
	want := ResponseBuffer{Rops: gotRops, Handles: []uint32{17}}
	payload, err := want.Encode()
	if err != nil {
		t.Fatal(err)
	}
	got, err := ParseResponses(payload, Sent{Rops: sentRops})
	if err != nil {
		t.Fatal(err)
	}
	for i := range want.Rops {
		equal(t, got.Rops[i], want.Rops[i])
	}
	equal(t, got.Handles, want.Handles)
}

func TestLogonFailures(t *testing.T) {
	sent := Sent{Rops: []Request{&LogonRequest{Flags: LogonPrivate}}}
	for _, want := range []struct {
		r    Response
		code ErrorCode
		text string
	}{
		{&ErrorResponse{ID: RopLogon, Code: CodeLoginPermission}, CodeLoginPermission, "mapi: RopLogon: LoginPermission (0x000003F2)"},
		{&ErrorResponse{ID: RopLogon, Code: 0x777}, 0x777, "mapi: RopLogon: 0x00000777"},
		{&LogonRedirectResponse{Flags: LogonPrivate, ServerName: "/o=Contoso/cn=ex2"}, CodeWrongServer, "mapi: RopLogon: WrongServer (0x00000478)"},
	} {
		payload, err := ResponseBuffer{Rops: []Response{want.r}}.Encode()
		if err != nil {
			t.Fatal(err)
		}
		got, err := ParseResponses(payload, sent)
		if err != nil {
			t.Fatal(err)
		}
		equal(t, got.Rops, []Response{want.r})
		failure := Err(got.Rops[0])
		equal(t, errors.Is(failure, want.code), true)
		equal(t, failure.Error(), want.text)
	}
	equal(t, Err(&LogonResponse{}), nil)
}

func TestNotifications(t *testing.T) {
	row := RowKey{FolderID: inbox}
	for _, want := range []Notification{
		{Flags: NotifyNewMail | NotifyMessage, FolderID: inbox, MessageID: mail, MessageFlags: 2, MessageClass: "IPM.Note"},
		{Flags: NotifyNewMail | NotifyMessage | NotifyTotalCount | NotifyUnreadCount, FolderID: inbox, MessageID: mail, Total: 5, Unread: 2, Unicode: true, MessageClass: "IPM.Ü"},
		{Flags: NotifyObjectCreated, FolderID: inbox, ParentFolderID: 1, TagCount: 2, Tags: []PropTag{TagSubject, TagBody}},
		{Flags: NotifyObjectCreated | NotifyMessage, FolderID: inbox, MessageID: mail, TagCount: TagsUnknown},
		{Flags: NotifyObjectModified | NotifyTotalCount, FolderID: inbox, Total: 3},
		{Flags: NotifyObjectDeleted | NotifyMessage | NotifySearchFolder, FolderID: inbox, MessageID: mail, ParentFolderID: 2},
		{Flags: NotifyObjectMoved | NotifyMessage, FolderID: inbox, MessageID: mail, OldFolderID: 3, OldMessageID: 4},
		{Flags: NotifyObjectCopied, FolderID: inbox, ParentFolderID: 1, OldFolderID: 3, OldParentFolderID: 4},
		{Flags: NotifySearchCompleted, FolderID: inbox},
		{Flags: NotifyTableModified, Table: TableChanged},
		{Flags: NotifyTableModified, Table: TableRowModified, Row: row, InsertAfter: row, RowData: []byte{1}},
		{Flags: NotifyTableModified | NotifyMessage, Table: TableRowDeleted, Row: RowKey{inbox, mail, 3}},
	} {
		payload, err := ResponseBuffer{Rops: []Response{&NotifyResponse{Handle: 5, LogonID: 1, Notification: want}}}.Encode()
		if err != nil {
			t.Fatal(err)
		}
		got, err := ParseResponses(payload, Sent{})
		if err != nil {
			t.Fatalf("%+v: %v", want, err)
		}
		equal(t, got.Rops[0].(*NotifyResponse).Notification, want)
	}
}

// Octets of a new-mail notification, put together after MS-OXCNOTIF 2.2.1.4.1.2.
func TestNewMailOctets(t *testing.T) {
	got, err := ResponseBuffer{Rops: []Response{&NotifyResponse{Handle: 0x11, Notification: Notification{
		Flags: NotifyNewMail | NotifyMessage, FolderID: MakeID(1, 2), MessageID: MakeID(1, 0x10203), MessageFlags: 1, MessageClass: "IPM"}}}}.Encode()
	if err != nil {
		t.Fatal(err)
	}
	sameBytes(t, got, framed(unhex(t, `2a 11000000 00 0280 0100 000000000002 0100 000000010203 01000000 00 49504d00`)))
}

func TestColumnsOfEarlierCalls(t *testing.T) {
	want := &QueryRowsResponse{Columns: columns[:1], Rows: []Row{{int64(7)}}}
	payload, err := ResponseBuffer{Rops: []Response{want}}.Encode()
	if err != nil {
		t.Fatal(err)
	}
	sent := Sent{Rops: []Request{&ReleaseRequest{}, &QueryRowsRequest{Input: 4}}}
	if _, err := ParseResponses(payload, sent); err == nil {
		t.Fatal("rows without columns were read")
	}
	sent.Columns = func(index uint8) []PropTag {
		equal(t, index, uint8(4))
		return columns[:1]
	}
	got, err := ParseResponses(payload, sent)
	if err != nil {
		t.Fatal(err)
	}
	equal(t, got.Rops, []Response{want})
}

// randomValue is one of each modelled type.
func randomValue(r *rand.Rand, t PropType) Value {
	text := func() string {
		runes := make([]rune, r.IntN(6))
		for i := range runes {
			runes[i] = []rune("aZ é€😀")[r.IntN(6)]
		}
		return string(runes)
	}
	octets := func() []byte {
		b := make([]byte, 1+r.IntN(5))
		for i := range b {
			b[i] = byte(r.Uint32())
		}
		return b
	}
	switch t {
	case TypeInteger16:
		return int16(r.Uint32())
	case TypeInteger32:
		return int32(r.Uint32())
	case TypeInteger64:
		return int64(r.Uint64())
	case TypeErrorCode:
		return ErrorCode(r.Uint32())
	case TypeBoolean:
		return r.IntN(2) == 1
	case TypeString, TypeString8:
		return text()
	case TypeTime:
		return time.Unix(r.Int64N(1<<36)-filetimeEpoch, r.Int64N(1e7)*100).UTC()
	case TypeGUID:
		return GUID(append(octets(), make([]byte, 16)...)[:16])
	case TypeBinary, TypeServerID:
		return octets()
	case TypeMultipleInt32:
		return []int32{int32(r.Uint32()), 0}
	case TypeMultipleString, TypeMultipleString8:
		return []string{text(), text()}
	case TypeMultipleBinary:
		return [][]byte{octets(), octets()}
	}
	return TypedValue{TypeString, text()}
}

func TestRowsOfAllTypes(t *testing.T) {
	types := []PropType{TypeUnspecified, TypeInteger16, TypeInteger32, TypeErrorCode, TypeBoolean, TypeInteger64, TypeString8, TypeString,
		TypeTime, TypeGUID, TypeServerID, TypeBinary, TypeMultipleInt32, TypeMultipleString8, TypeMultipleString, TypeMultipleBinary}
	r := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		var columns []PropTag
		var want Row
		missing := r.IntN(2) == 1
		for i := range r.IntN(8) + 1 {
			kind := types[r.IntN(len(types))]
			columns = append(columns, Tag(uint16(i), kind))
			switch {
			case missing && r.IntN(3) == 0:
				want = append(want, nil)
			case missing && r.IntN(3) == 0:
				want = append(want, CellError(r.Uint32()))
			default:
				want = append(want, randomValue(r, kind))
			}
		}
		data, err := AppendRow(nil, columns, want)
		if err != nil {
			t.Fatal(err)
		}
		got, err := ParseRow(data, columns)
		if err != nil {
			t.Fatalf("%v: %v", want, err)
		}
		equal(t, got, want)
		for n := range data {
			if _, err := ParseRow(data[:n], columns); err == nil {
				t.Fatalf("%d of %d octets were taken for the row %v", n, len(data), want)
			}
		}
	}
}

func TestIdentifiers(t *testing.T) {
	id := MakeID(0x0203, 0x0A0B0C0D0E0F)
	equal(t, id.Replica(), uint16(0x0203))
	equal(t, id.Counter(), uint64(0x0A0B0C0D0E0F))
	sameBytes(t, appendID(id), []byte{3, 2, 0x0A, 0x0B, 0x0C, 0x0D, 0x0E, 0x0F})
	equal(t, GUID{0: 1, 4: 2, 6: 3, 8: 4, 15: 5}.String(), "00000001-0002-0003-0400-000000000005")
}

func appendID(id ID) []byte {
	c := wire.Appending(nil)
	wire.U64(c, &id)
	return c.Buf
}

// What is encoded may be shared, so encoding leaves it alone. The race detector
// is what this test is for.
func TestEncodingOnlyReads(t *testing.T) {
	var both sync.WaitGroup
	for range 2 {
		both.Go(func() {
			for _, r := range sentRops {
				if _, err := (RequestBuffer{Rops: []Request{r}, Handles: []uint32{1, 2, 3, 4, 5, 6}}).Encode(); err != nil {
					t.Errorf("%T: %v", r, err)
				}
			}
			if _, err := (ResponseBuffer{Rops: gotRops, Handles: []uint32{1, 2, 3, 4, 5, 6}}).Encode(); err != nil {
				t.Error(err)
			}
		})
	}
	both.Wait()
}
