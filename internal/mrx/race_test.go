//go:build race

package mrx_test

// The race detector makes reading ten times slower.
func init() { manyTransactions = 10_000 }
