package api_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/quittance/quittance/internal/id"
	"github.com/quittance/quittance/internal/ledger"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/payment"
	"github.com/quittance/quittance/internal/postgres"
)

// month is a random month of a company's books, played through the whole router on a real database.
type month struct {
	*world
	r        *rapid.T
	payments []payment.Payment
	orders   []told // of what was captured or given back, and not yet told to be paid out
	files    []payoutFile
	manual   []string // ids of entries by hand that were not reversed
}

type told struct {
	order string
	gross money.Amount
}

type payoutFile struct{ contentType, content string }

func (m *month) currency() money.Currency {
	return rapid.SampledFrom([]money.Currency{money.CHF, money.CHF, money.EUR}).Draw(m.r, "currency")
}

func (m *month) day(from, to int) string {
	return fmt.Sprintf("2026-11-%02d", rapid.IntRange(from, to).Draw(m.r, "day"))
}

func (m *month) pay() {
	p := m.captured(money.FromMinor(rapid.Int64Range(1, 9).Draw(m.r, "times 20.05")*2005, m.currency()), m.day(10, 20))
	m.payments, m.orders = append(m.payments, p), append(m.orders, told{p.OrderID, p.Amount})
}

func (m *month) giveBack() {
	if len(m.payments) == 0 {
		return
	}
	p := rapid.SampledFrom(m.payments).Draw(m.r, "payment")
	r := m.givenBack(p, money.FromMinor(rapid.Int64Range(1, 500).Draw(m.r, "minor"), p.Amount.Currency()), m.day(15, 20))
	m.orders = append(m.orders, told{r.OrderID, r.Amount.Neg()})
}

// find books a transaction that was found at Saferpay and belongs to no payment.
func (m *month) find() {
	amount := money.FromMinor(rapid.Int64Range(1, 9).Draw(m.r, "times 20.05")*2005, m.currency())
	m.in(m.company.ID, func(tx *postgres.Tx) error {
		company, err := tx.Company(m.Context())
		require.NoError(m.r, err)
		o := ledger.Occasion{CompanyID: company.ID, Language: company.Language, Amount: amount, Day: day(m.day(10, 20))}
		_, err = tx.Append(m.Context(), ledger.Found(o, company.ReceiptAccount, id.NewSecret(), m.keyID))
		return err
	})
}

// payOut makes a file about some of what waits for its payout, by the acquirer or by the bank, which may know the orders.
func (m *month) payOut() {
	currency, on := m.currency(), m.day(16, 21)
	var paid, left []told
	for _, o := range m.orders {
		if o.gross.Currency() == currency && rapid.Bool().Draw(m.r, "pays "+o.order) {
			paid = append(paid, o)
		} else {
			left = append(left, o)
		}
	}
	m.orders = left
	net, csv, orders := money.Zero(currency), csvHeader, []string{}
	for _, o := range paid {
		kind, fee := "payment", money.FromMinor(max(0, o.gross.Minor()/50), currency)
		if o.gross.IsNegative() {
			kind = "refund"
		}
		net, orders = net.Add(o.gross).Sub(fee), append(orders, o.order)
		csv += fmt.Sprintf("WL-%s,%s,%s,%s,%s,%s,%s,%s\n", o.order, on, kind, o.order, currency, o.gross.Value(), fee.Value(), o.gross.Sub(fee).Value())
		csv = strings.ReplaceAll(csv, "WL-"+o.order, "WL-"+paid[0].order)
	}
	if !net.IsPositive() {
		return
	}
	bank := strings.ReplaceAll(credit(on, net.Value(), "WORLDLINE "), "CHF", string(currency))
	f := rapid.SampledFrom([]payoutFile{
		{"text/csv", csv}, {"application/xml", bank}, {"application/xml", strings.Replace(bank, "WORLDLINE ", "WORLDLINE "+strings.Join(orders, " "), 1)},
	}).Draw(m.r, "file")
	m.take(f)
	m.files = append(m.files, f, payoutFile{"text/csv", csv}, payoutFile{"application/xml", bank})
}

func (m *month) take(f payoutFile) {
	a := m.importFile(f.contentType, f.content)
	require.Contains(m.r, []int{http.StatusCreated, http.StatusOK}, a.Code, a.Body.String())
}

func (m *month) tellAgain() {
	if len(m.files) > 0 {
		m.take(rapid.SampledFrom(m.files).Draw(m.r, "file"))
	}
}

