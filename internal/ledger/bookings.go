package ledger

import (
	"strings"
	"time"

	"github.com/quittance/quittance/internal/money"
)

// Occasion is what happened to an invoice and is to be booked.
type Occasion struct {
	CompanyID     string
	Language      string // of the entry's text: the company's
	InvoiceID     string
	InvoiceNumber string
	PaymentID     string // empty for money that came by other means
	Amount        money.Amount
	Day           time.Time // on which it happened, midnight UTC
}

func (o Occasion) entry(source Source, debited, credited string) Entry {
	return Entry{
		CompanyID: o.CompanyID,
		Date:      o.Day,
		Text:      texts[source.Kind][o.Language] + " " + o.InvoiceNumber,
		Source:    source,
		InvoiceID: o.InvoiceID,
		PaymentID: o.PaymentID,
		Lines:     []Line{Debit(debited, o.Amount), Credit(credited, o.Amount)},
	}
}

// texts begin what entries say, in the company's language. The number of the invoice follows, that of the entry which is
// reversed, or the id of the transaction.
var texts = map[SourceKind]map[string]string{
	FromPayment:     names("Online-Zahlung der Rechnung", "Paiement en ligne de la facture", "Pagamento online della fattura", "Online payment of invoice"),
	FromReceipt:     names("Zahlungseingang für Rechnung", "Encaissement de la facture", "Incasso della fattura", "Receipt for invoice"),
	FromRefund:      names("Rückerstattung zu Rechnung", "Remboursement de la facture", "Rimborso della fattura", "Refund for invoice"),
	FromSettlement:  names("Auszahlung des Acquirers", "Versement de l’acquéreur", "Versamento dell’acquirer", "Payout of the acquirer"),
	FromReversal:    names("Storno der Buchung", "Contre-passation de l’écriture", "Storno della registrazione", "Reversal of entry"),
	FromDispute:     names("Rückbelastung zu Rechnung", "Rétrofacturation de la facture", "Riaddebito della fattura", "Chargeback of invoice"),
	FromTransaction: names("Bei Saferpay gefundene Transaktion", "Transaction trouvée chez Saferpay", "Transazione trovata presso Saferpay", "Transaction found at Saferpay"),
	FromExchange:    names("Kursdifferenz zur Buchung", "Différence de change de l’écriture", "Differenza di cambio della registrazione", "Exchange difference of entry"),
}

// Receipt returns the entry for a captured payment: the receipt account (debit) to the counter account (credit), which is
// Receivables for a payment that settles its invoice and Prepayments for one that came too late.
func Receipt(o Occasion, receiptAccount, counterAccount string) Entry {
	return o.entry(Source{FromPayment, o.PaymentID}, receiptAccount, counterAccount)
}

// OtherReceipt returns the entry for money that came by other means: account (debit) to receivables (credit). Reference is
// what the company calls it, by is the id of the key with which it was entered.
func OtherReceipt(o Occasion, account, receiptID, reference, by string) Entry {
	e := o.entry(Source{FromReceipt, receiptID}, account, Receivables)
	e.Text, e.By = strings.TrimSuffix(e.Text+": "+reference, ": "), by
	return e
}

// BankReceipt returns the entry for money that a bank's file tells: account (debit, what came) and bad debts (debit, what is missing
// and let pass) to receivables (credit, what counts for the invoice) and prepayments (credit, what is too much). Each of the last
// three may be nothing.
func BankReceipt(o Occasion, account, receiptID, reference string, counted, missing money.Amount) Entry {
	e := o.entry(Source{FromReceipt, receiptID}, account, Receivables)
	e.Text += ": " + reference
	e.Lines = []Line{Debit(account, o.Amount)}
	if missing.IsPositive() {
		e.Lines = append(e.Lines, Debit(BadDebts, missing))
	}
	if counted.IsPositive() {
		e.Lines = append(e.Lines, Credit(Receivables, counted))
	}
	if parked := o.Amount.Add(missing).Sub(counted); parked.IsPositive() {
		e.Lines = append(e.Lines, Credit(Prepayments, parked))
	}
	return e
}

