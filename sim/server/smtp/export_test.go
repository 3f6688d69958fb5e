package smtp

import smtplib "github.com/emersion/go-smtp"

// SetLogger sets where go-smtp's log goes.
func SetLogger(l smtplib.Logger) { logger = l }
