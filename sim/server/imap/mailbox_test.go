package imap_test

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	imaplib "github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"shutout/sim/server/servertest"
)

// play runs f as dana's mail program, with mails of these subjects in the inbox.
func play(t *testing.T, f func(w *servertest.World, u *imapclient.Client), subjects ...string) {
	t.Helper()
	w := newWorld(t, "ex2010")
	w.Event(0, func(now time.Time) {
		for _, s := range subjects {
			w.Mail(now, "dana", s)
		}
	})
	w.At(time.Minute, "dana", func(ctx context.Context) {
		if u := signIn(ctx, t, w, "dana"); u != nil {
			defer u.Close()
			if _, err := u.Select("INBOX", nil).Wait(); err != nil {
				t.Error(err)
			}
			f(w, u)
		}
	})
	w.Run(2 * time.Minute)
}

func TestFolders(t *testing.T) {
	play(t, func(w *servertest.World, u *imapclient.Client) {
		want := func(err error, want string) {
			t.Helper()
			if got := text(err); got != want {
				t.Errorf("got %s, want %s", got, want)
			}
		}
		want(u.Create("Projects/2026/", nil).Wait(), "<nil>")
		want(u.Create("Projects", nil).Wait(), "<nil>")
		want(u.Create("projects", nil).Wait(), "NO Mailbox already exists.")
		want(u.Create("a//b", nil).Wait(), "NO The requested operation could not be performed.")
		want(u.Delete("INBOX").Wait(), "NO The requested operation could not be performed.")
		want(u.Delete("nothing").Wait(), "NO The requested item could not be found.")
		want(u.Rename("Projects", "Work", nil).Wait(), "<nil>")
		want(u.Subscribe("Work").Wait(), "<nil>")

		for _, c := range []struct {
			ref, pattern string
			want         []string
		}{
			{"", "%", []string{"INBOX", "Drafts", "Sent Items", "Deleted Items", "Outbox", "Junk E-mail", "Work"}},
			{"", "Work*", []string{"Work/2026", "Work"}},
			{"Work/", "%", []string{"Work/2026"}},
			{"", "inbox", []string{"INBOX"}},
			{"", "nothing", nil},
		} {
			list, err := u.List(c.ref, c.pattern, nil).Collect()
			if err != nil {
				t.Error(err)
			}
			var names []string
			for _, d := range list {
				names = append(names, d.Mailbox)
			}
			if !slices.Equal(names, c.want) {
				t.Errorf("LIST %q %q: %q", c.ref, c.pattern, names)
			}
		}
		if _, err := u.List("", "*a*a*a*a", nil).Collect(); text(err) != "BAD Command Argument Error. 12" {
			t.Error(err)
		}
		list, err := u.List("", "Deleted Items", nil).Collect()
		if err != nil || len(list) != 1 || !slices.Contains(list[0].Attrs, imaplib.MailboxAttrTrash) || list[0].Delim != '/' {
			t.Error(list, err)
		}
		status, err := u.Status("INBOX", &imaplib.StatusOptions{NumMessages: true, NumUnseen: true, UIDNext: true, UIDValidity: true}).Wait()
		if err != nil || *status.NumMessages != 2 || *status.NumUnseen != 2 || status.UIDNext != 3 {
			t.Errorf("%+v, %v", status, err)
		}
		ns, err := u.Namespace().Wait()
		if err != nil || len(ns.Personal) != 1 || ns.Personal[0].Delim != '/' {
			t.Error(ns, err)
		}
	}, "one", "two")
}

func TestFetch(t *testing.T) {
	play(t, func(w *servertest.World, u *imapclient.Client) {
		all := imaplib.SeqSet{{Start: 1, Stop: 0}}
		got, err := u.Fetch(all, &imaplib.FetchOptions{
			UID: true, Flags: true, InternalDate: true, RFC822Size: true, Envelope: true,
			BodyStructure: &imaplib.FetchItemBodyStructure{Extended: true},
		}).Collect()
		if err != nil || len(got) != 2 {
			t.Errorf("%v, %v", got, err)
			return
		}
		m := got[1]
		if m.UID != 2 || len(m.Flags) != 0 || !m.InternalDate.Equal(servertest.Start) || m.Envelope.Subject != "two" ||
			m.Envelope.From[0].Addr() != "erin@corp.example" || m.BodyStructure.MediaType() != "text/plain" || m.RFC822Size == 0 {
			t.Errorf("%+v", m)
		}
		section := func(s imaplib.FetchItemBodySection) string {
			got, err := u.Fetch(imaplib.UIDSetNum(2), &imaplib.FetchOptions{BodySection: []*imaplib.FetchItemBodySection{&s}}).Collect()
			if err != nil || len(got) != 1 {
				t.Errorf("%v, %v", got, err)
				return ""
			}
			return string(got[0].FindBodySection(&s))
		}
		whole := section(imaplib.FetchItemBodySection{Peek: true})
		if int64(len(whole)) != m.RFC822Size || !strings.HasSuffix(whole, "\r\n.dotted line\r\n") {
			t.Errorf("%q", whole)
		}
		if got := section(imaplib.FetchItemBodySection{Peek: true, Partial: &imaplib.SectionPartial{Offset: 6, Size: 9}}); got != "Erin Cole" {
			t.Errorf("partial %q", got)
		}
		if got := section(imaplib.FetchItemBodySection{Peek: true, Partial: &imaplib.SectionPartial{Offset: 1 << 40, Size: 9}}); got != "" {
			t.Errorf("partial behind the end %q", got)
		}
		if got := section(imaplib.FetchItemBodySection{Peek: true, Specifier: imaplib.PartSpecifierHeader, HeaderFields: []string{"Subject"}}); got != "Subject: two\r\n\r\n" {
			t.Errorf("header %q", got)
		}
		flags := func() []imaplib.Flag {
			got, _ := u.Fetch(imaplib.SeqSetNum(2), &imaplib.FetchOptions{Flags: true}).Collect()
			return got[0].Flags
		}
		if got := flags(); len(got) != 0 {
			t.Errorf("after peeking %v", got)
		}
		if got := section(imaplib.FetchItemBodySection{Part: []int{1}}); got != "Hello.\r\n.dotted line\r\n" {
			t.Errorf("part 1 %q", got)
		}
		if got := flags(); !slices.Contains(got, imaplib.FlagSeen) {
			t.Errorf("after reading %v", got)
		}
	}, "one", "two")
}

