package settlement

import (
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"

	"github.com/shopspring/decimal"

	"github.com/quittance/quittance/internal/id"
	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/mrx"
)

// batchLines is how many transactions of an MRX are matched together. A payment with more comes in several parts, so that a file of
// any size takes the same memory.
const batchLines = 1000

// IsMRX reports whether a file that begins like that is an MRX.
func IsMRX(head []byte) bool { return mrx.Is(head) }

// ReadMRX checks an MRX and returns what it says besides its transactions, which Batches tells. A payment in a currency that
// Quittance has no books in is skipped. A file with a fault is a *FileError.
func ReadMRX(r io.ReadSeeker) (File, error) {
	if _, err := r.Seek(0, io.SeekStart); err != nil {
		return File{}, err
	}
	notice, err := mrx.Read(r)
	if err != nil {
		return File{}, refusedNotice(err)
	}
	file := File{Format: MRX, ID: notice.ID, Created: notice.Created, Skipped: map[SkipReason]int{}, notice: notice}
	if notice.Test {
		file.Format = MRXTest
	}
	for _, a := range notice.Accounts {
		file.Accounts = append(file.Accounts, Account{Line: a.Line, ID: a.ID, Number: a.Number, Entries: a.Entries})
	}
	file.transfers = make([]int, len(notice.Payments))
	for i, p := range notice.Payments {
		account := notice.Accounts[p.Account]
		currency, err := money.ParseCurrency(account.Currency)
		if file.transfers[i] = len(file.Transfers); err != nil || p.Number != "" && p.Paid.IsZero() && p.Entries == 0 {
			file.transfers[i] = -1
			file.Skipped[Others]++
			continue
		}
		t, err := noticeTransfer(file, i, p, account.Number, currency)
		if err != nil {
			return File{}, refuse(p.Line, "%s", err)
		}
		file.Transfers = append(file.Transfers, t)
	}
	if len(file.Transfers) > maxTransfers {
		return File{}, refuse(file.Transfers[maxTransfers].Line, "the file has more than %d payouts: send it in parts", maxTransfers)
	}
	return file, nil
}

// refusedNotice returns the fault of a file behind an error of package mrx.
func refusedNotice(err error) error {
	if fault, ok := errors.AsType[*mrx.Error](err); ok {
		return refuse(fault.Line, "%s", fault.Reason)
	}
	return err
}

func noticeTransfer(f File, index int, p mrx.Payment, account string, currency money.Currency) (Transfer, error) {
	zero := money.Zero(currency)
	t := Transfer{Line: p.Line, Sender: Acquirer, Reference: p.Number, Account: account, Date: p.Date, Part: zero, Fee: zero}
	amount := p.Paid
	if p.Number == "" {
		t.Reference, t.Carried = fmt.Sprintf("%s-%d", f.ID, index+1), carriedReason(p.Closing.Reason)
		amount = p.Closing.Amount.Round(currency.Scale())
	}
	var err error
	if t.Net, err = money.Parse(amount.String(), currency); err != nil {
		return t, fmt.Errorf("what the payment makes, %s %s, %w", amount, currency, err)
	}
	if p.Opening.Told {
		if t.Opening, err = money.Parse(p.Opening.Amount.Round(currency.Scale()).String(), currency); err != nil {
			return t, fmt.Errorf("openingBalance %s %s %w", p.Opening.Amount, currency, err)
		}
	}
	if p.Number != "" && p.Closing.Told && !p.Closing.Amount.IsZero() {
		t.Remainder, err = money.Parse(p.Closing.Amount.Round(currency.Scale()).String(), currency)
	}
	return t, err
}

// carriedReason is why the acquirer pays nothing out, as a sentence for people.
func carriedReason(code string) string {
	switch code {
	case mrx.Negative:
		return "The balance is negative (reason 10)."
	case mrx.BelowMinimum:
		return "The balance is below the minimum amount for a payout (reason 20)."
	case mrx.Blocked:
		return "The acquirer has blocked payouts (reason 30)."
	case mrx.DataMissing:
		return "The acquirer lacks data about the merchant (reason 40)."
	case "":
		return "The acquirer gives no reason."
	default:
		return fmt.Sprintf("The acquirer's reason is %q.", code)
	}
}

// Batches calls take with parts of the file that have a limited number of transactions, until all were told. Of a payment with more
// than fit, the parts after the first say More.
func (f File) Batches(r io.ReadSeeker, take func(File) error) error {
	if _, err := r.Seek(0, io.SeekStart); err != nil {
		return err
	}
	f.narrow = f.notice.Entries > batchLines
	b := &batcher{file: f, take: take, open: -1}
	if err := f.notice.Each(r, b.add); err != nil {
		return refusedNotice(err)
	}
	return b.flush(len(f.notice.Payments))
}

