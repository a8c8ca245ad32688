package simulator_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/saferpay"
	"github.com/quittance/quittance/internal/testing/simulator"
)

// BenchmarkPayments pays over HTTP: Initialize, the payer, Assert, Capture. It reports requests per second, four to a
// payment.
func BenchmarkPayments(b *testing.B) {
	for name, file := range map[string]string{"memory": "", "file": b.TempDir() + "/saferpay.jsonl"} {
		b.Run(name, func(b *testing.B) {
			sim, err := simulator.Open(simulator.Options{DataFile: file})
			require.NoError(b, err)
			server := httptest.NewServer(sim)
			client := saferpay.NewClient(server.URL+"/api", saferpay.WithTerminalLimits(64, 1_000_000))
			b.ReportAllocs()
			b.ResetTimer()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					pay(b, client, server.URL)
				}
			})
			b.ReportMetric(4*float64(b.N)/b.Elapsed().Seconds(), "requests/s")
			server.Close()
			require.NoError(b, sim.Close())
		})
	}
}

func pay(b *testing.B, client *saferpay.Client, url string) {
	b.Helper()
	page, err := client.InitializePaymentPage(b.Context(), demo, call, saferpay.PaymentPageRequest{
		Amount: money.MustParse("108.00", money.CHF), OrderID: "INV1", Description: "Invoice", ReturnURL: "http://merchant.example/",
	})
	require.NoError(b, err)
	paid, err := http.Post(url+"/_sim/pay", "application/json", jsonBody(b, map[string]any{"redirect_url": page.RedirectURL, "means": goodCard, "return": false}))
	require.NoError(b, err)
	require.NoError(b, paid.Body.Close())
	assertion, err := client.AssertPaymentPage(b.Context(), demo, call, page.Token)
	require.NoError(b, err)
	_, err = client.Capture(b.Context(), demo, call, assertion.Transaction.ID)
	require.NoError(b, err)
}
