package letter

import "github.com/quittance/quittance/internal/merchant"

var english = words{
	greeting: "Hello",
	closing:  "Kind regards",
	footer:   "You get this message because this address is the contact of %s. You can change it in the settings.",
	next:     "What to do next:",
	and:      " and ",
	labels: map[label]string{
		company: "Company", canton: "Canton", contact: "Contact", customerID: "Customer ID", terminalID: "Terminal ID", username: "API user",
		submitted: "Submitted on", earliest: "Active on, at the earliest", due: "Expected on, at the latest",
	},
	invoice: invoiceWords{
		Subject: "Invoice %s from %s", Title: "Invoice %s", Intro: "Your invoice is available online.",
		Amount: "Amount", Due: "Due by", View: "View the invoice", Pay: "View and pay the invoice",
	},
	endpoint: endpointWords{
		Subject: "A webhook endpoint is disabled",
		Intro:   "A webhook endpoint of %s no longer takes events. We have disabled it. Until you enable it again, your software gets no events.",
		ID:      "Endpoint", Address: "Address", Reason: "Reason",
		Mend: "Repair the receiver.", Enable: `Enable the endpoint again: PATCH %s with {"enabled": true}.`, Ask: "Ask for the events that you missed: POST %s/redeliver.",
		Kept: "Nothing is lost: we keep all events until you ask for them.",
	},
	company: map[merchant.What]notice{
		merchant.Reminded: {
			subject: "The credentials of “{{.Service}}” are still missing",
			before: []string{
				"The payment service “{{.Service}}” was added {{.About}} business days ago. It needs the credentials from mySaferpay before your customers can pay invoices by {{.Methods}}. This is how to get them:",
			},
			after: []string{"After 60 business days without credentials the payment service will be closed. If you do not need it, you have nothing to do."},
		},
		merchant.Abandoned: {
			subject: "“{{.Service}}” is closed",
			before: []string{
				"Nobody entered credentials for the payment service “{{.Service}}” within 60 business days. It is now closed.",
				"You can add a new payment service at any time.",
			},
		},
		merchant.What(merchant.InVerification): {
			subject: "Worldline/SIX is verifying {{.Company}}",
			before: []string{
				"The credentials of “{{.Service}}” work. Worldline/SIX is now verifying your company. This usually takes 3 to 15 business days.",
			},
			after: []string{
				"You do not have to ask: from {{.Earliest}} on we check every business day. When Worldline/SIX has finished, the payment service becomes active by itself, and you get a message.",
				"If Worldline/SIX asks for copies of identity documents, signatures or other papers, upload them to the payment service or send them to {{.DocumentsMail}}.",
			},
		},
		merchant.Overdue: {
			subject: "The verification of {{.Company}} takes longer than usual",
			before: []string{
				"15 business days have passed, and Worldline/SIX has not activated a payment method for the payment service “{{.Service}}” yet. Usually this means that a document is missing.",
			},
			after: []string{
				"Please ask Worldline/SIX at {{.DocumentsMail}}. It helps to send these details.",
				"We still check every business day. We have told our operators, too.",
			},
		},
		merchant.What(merchant.Active): {
			subject: "“{{.Service}}” is active",
			before:  []string{"The payment service “{{.Service}}” is active. Your customers can now pay invoices online:"},
			after:   []string{"Make it the default to attach it to every new invoice. You can also switch it on for earlier invoices that are still drafts."},
		},
		merchant.What(merchant.Rejected): {
			subject: "“{{.Service}}” was rejected",
			before:  []string{"The verification of {{.Company}} ended without activation.", "Reason: “{{.Reason}}”"},
		},
		merchant.What(merchant.Suspended): {
			subject: "“{{.Service}}” needs new credentials",
			before: []string{
				"Saferpay no longer accepts the credentials of the payment service “{{.Service}}”, perhaps because the password was changed. Your customers can't pay online until you enter new credentials. Payments and refunds that have begun are waiting.",
			},
		},
		merchant.MethodsLost: {
			subject: "“{{.Service}}” has lost payment methods",
			before: []string{
				"These payment methods are no longer active at Worldline/SIX for the terminal of “{{.Service}}”: {{.List}}. Your customers can't pay with them any more.",
				"These are still active:",
			},
			after: []string{"If you did not ask for this, please ask Worldline/SIX at {{.DocumentsMail}}."},
		},
		merchant.ContractsLost: {
			subject: "“{{.Service}}” is interrupted: no payment method is active any more",
			before: []string{
				"No payment method is active any more at Worldline/SIX for the terminal of “{{.Service}}”. Your customers can't pay online until one is active again. Payments and refunds that have begun go on. We check every day.",
			},
		},
		merchant.CurrencyContracted: {
			subject: "{{.About}} is active for “{{.Service}}”",
			before:  []string{"Your customers can now pay invoices in {{.About}} online. This is active for “{{.Service}}”:"},
		},
		merchant.CurrencyDeclined: {
			subject: "{{.About}} will not be activated for “{{.Service}}”",
			before:  []string{"Worldline/SIX does not activate {{.About}} for “{{.Service}}”.", "Reason: “{{.Reason}}”", "You can ask for the currency again later."},
		},
		merchant.What(merchant.Disconnected): {
			subject: "“{{.Service}}” is disconnected",
			before: []string{
				"The payment service “{{.Service}}” was disconnected. No new payment begins through it. Payments and refunds that have begun come to their end. Then we erase the password of the API user. All records stay visible.",
				"If this was not you, please check who can act in the name of {{.Company}}.",
			},
		},
		merchant.DocumentRefused: {
			subject: "A document did not reach Worldline/SIX",
			before: []string{
				"The mail server of Worldline/SIX refused a document that you uploaded for “{{.Service}}”. The timeline of the payment service says which one. We have erased it.",
				"Please send it to {{.DocumentsMail}} yourself.",
			},
		},
	},
	acquirer: map[merchant.What]notice{
		merchant.CurrencyWanted: {
			subject: "{{.About}} for terminal {{.TerminalID}} of {{.Company}}",
			before:  []string{"On behalf of {{.Company}}: please activate payments in {{.About}} for this e-commerce terminal, and make the contract that this needs:"},
			after:   []string{"{{if .Contact}}Your answer to this message goes straight to {{.Company}}.{{else}}If you have questions, please ask {{.Company}} directly.{{end}}"},
		},
		merchant.DocumentReceived: {
			subject: "Documents of {{.Company}}{{with .CustomerID}} (customer ID {{.}}){{end}}",
			before:  []string{"On behalf of {{.Company}}: a document for the verification of the e-commerce contract is attached to this message."},
			after:   []string{"{{if .Contact}}Your answer to this message goes straight to {{.Company}}.{{else}}If you have questions, please ask {{.Company}} directly.{{end}}"},
		},
	},
}

// operators are the notices to those who run Quittance.
var operators = map[merchant.What]notice{
	merchant.ContractsLost: {
		subject: "Contracts lost: {{.Company}}",
		before: []string{
			"No payment method is contracted any more at Worldline/SIX for “{{.Service}}” of {{.Company}}. Lost: {{.List}}. We have told the company. The payment service is suspended until a contract is back.",
		},
	},
	merchant.Overdue: {
		subject: "Overdue verification: {{.Company}}",
		before: []string{
			"After 15 business days Worldline/SIX has not contracted a payment method yet for “{{.Service}}” of {{.Company}}. We have reminded the company.",
			"Ask Worldline/SIX, then approve or reject the payment service: POST /v1/payment-services/{{.ServiceID}}/verification. Until then we check the terminal once every business day. Temporal Web shows the workflow under NeedsAttention = true.",
		},
	},
}
