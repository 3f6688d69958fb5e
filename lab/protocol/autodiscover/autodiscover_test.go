package autodiscover

import (
	"errors"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"shutout/lab/protocol/ews/xmltree"
)

func encoded(t testing.TB) func([]byte, error) []byte {
	return func(b []byte, err error) []byte {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
}

const declaration = `<?xml version="1.0" encoding="utf-8"?>`

var (
	requests = []Request{
		{Email: "dana@corp.example", Schema: OutlookSchema},
		{LegacyDN: "/o=corp/cn=dana", Schema: OutlookSchema},
	}
	settings = Response{
		User:   User{"Dana", "/o=corp/cn=dana", "dana@corp.example", "b3855f42-0000-0000-0000-000000000000"},
		Action: Settings,
		Protocols: []Protocol{
			{Type: EXCH, Server: "cas1.corp.example", ServerDN: "/o=corp/cn=MBX1", ServerVersion: "738180DA", MdbDN: "/o=corp/cn=MBX1/cn=Microsoft Private MDB",
				AD: "dc1.corp.example", ASURL: "https://cas1.corp.example/EWS/Exchange.asmx", EwsURL: "https://cas1.corp.example/EWS/Exchange.asmx",
				EcpURL: "https://cas1.corp.example/ecp/", OOFURL: "https://cas1.corp.example/EWS/Exchange.asmx", UMURL: "https://cas1.corp.example/EWS/UM2007Legacy.asmx", OABURL: "http://cas1.corp.example/OAB/1/"},
			{Type: EXPR, Server: "mail.corp.example", SSL: "On", AuthPackage: "Ntlm", CertPrincipalName: "msstd:mail.corp.example", ExclusiveConnect: "on"},
			{Type: WEB, External: &Web{OWA: []OWA{{"https://mail.corp.example/owa/", "Fba"}}, Protocol: EXPR, ASURL: "https://mail.corp.example/EWS/Exchange.asmx"},
				Internal: &Web{OWA: []OWA{{"https://cas1.corp.example/owa/", "Basic, Fba"}, {"https://cas2.corp.example/owa/", ""}}}},
			{Type: MAPIHTTP, Version: 1, MailStore: Endpoint{"https://cas1.corp.example/mapi/emsmdb/?MailboxId=1@corp.example", "https://mail.corp.example/mapi/emsmdb/?MailboxId=1@corp.example"},
				AddressBook: Endpoint{"https://cas1.corp.example/mapi/nspi/?MailboxId=1@corp.example", ""}},
		},
	}
	responses = []Response{settings, {Action: RedirectAddr, Redirect: "dana@other.example"}, {Action: RedirectURL, Redirect: "https://other.example" + URLPath},
		{Action: Settings, User: User{DisplayName: "Dana & Co"}}}
)

func TestRoundTrips(t *testing.T) {
	for _, want := range requests {
		if got, err := ParseRequest(encoded(t)(want.Encode())); err != nil || got != want {
			t.Errorf("got %+v, %v, want %+v", got, err, want)
		}
	}
	for _, want := range responses {
		if got, err := ParseResponse(encoded(t)(want.Encode())); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("got %+v, %v, want %+v", got, err, want)
		}
	}
	want := Error{Code: InvalidRequest, Text: "Invalid Request", Time: "10:30:44.1234567", ID: "1234567890"}
	_, err := ParseResponse(encoded(t)(want.Encode()))
	var got *Error
	if !errors.As(err, &got) || *got != want || err.Error() != "autodiscover: Invalid Request (600)" {
		t.Errorf("got %v, want %v", err, want)
	}
	if p, ok := settings.Find(WEB); !ok || p.Internal.OWA[0].AuthenticationMethod != "Basic, Fba" {
		t.Errorf("got %+v", p)
	}
	if _, ok := settings.Find(EXHTTP); ok {
		t.Error("found what is not there")
	}
}

