package settlement

import (
	"fmt"
	"slices"

	"github.com/quittance/quittance/internal/ledger"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/money"
)

// Entry returns how a payout is booked: bank (debit, what came) and the company's fee account (debit, what was kept) to the
// account on which each receipt really stands (credit, what was paid); refunds and payouts of less than nothing the other way
// round. In a currency that the bank exchanged, the exchange account takes the place of the bank, and stands against the bank in
// the other currency. The bank is that of bankOf. Returned is the entry of the payout that this one takes back, if it does.
func (p *Payout) Entry(c merchant.Company, accounts []merchant.BankAccount, returned ledger.Entry) ledger.Entry {
	lines := p.lines(c.FeeAccount, bankOf(p.Account, p.Net.Currency(), accounts))
	if p.Returns != "" {
		lines = ledger.Reversal{Entry: returned}.TakeBack().Lines
	}
	by := p.Timeline[len(p.Timeline)-1].By
	e := ledger.Payout(p.CompanyID, c.Language, p.source(), p.Reference, by, p.Date, lines)
	e.Reverses = returned.ID
	return e
}

// source is what the journal books the payout under. Booked again after it was reopened, it is another one.
func (p *Payout) source() ledger.Source {
	id := p.ID
	if p.Bookings > 1 {
		id = fmt.Sprintf("%s.%d", p.ID, p.Bookings)
	}
	return ledger.Source{Kind: ledger.FromSettlement, ID: id}
}

// bankOf returns the account of the chart on which the account of that IBAN is kept. When no bank has told the IBAN, it is the company's only
// account in the currency. An account that the company hasn't named is on that of ledger.BankIn.
func bankOf(iban string, currency money.Currency, accounts []merchant.BankAccount) string {
	is := func(b merchant.BankAccount) bool { return b.IBAN == iban && b.Currency == currency }
	if i := slices.IndexFunc(accounts, is); i >= 0 {
		return accounts[i].Account
	}
	if only := in(currency, accounts); iban == "" && len(only) == 1 {
		return only[0].Account
	}
	return ledger.BankIn(currency)
}

func in(currency money.Currency, accounts []merchant.BankAccount) []merchant.BankAccount {
	return slices.DeleteFunc(slices.Clone(accounts), func(b merchant.BankAccount) bool { return b.Currency != currency })
}

func (p *Payout) lines(feeAccount, bank string) (lines []ledger.Line) {
	debit := func(account string, amount money.Amount) {
		switch {
		case amount.IsPositive():
			lines = append(lines, ledger.Debit(account, amount))
		case amount.IsNegative():
			lines = append(lines, ledger.Credit(account, amount.Neg()))
		}
	}
	debit(bank, p.Net)
	if isSet(p.Exchanged) {
		debit(p.ExchangeTo, p.Net.Neg())
		debit(p.ExchangeTo, p.Exchanged)
	}
	debit(feeAccount, p.Fee)
	var accounts []string
	came, went := map[string]money.Amount{}, map[string]money.Amount{}
	for _, i := range p.Items {
		if !slices.Contains(accounts, i.Account) {
			accounts = append(accounts, i.Account)
			came[i.Account], went[i.Account] = p.zero(), p.zero()
		}
		if i.Gross.IsPositive() {
			came[i.Account] = came[i.Account].Add(i.Gross)
		} else {
			went[i.Account] = went[i.Account].Add(i.Gross)
		}
	}
	for _, account := range accounts {
		debit(account, came[account].Neg())
		debit(account, went[account].Neg())
	}
	if isSet(p.Rest) {
		debit(p.RestTo, p.Rest.Neg())
	}
	return lines
}
