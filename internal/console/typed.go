package console

import (
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/oapi-codegen/runtime/types"
)

// parseDate reads a day as people type it: 28.11.2026, 28.11.26, 1.2.2026 or 2026-11-28.
func parseDate(typed string) (day types.Date, ok bool) {
	for _, layout := range []string{"2.1.2006", "2.1.06", time.DateOnly} {
		if t, err := time.Parse(layout, strings.TrimSpace(typed)); err == nil {
			return types.Date{Time: t}, true
		}
	}
	return day, false
}

// period reads the first and last day of a filter; nil where there is none.
func period(q url.Values) (from, to *types.Date) {
	day := func(field string) *types.Date {
		if typed, ok := parseDate(q.Get(field)); ok {
			return &typed
		}
		return nil
	}
	return day("from"), day("to")
}

// typedDay reads a day of a form; the refusal of that field when it can't be read.
func typedDay(r *http.Request, field string) (types.Date, error) {
	day, ok := parseDate(r.PostFormValue(field))
	if !ok {
		return day, unreadable(field)
	}
	return day, nil
}

// unreadable is the refusal of a field that the console itself can't read.
func unreadable(field string) error {
	return &refusal{Status: http.StatusUnprocessableEntity, Type: "urn:quittance:problem:validation-failed", Errors: []fault{{Field: field, Message: "can't be read"}}}
}

// typedAmount matches amounts as people type them, with apostrophes or blanks between thousands.
var typedAmount = regexp.MustCompile(`^[0-9]{1,3}(?:['’ ]?[0-9]{3})*(?:[.,][0-9]{1,2})?$`)

// parseAmount returns an amount as the API takes it, in major units with two decimals: 1’234.5 is 1234.50. Text that is no amount
// comes back as it is, so that the API says what is wrong with it.
func parseAmount(typed string) string {
	typed = strings.TrimSpace(strings.ReplaceAll(typed, "\u00a0", " "))
	if !typedAmount.MatchString(typed) {
		return typed
	}
	plain := strings.NewReplacer("'", "", "’", "", " ", "", ",", ".").Replace(typed)
	whole, fraction, _ := strings.Cut(plain, ".")
	if whole = strings.TrimLeft(whole, "0"); whole == "" {
		whole = "0"
	}
	return whole + "." + (fraction + "00")[:2]
}

// uploaded returns the file of a form's field. It is refused when there is none, or an empty one.
func uploaded(r *http.Request, field string) ([]byte, error) {
	file, _, err := r.FormFile(field)
	if err != nil {
		return nil, unreadable(field)
	}
	defer func() { _ = file.Close() }()
	content, err := io.ReadAll(file)
	if err != nil || len(content) == 0 {
		return nil, unreadable(field)
	}
	return content, nil
}
