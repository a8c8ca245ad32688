package refunding

import (
	"github.com/quittance/quittance/internal/exception"
	"github.com/quittance/quittance/workflows/escalation"
)

// What can go wrong with a refund so that a person must look.
var (
	refundUnclear = escalation.ExceptionSpec{
		Kind: exception.RefundUnclear, Choices: []exception.Choice{exception.Happened, exception.DidNotHappen, exception.TryAgain},
		Title:        "Nobody knows whether the refund happened",
		OperatorNote: "Look for its order in the Saferpay Backoffice before you decide: asking again could give the money back twice.",
	}
	refundOverdue = escalation.ExceptionSpec{
		Kind: exception.PendingOverdue, Choices: []exception.Choice{exception.Happened, exception.DidNotHappen, exception.TryAgain},
		Title:        "The provider has not decided on the refund in its time",
		OperatorNote: "Look at the transaction in the Saferpay Backoffice; try_again asks Saferpay what became of it.",
	}
	refundByHand = escalation.ExceptionSpec{
		Kind: exception.RefundByHand, Choices: []exception.Choice{exception.Happened, exception.DidNotHappen},
		Title:        "Saferpay takes no refunds from here: the license has none, or the payment service is disconnected",
		OperatorNote: "Refund the payment in the Saferpay Backoffice, then record it here.",
	}
	refundNotTaken = escalation.ExceptionSpec{
		Kind: exception.RefundNotTaken, Choices: []exception.Choice{exception.TryAgain, exception.Happened, exception.DidNotHappen},
		Title:        "Saferpay does not take the refund at the moment",
		OperatorNote: "Nothing was refunded so far. It is asked for again by itself. To refund it in the Saferpay Backoffice instead, choose it_happened first, so that it does not go back twice.",
	}
	refundStuck = escalation.ExceptionSpec{
		Kind: exception.RefundStuck, Choices: []exception.Choice{exception.TryAgain, exception.Happened, exception.DidNotHappen},
		Title:        "The refund is accepted but could not be completed",
		OperatorNote: "Without its capture the payer gets no money. Capture it in the Saferpay Backoffice and choose it_happened, or cancel it there and choose it_did_not.",
	}
	refundNotAsked = escalation.ExceptionSpec{
		Kind: exception.OutcomeUnclear, Choices: []exception.Choice{exception.TryAgain, exception.Happened, exception.DidNotHappen},
		Title:        "Saferpay could not be asked what became of the refund",
		OperatorNote: "Look for its order in the Saferpay Backoffice.",
	}
)
