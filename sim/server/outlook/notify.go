package outlook

import (
	"slices"
	"time"

	"shutout/lab/protocol/mapi"
	"shutout/sim/store"
)

// maxNews bounds the notifications that wait for a client. When more happens,
// the oldest are forgotten: whoever comes back after so much looks at the
// folder anyway.
const maxNews = 256

// subscription is a registration for events in one folder.
type subscription struct {
	handle uint32
	logon  uint8
	folder uint32
	types  mapi.NotificationFlags
	feed   *store.Feed // nil when nothing can happen there
}

func (s *subscription) close(x *Session) {
	if s.feed != nil {
		s.feed.Close()
	}
	watching, news, to := x.watching[:0], x.news[:0], x.newsTo[:0]
	for _, other := range x.watching {
		if other != s {
			watching = append(watching, other)
		}
	}
	for i, other := range x.newsTo {
		if other != s {
			news, to = append(news, x.news[i]), append(to, other)
		}
	}
	x.watching, x.news, x.newsTo = watching, news, to
}

// register has the client be told of events (MS-OXCNOTIF 2.2.1.2.1), for one folder
// or, with WholeStore, for the inbox: new mail comes nowhere else.
func (r *run) register(q *mapi.RegisterNotificationRequest) (mapi.Response, mapi.ErrorCode) {
	if code := r.mayAdd(q.Output); code != mapi.Success {
		return nil, code
	}
	if r.at(q.Input) == nil {
		return nil, mapi.CodeNullObject
	}
	name, number := "", uint32(0)
	if q.WholeStore {
		f, err := r.x.mailbox.Folder(r.now, store.Inbox)
		if err != nil {
			return nil, r.code(err)
		}
		name, number = f.Name, f.Number
	} else {
		f, code := r.find(q.FolderID)
		if code != mapi.Success {
			return nil, code
		}
		if number = f.number; number != 0 {
			info, err := r.x.mailbox.FolderByNumber(r.now, number)
			if err != nil {
				return nil, r.code(err)
			}
			name = info.Name
		}
	}
	s := &subscription{logon: q.LogonID, folder: number, types: q.Types}
	if number != 0 {
		feed, err := r.x.mailbox.Watch(r.now, name)
		if err != nil {
			return nil, r.code(err)
		}
		s.feed = feed
	}
	r.add(q.Output, s)
	s.handle = r.x.last
	r.x.watching = append(r.x.watching, s)
	return &mapi.RegisterNotificationResponse{Index: q.Output}, mapi.Success
}

// collect turns what happened in the store into notifications.
func (x *Session) collect() {
	for _, s := range x.watching {
		if s.feed == nil || !s.feed.Pending() {
			continue
		}
		for _, c := range s.feed.Take() {
			if n, ok := s.notification(c); ok {
				x.news, x.newsTo = append(x.news, n), append(x.newsTo, s)
			}
		}
	}
	if extra := len(x.news) - maxNews; extra > 0 {
		x.news, x.newsTo = x.news[extra:], x.newsTo[extra:]
	}
}

// notification is what a change in the folder means to the client.
func (s *subscription) notification(c store.Change) (mapi.Notification, bool) {
	n := mapi.Notification{FolderID: folderID(s.folder), MessageID: messageID(s.folder, c.UID), ParentFolderID: folderID(s.folder)}
	switch {
	case c.Kind == store.Added && s.types&mapi.NotifyNewMail != 0 && !c.Flags.Has(store.Seen) && !c.Flags.Has(store.Draft):
		n.Flags, n.MessageFlags = mapi.NotifyNewMail, uint32(messageFlags(c.Flags))
		n.MessageClass, n.Unicode = "IPM.Note", true
	case c.Kind == store.Added && s.types&mapi.NotifyObjectCreated != 0:
		n.Flags, n.TagCount = mapi.NotifyObjectCreated, mapi.TagsUnknown
	case c.Kind == store.Expunged && s.types&mapi.NotifyObjectDeleted != 0:
		n.Flags = mapi.NotifyObjectDeleted
	case c.Kind == store.Flagging && s.types&mapi.NotifyObjectModified != 0:
		n.Flags, n.TagCount = mapi.NotifyObjectModified, mapi.TagsUnknown
	default:
		return n, false
	}
	n.Flags |= mapi.NotifyMessage
	return n, true
}

// notify appends the notifications that there is room for.
func (r *run) notify() {
	x := r.x
	x.collect()
	for len(x.news) > 0 && r.room() > smallest {
		s := x.newsTo[0]
		if !r.put(&mapi.NotifyResponse{Handle: s.handle, LogonID: s.logon, Notification: x.news[0]}) {
			break
		}
		x.news, x.newsTo = x.news[1:], x.newsTo[1:]
	}
	switch {
	case len(x.news) > 0:
		r.put(&mapi.PendingResponse{SessionIndex: x.Index()})
	default:
		x.news, x.newsTo = nil, nil
	}
}

// Pending tells whether notifications wait for the next Execute.
func (x *Session) Pending(now time.Time) bool {
	x.collect()
	return len(x.news) > 0
}

// listener is somebody who wants to hear that there may be news.
type listener struct{ f func() }

// OnNews has f called whenever something happens that may make Pending true.
// Stop ends that.
func (x *Session) OnNews(f func()) (stop func()) {
	if x.over || x.mailbox == nil {
		return func() {}
	}
	if x.unsubscribe == nil {
		x.unsubscribe = x.svc.w.Store.Subscribe(x.owner, func(time.Time) {
			for _, l := range slices.Clone(x.listeners) {
				l.f()
			}
		})
	}
	l := &listener{f}
	x.listeners = append(x.listeners, l)
	return func() {
		x.listeners = slices.DeleteFunc(x.listeners, func(other *listener) bool { return other == l })
	}
}
