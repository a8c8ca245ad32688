//go:build !race

package mutation

// flags are those with which this test was built.
var flags []string
