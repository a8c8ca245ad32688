package console

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"

	"github.com/quittance/quittance/api/client"
)

// seen is a mark of what a form was filled in from. A form carries it in the field _seen.
func seen(v any) string {
	sum := sha256.Sum256(mustJSON(v))
	return hex.EncodeToString(sum[:8])
}

// unchanged returns the refusal of a form that somebody else was faster with: what it was filled in from is not what stands there
// now. The form is shown with the new mark, so sending it once more saves it.
func unchanged(r *http.Request, now any) error {
	if mark := r.PostFormValue("_seen"); mark != "" && mark != seen(now) {
		return &refusal{Status: http.StatusConflict, Type: "urn:quittance:problem:changed-meanwhile"}
	}
	return nil
}

// Editable is what the forms of an invoice change.
func (p invoicePage) Editable() any { return editable(p.Invoice) }

func editable(i client.Invoice) any {
	return []any{i.Number, i.Amount, i.Currency, i.Customer, i.Lines, i.PricesIncludeVat, i.DueDate, i.Description, i.PaymentServiceIds}
}

// sameInvoice returns the refusal of a form about an invoice that somebody else has changed since.
func (s *server) sameInvoice(r *http.Request, id string) error {
	found, err := s.api.GetInvoiceWithResponse(r.Context(), id)
	if err != nil {
		return err
	}
	return unchanged(r, editable(*found.JSON200))
}

// saveSettings changes the settings, unless somebody else has since the form was filled in.
func (s *server) saveSettings(r *http.Request, changes client.SettingsChanges) (*client.UpdateSettingsResponse, error) {
	found, err := s.api.GetSettingsWithResponse(r.Context())
	if err == nil {
		err = unchanged(r, *found.JSON200)
	}
	if err != nil {
		return nil, err
	}
	return s.api.UpdateSettingsWithResponse(r.Context(), changes)
}
