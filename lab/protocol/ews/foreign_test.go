package ews

import (
	"reflect"
	"strings"
	"testing"
	"time"
)

// TestForeign reads requests in other people's hands: other prefixes, headers
// and white space.
func TestForeign(t *testing.T) {
	const davmail = `<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/" xmlns:t="http://schemas.microsoft.com/exchange/services/2006/types" xmlns:m="http://schemas.microsoft.com/exchange/services/2006/messages"><soap:Header>` +
		`<t:RequestServerVersion Version="Exchange2010_SP1"/><t:TimeZoneContext><t:TimeZoneDefinition Id="UTC"/></t:TimeZoneContext></soap:Header><soap:Body>%</soap:Body></soap:Envelope>`
	tests := map[string]struct {
		body string
		want Request
	}{
		"endpoint check": {strings.ReplaceAll(davmail, "%", `<m:GetFolder><m:FolderShape><t:BaseShape>IdOnly</t:BaseShape></m:FolderShape><m:FolderIds><t:DistinguishedFolderId Id="root"/></m:FolderIds></m:GetFolder>`),
			Request{Version: Exchange2010SP1, Op: GetFolder{Shape{Base: IDOnly}, []FolderRef{Distinguished(Root)}}}},
		"whose mailbox": {strings.ReplaceAll(davmail, "%", `<m:ConvertId DestinationFormat="EwsId"><m:SourceIds><t:AlternateId  Format="EwsId" Id="AQMk1" Mailbox="blah@blah.com"/></m:SourceIds></m:ConvertId>`),
			Request{Version: Exchange2010SP1, Op: ConvertID{"EwsId", []AlternateID{{"EwsId", "AQMk1", "blah@blah.com"}}}}},
		"page of a folder": {strings.ReplaceAll(davmail, "%", `<m:FindItem Traversal="Shallow"><m:ItemShape><t:BaseShape>IdOnly</t:BaseShape><t:AdditionalProperties><t:ExtendedFieldURI PropertyTag="0xe23" PropertyType="Integer"/>`+
			`<t:FieldURI FieldURI="message:IsRead"/><t:ExtendedFieldURI DistinguishedPropertySetId="Common" PropertyId="34160" PropertyType="Integer"/></t:AdditionalProperties></m:ItemShape>`+
			`<m:IndexedPageItemView MaxEntriesReturned="500" Offset="0" BasePoint="Beginning"/><m:SortOrder><t:FieldOrder Order="Ascending"><t:ExtendedFieldURI PropertyTag="0xe23" PropertyType="Integer"/></t:FieldOrder></m:SortOrder>`+
			`<m:ParentFolderIds><t:FolderId Id="AQMk5" ChangeKey="Aw"/></m:ParentFolderIds></m:FindItem>`),
			Request{Version: Exchange2010SP1, Op: FindItem{Shallow, Shape{Base: IDOnly, Extra: []Field{imapID, FieldIsRead, {Set: "Common", ID: "34160", Type: "Integer"}}},
				&View{Max: 500}, nil, []Sort{{Field: imapID}}, []FolderRef{{ID: ID{"AQMk5", "Aw"}}}}}},
		"mail in base64": {strings.ReplaceAll(davmail, "%", `<m:CreateItem MessageDisposition="SendAndSaveCopy"><m:SavedItemFolderId><t:DistinguishedFolderId Id="sentitems"/></m:SavedItemFolderId><m:Items><t:Message>`+
			"<t:MimeContent>U3Vi\r\n amVjdA==\n</t:MimeContent></t:Message></m:Items></m:CreateItem>"),
			Request{Version: Exchange2010SP1, Op: CreateItem{SendAndSaveCopy, &FolderRef{Distinguished: SentItems}, []Item{{Kind: KindMessage, MIME: []byte("Subject")}}}}},
		"no prefixes": {`<?xml version="1.0" encoding="utf-8"?>
<Envelope xmlns="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
  <Body>
    <GetFolder xmlns="http://schemas.microsoft.com/exchange/services/2006/messages">
      <FolderShape><BaseShape xmlns="http://schemas.microsoft.com/exchange/services/2006/types">Default</BaseShape></FolderShape>
      <FolderIds><DistinguishedFolderId Id="inbox" xmlns="http://schemas.microsoft.com/exchange/services/2006/types"></DistinguishedFolderId></FolderIds>
    </GetFolder>
  </Body>
</Envelope>`, Request{Op: GetFolder{Shape{Base: Default}, []FolderRef{Distinguished(Inbox)}}}},
		"example of GetStreamingEvents operation": {`<?xml version="1.0" encoding="utf-8"?>
<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/" xmlns:t="http://schemas.microsoft.com/exchange/services/2006/types" xmlns:m="http://schemas.microsoft.com/exchange/services/2006/messages">
  <soap:Body>
    <GetStreamingEvents xmlns="http://schemas.microsoft.com/exchange/services/2006/messages">
      <SubscriptionIds>
        <SubscriptionId>f6bc657d-dde1-4f94-952d-143b95d6483d</SubscriptionId>
      </SubscriptionIds>
      <ConnectionTimeout>30</ConnectionTimeout>
    </GetStreamingEvents>
  </soap:Body>
</soap:Envelope>`, Request{Op: GetStreamingEvents{[]string{"f6bc657d-dde1-4f94-952d-143b95d6483d"}, 30 * time.Minute}}},
		"user principal name": {strings.Replace(strings.ReplaceAll(davmail, "%", `<m:Unsubscribe><m:SubscriptionId>x</m:SubscriptionId></m:Unsubscribe>`), "</soap:Header>",
			`<t:ExchangeImpersonation><t:ConnectingSID><t:PrincipalName>erin@corp.example</t:PrincipalName></t:ConnectingSID></t:ExchangeImpersonation></soap:Header>`, 1),
			Request{Version: Exchange2010SP1, Impersonate: "erin@corp.example", Op: Unsubscribe{"x"}}},
	}
	for name, tt := range tests {
		got, err := ParseRequest([]byte(tt.body))
		if err != nil || !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%s: got %+v, %v", name, got, err)
		}
	}
	for path, want := range map[string]bool{"/ews/exchange.asmx": true, "/EWS/Exchange.asmx": true, "/ews": false} {
		if IsPath(path) != want {
			t.Error(path)
		}
	}
	if got := imapID.PropertyID(); got != 0xe23 {
		t.Errorf("%#x", got)
	}
	if p, ok := Lookup(aMail.Properties, imapID); !ok || p.Value != "7" {
		t.Errorf("got %+v", p)
	}
}

