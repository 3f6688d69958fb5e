package client

func openOutlookRPC(l *line) func() session { return nil }
