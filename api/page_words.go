package api

import (
	"fmt"
	"strings"
	"time"

	_ "time/tzdata" // a container may come without time zones

	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/money"
)

// phrase is a heading and the sentences below it.
type phrase struct{ Title, Text string }

// words is everything that the pages say in one language. {…} stands for what is filled in.
type words struct {
	Name string // of the language, in itself

	Invoice, For, Amount, AmountDue, AmountPaid, AmountRefunded, DueBy string

	Open, Overdue, PartiallyPaid, Paid, PartlyRefunded, Refunded, Cancelled, PaidOn string

	PayNow, Choose, SecurePage, NotOnline, Reload string

	NothingTaken string // after what the payment provider says of a payment that was declined
	AnotherRuns  string // after what became of a payment, when another is in progress

	Received      phrase // {amount} {date}
	Confirming    phrase
	TakesLonger   phrase
	Declined      phrase
	Aborted       phrase
	Expired       phrase
	Released      phrase
	LessDue       phrase
	AlreadyPaid   phrase
	NoLongerDue   phrase
	Withdrawn     phrase
	InProgress    phrase
	Pending       phrase // {amount} {date}; the provider decides later
	Booking       phrase // {amount} {date}; the money is being captured
	Unclear       phrase // {amount} {date}; nobody knows yet
	NotOffered    phrase
	Unavailable   phrase
	UnknownPage   phrase
	TooMany       phrase
	ForeignForm   phrase
	OurMistake    phrase
	SomethingDown phrase

	months [12]string
	first  string // the first day of a month, where it is not just 1
	dot    string // after the day
}

// languages are the pages' languages, in the order in which they are offered.
var languages = invoice.Languages

