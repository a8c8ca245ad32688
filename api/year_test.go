package api_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/internal/calendar"
	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/payment"
	"github.com/quittance/quittance/internal/postgres"
	"github.com/quittance/quittance/internal/testing/mrxtest"
)

// year is a year of a merchant: what is sold, what the acquirer pays out every week, and what bank and acquirer tell of it. It is drawn
// from a seed.
type year struct {
	*world
	*rand.Rand
	canton   calendar.Calendar
	now      time.Time
	sold     map[batch][]payment.Payment // and not yet paid out
	kept     map[batch][]payment.Payment // of which nothing was given back
	keptBack map[batch][]listed          // by the next payout
	carried  money.Amount                // what the acquirer owes in EUR, below its minimum
	moves    map[money.Currency][]bankMove
	papers   map[time.Month][]paper // what comes in, besides the bank's statements
	givenUp  []givenUp
	payouts  int
	disputes int
	returned int // payouts that the bank took back
	decided  int // by a person
}

// batch is what a payout pays together.
type batch struct {
	brand    string
	currency money.Currency
}

// listed is a transaction of a payout, as the acquirer lists it.
type listed struct {
	kind, order, on string
	dispute         string // the acquirer's number of the case
	gross, fee      money.Amount
}

// givenUp is what a later payout gives back, because a dispute was won.
type givenUp struct {
	batch
	on time.Time
	listed
}

// bankMove is what one entry of a bank's statement is about.
type bankMove struct {
	on       time.Time
	amount   money.Amount
	text     string
	reversal bool
	stranger string // who has paid or is paid, if it is not ours
}

// paper is a file that is imported, or a letter that a person reads and records.
type paper struct {
	contentType, content string
	record               func()
}

var ibans = map[money.Currency]string{money.CHF: "CH9300762011623852957", money.EUR: "CH5604835012345678009"}

func newYear(t *testing.T, seed uint64) *year {
	t.Helper()
	y := &year{
		world: newWorld(t), Rand: rand.New(rand.NewPCG(seed, seed)), carried: money.Zero(money.EUR),
		sold: map[batch][]payment.Payment{}, kept: map[batch][]payment.Payment{}, keptBack: map[batch][]listed{}, moves: map[money.Currency][]bankMove{}, papers: map[time.Month][]paper{},
	}
	y.at(&y.now)
	var err error
	y.canton, err = calendar.ForCanton("VD")
	require.NoError(t, err)
	y.call("PATCH", "/settings", y.key, `{"payout_days": 8}`).json(http.StatusOK)
	for currency, account := range map[money.Currency]string{money.CHF: "1020", money.EUR: "1021"} {
		y.call("POST", "/bank-accounts", y.key, object{"iban": ibans[currency], "account": account, "currency": currency}).json(http.StatusCreated)
	}
	y.call("PUT", "/settlement-columns", y.key, object{
		"header": strings.Split(listedHeader, ";"), "payouts": "reference", "columns": object{
			"payout_reference": "Vergütungsnummer", "payout_date": "Vergütungsdatum", "type": "Transaktionsart", "transaction_date": "Transaktionsdatum",
			"order_id": "Händlerreferenz", "currency": "Währung", "gross": "Bruttobetrag", "fee": "Kommission", "net": "Nettobetrag",
		},
	}).json(http.StatusOK)
	return y
}

const listedHeader = "Vergütungsnummer;Vergütungsdatum;Transaktionsart;Transaktionsdatum;Händlerreferenz;Währung;Bruttobetrag;Kommission;Nettobetrag"

