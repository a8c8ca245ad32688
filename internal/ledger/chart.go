package ledger

import (
	"slices"

	"github.com/quittance/quittance/internal/money"
)

// The accounts of the Swiss KMU chart that Quittance books on by itself, unless the company has chosen others.
const (
	Bank           = "1020"
	BankEUR        = "1021"
	BankUSD        = "1022"
	BankGBP        = "1023"
	SystemBank     = "1029"
	Transit        = "1090" // what is exchanged, in both currencies
	Unclear        = "1099" // money whose reason isn't known yet
	Receivables    = "1100"
	Disputed       = "1190" // what payers have charged back and the company contests
	Prepayments    = "2030"
	BadDebts       = "3805"
	ChargesOnBank  = "6940"
	Rounding       = "6945"
	ExchangeLosses = "6949"
	ExchangeGains  = "6999"
)

// Account is an account of a company's chart. Names are keyed by language (de, fr, it, en).
type Account struct {
	Number string
	Names  map[string]string
}

// Chart returns the accounts with which every company starts: the accounts above, and those of the KMU chart that a person
// needs to book by hand (cash, fees that come as an invoice, claims that are lost to a chargeback).
var Chart = []Account{
	{"1000", names("Kasse", "Caisse", "Cassa", "Cash")},
	{"1010", names("PostFinance", "PostFinance", "PostFinance", "PostFinance")},
	{Bank, names("Bankguthaben", "Banque", "Banca", "Bank")},
	{BankEUR, names("Bankguthaben EUR", "Banque EUR", "Banca EUR", "Bank EUR")},
	{BankUSD, names("Bankguthaben USD", "Banque USD", "Banca USD", "Bank USD")},
	{BankGBP, names("Bankguthaben GBP", "Banque GBP", "Banca GBP", "Bank GBP")},
	{SystemBank, names("Bank – Systemkonto", "Banque – compte système", "Banca – conto di sistema", "Bank – system account")},
	{Transit, names("Transferkonto", "Compte de transfert", "Conto di trasferimento", "Transit account")},
	{Unclear, names("Unklare Beträge", "Montants à clarifier", "Importi da chiarire", "Amounts to be clarified")},
	{Receivables, names("Forderungen aus Lieferungen und Leistungen", "Créances clients", "Crediti da forniture e prestazioni", "Trade receivables")},
	{Disputed, names("Strittige Rückbelastungen", "Rétrofacturations contestées", "Riaddebiti contestati", "Disputed chargebacks")},
	{"2000", names("Verbindlichkeiten aus Lieferungen und Leistungen", "Dettes fournisseurs", "Debiti per forniture e prestazioni", "Trade payables")},
	{Prepayments, names("Erhaltene Anzahlungen", "Acomptes reçus", "Acconti ricevuti", "Prepayments received")},
	{BadDebts, names("Verluste aus Forderungen", "Pertes sur créances", "Perdite su crediti", "Bad debts")},
	{ChargesOnBank, names("Bankspesen", "Frais bancaires", "Spese bancarie", "Bank charges")},
	{Rounding, names("Rundungsdifferenzen", "Différences d’arrondi", "Differenze di arrotondamento", "Rounding differences")},
	{ExchangeLosses, names("Währungsverluste", "Pertes de change", "Perdite su cambi", "Exchange losses")},
	{ExchangeGains, names("Währungsgewinne", "Gains de change", "Utili su cambi", "Exchange gains")},
}

func names(de, fr, it, en string) map[string]string {
	return map[string]string{"de": de, "fr": fr, "it": it, "en": en}
}

// Needed reports whether Quittance books on the account by itself. Such an account must stay in every chart.
func Needed(number string) bool {
	return slices.Contains([]string{
		Bank, BankEUR, BankUSD, BankGBP, SystemBank, Transit, Unclear, Receivables, Disputed, Prepayments, BadDebts, ChargesOnBank, Rounding, ExchangeLosses, ExchangeGains,
	}, number)
}

// BankIn returns the account on which money of that currency is kept at the bank, unless the company has said another.
func BankIn(currency money.Currency) string {
	switch currency {
	case money.EUR:
		return BankEUR
	case money.USD:
		return BankUSD
	case money.GBP:
		return BankGBP
	default:
		return Bank
	}
}
