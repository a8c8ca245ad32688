package e2e

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/deployments/local/stack"
	"github.com/quittance/quittance/internal/calendar"
)

// showcase is a company in the middle of its month: with something of everything that the pages of the console show.
type showcase struct {
	*company
	service, waiting                    paymentService
	paid, draft, open, partly, refunded invoice
	stuck                               exception
	booked, proposed, unmatched         string // payouts
	entry, manual, receipt, endpoint    string // ids
	file                                string // of a bank
	dispute, firstKey                   string
}

// newShowcase fills a stack of its own: while it does, Saferpay refuses a capture.
func newShowcase(t *testing.T, s *stack.Stack) showcase {
	t.Helper()
	c := newCompanyOf(t, s, object{"name": "Atelier du Lac Sàrl", "language": "fr", "canton": "VD", "contact_email": "compta@atelier.example"})
	show, admin := showcase{company: c}, &company{t: t, stack: s, key: stack.AdminKey}
	for name, canton := range map[string]string{"Bäckerei Muster AG": "ZH", "Panetteria Esempio SA": "TI"} {
		admin.call("POST", "/companies", object{"name": name, "language": "de", "canton": canton}).gives(201, nil)
	}
	named := func(name string, credentials object) (service paymentService) {
		c.call("POST", "/payment-services", object{"provider": "worldline_saferpay", "environment": "test", "name": name}).gives(201, &service)
		if credentials != nil {
			c.call("PUT", "/payment-services/"+service.ID+"/credentials", credentials).gives(200, &service)
		}
		return service
	}
	show.service, show.waiting = named("Boutique en ligne", verifiedAccount), named("Stand du marché", unverifiedAccount)
	named("Atelier Vevey", nil)
	c.call("POST", "/payment-services/"+show.service.ID+"/default", nil).gives(200, nil)
	c.call("POST", "/payment-services/"+show.service.ID+"/currencies", object{"currency": "USD"}).gives(202, nil)

	shop := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	t.Cleanup(shop.Close)
	var made struct{ ID string }
	c.call("POST", "/webhook-endpoints", object{"url": shop.URL + "/quittance/evenements"}).gives(201, &made)
	show.endpoint = made.ID

	var keys struct{ Data []struct{ ID string } }
	admin.call("GET", "/companies/"+c.id+"/api-keys", nil).gives(200, &keys)
	show.firstKey = keys.Data[0].ID
	show.books()
	show.sells()
	show.isPaidOut()
	return show
}

// day returns a day of the weeks before today.
func day(ago int) string { return calendar.Day(time.Now()).AddDate(0, 0, -ago).Format(time.DateOnly) }

// books are the takings of the card terminal in the shop, and what was paid out for them.
func (s *showcase) books() {
	s.t.Helper()
	book := func(ago int, text, debit, credit, amount string) (id string) {
		var made struct{ ID string }
		s.call("POST", "/manual-entries", object{"date": day(ago), "text": text, "currency": "CHF", "lines": []object{
			{"account": debit, "debit": amount}, {"account": credit, "credit": amount},
		}}).gives(201, &made)
		return made.ID
	}
	const paidOutAfter = 3 // days
	for _, at := range []struct {
		ago    int
		amount string
	}{
		{27, "612.40"},
		{25, "318.00"},
		{23, "948.00"},
		{20, "402.50"},
		{18, "1310.20"},
		{16, "270.00"},
		{13, "734.50"},
		{11, "980.20"},
		{8, "1105.00"},
		{6, "355.60"},
		{4, "486.30"},
		{2, "641.00"},
	} {
		book(at.ago, "Encaissements de l’atelier, terminal", "1029", "1100", at.amount)
		if at.ago >= paidOutAfter {
			book(at.ago-paidOutAfter, "Versement Worldline, terminal", "1020", "1029", at.amount)
		}
	}
	s.manual = book(1, "Frais Worldline, terminal", "6940", "1020", "18.60")
}