// dictionary holds the words per language. "Pay now" and "paid" are the product's own words and stay as they are.
//
//nolint:misspell // it knows English only
var dictionary = map[string]words{
	"de": {
		Name:    "Deutsch",
		Invoice: "Rechnung", For: "Für", Amount: "Betrag", AmountDue: "Offener Betrag", AmountPaid: "Bezahlt", AmountRefunded: "Zurückerstattet", DueBy: "Zahlbar bis",
		Open: "Offen", Overdue: "Überfällig", PartiallyPaid: "Teilweise bezahlt", Paid: "Bezahlt", PartlyRefunded: "Teilweise zurückerstattet", Refunded: "Zurückerstattet", Cancelled: "Storniert",
		PaidOn: "Bezahlt am",
		PayNow: "Jetzt bezahlen", Choose: "Wählen Sie ein Zahlungsmittel.",
		SecurePage:    "Sie bezahlen auf der gesicherten Seite von Worldline/SIX (Saferpay).",
		NotOnline:     "Diese Rechnung kann zurzeit nicht online bezahlt werden.",
		Reload:        "Erneut nachsehen",
		NothingTaken:  "Es wurde nichts belastet.",
		AnotherRuns:   "Eine andere Zahlung läuft noch.",
		Received:      phrase{"Zahlung eingegangen", "Vielen Dank. Ihre Zahlung von {amount} ist am {date} eingegangen."},
		Confirming:    phrase{"Ihre Zahlung wird bestätigt", "Das dauert meist nur wenige Sekunden. Diese Seite aktualisiert sich von selbst."},
		TakesLonger:   phrase{"Die Bestätigung steht noch aus", "Sie können diese Seite schliessen. Sobald die Bestätigung eintrifft, gilt die Rechnung als bezahlt. Bitte bezahlen Sie nicht ein zweites Mal."},
		Declined:      phrase{"Die Zahlung wurde abgelehnt", "Es wurde nichts belastet. Versuchen Sie es noch einmal oder wählen Sie ein anderes Zahlungsmittel."},
		Aborted:       phrase{"Sie haben die Zahlung abgebrochen", "Es wurde nichts belastet. Sie können jederzeit erneut beginnen."},
		Expired:       phrase{"Die Zahlungsseite ist abgelaufen", "Es wurde nichts belastet. Sie können jederzeit erneut beginnen."},
		Released:      phrase{"Die Zahlung konnte nicht angenommen werden", "Es wurde nichts belastet. Ein reservierter Betrag wird wieder freigegeben. Bitte wählen Sie ein anderes Zahlungsmittel."},
		LessDue:       phrase{"Inzwischen ist weniger offen", "Ein Teil der Rechnung wurde anders bezahlt, während Sie zahlten. Es wurde nichts belastet. Ein reservierter Betrag wird wieder freigegeben. Bitte bezahlen Sie den Rest."},
		AlreadyPaid:   phrase{"Diese Rechnung ist bereits bezahlt", "Sie müssen nichts weiter tun. Ein zweites Mal wurde nichts belastet."},
		NoLongerDue:   phrase{"Diese Rechnung wurde storniert", "Sie muss nicht mehr bezahlt werden."},
		Withdrawn:     phrase{"Diese Rechnung wurde storniert, während Sie zahlten", "Es wurde nichts belastet. Ein reservierter Betrag wird wieder freigegeben."},
		InProgress:    phrase{"Es läuft bereits eine Zahlung", "Bitte warten Sie einen Augenblick und sehen Sie dann erneut nach."},
		Pending:       phrase{"Eine Zahlung wartet auf den Anbieter", "Der Anbieter hat über die Zahlung von {amount} vom {date} noch nicht entschieden. Bitte bezahlen Sie nicht ein zweites Mal."},
		Booking:       phrase{"Eine Zahlung wird gerade verbucht", "Die Zahlung von {amount} vom {date} ist bewilligt. Bitte bezahlen Sie nicht ein zweites Mal."},
		Unclear:       phrase{"Eine Zahlung wird geklärt", "Ob die Zahlung von {amount} vom {date} gelungen ist, klären wir gerade. Bitte bezahlen Sie nicht ein zweites Mal."},
		NotOffered:    phrase{"Dieses Zahlungsmittel ist nicht verfügbar", "Bitte wählen Sie ein anderes."},
		Unavailable:   phrase{"Die Zahlungsseite ist gerade nicht erreichbar", "Es wurde nichts belastet. Bitte versuchen Sie es in einer Minute noch einmal."},
		UnknownPage:   phrase{"Diese Seite gibt es nicht", "Bitte prüfen Sie, ob der Link vollständig ist, oder wenden Sie sich an den Absender der Rechnung."},
		TooMany:       phrase{"Zu viele Aufrufe", "Bitte warten Sie eine Minute und versuchen Sie es dann noch einmal."},
		ForeignForm:   phrase{"Das hat nicht geklappt", "Die Anfrage kam von einer fremden Seite. Bitte öffnen Sie die Rechnung über ihren Link und versuchen Sie es noch einmal."},
		OurMistake:    phrase{"Uns ist ein Fehler unterlaufen", "Es wurde nichts belastet. Wir haben den Fehler festgehalten. Bitte versuchen Sie es später noch einmal."},
		SomethingDown: phrase{"Gerade nicht erreichbar", "Bitte versuchen Sie es in einer Minute noch einmal. Was Sie bereits bezahlt haben, geht nicht verloren."},
		months:        [12]string{"Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober", "November", "Dezember"},
		first:         "1.", dot: ".",
	},
	"fr": {
		Name:    "Français",
		Invoice: "Facture", For: "Pour", Amount: "Montant", AmountDue: "Solde à payer", AmountPaid: "Payé", AmountRefunded: "Remboursé", DueBy: "Payable jusqu’au",
		Open: "À payer", Overdue: "En retard", PartiallyPaid: "Payée en partie", Paid: "Payée", PartlyRefunded: "Remboursée en partie", Refunded: "Remboursée", Cancelled: "Annulée",
		PaidOn: "Payée le",
		PayNow: "Payer maintenant", Choose: "Choisissez un moyen de paiement.",
		SecurePage:    "Vous payez sur la page sécurisée de Worldline/SIX (Saferpay).",
		NotOnline:     "Cette facture ne peut pas être payée en ligne pour le moment.",
		Reload:        "Vérifier à nouveau",
		NothingTaken:  "Rien n’a été débité.",
		AnotherRuns:   "Un autre paiement est encore en cours.",
		Received:      phrase{"Paiement reçu", "Merci. Votre paiement de {amount} a été reçu le {date}."},
		Confirming:    phrase{"Votre paiement est en cours de confirmation", "Cela ne prend en général que quelques secondes. Cette page s’actualise d’elle-même."},
		TakesLonger:   phrase{"La confirmation n’est pas encore arrivée", "Vous pouvez fermer cette page. Dès que la confirmation arrive, la facture est payée. Merci de ne pas payer une seconde fois."},
		Declined:      phrase{"Le paiement a été refusé", "Rien n’a été débité. Essayez encore une fois ou choisissez un autre moyen de paiement."},
		Aborted:       phrase{"Vous avez interrompu le paiement", "Rien n’a été débité. Vous pouvez recommencer à tout moment."},
		Expired:       phrase{"La page de paiement a expiré", "Rien n’a été débité. Vous pouvez recommencer à tout moment."},
		Released:      phrase{"Le paiement n’a pas pu être accepté", "Rien n’a été débité. Un montant réservé sera libéré. Veuillez choisir un autre moyen de paiement."},
		LessDue:       phrase{"Le montant dû a diminué entre-temps", "Une partie de la facture a été payée autrement pendant votre paiement. Rien n’a été débité. Un montant réservé sera libéré. Veuillez payer le reste."},
		AlreadyPaid:   phrase{"Cette facture est déjà payée", "Vous n’avez plus rien à faire. Rien n’a été débité une seconde fois."},
		NoLongerDue:   phrase{"Cette facture a été annulée", "Elle n’est plus à payer."},
		Withdrawn:     phrase{"Cette facture a été annulée pendant votre paiement", "Rien n’a été débité. Un montant réservé sera libéré."},
		InProgress:    phrase{"Un paiement est déjà en cours", "Veuillez patienter un instant, puis vérifier à nouveau."},
		Pending:       phrase{"Un paiement attend le prestataire", "Le prestataire n’a pas encore décidé du paiement de {amount} du {date}. Merci de ne pas payer une seconde fois."},
		Booking:       phrase{"Un paiement est en cours d’enregistrement", "Le paiement de {amount} du {date} est autorisé. Merci de ne pas payer une seconde fois."},
		Unclear:       phrase{"Un paiement est en cours de vérification", "Nous vérifions si le paiement de {amount} du {date} a abouti. Merci de ne pas payer une seconde fois."},
		NotOffered:    phrase{"Ce moyen de paiement n’est pas disponible", "Veuillez en choisir un autre."},
		Unavailable:   phrase{"La page de paiement ne répond pas pour le moment", "Rien n’a été débité. Veuillez réessayer dans une minute."},
		UnknownPage:   phrase{"Cette page n’existe pas", "Vérifiez que le lien est complet, ou adressez-vous à l’expéditeur de la facture."},
		TooMany:       phrase{"Trop de demandes", "Veuillez patienter une minute, puis réessayer."},
		ForeignForm:   phrase{"Cela n’a pas fonctionné", "La demande venait d’un autre site. Ouvrez la facture par son lien et réessayez."},
		OurMistake:    phrase{"Nous avons commis une erreur", "Rien n’a été débité. Nous en avons pris note. Veuillez réessayer plus tard."},
		SomethingDown: phrase{"Indisponible pour le moment", "Veuillez réessayer dans une minute. Ce que vous avez déjà payé n’est pas perdu."},
		months:        [12]string{"janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre", "décembre"},
		first:         "1er",
	},
	"it": {
		Name:    "Italiano",
		Invoice: "Fattura", For: "Per", Amount: "Importo", AmountDue: "Saldo da pagare", AmountPaid: "Pagato", AmountRefunded: "Rimborsato", DueBy: "Pagabile entro il",
		Open: "Da pagare", Overdue: "Scaduta", PartiallyPaid: "Pagata in parte", Paid: "Pagata", PartlyRefunded: "Rimborsata in parte", Refunded: "Rimborsata", Cancelled: "Annullata",
		PaidOn: "Pagata il",
		PayNow: "Paga ora", Choose: "Scelga un mezzo di pagamento.",
		SecurePage:    "Il pagamento avviene sulla pagina sicura di Worldline/SIX (Saferpay).",
		NotOnline:     "Al momento questa fattura non può essere pagata online.",
		Reload:        "Verifica di nuovo",
		NothingTaken:  "Non è stato addebitato nulla.",
		AnotherRuns:   "Un altro pagamento è ancora in corso.",
		Received:      phrase{"Pagamento ricevuto", "Grazie. Il suo pagamento di {amount} è stato ricevuto il {date}."},
		Confirming:    phrase{"Il suo pagamento è in fase di conferma", "Di solito bastano pochi secondi. Questa pagina si aggiorna da sola."},
		TakesLonger:   phrase{"La conferma non è ancora arrivata", "Può chiudere questa pagina. Appena arriva la conferma, la fattura risulta pagata. La preghiamo di non pagare una seconda volta."},
		Declined:      phrase{"Il pagamento è stato rifiutato", "Non è stato addebitato nulla. Riprovi o scelga un altro mezzo di pagamento."},
		Aborted:       phrase{"Ha interrotto il pagamento", "Non è stato addebitato nulla. Può ricominciare in ogni momento."},
		Expired:       phrase{"La pagina di pagamento è scaduta", "Non è stato addebitato nulla. Può ricominciare in ogni momento."},
		Released:      phrase{"Il pagamento non ha potuto essere accettato", "Non è stato addebitato nulla. Un importo riservato sarà liberato. Scelga un altro mezzo di pagamento."},
		LessDue:       phrase{"Nel frattempo l’importo dovuto è diminuito", "Una parte della fattura è stata pagata in altro modo durante il Suo pagamento. Non è stato addebitato nulla. Un importo riservato sarà liberato. Paghi il resto."},
		AlreadyPaid:   phrase{"Questa fattura è già pagata", "Non deve fare altro. Non è stato addebitato nulla una seconda volta."},
		NoLongerDue:   phrase{"Questa fattura è stata annullata", "Non è più da pagare."},
		Withdrawn:     phrase{"Questa fattura è stata annullata durante il Suo pagamento", "Non è stato addebitato nulla. Un importo riservato sarà liberato."},
		InProgress:    phrase{"Un pagamento è già in corso", "Attenda un istante, poi verifichi di nuovo."},
		Pending:       phrase{"Un pagamento attende il fornitore", "Il fornitore non ha ancora deciso sul pagamento di {amount} del {date}. La preghiamo di non pagare una seconda volta."},
		Booking:       phrase{"Un pagamento è in corso di registrazione", "Il pagamento di {amount} del {date} è autorizzato. La preghiamo di non pagare una seconda volta."},
		Unclear:       phrase{"Un pagamento è in corso di verifica", "Stiamo verificando se il pagamento di {amount} del {date} è riuscito. La preghiamo di non pagare una seconda volta."},
		NotOffered:    phrase{"Questo mezzo di pagamento non è disponibile", "Ne scelga un altro."},
		Unavailable:   phrase{"La pagina di pagamento al momento non risponde", "Non è stato addebitato nulla. Riprovi tra un minuto."},
		UnknownPage:   phrase{"Questa pagina non esiste", "Verifichi che il link sia completo, oppure si rivolga al mittente della fattura."},
		TooMany:       phrase{"Troppe richieste", "Attenda un minuto, poi riprovi."},
		ForeignForm:   phrase{"Qualcosa non ha funzionato", "La richiesta proveniva da un altro sito. Apra la fattura tramite il suo link e riprovi."},
		OurMistake:    phrase{"Abbiamo commesso un errore", "Non è stato addebitato nulla. Ne abbiamo preso nota. Riprovi più tardi."},
		SomethingDown: phrase{"Al momento non raggiungibile", "Riprovi tra un minuto. Ciò che ha già pagato non va perso."},
		months:        [12]string{"gennaio", "febbraio", "marzo", "aprile", "maggio", "giugno", "luglio", "agosto", "settembre", "ottobre", "novembre", "dicembre"},
		first:         "1°",
	},
	"en": {
		Name:    "English",
		Invoice: "Invoice", For: "For", Amount: "Amount", AmountDue: "Amount due", AmountPaid: "Paid", AmountRefunded: "Refunded", DueBy: "Due by",
		Open: "Open", Overdue: "Overdue", PartiallyPaid: "Partially paid", Paid: "Paid", PartlyRefunded: "Partially refunded", Refunded: "Refunded", Cancelled: "Cancelled",
		PaidOn: "Paid on",
		PayNow: "Pay now", Choose: "Choose how you want to pay.",
		SecurePage:    "You pay on the secure page of Worldline/SIX (Saferpay).",
		NotOnline:     "This invoice can’t be paid online at the moment.",
		Reload:        "Check again",
		NothingTaken:  "Nothing was charged.",
		AnotherRuns:   "Another payment is still in progress.",
		Received:      phrase{"Payment received", "Thank you. Your payment of {amount} was received on {date}."},
		Confirming:    phrase{"Your payment is being confirmed", "This usually takes only a few seconds. This page updates by itself."},
		TakesLonger:   phrase{"The confirmation has not arrived yet", "You can close this page. As soon as the confirmation arrives, the invoice is paid. Please don’t pay a second time."},
		Declined:      phrase{"The payment was declined", "Nothing was charged. Please try again, or choose another payment method."},
		Aborted:       phrase{"You stopped the payment", "Nothing was charged. You can start again at any time."},
		Expired:       phrase{"The payment page has expired", "Nothing was charged. You can start again at any time."},
		Released:      phrase{"The payment could not be accepted", "Nothing was charged. If an amount was reserved, it will be released. Please choose another payment method."},
		LessDue:       phrase{"Less is due now", "Part of the invoice was paid in another way while you were paying. Nothing was charged. If an amount was reserved, it will be released. Please pay the rest."},
		AlreadyPaid:   phrase{"This invoice is already paid", "There is nothing more to do. Nothing was charged a second time."},
		NoLongerDue:   phrase{"This invoice was cancelled", "It no longer has to be paid."},
		Withdrawn:     phrase{"This invoice was cancelled while you were paying", "Nothing was charged. If an amount was reserved, it will be released."},
		InProgress:    phrase{"A payment is already in progress", "Please wait a moment, then check again."},
		Pending:       phrase{"A payment is waiting for the provider", "The provider has not decided yet on the payment of {amount} made on {date}. Please don’t pay a second time."},
		Booking:       phrase{"A payment is being booked", "The payment of {amount} made on {date} is approved. Please don’t pay a second time."},
		Unclear:       phrase{"A payment is being checked", "We are checking whether the payment of {amount} made on {date} went through. Please don’t pay a second time."},
		NotOffered:    phrase{"This payment method is not available", "Please choose another one."},
		Unavailable:   phrase{"The payment page does not answer at the moment", "Nothing was charged. Please try again in a minute."},
		UnknownPage:   phrase{"This page does not exist", "Please check that the link is complete, or ask the sender of the invoice."},
		TooMany:       phrase{"Too many requests", "Please wait a minute, then try again."},
		ForeignForm:   phrase{"That did not work", "The request came from another site. Please open the invoice by its link and try again."},
		OurMistake:    phrase{"We have made a mistake", "Nothing was charged. We know about it. Please try again later."},
		SomethingDown: phrase{"Not available at the moment", "Please try again in a minute. If you have already paid, your payment is not lost."},
		months:        [12]string{"January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"},
		first:         "1",
	},
}

