package payment_test

import (
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"pgregory.net/rapid"

	"github.com/quittance/quittance/internal/payment"
)

var digit = regexp.MustCompile(`[0-9]`)

func TestOfACardNumberAtMostTenDigitsAreKept(t *testing.T) {
	t.Parallel()
	for shown, kept := range map[string]string{
		"91234582xxxx1234": "912345xxxxxx1234", "912345xxxxxx1234": "912345xxxxxx1234", "xxxxxxxxxxxxx0005": "xxxxxxxxxxxxx0005",
		"9010 xxxx xxxx 0001": "9010 xxxx xxxx 0001", "9010003150000001": "901000xxxxxx0001", "9010 0031 5000 0001": "9010 0xxx xxxx 0001", "": "",
	} {
		assert.Equal(t, kept, payment.MaskedCard(shown))
	}
	rapid.Check(t, func(t *rapid.T) {
		shown := rapid.StringMatching(`[0-9x*• -]{0,40}`).Draw(t, "shown")
		kept := payment.MaskedCard(shown)
		assert.LessOrEqual(t, len(digit.FindAllString(kept, -1)), 10)
		assert.Len(t, []rune(kept), len([]rune(shown)))
	})
}

func TestACardIsNamedByItsEnd(t *testing.T) {
	t.Parallel()
	assert.Equal(t, "xxxx 0001", payment.Payment{Card: "901000xxxxxx0001"}.CardEnding())
	assert.Empty(t, payment.Payment{Brand: "TWINT"}.CardEnding())
}

func TestAMailEndsOnce(t *testing.T) {
	t.Parallel()
	first, later := time.Unix(1, 0).UTC(), time.Unix(2, 0).UTC()
	none := payment.Mail{}
	assert.False(t, none.End("", later), "there is none")
	m := payment.QueuedMail(first)
	assert.True(t, m.Queued())
	assert.True(t, m.End("550 no such mailbox.", later))
	assert.Equal(t, payment.Mail{State: payment.MailFailed, At: later, Reason: "550 no such mailbox."}, m)
	assert.False(t, m.End("", later))
}
