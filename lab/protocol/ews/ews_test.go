package ews

import (
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"shutout/lab/protocol/ews/xmltree"
)

var (
	aTime  = time.Date(2010, 3, 1, 9, 30, 0, 0, time.UTC)
	imapID = Field{Tag: "0xe23", Type: "Integer"}
	server = ServerVersion{14, 3, 123, 3, Exchange2010SP2}
	aMail  = Item{
		Kind: KindMessage, MIME: []byte("Subject: x\r\n\r\nhello\r\n"), ID: ID{"AAMk1", "CQ1"}, Parent: ID{ID: "AQMk5"},
		Class: "IPM.Note", Subject: "Grüße & <more>", Sensitivity: "Normal", Body: &Body{BodyText, true, "line\r\nline"},
		Received: aTime, Size: new(900), Importance: High, Draft: False, Sent: aTime.Add(-time.Second), Created: aTime.Add(time.Millisecond),
		DisplayCc: "Frank", DisplayTo: "Erin", HasAttachments: False,
		Properties: []Property{{Field: imapID, Value: "7"}, {Field: Field{Set: "PublicStrings", Name: "Keywords", Type: "StringArray"}, Values: []string{"a", ""}}},
		Modified:   aTime, Sender: &Mailbox{"Dana", "dana@corp.example", "SMTP"},
		To: []Mailbox{{Name: "Erin", Address: "erin@corp.example"}, {Address: "out@side.example"}}, Cc: []Mailbox{{Address: "frank@corp.example"}},
		Bcc: []Mailbox{{Address: "postmaster@corp.example"}}, From: &Mailbox{Address: "/o=corp/cn=dana", Routing: "EX"},
		InternetMessageID: "<1@corp.example>", Read: True,
	}
)

// requests has one of each operation, with all that it can hold.
var requests = map[string]Request{
	"GetFolder": {Version: Exchange2007SP1, Op: GetFolder{Shape{Base: Default}, []FolderRef{Distinguished(Inbox), {ID: ID{"AQMk5", "Aw"}}}}},
	"GetFolder of another": {Version: Exchange2013, Impersonate: "erin@corp.example",
		Op: GetFolder{Shape{Base: IDOnly, Extra: []Field{imapID}}, []FolderRef{{Distinguished: Calendar, Mailbox: "erin@corp.example"}}}},
	"FindFolder": {Op: FindFolder{Deep, Shape{Base: IDOnly}, &View{Max: 500}, &Condition{Op: "Exists", Field: imapID}, []FolderRef{Distinguished(MsgFolderRoot)}}},
	"FindItem": {Version: Exchange2010SP1, Op: FindItem{Shallow, Shape{Base: AllProperties, MIME: true, Body: BodyBest, Extra: []Field{
		FieldMessageID, {URI: "item:InternetMessageHeader", Index: "Received"}, {SetGUID: "00062008-0000-0000-C000-000000000046", ID: "34160", Type: "Integer"}}},
		&View{Max: 10, Offset: 20, FromEnd: true},
		&Condition{Op: "And", Operands: []Condition{
			{Op: "Or", Operands: []Condition{{Op: "IsEqualTo", Field: FieldIsRead, Value: "false"}, {Op: "IsGreaterThan", Field: imapID, Value: ""}}},
			{Op: "Not", Operands: []Condition{{Op: "Contains", Field: FieldSubject, Value: "x", Mode: "Substring", Compare: "IgnoreCase"}}},
			{Op: "Excludes", Field: imapID, Value: "0x1"}}},
		[]Sort{{FieldReceived, true}, {imapID, false}}, []FolderRef{Distinguished(Inbox)}}},
	"FindItem all": {Op: FindItem{Traversal: Associated, Shape: Shape{Base: IDOnly}, Parents: []FolderRef{{ID: ID{ID: "AQMk5"}}}}},
	"GetItem":      {Op: GetItem{Shape{Base: Default, Body: BodyText}, []ID{{"AAMk1", "CQ1"}, {ID: "AAMk2"}}}},
	"CreateItem": {Version: Exchange2007, Op: CreateItem{SendAndSaveCopy, &FolderRef{Distinguished: SentItems}, []Item{{Kind: KindMessage, Subject: "hello",
		Body: &Body{Type: BodyText, Text: "now\n"}, To: []Mailbox{{Address: "erin@corp.example"}}}}}},
	"CreateItem of all": {Op: CreateItem{Items: []Item{aMail}}},
	"UpdateItem": {Op: UpdateItem{SaveOnly, "AlwaysOverwrite", []ItemChange{{ID{ID: "AAMk1"}, []Update{
		{SetField, FieldIsRead, Item{Kind: KindMessage, Read: True}}, {Op: DeleteField, Field: FieldSubject}}}}}},
	"SendItem":            {Op: SendItem{true, []ID{{"AAMk1", "CQ1"}}, &FolderRef{Distinguished: SentItems}}},
	"SendItem and forget": {Op: SendItem{Items: []ID{{ID: "AAMk1"}}}},
	"MoveItem":            {Op: MoveItem{Distinguished(DeletedItems), []ID{{ID: "AAMk1"}, {ID: "AAMk2"}}}},
	"CopyItem":            {Op: CopyItem{FolderRef{ID: ID{ID: "AQMk5"}}, []ID{{ID: "AAMk1"}}}},
	"DeleteItem":          {Op: DeleteItem{"HardDelete", []ID{{ID: "AAMk1"}}}},
	"SyncFolderItems":     {Op: SyncFolderItems{Shape{Base: IDOnly}, Distinguished(Inbox), "H4s=", []ID{{ID: "AAMk9"}}, 512}},
	"Subscribe":           {Op: Subscribe{[]FolderRef{Distinguished(Inbox)}, []EventType{NewMailEvent, CreatedEvent}}},
	"Subscribe to all":    {Op: Subscribe{Events: []EventType{DeletedEvent}}},
	"Unsubscribe":         {Op: Unsubscribe{"HABj"}},
	"GetStreamingEvents":  {Op: GetStreamingEvents{[]string{"HABj", "HABk"}, 30 * time.Minute}},
	"ConvertId":           {Op: ConvertID{"EwsId", []AlternateID{{"EwsId", "AQMk5", "blah@blah.com"}}}},
	"GetInboxRules":       {Op: GetInboxRules{"dana@corp.example"}},
	"GetInboxRules own":   {Op: GetInboxRules{}},
	"UpdateInboxRules": {Version: Exchange2010SP1, Op: UpdateInboxRules{"", true, []RuleChange{{CreateRule, aRule("")}, {SetRule, aRule("AQ==")},
		{DeleteRule, Rule{ID: "Ag=="}}}}},
}

