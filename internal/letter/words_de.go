package letter

import "github.com/quittance/quittance/internal/merchant"

var german = words{
	greeting: "Guten Tag",
	closing:  "Freundliche Grüsse",
	footer:   "Sie erhalten diese Nachricht, weil diese Adresse der Kontakt von %s ist. In den Einstellungen lässt sie sich ändern.",
	next:     "So geht es weiter:",
	test:     "Dies ist ein Test: Der Zahlungsdienst «%s» ist in der Umgebung test. Darum geht diese Nachricht an Sie; im Betrieb ginge sie an %s.",
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
		Intro:   "Ein Webhook-Endpunkt von %s nimmt keine Ereignisse mehr an und ist deshalb ausgeschaltet. Ihre Software erfährt vorerst nicht mehr, was geschieht.",
		ID:      "Endpunkt", Address: "Adresse", Reason: "Grund (englisch)",
		Mend: "Den Empfänger in Ordnung bringen.", Enable: `Den Endpunkt wieder einschalten: PATCH %s mit {"enabled": true}.`, Ask: "Nachholen, was liegen geblieben ist: POST %s/redeliver.",
		Kept: "Verloren ist nichts: Alle Ereignisse werden aufbewahrt, bis Sie sie abrufen.",
	},
	company: map[merchant.What]notice{
		merchant.Reminded: {
			subject: "Für «{{.Service}}» fehlen noch die Zugangsdaten",
			before: []string{
				"Vor {{.About}} Arbeitstagen ist der Zahlungsdienst «{{.Service}}» hinzugefügt worden. Bevor Ihre Kunden Rechnungen mit Karte und TWINT bezahlen können, braucht er noch die Zugangsdaten aus mySaferpay. So kommen Sie dazu:",
			},
			after: []string{"Nach 60 Arbeitstagen ohne Zugangsdaten wird der Zahlungsdienst geschlossen. Brauchen Sie ihn nicht, so müssen Sie nichts tun."},
		},
		merchant.Abandoned: {
			subject: "«{{.Service}}» ist geschlossen",
			before: []string{
				"Für den Zahlungsdienst «{{.Service}}» sind in 60 Arbeitstagen keine Zugangsdaten eingegeben worden. Er ist deshalb geschlossen.",
				"Sie können jederzeit einen neuen Zahlungsdienst hinzufügen.",
			},
		},
		merchant.What(merchant.InVerification): {
			subject: "Worldline/SIX prüft {{.Company}}",
			before: []string{
				"Die Zugangsdaten für «{{.Service}}» funktionieren. Nun prüft Worldline/SIX Ihr Unternehmen; das dauert in der Regel 3 bis 15 Arbeitstage.",
			},
			after: []string{
				"Sie müssen nicht nachfragen: Ab dem {{.Earliest}} sehen wir an jedem Arbeitstag nach. Sobald Worldline/SIX fertig ist, wird der Zahlungsdienst von selbst aktiv, und Sie erhalten eine Nachricht.",
				"Verlangt Worldline/SIX Kopien von Ausweisen, Unterschriften oder weitere Papiere, so laden Sie sie beim Zahlungsdienst hoch oder senden Sie sie an {{.DocumentsMail}}.",
			},
		},
		merchant.Overdue: {
			subject: "Die Prüfung von {{.Company}} dauert länger als üblich",
			before: []string{
				"15 Arbeitstage sind vorbei, und für den Zahlungsdienst «{{.Service}}» ist bei Worldline/SIX noch kein Zahlungsmittel freigeschaltet. Meist fehlt dann noch ein Papier.",
			},
			after: []string{
				"Fragen Sie bitte bei Worldline/SIX nach, am besten mit diesen Angaben: {{.DocumentsMail}}.",
				"Wir sehen weiterhin an jedem Arbeitstag nach, und unser Betriebsteam ist informiert.",
			},
		},
		merchant.What(merchant.Active): {
			subject: "«{{.Service}}» ist aktiv",
			before:  []string{"Der Zahlungsdienst «{{.Service}}» ist aktiv. Ihre Kunden können Rechnungen jetzt online bezahlen:"},
			after:   []string{"Machen Sie ihn zum Standard, damit er bei jeder neuen Rechnung dabei ist. Bei früheren Rechnungen lässt er sich einschalten, solange sie Entwürfe sind."},
		},
		merchant.What(merchant.Rejected): {
			subject: "«{{.Service}}» ist abgelehnt worden",
			before:  []string{"Die Prüfung von {{.Company}} ist ohne Freischaltung beendet worden.", "Begründung: «{{.Reason}}»"},
		},
		merchant.What(merchant.Suspended): {
			subject: "«{{.Service}}» braucht neue Zugangsdaten",
			before: []string{
				"Saferpay nimmt die Zugangsdaten des Zahlungsdienstes «{{.Service}}» nicht mehr an, vielleicht weil das Passwort geändert worden ist. Bis Sie neue eingeben, können Ihre Kunden nicht online bezahlen; begonnene Zahlungen und Rückerstattungen warten.",
			},
		},
		merchant.MethodsLost: {
			subject: "Bei «{{.Service}}» fehlen Zahlungsmittel",
			before: []string{
				"Bei Worldline/SIX sind für das Terminal von «{{.Service}}» nicht mehr freigeschaltet: {{.List}}. Ihre Kunden können damit nicht mehr bezahlen.",
				"Das ist geblieben:",
			},
			after: []string{"Haben Sie das nicht veranlasst, fragen Sie bitte bei Worldline/SIX nach: {{.DocumentsMail}}."},
		},
		merchant.ContractsLost: {
			subject: "«{{.Service}}» ist unterbrochen: Es ist kein Zahlungsmittel mehr freigeschaltet",
			before: []string{
				"Bei Worldline/SIX ist für das Terminal von «{{.Service}}» kein Zahlungsmittel mehr freigeschaltet. Bis wieder eines da ist, können Ihre Kunden nicht online bezahlen; begonnene Zahlungen und Rückerstattungen gehen weiter. Wir sehen jeden Tag nach.",
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
				"Der Zahlungsdienst «{{.Service}}» ist getrennt worden: Neue Zahlungen beginnen darüber nicht mehr. Begonnene Zahlungen und Rückerstattungen gehen zu Ende, und alles Bisherige bleibt sichtbar. Danach löschen wir das Passwort des API-Benutzers.",
				"Kam das nicht von Ihnen, so prüfen Sie bitte, wer im Namen von {{.Company}} handeln kann.",
			},
		},
		merchant.DocumentRefused: {
			subject: "Ein Dokument für Worldline/SIX ist nicht angekommen",
			before: []string{
				"Der Mailserver von Worldline/SIX hat ein Dokument abgelehnt, das Sie für «{{.Service}}» hochgeladen haben; welches, steht im Verlauf des Zahlungsdienstes. Bei uns ist es gelöscht.",
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
			before:  []string{"Im Auftrag von {{.Company}} erhalten Sie im Anhang ein Dokument zur Prüfung des E-Commerce-Vertrags:"},
			after:   []string{"{{if .Contact}}Ihre Antwort auf diese Nachricht geht direkt an {{.Company}}.{{else}}Bitte wenden Sie sich mit Fragen direkt an {{.Company}}.{{end}}"},
		},
	},
}