func TestChangeMessages(t *testing.T) {
	play(t, func(w *servertest.World, u *imapclient.Client) {
		got, err := u.Store(imaplib.SeqSetNum(1, 2), &imaplib.StoreFlags{Op: imaplib.StoreFlagsAdd, Flags: []imaplib.Flag{`\flagged`, "$Keyword"}}, nil).Collect()
		if err != nil || len(got) != 2 || !slices.Equal(got[0].Flags, []imaplib.Flag{imaplib.FlagFlagged}) {
			t.Errorf("%v, %v", got, err)
		}
		data, err := u.Copy(imaplib.SeqSetNum(1), "Drafts").Wait()
		if err != nil || data.SourceUIDs.String() != "1" || data.DestUIDs.String() != "1" {
			t.Errorf("%v, %v", data, err)
		}
		if _, err := u.Copy(imaplib.SeqSetNum(1), "nowhere").Wait(); !strings.Contains(err.Error(), "TRYCREATE") {
			t.Error(err)
		}
		moved, err := u.Move(imaplib.UIDSetNum(2), "Deleted Items").Wait()
		if err != nil || moved.SourceUIDs.String() != "2" {
			t.Errorf("%v, %v", moved, err)
		}
		if err := u.Store(imaplib.SeqSetNum(1), &imaplib.StoreFlags{Op: imaplib.StoreFlagsSet, Silent: true, Flags: []imaplib.Flag{imaplib.FlagDeleted}}, nil).Close(); err != nil {
			t.Error(err)
		}
		gone, err := u.Expunge().Collect()
		if err != nil || !slices.Equal(gone, []uint32{1}) {
			t.Error(gone, err)
		}
		list, err := u.UIDSearch(&imaplib.SearchCriteria{}, nil).Wait()
		if err != nil || fmt.Sprint(list.AllUIDs()) != "[3]" {
			t.Error(list, err)
		}
	}, "one", "two", "three")
}

func TestExamineChangesNothing(t *testing.T) {
	play(t, func(w *servertest.World, u *imapclient.Client) {
		u.Select("INBOX", &imaplib.SelectOptions{ReadOnly: true}).Wait()
		if err := u.Store(imaplib.SeqSetNum(1), &imaplib.StoreFlags{Op: imaplib.StoreFlagsAdd, Flags: []imaplib.Flag{imaplib.FlagDeleted}}, nil).Close(); text(err) != "NO Command received in Invalid state." {
			t.Error(err)
		}
		u.Fetch(imaplib.SeqSetNum(1), &imaplib.FetchOptions{BodySection: []*imaplib.FetchItemBodySection{{}}}).Close()
		if err := u.UnselectAndExpunge().Wait(); err != nil {
			t.Error(err)
		}
		status, err := u.Status("INBOX", &imaplib.StatusOptions{NumMessages: true, NumUnseen: true}).Wait()
		if err != nil || *status.NumMessages != 1 || *status.NumUnseen != 1 {
			t.Error(status, err)
		}
	}, "one")
}

func TestAppend(t *testing.T) {
	play(t, func(w *servertest.World, u *imapclient.Client) {
		raw := "Subject: draft\r\n\r\n" + strings.Repeat("long line of text\r\n", 5000)
		put := func(folder string) (*imaplib.AppendData, error) {
			cmd := u.Append(folder, int64(len(raw)), &imaplib.AppendOptions{Flags: []imaplib.Flag{imaplib.FlagSeen}, Time: servertest.Start.AddDate(-1, 0, 0)})
			io.WriteString(cmd, raw)
			cmd.Close()
			return cmd.Wait()
		}
		data, err := put("Drafts")
		if err != nil || data.UID != 1 {
			t.Error(data, err)
		}
		if _, err := put("nowhere"); err == nil || !strings.Contains(err.Error(), "TRYCREATE") {
			t.Error(err)
		}
		cmd := u.Append("Drafts", 101<<20, nil)
		cmd.Close()
		if _, err := cmd.Wait(); err == nil {
			t.Error("APPEND without measure was taken")
		}
	})
}