// GivenBack returns the entry for what a person sent back from the bank of a receipt that was too much: prepayments (debit) to the
// account on which it came (credit). By is the id of the key that said so.
func GivenBack(o Occasion, account, receiptID, by string) Entry {
	e := o.entry(Source{FromManual, receiptID}, Prepayments, account)
	e.Text, e.By = texts[FromRefund][o.Language]+" "+o.InvoiceNumber, by
	return e
}

// Refund returns the entry for money that went back to a payer: counter account (debit) to the account on which its receipt
// was booked (credit). The counter account is the one that the receipt credited.
func Refund(o Occasion, receiptAccount, counterAccount, refundID string) Entry {
	return o.entry(Source{FromRefund, refundID}, counterAccount, receiptAccount)
}

// What the texts of a dispute's end say after the number of the invoice.
var (
	disputeWon  = names("gewonnen", "gagnée", "vinto", "won")
	disputeLost = names("verloren", "perdue", "perso", "lost")
)

// A dispute books up to two entries. The id of the second one's source ends so.
const (
	wonSuffix  = ".won"
	lostSuffix = ".lost"
)

// disputeOf returns the id of the dispute behind the id of a source.
func disputeOf(sourceID string) string {
	return strings.TrimSuffix(strings.TrimSuffix(sourceID, wonSuffix), lostSuffix)
}

// Dispute returns the entry for money of a payment that is disputed: claims (debit) to the account on which the payment was booked
// (credit), from which the acquirer takes it. By is the id of the key that recorded the dispute, as in the next two.
func Dispute(o Occasion, receiptAccount, disputeID, by string) Entry {
	e := o.entry(Source{FromDispute, disputeID}, Disputed, receiptAccount)
	e.By = by
	return e
}

// DisputeWon returns the entry for a dispute that was won: the account on which the payment was booked (debit), on which the acquirer
// gives the money back, to claims (credit).
func DisputeWon(o Occasion, receiptAccount, disputeID, by string) Entry {
	e := o.entry(Source{FromDispute, disputeID + wonSuffix}, receiptAccount, Disputed)
	e.Text, e.By = e.Text+": "+disputeWon[o.Language], by
	return e
}

// DisputeLost returns the entry for a dispute that was lost: counter account (debit) to claims (credit). The counter account is
// Receivables when the invoice is owed again, BadDebts when nobody owes it, and Prepayments for a parked payment.
func DisputeLost(o Occasion, counterAccount, disputeID, by string) Entry {
	e := o.entry(Source{FromDispute, disputeID + lostSuffix}, counterAccount, Disputed)
	e.Text, e.By = e.Text+": "+disputeLost[o.Language], by
	return e
}

// Found returns the entry for what a transaction at Saferpay moved beyond what is booked for it: account (debit) to prepayments
// (credit) when money came, the other way round when the amount is less than 0 because it went. Invoice and payment may be
// empty; by is the id of the key of whoever decided to book it.
func Found(o Occasion, account, transactionID, by string) Entry {
	debited, credited := account, Prepayments
	if o.Amount.IsNegative() {
		debited, credited, o.Amount = credited, debited, o.Amount.Neg()
	}
	o.InvoiceNumber = transactionID // what the entry's text ends with
	e := o.entry(Source{FromTransaction, transactionID}, debited, credited)
	e.By = by
	return e
}

// Payout returns the entry for money that went between the acquirer and the bank, which has those lines. Reference is the
// acquirer's or the bank's, by is the id of the key of who decided; both may be empty.
func Payout(companyID, language string, source Source, reference, by string, day time.Time, lines []Line) Entry {
	return Entry{
		CompanyID: companyID, Date: day, Text: strings.TrimSpace(texts[FromSettlement][language] + " " + reference), Source: source, By: by,
		Lines: lines,
	}
}
