package postgres_test

import (
	"crypto/sha256"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/internal/id"
	"github.com/quittance/quittance/internal/ledger"
	"github.com/quittance/quittance/internal/listing"
	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/postgres"
	"github.com/quittance/quittance/internal/problem"
	"github.com/quittance/quittance/internal/settlement"
	"github.com/quittance/quittance/internal/testing/postgrestest"
)

// settlement is the import of a file with that content.
func (b books) settlement(content string) settlement.Settlement {
	hash := sha256.Sum256([]byte(content))
	return settlement.Settlement{
		ID: id.New(id.Settlement), CompanyID: b.company.ID, Hash: hash[:], Size: len(content), Format: settlement.CAMT053,
		Message: "camt.053.001.08", MessageID: "MSG-1", Created: noon, ImportedAt: noon, ImportedBy: "key_1",
		Accounts: []settlement.Account{{Line: 3, ID: "1", Number: "CH9300762011623852957", From: noon, To: noon, Entries: 7}},
		Skipped:  map[settlement.SkipReason]int{settlement.Others: 6},
	}
}

// payout is a new one over that amount.
func (b books) payout(net string) settlement.Payout {
	return settlement.Payout{
		ID: id.New(id.Payout), CompanyID: b.company.ID, State: settlement.Unmatched, Date: day, Total: chf(net), Net: chf(net), CreatedAt: noon,
	}
}

// paying returns the item for the payment of the books.
func (b books) item() settlement.Item {
	return settlement.Item{
		Source: ledger.Source{Kind: ledger.FromPayment, ID: b.payment.ID}, OrderID: b.payment.OrderID, Account: ledger.SystemBank,
		Gross: b.payment.Amount, Fee: chf("2.30"),
	}
}

func TestASettlementIsKeptAsItIs(t *testing.T) {
	t.Parallel()
	store := postgrestest.New(t)
	b := createBooks(t, store)
	s := b.settlement("file")
	filled(t, s)
	in(t, store, b.company.ID, func(tx *postgres.Tx) error {
		require.NoError(t, tx.LockJournal(t.Context()))
		require.NoError(t, tx.InsertSettlement(t.Context(), s))
		stored, err := tx.Settlement(t.Context(), s.ID)
		require.NoError(t, err)
		same(t, s, stored)
		stored, found, err := tx.SettlementOf(t.Context(), s.Hash)
		require.NoError(t, err)
		assert.True(t, found)
		same(t, s, stored)
		other := b.settlement("other file")
		_, found, err = tx.SettlementOf(t.Context(), other.Hash)
		require.NoError(t, err)
		assert.False(t, found)
		other.Created, other.Message, other.MessageID, other.Accounts = time.Time{}, "", "", []settlement.Account{}
		require.NoError(t, tx.InsertSettlement(t.Context(), other))
		all, next, err := tx.Settlements(t.Context(), listing.Settlements{Limit: 1})
		require.NoError(t, err)
		same(t, []settlement.Settlement{other}, all)
		all, next, err = tx.Settlements(t.Context(), listing.Settlements{Limit: 1, Cursor: next})
		require.NoError(t, err)
		same(t, []settlement.Settlement{s}, all)
		assert.Empty(t, next)
		_, _, err = tx.Settlements(t.Context(), listing.Settlements{Cursor: "x"})
		assert.Equal(t, problem.Invalid, problem.CodeOf(err))
		_, err = tx.Settlement(t.Context(), id.New(id.Settlement))
		assert.Equal(t, problem.NotFound, problem.CodeOf(err))
		return nil
	})
}

