package client

import "strings"

// answerWords are the words that the texts of answers are made of: those of the
// RFCs' examples and of the servers that labs have. Any other word of an answer
// may be something that the server heard from the client, and is not written
// down.
var answerWords = func() map[string]bool {
	words := map[string]bool{}
	for w := range strings.FieldsSeq(`
		a about above abort aborted absent accept accepted accepting access account action active administrator again ahead all allow allowed
		already always an and anonymous any anything are argument arguments as at attempt attempts auth authenticate
		authenticated authentication authenticating author authority authorisation authorization available away
		backend bad be because been before begin being blocked body but by bye cannot capability change changed check client
		close closed closing code command commands complete completed condition connect connected connection connections
		content continue could credentials current currently data database day dead deferred deliver delivered delivery denied
		deny did directory disabled disconnected do does domain done dot down due duplicate early empty enabled encrypted
		encryption end ended error errors exceeded exist exists expired fail failed failure fatal few file find first folder
		for forbidden found from full gateway go gone goodbye greeting has have hello host hosts hours id idle idling if in
		inbox incorrect information inline input insufficient internal interrupted invalid is it just known later length limit
		limited line listed local lock locked logged login logon logout loop lost mail mailbox mailboxes maildrop many
		mechanism message messages method microsoft missing moment moved multiple must name need negotiate network new next no
		noop not nothing now null number of off offered ok on one only open or out over overloaded part partial password per
		perform permanent permission permitted please policy possible prohibited protocol proceed provided proxy queue queued
		quit quota range read ready receive received recipient recipients redirect refused reject rejected relay relaying
		remote request requested required reset resource resources response restricted resume retry right rights scheduled
		secure secured security select selected send sender sent sequence server servers service services session sessions
		shutdown shutting sign signed size soon start started starting state status still stopped storage store stored succeeded
		successful successfully such sufficient support supported suspended syntax system take taken temporarily temporary terminated than that the there
		this time timed timeout tls to too transaction transmission transport try trying type unable unacceptable
		unauthenticated unauthorised unauthorized unavailable unknown unrecognised unrecognized unsuccessful unsupported until
		up use used user username valid version via wait waiting was way welcome when will with without wrong you your
		created accepted content reset multi-status moved permanently found other see temporary bad request payment forbidden
		conflict precondition unprocessable many requests implemented unavailable timed-out time-out login-timeout reauthenticate
		smtp imap imap4 imap4rev1 pop3 esmtp exchange dovecot postfix sendmail proxy-authenticate over-quota no-such-user
		capa chunking dsn pipelining plain 8bitmime expunge fetch logged off select terminating
		`) {
		words[w] = true
	}
	return words
}()

// maxWords bounds what is kept of an answer's text, and maxGaps how often other
// words may stand between them: where there are more, the server may be reading
// a message to us.
const (
	maxWords = 16
	maxGaps  = 2
)

// speech returns those words of a server's text that answers are made of, with
// … for others.
func speech(text string) string {
	switch text { // what a working session hears all day
	case "":
		return ""
	case "OK":
		return " OK"
	}
	var b strings.Builder
	words, gaps, gap := 0, 0, false
	for w := range strings.FieldsSeq(text) {
		core := strings.Trim(w, `.,:;!?()'"`)
		if known := len(core) <= 24 && answerWords[strings.ToLower(core)]; known && words < maxWords {
			b.WriteByte(' ')
			b.WriteString(w)
			words, gap = words+1, false
			continue
		}
		if !gap {
			b.WriteString(" …")
			gaps, gap = gaps+1, true
		}
		if gaps == maxGaps || words == maxWords {
			break
		}
	}
	return b.String()
}
