package text_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/internal/text"
)

func TestOrdinaryTextIsTakenInTheFormInWhichItIsKept(t *testing.T) {
	t.Parallel()
	for given, kept := range map[string]string{
		"Erste Zeile\r\nZweite Zeile":   "Erste Zeile\nZweite Zeile",
		"Menge\tPreis":                  "Menge Preis",
		"Rech\u00adnungs\u00adstellung": "Rechnungsstellung",
		"Mu\u0308ller":                  "Müller",
		"Zürich, «Café» – 3 × 4 ½":      "Zürich, «Café» – 3 × 4 ½",
		"می\u200cخواهم":                 "می\u200cخواهم",
		"क्\u200dष":                     "क्\u200dष",
		"👩🏽\u200d💻 und 👨\u200d👩\u200d👧\u200d👦": "👩🏽\u200d💻 und 👨\u200d👩\u200d👧\u200d👦",
		"🏳\ufe0f\u200d🌈 ❤\ufe0f\u200d🔥":        "🏳\ufe0f\u200d🌈 ❤\ufe0f\u200d🔥",
		"日本語": "日本語",
	} {
		value := given
		assert.Empty(t, text.Lines("description", &value, 1, 100), "%q", given)
		assert.Equal(t, kept, value)
		assert.Empty(t, text.Lines("description", &value, 1, 100), "what is kept is taken again")
		assert.Equal(t, kept, value)
	}
}

func TestRefusedTextNamesTheCharacterAndItsPlace(t *testing.T) {
	t.Parallel()
	for given, message := range map[string]string{
		"R-1\u200b":                   "must not hold U+200B ZERO WIDTH SPACE (character 4)",
		"a\x00b":                      "must not hold U+0000 NULL (character 2)",
		"a\u202eb":                    "must not hold U+202E RIGHT-TO-LEFT OVERRIDE (character 2)",
		"\ufeffAnna":                  "must not hold U+FEFF ZERO WIDTH NO-BREAK SPACE (character 1)",
		"Z\ufffdrich":                 "must not hold U+FFFD REPLACEMENT CHARACTER (character 2)",
		"R\u00ad-\u00ad1\x1b":         "must not hold U+001B ESCAPE (character 6)",
		"eins\r\nzw\u2028ei":          "must not hold U+2028 LINE SEPARATOR (line 2, character 3)",
		"eins\rzwei":                  "must not hold U+000D CARRIAGE RETURN (character 5)",
		"R\u200d-1":                   "must not hold U+200D ZERO WIDTH JOINER (character 2)",
		"Anna\u200c":                  "must not hold U+200C ZERO WIDTH NON-JOINER (character 5)",
		"a\U000e0041b":                "must not hold U+E0041 TAG LATIN CAPITAL LETTER A (character 2)",
		"a\u0378b":                    "must not hold U+0378 unassigned (character 2)",
		"a\xffb":                      "must be text in UTF-8",
		"":                            "must have 1 to 10 characters, and not only blanks",
		" \t\u00a0":                   "must have 1 to 10 characters, and not only blanks",
		strings.Repeat("ü", 11):       "must have 1 to 10 characters; it has 11",
		strings.Repeat("u\u0308", 10): "",
	} {
		value := given
		faults := text.Lines("note", &value, 1, 10)
		if message == "" {
			assert.Empty(t, faults, "%q", given)
			continue
		}
		require.Len(t, faults, 1, "%q", given)
		assert.Equal(t, "note", faults[0].Name)
		assert.Equal(t, message, faults[0].Message, "%q", given)
	}
	long := strings.Repeat("x", 11)
	assert.Equal(t, "must have at most 10 characters; it has 11", text.Line("note", &long, 0, 10)[0].Message)
	broken := "eins\r\nzwei"
	assert.Equal(t, "must not hold U+000A LINE FEED (line 1, character 6)", text.Line("name", &broken, 1, 50)[0].Message)
}

func TestNumbersThatLookTheSameAreTheSame(t *testing.T) {
	t.Parallel()
	for _, number := range []string{"Fü-1", "Fu\u0308-1", "Fü-1 ", "\u00a0Fü-1", "\tFü-1", "Fü\u00ad-1"} {
		assert.Equal(t, "Fü-1", text.Identifier(number), "%q", number)
	}
}

func TestAddressesThatNoMailServerTakesAreRefusedInWords(t *testing.T) {
	t.Parallel()
	for given, kept := range map[string]string{
		"": "", " anna@example.ch\n": "anna@example.ch", "a.b+c@müller.example": "a.b+c@müller.example", "zoe@Mu\u0308ller.example": "zoe@Müller.example",
		"info@例子.中国": "info@例子.中国", "a@localhost": "a@localhost", strings.Repeat("a", 64) + "@example.ch": strings.Repeat("a", 64) + "@example.ch",
	} {
		value := given
		assert.Empty(t, text.Email("email", &value), "%q", given)
		assert.Equal(t, kept, value)
	}
	const form = "must be an e-mail address, such as anna.muster@example.ch"
	for given, message := range map[string]string{
		"nobody": form, "Anna <anna@example.ch>": form, "anna@": form, "@example.ch": form, "a@b@example.ch": form, "anna@example.ch, eve@example.ch": form,
		"anna.@example.ch": form, "anna muster@example.ch": form, "anna@exa\u200bmple.ch": "must not hold U+200B ZERO WIDTH SPACE (character 9)",
		"zoë@example.ch":                            "must not hold U+00EB LATIN SMALL LETTER E WITH DIAERESIS before the @ (character 3): mail servers do not take it",
		strings.Repeat("a", 65) + "@example.ch":     "must have at most 64 characters before the @: mail servers do not take more",
		"anna@-ü.example":                           "must have a domain after the @ that can exist, such as müller.example",
		"a@" + strings.Repeat("ü.", 60) + "example": "must have at most 254 characters",
	} {
		value := given
		faults := text.Email("email", &value)
		require.Len(t, faults, 1, "%q", given)
		assert.Equal(t, message, faults[0].Message, "%q", given)
	}
}
