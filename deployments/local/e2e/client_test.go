package e2e

import (
	"net/http"
	"testing"
	"time"

	"github.com/oapi-codegen/runtime/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/api/client"
)

// The whole integration of an invoicing product, in Go, with nothing but the generated client.
func TestAnInvoicingProductIntegratesWithTheGeneratedClient(t *testing.T) {
	t.Parallel()
	ctx, company := t.Context(), newCompany(t, shared)
	api, err := client.NewClientWithResponses(shared.APIURL()+"/v1", client.WithKey(company.key))
	require.NoError(t, err)

	service, err := api.CreatePaymentServiceWithResponse(ctx, client.NewPaymentService{Provider: client.WorldlineSaferpay, Environment: client.EnvironmentTest})
	require.NoError(t, err)
	require.NotNil(t, service.JSON201, string(service.Body))
	connected, err := api.SubmitCredentialsWithResponse(ctx, service.JSON201.ID, client.Credentials{
		CustomerID: "123123", TerminalID: "12345678", APIUsername: "API_123123_00000001", APIPassword: "Demo-Password-1",
	})
	require.NoError(t, err)
	require.NotNil(t, connected.JSON200, string(connected.Body))
	require.Equal(t, client.PaymentServiceStatusActive, connected.JSON200.Status)
	_, err = api.MakeDefaultPaymentServiceWithResponse(ctx, service.JSON201.ID)
	require.NoError(t, err)

	wanted := client.NewInvoice{
		Number: "2026-0042", Currency: client.CurrencyCHF, Amount: new("108.00"), Customer: client.NewCustomer{Name: "Marie Favre", Language: client.Fr}, DueDate: types.Date{Time: time.Date(2026, 12, 31, 0, 0, 0, 0, time.UTC)},
	}
	created, err := api.CreateInvoiceWithResponse(ctx, wanted, client.Repeatable("order 42"))
	require.NoError(t, err)
	require.NotNil(t, created.JSON201, string(created.Body))
	again, err := api.CreateInvoiceWithResponse(ctx, wanted, client.Repeatable("order 42"))
	require.NoError(t, err)
	require.NotNil(t, again.JSON201, string(again.Body))
	assert.Equal(t, created.JSON201.ID, again.JSON201.ID, "an order that is sent twice is one invoice")
	taken, err := api.CreateInvoiceWithResponse(ctx, wanted)
	require.NoError(t, err)
	require.NotNil(t, taken.ApplicationProblemJSON409, string(taken.Body))
	assert.EqualValues(t, "urn:quittance:problem:invoice-number-taken", taken.ApplicationProblemJSON409.Type)

	issued, err := api.IssueInvoiceWithResponse(ctx, created.JSON201.ID, client.IssueInvoiceJSONRequestBody{})
	require.NoError(t, err)
	require.NotNil(t, issued.JSON200, string(issued.Body))
	inv := invoice{company: company, ID: created.JSON201.ID, OnlineDocumentURL: *issued.JSON200.OnlineDocumentURL}
	inv.payNow("card").pay(visa)

	paid := await(t, patience, func() *client.GetInvoiceResponse {
		got, err := api.GetInvoiceWithResponse(ctx, created.JSON201.ID)
		require.NoError(t, err)
		return got
	}, func(got *client.GetInvoiceResponse) bool {
		return got.StatusCode() == http.StatusOK && got.JSON200.Status == client.InvoiceStatusPaid
	})
	assert.Equal(t, "108.00", paid.JSON200.AmountPaid)
	journal, err := api.ListJournalWithResponse(ctx, &client.ListJournalParams{InvoiceID: &created.JSON201.ID})
	require.NoError(t, err)
	require.Len(t, journal.JSON200.Data, 1)
	assert.Equal(t, "1029", journal.JSON200.Data[0].Lines[0].Account)
}