// decide lets a person decide on a payout, sensibly or not.
func (m *month) decide() {
	var list struct {
		Data []struct{ ID string }
	}
	require.NoError(m.r, json.Unmarshal(m.call("GET", "/payouts", m.key, nil).Body.Bytes(), &list))
	if len(list.Data) == 0 {
		return
	}
	body := map[string]any{}
	decision := rapid.SampledFrom([]string{"confirm", "confirm", "confirm", "dismiss", "reopen"}).Draw(m.r, "decision")
	if decision == "confirm" && rapid.Bool().Draw(m.r, "of their own") {
		items := []string{}
		for _, p := range m.payments {
			if rapid.Bool().Draw(m.r, "pays "+p.ID) {
				items = append(items, p.ID)
			}
		}
		body = map[string]any{"items": items, "fee": "1.00", "account": "1099"}
	}
	a := m.call("POST", "/payouts/"+rapid.SampledFrom(list.Data).Draw(m.r, "payout").ID+"/"+decision, m.key, body)
	require.Contains(m.r, []int{http.StatusOK, http.StatusConflict, http.StatusUnprocessableEntity}, a.Code, a.Body.String())
}

func (m *month) bookByHand() {
	sides := []string{"debit", "credit"}
	if rapid.Bool().Draw(m.r, "other way round") {
		slices.Reverse(sides)
	}
	amount := money.FromMinor(rapid.Int64Range(1, 9999).Draw(m.r, "minor"), m.currency())
	a := m.call("POST", "/manual-entries", m.key, fmt.Sprintf(`{"date":%q,"text":"By hand","currency":%q,"lines":[{"account":%q,%q:%q},{"account":"1020",%q:%q}]}`,
		m.day(10, 21), amount.Currency(), rapid.SampledFrom([]string{"1029", "1010"}).Draw(m.r, "account"), sides[0], amount.Value(), sides[1], amount.Value()))
	if a.Code == http.StatusCreated { // and not in a closed period
		m.manual = append(m.manual, a.json(http.StatusCreated)["id"].(string))
	}
}

func (m *month) takeBack() {
	if len(m.manual) > 0 {
		m.call("POST", "/journal/"+m.manual[0]+"/reverse", m.key, nil).json(http.StatusCreated)
		m.manual = m.manual[1:]
	}
}

func (m *month) changeSettings() {
	m.call("PATCH", "/settings", m.key, rapid.SampledFrom([]string{
		`{"receipt_account":"1010"}`, `{"receipt_account":"1029"}`, `{"fee_account":"2000"}`, `{"books_closed_until":"2026-11-15"}`,
	}).Draw(m.r, "settings")).json(http.StatusOK)
}

// check holds the books against each other: all accounts together balance, and what stands on the receipt accounts is explained.
func (m *month) check() {
	sums := map[string]money.Amount{}
	balances := map[string]string{}
	var accounts struct {
		Data []struct {
			Number   string
			Balances []struct {
				Currency money.Currency
				Amount   string
			}
		}
	}
	require.NoError(m.r, json.Unmarshal(m.call("GET", "/accounts", m.key, nil).Body.Bytes(), &accounts))
	for _, a := range accounts.Data {
		for _, b := range a.Balances {
			if _, ok := sums[string(b.Currency)]; !ok {
				sums[string(b.Currency)] = money.Zero(b.Currency)
			}
			sums[string(b.Currency)] = sums[string(b.Currency)].Add(money.MustParse(b.Amount, b.Currency))
			balances[a.Number+" "+string(b.Currency)] = b.Amount
		}
	}
	for currency, sum := range sums {
		require.True(m.r, sum.IsZero(), "the trial balance in %s is %s", currency, sum)
	}
	for _, standing := range m.stands() {
		account, amount := standing[:len("1029 CHF")], standing[len("1029 CHF "):]
		require.Equal(m.r, balances[account], amount, account)
	}
}

func TestReconciliationIsTheBalanceWhateverHappens(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	rapid.Check(t, func(r *rapid.T) {
		m := &month{world: w.during(t), r: r}
		m.company, m.key = w.newCompany("Demo SA", "fr")
		m.newService(merchant.Active)
		m.pay()
		steps := []func(){m.pay, m.pay, m.giveBack, m.find, m.payOut, m.payOut, m.tellAgain, m.decide, m.decide, m.bookByHand, m.takeBack, m.changeSettings}
		for range rapid.IntRange(1, 12).Draw(r, "steps") {
			steps[rapid.IntRange(0, len(steps)-1).Draw(r, "step")]()
		}
		m.check()
	})
}
