package e2e

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestInvoiceGoesOnWaitingForItsPayerAfterARestart(t *testing.T) {
	t.Parallel()
	options := ownOptions(t)
	before := startStack(t, options)
	inv := newMerchant(t, before).issue("108.00")
	page := inv.payNow("card")
	require.NoError(t, before.Stop())

	startStack(t, options)
	page.pay(visa)
	inv.requireCollectedOnce("108.00")
}
