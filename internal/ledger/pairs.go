package ledger

import (
	"slices"

	"github.com/shopspring/decimal"

	"github.com/quittance/quittance/internal/money"
)

// Pair says the same as two lines of an entry, as accounting programs take it in: an amount on one account from another.
type Pair struct {
	Debit  string // the number of the debited account
	Credit string // the number of the credited account
	Amount money.Amount
}

// Rates are what one unit of each foreign currency of an entry is worth in francs. One that is unknown is missing.
type Rates map[money.Currency]decimal.Decimal

// Values returns what the pairs of one entry are worth in francs; the zero value for one without a rate. Each is rounded so that it and
// those before it in its currency have the right sum. So the values of all pairs are those of the lines.
func (r Rates) Values(pairs []Pair) []money.Amount {
	values := make([]money.Amount, len(pairs))
	soFar := map[money.Currency]money.Amount{}
	for i, p := range pairs {
		currency := p.Amount.Currency()
		rate, known := r[currency]
		switch {
		case currency == money.CHF:
			values[i] = p.Amount
		case known:
			before, begun := soFar[currency]
			if !begun {
				before = money.Zero(currency)
			}
			soFar[currency] = before.Add(p.Amount)
			values[i] = soFar[currency].In(money.CHF, rate).Sub(before.In(money.CHF, rate))
		}
	}
	return values
}

// Pairs returns the entry's lines as pairs: on every account they add up to what the lines add up to. Debits are paired with credits of
// their currency in the order of the lines; a line that meets several is split. So no collective account is needed.
func (e Entry) Pairs() []Pair {
	var currencies []money.Currency
	debits, credits := map[money.Currency][]Line{}, map[money.Currency][]Line{}
	for _, line := range e.Lines {
		currency := line.Debit.Currency()
		if !slices.Contains(currencies, currency) {
			currencies = append(currencies, currency)
		}
		if line.Debit.IsPositive() {
			debits[currency] = append(debits[currency], line)
		} else {
			credits[currency] = append(credits[currency], line)
		}
	}
	var pairs []Pair
	for _, currency := range currencies {
		debits, credits := debits[currency], credits[currency]
		for len(debits) > 0 && len(credits) > 0 {
			debit, credit := &debits[0], &credits[0]
			amount := debit.Debit
			if credit.Credit.Cmp(amount) < 0 {
				amount = credit.Credit
			}
			pairs = append(pairs, Pair{debit.Account, credit.Account, amount})
			if debit.Debit = debit.Debit.Sub(amount); debit.Debit.IsZero() {
				debits = debits[1:]
			}
			if credit.Credit = credit.Credit.Sub(amount); credit.Credit.IsZero() {
				credits = credits[1:]
			}
		}
	}
	return pairs
}