// sells makes a dozen invoices, in every state.
func (s *showcase) sells() {
	t := s.t
	t.Helper()
	draft := func(number, customer, amount, what, due string) invoice {
		inv := invoice{company: s.company}
		s.call("POST", "/invoices", object{
			"number": number, "currency": "CHF", "amount": amount, "due_date": due, "description": what,
			"customer": object{"name": customer, "email": "client@exemple.ch", "language": "fr"},
		}).gives(201, &inv)
		return inv
	}
	issue := func(number, customer, amount, what, due string) invoice {
		inv := draft(number, customer, amount, what, due)
		s.call("POST", "/invoices/"+inv.ID+"/issue", nil).gives(200, &inv)
		return inv
	}
	buy := func(number, customer, amount, what, method string) invoice {
		inv := issue(number, customer, amount, what, day(-21))
		inv.payNow(method).pay(meansOf[method])
		return inv.becomes("paid")
	}
	buy("2026-0419", "Marie Favre", "59.90", "Tasses en grès", "twint")
	s.paid = buy("2026-0422", "Menuiserie Modèle Sàrl", "412.00", "Poignées en laiton", "card")
	s.refunded = buy("2026-0425", "Famille Lecoultre-Débonnaire", "1284.50", "Table en noyer, acompte", "card")
	s.call("POST", "/payments/"+s.refunded.Payments[0].ID+"/refunds", object{"amount": "84.50", "reason": "Rayure au plateau"}).gives(202, nil)
	buy("2026-0426", "Anna Muster", "86.40", "Planche à découper", "twint")

	s.open = issue("2026-0421", "Jean Modèle", "152.00", "Lampe de table", day(-12))
	s.open.payNow("card").pay(declinedCard)
	issue("2026-0427", "Hôtel des Alpes SA", "2340.00", "Trente plateaux gravés", day(6))
	s.partly = issue("2026-0428", "Commune de Rivaz", "900.00", "Banc public", day(-30))
	var receipt struct{ ID string }
	s.call("POST", "/invoices/"+s.partly.ID+"/receipts", object{"amount": "400.00", "date": day(2), "account": "1020", "reference": "Acompte"}).gives(201, &receipt)
	s.receipt = receipt.ID
	byBank := issue("2026-0424", "Café du Port", "640.00", "Tabourets", day(-10))
	s.call("POST", "/invoices/"+byBank.ID+"/receipts", object{"amount": "640.00", "date": day(4), "account": "1020", "reference": "Virement"}).gives(201, nil)
	issue("2026-0423", "Laura Esempio", "78.00", "Cadre en chêne", day(-3)).cancel()
	s.draft = draft("2026-0430", "Anna Muster", "240.00", "Étagère", day(-30))
	draft("2026-0431", "École de Lutry", "1120.00", "Porte-manteaux", day(-30))

	d := decisions{s.company}
	again := d.refuse("Transaction/Capture", "ACTION_NOT_SUPPORTED")
	stuck := issue("2026-0429", "Galerie du Lac Modèle", "480.00", "Socles d’exposition", day(-21))
	page := stuck.payNow("card")
	page.pay(visa)
	s.stuck = d.exceptionOf(page.payment, "capture_unclear")
	again()
}

// isPaidOut imports what the bank tells: a payout of known payments, one that a person confirms, and one that nothing explains.
func (s *showcase) isPaidOut() {
	s.t.Helper()
	var imported settlement
	s.imports("text/csv", "payout_reference,payout_date,type,order_id,currency,gross,fee,net\nWL-7731,"+day(0)+",payment,"+s.refunded.now().Payments[0].Saferpay.OrderID+",CHF,1284.50,23.10,1261.40\n").gives(201, &imported)
	s.booked = imported.Payouts[0].ID
	s.imports("application/xml", s.statementOf("WL-7744", "548.25")).gives(201, &imported)
	require.NotEmpty(s.t, imported.Payouts, "%+v", imported)
	s.proposed = imported.Payouts[0].ID
	s.imports("application/xml", s.statementOf("WL-7702", "98.20")).gives(201, &imported)
	s.file = imported.ID
	var dispute struct{ ID string }
	s.call("POST", "/disputes", object{
		"payment_id": s.refunded.now().Payments[0].ID, "amount": "200.00", "reason": "Livraison incomplète", "reference": "CB-2026-0042", "respond_by": day(-14), "fee": "25.00",
	}).gives(201, &dispute)
	s.dispute = dispute.ID
	s.call("POST", "/bank-accounts", object{"iban": "CH9300762011623852957", "account": "1020", "currency": "CHF"}).gives(201, nil)
	require.NotEmpty(s.t, imported.Unmatched)
	s.unmatched = imported.Unmatched[0].ID
	var entries struct{ Data []struct{ ID string } }
	s.call("GET", "/journal?invoice_id="+s.paid.ID, nil).gives(200, &entries)
	s.entry = entries.Data[0].ID
}