// responses has one of each operation's.
var responses = map[string]Response{
	"GetFolder": {server, "GetFolder", []Message{{Code: NoError, Folders: []Folder{{Kind: KindFolder, ID: ID{"AQMk5", "Aw"}, Parent: ID{ID: "AQMk1"},
		Class: "IPF.Note", Name: "Inbox", Total: new(3), Children: new(0), Unread: new(1), Properties: []Property{{Field: imapID, Value: ""}}}}},
		{Code: ErrorItemNotFound, Text: "not here"}}},
	"FindFolder": {server, "FindFolder", []Message{{Code: NoError, Page: &Page{Next: 1, Total: 1, Last: true, Folders: []Folder{{Kind: "CalendarFolder", Name: "Calendar"}}}}}},
	"FindItem":   {server, "FindItem", []Message{{Code: NoError, Page: &Page{Next: 10, Total: 99, Items: []Item{aMail, {Kind: "MeetingRequest", ID: ID{ID: "AAMk3"}}}}}}},
	"GetItem":    {ServerVersion{Major: 8, Minor: 3}, "GetItem", []Message{{Code: NoError, Items: []Item{aMail}}}},
	"CreateItem": {server, "CreateItem", []Message{{Code: NoError}, {Code: ErrorMessageSizeExceeded, Text: "too big"},
		{Code: ErrorServerBusy, Text: "later", BackOff: 1500 * time.Millisecond}}},
	"SendItem":   {server, "SendItem", []Message{{Code: NoError}, {Code: ErrorSendAsDenied, Text: "not you"}}},
	"MoveItem":   {server, "MoveItem", []Message{{Code: NoError, Items: []Item{{Kind: KindMessage, ID: ID{"AAMk2", "CQ1"}}}}}},
	"CopyItem":   {server, "CopyItem", []Message{{Code: ErrorItemNotFound, Text: "gone"}}},
	"UpdateItem": {server, "UpdateItem", []Message{{Code: NoError, Items: []Item{{Kind: KindMessage, ID: ID{"AAMk1", "CQ2"}}}}}},
	"DeleteItem": {server, "DeleteItem", []Message{{Code: NoError}}},
	"SyncFolderItems": {server, "SyncFolderItems", []Message{{Code: NoError, Sync: &SyncResult{"H4s2", true, []Change{{Created, aMail},
		{Updated, Item{Kind: KindMessage, ID: ID{ID: "AAMk1"}, Read: False}}, {Deleted, Item{ID: ID{ID: "AAMk2"}}}, {ReadChanged, Item{ID: ID{ID: "AAMk3"}, Read: True}}}}}}},
	"Subscribe":   {server, "Subscribe", []Message{{Code: NoError, Subscription: "HABj"}}},
	"Unsubscribe": {server, "Unsubscribe", []Message{{Code: ErrorSubscriptionNotFound, Text: "gone"}}},
	"GetStreamingEvents": {server, "GetStreamingEvents", []Message{{Code: NoError, Connection: ConnectionOK, Notifications: []Notification{{"HABj", []Event{
		{NewMailEvent, aTime, ID{"AAMk1", "CQ1"}, ID{}, ID{ID: "AQMk5"}}, {Type: CreatedEvent, Time: aTime, Folder: ID{ID: "AQMk6"}}, {Type: StatusEvent}}}}}}},
	"GetStreamingEvents lost": {ServerVersion{}, "GetStreamingEvents", []Message{{Code: ErrorExpiredSubscription, Lost: []string{"HABj"}, Connection: ConnectionClosed}}},
	"ConvertId":               {server, "ConvertId", []Message{{Code: NoError, ID: &AlternateID{"EwsId", "AQMk5", "dana@corp.example"}}}},
	"GetInboxRules":           {server, "GetInboxRules", []Message{{Code: NoError, RuleBlob: False, Rules: []Rule{aRule("AQ=="), {Name: "gone", Priority: 2, Delete: true}}}}},
	"GetInboxRules none":      {server, "GetInboxRules", []Message{{Code: NoError, RuleBlob: True, Rules: []Rule{}}}},
	"UpdateInboxRules":        {server, "UpdateInboxRules", []Message{{Code: NoError}}},
	"UpdateInboxRules no":     {server, "UpdateInboxRules", []Message{{Code: ErrorInvalidRequest, Text: "no"}}},
	"warning":                 {server, "GetItem", []Message{{Code: "ErrorBatchProcessingStopped", Warning: true, Text: "stopped"}}},
}

