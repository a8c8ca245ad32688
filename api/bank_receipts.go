package api

import (
	"context"

	"github.com/quittance/quittance/api/internal/spec"
	"github.com/quittance/quittance/internal/booking"
	"github.com/quittance/quittance/internal/exception"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/settlement"
	"github.com/quittance/quittance/workflows/contract"
)

// BankReceiptsTx is what taking in bank receipts needs of a transaction, besides MatchingTx.
type BankReceiptsTx interface {
	BankAccounts(ctx context.Context) ([]merchant.BankAccount, error)
	// IssuedByNumber returns the ids of issued invoices by the number of their references.
	IssuedByNumber(ctx context.Context, numbers []string) (map[string]string, error)
	BankReceiptsWith(ctx context.Context, references []string) ([]settlement.Receipt, error)
	InsertBankReceipts(ctx context.Context, receipts []settlement.Receipt) error
	SeeBankReceipts(ctx context.Context, receipts []settlement.Receipt) error
}

// takeReceipts puts on record what a file tells of money for invoices, and leaves the rest of the file to the matching of payouts.
// The caller has what waits booked when the transaction is through.
func (m matching) takeReceipts(ctx context.Context, settlementID string, file *settlement.File, accounts []merchant.BankAccount) error {
	numbers := file.Numbers()
	if len(numbers) == 0 {
		return nil
	}
	issued, err := m.receipts.IssuedByNumber(ctx, numbers)
	if err != nil || len(issued) == 0 {
		return err
	}
	if err := file.CheckReferences(issued); err != nil {
		return err
	}
	known, err := m.receipts.BankReceiptsWith(ctx, file.References())
	if err != nil {
		return err
	}
	fresh, again := file.Receipts(m.setting, settlementID, issued, m.company, accounts, known)
	if err := m.receipts.InsertBankReceipts(ctx, fresh); err != nil {
		return err
	}
	return m.receipts.SeeBankReceipts(ctx, again)
}

// bookReceipts has the bank receipts booked that wait, if it waits for any, by the processes of their invoices. What is on record is
// not lost when that can't be begun now: the same file, or a worker within six hours, begins it.
func (s *server) bookReceipts(ctx context.Context, companyID, cause string, waits bool) {
	if !waits {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, commandTimeout)
	defer cancel()
	if err := s.Collection.BookBankReceipts(ctx, companyID, cause); err != nil {
		s.Logger.WarnContext(ctx, "bank receipts not booked yet", "company", companyID, "cause", cause, "error", err)
	}
}

// carryOutReceipt does what was decided about a bank receipt, in the transaction in which the decision is recorded. It returns the receipt if
// it waits to be booked now.
func (s *server) carryOutReceipt(ctx context.Context, tx ExceptionsTx, e exception.Exception, d contract.ResolveException) (waits []settlement.Receipt, err error) {
	if e.Kind != exception.ReceiptExcess && e.Kind != exception.ReceiptUnclear {
		return nil, nil
	}
	r, err := tx.LockBankReceipt(ctx, e.Subject)
	if err != nil {
		return nil, err
	}
	switch d.Choice {
	case exception.Book:
		r.State, r.Certain = settlement.ReceiptWaiting, true
		waits = append(waits, r)
	case exception.NotOurs:
		r.State = settlement.ReceiptSkipped
	case exception.GivenBack:
		if err := booking.GivenBack(ctx, tx, &r, d.By, s.now()); err != nil {
			return nil, err
		}
		r.State = settlement.ReceiptBooked
	default:
		r.State = settlement.ReceiptBooked
	}
	return waits, tx.SaveBankReceipt(ctx, r)
}

func shownBankReceipt(r settlement.Receipt) spec.BankReceipt {
	answer := spec.BankReceipt{
		ID:          r.ID,
		State:       spec.BankReceiptState(r.State),
		InvoiceID:   r.InvoiceID,
		Reference:   r.Reference,
		Amount:      r.Amount.Value(),
		Currency:    spec.Currency(r.Amount.Currency()),
		Date:        date(r.Date),
		Iban:        r.IBAN,
		Account:     r.Account,
		ExceptionID: optional(r.ExceptionID),
		Line:        r.Line,
		SeenIn:      r.SeenIn,
	}
	if r.Parked.IsPositive() {
		answer.Parked = optional(r.Parked.Value())
	}
	return answer
}
