package console

import (
	"bytes"
	"net/http"
	"strings"

	"github.com/quittance/quittance/api/client"
)

// refusedSettings shows the settings again, with what was typed and why it was refused.
func (s *server) refusedSettings(w http.ResponseWriter, r *http.Request, err error) {
	p, lost := s.settingsPage(r)
	if lost != nil {
		s.fail(w, r, lost)
		return
	}
	s.refused(w, r, err, "settings", p, map[string]string{"": "body"})
}

func (s *server) changeLetterhead(w http.ResponseWriter, r *http.Request) {
	typed := func(name string) *string {
		return optional[string](strings.TrimSpace(r.PostFormValue("letterhead." + name)))
	}
	l := client.Letterhead{UID: typed("uid"), VatNumber: typed("vat_number"), Phone: typed("phone"), Website: typed("website"), Email: typed("email")}
	address := client.PostalAddress{Street: typed("address.street"), HouseNumber: typed("address.house_number")}
	for to, from := range map[*string]*string{&address.Postcode: typed("address.postcode"), &address.City: typed("address.city"), &address.Country: typed("address.country")} {
		if from != nil {
			*to = *from
		}
	}
	address.Country = strings.ToUpper(address.Country)
	if address.Street != nil || address.HouseNumber != nil || address.Postcode != "" || address.City != "" { // the country alone is what the form proposes
		l.Address = &address
	}
	attach, receipts := r.PostFormValue("attach_pdf") == "true", r.PostFormValue("receipts_by_email") == "true"
	if _, err := s.saveSettings(r, client.SettingsChanges{Letterhead: &l, AttachPdf: &attach, ReceiptsByEmail: &receipts}); err != nil {
		s.refusedSettings(w, r, err)
		return
	}
	s.tell(w, r, "/console/settings", notice{Kind: "good", Key: "saved"})
}

// logo answers with the logo, for the page that shows it.
func (s *server) logo(w http.ResponseWriter, r *http.Request) {
	found, err := s.api.GetLogoWithResponse(r.Context())
	if err != nil {
		s.fail(w, r, err)
		return
	}
	kind := "image/png"
	if bytes.HasPrefix(found.Body, []byte("\xff\xd8\xff")) {
		kind = "image/jpeg"
	}
	w.Header().Set("Content-Type", kind)
	w.Header().Set("X-Content-Type-Options", "nosniff")
	_, _ = w.Write(found.Body)
}

// putLogo sends the file on as it is: the API looks at what it holds.
func (s *server) putLogo(w http.ResponseWriter, r *http.Request) {
	content, err := uploaded(r, "body")
	if err != nil {
		content = []byte{0} // no file is one that the API refuses by name
	}
	if _, err := s.api.PutLogoWithBodyWithResponse(r.Context(), "image/png", bytes.NewReader(content)); err != nil {
		s.refusedSettings(w, r, err)
		return
	}
	s.tell(w, r, "/console/settings", notice{Kind: "good", Key: "saved"})
}

func (s *server) removeLogo(w http.ResponseWriter, r *http.Request) {
	if _, err := s.api.DeleteLogoWithResponse(r.Context()); err != nil {
		s.fail(w, r, err)
		return
	}
	s.tell(w, r, "/console/settings", notice{Kind: "good", Key: "saved"})
}
