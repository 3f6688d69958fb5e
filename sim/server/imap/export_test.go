package imap

import "github.com/emersion/go-imap/v2/imapserver"

// SetLogger sets where go-imap's log goes.
func SetLogger(l imapserver.Logger) { logger = l }