// sell stores payments of the week that begins on that Monday. Of some a part is given back at the end of the week.
func (y *year) sell(n int, b batch, on func() time.Time) {
	for range n {
		day := on()
		p := y.captured(money.FromMinor(int64(100+y.IntN(5000))*5, b.currency), day.Format(time.DateOnly))
		p.Brand = b.brand
		for i := range p.Timeline {
			p.Timeline[i].At = day
		}
		y.in(y.company.ID, func(tx *postgres.Tx) error { return tx.SavePayment(y.Context(), p) })
		y.sold[b] = append(y.sold[b], p)
		if b.brand != "TWINT" && y.IntN(12) == 0 {
			later := day.AddDate(0, 0, 2).Format(time.DateOnly)
			r := y.givenBack(p, money.FromMinor(1+y.Int64N(p.Amount.Minor()), b.currency), later)
			y.keptBack[b] = append(y.keptBack[b], listed{kind: "Gutschrift", order: r.OrderID, on: later, gross: r.Amount.Neg(), fee: money.Zero(b.currency)})
		} else {
			y.kept[b] = append(y.kept[b], p)
		}
	}
}

// due returns what the next payout of a batch pays. When that is nothing, it waits for the one after that.
func (y *year) due(b batch) (lines []listed, net money.Amount) {
	for _, p := range y.sold[b] {
		lines = append(lines, listed{kind: "Kauf", order: p.OrderID, gross: p.Amount, fee: money.FromMinor(p.Amount.Minor()/60+10, b.currency)})
	}
	lines, net = append(lines, y.keptBack[b]...), money.Zero(b.currency)
	for _, l := range lines {
		net = net.Add(l.gross).Sub(l.fee)
	}
	if !net.IsPositive() {
		return nil, money.Zero(b.currency)
	}
	delete(y.sold, b)
	delete(y.keptBack, b)
	return lines, net
}

// pay pays sales of a card's brand on that day. The acquirer tells of it by MRX, by its list or by both, and the bank on its statement at
// least.
func (y *year) pay(on time.Time, lines []listed, net money.Amount) (number string) {
	y.payouts++
	number = fmt.Sprintf("2026%08d", 10_000+y.payouts)
	by := y.IntN(3)
	if by != 0 {
		y.hand(on, paper{contentType: "text/csv; charset=utf-8", content: y.list(number, on, lines)})
	}
	if by != 1 {
		y.hand(on, paper{contentType: "application/xml", content: y.notice(mrxtest.Payment{Number: number}, on, lines, net.Currency())})
	}
	text := "WORLDLINE SCHWEIZ AG"
	if y.IntN(3) > 0 {
		text += " " + number
	}
	y.move(bankMove{on: on, amount: net, text: text})
	return number
}

// payEuros pays what is due in EUR, or carries it over if it is too little.
func (y *year) payEuros(on time.Time, last bool) {
	lines, net := y.due(batch{"VISA", money.EUR})
	paid := mrxtest.Payment{}
	if !y.carried.IsZero() {
		paid.Opening = y.carried.Value()
	}
	total := y.carried.Add(net)
	if total.Minor() < 200_00 && !last {
		paid.Reason, y.carried = "20", total
	} else {
		y.payouts++
		paid.Number, y.carried = fmt.Sprintf("2026%08d", 10_000+y.payouts), money.Zero(money.EUR)
		y.move(bankMove{on: on, amount: total, text: "WORLDLINE SCHWEIZ AG " + paid.Number})
	}
	y.hand(on, paper{contentType: "application/xml", content: y.notice(paid, on, lines, money.EUR)})
}

// payTWINT pays the sales by TWINT of a day. Only the bank tells of it.
func (y *year) payTWINT(sold, on time.Time) {
	lines, net := y.due(batch{"TWINT", money.CHF})
	if len(lines) == 0 {
		return
	}
	gross := money.Zero(money.CHF)
	for _, l := range lines {
		gross = gross.Add(l.gross)
	}
	y.move(bankMove{on: on, amount: net, text: fmt.Sprintf("WORLDLINE SCHWEIZ AG TWINT/ %s/NR.54321/KOM. %s/DAT.%s/BOUTIQUE/LAUSANNE",
		gross.Value(), gross.Sub(net).Value(), sold.Format("02.01.2006"))})
}

func (y *year) hand(on time.Time, p paper) { y.papers[on.Month()] = append(y.papers[on.Month()], p) }