func TestAPayoutIsKeptAsItIs(t *testing.T) {
	t.Parallel()
	store := postgrestest.New(t)
	b := createBooks(t, store)
	in(t, store, b.company.ID, func(tx *postgres.Tx) error {
		entry, err := tx.Append(t.Context(), b.receipt())
		require.NoError(t, err)
		s := b.settlement("file")
		require.NoError(t, tx.InsertSettlement(t.Context(), s))
		first, original := b.payout("5.00"), b.payout("90.40")
		require.NoError(t, tx.SavePayout(t.Context(), first))
		require.NoError(t, tx.SavePayout(t.Context(), original))
		stored, err := tx.Payout(t.Context(), first.ID)
		require.NoError(t, err)
		same(t, first, withoutEmpty(stored))

		p := b.payout("-90.40")
		p.State, p.Reference, p.Account, p.PartOf, p.Returns = settlement.Booked, "WL-1", "CH9300762011623852957", first.ID, original.ID
		p.Exchanged, p.FeeTold, p.Held = eur("-97.20"), eur("1.00"), true
		p.Lines = []settlement.Line{{Number: 7, Kind: settlement.PaymentLine, OrderID: "Q", Gross: eur("100.00"), Problem: "No."}}
		p.Items, p.Fee, p.Rest, p.RestTo, p.ExchangeTo = []settlement.Item{b.item()}, eur("2.30"), eur("-0.01"), ledger.Rounding, ledger.ExchangeGains
		p.Confident, p.Reason, p.EntryID, p.Bookings = settlement.Likely, "Because.", entry.ID, 2
		p.Choices = []settlement.Candidate{{Items: []string{b.payment.ID}, Fee: eur("1.00")}}
		p.Seen = []settlement.Sighting{{
			SettlementID: s.ID, Format: settlement.CAMT053, Line: 7, Reference: "ZKB-1", Account: "CH9300762011623852957", Date: day,
			Mentions: []string{"WORLDLINE"}, Returned: true, Known: true,
		}}
		p.Timeline = []settlement.Step{{At: noon, State: settlement.Booked, Note: "Because.", By: "key_1"}}
		filled(t, p)
		require.NoError(t, tx.SavePayout(t.Context(), p))
		stored, err = tx.Payout(t.Context(), p.ID)
		require.NoError(t, err)
		same(t, p, stored)
		require.NoError(t, tx.SavePayout(t.Context(), p), "again changes nothing")

		p.State, p.Exchanged, p.FeeTold, p.Fee, p.Rest, p.RestTo, p.ExchangeTo, p.EntryID = settlement.Proposed, money.Amount{}, money.Amount{}, money.Amount{}, money.Amount{}, "", "", ""
		p.Items[0].Fee, p.Returns = money.Amount{}, ""
		require.NoError(t, tx.SavePayout(t.Context(), p))
		of, err := tx.PayoutsOf(t.Context(), s.ID)
		require.NoError(t, err)
		same(t, []settlement.Payout{p}, of)

		pays, _, err := tx.Payouts(t.Context(), listing.Payouts{Pays: b.payment.ID})
		require.NoError(t, err)
		same(t, []settlement.Payout{p}, pays)
		waiting, next, err := tx.Payouts(t.Context(), listing.Payouts{States: []settlement.State{settlement.Unmatched}, Limit: 1})
		require.NoError(t, err)
		assert.Equal(t, []any{1, original.ID, original.ID}, []any{len(waiting), waiting[0].ID, next})
		return nil
	})
}

// withoutEmpty makes the empty lists of a stored payout nil, as those of a new one are.
func withoutEmpty(p settlement.Payout) settlement.Payout {
	p.Lines, p.Choices, p.Timeline, p.Seen = nil, nil, nil, nil
	return p
}

func TestWhatIsPaidOutIsPaidOutOnce(t *testing.T) {
	t.Parallel()
	store := postgrestest.New(t)
	b := createBooks(t, store)
	err := store.InCompany(t.Context(), b.company.ID, func(tx *postgres.Tx) error {
		entry, err := tx.Append(t.Context(), b.receipt())
		require.NoError(t, err)
		for range 2 {
			p := b.payout("105.70")
			p.State, p.EntryID, p.Items = settlement.Booked, entry.ID, []settlement.Item{b.item()}
			if err := tx.SavePayout(t.Context(), p); err != nil {
				return err
			}
		}
		return nil
	})
	assert.ErrorContains(t, err, "paid_out_once")
}

