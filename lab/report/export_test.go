package report

// Vocabulary lists the words of the document's types, for its schema.
var Vocabulary = vocabulary
