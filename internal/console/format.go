package console

import (
	"fmt"
	"html/template"
	"maps"
	"math"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/oapi-codegen/runtime/types"
	"github.com/shopspring/decimal"

	"github.com/quittance/quittance/api/client"
)

// funcs are what templates call, in the language of the look.
func (l *look) funcs() template.FuncMap {
	return template.FuncMap{
		"t":        func(key string, args ...any) string { return l.words.say(key, args...) },
		"of":       l.of,
		"state":    l.state,
		"money":    money,
		"figure":   figure,
		"date":     date,
		"month":    l.month,
		"moment":   moment,
		"iso":      func(t time.Time) string { return t.UTC().Format(time.RFC3339) },
		"days":     l.inDays,
		"deref":    deref,
		"iban":     grouped,
		"lines":    lineRows,
		"method":   l.method,
		"means":    l.means,
		"customer": l.customer,
		"dict":     dict,
		"negative": func(amount string) string { return "-" + amount },
		"zero":     func(amount any) bool { return strings.Trim(fmt.Sprint(amount), "0.-") == "" },
		"list":     func(items ...any) []any { return items },
		"plain":    shownValue,
		"keyID":    keyID,
		"seen":     seen,
		"changed":  changed,
		"append":   func(items []any, more ...any) []any { return append(items, more...) },
		"has":      func(items []string, item string) bool { return slices.Contains(items, item) },
		"style":    func() string { return stylesheet.path },
		"lang":     func() string { return l.language },
		"current":  current,
		"overdue":  overdue,
		"due_in":   dueIn,
		"next":     next,
		"isset":    func(yes *bool) bool { return yes != nil && *yes },
		"number":   strconv.Atoi,
		"duration": l.duration,
		"accounts": accountsOf,
		"total":    totalOf,
		"about":    l.about,
		"accent":   accentPath,
		"add":      func(a, b int) int { return a + b },
		"sum":      sumOf,
		"last":     lastAttempt,
	}
}

// of returns the words of the first value that has some, such as of "states" "payment.captured"; the last value itself when none has.
func (l *look) of(subject string, values ...any) string {
	for _, value := range values {
		if words, ok := l.words.has(subject + "." + fmt.Sprint(value)); ok {
			return words
		}
	}
	return fmt.Sprint(values[len(values)-1])
}

// stated is a state with its shape, see README "States: a shape, a colour, a word".
type stated struct{ Shape, Word string }

var shapes = map[string]string{
	"service.awaiting_credentials": "act", "service.in_verification": "wait", "service.overdue": "late", "service.active": "good",
	"service.rejected": "bad", "service.suspended": "bad", "service.disconnected": "off",
	"currency.requested": "wait", "currency.active": "good", "currency.rejected": "bad",
	"invoice.draft": "off", "invoice.cancelled": "off", "invoice.open": "wait", "invoice.overdue": "late", "invoice.partially_paid": "move", "invoice.paid": "good",
	"payment.created": "wait", "payment.redirected": "move", "payment.pending": "move", "payment.authorized": "move", "payment.unknown": "act",
	"payment.captured": "good", "payment.failed": "bad", "payment.aborted": "off", "payment.expired": "off", "payment.cancelled": "off",
	"refund.awaiting_approval": "act", "refund.requested": "wait", "refund.pending": "move", "refund.authorized": "move", "refund.unknown": "act", "refund.captured": "good",
	"refund.recorded": "good", "refund.failed": "bad",
	"dispute.open": "act", "dispute.won": "good", "dispute.lost": "bad",
	"receipt.waiting": "move", "receipt.booked": "good", "receipt.asked": "act", "receipt.skipped": "off",
	"payout.proposed": "act", "payout.unmatched": "act", "payout.booked": "good", "payout.dismissed": "off", "payout.returned": "bad", "payout.carried": "off",
	"exception.open": "act", "exception.resolved": "good", "exception.cleared_up": "off",
	"delivery.pending": "move", "delivery.delivered": "good", "delivery.parked": "act",
	"endpoint.enabled": "good", "endpoint.disabled": "bad", "endpoint.failing": "act",
	"file.imported": "good", "file.known": "off", "file.set_aside": "act", "file.waiting": "wait",
	"company.active": "good", "company.suspended": "bad",
	"email.queued": "wait", "email.delivered": "good", "email.failed": "bad", "email.unknown": "act",
}

// state returns how a state of a kind of thing is shown.
func (l *look) state(kind string, state any) stated {
	key := kind + "." + fmt.Sprint(state)
	return stated{shapes[key], l.of("states", key)}
}

// money writes an amount in major units with its currency as the Swiss do: CHF 1’234.50.
func money(currency, amount any) string { return fmt.Sprint(currency) + "\u00a0" + figure(amount) }

// figure writes an amount in major units as the Swiss do, without currency: 1’234.50, −12.00.
func figure(amount any) string {
	digits, negative := strings.CutPrefix(fmt.Sprint(amount), "-")
	whole, fraction, decimal := strings.Cut(digits, ".")
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + "’" + whole[i:]
	}
	if negative && strings.Trim(digits, "0.") != "" {
		whole = "−" + whole
	}
	if decimal {
		whole += "." + fraction
	}
	return whole
}

// date writes a day as the Swiss do; "" for none.
func date(day any) string {
	t := asTime(day)
	if t.IsZero() {
		return ""
	}
	return t.Format("02.01.2006")
}

// month names a month that is written as 2026-11; what is no month comes back as it is.
func (l *look) month(of any) string {
	begins, err := time.Parse("2006-01", fmt.Sprint(of))
	if err != nil {
		return fmt.Sprint(of)
	}
	return l.words.say("home.month_"+begins.Format("01")) + begins.Format(" 2006")
}

