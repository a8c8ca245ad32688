package api

import (
	"context"
	"errors"
	"strings"

	"github.com/quittance/quittance/api/internal/spec"
	"github.com/quittance/quittance/internal/csvlist"
	"github.com/quittance/quittance/internal/id"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/problem"
	"github.com/quittance/quittance/internal/settlement"
)

// ColumnsTx is what the calls for the columns of the acquirer's lists need of a transaction.
type ColumnsTx interface {
	LockCompany(ctx context.Context) (merchant.Company, error)
	AllColumns(ctx context.Context) ([]csvlist.Saved, error)
	ColumnsOf(ctx context.Context, header []string) (c csvlist.Saved, found bool, err error)
	SaveColumns(ctx context.Context, c csvlist.Saved) error
	DeleteColumns(ctx context.Context, id string) error
}

// What of a list a proposal shows.
const (
	shownRows  = 5
	shownRunes = 100 // of a cell
)

// columnsUnknownError refuses a list whose columns nobody has confirmed, with what they probably are.
type columnsUnknownError struct {
	problem  *problem.Error
	proposal spec.ColumnsProposal
}

// Error returns the problem's text.
func (e *columnsUnknownError) Error() string { return e.problem.Error() }

// Unwrap returns the problem.
func (e *columnsUnknownError) Unwrap() error { return e.problem }

// readFile reads a file to import. A list of the acquirer is read by the columns that the company has confirmed; one that looks like
// the list of a bank is not asked about.
func (s *server) readFile(ctx context.Context, f settlementFile) (settlement.File, error) {
	if !f.isCSV || f.size > maxSettlement {
		return settlement.Read(f, f.size, f.isCSV)
	}
	data, err := f.content()
	if err != nil {
		return settlement.File{}, err
	}
	if err := settlement.CheckKind(data); err != nil {
		return settlement.File{}, err
	}
	file, isList, err := s.readList(ctx, data)
	if _, asks := errors.AsType[*columnsUnknownError](err); asks && settlement.CheckList(data) != nil {
		return settlement.File{}, settlement.CheckList(data)
	}
	if isList || err != nil {
		return file, err
	}
	return settlement.Read(f, f.size, f.isCSV)
}

// readList reads a list of the acquirer as the company has confirmed its columns. It reports false for another CSV file.
func (s *server) readList(ctx context.Context, data []byte) (file settlement.File, isList bool, err error) {
	table, isList, err := settlement.IsList(data)
	if !isList || err != nil {
		return file, isList, err
	}
	saved, found, err := s.columnsOf(ctx, table.Header)
	switch {
	case err != nil:
	case found:
		file, err = settlement.ReadList(table, saved.Mapping)
	default:
		err = &columnsUnknownError{
			problem.New(problem.ColumnsUnknown, "Nobody has said yet what the columns of this list are. Confirm them by PUT /v1/settlement-columns, and send the file again. Nothing was booked."),
			proposalOf(table),
		}
	}
	return file, true, err
}

func (s *server) columnsOf(ctx context.Context, header []string) (saved csvlist.Saved, found bool, err error) {
	err = inCompany(ctx, s.Store, callerOf(ctx).companyID, func(tx ColumnsTx) error {
		saved, found, err = tx.ColumnsOf(ctx, header)
		return err
	})
	return saved, found, err
}

func proposalOf(t csvlist.Table) spec.ColumnsProposal {
	guess := csvlist.Guess(t)
	proposal := spec.ColumnsProposal{
		Header: t.Header, Columns: shownPlaces(guess), Payouts: spec.ColumnsPayouts(guess.Payouts), Currency: optional(spec.Currency(guess.Currency)), Rows: [][]string{},
	}
	for _, row := range t.Rows[:min(len(t.Rows), shownRows)] {
		cells := make([]string, len(row.Cells))
		for i, cell := range row.Cells {
			runes := []rune(cell)
			cells[i] = string(runes[:min(len(runes), shownRunes)])
		}
		proposal.Rows = append(proposal.Rows, cells)
	}
	return proposal
}

