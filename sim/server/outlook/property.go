package outlook

import (
	"bytes"
	"cmp"
	"net/mail"
	"strings"
	"time"

	"shutout/lab/protocol/mapi"
	"shutout/sim/server/mailtext"
	"shutout/sim/store"
)

// Identities of properties (MS-OXPROPS) that the codec has no tag for.
const (
	idImportance        = 0x0017
	idConversationTopic = 0x0070
	idTransportHeaders  = 0x007D
	idSenderType        = 0x0C1E
	idSentByType        = 0x0064
	idDisplayBcc        = 0x0E02
	idDisplayCc         = 0x0E03
	idHasAttachments    = 0x0E1B
	idCreationTime      = 0x3007
	idModificationTime  = 0x3008
	idSenderSMTP        = 0x5D01
	idSentBySMTP        = 0x5D02
	idMailboxOwnerName  = 0x661C
	idUserName          = 0x661A
	idParentFolderID    = 0x6749
	idInternetCodePage  = 0x3FDE
)

// Bits of PidTagMessageFlags (MS-OXCMSG 2.2.1.6).
const (
	flagRead   = 0x00000001
	flagUnsent = 0x00000008
)

const utf8CodePage = 65001

// maxText bounds a body in bytes: a property stream has 31 bits for its size.
// Mail here is never that large; the number keeps one message from filling the
// memory.
const maxText = 16 << 20

// A native is a property's value with the type that the property has.
type native struct {
	t mapi.PropType
	v mapi.Value
}

func text(s string) native    { return native{mapi.TypeString, printable(s)} }
func number(n int) native     { return native{mapi.TypeInteger32, int32(n)} }
func boolean(b bool) native   { return native{mapi.TypeBoolean, b} }
func ident(id mapi.ID) native { return native{mapi.TypeInteger64, int64(id)} }

// moment is a time within what FILETIME can say and people read.
func moment(t time.Time) native {
	if t.Year() < 1601 || t.Year() > 9999 {
		t = time.Unix(0, 0)
	}
	return native{mapi.TypeTime, t.UTC()}
}

// printable makes a string that a buffer of ROPs can hold.
func printable(s string) string {
	if strings.IndexByte(s, 0) >= 0 {
		s = strings.ReplaceAll(s, "\x00", " ")
	}
	return strings.ToValidUTF8(s, "\uFFFD")
}

// messageTags are the properties of a message that lists of all its properties
// have, in the order of their identities.
var messageTags = []mapi.PropTag{
	mapi.Tag(idImportance, mapi.TypeInteger32), mapi.TagMessageClass, mapi.TagSubject, mapi.TagClientSubmitTime,
	mapi.TagSubjectPrefix, mapi.TagSentRepresentingName, mapi.Tag(idSentByType, mapi.TypeString),
	mapi.TagSentRepresentingEmail, mapi.Tag(idConversationTopic, mapi.TypeString), mapi.Tag(idTransportHeaders, mapi.TypeString),
	mapi.TagSenderName, mapi.TagSenderAddressType, mapi.TagSenderEmailAddress, mapi.Tag(idDisplayBcc, mapi.TypeString),
	mapi.Tag(idDisplayCc, mapi.TypeString), mapi.TagDisplayTo, mapi.TagMessageDeliveryTime, mapi.TagMessageFlags,
	mapi.TagMessageSize, mapi.Tag(idHasAttachments, mapi.TypeBoolean), mapi.TagNormalizedSubject, mapi.TagBody,
	mapi.TagInternetMessageID, mapi.Tag(idCreationTime, mapi.TypeTime), mapi.Tag(idModificationTime, mapi.TypeTime),
	mapi.Tag(idInternetCodePage, mapi.TypeInteger32), mapi.Tag(idSenderSMTP, mapi.TypeString), mapi.Tag(idSentBySMTP, mapi.TypeString),
	mapi.TagFolderID, mapi.TagMID,
}

