package api

import (
	"context"
	"encoding/hex"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/quittance/quittance/api/internal/spec"
	"github.com/quittance/quittance/internal/id"
	"github.com/quittance/quittance/internal/listing"
	"github.com/quittance/quittance/internal/problem"
	"github.com/quittance/quittance/internal/settlement"
)

// SettlementsTx is what reading settlements needs of a transaction.
type SettlementsTx interface {
	Settlements(ctx context.Context, f listing.Settlements) (settlements []settlement.Settlement, next string, err error)
	Settlement(ctx context.Context, id string) (settlement.Settlement, error)
	PayoutsOf(ctx context.Context, settlementID string, unmatched bool) ([]settlement.Shown, error)
	SettlementsWithPages(ctx context.Context, statements []settlement.Account) ([]settlement.Settlement, error)
	BankReceiptsOf(ctx context.Context, settlementID string, f listing.Part) (receipts []settlement.Receipt, next string, err error)
	CountBankReceipts(ctx context.Context, settlements ...settlement.Settlement) (bySettlement map[string]map[settlement.ReceiptState]int, err error)
	CountPayouts(ctx context.Context, settlements ...settlement.Settlement) (bySettlement map[string]map[settlement.State]int, err error)
}

// maxSettlement is the largest settlement file, in bytes.
const maxSettlement = 10 << 20

// isSettlement reports whether the body of a call is a settlement file.
func isSettlement(r *http.Request) bool {
	return r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/settlements")
}

type sentCSVKey struct{}

// noteCSV notes that the body is CSV; the generated handlers don't see the request's headers.
func noteCSV(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.Header.Get("Content-Type"), "text/csv") {
			r = r.WithContext(context.WithValue(r.Context(), sentCSVKey{}, true))
		}
		next.ServeHTTP(w, r)
	})
}

// ImportSettlement answers POST /settlements. An import is one transaction that waits for nobody, so no workflow carries it.
// When the caller gets an answer, the import is done. A caller without an answer sends the file again. Money for invoices is on
// record then, and the processes of the invoices book it. Each file of an archive is a settlement; all are imported, or none.
func (s *server) ImportSettlement(ctx context.Context, r spec.ImportSettlementRequestObject) (spec.ImportSettlementResponseObject, error) {
	files, passedOver, err := s.readSettlementFiles(ctx, r.Body)
	if err != nil {
		return nil, refusedFile(err)
	}
	for i := range files {
		if files[i].id = id.New(id.Settlement); i == 0 {
			files[i].id = newID(ctx, id.Settlement)
		}
	}
	var answer spec.Settlement
	var before, waits bool
	err = s.matching(ctx, func(m matching) error {
		imported, err := m.importFiles(ctx, files)
		if err != nil {
			return refusedFile(err)
		}
		before, waits = imported.before && !repeated(ctx), imported.waits
		imported.passedOver = append(slices.Clone(passedOver), imported.passedOver...)
		answer = imported.answer()
		return nil
	})
	if err == nil {
		s.bookReceipts(ctx, callerOf(ctx).companyID, answer.ID, waits)
	}
	if before {
		return spec.ImportSettlement200JSONResponse(answer), err
	}
	return spec.ImportSettlement201JSONResponse(answer), err
}

// refusedFile returns the problem behind the faults of a settlement file; any other error stays what it is.
func refusedFile(err error) error {
	refused, ok := errors.AsType[*settlement.FileError](err)
	if !ok {
		return err
	}
	p := problem.New(problem.SettlementFileRefused, "%s. Nothing was booked.", refused)
	for _, f := range refused.Faults {
		name := refused.Where(f)
		if refused.Kind != "" {
			name = "format." + string(refused.Kind)
		}
		p.Fields = append(p.Fields, problem.Field{Name: name, Message: f.Reason})
	}
	return p
}

// GetSettlement answers GET /settlements/{settlement_id}.
func (s *server) GetSettlement(ctx context.Context, r spec.GetSettlementRequestObject) (spec.GetSettlementResponseObject, error) {
	return answered(ctx, s, func(tx SettlementsTx) (spec.GetSettlementResponseObject, error) {
		found, err := tx.Settlement(ctx, r.SettlementID)
		if err != nil {
			return nil, err
		}
		answer, _, err := settlementOf(ctx, tx, found)
		return spec.GetSettlement200JSONResponse(answer), err
	})
}

// ListSettlementReceipts answers GET /settlements/{settlement_id}/receipts.
func (s *server) ListSettlementReceipts(ctx context.Context, r spec.ListSettlementReceiptsRequestObject) (spec.ListSettlementReceiptsResponseObject, error) {
	return answered(ctx, s, func(tx SettlementsTx) (spec.ListSettlementReceiptsResponseObject, error) {
		if _, err := tx.Settlement(ctx, r.SettlementID); err != nil {
			return nil, err
		}
		receipts, next, err := tx.BankReceiptsOf(ctx, r.SettlementID, listing.Part{Cursor: deref(r.Params.Cursor), Limit: deref(r.Params.Limit)})
		return spec.ListSettlementReceipts200JSONResponse{Data: mapped(receipts, shownBankReceipt), NextCursor: optional(next)}, err
	})
}