func (y *year) move(m bankMove) {
	y.moves[m.amount.Currency()] = append(y.moves[m.amount.Currency()], m)
	if y.IntN(2) == 0 { // the bank tells of it at once, too
		y.hand(m.on, paper{contentType: "application/xml", content: y.statement("camt.054.001.08", m.amount.Currency(), []bankMove{m})})
	}
}

// bookkeep takes in what has come in during a month, in any order and some of it twice, and closes the month.
func (y *year) bookkeep(month time.Month, strangers int) {
	end := time.Date(2026, month+1, 0, 18, 30, 0, 0, calendar.Zurich)
	y.now = end
	files := slices.Clone(y.papers[month])
	for currency, moves := range y.moves {
		inMonth := slices.DeleteFunc(slices.Clone(moves), func(m bankMove) bool { return m.on.Month() != month })
		if len(inMonth) > 0 {
			files = append(files, paper{contentType: "application/xml", content: y.statement("camt.053.001.08", currency, y.amongStrangers(inMonth, strangers))})
		}
	}
	for range len(files) / 3 {
		files = append(files, y.again(files[y.IntN(len(files))]))
	}
	for before := range month - 1 {
		if all := y.papers[before+1]; len(all) > 0 {
			files = append(files, y.again(all[y.IntN(len(all))]))
		}
	}
	slices.SortFunc(files, func(a, b paper) int { return strings.Compare(a.content, b.content) }) // whatever the order of the maps was
	y.Shuffle(len(files), func(i, j int) { files[i], files[j] = files[j], files[i] })
	for _, f := range files {
		if f.record != nil {
			f.record()
			continue
		}
		a := y.importFile(f.contentType, f.content)
		require.Contains(y, []int{http.StatusCreated, http.StatusOK}, a.Code, a.Body.String())
	}
	y.decide()
	y.importRates(customs(end.Format("2006-01"), fmt.Sprintf("eur 1 0.9%03d", 300+y.IntN(200)))).json(http.StatusCreated)
	until := end.Format(time.DateOnly)
	require.Empty(y, y.call("GET", "/month-end?until="+until, y.key, nil).json(http.StatusOK)["open"], "in %s", month)
	y.call("PATCH", "/settings", y.key, object{"books_closed_until": until}).json(http.StatusOK)
	for currency, account := range map[money.Currency]string{money.CHF: "1020", money.EUR: "1021"} {
		closing := money.Zero(currency)
		for _, m := range y.moves[currency] {
			if m.on.Month() <= month {
				closing = closing.Add(m.amount)
			}
		}
		if booked := y.balance(account); !closing.IsZero() || len(booked) > 0 {
			assert.Equal(y, []any{object{"currency": string(currency), "amount": closing.Value()}}, booked, "the bank's balance at the end of %s", month)
		}
	}
}

// decide decides what no file can say.
func (y *year) decide() {
	for _, state := range []string{"proposed", "unmatched"} {
		for _, p := range y.call("GET", "/payouts?limit=200&state="+state, y.key, nil).json(http.StatusOK)["data"].([]any) {
			p := p.(object)
			y.decided++
			require.NotEmpty(y, p["returns"], "%v", p)
			y.call("POST", "/payouts/"+p["id"].(string)+"/confirm", y.key, nil).json(http.StatusOK)
		}
	}
}

