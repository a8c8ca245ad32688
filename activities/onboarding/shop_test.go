package onboarding_test

import (
	"os"
	"testing"

	"github.com/quittance/quittance/internal/testing/postgrestest"
	"github.com/quittance/quittance/internal/testing/shoptest"
)

func TestMain(m *testing.M) { os.Exit(postgrestest.Run(m)) }

// shop is a company on a real Postgres and a Saferpay simulator, and what these tests do with it.
type shop struct{ *shoptest.Shop }

func open(t *testing.T) *shop {
	t.Helper()
	return &shop{shoptest.Open(t)}
}

// issued is a shop whose invoice is open.
func issued(t *testing.T) *shop {
	t.Helper()
	s := open(t)
	s.Issue()
	return s
}

// do runs one activity that must work, and reads its result.
func do[T any](s *shop, step, in any) T {
	s.T.Helper()
	return shoptest.Do[T](s.Shop, step, in)
}
