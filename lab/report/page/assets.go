package page

// Style and Script are what a server sends for [Links].
func Style() string { return style }

// Script adds filter, zoom and the notes that follow the pointer. What is shown
// later is wired up at the event "shown" of what holds it.
func Script() string { return script }

// Policy is what a page in one file may do.
func Policy() string { return policy }
