package mitigation

import (
	"errors"
	"strings"

	"shutout/lab"
)

// RemoveQueuedMail takes somebody's messages out of the queues.
type RemoveQueuedMail struct {
	User   string `yaml:"user,omitempty" kind:"account" example:"dana" doc:"whose messages" omitted:"sender says it"`
	Sender string `yaml:"sender,omitempty" kind:"address" doc:"the sender of the messages; <> for reports of non-delivery" omitted:"user says it"`
	Report bool   `yaml:"report,omitempty" kind:"flag" doc:"tell the sender that the message was not delivered" omitted:"false"`
}

func (*RemoveQueuedMail) Name() string { return "remove-queued-mail" }

func (a *RemoveQueuedMail) Validate(c *lab.Cast) error {
	err := check(a, c)
	if (a.User == "") == (a.Sender == "") {
		text := "or sender is needed: whose messages?"
		if a.User != "" {
			text = "and sender exclude each other: say one of the two"
		}
		err = errors.Join(err, &ParamError{Action: a.Name(), Param: "user", Text: text})
	}
	if a.Sender != "" && a.Sender != "<>" && !strings.Contains(a.Sender, "@") {
		err = errors.Join(err, &ParamError{Action: a.Name(), Param: "sender", Found: a.Sender, Text: "is no mail address: expected one such as offers@bogus.example, or <>"})
	}
	return err
}

var removeQueuedMail = Info{
	Title: "Remove a sender's messages from the queues",
	Doc: `Removes what waits at this moment, on every mailbox server. What has left is gone, and what the sender hands over
		afterwards is queued or leaves as before: it makes sense together with freeze-outbound, and with something that
		keeps the sender from sending. The sender is that of the envelope, which a spammer chooses.`,
	Cmdlets: []string{
		`Get-Message -Server SERVER -Filter "FromAddress -eq 'SENDER'" | Remove-Message -WithNDR $false -Confirm:$false`,
		`Get-Message -Server SERVER -Filter "FromAddress -eq '<>'" | Remove-Message -WithNDR $false -Confirm:$false   # reports`,
		"Exchange 2003: System Manager, Queues, Find Messages, Delete (with or without NDR)",
	},
	Sources:     []string{"PS-RMMSG", "KB909005", "PS-SUSP"},
	SideEffects: "Good mail of the same sender that still waits is lost as well; without a report nobody is told.",
	Undo:        "None: a removed message is gone, unless it was exported before (Export-Message).",
	Purpose:     EndAbuse,
	Where:       OwnServers,
	Open: &Texts{
		Doc: `Removes what waits in Postfix's queue at this moment. What has left is gone, and what the sender hands over
			afterwards is queued or leaves as before: it makes sense together with freeze-outbound, and with something that
			keeps the sender from sending. The sender is that of the envelope, which a spammer chooses. No sender is told.`,
		Cmdlets: []string{
			`postqueue -j | jq -r 'select(.sender == "SENDER") | .queue_id' | postsuper -d -`,
			`postqueue -j | jq -r 'select(.sender == "MAILER-DAEMON") | .queue_id' | postsuper -d -   # reports`,
		},
		Sources:     []string{"POSTFIX", "OPEN-LAB"},
		SideEffects: "Good mail of the same sender that still waits is lost as well, and nobody is told.",
		Undo:        "None: a removed message is gone.",
	},
	New: func() lab.Action { return new(RemoveQueuedMail) },
}
