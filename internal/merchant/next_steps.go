package merchant

import "slices"

// Where the steps of connecting an account lead to.
const (
	orderURL       = "https://www.six-payment-services.com"
	mySaferpayURL  = "https://www.saferpay.com/BO/Login"
	mySaferpayTest = "https://test.saferpay.com/BO/Login"
)

// DocumentsMail is where Worldline/SIX takes the papers that a verification needs.
const DocumentsMail = "partner_support_e-commerce@six-payment-services.com"

// NextStep is one thing that a company has to do about its payment service.
type NextStep struct {
	Step       string            // names it for programs
	URL, Email string            // where to do it, and whom to write to; may be empty
	Texts      map[string]string // says it to a person, per language of invoice.Languages
}

// beforeCredentials are CredentialSteps of a live payment service.
var beforeCredentials = []NextStep{
	{Step: "order_account", URL: orderURL, Texts: map[string]string{
		"de": "Bestellen Sie bei Worldline/SIX Payment Services ein E-Commerce-Konto, falls Sie noch keines haben.",
		"fr": "Commandez un compte e-commerce auprès de Worldline/SIX Payment Services, si vous n’en avez pas encore.",
		"it": "Ordini un conto e-commerce presso Worldline/SIX Payment Services, se non ne ha ancora uno.",
		"en": "Order an e-commerce account from Worldline/SIX Payment Services if you do not have one yet.",
	}},
	{Step: "await_confirmation", Texts: map[string]string{
		"de": "Warten Sie auf die Bestätigung von Worldline/SIX per E-Mail. Sie kommt meist innert 15 Minuten.",
		"fr": "Attendez la confirmation de Worldline/SIX par e-mail. Elle arrive en général en moins de 15 minutes.",
		"it": "Attenda la conferma di Worldline/SIX per e-mail. Di solito arriva entro 15 minuti.",
		"en": "Wait for the confirmation e-mail from Worldline/SIX. It usually comes within 15 minutes.",
	}},
	{Step: "log_in", URL: mySaferpayURL, Texts: map[string]string{
		"de": "Melden Sie sich bei mySaferpay an. Der Benutzername kommt als Nachricht auf die Telefonnummer der Bestellung. Das Passwort haben Sie bei der Bestellung gewählt.",
		"fr": "Connectez-vous à mySaferpay. Le nom d’utilisateur arrive par message au numéro de téléphone de la commande. Vous avez choisi le mot de passe dans la commande.",
		"it": "Acceda a mySaferpay. Il nome utente arriva come messaggio al numero di telefono dell’ordine. Ha scelto la password nell’ordine.",
		"en": "Log in to mySaferpay. The user name arrives as a message on the phone number of your order. You chose the password in the order.",
	}},
	{Step: "copy_ids", Texts: map[string]string{
		"de": "Kopieren Sie unter Einstellungen → Zahlungsmittel / Terminals die Customer ID und die Terminal ID des eCommerce-Terminals.",
		"fr": "Sous Paramètres → Moyens de paiement / terminaux, copiez le Customer ID et le Terminal ID du terminal eCommerce.",
		"it": "In Impostazioni → Mezzi di pagamento / terminali, copi il Customer ID e il Terminal ID del terminale eCommerce.",
		"en": "Under Settings → Payment means / terminals, copy the Customer ID and the Terminal ID of the eCommerce terminal.",
	}},
	{Step: "create_api_user", Texts: map[string]string{
		"de": "Erstellen Sie unter Einstellungen → JSON API Basic Authentication einen Zugang. Setzen und kopieren Sie das Passwort. Geben Sie eine Beschreibung ein. Kopieren Sie danach den Benutzernamen aus der Übersicht.",
		"fr": "Sous Paramètres → Authentification JSON API Basic, créez un accès. Définissez et copiez le mot de passe. Saisissez une description. Copiez ensuite le nom d’utilisateur depuis l’aperçu.",
		"it": "In Impostazioni → Autenticazione JSON API Basic, crei un accesso. Imposti e copi la password. Inserisca una descrizione. Poi copi il nome utente dalla panoramica.",
		"en": "Under Settings → JSON API basic authentication, create an access. Set a password and copy it. Enter a description. Then copy the user name from the overview.",
	}},
	{Step: "enter_credentials", Texts: map[string]string{
		"de": "Geben Sie Customer ID, Terminal ID, Benutzername und Passwort beim Zahlungsdienst ein.",
		"fr": "Saisissez le Customer ID, le Terminal ID, le nom d’utilisateur et le mot de passe auprès du service de paiement.",
		"it": "Inserisca Customer ID, Terminal ID, nome utente e password presso il servizio di pagamento.",
		"en": "Enter the Customer ID, the Terminal ID, the user name and the password at the payment service.",
	}},
}