// aRule sends everything on.
func aRule(id string) Rule {
	return Rule{ID: id, Name: "Copy & go", Priority: 1, Enabled: true, Forward: []Mailbox{{Address: "dana@private.example"}},
		Redirect: []Mailbox{{Name: "Dana", Address: "dana@else.example", Routing: "SMTP"}}}
}

func TestRequests(t *testing.T) {
	for name, want := range requests {
		got, err := ParseRequest(encoded(t)(want.Encode()))
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %+v, %v, want %+v", name, got, err, want)
		}
		if op, _, _ := strings.Cut(name, " "); want.Op.Name() != op {
			t.Errorf("%s: is a %s", name, want.Op.Name())
		}
	}
}

func TestResponses(t *testing.T) {
	for name, want := range responses {
		got, err := ParseResponse(encoded(t)(want.Encode()))
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %+v, %v, want %+v", name, got, err, want)
		}
	}
}

func encoded(t testing.TB) func([]byte, error) []byte {
	return func(b []byte, err error) []byte {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
}

const (
	declaration = `<?xml version="1.0" encoding="utf-8"?>`
	opening     = `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" xmlns:t="http://schemas.microsoft.com/exchange/services/2006/types" xmlns:m="http://schemas.microsoft.com/exchange/services/2006/messages"`
	begin       = declaration + opening + `><s:Body>`
	end         = `</s:Body></s:Envelope>`
)

// TestGolden holds whole documents, so that the order of elements shows, on
// which Exchange insists.
func TestGolden(t *testing.T) {
	tests := map[string]struct{ got, want string }{
		"GetFolder": {string(encoded(t)(requests["GetFolder"].Encode())), declaration + opening + `><s:Header><t:RequestServerVersion Version="Exchange2007_SP1"/></s:Header><s:Body>` +
			`<m:GetFolder><m:FolderShape><t:BaseShape>Default</t:BaseShape></m:FolderShape><m:FolderIds><t:DistinguishedFolderId Id="inbox"/><t:FolderId Id="AQMk5" ChangeKey="Aw"/></m:FolderIds></m:GetFolder>` + end},
		"FindItem": {string(encoded(t)(Request{Op: FindItem{Shallow, Shape{Base: Default, Extra: []Field{imapID}}, &View{Max: 10}, nil, []Sort{{FieldReceived, true}}, []FolderRef{Distinguished(Inbox)}}}.Encode())),
			begin + `<m:FindItem Traversal="Shallow"><m:ItemShape><t:BaseShape>Default</t:BaseShape><t:AdditionalProperties><t:ExtendedFieldURI PropertyTag="0xe23" PropertyType="Integer"/></t:AdditionalProperties></m:ItemShape>` +
				`<m:IndexedPageItemView MaxEntriesReturned="10" Offset="0" BasePoint="Beginning"/><m:SortOrder><t:FieldOrder Order="Descending"><t:FieldURI FieldURI="item:DateTimeReceived"/></t:FieldOrder></m:SortOrder>` +
				`<m:ParentFolderIds><t:DistinguishedFolderId Id="inbox"/></m:ParentFolderIds></m:FindItem>` + end},
		"CreateItem": {string(encoded(t)(requests["CreateItem"].Encode())), declaration + opening + `><s:Header><t:RequestServerVersion Version="Exchange2007"/></s:Header><s:Body>` +
			`<m:CreateItem MessageDisposition="SendAndSaveCopy"><m:SavedItemFolderId><t:DistinguishedFolderId Id="sentitems"/></m:SavedItemFolderId><m:Items><t:Message><t:Subject>hello</t:Subject>` +
			`<t:Body BodyType="Text">now&#xA;</t:Body><t:ToRecipients><t:Mailbox><t:EmailAddress>erin@corp.example</t:EmailAddress></t:Mailbox></t:ToRecipients></t:Message></m:Items></m:CreateItem>` + end},
		"GetStreamingEvents": {string(encoded(t)(requests["GetStreamingEvents"].Encode())),
			begin + `<m:GetStreamingEvents><m:SubscriptionIds><t:SubscriptionId>HABj</t:SubscriptionId><t:SubscriptionId>HABk</t:SubscriptionId></m:SubscriptionIds><m:ConnectionTimeout>30</m:ConnectionTimeout></m:GetStreamingEvents>` + end},
		"folder": {string(encoded(t)(Response{server, "GetFolder", []Message{{Code: NoError, Folders: []Folder{{Kind: KindFolder, ID: ID{"AQMk5", "Aw"}, Name: "Inbox", Total: new(3), Unread: new(0)}}}}}.Encode())),
			declaration + opening + `><s:Header><t:ServerVersionInfo MajorVersion="14" MinorVersion="3" MajorBuildNumber="123" MinorBuildNumber="3" Version="Exchange2010_SP2"/></s:Header><s:Body>` +
				`<m:GetFolderResponse><m:ResponseMessages><m:GetFolderResponseMessage ResponseClass="Success"><m:ResponseCode>NoError</m:ResponseCode><m:Folders><t:Folder><t:FolderId Id="AQMk5" ChangeKey="Aw"/>` +
				`<t:DisplayName>Inbox</t:DisplayName><t:TotalCount>3</t:TotalCount><t:UnreadCount>0</t:UnreadCount></t:Folder></m:Folders></m:GetFolderResponseMessage></m:ResponseMessages></m:GetFolderResponse>` + end},
		"error": {string(encoded(t)(Response{Op: "CreateItem", Messages: []Message{{Code: ErrorServerBusy, Text: "later", BackOff: time.Second}}}.Encode())),
			begin + `<m:CreateItemResponse><m:ResponseMessages><m:CreateItemResponseMessage ResponseClass="Error"><m:MessageText>later</m:MessageText><m:ResponseCode>ErrorServerBusy</m:ResponseCode>` +
				`<m:DescriptiveLinkKey>0</m:DescriptiveLinkKey><m:MessageXml><t:Value Name="BackOffMilliseconds">1000</t:Value></m:MessageXml><m:Items/></m:CreateItemResponseMessage></m:ResponseMessages></m:CreateItemResponse>` + end},
		"event": {string(encoded(t)(Response{Op: "GetStreamingEvents", Messages: []Message{{Code: NoError, Notifications: []Notification{{"HABj", []Event{{NewMailEvent, aTime, ID{ID: "AAMk1"}, ID{}, ID{ID: "AQMk5"}}}}}}}}.Encode())),
			begin + `<m:GetStreamingEventsResponse><m:ResponseMessages><m:GetStreamingEventsResponseMessage ResponseClass="Success"><m:ResponseCode>NoError</m:ResponseCode><m:Notifications><m:Notification>` +
				`<t:SubscriptionId>HABj</t:SubscriptionId><t:NewMailEvent><t:TimeStamp>2010-03-01T09:30:00Z</t:TimeStamp><t:ItemId Id="AAMk1"/><t:ParentFolderId Id="AQMk5"/></t:NewMailEvent></m:Notification></m:Notifications>` +
				`</m:GetStreamingEventsResponseMessage></m:ResponseMessages></m:GetStreamingEventsResponse>` + end},
		"fault": {string(encoded(t)((&Fault{Code: ErrorSchemaValidation, Text: "no"}).Encode())), declaration + opening + ` xmlns:e="http://schemas.microsoft.com/exchange/services/2006/errors"><s:Body><s:Fault>` +
			`<faultcode>t:ErrorSchemaValidation</faultcode><faultstring xml:lang="en-US">no</faultstring><detail><e:ResponseCode>ErrorSchemaValidation</e:ResponseCode><e:Message>no</e:Message></detail></s:Fault>` + end},
	}
	for name, tt := range tests {
		if tt.got != tt.want {
			t.Errorf("%s: got\n%s, want\n%s", name, tt.got, tt.want)
		}
	}
}

func TestFault(t *testing.T) {
	for _, want := range []Fault{{Code: ErrorServerBusy, Text: "busy", BackOff: time.Minute}, {Text: "no"}, {Code: ErrorAccessDenied}} {
		_, err := ParseResponse(encoded(t)(want.Encode()))
		var got *Fault
		if !errors.As(err, &got) || *got != want {
			t.Errorf("got %v, want %+v", err, want)
		}
	}
	for _, m := range []Message{{Code: NoError}, {Code: "ErrorBatchProcessingStopped", Warning: true}} {
		if err := m.Err(); err != nil {
			t.Error(err)
		}
	}
	if err := (Message{Code: ErrorAccessDenied, Text: "no"}).Err(); err == nil || err.Error() != "ews: ErrorAccessDenied: no" {
		t.Error(err)
	}
}

func TestMalformedRequests(t *testing.T) {
	const shape, ids, inbox = `<m:ItemShape><t:BaseShape>IdOnly</t:BaseShape></m:ItemShape>`, `<m:ItemIds><t:ItemId Id="x"/></m:ItemIds>`, `<t:DistinguishedFolderId Id="inbox"/>`
	find := func(s string) string {
		return `<m:FindItem Traversal="Shallow">` + shape + s + `<m:ParentFolderIds>` + inbox + `</m:ParentFolderIds></m:FindItem>`
	}
	create := func(s string) string {
		return `<m:CreateItem MessageDisposition="SendOnly"><m:Items><t:Message>` + s + `</t:Message></m:Items></m:CreateItem>`
	}
	rules := func(s string) string {
		return `<m:UpdateInboxRules><m:Operations>` + s + `</m:Operations></m:UpdateInboxRules>`
	}
	rule := func(s string) string {
		return rules(`<t:CreateRuleOperation><t:Rule>` + s + `</t:Rule></t:CreateRuleOperation>`)
	}
	sync := func(s string) string {
		return `<m:SyncFolderItems>` + shape + `<m:SyncFolderId>` + inbox + `</m:SyncFolderId><m:MaxChangesReturned>` + s + `</m:MaxChangesReturned></m:SyncFolderItems>`
	}
	for body, element := range map[string]string{
		"<m:UpdateInboxRules/>":     "UpdateInboxRules",
		rules("<t:RuleOperation/>"): "RuleOperation", rules("<t:SetRuleOperation><t:Rule/></t:SetRuleOperation>"): "SetRuleOperation", rules("<t:DeleteRuleOperation/>"): "DeleteRuleOperation",
		rule("<t:Priority>0</t:Priority>"): "Priority", rule("<t:Conditions><t:IsMeetingRequest>true</t:IsMeetingRequest></t:Conditions>"): "Conditions",
		rule("<t:Actions><t:MoveToFolder/></t:Actions>"): "MoveToFolder", rule("<t:Actions><t:ForwardToRecipients/></t:Actions>"): "ForwardToRecipients",
		rule("<t:Actions><t:ForwardToRecipients><t:Mailbox/></t:ForwardToRecipients></t:Actions>"): "Mailbox", rule("<t:Colour/>"): "Colour",
		"": "Body", "<m:GetItem/><m:GetItem/>": "Body", "<m:Delete/>": "Delete", "<t:GetItem/>": "GetItem", "<GetItem/>": "GetItem",
		"<m:GetItem/>": "GetItem", "<m:GetItem>" + shape + "</m:GetItem>": "GetItem", "<m:GetItem>" + ids + "</m:GetItem>": "GetItem",
		"<m:GetItem>" + shape + "<m:ItemIds/></m:GetItem>":                                                   "ItemIds",
		"<m:GetItem>" + shape + "<m:ItemIds><t:ItemId/></m:ItemIds></m:GetItem>":                             "ItemId",
		"<m:GetItem>" + shape + "<m:ItemIds><t:FolderId Id='x'/></m:ItemIds></m:GetItem>":                    "FolderId",
		"<m:GetItem><m:ItemShape/></m:GetItem>":                                                              "ItemShape",
		"<m:GetItem><m:ItemShape><t:BaseShape>All</t:BaseShape></m:ItemShape></m:GetItem>":                   "BaseShape",
		"<m:GetItem><m:ItemShape><t:BodyType>RTF</t:BodyType></m:ItemShape></m:GetItem>":                     "BodyType",
		"<m:GetItem><m:ItemShape><t:IncludeMimeContent>yes</t:IncludeMimeContent></m:ItemShape></m:GetItem>": "IncludeMimeContent",
		"<m:GetFolder><m:FolderIds><t:ItemId Id='x'/></m:FolderIds></m:GetFolder>":                           "ItemId",
		"<m:GetFolder><m:FolderIds><t:DistinguishedFolderId/></m:FolderIds></m:GetFolder>":                   "DistinguishedFolderId",
		"<m:FindItem/>": "FindItem", "<m:FindItem Traversal='Deep'/>": "FindItem", "<m:FindFolder Traversal='Associated'/>": "FindFolder",
		find("<m:IndexedPageItemView Offset='-1' BasePoint='Beginning'/>"):                       "IndexedPageItemView",
		find("<m:IndexedPageItemView MaxEntriesReturned='0' Offset='0' BasePoint='Beginning'/>"): "IndexedPageItemView",
		find("<m:IndexedPageItemView Offset='0' BasePoint='Middle'/>"):                           "IndexedPageItemView",
		find("<m:CalendarView/>"):                                                                             "CalendarView",
		find("<m:Restriction/>"):                                                                              "Restriction",
		find("<m:Restriction><t:And/></m:Restriction>"):                                                       "And",
		find("<m:Restriction><t:Near/></m:Restriction>"):                                                      "Near",
		find("<m:Restriction><t:Exists/></m:Restriction>"):                                                    "Exists",
		find("<m:Restriction><t:IsEqualTo><t:FieldURI FieldURI='x'/></t:IsEqualTo></m:Restriction>"):          "IsEqualTo",
		find("<m:Restriction><t:Contains><t:FieldURI FieldURI='x'/></t:Contains></m:Restriction>"):            "Contains",
		find("<m:SortOrder><t:FieldOrder Order='Up'><t:FieldURI FieldURI='x'/></t:FieldOrder></m:SortOrder>"): "FieldOrder",
		find("<m:SortOrder><t:FieldOrder Order='Ascending'><t:FieldURI/></t:FieldOrder></m:SortOrder>"):       "FieldURI",
		find("<m:SortOrder><t:FieldOrder Order='Ascending'><t:ExtendedFieldURI PropertyTag='0xq' PropertyType='Integer'/></t:FieldOrder></m:SortOrder>"): "ExtendedFieldURI",
		find("<m:SortOrder><t:FieldOrder Order='Ascending'><t:ExtendedFieldURI PropertyId='1' PropertyType='Integer'/></t:FieldOrder></m:SortOrder>"):    "ExtendedFieldURI",
		"<m:CreateItem/>": "CreateItem", "<m:CreateItem MessageDisposition='Send'/>": "CreateItem",
		"<m:CreateItem><m:Items><t:Spam/></m:Items></m:CreateItem>":             "Spam",
		"<m:CreateItem><m:SavedItemFolderId/></m:CreateItem>":                   "SavedItemFolderId",
		create("<t:MimeContent>!</t:MimeContent>"):                              "MimeContent",
		create("<t:Body>x</t:Body>"):                                            "Body",
		create("<t:ToRecipients><t:EmailAddress/></t:ToRecipients>"):            "EmailAddress",
		create("<t:From/>"):                                                     "From",
		create("<t:DateTimeSent>yesterday</t:DateTimeSent>"):                    "DateTimeSent",
		create("<t:DateTimeSent>9999-12-31T23:59:59-01:00</t:DateTimeSent>"):    "DateTimeSent",
		create("<t:Size>-1</t:Size>"):                                           "Size",
		create("<t:IsRead>TRUE</t:IsRead>"):                                     "IsRead",
		create("<t:Importance>Urgent</t:Importance>"):                           "Importance",
		create("<t:ExtendedProperty><t:Value>1</t:Value></t:ExtendedProperty>"): "ExtendedProperty",
		"<m:UpdateItem/>": "UpdateItem", "<m:UpdateItem><m:ItemChanges><t:ItemChange/></m:ItemChanges></m:UpdateItem>": "ItemChange",
		"<m:UpdateItem><m:ItemChanges><t:ItemChange><t:ItemId Id='x'/><t:Updates><t:SetItemField/></t:Updates></t:ItemChange></m:ItemChanges></m:UpdateItem>": "SetItemField",
		"<m:DeleteItem/>": "DeleteItem", "<m:DeleteItem DeleteType='HardDelete'/>": "DeleteItem",
		"<m:MoveItem/>": "MoveItem", "<m:CopyItem><m:ToFolderId/></m:CopyItem>": "ToFolderId", "<m:MoveItem><m:ToFolderId>" + inbox + "</m:ToFolderId></m:MoveItem>": "MoveItem",
		"<m:SendItem>" + ids + "</m:SendItem>": "SendItem", "<m:SendItem SaveItemToFolder='true'/>": "SendItem",
		sync("513"): "MaxChangesReturned", sync("0"): "MaxChangesReturned", sync(""): "MaxChangesReturned",
		"<m:SyncFolderItems/>": "SyncFolderItems", "<m:Subscribe/>": "Subscribe", "<m:Subscribe><m:PullSubscriptionRequest/></m:Subscribe>": "Subscribe",
		"<m:Subscribe><m:StreamingSubscriptionRequest/></m:Subscribe>":                                                                                            "StreamingSubscriptionRequest",
		"<m:Subscribe><m:StreamingSubscriptionRequest><t:EventTypes><t:EventType>Any</t:EventType></t:EventTypes></m:StreamingSubscriptionRequest></m:Subscribe>": "EventType",
		"<m:Unsubscribe/>": "Unsubscribe", "<m:GetStreamingEvents/>": "GetStreamingEvents",
		"<m:GetStreamingEvents><m:ConnectionTimeout>31</m:ConnectionTimeout></m:GetStreamingEvents>": "ConnectionTimeout",
		"<m:ConvertId/>": "ConvertId", "<m:ConvertId DestinationFormat='EwsId'><m:SourceIds><t:AlternateId/></m:SourceIds></m:ConvertId>": "AlternateId",
	} {
		r, err := ParseRequest([]byte(begin + body + end))
		var schema *SchemaError
		if !errors.As(err, &schema) || schema.Element != element {
			t.Errorf("%s: got %+v, %v, want an error about %s", body, r, err, element)
		}
	}
	for _, body := range []string{"", "x", begin, "<!DOCTYPE x><x/>", begin + strings.Repeat("<a>", 50) + strings.Repeat("</a>", 50) + end} {
		if _, err := ParseRequest([]byte(body)); !errors.Is(err, xmltree.ErrXML) {
			t.Errorf("%.80s: %v", body, err)
		}
	}
	for _, body := range []string{"<x/>", `<Envelope xmlns="http://www.w3.org/2003/05/soap-envelope"/>`, declaration + opening + "/>",
		declaration + opening + "><s:Header><t:RequestServerVersion/></s:Header><s:Body><m:Unsubscribe/></s:Body></s:Envelope>",
		declaration + opening + "><s:Header><t:ExchangeImpersonation><t:ConnectingSID><t:SID>S-1-5</t:SID></t:ConnectingSID></t:ExchangeImpersonation></s:Header><s:Body><m:Unsubscribe/></s:Body></s:Envelope>"} {
		var schema *SchemaError
		if _, err := ParseRequest([]byte(body)); !errors.As(err, &schema) {
			t.Errorf("%.80s: %v", body, err)
		}
	}
}

func TestMalformedResponses(t *testing.T) {
	message := func(class, s string) string {
		return `<m:GetItemResponse><m:ResponseMessages><m:GetItemResponseMessage ResponseClass="` + class + `">` + s + `</m:GetItemResponseMessage></m:ResponseMessages></m:GetItemResponse>`
	}
	const code = "<m:ResponseCode>NoError</m:ResponseCode>"
	for body, element := range map[string]string{
		"<m:GetItem/>": "GetItem", "<m:GetItemResponse/>": "GetItemResponse", "<m:ExpandDLResponse><m:ResponseMessages/></m:ExpandDLResponse>": "ExpandDLResponse",
		"<m:GetItemResponse><m:ResponseMessages><m:FindItemResponseMessage/></m:ResponseMessages></m:GetItemResponse>": "FindItemResponseMessage",
		message("Good", code): "GetItemResponseMessage", message("Success", ""): "GetItemResponseMessage", message("Error", code): "GetItemResponseMessage",
		message("Success", "<m:ResponseCode>ErrorAccessDenied</m:ResponseCode>"):                            "GetItemResponseMessage",
		message("Error", "<m:ResponseCode> </m:ResponseCode>"):                                              "ResponseCode",
		message("Error", "<m:ResponseCode>Error here</m:ResponseCode>"):                                     "ResponseCode",
		message("Success", code+"<m:Items><t:Thing/></m:Items>"):                                            "Thing",
		message("Error", "<m:MessageXml><t:Value Name='BackOffMilliseconds'>soon</t:Value></m:MessageXml>"): "Value",
		"<s:Fault><detail><e:ResponseCode xmlns:e='" + nsErrors + "'/></detail></s:Fault>":                  "ResponseCode",
		"<m:SyncFolderItemsResponse><m:ResponseMessages><m:SyncFolderItemsResponseMessage ResponseClass='Success'>" + code + "<m:Changes><t:ReadFlagChange><t:ItemId Id='x'/></t:ReadFlagChange></m:Changes></m:SyncFolderItemsResponseMessage></m:ResponseMessages></m:SyncFolderItemsResponse>": "ReadFlagChange",
		"<m:GetStreamingEventsResponse><m:ResponseMessages><m:GetStreamingEventsResponseMessage ResponseClass='Success'>" + code + "<m:ConnectionStatus>Good</m:ConnectionStatus></m:GetStreamingEventsResponseMessage></m:ResponseMessages></m:GetStreamingEventsResponse>":                      "ConnectionStatus",
	} {
		r, err := ParseResponse([]byte(begin + body + end))
		var schema *SchemaError
		if !errors.As(err, &schema) || schema.Element != element {
			t.Errorf("%s: got %+v, %v, want an error about %s", body, r, err, element)
		}
	}
}

// TestStream reads what a connection carries: an event, a sign of life, and the
// end that the server announces.
func TestStream(t *testing.T) {
	alive := Response{Op: "GetStreamingEvents", Messages: []Message{{Code: NoError, Connection: ConnectionOK}}}
	closing := Response{Op: "GetStreamingEvents", Messages: []Message{{Code: NoError, Connection: ConnectionClosed}}}
	want := []Response{responses["GetStreamingEvents"], alive, alive, closing}
	var body strings.Builder
	for _, r := range want {
		body.Write(encoded(t)(r.Encode()))
		body.WriteString("\r\n")
	}
	s := NewStream(iotest.OneByteReader(strings.NewReader(body.String())))
	for _, w := range want {
		got, err := s.Next()
		if err != nil || !reflect.DeepEqual(got, w) {
			t.Fatalf("got %+v, %v, want %+v", got, err, w)
		}
	}
	if _, err := s.Next(); err != io.EOF {
		t.Errorf("at the end: %v", err)
	}

	reset := errors.New("connection reset by peer")
	whole := string(encoded(t)(alive.Encode()))
	for name, tt := range map[string]struct {
		rest io.Reader
		want error
	}{
		"broken off": {strings.NewReader(whole[:len(whole)/2]), io.ErrUnexpectedEOF},
		"reset":      {io.MultiReader(strings.NewReader(whole[:99]), iotest.ErrReader(reset)), reset},
		"not XML":    {strings.NewReader("gone"), xmltree.ErrXML},
	} {
		s := NewStream(io.MultiReader(strings.NewReader(whole), tt.rest))
		if _, err := s.Next(); err != nil {
			t.Fatal(name, err)
		}
		if _, err := s.Next(); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	fault := encoded(t)((&Fault{Code: ErrorAccessDenied, Text: "no"}).Encode())
	var f *Fault
	if _, err := NewStream(strings.NewReader(string(fault))).Next(); !errors.As(err, &f) || f.Code != ErrorAccessDenied {
		t.Errorf("fault: %v", err)
	}
}
