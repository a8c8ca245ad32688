package exception

// meanings say what each choice does, for the person who decides. Some differ by kind, see meaningsByKind.
var meanings = map[Choice]string{
	TryAgain:     "The failed step runs again at once.",
	Happened:     "You found it done in the Saferpay Backoffice. It is booked here.",
	DidNotHappen: "You made sure in the Saferpay Backoffice that no money moves. It ends here.",
	GiveBack:     "The whole payment is refunded to the payer.",
	Keep:         "The money stays where it is booked.",
	Acknowledge:  "You have seen it. Nothing more is done.",
	Book:         "The money that Saferpay moved is booked against account 2030, prepayments received.",
	Record:       "It is recorded and booked as a refund of the payment that it fits.",
	CaptureNow:   "The authorized money is captured and booked.",
	Release:      "The authorization is cancelled, so that no money moves.",
	Accept:       "Our record stays as it is.",
	NotOurs:      "It belongs to somebody else who uses the terminal. Nothing is done.",
	GivenBack:    "You sent the money back from your bank. It is booked from 2030, prepayments received, back to the account on which it came.",
	ClearedUp:    "It needs no decision any more.",
}

var meaningsByKind = map[Kind]map[Choice]string{
	OutcomeUnclear: {TryAgain: "Saferpay is asked again at once."},
	PendingOverdue: {TryAgain: "Saferpay is asked again at once."},
	RefundUnclear: {
		TryAgain:     "You made sure in the Saferpay Backoffice that the refund did not happen. It is asked for again, under a new order id.",
		DidNotHappen: "You made sure in the Saferpay Backoffice that the refund did not happen. It fails, and its amount can be refunded again.",
	},
	MissingCapture: {Record: "It is captured, recorded and booked as a refund of the payment that it fits."},
	RefundNotTaken: {Happened: "You refund it in the Saferpay Backoffice. It is booked here, and Quittance stops asking for it."},
	RefundStuck:    {TryAgain: "The refund is captured again at once."},
	AnswerMismatch: {
		TryAgain:     "Saferpay is asked again at once.",
		DidNotHappen: "You refunded it in the Saferpay Backoffice, or booked it by a manual entry. The payment ends here without a receipt.",
	},
	ReceiptExcess: {Keep: "What is too much stays on account 2030, prepayments received."},
	ReceiptUnclear: {
		Book:    "It is booked as a receipt of the invoice that is named here.",
		NotOurs: "It is for something else. Nothing is booked for it here.",
	},
	SettlementFileRefused: {TryAgain: "The file is fetched and imported once more, within a minute."},
	DoublePayment:         {Keep: "The money stays on account 2030, prepayments received."},
}

// Meaning returns what the choice does, in a sentence or two for the person who decides.
func (e Exception) Meaning(c Choice) string {
	if meaning := meaningsByKind[e.Kind][c]; meaning != "" {
		return meaning
	}
	return meanings[c]
}