// itemValue is a property of a stored message.
func itemValue(folder uint32, it *store.Item, id uint16) (native, bool) {
	switch id {
	case idImportance:
		return number(1), true // normal
	case mapi.TagMessageClass.ID():
		return text("IPM.Note"), true
	case mapi.TagSubject.ID():
		return text(it.Subject), true
	case mapi.TagSubjectPrefix.ID():
		prefix, _ := splitSubject(it.Subject)
		return text(prefix), true
	case mapi.TagNormalizedSubject.ID(), idConversationTopic:
		_, rest := splitSubject(it.Subject)
		return text(rest), true
	case mapi.TagClientSubmitTime.ID():
		return moment(submitted(it)), true
	case mapi.TagMessageDeliveryTime.ID(), idCreationTime, idModificationTime:
		return moment(it.Received), true
	case mapi.TagSentRepresentingName.ID(), mapi.TagSenderName.ID():
		a := sender(it)
		return text(cmp.Or(a.Name, a.Address)), true
	case mapi.TagSentRepresentingEmail.ID(), mapi.TagSenderEmailAddress.ID(), idSenderSMTP, idSentBySMTP:
		return text(sender(it).Address), true
	case idSenderType, idSentByType:
		return text("SMTP"), true
	case mapi.TagDisplayTo.ID():
		return text(names(it.To)), true
	case idDisplayCc:
		return text(names(field(it, "Cc"))), true
	case idDisplayBcc:
		return text(names(field(it, "Bcc"))), true
	case mapi.TagMessageFlags.ID():
		return number(messageFlags(it.Flags)), true
	case mapi.TagMessageSize.ID():
		return number(it.Size()), true
	case idHasAttachments:
		return boolean(false), true
	case mapi.TagBody.ID():
		return text(mailtext.Plain(it.Raw, maxText)), true
	case mapi.TagInternetMessageID.ID():
		if it.MessageID == "" {
			return native{}, false
		}
		return text("<" + it.MessageID + ">"), true
	case idTransportHeaders:
		head, _, _ := bytes.Cut(it.Raw, []byte("\r\n\r\n"))
		return text(string(head) + "\r\n"), true
	case idInternetCodePage:
		return number(utf8CodePage), true
	case mapi.TagFolderID.ID(), idParentFolderID:
		return ident(folderID(folder)), true
	case mapi.TagMID.ID():
		return ident(messageID(folder, it.UID)), true
	}
	return native{}, false
}

func messageFlags(f store.Flags) (n int) {
	if f.Has(store.Seen) {
		n |= flagRead
	}
	if f.Has(store.Draft) {
		n |= flagUnsent
	}
	return n
}

// splitSubject cuts the prefix of a reply or forward off: up to three
// characters before a colon (MS-OXCMSG 2.2.1.9).
func splitSubject(s string) (prefix, rest string) {
	n := strings.Index(s, ": ")
	if n < 1 || n > 3 {
		return "", s
	}
	return s[:n+2], s[n+2:]
}

func sender(it *store.Item) mail.Address {
	a, err := mail.ParseAddress(it.From)
	if err != nil {
		return mail.Address{Address: it.From}
	}
	return *a
}

// names is how lists show recipients: by name, with semicolons between them.
func names(addresses string) string {
	list, err := mail.ParseAddressList(addresses)
	if err != nil {
		return addresses
	}
	shown := make([]string, len(list))
	for i, a := range list {
		shown[i] = cmp.Or(a.Name, a.Address)
	}
	return strings.Join(shown, "; ")
}

// field reads a header field that the store has not read already.
func field(it *store.Item, name string) string {
	m, err := mail.ReadMessage(bytes.NewReader(it.Raw))
	if err != nil {
		return ""
	}
	return m.Header.Get(name)
}

// submitted is when a mail's author says that it was sent.
func submitted(it *store.Item) time.Time {
	m, err := mail.ReadMessage(bytes.NewReader(it.Raw))
	if err != nil {
		return it.Received
	}
	t, err := m.Header.Date()
	if err != nil {
		return it.Received
	}
	return t
}

// folderTags are the properties of a folder.
var folderTags = []mapi.PropTag{
	mapi.TagDisplayName, mapi.TagContentCount, mapi.TagContentUnreadCount, mapi.TagSubfolders,
	mapi.TagContainerClass, mapi.TagFolderID,
}

// value is a property of a folder.
func (e *entry) value(id uint16) (native, bool) {
	switch id {
	case mapi.TagDisplayName.ID():
		return text(e.Name[strings.LastIndexByte(e.Name, '/')+1:]), true
	case mapi.TagContentCount.ID():
		return number(e.Total), true
	case mapi.TagContentUnreadCount.ID():
		return number(e.Unseen), true
	case mapi.TagSubfolders.ID():
		return boolean(e.parent), true
	case mapi.TagContainerClass.ID():
		return text("IPF.Note"), true
	case mapi.TagFolderID.ID():
		return ident(e.id), true
	}
	return native{}, false
}

// cell puts a value into the type that a client asked for.
func cell(t mapi.PropType, unicode bool, n native, ok bool) mapi.Value {
	switch {
	case !ok:
		return mapi.CellError(mapi.CodeNotFound)
	case t == n.t:
		return n.v
	case t == mapi.TypeUnspecified && (unicode || n.t != mapi.TypeString):
		return mapi.TypedValue{Type: n.t, Value: n.v}
	case t == mapi.TypeUnspecified:
		return mapi.TypedValue{Type: mapi.TypeString8, Value: narrow(n.v)}
	case t == mapi.TypeString8 && n.t == mapi.TypeString:
		return narrow(n.v)
	default:
		return mapi.CellError(mapi.CodeNotFound)
	}
}

// narrow is a string in ASCII, which every code page has.
func narrow(v mapi.Value) string {
	s, _ := v.(string)
	return strings.Map(func(r rune) rune {
		if r > 0x7F {
			return '?'
		}
		return r
	}, s)
}
