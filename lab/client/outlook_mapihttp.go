package client

func openMAPIHTTP(l *line) func() session { return nil }