func TestGolden(t *testing.T) {
	const open = declaration + `<Autodiscover xmlns="http://schemas.microsoft.com/exchange/autodiscover/responseschema/2006"><Response xmlns="http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a">`
	const end = `</Response></Autodiscover>`
	tests := map[string]struct{ got, want string }{
		"request": {string(encoded(t)(requests[0].Encode())), declaration + `<Autodiscover xmlns="http://schemas.microsoft.com/exchange/autodiscover/outlook/requestschema/2006"><Request><EMailAddress>dana@corp.example</EMailAddress>` +
			`<AcceptableResponseSchema>http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a</AcceptableResponseSchema></Request></Autodiscover>`},
		"redirect": {string(encoded(t)(responses[1].Encode())), open + `<Account><Action>redirectAddr</Action><RedirectAddr>dana@other.example</RedirectAddr></Account>` + end},
		"MAPI over HTTP": {string(encoded(t)(Response{Action: Settings, Protocols: settings.Protocols[3:]}.Encode())), open + `<Account><AccountType>email</AccountType><Action>settings</Action>` +
			`<Protocol Type="mapiHttp" Version="1"><MailStore><InternalUrl>https://cas1.corp.example/mapi/emsmdb/?MailboxId=1@corp.example</InternalUrl><ExternalUrl>https://mail.corp.example/mapi/emsmdb/?MailboxId=1@corp.example</ExternalUrl></MailStore>` +
			`<AddressBook><InternalUrl>https://cas1.corp.example/mapi/nspi/?MailboxId=1@corp.example</InternalUrl></AddressBook></Protocol></Account>` + end},
		"Outlook Anywhere": {string(encoded(t)(Response{Action: Settings, Protocols: settings.Protocols[1:3]}.Encode())), open + `<Account><AccountType>email</AccountType><Action>settings</Action>` +
			`<Protocol><Type>EXPR</Type><Server>mail.corp.example</Server><SSL>On</SSL><AuthPackage>Ntlm</AuthPackage><CertPrincipalName>msstd:mail.corp.example</CertPrincipalName><ServerExclusiveConnect>on</ServerExclusiveConnect></Protocol>` +
			`<Protocol><Type>WEB</Type><External><OWAUrl AuthenticationMethod="Fba">https://mail.corp.example/owa/</OWAUrl><Protocol><Type>EXPR</Type><ASUrl>https://mail.corp.example/EWS/Exchange.asmx</ASUrl></Protocol></External>` +
			`<Internal><OWAUrl AuthenticationMethod="Basic, Fba">https://cas1.corp.example/owa/</OWAUrl><OWAUrl>https://cas2.corp.example/owa/</OWAUrl></Internal></Protocol></Account>` + end},
		"error": {string(encoded(t)((&Error{Code: NoProvider, Text: "Provider is not available", Time: "10:30:44", ID: "1"}).Encode())), declaration +
			`<Autodiscover xmlns="http://schemas.microsoft.com/exchange/autodiscover/responseschema/2006"><Response><Error Time="10:30:44" Id="1"><ErrorCode>601</ErrorCode><Message>Provider is not available</Message><DebugData/></Error></Response></Autodiscover>`},
	}
	for name, tt := range tests {
		if tt.got != tt.want {
			t.Errorf("%s: got\n%s, want\n%s", name, tt.got, tt.want)
		}
	}
}

// TestForeign reads documents with other prefixes, white space and elements
// that nothing is known of.
func TestForeign(t *testing.T) {
	r, err := ParseRequest([]byte(`<Autodiscover xmlns="http://schemas.microsoft.com/exchange/autodiscover/mobilesync/requestschema/2006">
  <Request><EMailAddress> dana@corp.example </EMailAddress>
  <AcceptableResponseSchema>http://schemas.microsoft.com/exchange/autodiscover/mobilesync/responseschema/2006</AcceptableResponseSchema></Request></Autodiscover>`))
	if err != nil || r.Email != "dana@corp.example" || r.Schema == OutlookSchema {
		t.Errorf("a phone: %+v, %v", r, err)
	}
	got, err := ParseResponse([]byte(`<?xml version="1.0"?>
<Autodiscover xmlns="http://schemas.microsoft.com/exchange/autodiscover/responseschema/2006" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
  <Response xmlns="http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a">
    <User><DisplayName>Dana</DisplayName></User>
    <Account><AccountType>email</AccountType><Action>settings</Action><MicrosoftOnline>False</MicrosoftOnline>
      <Protocol><Type>EXCH</Type><EwsUrl>https://cas1.corp.example/EWS/Exchange.asmx</EwsUrl><PublicFolderInformation><SmtpAddress>x</SmtpAddress></PublicFolderInformation></Protocol>
    </Account></Response></Autodiscover>`))
	want := Response{User: User{DisplayName: "Dana"}, Action: Settings, Protocols: []Protocol{{Type: EXCH, EwsURL: "https://cas1.corp.example/EWS/Exchange.asmx"}}}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v", got, err)
	}
	_, err = ParseResponse([]byte(`<Autodiscover xmlns="` + nsAutodiscover + `"><Response xmlns="` + OutlookSchema + `"><Error><ErrorCode>500</ErrorCode></Error></Response></Autodiscover>`))
	var refusal *Error
	if !errors.As(err, &refusal) || refusal.Code != AddressNotFound {
		t.Errorf("got %v", err)
	}
}

