package api_test

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/quittance/quittance/internal/postgres"
)

func TestAManagerSaysInTheConsoleWhatCustomersSee(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	manager := w.inPages("manager")
	first := manager.visit("/console/settings").Body.String()
	assert.Contains(t, first, `name="letterhead.uid"`)
	assert.NotContains(t, first, `src="/console/settings/logo"`)

	typed := url.Values{
		"letterhead.address.street": {"Rue du Lac"}, "letterhead.address.house_number": {"7a"}, "letterhead.address.postcode": {"1003"},
		"letterhead.address.city": {"Lausanne"}, "letterhead.address.country": {"ch"}, "letterhead.vat_number": {"CHE-123.456.788 TVA"}, "attach_pdf": {"true"},
	}
	assert.Equal(t, http.StatusSeeOther, manager.visit("/console/settings/letterhead", typed).Code)
	settings := w.call("GET", "/settings", w.key, nil).json(http.StatusOK)
	assert.Equal(t, true, settings["attach_pdf"])
	assert.Equal(t, "Rue du Lac", settings["letterhead"].(map[string]any)["address"].(map[string]any)["street"])

	typed.Set("letterhead.uid", "CHE-123.456.789")
	refused := manager.visit("/console/settings/letterhead", typed)
	assert.Equal(t, http.StatusUnprocessableEntity, refused.Code)
	assert.Contains(t, refused.Body.String(), "A UID looks like CHE-123.456.788. Check its digits.")
	assert.Contains(t, refused.Body.String(), `value="CHE-123.456.789"`)
	assert.Contains(t, refused.Body.String(), `id="receipt_account" name="receipt_account" type="text" value="1029"`, "the other form keeps what it shows")

	assert.Equal(t, http.StatusSeeOther, manager.visit("/console/settings/letterhead", url.Values{"letterhead.address.country": {"CH"}}).Code)
	assert.Empty(t, w.call("GET", "/settings", w.key, nil).json(http.StatusOK)["letterhead"], "what is emptied is gone")
}

func TestAManagerSetsTheLogoInTheConsole(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	manager := w.inPages("manager")
	refused := manager.post("/console/settings/logo", url.Values{}, true)
	assert.Equal(t, http.StatusUnprocessableEntity, refused.Code)
	assert.Contains(t, refused.Body.String(), "Choose a PNG or JPEG of at most 512 KiB")

	assert.Equal(t, http.StatusNoContent, w.put("/company/logo", "image/png", picture(t, 30, 20)).Code)
	assert.Contains(t, manager.visit("/console/settings").Body.String(), `src="/console/settings/logo"`)
	shown := manager.visit("/console/settings/logo")
	assert.Equal(t, "image/png", shown.Header().Get("Content-Type"))
	assert.Equal(t, http.StatusSeeOther, manager.visit("/console/settings/logo/remove", url.Values{}).Code)
	w.in(w.company.ID, func(tx *postgres.Tx) error {
		_, found, err := tx.Logo(t.Context())
		assert.False(t, found)
		return err
	})
}
