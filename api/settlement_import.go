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
	answers     []spec.Settlement // of each
	receipts    []settlement.Receipt
	passedOver  []string // the names of files of an archive that are none, or of foreign accounts only
	before      bool     // all were imported before
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
		receipts, err := m.receipts.BankReceiptsOf(ctx, s.ID)
		if err != nil {
			return all, err
		}
		answer, err := settlementOf(ctx, m.tx, s, receipts)
		if err != nil {
			return all, err
		}
		all.receipts, all.answers = append(all.receipts, receipts...), append(all.answers, answer)
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

// answer puts the settlements of the files together. What a file alone has is that of the first.
func (all imported) answer() spec.Settlement {
	answer := all.answers[0]
	if len(all.passedOver) > 0 {
		answer.PassedOver = &all.passedOver
	}
	if len(all.answers) == 1 {
		return answer
	}
	files := make([]spec.SettlementSummary, len(all.answers))
	for i, a := range all.answers {
		files[i] = summaryOfAnswer(a)
		if i == 0 {
			continue
		}
		answer.Statements = append(answer.Statements, a.Statements...)
		answer.Payouts = append(answer.Payouts, a.Payouts...)
		answer.Unmatched = append(answer.Unmatched, a.Unmatched...)
		answer.Receipts = append(answer.Receipts, a.Receipts...)
		answer.Skipped.NotBooked += a.Skipped.NotBooked
		answer.Skipped.OfOthers += a.Skipped.OfOthers
		answer.Skipped.OfOtherAccounts = optional(deref(answer.Skipped.OfOtherAccounts) + deref(a.Skipped.OfOtherAccounts))
		if a.Status == spec.NeedsConfirmation {
			answer.Status = a.Status
		}
	}
	answer.Files = &files
	return answer
}

func summaryOfAnswer(a spec.Settlement) spec.SettlementSummary {
	summary := spec.SettlementSummary{
		ID: a.ID, Status: a.Status, Format: a.Format, File: a.File, Payouts: map[string]int{}, Receipts: map[string]int{}, Skipped: a.Skipped,
		ImportedAt: a.ImportedAt, ImportedBy: a.ImportedBy,
	}
	for _, p := range slices.Concat(a.Payouts, a.Unmatched) {
		summary.Payouts[string(p.State)]++
	}
	for _, r := range a.Receipts {
		summary.Receipts[string(r.State)]++
	}
	return summary
}
