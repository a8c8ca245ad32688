package csvlist

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/problem"
)

// Field is what a column can be.
type Field string

// What columns can be. An order is looked for anywhere in its column.
const (
	PayoutReference   Field = "payout_reference"
	PayoutDate        Field = "payout_date"
	TransactionDate   Field = "transaction_date"
	OrderID           Field = "order_id"
	AuthorizationCode Field = "authorization_code"
	Card              Field = "card_number"
	Brand             Field = "brand"
	Type              Field = "type"
	Currency          Field = "currency"
	Gross             Field = "gross"
	Fee               Field = "fee"
	Net               Field = "net"
)

// Fields lists every field, in the order in which people look at them.
var Fields = []Field{
	PayoutReference, PayoutDate, TransactionDate, OrderID, AuthorizationCode, Card, Brand, Type, Currency, Gross, Fee, Net,
}

// Amounts lists the fields that are amounts.
var Amounts = []Field{Gross, Fee, Net}

// Grouping is what makes lines one payout.
type Grouping string

// The groupings. Lines of two currencies are never one payout.
const (
	ByReference   Grouping = "reference"
	ByDate        Grouping = "date"          // of the payout
	ByBrand       Grouping = "brand"         // and the date of the payout
	ByBrandAndDay Grouping = "brand_and_day" // of the sales, and the date of the payout: as Worldline pays
)

// Groupings lists every grouping.
var Groupings = []Grouping{ByReference, ByDate, ByBrand, ByBrandAndDay}

// Mapping says which column of a list is what.
type Mapping struct {
	Columns  map[Field]string // the name of the column in the header, for each field that there is
	Currency money.Currency   // of all amounts, when no column says it
	Payouts  Grouping
}

// Saved is a mapping that a person has confirmed for lists of a company with that header.
type Saved struct {
	ID        string
	CompanyID string
	Header    []string
	Mapping
	SavedAt time.Time
	SavedBy string // the id of the key
}

// MaxSaved is how many mappings a company may have.
const MaxSaved = 100

// Fingerprint returns what two headers have in common if and only if they are the same: the SHA-256 of their names in hexadecimal.
func Fingerprint(header []string) string {
	sum := sha256.Sum256([]byte(strings.Join(names(header), "\n")))
	return hex.EncodeToString(sum[:])
}

// Check returns what is wrong with a mapping for lists with that header. Header may have at most 100 names.
func (m Mapping) Check(header []string) (faults []problem.Field) {
	fault := func(name, format string, args ...any) {
		faults = append(faults, problem.Field{Name: name, Message: fmt.Sprintf(format, args...)})
	}
	if len(header) < 3 || len(header) > maxColumns || !slices.Equal(header, names(header)) {
		fault("header", "must be the header of a list, as the refusal of the list has it")
		return faults
	}
	of, lacking := map[string]Field{}, []string(nil)
	for _, field := range Fields {
		name, mapped := m.Columns[field]
		switch {
		case !mapped:
			continue
		case !slices.Contains(header, name):
			fault("columns."+string(field), "must be a name of the header")
			lacking = append(lacking, name)
		case of[name] != "":
			fault("columns."+string(field), "must be another column than %s", of[name])
		}
		of[name] = field
	}
	if lacking != nil { // who is wrong, the name or the header, is for a person to see
		fault("header", "has no %s", strings.Join(lacking, ", "))
	}
	if !m.has(PayoutDate) {
		fault("columns."+string(PayoutDate), "must be named: when it is paid out")
	}
	if amounts := slices.DeleteFunc(slices.Clone(Amounts), func(f Field) bool { return !m.has(f) }); len(amounts) < 2 {
		missing := Net
		if !m.has(Gross) {
			missing = Gross
		}
		fault("columns."+string(missing), "must be named: two of gross, fee and net are needed")
	}
	if !m.has(OrderID) && (!m.has(AuthorizationCode) || !m.has(Card)) && (!m.has(Brand) || !m.has(TransactionDate)) {
		fault("columns."+string(OrderID), "must be named, or authorization_code and card_number, or brand and transaction_date: else nobody knows which payment a line is")
	}
	if !m.has(Currency) {
		if _, err := money.ParseCurrency(string(m.Currency)); err != nil {
			fault("currency", "%s, when no column says it", err)
		}
	}
	needs := map[Grouping][]Field{ByReference: {PayoutReference}, ByDate: {}, ByBrand: {Brand}, ByBrandAndDay: {Brand, TransactionDate}}
	if needed, known := needs[m.Payouts]; !known {
		fault("payouts", "must be one of reference, date, brand, brand_and_day")
	} else {
		for _, field := range needed {
			if !m.has(field) {
				fault("columns."+string(field), "must be named when payouts is %s", m.Payouts)
			}
		}
	}
	return faults
}

func (m Mapping) has(f Field) bool { return m.Columns[f] != "" }

// Places returns the index of the column of each field in a header that the mapping fits.
func (m Mapping) Places(header []string) map[Field]int {
	places := map[Field]int{}
	for field, name := range m.Columns {
		if i := slices.Index(header, name); i >= 0 {
			places[field] = i
		}
	}
	return places
}
