package containers

import (
	"context"
	"strings"
)

// mailLog reads Postfix's log.
func (org *organisation) mailLog(ctx context.Context) (*mailLog, error) {
	text, err := org.servers[hostMX].log(ctx)
	if err != nil {
		return nil, err
	}
	return parseMailLog(text), nil
}

// whereabouts tells where the newest message with a subject is.
func (org *organisation) whereabouts(ctx context.Context, subject string) (state string, arrived bool, err error) {
	l, err := org.mailLog(ctx)
	if err != nil {
		return "", false, err
	}
	for i := len(l.letters) - 1; i >= 0; i-- {
		if l.letters[i].subject == subject {
			state, arrived = l.letters[i].whereabouts()
			return state, arrived, nil
		}
	}
	return "no trace of the message", false, nil
}

// automaticReply tells what became of the vacation reply to a message. Replies
// name the message that they answer.
func (org *organisation) automaticReply(ctx context.Context, messageID string) (state string, made bool, err error) {
	l, err := org.mailLog(ctx)
	if err != nil {
		return "", false, err
	}
	for _, m := range l.letters {
		if m.inReplyTo != "" && m.inReplyTo == strings.Trim(messageID, "<>") {
			state, _ = m.whereabouts()
			return state, true, nil
		}
	}
	return "no mailbox has answered the message", false, nil
}
