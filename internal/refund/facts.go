package refund

// Facts returns what events tell of the refund: ids, state and amount.
func (r Refund) Facts() map[string]string {
	return map[string]string{
		"refund_id": r.ID, "payment_id": r.PaymentID, "invoice_id": r.InvoiceID, "state": string(r.State),
		"amount": r.Amount.Value(), "currency": string(r.Amount.Currency()),
	}
}
