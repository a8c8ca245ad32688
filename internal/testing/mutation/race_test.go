//go:build race

package mutation

// flags are those with which this test was built, so that what is built for it is mostly there already.
var flags = []string{"-race"}
