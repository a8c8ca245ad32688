package letter

import "github.com/quittance/quittance/internal/merchant"

//nolint:misspell // it knows English only
var french = words{
	greeting: "Bonjour",
	closing:  "Meilleures salutations",
	footer:   "Vous recevez ce message parce que cette adresse est le contact de %s. Vous pouvez la changer dans les paramètres.",
	next:     "La suite:",
	and:      " et ",
	labels: map[label]string{
		company: "Entreprise", canton: "Canton", contact: "Contact", customerID: "Customer ID", terminalID: "Terminal ID", username: "Utilisateur API",
		submitted: "Déposé le", earliest: "Actif au plus tôt le", due: "Attendu au plus tard le",
	},
	invoice: invoiceWords{
		Subject: "Facture %s de %s", Title: "Facture %s", Intro: "Votre facture est disponible en ligne.",
		Amount: "Montant", Due: "Payable jusqu’au", View: "Voir la facture", Pay: "Voir et payer la facture",
	},
	endpoint: endpointWords{
		Subject: "Un point d’accès webhook est désactivé",
		Intro:   "Un point d’accès webhook de %s n’accepte plus les événements. Nous l’avons désactivé. Votre logiciel ne reçoit plus d’événements jusqu’à ce que vous le réactiviez.",
		ID:      "Point d’accès", Address: "Adresse", Reason: "Raison (en anglais)",
		Mend: "Réparer le destinataire.", Enable: `Réactiver le point d’accès : PATCH %s avec {"enabled": true}.`, Ask: "Demander les événements manqués : POST %s/redeliver.",
		Kept: "Rien n’est perdu : nous conservons tous les événements jusqu’à ce que vous les demandiez.",
	},
	company: map[merchant.What]notice{
		merchant.Reminded: {
			subject: "Il manque encore les données d’accès de «{{.Service}}»",
			before: []string{
				"Le service de paiement «{{.Service}}» a été ajouté il y a {{.About}} jours ouvrables. Il lui faut encore les données d’accès de mySaferpay pour que vos clients puissent payer vos factures par {{.Methods}}. Voici comment les obtenir:",
			},
			after: []string{"Après 60 jours ouvrables sans données d’accès, le service de paiement sera fermé. Si vous n’en avez pas besoin, vous n’avez rien à faire."},
		},
		merchant.Abandoned: {
			subject: "«{{.Service}}» est fermé",
			before: []string{
				"Personne n’a saisi de données d’accès pour le service de paiement «{{.Service}}» en 60 jours ouvrables. Il est maintenant fermé.",
				"Vous pouvez à tout moment ajouter un nouveau service de paiement.",
			},
		},
		merchant.What(merchant.InVerification): {
			subject: "Worldline/SIX vérifie {{.Company}}",
			before: []string{
				"Les données d’accès de «{{.Service}}» fonctionnent. Worldline/SIX vérifie maintenant votre entreprise. Cela dure en général de 3 à 15 jours ouvrables.",
			},
			after: []string{
				"Vous n’avez pas besoin de demander: dès le {{.Earliest}}, nous vérifions chaque jour ouvrable. Dès que Worldline/SIX a terminé, le service de paiement devient actif de lui-même et vous recevez un message.",
				"Si Worldline/SIX demande des copies de pièces d’identité, des signatures ou d’autres documents, téléversez-les auprès du service de paiement ou envoyez-les à {{.DocumentsMail}}.",
			},
		},
		merchant.Overdue: {
			subject: "La vérification de {{.Company}} dure plus longtemps que d’habitude",
			before: []string{
				"15 jours ouvrables ont passé, et Worldline/SIX n’a pas encore activé de moyen de paiement pour le service de paiement «{{.Service}}». Le plus souvent, il manque alors un document.",
			},
			after: []string{
				"Veuillez demander à Worldline/SIX: {{.DocumentsMail}}. Indiquez de préférence ces données.",
				"Nous continuons à vérifier chaque jour ouvrable. Nos opérateurs sont informés.",
			},
		},
		merchant.What(merchant.Active): {
			subject: "«{{.Service}}» est actif",
			before:  []string{"Le service de paiement «{{.Service}}» est actif. Vos clients peuvent désormais payer vos factures en ligne:"},
			after:   []string{"Définissez-le par défaut pour qu’il soit joint à chaque nouvelle facture. Vous pouvez aussi l’activer pour des factures antérieures, tant qu’elles sont des brouillons."},
		},
		merchant.What(merchant.Rejected): {
			subject: "«{{.Service}}» a été refusé",
			before:  []string{"La vérification de {{.Company}} s’est terminée sans activation.", "Motif: «{{.Reason}}»"},
		},
		merchant.What(merchant.Suspended): {
			subject: "«{{.Service}}» a besoin de nouvelles données d’accès",
			before: []string{
				"Saferpay n’accepte plus les données d’accès du service de paiement «{{.Service}}», peut-être parce que le mot de passe a été changé. Vos clients ne peuvent pas payer en ligne jusqu’à ce que vous saisissiez de nouvelles données. Les paiements et remboursements en cours attendent.",
			},
		},
		merchant.MethodsLost: {
			subject: "Il manque des moyens de paiement à «{{.Service}}»",
			before: []string{
				"Ces moyens de paiement ne sont plus activés chez Worldline/SIX pour le terminal de «{{.Service}}»: {{.List}}. Vos clients ne peuvent plus payer ainsi.",
				"Ceux-ci sont encore activés:",
			},
			after: []string{"Si vous ne l’avez pas demandé, veuillez demander à Worldline/SIX: {{.DocumentsMail}}."},
		},
		merchant.ContractsLost: {
			subject: "«{{.Service}}» est interrompu: plus aucun moyen de paiement n’est activé",
			before: []string{
				"Chez Worldline/SIX, plus aucun moyen de paiement n’est activé pour le terminal de «{{.Service}}». Vos clients ne peuvent pas payer en ligne jusqu’à ce qu’il y en ait un de nouveau. Les paiements et remboursements en cours continuent. Nous vérifions chaque jour.",
			},
		},
		merchant.CurrencyContracted: {
			subject: "{{.About}} est activé pour «{{.Service}}»",
			before:  []string{"Vos clients peuvent désormais payer en ligne les factures en {{.About}}. Voici ce qui est activé pour «{{.Service}}»:"},
		},
		merchant.CurrencyDeclined: {
			subject: "{{.About}} ne sera pas activé pour «{{.Service}}»",
			before:  []string{"Worldline/SIX n’active pas {{.About}} pour «{{.Service}}».", "Motif: «{{.Reason}}»", "Vous pourrez demander à nouveau cette monnaie plus tard."},
		},
		merchant.What(merchant.Disconnected): {
			subject: "«{{.Service}}» est déconnecté",
			before: []string{
				"Le service de paiement «{{.Service}}» a été déconnecté. Aucun nouveau paiement ne commence par lui. Les paiements et remboursements en cours vont à leur terme. Ensuite, nous effaçons le mot de passe de l’utilisateur API. Tout ce qui précède reste visible.",
				"Si cela ne vient pas de vous, veuillez vérifier qui peut agir au nom de {{.Company}}.",
			},
		},
		merchant.DocumentRefused: {
			subject: "Un document n’est pas arrivé chez Worldline/SIX",
			before: []string{
				"Le serveur de messagerie de Worldline/SIX a refusé un document que vous avez téléversé pour «{{.Service}}». L’historique du service de paiement indique lequel. Nous l’avons effacé.",
				"Veuillez l’envoyer vous-même à {{.DocumentsMail}}.",
			},
		},
	},
	acquirer: map[merchant.What]notice{
		merchant.CurrencyWanted: {
			subject: "{{.About}} pour le terminal {{.TerminalID}} de {{.Company}}",
			before:  []string{"Au nom de {{.Company}}, nous vous prions de convenir de l’acceptation de paiements en {{.About}} pour le terminal e-commerce suivant et de l’activer:"},
			after:   []string{"{{if .Contact}}Votre réponse à ce message parvient directement à {{.Company}}.{{else}}Pour toute question, veuillez vous adresser directement à {{.Company}}.{{end}}"},
		},
		merchant.DocumentReceived: {
			subject: "Documents de {{.Company}}{{with .CustomerID}} (Customer ID {{.}}){{end}}",
			before:  []string{"Au nom de {{.Company}}, nous vous envoyons en annexe un document pour la vérification du contrat e-commerce:"},
			after:   []string{"{{if .Contact}}Votre réponse à ce message parvient directement à {{.Company}}.{{else}}Pour toute question, veuillez vous adresser directement à {{.Company}}.{{end}}"},
		},
	},
}
