package simulator

import (
	"net/http"
	"strings"
)

// texts are the words of the payment page in one language.
type texts struct {
	Lang, Notice, Total, Method, Card, Number, Expiry, CVC, Holder, TestCards, Pay, Abort   string
	TwintCode, TwintHint, ChallengeTitle, ChallengeHint, Confirm, Decline                   string
	NotATestCard, NotOffered, BadExpiry, BadCVC, NoHolder, Finished, Expired, Unknown, Back string
	// NotPaid is what a payer may read after a failed payment (PayerMessage).
	NotPaid string
}

var pageTexts = map[string]texts{
	"en": {
		Lang: "en", Notice: "Saferpay simulator: no money is moved here.", Total: "Amount", Method: "Means of payment",
		Card: "Card", Number: "Card number", Expiry: "Valid until (MM/YY)", CVC: "Security code", Holder: "Card holder",
		TestCards: "Test cards", Pay: "Pay", Abort: "Cancel", TwintCode: "Enter this code in the TWINT app:",
		TwintHint:      "Here the button below confirms in place of the app.",
		ChallengeTitle: "Confirm the payment", ChallengeHint: "Your card issuer asks you to confirm this payment (3-D Secure).",
		Confirm: "Confirm", Decline: "Decline",
		NotATestCard: "Only test cards are accepted here. Never enter a real card.", NotOffered: "This card is not offered for this payment.",
		BadExpiry: "Please enter a date in the future as MM/YY.", BadCVC: "Please enter the three digits.", NoHolder: "Please enter the name on the card.",
		Finished: "This payment is finished.", Expired: "This payment page has expired.", Unknown: "There is no such payment page.", Back: "Back to the merchant",
		NotPaid: "The payment was not successful. Please try another means of payment.",
	},
	"de": {
		Lang: "de", Notice: "Saferpay-Simulator: Hier wird kein Geld bewegt.", Total: "Betrag", Method: "Zahlungsmittel",
		Card: "Karte", Number: "Kartennummer", Expiry: "Gültig bis (MM/JJ)", CVC: "Prüfziffer", Holder: "Karteninhaber",
		TestCards: "Testkarten", Pay: "Bezahlen", Abort: "Abbrechen", TwintCode: "Geben Sie diesen Code in der TWINT-App ein:",
		TwintHint:      "Hier bestätigt die Schaltfläche unten anstelle der App.",
		ChallengeTitle: "Zahlung bestätigen", ChallengeHint: "Ihr Kartenherausgeber bittet Sie, diese Zahlung zu bestätigen (3-D Secure).",
		Confirm: "Bestätigen", Decline: "Ablehnen",
		NotATestCard: "Hier gelten nur Testkarten. Geben Sie nie eine echte Karte ein.", NotOffered: "Diese Karte wird für diese Zahlung nicht angeboten.",
		BadExpiry: "Bitte ein Datum in der Zukunft als MM/JJ eingeben.", BadCVC: "Bitte die drei Ziffern eingeben.", NoHolder: "Bitte den Namen auf der Karte eingeben.",
		Finished: "Diese Zahlung ist abgeschlossen.", Expired: "Diese Zahlungsseite ist abgelaufen.", Unknown: "Diese Zahlungsseite gibt es nicht.", Back: "Zurück zum Händler",
		NotPaid: "Die Zahlung war nicht erfolgreich. Bitte versuchen Sie es mit einem anderen Zahlungsmittel.",
	},
	"fr": {
		Lang: "fr", Notice: "Simulateur Saferpay : aucun argent n’est déplacé ici.", Total: "Montant", Method: "Moyen de paiement",
		Card: "Carte", Number: "Numéro de carte", Expiry: "Valable jusqu’au (MM/AA)", CVC: "Code de sécurité", Holder: "Titulaire de la carte",
		TestCards: "Cartes de test", Pay: "Payer", Abort: "Annuler", TwintCode: "Saisissez ce code dans l’app TWINT :",
		TwintHint:      "Ici, le bouton ci-dessous confirme à la place de l’app.",
		ChallengeTitle: "Confirmer le paiement", ChallengeHint: "L’émetteur de votre carte vous demande de confirmer ce paiement (3-D Secure).",
		Confirm: "Confirmer", Decline: "Refuser",
		NotATestCard: "Seules les cartes de test sont acceptées ici. N’entrez jamais une vraie carte.", NotOffered: "Cette carte n’est pas proposée pour ce paiement.",
		BadExpiry: "Veuillez saisir une date future au format MM/AA.", BadCVC: "Veuillez saisir les trois chiffres.", NoHolder: "Veuillez saisir le nom figurant sur la carte.",
		Finished: "Ce paiement est terminé.", Expired: "Cette page de paiement a expiré.", Unknown: "Cette page de paiement n’existe pas.", Back: "Retour chez le commerçant",
		NotPaid: "Le paiement n’a pas abouti. Veuillez essayer un autre moyen de paiement.",
	},
	"it": {
		Lang: "it", Notice: "Simulatore Saferpay: qui non si muove denaro.", Total: "Importo", Method: "Mezzo di pagamento", //nolint:misspell // Italian
		Card: "Carta", Number: "Numero della carta", Expiry: "Valida fino al (MM/AA)", CVC: "Codice di sicurezza", Holder: "Titolare della carta",
		TestCards: "Carte di prova", Pay: "Paga", Abort: "Annulla", TwintCode: "Inserisca questo codice nell’app TWINT:",
		TwintHint:      "Qui il pulsante sottostante conferma al posto dell’app.",
		ChallengeTitle: "Confermare il pagamento", ChallengeHint: "L’emittente della sua carta le chiede di confermare questo pagamento (3-D Secure).",
		Confirm: "Conferma", Decline: "Rifiuta",
		NotATestCard: "Qui valgono solo carte di prova. Non inserisca mai una carta vera.", NotOffered: "Questa carta non è disponibile per questo pagamento.",
		BadExpiry: "Inserisca una data futura nel formato MM/AA.", BadCVC: "Inserisca le tre cifre.", NoHolder: "Inserisca il nome riportato sulla carta.",
		Finished: "Questo pagamento è concluso.", Expired: "Questa pagina di pagamento è scaduta.", Unknown: "Questa pagina di pagamento non esiste.", Back: "Torna al commerciante", //nolint:misspell // Italian
		NotPaid: "Il pagamento non è riuscito. Provi con un altro mezzo di pagamento.",
	},
}

// textsFor returns the words for the first language that is known, English if none is. Languages are codes such as "de" or
// "de-CH".
func textsFor(languages ...string) texts {
	for _, code := range languages {
		language, _, _ := strings.Cut(strings.ToLower(code), "-")
		if t, ok := pageTexts[language]; ok {
			return t
		}
	}
	return pageTexts["en"]
}

// languages are those that the merchant asks for and then those of the payer's browser, as a browser lists them: the
// favourite first.
func (p *page) languages(r *http.Request) []string {
	languages := []string{p.Language}
	for _, accepted := range strings.Split(r.Header.Get("Accept-Language"), ",") {
		language, _, _ := strings.Cut(accepted, ";")
		languages = append(languages, strings.TrimSpace(language))
	}
	return languages
}
