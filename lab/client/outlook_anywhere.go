package client

func openOutlookAnywhere(l *line) func() session { return nil }