// fill puts a value in the place of {name}.
func (p phrase) fill(name, value string) phrase {
	return phrase{p.Title, strings.ReplaceAll(p.Text, "{"+name+"}", value)}
}

// zurich is the time zone of "today" and of the dates on the pages.
var zurich = func() *time.Location {
	location, err := time.LoadLocation("Europe/Zurich")
	if err != nil {
		panic(err) // the zones are compiled in above
	}
	return location
}()

// today is the calendar day in Switzerland, as midnight UTC like the dates of invoices.
func today(now time.Time) time.Time {
	year, month, day := now.In(zurich).Date()
	return time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
}

// date writes a calendar day: 1. März 2027, 1er mars 2027, 1° marzo 2027, 1 March 2027.
func (w words) date(t time.Time) string {
	day := fmt.Sprint(t.Day()) + w.dot
	if t.Day() == 1 {
		day = w.first
	}
	return fmt.Sprintf("%s\u00a0%s\u00a0%d", day, w.months[t.Month()-1], t.Year())
}

// swiss writes an amount the way it stands on Swiss invoices: 1’234.50, without its currency.
func swiss(a money.Amount) string {
	digits, negative := strings.CutPrefix(a.Value(), "-")
	whole, fraction, _ := strings.Cut(digits, ".")
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + "’" + whole[i:]
	}
	if negative {
		whole = "−" + whole
	}
	return whole + "." + fraction
}