// batcher puts entries together to batches.
type batcher struct {
	file       File
	take       func(File) error
	transfers  []Transfer
	lines      int
	open       int             // the payment that is read; its part is the last of transfers
	told       int             // payments that are in transfers, or were taken
	gross, net decimal.Decimal // of the open payment so far
}

func (b *batcher) add(e mrx.Entry) error {
	index := b.file.transfers[e.Payment]
	if index < 0 {
		return nil
	}
	if b.open != e.Payment {
		if err := b.begin(e.Payment); err != nil {
			return err
		}
	} else if b.lines == batchLines {
		more := b.file.Transfers[index]
		more.More = true
		if err := b.send(); err != nil {
			return err
		}
		b.transfers = append(b.transfers, more)
	}
	t := &b.transfers[len(b.transfers)-1]
	line := b.line(e, t.Net.Currency())
	t.Lines, t.Part, t.Fee = append(t.Lines, line), t.Part.Add(line.Net), t.Fee.Add(line.Fee)
	b.lines++
	return nil
}

// begin adds a payment, and those before it that have no entries.
func (b *batcher) begin(payment int) error {
	for b.told <= payment {
		if index := b.file.transfers[b.told]; index >= 0 {
			if b.lines >= batchLines {
				if err := b.send(); err != nil {
					return err
				}
			}
			b.transfers = append(b.transfers, b.file.Transfers[index])
		}
		b.told++
	}
	b.open, b.gross, b.net = payment, decimal.Zero, decimal.Zero
	return nil
}

func (b *batcher) send() error {
	part := b.file
	part.Transfers, b.transfers, b.lines = b.transfers, nil, 0
	return b.take(part)
}

func (b *batcher) flush(payments int) error {
	if err := b.begin(payments - 1); err != nil {
		return err
	}
	return b.send()
}

// line returns an entry as a line. The acquirer reckons fees, and what it has exchanged, to nine decimals. The lines are rounded so
// that the sum up to each of them is right.
func (b *batcher) line(e mrx.Entry, currency money.Currency) Line {
	step := func(sum *decimal.Decimal, more decimal.Decimal) money.Amount {
		before := sum.Round(currency.Scale())
		*sum = sum.Add(more)
		return money.FromMinor(sum.Round(currency.Scale()).Sub(before).Shift(currency.Scale()).IntPart(), currency)
	}
	l := Line{Number: e.Line, Transaction: e.ID, Day: e.Day, Text: e.Text, Gross: step(&b.gross, e.Gross), Net: step(&b.net, e.Net)}
	switch {
	case e.Adjustment:
		l.Kind = adjustmentKind(e)
		if l.Gross = l.Net; l.Kind == FeeLine {
			l.Gross = money.Zero(currency)
		}
	case e.Net.IsNegative() || e.Gross.IsNegative():
		l.Kind = RefundLine
	default:
		l.Kind = PaymentLine
	}
	l.Fee = l.Gross.Sub(l.Net)
	if !e.Adjustment {
		l.Authorization, l.Card = e.Authorization, e.Card
		if orders := id.Orders(e.References...); len(orders) == 1 {
			l.OrderID = orders[0]
		}
	}
	return l
}

// What adjustments are called in the four languages of the acquirer.
var (
	chargebackText = regexp.MustCompile(`(?i)charge-?\s?back|rückbelast|rueckbelast|rétrofactur|retrofactur|riaddebito|dispute`)
	feeText        = regexp.MustCompile(`(?i)gebühr|gebuehr|entgelt|\bfees?\b|frais|commission|kommission|tass[ae]\b|commission[ei]|spese|canone|abonnement|abbonamento|miete|rental`)
	roundingText   = regexp.MustCompile(`(?i)rundung|rounding|arrondi|arrotond`)
)

// adjustmentKind returns what an adjustment is about. Its types are not documented but for that of roundings, so its text tells.
func adjustmentKind(e mrx.Entry) LineKind {
	kind, _, _ := strings.Cut(e.Type, "/")
	switch {
	case chargebackText.MatchString(e.Text) && e.Net.IsPositive():
		return ChargebackWonLine
	case chargebackText.MatchString(e.Text):
		return ChargebackLine
	case kind == mrx.RoundingType, feeText.MatchString(e.Text), roundingText.MatchString(e.Text):
		return FeeLine
	default:
		return AdjustmentLine
	}
}

// identified reports whether the file says which transaction a line is.
func (l Line) identified() bool {
	return l.OrderID != "" || l.single()
}

// InBatches reports whether Batches tells what the file is made of: it is an MRX.
func (f File) InBatches() bool { return f.Format.isNotice() }

// isNotice reports whether files of the format are an MRX.
func (f Format) isNotice() bool { return slices.Contains([]Format{MRX, MRXTest}, f) }