// duringVerification is what remains until the acquirer is done.
var duringVerification = []NextStep{
	{Step: "send_documents", Email: DocumentsMail, Texts: map[string]string{
		"de": "Laden Sie Kopien von Ausweisen, Unterschriften und weiteren Papieren, die Worldline/SIX verlangt, beim Zahlungsdienst hoch, oder senden Sie sie direkt an " + DocumentsMail + ".",
		"fr": "Téléversez auprès du service de paiement les copies de pièces d’identité, signatures et autres documents demandés par Worldline/SIX, ou envoyez-les directement à " + DocumentsMail + ".",
		"it": "Carichi presso il servizio di pagamento le copie dei documenti d’identità, le firme e gli altri documenti richiesti da Worldline/SIX, oppure le invii direttamente a " + DocumentsMail + ".",
		"en": "Worldline/SIX may ask for copies of identity documents, signatures and other papers. Upload them to the payment service, or send them to " + DocumentsMail + ".",
	}},
	{Step: "await_verification", Texts: map[string]string{
		"de": "Die Prüfung durch Worldline/SIX dauert in der Regel 3 bis 15 Arbeitstage. Danach wird der Zahlungsdienst von selbst aktiv.",
		"fr": "La vérification par Worldline/SIX dure en général de 3 à 15 jours ouvrables. Le service de paiement devient ensuite actif de lui-même.",
		"it": "La verifica da parte di Worldline/SIX dura di regola da 3 a 15 giorni lavorativi. In seguito il servizio di pagamento diventa attivo da solo.",
		"en": "The verification by Worldline/SIX usually takes 3 to 15 business days. Then the payment service becomes active by itself.",
	}},
}

// whenOverdue is for a verification that takes longer than it should.
var whenOverdue = NextStep{Step: "ask_acquirer", Email: DocumentsMail, Texts: map[string]string{
	"de": "Fragen Sie bei Worldline/SIX nach, was für die Prüfung noch fehlt: " + DocumentsMail + ".",
	"fr": "Demandez à Worldline/SIX ce qui manque encore pour la vérification: " + DocumentsMail + ".",
	"it": "Chieda a Worldline/SIX che cosa manca ancora per la verifica: " + DocumentsMail + ".",
	"en": "Ask Worldline/SIX what is still missing for the verification: " + DocumentsMail + ".",
}}

// withoutContracts is for a service that was active and has lost all its contracts.
var withoutContracts = NextStep{Step: "ask_for_contracts", Email: DocumentsMail, Texts: map[string]string{
	"de": "Fragen Sie bei Worldline/SIX nach, warum für das Terminal kein Zahlungsmittel mehr freigeschaltet ist: " + DocumentsMail + ". Sobald wieder eines da ist, wird der Zahlungsdienst von selbst aktiv.",
	"fr": "Demandez à Worldline/SIX pourquoi plus aucun moyen de paiement n’est activé pour le terminal: " + DocumentsMail + ". Dès qu’il y en a un de nouveau, le service de paiement redevient actif de lui-même.",
	"it": "Chieda a Worldline/SIX perché per il terminale non è più attivato alcun mezzo di pagamento: " + DocumentsMail + ". Appena ce n’è di nuovo uno, il servizio di pagamento torna attivo da solo.",
	"en": "Ask Worldline/SIX why no payment method is active for the terminal any more: " + DocumentsMail + ". When one is active again, the payment service becomes active by itself.",
}}

// whenRejected leads to another attempt.
var whenRejected = NextStep{Step: "start_again", Email: DocumentsMail, Texts: map[string]string{
	"de": "Klären Sie den Grund mit Worldline/SIX (" + DocumentsMail + ") und fügen Sie danach einen neuen Zahlungsdienst hinzu.",
	"fr": "Clarifiez le motif avec Worldline/SIX (" + DocumentsMail + "), puis ajoutez un nouveau service de paiement.",
	"it": "Chiarisca il motivo con Worldline/SIX (" + DocumentsMail + ") e poi aggiunga un nuovo servizio di pagamento.",
	"en": "Discuss the reason with Worldline/SIX (" + DocumentsMail + "), then add a new payment service.",
}}

// whenSuspended leads back to a service that works.
var whenSuspended = NextStep{Step: "renew_credentials", URL: mySaferpayURL, Texts: map[string]string{
	"de": "Setzen Sie in mySaferpay unter Einstellungen → JSON API Basic Authentication ein neues Passwort. Geben Sie danach die Zugangsdaten beim Zahlungsdienst neu ein. Begonnene Zahlungen gehen sofort weiter.",
	"fr": "Dans mySaferpay, sous Paramètres → Authentification JSON API Basic, définissez un nouveau mot de passe. Saisissez ensuite à nouveau les données d’accès auprès du service de paiement. Les paiements en cours reprennent aussitôt.",
	"it": "In mySaferpay, sotto Impostazioni → Autenticazione JSON API Basic, imposti una nuova password. Poi inserisca di nuovo i dati di accesso presso il servizio di pagamento. I pagamenti in corso riprendono subito.",
	"en": "In mySaferpay, under Settings → JSON API basic authentication, set a new password. Then enter the credentials at the payment service again. Payments that have begun go on at once.",
}}

// NextSteps returns what the company has to do until the payment service is active.
func (s PaymentService) NextSteps() []NextStep {
	switch s.Status {
	case AwaitingCredentials:
		return slices.Concat(s.CredentialSteps(), duringVerification)
	case InVerification:
		if s.Late() {
			return append(slices.Clone(duringVerification), whenOverdue)
		}
		return duringVerification
	case Rejected:
		return []NextStep{whenRejected}
	case Suspended:
		if !s.CredentialsRefused() {
			return []NextStep{withoutContracts}
		}
		return s.atSaferpay([]NextStep{whenSuspended})
	default:
		return nil
	}
}

// CredentialSteps returns the steps that lead from nothing to the credentials.
func (s PaymentService) CredentialSteps() []NextStep {
	return s.atSaferpay(slices.Clone(beforeCredentials))
}

// atSaferpay returns the steps with the address of mySaferpay in the payment service's environment.
func (s PaymentService) atSaferpay(steps []NextStep) []NextStep {
	for i := range steps {
		if steps[i].URL == mySaferpayURL && s.Environment == Test {
			steps[i].URL = mySaferpayTest
		}
	}
	return steps
}