// TestForeignEvent reads an event as Exchange 2013 sends it ("GetStreamingEvents
// operation", successful response).
func TestForeignEvent(t *testing.T) {
	got, err := ParseResponse([]byte(`<?xml version="1.0" encoding="utf-8" ?>
<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/">
  <soap:Header xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/">
    <ServerVersionInfo xmlns:xsd="http://www.w3.org/2001/XMLSchema" MajorVersion="15" MinorVersion="0" MajorBuildNumber="775" MinorBuildNumber="7" Version="V2_4" xmlns="http://schemas.microsoft.com/exchange/services/2006/types" />
  </soap:Header>
  <soap:Body xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/">
    <m:GetStreamingEventsResponse xmlns:t="http://schemas.microsoft.com/exchange/services/2006/types" xmlns:m="http://schemas.microsoft.com/exchange/services/2006/messages">
      <m:ResponseMessages>
        <m:GetStreamingEventsResponseMessage ResponseClass="Success">
          <m:ResponseCode>NoError</m:ResponseCode>
          <m:Notifications>
            <m:Notification>
              <t:SubscriptionId>f6bc657d</t:SubscriptionId>
              <t:NewMailEvent>
                <t:TimeStamp>2013-09-16T04:31:29Z</t:TimeStamp>
                <t:ItemId Id="AAMk" ChangeKey="CQAAAA==" />
                <t:ParentFolderId Id="AQMk" ChangeKey="AQAAAA==" />
              </t:NewMailEvent>
              <t:ModifiedEvent>
                <t:TimeStamp>2013-09-16T04:31:29Z</t:TimeStamp>
                <t:FolderId Id="AQMk" ChangeKey="AQAAAA==" />
                <t:ParentFolderId Id="AQMl" ChangeKey="AQAAAA==" />
                <t:UnreadCount>1</t:UnreadCount>
              </t:ModifiedEvent>
            </m:Notification>
          </m:Notifications>
        </m:GetStreamingEventsResponseMessage>
      </m:ResponseMessages>
    </m:GetStreamingEventsResponse>
  </soap:Body>
</s:Envelope>`))
	at := time.Date(2013, 9, 16, 4, 31, 29, 0, time.UTC)
	want := Response{ServerVersion{15, 0, 775, 7, "V2_4"}, "GetStreamingEvents", []Message{{Code: NoError, Notifications: []Notification{{"f6bc657d", []Event{
		{NewMailEvent, at, ID{"AAMk", "CQAAAA=="}, ID{}, ID{"AQMk", "AQAAAA=="}}, {ModifiedEvent, at, ID{}, ID{"AQMk", "AQAAAA=="}, ID{"AQMl", "AQAAAA=="}}}}}}}}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v", got, err)
	}
}
