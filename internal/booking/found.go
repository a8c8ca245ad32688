package booking

import (
	"context"
	"time"

	"github.com/quittance/quittance/internal/calendar"
	"github.com/quittance/quittance/internal/ledger"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/payment"
)

// FoundMoney is what a transaction at Saferpay moved beyond what is booked for it. Invoice and payment are empty when none is
// known.
type FoundMoney struct {
	InvoiceID     string
	PaymentID     string
	TransactionID string       // its natural key
	Amount        money.Amount // more than 0 when it came, less than 0 when it went
	By            string       // the id of the key that decided
}

// FoundTx is what Found needs of its transaction.
type FoundTx interface {
	Journal
	Company(ctx context.Context) (merchant.Company, error)
	Payment(ctx context.Context, id string) (payment.Payment, error)
}

// Found books what Saferpay moved against 2030, prepayments received: on the account on which the payment was booked, else on
// the company's receipt account. A transaction is booked once.
func Found(ctx context.Context, tx FoundTx, in FoundMoney, at time.Time) error {
	company, err := tx.Company(ctx)
	if err != nil {
		return err
	}
	account := company.ReceiptAccount
	if in.PaymentID != "" {
		p, err := tx.Payment(ctx, in.PaymentID)
		if err != nil {
			return err
		}
		if p.BookedAccount != "" {
			account = p.BookedAccount
		}
	}
	_, err = tx.Append(ctx, ledger.Found(ledger.Occasion{
		CompanyID: company.ID, Language: company.Language, InvoiceID: in.InvoiceID, PaymentID: in.PaymentID, Amount: in.Amount, Day: calendar.Day(at),
	}, account, in.TransactionID, in.By))
	return err
}