func TestSearch(t *testing.T) {
	play(t, func(w *servertest.World, u *imapclient.Client) {
		u.Store(imaplib.SeqSetNum(2), &imaplib.StoreFlags{Op: imaplib.StoreFlagsAdd, Silent: true, Flags: []imaplib.Flag{imaplib.FlagSeen}}, nil).Close()
		day := servertest.Start
		header := func(k, v string) []imaplib.SearchCriteriaHeaderField {
			return []imaplib.SearchCriteriaHeaderField{{Key: k, Value: v}}
		}
		for _, c := range []struct {
			criteria imaplib.SearchCriteria
			want     string
		}{
			{imaplib.SearchCriteria{}, "[1 2 3]"},
			{imaplib.SearchCriteria{Flag: []imaplib.Flag{imaplib.FlagSeen}}, "[2]"},
			{imaplib.SearchCriteria{NotFlag: []imaplib.Flag{imaplib.FlagSeen}}, "[1 3]"},
			{imaplib.SearchCriteria{SeqNum: []imaplib.SeqSet{{{Start: 2, Stop: 0}}}}, "[2 3]"},
			{imaplib.SearchCriteria{UID: []imaplib.UIDSet{imaplib.UIDSetNum(1, 9)}}, "[1]"},
			{imaplib.SearchCriteria{Header: header("Subject", "TWO")}, "[2]"},
			{imaplib.SearchCriteria{Header: header("From", "erin")}, "[1 2 3]"},
			{imaplib.SearchCriteria{Header: header("X-None", "")}, "[]"},
			{imaplib.SearchCriteria{Body: []string{"hello"}}, "[1 2 3]"},
			{imaplib.SearchCriteria{Body: []string{"three"}}, "[]"},
			{imaplib.SearchCriteria{Text: []string{"three"}}, "[3]"},
			{imaplib.SearchCriteria{Since: day, Before: day.AddDate(0, 0, 1)}, "[1 2 3]"},
			{imaplib.SearchCriteria{Before: day}, "[]"},
			{imaplib.SearchCriteria{SentSince: day}, "[1 2 3]"},
			{imaplib.SearchCriteria{Larger: 10}, "[1 2 3]"},
			{imaplib.SearchCriteria{Smaller: 10}, "[]"},
			{imaplib.SearchCriteria{Not: []imaplib.SearchCriteria{{Text: []string{"one"}}}}, "[2 3]"},
			{imaplib.SearchCriteria{Or: [][2]imaplib.SearchCriteria{{{Text: []string{"one"}}, {Text: []string{"two"}}}}}, "[1 2]"},
		} {
			got, err := u.Search(&c.criteria, nil).Wait()
			if err != nil {
				t.Error(err)
				return
			}
			nums := got.AllSeqNums()
			if nums == nil {
				nums = []uint32{}
			}
			if fmt.Sprint(nums) != c.want {
				t.Errorf("%+v: %v, want %s", c.criteria, nums, c.want)
			}
		}
		many := imaplib.SearchCriteria{}
		for range 500 {
			many.Text = append(many.Text, "one")
		}
		if _, err := u.Search(&many, nil).Wait(); text(err) != "BAD Command Argument Error. 12" {
			t.Error(err)
		}
	}, "one", "two", "three")
}

// Sequence numbers hold until the client is told, whatever others do meanwhile.
func TestViewsOfTwoClients(t *testing.T) {
	play(t, func(w *servertest.World, u *imapclient.Client) {
		other := signIn(context.Background(), t, w, "dana")
		defer other.Close()
		other.Select("INBOX", nil).Wait()
		other.Store(imaplib.SeqSetNum(1), &imaplib.StoreFlags{Op: imaplib.StoreFlagsAdd, Silent: true, Flags: []imaplib.Flag{imaplib.FlagDeleted}}, nil).Close()
		other.Expunge().Close()

		subjects := func() (list []string) {
			got, err := u.Fetch(imaplib.SeqSet{{Start: 1, Stop: 0}}, &imaplib.FetchOptions{Envelope: true}).Collect()
			if err != nil {
				t.Error(err)
			}
			for _, m := range got {
				if m.Envelope != nil { // else it is news of the flag that the other client set
					list = append(list, fmt.Sprint(m.SeqNum, " ", m.Envelope.Subject))
				}
			}
			return list
		}
		if got := subjects(); !slices.Equal(got, []string{"2 two", "3 three"}) {
			t.Errorf("before the news %q", got)
		}
		u.Noop().Wait()
		if got := subjects(); !slices.Equal(got, []string{"1 two", "2 three"}) {
			t.Errorf("after the news %q", got)
		}
	}, "one", "two", "three")
}
