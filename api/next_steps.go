package api

import (
	"github.com/quittance/quittance/api/internal/spec"
	"github.com/quittance/quittance/internal/merchant"
)

// Where the steps of connecting an account lead to.
const (
	orderURL       = "https://www.six-payment-services.com"
	mySaferpayURL  = "https://www.saferpay.com/BO/Login"
	mySaferpayTest = "https://test.saferpay.com/BO/Login"
	documentsMail  = "partner_support_e-commerce@six-payment-services.com"
)

// step is a thing to do on the way to an active payment service, with its sentence per language.
type step struct {
	name, url, email string
	text             map[string]string
}

// beforeCredentials leads from nothing to the credentials.
//
//nolint:misspell // it knows English only
var beforeCredentials = []step{
	{name: "order_account", url: orderURL, text: map[string]string{
		"de": "Bestellen Sie bei Worldline/SIX Payment Services ein E-Commerce-Konto, falls Sie noch keines haben.",
		"fr": "Commandez un compte e-commerce auprès de Worldline/SIX Payment Services, si vous n’en avez pas encore.",
		"it": "Ordini un conto e-commerce presso Worldline/SIX Payment Services, se non ne ha ancora uno.",
		"en": "Order an e-commerce account from Worldline/SIX Payment Services, if you do not have one yet.",
	}},
	{name: "await_confirmation", text: map[string]string{
		"de": "Warten Sie auf die Bestätigung von Worldline/SIX per E-Mail; sie kommt meist innert 15 Minuten.",
		"fr": "Attendez la confirmation de Worldline/SIX par e-mail; elle arrive en général en moins de 15 minutes.",
		"it": "Attenda la conferma di Worldline/SIX per e-mail; di solito arriva entro 15 minuti.",
		"en": "Wait for the confirmation from Worldline/SIX by e-mail; it usually comes within 15 minutes.",
	}},
	{name: "log_in", url: mySaferpayURL, text: map[string]string{
		"de": "Melden Sie sich bei mySaferpay an. Der Benutzername kommt als Nachricht auf die Telefonnummer der Bestellung, das Passwort haben Sie bei der Bestellung gewählt.",
		"fr": "Connectez-vous à mySaferpay. Le nom d’utilisateur arrive par message au numéro de téléphone indiqué dans la commande; le mot de passe est celui que vous y avez choisi.",
		"it": "Acceda a mySaferpay. Il nome utente arriva come messaggio al numero di telefono indicato nell’ordine; la password è quella scelta nell’ordine.",
		"en": "Log in to mySaferpay. The user name arrives as a message on the phone number given in the order; the password is the one that you chose there.",
	}},
	{name: "copy_ids", text: map[string]string{
		"de": "Kopieren Sie unter Einstellungen → Zahlungsmittel / Terminals die Customer ID und die Terminal ID des eCommerce-Terminals.",
		"fr": "Sous Paramètres → Moyens de paiement / terminaux, copiez le Customer ID et le Terminal ID du terminal eCommerce.",
		"it": "In Impostazioni → Mezzi di pagamento / terminali, copi il Customer ID e il Terminal ID del terminale eCommerce.",
		"en": "Under Settings → Payment means / terminals, copy the Customer ID and the Terminal ID of the eCommerce terminal.",
	}},
	{name: "create_api_user", text: map[string]string{
		"de": "Erstellen Sie unter Einstellungen → JSON API Basic Authentication einen Zugang: Setzen und kopieren Sie das Passwort, geben Sie eine Beschreibung an und kopieren Sie danach den Benutzernamen aus der Übersicht.",
		"fr": "Sous Paramètres → Authentification JSON API Basic, créez un accès: définissez et copiez le mot de passe, donnez une description, puis copiez le nom d’utilisateur depuis l’aperçu.",
		"it": "In Impostazioni → Autenticazione JSON API Basic, crei un accesso: imposti e copi la password, indichi una descrizione e poi copi il nome utente dalla panoramica.",
		"en": "Under Settings → JSON API basic authentication, create an access: set and copy a password, give a description, then copy the user name from the overview.",
	}},
	{name: "enter_credentials", text: map[string]string{
		"de": "Geben Sie Customer ID, Terminal ID, Benutzername und Passwort hier ein.",
		"fr": "Saisissez ici le Customer ID, le Terminal ID, le nom d’utilisateur et le mot de passe.",
		"it": "Inserisca qui Customer ID, Terminal ID, nome utente e password.",
		"en": "Enter the Customer ID, the Terminal ID, the user name and the password here.",
	}},
}

// duringVerification is what remains until the acquirer is done.
var duringVerification = []step{
	{name: "send_documents", email: documentsMail, text: map[string]string{
		"de": "Senden Sie Kopien von Ausweisen, Unterschriften und weiteren Papieren, die Worldline/SIX verlangt, direkt an " + documentsMail + ".",
		"fr": "Envoyez les copies de pièces d’identité, signatures et autres documents demandés par Worldline/SIX directement à " + documentsMail + ".",
		"it": "Invii le copie dei documenti d’identità, le firme e gli altri documenti richiesti da Worldline/SIX direttamente a " + documentsMail + ".",
		"en": "Send copies of identity documents, signatures and other papers that Worldline/SIX asks for straight to " + documentsMail + ".",
	}},
	{name: "await_verification", text: map[string]string{
		"de": "Die Prüfung durch Worldline/SIX dauert in der Regel 3 bis 15 Arbeitstage. Danach wird der Zahlungsdienst von selbst aktiv.",
		"fr": "La vérification par Worldline/SIX dure en général de 3 à 15 jours ouvrables. Le service de paiement devient ensuite actif de lui-même.",
		"it": "La verifica da parte di Worldline/SIX dura di regola da 3 a 15 giorni lavorativi. In seguito il servizio di pagamento diventa attivo da solo.",
		"en": "The verification by Worldline/SIX generally takes 3 to 15 business days. The payment service then becomes active by itself.",
	}},
}

// nextSteps returns what the company has to do until the payment service is active, in its language.
func nextSteps(p merchant.PaymentService, language string) []spec.NextStep {
	var steps []step
	switch p.Status {
	case merchant.AwaitingCredentials:
		steps = append(append(steps, beforeCredentials...), duringVerification...)
	case merchant.InVerification:
		steps = duringVerification
	}
	return mapped(steps, func(next step) spec.NextStep {
		if next.url == mySaferpayURL && p.Environment == merchant.Test {
			next.url = mySaferpayTest
		}
		return spec.NextStep{Step: next.name, Text: next.text[language], URL: optional(next.url), Email: optional(next.email)}
	})
}