// ListSettlements answers GET /settlements.
func (s *server) ListSettlements(ctx context.Context, r spec.ListSettlementsRequestObject) (spec.ListSettlementsResponseObject, error) {
	return answered(ctx, s, func(tx SettlementsTx) (spec.ListSettlementsResponseObject, error) {
		settlements, next, err := tx.Settlements(ctx, listing.Settlements{Cursor: deref(r.Params.Cursor), Limit: deref(r.Params.Limit)})
		if err != nil {
			return nil, err
		}
		counts, err := tx.CountPayouts(ctx, settlements...)
		if err != nil {
			return nil, err
		}
		receipts, err := tx.CountBankReceipts(ctx, settlements...)
		return spec.ListSettlements200JSONResponse{
			Data: mapped(settlements, func(s settlement.Settlement) spec.SettlementSummary {
				return summaryOf(s, counts[s.ID], receipts[s.ID])
			}), NextCursor: optional(next),
		}, err
	})
}

func summaryOf(s settlement.Settlement, payouts map[settlement.State]int, receipts map[settlement.ReceiptState]int) spec.SettlementSummary {
	answer := spec.SettlementSummary{
		ID: s.ID, Status: spec.Complete, Format: s.Kind(), File: fileOf(s), Payouts: map[string]int{}, Receipts: map[string]int{}, Skipped: skippedOf(s),
		ImportedAt: s.ImportedAt, ImportedBy: s.ImportedBy,
	}
	for state, count := range payouts {
		answer.Payouts[string(state)] = count
		if state.Waits() {
			answer.Status = spec.NeedsConfirmation
		}
	}
	for state, count := range receipts {
		answer.Receipts[string(state)] = count
		if state == settlement.ReceiptAsked {
			answer.Status = spec.NeedsConfirmation
		}
	}
	return answer
}

func fileOf(s settlement.Settlement) spec.SettlementFile {
	return spec.SettlementFile{Sha256: hex.EncodeToString(s.Hash), Size: s.Size, MessageID: optional(s.MessageID), CreatedAt: optional(s.Created)}
}

func skippedOf(s settlement.Settlement) spec.SkippedEntries {
	return spec.SkippedEntries{NotBooked: s.Skipped[settlement.Pending], OfOthers: s.Skipped[settlement.Others], OfOtherAccounts: optional(s.Skipped[settlement.Foreign])}
}

// settlementOf returns a settlement as the API shows it, with the first of its payouts and bank receipts as they stand now, and
// how many there are in each state.
func settlementOf(ctx context.Context, tx SettlementsTx, s settlement.Settlement) (answer spec.Settlement, summary spec.SettlementSummary, err error) {
	pages, err := tx.SettlementsWithPages(ctx, s.Paged())
	if err != nil {
		return answer, summary, err
	}
	payouts, err := tx.CountPayouts(ctx, s)
	if err != nil {
		return answer, summary, err
	}
	receipts, err := tx.CountBankReceipts(ctx, s)
	if err != nil {
		return answer, summary, err
	}
	unmatched, err := tx.PayoutsOf(ctx, s.ID, true)
	if err != nil {
		return answer, summary, err
	}
	others, err := tx.PayoutsOf(ctx, s.ID, false)
	if err != nil {
		return answer, summary, err
	}
	shownReceipts, _, err := tx.BankReceiptsOf(ctx, s.ID, listing.Part{Limit: settlement.MaxShown})
	summary = summaryOf(s, payouts[s.ID], receipts[s.ID])
	answer = spec.Settlement{
		ID:             s.ID,
		Status:         summary.Status,
		Format:         summary.Format,
		File:           summary.File,
		Statements:     mapped(s.Accounts[:min(len(s.Accounts), settlement.MaxShown)], func(a settlement.Account) spec.BankStatement { return shownBankStatement(a, pages) }),
		Payouts:        mapped(others, shownPayout),
		PayoutCount:    total(summary.Payouts) - payouts[s.ID][settlement.Unmatched],
		Unmatched:      mapped(unmatched, shownPayout),
		UnmatchedCount: payouts[s.ID][settlement.Unmatched],
		Receipts:       mapped(shownReceipts, shownBankReceipt),
		ReceiptCount:   total(summary.Receipts),
		Skipped:        summary.Skipped,
		ImportedAt:     s.ImportedAt,
		ImportedBy:     s.ImportedBy,
	}
	keepSmall(answer.Unmatched, answer.Payouts)
	return answer, summary, err
}

func total(byState map[string]int) (sum int) {
	for _, count := range byState {
		sum += count
	}
	return sum
}

func shownBankStatement(a settlement.Account, pages []settlement.Settlement) spec.BankStatement {
	shown := spec.BankStatement{
		ID: a.ID, Account: a.Number, Line: a.Line, Entries: a.Entries, From: optional(a.From), To: optional(a.To), Skipped: optional(a.Foreign),
	}
	if a.Series != "" {
		shown.Page = &spec.StatementPage{Number: a.Page.Number, Last: a.Page.Last, Missing: append([]int{}, settlement.Missing(a, pages)...)}
	}
	return shown
}