// moment writes a time in Zurich as the Swiss do; "" for none.
func moment(at any) string {
	t := asTime(at)
	if t.IsZero() {
		return ""
	}
	return t.In(zurich).Format("02.01.2006 15:04")
}

// asTime returns the time in what the API gives. A moment is one in Zurich, a date is that day at midnight UTC.
func asTime(v any) time.Time {
	switch v := v.(type) {
	case time.Time:
		return v.In(zurich)
	case *time.Time:
		if v != nil {
			return v.In(zurich)
		}
	case types.Date:
		return v.Time
	case *types.Date:
		if v != nil {
			return v.Time
		}
	}
	return time.Time{}
}

// inDays says how far away a day is: today, tomorrow, in 9 days, 3 days ago.
func (l *look) inDays(day any, now time.Time) string {
	d, n := asTime(day), now.In(zurich)
	noon := func(t time.Time) time.Time { return time.Date(t.Year(), t.Month(), t.Day(), 12, 0, 0, 0, time.UTC) }
	switch days := int(math.Round(noon(d).Sub(noon(n)).Hours() / 24)); {
	case days == 0:
		return l.words.say("common.today")
	case days == 1:
		return l.words.say("common.tomorrow")
	case days == -1:
		return l.words.say("common.yesterday")
	case days < 0:
		return l.words.say("common.days_ago", -days)
	default:
		return l.words.say("common.in_days", days)
	}
}

// duration says how long something lasts, in its largest unit.
func (l *look) duration(seconds int64) string {
	switch {
	case seconds == 0:
		return "–"
	case seconds < 120:
		return l.words.say("operator.seconds", seconds)
	case seconds < 2*60*60:
		return l.words.say("operator.minutes", seconds/60)
	case seconds < 2*24*60*60:
		return l.words.say("operator.hours", seconds/60/60)
	default:
		return l.words.say("operator.days", seconds/60/60/24)
	}
}

// method names a payment method as payers know it.
func (l *look) method(m any) string { return l.of("methods", m) }

// lastDigits matches the end of a masked card number.
var lastDigits = regexp.MustCompile(`[0-9]{4}$`)

// means says what the payer paid with, as far as it is known: TWINT, or Karte ··0001.
func (l *look) means(p client.Payment) string {
	if digits := lastDigits.FindString(valueOf(p.PaymentMeans)); digits != "" {
		return l.method(p.Method) + " ··" + digits
	}
	return l.method(p.Method)
}

// customer is how a customer is called.
func (l *look) customer(c client.Customer) string {
	if c.Name == nil {
		return l.words.say("invoices.erased")
	}
	return *c.Name
}

// deref returns what a pointer of the API points to, "" for none.
func deref(v any) any {
	switch v := v.(type) {
	case *string:
		if v == nil {
			return ""
		}
		return *v
	case *int:
		if v == nil {
			return ""
		}
		return *v
	}
	return v
}

// valueOf returns what a pointer of the API points to, the zero value for none.
func valueOf[T any](p *T) (v T) {
	if p != nil {
		v = *p
	}
	return v
}

// about says to which invoice an exception belongs, and since when it waits.
func (l *look) about(e client.Exception) string {
	since := l.words.say("exceptions.raised", moment(e.RaisedAt))
	if number := valueOf(e.InvoiceNumber); number != "" {
		return l.words.say("exceptions.of_invoice", number) + ". " + since
	}
	return since
}

// keyID returns the key that made a call; "" when a person did.
func keyID(actor string) string {
	if strings.HasPrefix(actor, "key_") {
		return actor
	}
	return ""
}

// changed returns the fields that a call changed; none for one that made a thing, of which all are new.
func changed(fields *map[string]client.AuditChange) map[string]client.AuditChange {
	shown := valueOf(fields)
	if _, made := shown["id"]; made {
		return nil
	}
	return shown
}

// dict makes what a component needs out of names and values.
func dict(pairs ...any) map[string]any {
	m := map[string]any{}
	for i := 0; i+1 < len(pairs); i += 2 {
		m[pairs[i].(string)] = pairs[i+1]
	}
	return m
}

// accountsOf writes the accounts of an entry, those in debit before those in credit: 1029 / 1100.
func accountsOf(lines []client.JournalLine) string {
	var debit, credit []string
	for _, line := range lines {
		if strings.Trim(line.Debit, "0.") != "" {
			debit = append(debit, line.Account)
		} else {
			credit = append(credit, line.Account)
		}
	}
	return strings.Join(debit, ", ") + " / " + strings.Join(credit, ", ")
}

// totalOf writes what an entry moves: the sum of its debits.
func totalOf(lines []client.JournalLine) string {
	sum, currency := decimal.Zero, ""
	for _, line := range lines {
		if amount, err := decimal.NewFromString(line.Debit); err == nil {
			sum, currency = sum.Add(amount), string(line.Currency)
		}
	}
	return money(currency, sum.StringFixed(2))
}

// next returns the query of the next page of a list, which templates take as it is: as a string they would escape its = and & once more.
func next(query url.Values, cursor any) template.URL {
	following := maps.Clone(query)
	following.Set("cursor", fmt.Sprint(cursor))
	return template.URL(following.Encode()) //nolint:gosec // it is escaped
}

// current reports whether a menu's entry leads to the page, or to one above it.
func current(path, entry string) bool {
	return path == entry || path == entry+"/" || strings.Count(entry, "/") > 1 && strings.HasPrefix(path, entry+"/")
}

// grouped writes an IBAN as people read it, in groups of four.
func grouped(iban string) string {
	var groups []string
	for group := range slices.Chunk([]byte(iban), 4) {
		groups = append(groups, string(group))
	}
	return strings.Join(groups, " ")
}
