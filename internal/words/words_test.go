package words_test

import (
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"

	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/words"
)

type mail struct {
	Subject string
	Lines   []string
	Labels  map[string]string
}

const whole = "subject: Hello\nlines: [one, two]\nlabels: {due: Due}\n"

func folder(french string) fstest.MapFS {
	files := fstest.MapFS{}
	for _, language := range invoice.Languages {
		files["mails/"+language+".yaml"] = &fstest.MapFile{Data: []byte(whole)}
	}
	files["mails/fr.yaml"] = &fstest.MapFile{Data: []byte(french)}
	return files
}

func TestEveryLanguageIsRead(t *testing.T) {
	t.Parallel()
	all := words.Languages[mail](folder("subject: Bonjour\nlines: [une seule]\nlabels: {due: Payable}\n"), "mails")
	assert.Len(t, all, len(invoice.Languages))
	assert.Equal(t, mail{Subject: "Bonjour", Lines: []string{"une seule"}, Labels: map[string]string{"due": "Payable"}}, all["fr"])
	assert.Equal(t, "Hello", all["it"].Subject)
}

func TestFileThatSaysTooLittleOrTooMuchIsRefused(t *testing.T) {
	t.Parallel()
	for french, want := range map[string]string{
		"lines: [a]\nlabels: {due: b}\n":                         "words: mails/fr.yaml: .Subject is missing",
		"subject: a\nlines: [a, '']\nlabels: {due: b}\n":         "words: mails/fr.yaml: .Lines is missing",
		"subject: a\nlabels: {due: b}\n":                         "words: mails: fr and de do not have the same texts: [.Lines]",
		"subject: a\nlines: [a]\n":                               "words: mails: fr and de do not have the same texts: [.Labels.due]",
		"subject: a\nlines: [a]\nlabels: {due: b, paid: c}\n":    "words: mails: fr and de do not have the same texts: [.Labels.paid]",
		"subject: a\nlines: [a]\nlabels: {due: b}\nclosing: c\n": "words: mails/fr.yaml: yaml: unmarshal errors:\n  line 4: field closing not found in type words_test.mail",
		"subject: a\nsubject: b\nlines: [a]\nlabels: {due: b}\n": "words: mails/fr.yaml: yaml: unmarshal errors:\n  line 2: mapping key \"subject\" already defined at line 1",
	} {
		assert.PanicsWithValue(t, want, func() { words.Languages[mail](folder(french), "mails") }, french)
	}
	assert.PanicsWithValue(t, "words: mails/none.yaml: open mails/none.yaml: file does not exist", func() { words.Read[mail](folder(whole), "mails/none.yaml") })
}
