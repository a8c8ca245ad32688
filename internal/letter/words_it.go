package letter

import "github.com/quittance/quittance/internal/merchant"

//nolint:misspell // it knows English only
var italian = words{
	greeting: "Buongiorno",
	closing:  "Cordiali saluti",
	footer:   "Riceve questo messaggio perché questo indirizzo è il contatto di %s. Può cambiarlo nelle impostazioni.",
	next:     "Come proseguire:",
	and:      " e ",
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
		Intro:   "Un endpoint webhook di %s non accetta più gli eventi. L’abbiamo disattivato. Il vostro software non riceve eventi finché non lo riattivate.",
		ID:      "Endpoint", Address: "Indirizzo", Reason: "Motivo (in inglese)",
		Mend: "Riparare il destinatario.", Enable: `Riattivare l’endpoint: PATCH %s con {"enabled": true}.`, Ask: "Richiedere gli eventi mancati: POST %s/redeliver.",
		Kept: "Nulla è andato perso: conserviamo tutti gli eventi finché non li richiedete.",
	},
	company: map[merchant.What]notice{
		merchant.Reminded: {
			subject: "Mancano ancora i dati di accesso di «{{.Service}}»",
			before: []string{
				"Il servizio di pagamento «{{.Service}}» è stato aggiunto {{.About}} giorni lavorativi fa. Mancano ancora i dati di accesso di mySaferpay, affinché i suoi clienti possano pagare le fatture con {{.Methods}}. Ecco come ottenerli:",
			},
			after: []string{"Dopo 60 giorni lavorativi senza dati di accesso il servizio di pagamento sarà chiuso. Se non ne ha bisogno, non deve fare nulla."},
		},
		merchant.Abandoned: {
			subject: "«{{.Service}}» è chiuso",
			before: []string{
				"Nessuno ha inserito dati di accesso per il servizio di pagamento «{{.Service}}» in 60 giorni lavorativi. Ora è chiuso.",
				"Può aggiungere un nuovo servizio di pagamento in qualsiasi momento.",
			},
		},
		merchant.What(merchant.InVerification): {
			subject: "Worldline/SIX verifica {{.Company}}",
			before: []string{
				"I dati di accesso di «{{.Service}}» funzionano. Ora Worldline/SIX verifica la sua azienda. Di regola dura da 3 a 15 giorni lavorativi.",
			},
			after: []string{
				"Non deve chiedere: dal {{.Earliest}} controlliamo ogni giorno lavorativo. Appena Worldline/SIX ha finito, il servizio di pagamento diventa attivo da solo e lei riceve un messaggio.",
				"Se Worldline/SIX chiede copie di documenti d’identità, firme o altri documenti, li carichi presso il servizio di pagamento oppure li invii a {{.DocumentsMail}}.",
			},
		},
		merchant.Overdue: {
			subject: "La verifica di {{.Company}} dura più del solito",
			before: []string{
				"Sono passati 15 giorni lavorativi e Worldline/SIX non ha ancora attivato un mezzo di pagamento per il servizio di pagamento «{{.Service}}». Di solito manca un documento.",
			},
			after: []string{
				"Chieda per favore a Worldline/SIX: {{.DocumentsMail}}. Indichi preferibilmente questi dati.",
				"Continuiamo a controllare ogni giorno lavorativo. I nostri operatori sono informati.",
			},
		},
		merchant.What(merchant.Active): {
			subject: "«{{.Service}}» è attivo",
			before:  []string{"Il servizio di pagamento «{{.Service}}» è attivo. Ora i suoi clienti possono pagare le fatture online:"},
			after:   []string{"Lo imposti come predefinito per allegarlo a ogni nuova fattura. Può attivarlo anche per fatture precedenti, finché sono bozze."},
		},
		merchant.What(merchant.Rejected): {
			subject: "«{{.Service}}» è stato rifiutato",
			before:  []string{"La verifica di {{.Company}} è terminata senza attivazione.", "Motivo: «{{.Reason}}»"},
		},
		merchant.What(merchant.Suspended): {
			subject: "«{{.Service}}» ha bisogno di nuovi dati di accesso",
			before: []string{
				"Saferpay non accetta più i dati di accesso del servizio di pagamento «{{.Service}}», forse perché la password è stata cambiata. I suoi clienti non possono pagare online finché non inserisce nuovi dati. I pagamenti e i rimborsi in corso aspettano.",
			},
		},
		merchant.MethodsLost: {
			subject: "A «{{.Service}}» mancano mezzi di pagamento",
			before: []string{
				"Questi mezzi di pagamento non sono più attivati presso Worldline/SIX per il terminale di «{{.Service}}»: {{.List}}. I suoi clienti non possono più pagare così.",
				"Questi sono ancora attivati:",
			},
			after: []string{"Se non l’ha chiesto lei, domandi a Worldline/SIX: {{.DocumentsMail}}."},
		},
		merchant.ContractsLost: {
			subject: "«{{.Service}}» è interrotto: nessun mezzo di pagamento è più attivato",
			before: []string{
				"Presso Worldline/SIX non è più attivato alcun mezzo di pagamento per il terminale di «{{.Service}}». I suoi clienti non possono pagare online finché non ce n’è di nuovo uno. I pagamenti e i rimborsi in corso continuano. Controlliamo ogni giorno.",
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
				"Il servizio di pagamento «{{.Service}}» è stato scollegato. Nessun nuovo pagamento comincia per suo tramite. I pagamenti e i rimborsi in corso giungono al termine. In seguito cancelliamo la password dell’utente API. Tutto ciò che precede resta visibile.",
				"Se non è stato lei, verifichi per favore chi può agire in nome di {{.Company}}.",
			},
		},
		merchant.DocumentRefused: {
			subject: "Un documento non è arrivato a Worldline/SIX",
			before: []string{
				"Il server di posta di Worldline/SIX ha rifiutato un documento che ha caricato per «{{.Service}}». La cronologia del servizio di pagamento indica quale. L’abbiamo cancellato.",
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
			before:  []string{"Per conto di {{.Company}} le inviamo in allegato un documento per la verifica del contratto e-commerce:"},
			after:   []string{"{{if .Contact}}La sua risposta a questo messaggio arriva direttamente a {{.Company}}.{{else}}Per domande si rivolga direttamente a {{.Company}}.{{end}}"},
		},
	},
}
