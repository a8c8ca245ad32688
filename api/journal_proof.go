package api

import (
	"context"
	"errors"
	"time"

	"github.com/quittance/quittance/api/internal/spec"
	"github.com/quittance/quittance/internal/ledger"
	"github.com/quittance/quittance/internal/problem"
)

// VerifyJournal answers GET /journal/verification.
func (s *server) VerifyJournal(ctx context.Context, _ spec.VerifyJournalRequestObject) (spec.VerifyJournalResponseObject, error) {
	chain, err := s.Store.VerifyJournal(ctx, callerOf(ctx).companyID, nil)
	answer := spec.VerifyJournal200JSONResponse{Intact: err == nil, Entries: chain.Sequence, Hash: chain.Hash, VerifiedAt: s.now()}
	if broken, ok := errors.AsType[*ledger.BreakError](err); ok {
		answer.Broken = &spec.BrokenEntry{Sequence: broken.Sequence, EntryID: optional(broken.EntryID), Detail: "Journal " + broken.Error() + "."}
		err = nil
	}
	return answer, err
}

// settling is how long after midnight a day's head is signed: by then nobody whose clock is a little behind still books on
// that day.
const settling = time.Hour

// GetJournalHead answers GET /journal/heads/{day}. It is worked out again each time and always the same, because a journal
// only grows.
func (s *server) GetJournalHead(ctx context.Context, r spec.GetJournalHeadRequestObject) (spec.GetJournalHeadResponseObject, error) {
	day := r.Day.Time
	end := time.Date(day.Year(), day.Month(), day.Day()+1, 0, 0, 0, 0, zurich)
	if s.now().Before(end.Add(settling)) {
		return nil, problem.InvalidFields(problem.Field{Name: "day", Message: "must have ended at least an hour ago in Switzerland"})
	}
	head := ledger.Head{CompanyID: callerOf(ctx).companyID, Day: day}
	err := inCompany(ctx, s.Store, head.CompanyID, func(tx JournalTx) (err error) {
		head.Chain, err = tx.HeadBefore(ctx, end)
		return err
	})
	if err != nil {
		return nil, err
	}
	signature, err := s.Signer.Sign(ctx, []byte(head.Statement()))
	return spec.GetJournalHead200JSONResponse{
		CompanyID: head.CompanyID,
		Day:       date(day),
		Entries:   head.Sequence,
		Hash:      head.Hash,
		Statement: head.Statement(),
		Signature: signature.Value,
		KeyID:     signature.KeyID,
		PublicKey: signature.PublicPEM,
	}, err
}