func wantedColumns(body spec.NewSettlementColumns) csvlist.Mapping {
	m := csvlist.Mapping{Columns: map[csvlist.Field]string{}, Payouts: csvlist.Grouping(body.Payouts), Currency: money.Currency(deref(body.Currency))}
	for field, name := range places(&body.Columns) {
		if *name != nil {
			m.Columns[field] = **name
		}
	}
	return m
}

// PutSettlementColumns answers PUT /settlement-columns.
func (s *server) PutSettlementColumns(ctx context.Context, r spec.PutSettlementColumnsRequestObject) (spec.PutSettlementColumnsResponseObject, error) {
	who := callerOf(ctx)
	c := csvlist.Saved{
		ID: newID(ctx, id.Columns), CompanyID: who.companyID, Header: r.Body.Header, SavedAt: s.now(), SavedBy: who.actor(), Mapping: wantedColumns(*r.Body),
	}
	if err := problem.InvalidFields(c.Check(c.Header)...); err != nil {
		return nil, err
	}
	err := inCompany(ctx, s.Store, c.CompanyID, func(tx ColumnsTx) error {
		if _, err := tx.LockCompany(ctx); err != nil { // so that two at once are counted one after the other
			return err
		}
		all, err := tx.AllColumns(ctx)
		if err != nil {
			return err
		}
		before, found, err := tx.ColumnsOf(ctx, c.Header)
		if err != nil {
			return err
		}
		if found {
			c.ID = before.ID
		} else if len(all) >= csvlist.MaxSaved {
			return problem.InvalidFields(problem.Field{Name: "header", Message: "must not be one of more than 100 headers: delete some first"})
		}
		return tx.SaveColumns(ctx, c)
	})
	return spec.PutSettlementColumns200JSONResponse(shownColumns(c)), err
}

// ListSettlementColumns answers GET /settlement-columns.
func (s *server) ListSettlementColumns(ctx context.Context, _ spec.ListSettlementColumnsRequestObject) (spec.ListSettlementColumnsResponseObject, error) {
	return answered(ctx, s, func(tx ColumnsTx) (spec.ListSettlementColumnsResponseObject, error) {
		all, err := tx.AllColumns(ctx)
		return spec.ListSettlementColumns200JSONResponse{Data: mapped(all, shownColumns)}, err
	})
}

// DeleteSettlementColumns answers DELETE /settlement-columns/{columns_id}.
func (s *server) DeleteSettlementColumns(ctx context.Context, r spec.DeleteSettlementColumnsRequestObject) (spec.DeleteSettlementColumnsResponseObject, error) {
	err := inCompany(ctx, s.Store, callerOf(ctx).companyID, func(tx ColumnsTx) error { return tx.DeleteColumns(ctx, r.ColumnsID) })
	return spec.DeleteSettlementColumns204Response{}, err
}

func shownColumns(c csvlist.Saved) spec.SettlementColumns {
	return spec.SettlementColumns{
		ID: c.ID, Header: c.Header, Columns: shownPlaces(c.Mapping), Payouts: spec.ColumnsPayouts(c.Payouts), Currency: optional(spec.Currency(c.Currency)),
		SavedAt: c.SavedAt, SavedBy: c.SavedBy,
	}
}

func shownPlaces(m csvlist.Mapping) (shown spec.ColumnPlaces) {
	for field, name := range places(&shown) {
		*name = optional(strings.Clone(m.Columns[field]))
	}
	return shown
}

// places returns where each field stands in the body.
func places(p *spec.ColumnPlaces) map[csvlist.Field]**string {
	return map[csvlist.Field]**string{
		csvlist.PayoutReference: &p.PayoutReference, csvlist.PayoutDate: &p.PayoutDate, csvlist.TransactionDate: &p.TransactionDate, csvlist.OrderID: &p.OrderID,
		csvlist.AuthorizationCode: &p.AuthorizationCode, csvlist.Card: &p.CardNumber, csvlist.Brand: &p.Brand, csvlist.Type: &p.Type, csvlist.Currency: &p.Currency,
		csvlist.Gross: &p.Gross, csvlist.Fee: &p.Fee, csvlist.Net: &p.Net,
	}
}
