package exception

// meanings say what each choice does, for the person who decides; some differ by kind.
var meanings = map[Choice]string{
	TryAgain:     "The step that failed is run once more, at once.",
	Happened:     "You found it done in the Saferpay Backoffice: it is booked here.",
	DidNotHappen: "You made sure in the Saferpay Backoffice that no money moves: it ends here.",
	GiveBack:     "The whole payment is refunded to the payer.",
	Keep:         "The money stays where it is booked.",
	Acknowledge:  "You have taken note; nothing more is done.",
	Book:         "What Saferpay moved is booked against account 2030, prepayments received.",
	Record:       "It is recorded and booked as a refund of the payment that it fits.",
	CaptureNow:   "What is authorized is captured, and booked.",
	Release:      "The authorization is cancelled, so that no money moves.",
	Accept:       "Our record stays as it is.",
	NotOurs:      "It belongs to somebody else who uses the terminal, and is left alone.",
	ClearedUp:    "It turned out not to need a decision.",
}

var meaningsByKind = map[Kind]map[Choice]string{
	OutcomeUnclear: {TryAgain: "Saferpay is asked once more, at once."},
	PendingOverdue: {TryAgain: "Saferpay is asked once more, at once."},
	RefundUnclear: {
		TryAgain:     "You made sure in the Saferpay Backoffice that the refund did not happen: it is asked for once more, under a new order id.",
		DidNotHappen: "You made sure in the Saferpay Backoffice that the refund did not happen: it fails, and its amount can be refunded again.",
	},
	MissingCapture: {Record: "It is captured, recorded and booked as a refund of the payment that it fits."},
	RefundNotTaken: {Happened: "You refund it in the Saferpay Backoffice: it is booked here, and not asked for from here any more."},
	RefundStuck:    {TryAgain: "The refund is captured once more, at once."},
	AnswerMismatch: {
		TryAgain:     "Saferpay is asked once more, at once.",
		DidNotHappen: "You refunded it in the Saferpay Backoffice, or booked it by a manual entry: the payment ends here without a receipt.",
	},
	DoublePayment: {Keep: "The money stays on account 2030, prepayments received."},
}

// Meaning says what the choice does, in a sentence for the person who decides.
func (e Exception) Meaning(c Choice) string {
	if meaning := meaningsByKind[e.Kind][c]; meaning != "" {
		return meaning
	}
	return meanings[c]
}
