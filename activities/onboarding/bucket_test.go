package onboarding_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/quittance/quittance/activities/onboarding"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/workflows/contract"
)

func TestTheDailyLookOfABucketLeavesToWorkflowsOnlyWhatFails(t *testing.T) {
	t.Parallel()
	s := open(t)
	lost := s.merchantAt("702000", method("VISA", "CHF"), method("TWINT", "CHF"))
	looks := func() onboarding.HealthyRound {
		return do[onboarding.HealthyRound](s, s.Onboarding.CheckBucket, onboarding.HealthRound{LookAfterBucket: contract.LookAfterBucket{Buckets: 1}})
	}
	before := len(s.Workflows.Told)
	s.Put("/_sim/customers/702000", contracts("70200001", method("VISA", "CHF")))
	assert.Equal(t, onboarding.HealthyRound{Looked: 2}, looks(), "that of the shop, and this one")
	assert.Contains(t, s.untold(lost), merchant.MethodsLost)
	assert.Contains(t, s.Workflows.Told[before:], lost.PaymentServiceID+" ", "its onboarding writes the letter")
	assert.Empty(t, s.Workflows.Looks)

	s.Fault("rest/terminals", "html_502")
	assert.Equal(t, onboarding.HealthyRound{Looked: 1, Apart: 1}, looks())
	assert.Len(t, s.Workflows.Looks, 1)
}