// A year of a merchant with three brands and two currencies, whom the acquirer pays every week and in EUR from a minimum on, told by the
// bank, by MRX and by lists in any order and again.
func TestBooksOfAYearCloseEveryMonth(t *testing.T) {
	t.Parallel()
	for seed := range uint64(2) {
		t.Run(fmt.Sprint("of seed ", seed), func(t *testing.T) {
			t.Parallel()
			y := newYear(t, seed)
			monday := time.Date(2026, 1, 5, 0, 0, 0, 0, time.UTC)
			const weeks = 49
			for week := range weeks {
				weekday := func() time.Time { return monday.AddDate(0, 0, 7*week+y.IntN(5)) }
				y.sell(1+y.IntN(4), batch{"VISA", money.CHF}, weekday)
				y.sell(y.IntN(4), batch{"MASTERCARD", money.CHF}, weekday)
				y.sell(y.IntN(2), batch{"VISA", money.EUR}, weekday)
				twint := weekday()
				y.sell(y.IntN(3), batch{"TWINT", money.CHF}, func() time.Time { return twint })
				on := y.canton.AddBusinessDays(monday.AddDate(0, 0, 7*week+8), 0)
				y.givenUp = slices.DeleteFunc(y.givenUp, func(g givenUp) bool {
					if g.on.Before(on) {
						y.keptBack[g.batch] = append(y.keptBack[g.batch], g.listed)
					}
					return g.on.Before(on)
				})
				if week%10 == 8 && week < 40 {
					y.dispute([]batch{{"VISA", money.CHF}, {"MASTERCARD", money.CHF}}[y.IntN(2)], on)
				}
				for _, b := range []batch{{"VISA", money.CHF}, {"MASTERCARD", money.CHF}} {
					if lines, net := y.due(b); len(lines) > 0 {
						number := y.pay(on, lines, net)
						if week == 15 && b.brand == "VISA" || week == 35 && b.brand == "VISA" {
							y.takeBack(on, number, lines, net)
						}
					}
				}
				y.payEuros(on, week == weeks-1)
				y.payTWINT(twint, on)
			}
			for month := time.January; month <= time.December; month++ {
				strangers := 20_000
				if testing.Short() {
					strangers = 20
				}
				y.bookkeep(month, strangers)
			}
			assert.Equal(t, 0, y.decided, "the files answer everything")
			assert.Equal(t, []int{4, 2}, []int{y.disputes, y.returned})
			assert.Equal(t, francs("0.00"), y.balance("1190"), "every dispute is decided")
			assert.Equal(t, []string{"1029 CHF 0.00", "1029 EUR 0.00"}, y.stands())
			for _, account := range y.worth() {
				assert.NotContains(t, account, "?", "all of it has a value in francs")
			}
		})
	}
}

// dispute lets a cardholder contest a payment, which the next payout keeps back with a fee. A letter says so, and later how it ended.
func (y *year) dispute(b batch, on time.Time) {
	p := y.kept[b][0] // of long ago
	y.kept[b] = y.kept[b][1:]
	y.disputes++
	number, won := fmt.Sprintf("CB-%04d", y.disputes), y.disputes%2 == 0
	var opened string
	letter := y.canton.AddBusinessDays(on, -2)
	y.hand(letter, paper{content: "letter " + number, record: func() {
		a := y.call("POST", "/disputes", y.key, object{
			"payment_id": p.ID, "reason": "Ware nicht erhalten", "reference": number, "opened_on": letter.Format(time.DateOnly), "fee": "25.00",
		})
		require.Contains(y, []int{http.StatusCreated, http.StatusOK}, a.Code, a.Body.String())
		opened = a.json(a.Code)["id"].(string)
	}})
	y.keptBack[b] = append(y.keptBack[b], listed{kind: "Rückbelastung", order: p.OrderID, dispute: number, gross: p.Amount.Neg(), fee: chf("25.00")})
	ended := on.AddDate(0, 0, 35)
	y.hand(ended, paper{content: "letter of the end of " + number, record: func() {
		path, body := "/lose", object{"on": ended.Format(time.DateOnly), "claim": "loss"}
		if won {
			path, body = "/win", object{"on": ended.Format(time.DateOnly)}
		}
		y.call("POST", "/disputes/"+opened+path, y.key, body).json(http.StatusOK)
	}})
	if won {
		y.givenUp = append(y.givenUp, givenUp{b, ended, listed{kind: "Rückbelastung gewonnen", order: p.OrderID, dispute: number, gross: p.Amount, fee: chf("0.00")}})
	}
}

// takeBack lets the bank take a payout back, which the acquirer then pays again.
func (y *year) takeBack(on time.Time, number string, lines []listed, net money.Amount) {
	y.returned++
	y.move(bankMove{on: y.canton.AddBusinessDays(on, 1), amount: net.Neg(), reversal: true, text: "WORLDLINE SCHWEIZ AG " + number})
	y.pay(y.canton.AddBusinessDays(on, 3), lines, net)
}
