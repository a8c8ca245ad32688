package payment

// Facts returns what events tell of the payment: ids, state and amount, and the name of Saferpay's error when it failed. Nothing
// in it is about the payer.
func (p Payment) Facts() map[string]string {
	facts := map[string]string{
		"payment_id": p.ID, "invoice_id": p.InvoiceID, "state": string(p.State),
		"amount": p.Amount.Value(), "currency": string(p.Amount.Currency()),
	}
	if p.Failure.Name != "" {
		facts["failure"] = p.Failure.Name
	}
	return facts
}