func TestPayoutsAreFoundByWhatAnotherFileMayTellOfThem(t *testing.T) {
	t.Parallel()
	store := postgrestest.New(t)
	b := createBooks(t, store)
	in(t, store, b.company.ID, func(tx *postgres.Tx) error {
		entry, err := tx.Append(t.Context(), b.receipt())
		require.NoError(t, err)
		s := b.settlement("file")
		require.NoError(t, tx.InsertSettlement(t.Context(), s))
		save := func(net string, on time.Time, state settlement.State, reference string) string {
			p := b.payout(net)
			p.State, p.Date = state, on
			if state == settlement.Booked {
				p.EntryID = entry.ID
			}
			p.Seen = []settlement.Sighting{{SettlementID: s.ID, Format: settlement.CSV, Line: 1, Reference: reference, Date: on}}
			require.NoError(t, tx.SavePayout(t.Context(), p))
			return p.ID
		}
		old := day.AddDate(-1, 0, 0)
		waits := save("1.00", old, settlement.Unmatched, "")
		near := save("2.00", day, settlement.Dismissed, "")
		named := save("3.00", old, settlement.Dismissed, "WL-1")
		same := save("4.00", old, settlement.Booked, "")
		byID := save("5.00", old, settlement.Dismissed, "")
		save("6.00", old, settlement.Dismissed, "WL-2")
		found := func(search settlement.PayoutSearch) (ids []string) {
			payouts, err := tx.SearchPayouts(t.Context(), search)
			require.NoError(t, err)
			for _, p := range payouts {
				ids = append(ids, p.ID)
			}
			return ids
		}
		assert.Equal(t, []string{waits}, found(settlement.PayoutSearch{}))
		carried := save("7.00", old, settlement.Carried, "")
		assert.Equal(t, []string{waits, carried}, found(settlement.PayoutSearch{Carried: []string{b.payout("7.00").Account}}))
		assert.Equal(t, []string{near, named}, found(settlement.PayoutSearch{
			Narrow: true, From: day.AddDate(0, 0, -1), To: day, References: []string{"WL-1"}, Totals: []money.Amount{chf("2.00"), chf("4.00")},
		}), "one batch of many needs only what it names")
		taken, back := save("7.00", old, settlement.Booked, ""), b.payout("-7.00")
		back.Date, back.Seen = old, []settlement.Sighting{{SettlementID: s.ID, Format: settlement.CAMT053, Line: 2, Date: old, Returned: true}}
		require.NoError(t, tx.SavePayout(t.Context(), back))
		assert.Equal(t, []string{waits, taken, back.ID}, found(settlement.PayoutSearch{}), "what one that waits may take back")
		assert.Equal(t, []string{waits, near, named, same, byID, taken, back.ID}, found(settlement.PayoutSearch{
			From: day.AddDate(0, 0, -1), To: day, References: []string{"WL-1"}, Totals: []money.Amount{chf("4.00")}, IDs: []string{byID},
		}))
		return nil
	})
}

func TestPositionsStandOnTheirReceiptAccountUntilTheyArePaidOut(t *testing.T) {
	t.Parallel()
	store := postgrestest.New(t)
	b := createBooks(t, store)
	r := b.refund("12.30")
	in(t, store, b.company.ID, func(tx *postgres.Tx) error {
		b.payment.BookedAccount, b.payment.Brand, b.payment.Card, b.payment.AuthorizationCode = ledger.SystemBank, "VISA", "492113xxxxxx2364", "689996"
		require.NoError(t, tx.SavePayment(t.Context(), b.payment))
		require.NoError(t, tx.InsertRefund(t.Context(), r))
		_, err := tx.Append(t.Context(), b.receipt())
		require.NoError(t, err)
		_, err = tx.Append(t.Context(), ledger.Refund(b.occasion(r.Amount, day.AddDate(0, 0, 1)), ledger.SystemBank, ledger.Receivables, r.ID))
		require.NoError(t, err)

		paid := settlement.Position{
			Source: ledger.Source{Kind: ledger.FromPayment, ID: b.payment.ID}, PaymentID: b.payment.ID, InvoiceID: b.invoice.ID, OrderID: b.payment.OrderID,
			Method: b.payment.Method, Brand: "VISA", Account: ledger.SystemBank, Amount: b.payment.Amount, Open: b.payment.Amount, Day: day,
			Card: "492113xxxxxx2364", Authorization: "689996",
		}
		back := paid
		back.Authorization = "" // it is the payment's
		back.Source, back.OrderID = ledger.Source{Kind: ledger.FromRefund, ID: r.ID}, r.OrderID
		back.Amount, back.Open, back.Day = r.Amount.Neg(), r.Amount.Neg(), day.AddDate(0, 0, 1)
		filled(t, paid, "Case", "Fee") // of disputes, see TestADisputeStandsOnItsReceiptAccountUntilItsPayoutIsBooked
		found := func(search settlement.PositionSearch) []settlement.Position {
			positions, err := tx.Positions(t.Context(), search)
			require.NoError(t, err)
			return positions
		}
		assert.Empty(t, found(settlement.PositionSearch{Orders: []string{"Q"}}))
		same(t, []settlement.Position{paid, back}, found(settlement.PositionSearch{Orders: []string{b.payment.OrderID}}))
		same(t, []settlement.Position{back}, found(settlement.PositionSearch{Orders: []string{r.OrderID}}))
		same(t, []settlement.Position{paid, back}, found(settlement.PositionSearch{Codes: []string{"689996"}}))
		assert.Empty(t, found(settlement.PositionSearch{Codes: []string{"", "000000"}}))
		same(t, []settlement.Position{back}, found(settlement.PositionSearch{Sources: []ledger.Source{back.Source}}))
		same(t, []settlement.Position{paid}, found(settlement.PositionSearch{IDs: []string{b.payment.ID}}))
		same(t, []settlement.Position{paid}, found(settlement.PositionSearch{From: day, To: day}))

		p := b.payout("105.70")
		entry, err := tx.Append(t.Context(), sale(b.company.ID, "payout"))
		require.NoError(t, err)
		p.State, p.EntryID, p.Items = settlement.Booked, entry.ID, []settlement.Item{b.item()}
		require.NoError(t, tx.SavePayout(t.Context(), p))
		paid.Open = chf("0.00")
		same(t, []settlement.Position{paid}, found(settlement.PositionSearch{IDs: []string{b.payment.ID}}))
		same(t, []settlement.Position{back}, found(settlement.PositionSearch{From: day, To: day.AddDate(0, 0, 1)}))
		return nil
	})
}

