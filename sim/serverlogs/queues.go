package serverlogs

import (
	"bytes"
	"strconv"
	"strings"
	"time"
)

// The types that Export-Csv names in its first line (general knowledge).
const (
	queueType   = "#TYPE Microsoft.Exchange.Data.QueueViewer.ExtensibleQueueInfo"
	messageType = "#TYPE Microsoft.Exchange.Data.QueueViewer.ExtensibleMessageInfo"
)

// queues writes Get-Queue and Get-Message of all servers. Exchange 2003 has
// neither, and its queue viewer exports nothing; what it shows is written in
// the same form.
func (s *State) queues(b builder) {
	queues := b.file("Get-Queue.csv", queueType,
		`"Identity","DeliveryType","NextHopDomain","Status","MessageCount","LastError","LastRetryTime","NextRetryTime"`)
	messages := b.file("Get-Message.csv", messageType,
		`"Identity","FromAddress","Status","Size","DateReceived","ExpirationTime","LastError","Queue","Recipients","InternetMessageId","Subject"`)
	for _, q := range s.Queues {
		quoted(queues, q.Identity, q.DeliveryType, q.NextHop, string(q.Status), strconv.Itoa(q.MessageCount), q.LastError, local(q.LastRetry), local(q.NextRetry))
		for _, m := range q.Messages {
			quoted(messages, m.Identity, m.FromAddress, string(q.Status), strconv.Itoa(m.Size), local(m.Received), local(m.Expires), m.LastError, q.Identity,
				strings.Join(m.Recipients, ";"), "<"+m.MessageID+">", m.Subject)
		}
	}
}

// quoted writes one record as Export-Csv does, every value in quotation marks.
func quoted(w *bytes.Buffer, values ...string) {
	for i, v := range values {
		if i > 0 {
			w.WriteByte(',')
		}
		w.WriteString(`"` + strings.ReplaceAll(v, `"`, `""`) + `"`)
	}
	w.WriteString("\r\n")
}

// local is a time as PowerShell writes it on a server with US settings.
func local(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	return at.UTC().Format("1/2/2006 3:04:05 PM")
}