// TestExample reads the example of MS-OXDSCLI 4.4.
func TestExample(t *testing.T) {
	got, err := ParseResponse([]byte(`<?xml version="1.0" encoding="utf-8"?>
<Autodiscover xmlns="http://schemas.microsoft.com/exchange/autodiscover/responseschema/2006">
  <Response xmlns="http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a">
    <User>
      <DisplayName>User Display Name</DisplayName>
      <LegacyDN>/o=microsoft/ou=Contoso/cn=Recipients/cn=486021</LegacyDN>
      <AutoDiscoverSMTPAddress>user@Contoso.com</AutoDiscoverSMTPAddress>
      <DeploymentId>30c3a927-42aa-5de8-91e3-8e5b4655ed00</DeploymentId>
    </User>
    <Account>
      <AccountType>email</AccountType>
      <Action>settings</Action>
      <Protocol Type="mapiHttp" Version="1">
        <MailStore>
          <InternalUrl>https://mail.Contoso.com/mapi/emsmdb/?MailboxId=416c6368-656d-794a-6f45-57615272456e@Contoso.com</InternalUrl>
        </MailStore>
        <AddressBook>
          <InternalUrl>https://mail.Contoso.com/mapi/nspi/?MailboxId=416c6368-656d-794a-6f45-57615272456e@Contoso.com</InternalUrl>
        </AddressBook>
      </Protocol>
      <Protocol>
        <Type>WEB</Type>
        <External>
          <OWAUrl AuthenticationMethod="Fba">https://mail.Contoso.com/owa</OWAUrl>
          <Protocol>
            <Type>EXPR</Type>
            <ASUrl>https://mail.Contoso.com/ews/exchange.asmx</ASUrl>
          </Protocol>
        </External>
        <Internal>
          <OWAUrl AuthenticationMethod="Ntlm, WindowsIntegrated">https:/Internal.mail.Contoso.com/owa</OWAUrl>
          <OWAUrl AuthenticationMethod="Basic, Fba">https://mail.Contoso.com/owa</OWAUrl>
          <Protocol>
            <Type>EXCH</Type>
            <ASUrl>https://mail.Contoso.com/ews/exchange.asmx</ASUrl>
          </Protocol>
        </Internal>
      </Protocol>
    </Account>
  </Response>
</Autodiscover>`))
	const mapi, id, ews = "https://mail.Contoso.com/mapi/", "/?MailboxId=416c6368-656d-794a-6f45-57615272456e@Contoso.com", "https://mail.Contoso.com/ews/exchange.asmx"
	want := Response{
		User:   User{"User Display Name", "/o=microsoft/ou=Contoso/cn=Recipients/cn=486021", "user@Contoso.com", "30c3a927-42aa-5de8-91e3-8e5b4655ed00"},
		Action: Settings,
		Protocols: []Protocol{
			{Type: MAPIHTTP, Version: 1, MailStore: Endpoint{InternalURL: mapi + "emsmdb" + id}, AddressBook: Endpoint{InternalURL: mapi + "nspi" + id}},
			{Type: WEB, External: &Web{[]OWA{{"https://mail.Contoso.com/owa", "Fba"}}, EXPR, ews},
				Internal: &Web{[]OWA{{"https:/Internal.mail.Contoso.com/owa", "Ntlm, WindowsIntegrated"}, {"https://mail.Contoso.com/owa", "Basic, Fba"}}, EXCH, ews}}}}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestHTTP(t *testing.T) {
	for value, want := range map[string]int{"": 0, "1": 1, " 2 ": 2, "-1": 0, "yes": 0, "99999999999": 0} {
		if got := MapiHTTP(http.Header{"X-Mapihttpcapability": {value}}); got != want {
			t.Errorf("%q is %d", value, got)
		}
	}
	if !IsPath("/Autodiscover/Autodiscover.xml") || IsPath("/autodiscover/autodiscover.svc") {
		t.Error("paths")
	}
	if got := strings.Join(URLs("corp.example"), " "); got != "https://corp.example/autodiscover/autodiscover.xml https://autodiscover.corp.example/autodiscover/autodiscover.xml" {
		t.Error(got)
	}
}

func TestMalformed(t *testing.T) {
	request := func(s string) string { return `<Autodiscover xmlns="` + nsRequest + `">` + s + `</Autodiscover>` }
	response := func(s string) string {
		return `<a:Autodiscover xmlns:a="` + nsAutodiscover + `" xmlns="` + OutlookSchema + `">` + s + `</a:Autodiscover>`
	}
	account := func(s string) string {
		return response("<Response><Account><Action>settings</Action>" + s + "</Account></Response>")
	}
	asks := func(b []byte) error { _, err := ParseRequest(b); return err }
	answers := func(b []byte) error { _, err := ParseResponse(b); return err }
	tests := map[string]struct {
		parse   func([]byte) error
		body    string
		element string // "" for what is not XML
	}{
		"nothing":         {asks, "", ""},
		"document type":   {asks, "<!DOCTYPE x>" + request(""), ""},
		"deep":            {asks, request(strings.Repeat("<a>", 20) + strings.Repeat("</a>", 20)), ""},
		"namespace":       {asks, "<Autodiscover/>", "Autodiscover"},
		"root":            {asks, `<Request xmlns="` + nsRequest + `"/>`, "Request"},
		"no request":      {asks, request(""), "Autodiscover"},
		"nobody":          {asks, request("<Request><AcceptableResponseSchema>x</AcceptableResponseSchema></Request>"), "Request"},
		"no schema":       {asks, request("<Request><EMailAddress>x</EMailAddress></Request>"), "Request"},
		"a request":       {answers, request(""), "Autodiscover"},
		"no response":     {answers, response(""), "Autodiscover"},
		"no account":      {answers, response("<Response/>"), "Response"},
		"no action":       {answers, response("<Response><Account/></Response>"), "Account"},
		"unknown action":  {answers, response("<Response><Account><Action>wait</Action></Account></Response>"), "Account"},
		"redirect where":  {answers, response("<Response><Account><Action>redirectAddr</Action><RedirectUrl>x</RedirectUrl></Account></Response>"), "Account"},
		"no type":         {answers, account("<Protocol/>"), "Protocol"},
		"mapiHttp inside": {answers, account("<Protocol><Type>mapiHttp</Type></Protocol>"), "Protocol"},
		"no version":      {answers, account("<Protocol Type='mapiHttp'/>"), "Protocol"},
		"error code":      {answers, response("<a:Response><a:Error><a:ErrorCode>bad</a:ErrorCode></a:Error></a:Response>"), "Error"},
	}
	for name, tt := range tests {
		err := tt.parse([]byte(tt.body))
		var schema *SchemaError
		if tt.element == "" && !errors.Is(err, xmltree.ErrXML) || tt.element != "" && (!errors.As(err, &schema) || schema.Element != tt.element) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func FuzzRequest(f *testing.F) {
	for _, r := range requests {
		f.Add(encoded(f)(r.Encode()))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		first, err := ParseRequest(body)
		if err != nil {
			return
		}
		second, err := ParseRequest(encoded(t)(first.Encode()))
		if err != nil || first != second {
			t.Fatalf("%+v became %+v, %v", first, second, err)
		}
	})
}

func FuzzResponse(f *testing.F) {
	for _, r := range responses {
		f.Add(encoded(f)(r.Encode()))
	}
	f.Add(encoded(f)((&Error{Code: NoProvider, Text: "x"}).Encode()))
	f.Fuzz(func(t *testing.T, body []byte) {
		first, err := ParseResponse(body)
		var refusal *Error
		if errors.As(err, &refusal) {
			var again *Error
			if _, err := ParseResponse(encoded(t)(refusal.Encode())); !errors.As(err, &again) || *again != *refusal {
				t.Fatalf("%+v became %v", refusal, err)
			}
			return
		}
		if err != nil {
			return
		}
		second, err := ParseResponse(encoded(t)(first.Encode()))
		if err != nil || !reflect.DeepEqual(first, second) {
			t.Fatalf("%+v became %+v, %v", first, second, err)
		}
	})
}