func TestWhatStandsOnTheReceiptAccountsIsListedPageByPage(t *testing.T) {
	t.Parallel()
	store := postgrestest.New(t)
	b := createBooks(t, store)
	in(t, store, b.company.ID, func(tx *postgres.Tx) error {
		_, err := tx.Append(t.Context(), b.receipt())
		require.NoError(t, err)
		for i := range 4 {
			e := sale(b.company.ID, fmt.Sprint(i))
			e.Source.Kind = ledger.FromManual
			e.Lines = []ledger.Line{
				ledger.Debit(ledger.SystemBank, chf("1.00")), ledger.Credit(ledger.Bank, chf("1.00")),
				ledger.Credit(ledger.SystemBank, eur("2.00")), ledger.Debit(ledger.Bank, eur("2.00")),
			}
			_, err := tx.Append(t.Context(), e)
			require.NoError(t, err)
		}
		var all []settlement.Standing
		f := listing.Standings{Limit: 2}
		for {
			page, next, err := tx.Standings(t.Context(), f)
			require.NoError(t, err)
			all = append(all, page...)
			if f.Cursor = next; next == "" {
				break
			}
			assert.Len(t, page, 2)
		}
		require.Len(t, all, 9)
		assert.Equal(t, []any{settlement.Reason("payment"), ledger.SystemBank, b.payment.Amount.String(), b.payment.ID, b.invoice.ID, day},
			[]any{all[0].Reason, all[0].Account, all[0].Amount.String(), all[0].PaymentID, all[0].InvoiceID, all[0].Day})
		chosen, _, err := tx.Standings(t.Context(), listing.Standings{Account: ledger.SystemBank, Currency: money.EUR, Reason: "manual"})
		require.NoError(t, err)
		assert.Len(t, chosen, 4)
		for _, cursor := range []string{"x", "1e3_1029_CHF", "_"} {
			_, _, err = tx.Standings(t.Context(), listing.Standings{Cursor: cursor})
			assert.Equal(t, problem.Invalid, problem.CodeOf(err), cursor)
		}
		subtotals, err := tx.Subtotals(t.Context())
		require.NoError(t, err)
		same(t, []settlement.Subtotal{
			{Account: "1029", Reason: "manual", Day: day, Amount: chf("4.00"), Count: 4},
			{Account: "1029", Reason: "payment", Day: day, Amount: b.payment.Amount, Count: 1},
			{Account: "1029", Reason: "manual", Day: day, Amount: eur("-8.00"), Count: 4},
		}, subtotals)
		return nil
	})
}
