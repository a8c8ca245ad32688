package letter

import "github.com/quittance/quittance/internal/merchant"

var english = words{
	greeting: "Hello",
	closing:  "Kind regards",
	footer:   "You get this message because this address is the contact of %s. It can be changed in the settings.",
	next:     "What to do next:",
	test:     "This is a test: the payment service “%s” is in the environment test. This message therefore comes to you; of a live one it would go to %s.",
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
		Intro:   "A webhook endpoint of %s takes no events any more and is therefore disabled. For now your software does not learn what happens.",
		ID:      "Endpoint", Address: "Address", Reason: "Reason",
		Mend: "Mend the receiver.", Enable: `Enable the endpoint again: PATCH %s with {"enabled": true}.`, Ask: "Ask for what was left behind: POST %s/redeliver.",
		Kept: "Nothing is lost: all events are kept until you ask for them.",
	},
	company: map[merchant.What]notice{
		merchant.Reminded: {
			subject: "The credentials of “{{.Service}}” are still missing",
			before: []string{
				"The payment service “{{.Service}}” was added {{.About}} business days ago. Before your customers can pay invoices by card and TWINT, it needs the credentials from mySaferpay. This is how to get them:",
			},
			after: []string{"After 60 business days without credentials the payment service will be closed. If you do not need it, there is nothing to do."},
		},
		merchant.Abandoned: {
			subject: "“{{.Service}}” is closed",
			before: []string{
				"No credentials were entered for the payment service “{{.Service}}” in 60 business days. It is therefore closed.",
				"You can add a new payment service at any time.",
			},
		},
		merchant.What(merchant.InVerification): {
			subject: "Worldline/SIX is verifying {{.Company}}",
			before: []string{
				"The credentials of “{{.Service}}” work. Worldline/SIX is now verifying your company, which generally takes 3 to 15 business days.",
			},
			after: []string{
				"There is no need to ask: from {{.Earliest}} on we look every business day. As soon as Worldline/SIX is done, the payment service becomes active by itself, and you get a message.",
				"If Worldline/SIX asks for copies of identity documents, signatures or other papers, upload them to the payment service or send them to {{.DocumentsMail}}.",
			},
		},
		merchant.Overdue: {
			subject: "The verification of {{.Company}} takes longer than usual",
			before: []string{
				"15 business days have passed, and Worldline/SIX has not yet contracted a means of payment for the payment service “{{.Service}}”. Usually a paper is still missing then.",
			},
			after: []string{
				"Please ask Worldline/SIX, best with these details: {{.DocumentsMail}}.",
				"We go on looking every business day, and our operators know.",
			},
		},
		merchant.What(merchant.Active): {
			subject: "“{{.Service}}” is active",
			before:  []string{"The payment service “{{.Service}}” is active. Your customers can now pay invoices online:"},
			after:   []string{"Make it the default, so that it is attached to every new invoice. For earlier invoices it can be switched on as long as they are drafts."},
		},
		merchant.What(merchant.Rejected): {
			subject: "“{{.Service}}” was rejected",
			before:  []string{"The verification of {{.Company}} ended without a contract.", "Reason: “{{.Reason}}”"},
		},
		merchant.What(merchant.Suspended): {
			subject: "“{{.Service}}” needs new credentials",
			before: []string{
				"Saferpay no longer accepts the credentials of the payment service “{{.Service}}”, perhaps because the password was changed. Until you enter new ones, your customers can't pay online; payments and refunds under way are waiting.",
			},
		},
		merchant.MethodsLost: {
			subject: "“{{.Service}}” lacks means of payment",
			before: []string{
				"Worldline/SIX no longer has these contracted for the terminal of “{{.Service}}”: {{.List}}. Your customers can't pay with them any more.",
				"This is left:",
			},
			after: []string{"If this was not your doing, please ask Worldline/SIX: {{.DocumentsMail}}."},
		},
		merchant.ContractsLost: {
			subject: "“{{.Service}}” is interrupted: no means of payment is contracted any more",
			before: []string{
				"Worldline/SIX no longer has any means of payment contracted for the terminal of “{{.Service}}”. Until there is one again, your customers can't pay online; payments and refunds under way go on. We look every day.",
			},
		},
		merchant.CurrencyContracted: {
			subject: "{{.About}} is contracted for “{{.Service}}”",
			before:  []string{"Your customers can now pay invoices in {{.About}} online. This is contracted for “{{.Service}}”:"},
		},
		merchant.CurrencyDeclined: {
			subject: "{{.About}} will not be contracted for “{{.Service}}”",
			before:  []string{"Worldline/SIX does not contract {{.About}} for “{{.Service}}”.", "Reason: “{{.Reason}}”", "You can ask for the currency again later."},
		},
		merchant.What(merchant.Disconnected): {
			subject: "“{{.Service}}” is disconnected",
			before: []string{
				"The payment service “{{.Service}}” was disconnected: no new payment begins through it. Payments and refunds under way come to their end, and everything so far stays to be seen. Then we erase the password of the API user.",
				"If this was not you, please check who can act in the name of {{.Company}}.",
			},
		},
		merchant.DocumentRefused: {
			subject: "A document did not reach Worldline/SIX",
			before: []string{
				"The mail server of Worldline/SIX refused a document that you uploaded for “{{.Service}}”; the timeline of the payment service says which. Here it is erased.",
				"Please send it to {{.DocumentsMail}} yourself.",
			},
		},
	},
	acquirer: map[merchant.What]notice{
		merchant.CurrencyWanted: {
			subject: "{{.About}} for terminal {{.TerminalID}} of {{.Company}}",
			before:  []string{"On behalf of {{.Company}} we ask you to agree on and activate the acceptance of payments in {{.About}} for the following e-commerce terminal:"},
			after:   []string{"{{if .Contact}}Your answer to this message goes straight to {{.Company}}.{{else}}With questions, please turn to {{.Company}} directly.{{end}}"},
		},
		merchant.DocumentReceived: {
			subject: "Documents of {{.Company}}{{with .CustomerID}} (customer ID {{.}}){{end}}",
			before:  []string{"On behalf of {{.Company}} you receive a document for the verification of the e-commerce contract, attached to this message:"},
			after:   []string{"{{if .Contact}}Your answer to this message goes straight to {{.Company}}.{{else}}With questions, please turn to {{.Company}} directly.{{end}}"},
		},
	},
}

// operators are the notices to those who run Quittance.
var operators = map[merchant.What]notice{
	merchant.ContractsLost: {
		subject: "Contracts lost: {{.Company}}",
		before: []string{
			"Worldline/SIX no longer has any means of payment contracted for “{{.Service}}” of {{.Company}}: {{.List}}. The company has been told, and the payment service is suspended until a contract is back.",
		},
	},
	merchant.Overdue: {
		subject: "Overdue verification: {{.Company}}",
		before: []string{
			"After 15 business days Worldline/SIX has not yet contracted a means of payment for “{{.Service}}” of {{.Company}}. The company has been reminded.",
			"Ask Worldline/SIX, then approve or reject the payment service: POST /v1/payment-services/{{.ServiceID}}/verification. Until then it is looked at once every business day, and stands in Temporal Web under NeedsAttention = true.",
		},
	},
}
