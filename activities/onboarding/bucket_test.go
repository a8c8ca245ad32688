package onboarding_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/quittance/quittance/activities/onboarding"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/workflows/contract"
)

func TestTheDailyLookOfABucketLeavesOnlyWhatFailsToWorkflows(t *testing.T) {
	t.Parallel()
	s := open(t)
	well := s.merchantAt("702000", method("VISA", "CHF"))
	lost := s.merchantAt("702010", method("VISA", "CHF"), method("TWINT", "CHF"))
	_ = http.MethodPost
	_, _ = well, lost
	s.Put("/_sim/customers/702010", contracts("70201001", method("VISA", "CHF")))
	told := len(s.Workflows.Told)
	out := do[onboarding.HealthyRound](s, s.Onboarding.CheckBucket, onboarding.HealthRound{LookAfterBucket: contract.LookAfterBucket{Buckets: 1}})
	assert.Nil(t, out.Next)
	assert.GreaterOrEqual(t, out.Looked, 2)
	assert.Contains(t, s.untold(lost), merchant.MethodsLost)
	assert.Contains(t, s.Workflows.Told[told:], lost.PaymentServiceID+" ")
	assert.Equal(t, out.Apart, len(s.Workflows.Looks))
}
