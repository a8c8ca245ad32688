package main

import (
	"context"
	"fmt"
	"io"
	"time"

	domain "github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/invoice/paper"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/qrbill"
	"github.com/quittance/quittance/internal/testing/embeddedpg"
)

const (
	paperLines = 20
	paperBar   = 300 * time.Millisecond
)

// papers measures how long the PDF of one invoice takes, with its QR-bill.
func papers(context.Context, *embeddedpg.Server, io.Writer) ([]figure, error) {
	due := time.Date(2026, time.December, 31, 0, 0, 0, 0, time.UTC)
	c := paper.Content{
		Company: merchant.Company{Name: "Boulangerie Favre SA", Language: "fr"},
		Account: &merchant.BankAccount{
			IBAN: "CH4431999123000889012", Currency: money.CHF, UseForInvoices: true,
			Holder: qrbill.Address{Name: "Boulangerie Favre SA", Postcode: "1003", City: "Lausanne", Country: "CH"},
		},
		Invoice: domain.Invoice{
			ID: "inv_01k9m20s0hg5p1z9w4t7x2d6e8", Number: "2026-0042", Status: domain.Open, DueDate: due, Customer: domain.Customer{Name: "Marie Favre", Language: "fr"},
			AmountPaid: money.Zero(money.CHF), AmountRefunded: money.Zero(money.CHF), Content: domain.Content{IssueDate: due.AddDate(0, -1, 0)},
		},
		Language: "fr",
	}
	for i := range paperLines {
		c.Invoice.Content.Lines = append(c.Invoice.Content.Lines, domain.Line{Description: fmt.Sprint("Pain de campagne, fournée ", i), Quantity: "12", UnitPrice: "4.50", VATRate: "2.6"})
	}
	var err error
	if c.Invoice.Amount, err = c.Invoice.Content.Amount(money.CHF); err != nil {
		return nil, err
	}
	f, err := usualTime(fmt.Sprintf("PDF of an invoice of %d lines", paperLines), paperBar, func() error {
		_, err := paper.PDF(c)
		return err
	})
	return []figure{f}, err
}
