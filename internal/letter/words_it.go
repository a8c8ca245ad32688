package letter

import "github.com/quittance/quittance/internal/merchant"

//nolint:misspell // it knows English only
var italian = words{
	greeting: "Buongiorno",
	closing:  "Cordiali saluti",
	footer:   "Riceve questo messaggio perché questo indirizzo è il contatto di %s. Può cambiarlo nelle impostazioni.",
	next:     "Come proseguire:",
	test:     "Questo è un test: il servizio di pagamento «%s» è nell’ambiente test. Perciò questo messaggio arriva a Lei; in esercizio andrebbe a %s.",
	labels: map[label]string{
		company: "Azienda", canton: "Cantone", contact: "Contatto", customerID: "Customer ID", terminalID: "Terminal ID", username: "Utente API",
		submitted: "Inoltrato il", earliest: "Attivo al più presto il", due: "Atteso al più tardi il",
	},
	invoice: invoiceWords{
		Subject: "Fattura %s di %s", Title: "Fattura %s", Intro: "La sua fattura è disponibile online.",
		Amount: "Importo", Due: "Pagabile entro il", View: "Vedere la fattura", Pay: "Vedere e pagare la fattura",
	},
	endpoint: endpointWords{
		Subject: "Un endpoint webhook è disattivato",
		Intro:   "Un endpoint webhook di %s non riceve più gli eventi ed è quindi disattivato. Per ora il vostro software non viene a sapere che cosa succede.",
		ID:      "Endpoint", Address: "Indirizzo", Reason: "Motivo (in inglese)",
		Mend: "Rimettere in funzione il destinatario.", Enable: `Riattivare l’endpoint: PATCH %s con {"enabled": true}.`, Ask: "Richiedere ciò che è rimasto in sospeso: POST %s/redeliver.",
		Kept: "Nulla è andato perso: tutti gli eventi sono conservati finché li richiedete.",
	},
	company: map[merchant.What]notice{
		merchant.Reminded: {
			subject: "Mancano ancora i dati di accesso di «{{.Service}}»",
			before: []string{
				"Il servizio di pagamento «{{.Service}}» è stato aggiunto {{.About}} giorni lavorativi fa. Affinché i suoi clienti possano pagare le fatture con carta e TWINT, servono ancora i dati di accesso di mySaferpay. Ecco come ottenerli:",
			},
			after: []string{"Dopo 60 giorni lavorativi senza dati di accesso il servizio di pagamento sarà chiuso. Se non ne ha bisogno, non deve fare nulla."},
		},
		merchant.Abandoned: {
			subject: "«{{.Service}}» è chiuso",
			before: []string{
				"Per il servizio di pagamento «{{.Service}}» non sono stati inseriti dati di accesso in 60 giorni lavorativi. È stato quindi chiuso.",
				"Può aggiungere un nuovo servizio di pagamento in qualsiasi momento.",
			},
		},
		merchant.What(merchant.InVerification): {
			subject: "Worldline/SIX verifica {{.Company}}",
			before: []string{
				"I dati di accesso di «{{.Service}}» funzionano. Ora Worldline/SIX verifica la sua azienda; di regola dura da 3 a 15 giorni lavorativi.",
			},
			after: []string{
				"Non deve informarsi: dal {{.Earliest}} controlliamo ogni giorno lavorativo. Appena Worldline/SIX ha finito, il servizio di pagamento diventa attivo da solo e lei riceve un messaggio.",
				"Se Worldline/SIX chiede copie di documenti d’identità, firme o altri documenti, li carichi presso il servizio di pagamento oppure li invii a {{.DocumentsMail}}.",
			},
		},
		merchant.Overdue: {
			subject: "La verifica di {{.Company}} dura più del solito",
			before: []string{
				"Sono passati 15 giorni lavorativi e per il servizio di pagamento «{{.Service}}» Worldline/SIX non ha ancora attivato alcun mezzo di pagamento. Di solito manca ancora un documento.",
			},
			after: []string{
				"Si informi presso Worldline/SIX, preferibilmente con queste indicazioni: {{.DocumentsMail}}.",
				"Continuiamo a controllare ogni giorno lavorativo e i nostri operatori sono informati.",
			},
		},
		merchant.What(merchant.Active): {
			subject: "«{{.Service}}» è attivo",
			before:  []string{"Il servizio di pagamento «{{.Service}}» è attivo. Ora i suoi clienti possono pagare le fatture online:"},
			after:   []string{"Lo imposti come predefinito, affinché accompagni ogni nuova fattura. Per le fatture precedenti può attivarlo finché sono bozze."},
		},
		merchant.What(merchant.Rejected): {
			subject: "«{{.Service}}» è stato rifiutato",
			before:  []string{"La verifica di {{.Company}} è terminata senza attivazione.", "Motivo: «{{.Reason}}»"},
		},
		merchant.What(merchant.Suspended): {
			subject: "«{{.Service}}» ha bisogno di nuovi dati di accesso",
			before: []string{
				"Saferpay non accetta più i dati di accesso del servizio di pagamento «{{.Service}}», forse perché la password è stata cambiata. Finché non ne inserisce di nuovi, i suoi clienti non possono pagare online; i pagamenti e i rimborsi in corso aspettano.",
			},
		},
		merchant.MethodsLost: {
			subject: "A «{{.Service}}» mancano mezzi di pagamento",
			before: []string{
				"Presso Worldline/SIX non sono più attivati per il terminale di «{{.Service}}»: {{.List}}. I suoi clienti non possono più pagare così.",
				"È rimasto:",
			},
			after: []string{"Se non è stato lei, si informi presso Worldline/SIX: {{.DocumentsMail}}."},
		},
		merchant.ContractsLost: {
			subject: "«{{.Service}}» è interrotto: nessun mezzo di pagamento è più attivato",
			before: []string{
				"Presso Worldline/SIX non è più attivato alcun mezzo di pagamento per il terminale di «{{.Service}}». Finché non ce n’è di nuovo uno, i suoi clienti non possono pagare online; i pagamenti e i rimborsi in corso continuano. Controlliamo ogni giorno.",
			},
		},
		merchant.CurrencyContracted: {
			subject: "{{.About}} è attivato per «{{.Service}}»",
			before:  []string{"Ora i suoi clienti possono pagare online le fatture in {{.About}}. Per «{{.Service}}» è attivato:"},
		},
		merchant.CurrencyDeclined: {
			subject: "{{.About}} non sarà attivato per «{{.Service}}»",
			before:  []string{"Worldline/SIX non attiva {{.About}} per «{{.Service}}».", "Motivo: «{{.Reason}}»", "Può richiedere di nuovo questa moneta più tardi."},
		},
		merchant.What(merchant.Disconnected): {
			subject: "«{{.Service}}» è scollegato",
			before: []string{
				"Il servizio di pagamento «{{.Service}}» è stato scollegato: nessun nuovo pagamento comincia più per suo tramite. I pagamenti e i rimborsi in corso giungono al termine e tutto ciò che precede resta visibile. In seguito cancelliamo la password dell’utente API.",
				"Se non è stato lei, verifichi per favore chi può agire in nome di {{.Company}}.",
			},
		},
		merchant.DocumentRefused: {
			subject: "Un documento non è arrivato a Worldline/SIX",
			before: []string{
				"Il server di posta di Worldline/SIX ha rifiutato un documento che ha caricato per «{{.Service}}»; la cronologia del servizio di pagamento indica quale. Da noi è stato cancellato.",
				"Lo invii per favore lei stesso a {{.DocumentsMail}}.",
			},
		},
	},
	acquirer: map[merchant.What]notice{
		merchant.CurrencyWanted: {
			subject: "{{.About}} per il terminale {{.TerminalID}} di {{.Company}}",
			before:  []string{"Per conto di {{.Company}} le chiediamo di convenire l’accettazione di pagamenti in {{.About}} per il seguente terminale e-commerce e di attivarla:"},
			after:   []string{"{{if .Contact}}La sua risposta a questo messaggio arriva direttamente a {{.Company}}.{{else}}Per domande si rivolga direttamente a {{.Company}}.{{end}}"},
		},
		merchant.DocumentReceived: {
			subject: "Documenti di {{.Company}}{{with .CustomerID}} (Customer ID {{.}}){{end}}",
			before:  []string{"Per conto di {{.Company}} riceve in allegato un documento per la verifica del contratto e-commerce:"},
			after:   []string{"{{if .Contact}}La sua risposta a questo messaggio arriva direttamente a {{.Company}}.{{else}}Per domande si rivolga direttamente a {{.Company}}.{{end}}"},
		},
	},
}
