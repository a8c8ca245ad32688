package api

import "github.com/quittance/quittance/internal/ledger"

// statementWords is everything that a monthly statement says in one language. {…} stands for what is filled in.
type statementWords struct {
	Statement, Provisional, Closed, SubLedger, Made, Chain string

	Overview, Bookings, Sheets, Nothing, TooLong string

	Account, Name, Currency, Date, ValueDate, Number, Text, Contra, Several string

	Debit, Credit, Balance, Opening, Closing, Kind, Entries, Amount string

	Kinds map[ledger.SourceKind]string
}

// statementDictionary holds the words per language, as Swiss bookkeepers use them.
//
//nolint:misspell // it knows English only
var statementDictionary = map[string]statementWords{
	"de": {
		Statement:   "Monatsauszug",
		Provisional: "Provisorisch: Die Bücher sind für diesen Monat noch offen.",
		Closed:      "Definitiv: Die Bücher sind bis {date} abgeschlossen.",
		SubLedger:   "Dies ist das Nebenbuch der Zahlungen. Die Rechnungen selbst (Ertrag, MWST und die Forderung) bucht das Rechnungsprogramm; darum steht 1100 hier im Haben.",
		Made:        "Erstellt am {date}.",
		Chain:       "Das Journal hatte {entries} Buchungen; Prüfsumme der letzten:",
		Overview:    "Konten", Bookings: "Was gebucht wurde", Sheets: "Kontoblätter",
		Nothing: "In diesem Monat wurde nichts gebucht.",
		TooLong: "Der Monat hat zu viele Zeilen, um sie zu drucken. Alle stehen in der CSV-Datei.",
		Account: "Konto", Name: "Bezeichnung", Currency: "Währung", Date: "Datum", ValueDate: "Valuta", Number: "Nr.", Text: "Text",
		Contra: "Gegenkonto", Several: "diverse",
		Debit: "Soll", Credit: "Haben", Balance: "Saldo", Opening: "Anfangssaldo", Closing: "Schlusssaldo",
		Kind: "Art", Entries: "Anzahl", Amount: "Betrag",
		Kinds: map[ledger.SourceKind]string{
			ledger.FromPayment: "Online-Zahlungen", ledger.FromReceipt: "Andere Zahlungseingänge", ledger.FromRefund: "Rückerstattungen",
			ledger.FromSettlement: "Auszahlungen von Worldline", ledger.FromManual: "Manuelle Buchungen", ledger.FromReversal: "Stornos",
			ledger.FromTransaction: "Gefundene Transaktionen",
		},
	},
	"fr": {
		Statement:   "Relevé mensuel",
		Provisional: "Provisoire : la période n’est pas encore clôturée.",
		Closed:      "Définitif : la comptabilité est clôturée jusqu’au {date}.",
		SubLedger:   "Ceci est le livre auxiliaire des paiements. Les factures elles-mêmes (produit, TVA et créance) sont comptabilisées par le logiciel de facturation; c’est pourquoi 1100 est créditeur ici.",
		Made:        "Établi le {date}.",
		Chain:       "Le journal comptait {entries} écritures; empreinte de la dernière :",
		Overview:    "Comptes", Bookings: "Ce qui a été comptabilisé", Sheets: "Extraits de compte",
		Nothing: "Rien n’a été comptabilisé ce mois.",
		TooLong: "Le mois compte trop de lignes pour être imprimé. Toutes figurent dans le fichier CSV.",
		Account: "Compte", Name: "Libellé", Currency: "Monnaie", Date: "Date", ValueDate: "Date valeur", Number: "N°", Text: "Texte",
		Contra: "Contrepartie", Several: "divers",
		Debit: "Débit", Credit: "Crédit", Balance: "Solde", Opening: "Solde initial", Closing: "Solde final",
		Kind: "Genre", Entries: "Nombre", Amount: "Montant",
		Kinds: map[ledger.SourceKind]string{
			ledger.FromPayment: "Paiements en ligne", ledger.FromReceipt: "Autres encaissements", ledger.FromRefund: "Remboursements",
			ledger.FromSettlement: "Versements de Worldline", ledger.FromManual: "Écritures manuelles", ledger.FromReversal: "Contre-passations",
			ledger.FromTransaction: "Transactions trouvées",
		},
	},
	"it": {
		Statement:   "Estratto mensile",
		Provisional: "Provvisorio: il periodo non è ancora chiuso.",
		Closed:      "Definitivo: la contabilità è chiusa fino al {date}.",
		SubLedger:   "Questo è il libro ausiliario dei pagamenti. Le fatture stesse (ricavo, IVA e credito) sono registrate dal programma di fatturazione; per questo qui 1100 è in avere.",
		Made:        "Allestito il {date}.",
		Chain:       "Il giornale contava {entries} registrazioni; impronta dell’ultima:",
		Overview:    "Conti", Bookings: "Che cosa è stato registrato", Sheets: "Schede dei conti",
		Nothing: "In questo mese non è stato registrato nulla.",
		TooLong: "Il mese ha troppe righe per essere stampato. Tutte figurano nel file CSV.",
		Account: "Conto", Name: "Denominazione", Currency: "Valuta", Date: "Data", ValueDate: "Data valuta", Number: "N.", Text: "Testo",
		Contra: "Contropartita", Several: "diversi",
		Debit: "Dare", Credit: "Avere", Balance: "Saldo", Opening: "Saldo iniziale", Closing: "Saldo finale",
		Kind: "Genere", Entries: "Numero", Amount: "Importo",
		Kinds: map[ledger.SourceKind]string{
			ledger.FromPayment: "Pagamenti online", ledger.FromReceipt: "Altri incassi", ledger.FromRefund: "Rimborsi",
			ledger.FromSettlement: "Versamenti di Worldline", ledger.FromManual: "Registrazioni manuali", ledger.FromReversal: "Storni",
			ledger.FromTransaction: "Transazioni trovate",
		},
	},
	"en": {
		Statement:   "Monthly statement",
		Provisional: "Provisional: the books are still open for this month.",
		Closed:      "Final: the books are closed until {date}.",
		SubLedger:   "This is the sub-ledger of payments. The invoices themselves (revenue, VAT and the claim) are booked by the invoicing product; that is why 1100 is in credit here.",
		Made:        "Made on {date}.",
		Chain:       "The journal had {entries} entries; checksum of the last one:",
		Overview:    "Accounts", Bookings: "What was booked", Sheets: "Account sheets",
		Nothing: "Nothing was booked in this month.",
		TooLong: "The month has too many lines to print. All of them are in the CSV file.",
		Account: "Account", Name: "Name", Currency: "Currency", Date: "Date", ValueDate: "Value date", Number: "No.", Text: "Text",
		Contra: "Contra account", Several: "several",
		Debit: "Debit", Credit: "Credit", Balance: "Balance", Opening: "Opening balance", Closing: "Closing balance",
		Kind: "Kind", Entries: "Number", Amount: "Amount",
		Kinds: map[ledger.SourceKind]string{
			ledger.FromPayment: "Online payments", ledger.FromReceipt: "Other receipts", ledger.FromRefund: "Refunds",
			ledger.FromSettlement: "Payouts by Worldline", ledger.FromManual: "Entries made by hand", ledger.FromReversal: "Reversals",
			ledger.FromTransaction: "Transactions found",
		},
	},
}
