package diagnosis

import (
	"strings"
	"time"
)

// Thresholds say how much of something is a sign of abuse. The sources speak
// of "many" and "few" and give hardly a number, so most of these are
// inferences, and each says from what.
type Thresholds struct {
	// Many is from how many messages, in the queues or in the busiest hour of
	// a log, a cause counts as at work. An administrator was alarmed by 20 to
	// 30 queues of one or two messages each (002_235895b6475120ef.txt), which
	// he still called few for a reverse NDR attack; 20 is the lower end.
	Many int `json:"many"`
	// FewPerQueue is up to how many messages a queue of out-of-office
	// backscatter holds: "one or two" (002_235895b6475120ef.txt).
	FewPerQueue int `json:"few_per_queue"`
	// StuckReplies is from how many outside domains that cannot be reached a
	// mailbox's automatic replies are backscatter (inference: people who
	// really wrote can mostly be answered).
	StuckReplies int `json:"stuck_replies"`
	// Share is which part of the mail concerned a cause must make up, so that
	// the ordinary bounces of a large organisation are none (inference).
	Share float64 `json:"share"`
	// PerHour is from how many outside recipients an hour one client does not
	// write by hand (inference: more than one a minute).
	PerHour int `json:"per_hour"`
	// FailedLogons is from how many refusals of one client a password was
	// being guessed (inference: more than three connections of the three tries
	// that MaxLogonFailures allows each, Set-ReceiveConnector).
	FailedLogons int `json:"failed_logons"`
	// Blocked is from how many calls of one office computer to port 25 outside
	// the firewall's log shows a bot rather than somebody's test with telnet
	// (inference; the log shows it quickly, 004_4d27062e20911578.txt).
	Blocked int `json:"blocked"`
	// Calls is the same for calls that the firewall let through.
	Calls int `json:"calls"`
	// WroteBefore is for which part of the recipients it must be seen that
	// they wrote in before (inference; 002_235895b6475120ef.txt found it for
	// the one that it looked up; a log may begin too late for some).
	WroteBefore float64 `json:"wrote_before"`
	// SmartHostDomains is from how many recipient domains on mail that all
	// went to one host means a smart host (inference).
	SmartHostDomains int `json:"smart_host_domains"`
	// Over is after how long without a sign, while the logs go on, a cause seems
	// to be over (inference: an administrator looks whether the flood has died
	// down, 002_235895b6475120ef.txt).
	Over time.Duration `json:"over_ns"`
}

// DefaultThresholds are used unless somebody says otherwise.
var DefaultThresholds = Thresholds{
	Many: 20, FewPerQueue: 2, StuckReplies: 5, Share: 0.1, PerHour: 60, FailedLogons: 10, Blocked: 3, Calls: 20,
	WroteBefore: 0.8, SmartHostDomains: 10, Over: time.Hour,
}

// Words by which the logs tell kinds of mail apart.
var (
	// reportSenders are the mailboxes that reports of non-delivery come from:
	// postmaster in Exchange 2003 (KB909005), the system mailbox later (general
	// knowledge).
	reportSenders = []string{"postmaster@", "microsoftexchange329e71ec88ae4615bbc36ab6ce41109e@"}
	// replySubjects begin the subjects of automatic replies, in English (general
	// knowledge: Exchange 2003, then 2010 and later).
	replySubjects = []string{"out of office autoreply:", "out of office:", "automatic reply:"}
	// unknownUser is in the status of mail for somebody who does not exist
	// (RFC 3463 section 3.2; Recipient filtering, OfficeDocs-Exchange).
	unknownUser = []string{"5.1.1", "5.1.10", "recipnotfound", "recipientnotfound", "user unknown"}
	// administrators are accounts that guessers try first
	// (004_4d27062e20911578.txt: "usually the administrator account").
	administrators = []string{"administrator", "admin", "root", "test", "backup", "scanner", "sales", "info"}
	// userConnectors begin the names of the default receive connectors that
	// admit only who has signed in (Receive connectors, OfficeDocs-Exchange).
	userConnectors = []string{"client "}
)

// SourceMailboxRule is the source, in a tracking log, of what a mailbox sends
// by itself (Message tracking, OfficeDocs-Exchange).
const SourceMailboxRule = "MAILBOXRULE"

func begins(s string, words []string) bool {
	s = strings.ToLower(strings.TrimSpace(s))
	for _, w := range words {
		if strings.HasPrefix(s, w) {
			return true
		}
	}
	return false
}

func contains(s string, words []string) bool {
	s = strings.ToLower(s)
	for _, w := range words {
		if strings.Contains(s, w) {
			return true
		}
	}
	return false
}

// forUsers tells whether a receive connector, MBX1\Client MBX1, admits only who
// has signed in.
func forUsers(connector string) bool {
	if i := strings.LastIndexByte(connector, '\\'); i >= 0 {
		connector = connector[i+1:]
	}
	return begins(connector, userConnectors)
}

// administrative tells whether an account, CORP\admin or admin@corp.example, has a name that
// guessers try first.
func administrative(account string) bool {
	name := bare(account)
	if i := strings.LastIndexByte(name, '\\'); i >= 0 {
		name = name[i+1:]
	}
	name, _, _ = strings.Cut(name, "@")
	for _, w := range administrators {
		if name == w {
			return true
		}
	}
	return false
}
