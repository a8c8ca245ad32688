package e2e

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/deployments/local/invariants"
	"github.com/quittance/quittance/deployments/local/stack"
)

// givenBack is a refund with what ties it to Saferpay's books.
type givenBack = invariants.Refund

// requireBooksAgree holds the company's books against Saferpay's once nothing is under way any more.
func (c *company) requireBooksAgree() {
	c.t.Helper()
	b := c.books()
	require.NotEmpty(c.t, b.Invoices)
	require.NotEmpty(c.t, b.Accounts)
	assert.Empty(c.t, b.Differences())
}

func (c *company) books() invariants.Books {
	c.t.Helper()
	b, err := invariants.Read(c.read, saferpayTransactions(c.t, c.stack))
	require.NoError(c.t, err)
	return b
}

// read is how a company looks into its books.
func (c *company) read(path string, into any) error {
	c.t.Helper()
	c.call("GET", path, nil).gives(200, into)
	return nil
}

// requireNoStrangers requires that every transaction at Saferpay is a payment or a refund that one of the companies knows.
func requireNoStrangers(t *testing.T, s *stack.Stack, companies []*company) {
	t.Helper()
	var known []invariants.Books
	for _, c := range companies {
		known = append(known, c.books())
	}
	assert.Empty(t, invariants.Strangers(saferpayTransactions(t, s), known...))
}

// requireNotPolled requires that Saferpay was asked about a payment only when something happened: when the payer returned,
// when the page was notified, and when the provider decided; once besides, in case that was not told; and looked through by
// order at most so often.
func requireNotPolled(t *testing.T, s *stack.Stack, inquiries int) {
	t.Helper()
	calls := saferpayCalls(t, s)
	assert.Empty(t, invariants.Polled(calls, 4))
	assert.LessOrEqual(t, calls["Transaction/Inquire"], inquiries)
}

// all reads a whole list of the API, page by page.
func all[T any](c *company, path string) []T {
	c.t.Helper()
	items, err := invariants.All[T](c.read, path)
	require.NoError(c.t, err)
	return items
}
