package letter

import "github.com/quittance/quittance/internal/merchant"

var german = words{
	greeting: "Guten Tag",
	closing:  "Freundliche Grüsse",
	footer:   "Sie erhalten diese Nachricht, weil diese Adresse der Kontakt von %s ist. Sie können sie in den Einstellungen ändern.",
	next:     "So geht es weiter:",
	and:      " und ",
	labels: map[label]string{
		company: "Unternehmen", canton: "Kanton", contact: "Kontakt", customerID: "Customer ID", terminalID: "Terminal ID", username: "API-Benutzer",
		submitted: "Eingereicht am", earliest: "Frühestens aktiv am", due: "Spätestens erwartet am",
	},
	invoice: invoiceWords{
		Subject: "Rechnung %s von %s", Title: "Rechnung %s", Intro: "Ihre Rechnung steht online bereit.",
		Amount: "Betrag", Due: "Zahlbar bis", View: "Rechnung ansehen", Pay: "Rechnung ansehen und bezahlen",
	},
	endpoint: endpointWords{
		Subject: "Ein Webhook-Endpunkt ist ausgeschaltet",
		Intro:   "Ein Webhook-Endpunkt von %s nimmt keine Ereignisse mehr an. Wir haben ihn ausgeschaltet. Ihre Software erhält keine Ereignisse, bis Sie ihn wieder einschalten.",
		ID:      "Endpunkt", Address: "Adresse", Reason: "Grund (englisch)",
		Mend: "Den Empfänger reparieren.", Enable: `Den Endpunkt wieder einschalten: PATCH %s mit {"enabled": true}.`, Ask: "Die verpassten Ereignisse anfordern: POST %s/redeliver.",
		Kept: "Es ist nichts verloren: Wir bewahren alle Ereignisse auf, bis Sie sie anfordern.",
	},
	company: map[merchant.What]notice{
		merchant.Reminded: {
			subject: "Für «{{.Service}}» fehlen noch die Zugangsdaten",
			before: []string{
				"Der Zahlungsdienst «{{.Service}}» wurde vor {{.About}} Arbeitstagen hinzugefügt. Er braucht noch die Zugangsdaten aus mySaferpay, bevor Ihre Kunden Rechnungen mit {{.Methods}} bezahlen können. So erhalten Sie die Zugangsdaten:",
			},
			after: []string{"Nach 60 Arbeitstagen ohne Zugangsdaten wird der Zahlungsdienst geschlossen. Wenn Sie ihn nicht brauchen, müssen Sie nichts tun."},
		},
		merchant.Abandoned: {
			subject: "«{{.Service}}» ist geschlossen",
			before: []string{
				"Für den Zahlungsdienst «{{.Service}}» hat innert 60 Arbeitstagen niemand Zugangsdaten eingegeben. Er ist jetzt geschlossen.",
				"Sie können jederzeit einen neuen Zahlungsdienst hinzufügen.",
			},
		},
		merchant.What(merchant.InVerification): {
			subject: "Worldline/SIX prüft {{.Company}}",
			before: []string{
				"Die Zugangsdaten für «{{.Service}}» funktionieren. Worldline/SIX prüft jetzt Ihr Unternehmen. Das dauert in der Regel 3 bis 15 Arbeitstage.",
			},
			after: []string{
				"Sie müssen nicht nachfragen: Ab dem {{.Earliest}} sehen wir an jedem Arbeitstag nach. Sobald Worldline/SIX fertig ist, wird der Zahlungsdienst von selbst aktiv, und Sie erhalten eine Nachricht.",
				"Wenn Worldline/SIX Kopien von Ausweisen, Unterschriften oder weitere Papiere verlangt, laden Sie sie beim Zahlungsdienst hoch oder senden Sie sie an {{.DocumentsMail}}.",
			},
		},
		merchant.Overdue: {
			subject: "Die Prüfung von {{.Company}} dauert länger als üblich",
			before: []string{
				"15 Arbeitstage sind vorbei, und Worldline/SIX hat für den Zahlungsdienst «{{.Service}}» noch kein Zahlungsmittel freigeschaltet. Meist fehlt dann ein Papier.",
			},
			after: []string{
				"Fragen Sie bitte bei Worldline/SIX nach: {{.DocumentsMail}}. Senden Sie am besten diese Angaben mit.",
				"Wir sehen weiterhin an jedem Arbeitstag nach. Unser Betriebsteam ist informiert.",
			},
		},
		merchant.What(merchant.Active): {
			subject: "«{{.Service}}» ist aktiv",
			before:  []string{"Der Zahlungsdienst «{{.Service}}» ist aktiv. Ihre Kunden können Rechnungen jetzt online bezahlen:"},
			after:   []string{"Machen Sie ihn zum Standard, damit er bei jeder neuen Rechnung dabei ist. Bei früheren Rechnungen können Sie ihn einschalten, solange sie Entwürfe sind."},
		},
		merchant.What(merchant.Rejected): {
			subject: "«{{.Service}}» wurde abgelehnt",
			before:  []string{"Die Prüfung von {{.Company}} endete ohne Freischaltung.", "Begründung: «{{.Reason}}»"},
		},
		merchant.What(merchant.Suspended): {
			subject: "«{{.Service}}» braucht neue Zugangsdaten",
			before: []string{
				"Saferpay nimmt die Zugangsdaten des Zahlungsdienstes «{{.Service}}» nicht mehr an, vielleicht weil das Passwort geändert wurde. Ihre Kunden können nicht online bezahlen, bis Sie neue Zugangsdaten eingeben. Begonnene Zahlungen und Rückerstattungen warten.",
			},
		},
		merchant.MethodsLost: {
			subject: "Bei «{{.Service}}» fehlen Zahlungsmittel",
			before: []string{
				"Diese Zahlungsmittel sind bei Worldline/SIX für das Terminal von «{{.Service}}» nicht mehr freigeschaltet: {{.List}}. Ihre Kunden können damit nicht mehr bezahlen.",
				"Diese sind noch freigeschaltet:",
			},
			after: []string{"Wenn Sie das nicht veranlasst haben, fragen Sie bitte bei Worldline/SIX nach: {{.DocumentsMail}}."},
		},
		merchant.ContractsLost: {
			subject: "«{{.Service}}» ist unterbrochen: Es ist kein Zahlungsmittel mehr freigeschaltet",
			before: []string{
				"Bei Worldline/SIX ist für das Terminal von «{{.Service}}» kein Zahlungsmittel mehr freigeschaltet. Ihre Kunden können nicht online bezahlen, bis wieder eines freigeschaltet ist. Begonnene Zahlungen und Rückerstattungen gehen weiter. Wir sehen jeden Tag nach.",
			},
		},
		merchant.CurrencyContracted: {
			subject: "{{.About}} ist für «{{.Service}}» freigeschaltet",
			before:  []string{"Ihre Kunden können Rechnungen in {{.About}} jetzt online bezahlen. Das ist für «{{.Service}}» freigeschaltet:"},
		},
		merchant.CurrencyDeclined: {
			subject: "{{.About}} wird für «{{.Service}}» nicht freigeschaltet",
			before:  []string{"Worldline/SIX schaltet {{.About}} für «{{.Service}}» nicht frei.", "Begründung: «{{.Reason}}»", "Sie können die Währung später erneut anfragen."},
		},
		merchant.What(merchant.Disconnected): {
			subject: "«{{.Service}}» ist getrennt",
			before: []string{
				"Der Zahlungsdienst «{{.Service}}» wurde getrennt. Neue Zahlungen beginnen darüber nicht mehr. Begonnene Zahlungen und Rückerstattungen gehen zu Ende. Danach löschen wir das Passwort des API-Benutzers. Alles Bisherige bleibt sichtbar.",
				"Wenn das nicht von Ihnen kam, prüfen Sie bitte, wer im Namen von {{.Company}} handeln kann.",
			},
		},
		merchant.DocumentRefused: {
			subject: "Ein Dokument für Worldline/SIX ist nicht angekommen",
			before: []string{
				"Der Mailserver von Worldline/SIX hat ein Dokument abgelehnt, das Sie für «{{.Service}}» hochgeladen haben. Der Verlauf des Zahlungsdienstes nennt das Dokument. Wir haben es gelöscht.",
				"Senden Sie es bitte selbst an {{.DocumentsMail}}.",
			},
		},
	},
	acquirer: map[merchant.What]notice{
		merchant.CurrencyWanted: {
			subject: "{{.About}} für das Terminal {{.TerminalID}} von {{.Company}}",
			before:  []string{"Im Auftrag von {{.Company}} bitten wir Sie, für das folgende E-Commerce-Terminal die Annahme von Zahlungen in {{.About}} zu vereinbaren und freizuschalten:"},
			after:   []string{"{{if .Contact}}Ihre Antwort auf diese Nachricht geht direkt an {{.Company}}.{{else}}Bitte wenden Sie sich mit Fragen direkt an {{.Company}}.{{end}}"},
		},
		merchant.DocumentReceived: {
			subject: "Unterlagen von {{.Company}}{{with .CustomerID}} (Customer ID {{.}}){{end}}",
			before:  []string{"Im Auftrag von {{.Company}} senden wir Ihnen im Anhang ein Dokument zur Prüfung des E-Commerce-Vertrags:"},
			after:   []string{"{{if .Contact}}Ihre Antwort auf diese Nachricht geht direkt an {{.Company}}.{{else}}Bitte wenden Sie sich mit Fragen direkt an {{.Company}}.{{end}}"},
		},
	},
}
