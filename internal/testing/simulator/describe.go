package simulator

import (
	"strconv"
	"strings"
)

const acquirer = "Saferpay Test Card"

// describe renders a transaction as Assert, Inquire and Refund answer it.
func describe(t *transaction) reply {
	transaction := reply{
		"Type": t.Type, "Status": t.Status, "Id": t.ID, "Date": t.Date, "Amount": wireAmount(t.Minor, t.Currency),
		"AcquirerName": acquirer, "AcquirerReference": "000000", "ApprovalCode": "012345", "SixTransactionReference": "0:0:3:" + t.ID,
	}
	if t.OrderID != "" {
		transaction["OrderId"] = t.OrderID
	}
	if t.CaptureID != "" {
		transaction["CaptureId"] = t.CaptureID
	}
	paymentMeans := reply{"Brand": reply{"PaymentMethod": t.Means.Method, "Name": t.Means.Method}, "DisplayText": t.Means.DisplayText}
	answer := reply{"Transaction": transaction, "PaymentMeans": paymentMeans}
	if t.Means.Number == "" {
		return answer
	}
	transaction["IssuerReference"] = reply{"TransactionStamp": strings.ToUpper(t.ID[:min(len(t.ID), 15)]), "SettlementDate": t.Date.Format("0102")}
	paymentMeans["Card"] = reply{
		"MaskedNumber": t.Means.Number, "ExpYear": t.Date.Year() + 2, "ExpMonth": 12, "HolderName": "Max Mustermann",
		"HolderSegment": "CONSUMER", "CountryCode": "CH", "FundingSource": "CREDIT",
	}
	liable := "MERCHANT"
	if t.Means.LiabilityShift {
		liable = "THREEDS"
	}
	answer["Liability"] = reply{
		"LiabilityShift": t.Means.LiabilityShift, "LiableEntity": liable, "InPsd2Scope": "YES",
		"ThreeDs": reply{
			"Authenticated":      t.Means.Authentication == frictionless || t.Means.Authentication == challenged,
			"AuthenticationType": t.Means.Authentication, "Version": "2", "Xid": "1ef5b3db-3b97-47df-8272-320d0bd18ab5",
		},
	}
	if t.Means.Foreign {
		answer["Dcc"] = reply{"ExchangeRate": "1.1000", "Markup": "3%", "PayerAmount": wireAmount(max(t.Minor*11/10, 1), "USD")}
	}
	return answer
}

func wireAmount(minor int64, currency string) reply {
	return reply{"Value": strconv.FormatInt(minor, 10), "CurrencyCode": currency}
}

// refuse is a refusal that names the transaction.
func (t *transaction) refuse(name string) *refusal {
	return &refusal{name: name, transactionID: t.ID, orderID: t.OrderID}
}
