package api

import (
	"context"
	"maps"
	"slices"

	"github.com/quittance/quittance/api/internal/spec"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/settlement"
)

// imported is what came of the files of one call.
type imported struct {
	settlements []settlement.Settlement
	together    spec.Settlement          // what they tell together; what a file alone has is that of the first
	summaries   []spec.SettlementSummary // of each
	waits       bool                     // a bank receipt waits to be booked
	passedOver  []string                 // the names of files of an archive that are none, or of foreign accounts only
	before      bool                     // all were imported before
}

// importFiles imports files that were read, in their order.
func (m matching) importFiles(ctx context.Context, files []settlementFile) (all imported, err error) {
	accounts, err := m.receipts.BankAccounts(ctx)
	if err != nil {
		return all, err
	}
	parsed := make([]settlement.File, len(files))
	for i, f := range files {
		parsed[i] = f.parsed
	}
	own, err := settlement.Own(m.company.PayoutIBANs, accounts, parsed...)
	if err != nil {
		return all, err
	}
	all.before = true
	for _, f := range files {
		standing, isNew, err := m.importFile(ctx, f, own, accounts)
		if err != nil {
			return all, f.named(err)
		}
		switch {
		case standing.ID == "":
			all.passedOver = append(all.passedOver, f.member.Name)
			continue
		case slices.ContainsFunc(all.settlements, func(s settlement.Settlement) bool { return s.ID == standing.ID }):
			continue // the same file twice in the archive
		}
		all.before = all.before && !isNew
		all.settlements = append(all.settlements, standing)
	}
	for _, s := range all.settlements { // the pages of a statement, for one, are known only now
		answer, summary, err := settlementOf(ctx, m.imports, s)
		if err != nil {
			return all, err
		}
		if len(all.summaries) == 0 {
			all.together = answer
		} else {
			join(&all.together, answer)
		}
		all.summaries = append(all.summaries, summary)
		all.waits = all.waits || summary.Receipts[string(settlement.ReceiptWaiting)] > 0
	}
	return all, nil
}

// importFile imports a file. One that is of foreign accounts only makes no settlement.
func (m matching) importFile(ctx context.Context, f settlementFile, own settlement.OwnAccounts, accounts []merchant.BankAccount) (standing settlement.Settlement, isNew bool, err error) {
	standing, found, err := m.tx.SettlementOf(ctx, f.hash[:])
	if err != nil {
		return standing, false, err
	}
	file, some, err := f.parsed.OfCompany(own)
	if err != nil || !some {
		return standing, false, err
	}
	settlementID := f.id
	if found {
		if file, some = file.Since(standing); !some {
			return standing, false, nil
		}
		settlementID = standing.ID
	}
	file.Skipped = maps.Clone(file.Skipped) // as it was read, if this runs again
	file.Transfers = slices.Clone(file.Transfers)
	onRecord, err := m.tx.SettlementsWithPages(ctx, file.Paged())
	if err != nil {
		return standing, false, err
	}
	if err := file.JoinPages(onRecord); err != nil {
		return standing, false, err
	}
	standing = settlement.NewSettlement(settlementID, m.setting, f.hash[:], int(f.size), file)
	return standing, true, m.take(ctx, standing, file, f, accounts)
}

// answer puts the settlements of the files together.
func (all imported) answer() spec.Settlement {
	answer := all.together
	if len(all.passedOver) > 0 {
		answer.PassedOver = &all.passedOver
	}
	if len(all.summaries) > 1 {
		answer.Files = &all.summaries
	}
	return answer
}

// join adds what another file of an archive tells. As much is shown of all as of one.
func join(answer *spec.Settlement, a spec.Settlement) {
	answer.Statements = joined(answer.Statements, a.Statements)
	answer.Payouts, answer.PayoutCount = joined(answer.Payouts, a.Payouts), answer.PayoutCount+a.PayoutCount
	answer.Unmatched, answer.UnmatchedCount = joined(answer.Unmatched, a.Unmatched), answer.UnmatchedCount+a.UnmatchedCount
	answer.Receipts, answer.ReceiptCount = joined(answer.Receipts, a.Receipts), answer.ReceiptCount+a.ReceiptCount
	keepSmall(answer.Unmatched, answer.Payouts)
	answer.Skipped.NotBooked += a.Skipped.NotBooked
	answer.Skipped.OfOthers += a.Skipped.OfOthers
	answer.Skipped.OfOtherAccounts = optional(deref(answer.Skipped.OfOtherAccounts) + deref(a.Skipped.OfOtherAccounts))
	if a.Status == spec.NeedsConfirmation {
		answer.Status = a.Status
	}
}

func joined[T any](list, more []T) []T {
	return append(list, more[:min(len(more), settlement.MaxShown-len(list))]...)
}
