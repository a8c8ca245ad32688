package temporalkit

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
)

var wanted = map[string]enumspb.IndexedValueType{
	"CompanyId":      enumspb.INDEXED_VALUE_TYPE_KEYWORD,
	"NeedsAttention": enumspb.INDEXED_VALUE_TYPE_BOOL,
}

func TestMissingSearchAttributesAreAddedAndUsableAfterwards(t *testing.T) {
	t.Parallel()
	f := startFrontend(t)
	f.attributes["CompanyId"] = enumspb.INDEXED_VALUE_TYPE_KEYWORD
	f.notSearchable = 2
	c := f.dial(t, newKeyring(t))
	for range 2 { // the second time there is nothing to do
		require.NoError(t, RegisterSearchAttributes(t.Context(), c, "default", wanted))
	}
	assert.Equal(t, wanted, f.attributes)
	assert.Zero(t, f.notSearchable, "it waited until the attributes could be used")
	assert.Contains(t, f.wire(t), "CompanyId IS NULL AND NeedsAttention IS NULL")
}

func TestAClusterThatRefusesSearchAttributesIsExplained(t *testing.T) {
	t.Parallel()
	f := startFrontend(t)
	f.refuseAdding = serviceerror.NewPermissionDenied("not allowed", "")
	err := RegisterSearchAttributes(t.Context(), f.dial(t, newKeyring(t)), "payments", wanted)
	require.ErrorContains(t, err, "the Temporal cluster does not let Quittance add search attributes (not allowed)")
	require.ErrorContains(t, err, "temporal operator search-attribute create --namespace payments --name CompanyId --type Keyword && "+
		"temporal operator search-attribute create --namespace payments --name NeedsAttention --type Bool")
}

func TestASearchAttributeOfAnotherTypeIsExplained(t *testing.T) {
	t.Parallel()
	f := startFrontend(t)
	f.attributes["CompanyId"] = enumspb.INDEXED_VALUE_TYPE_TEXT
	err := RegisterSearchAttributes(t.Context(), f.dial(t, newKeyring(t)), "default", wanted)
	require.ErrorContains(t, err, `the search attribute CompanyId of the Temporal namespace "default" is a Text, but Quittance needs a Keyword`)
}

func TestWaitingForSearchAttributesEndsWithTheContext(t *testing.T) {
	t.Parallel()
	f := startFrontend(t)
	f.notSearchable = 1_000_000
	c := f.dial(t, newKeyring(t))
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	require.ErrorContains(t, RegisterSearchAttributes(ctx, c, "default", wanted), "cannot be used yet")
}

func TestANamespaceIsAwaited(t *testing.T) {
	t.Parallel()
	f := startFrontend(t)
	c := f.dial(t, newKeyring(t))
	f.mu.Lock()
	f.noNamespace = 2
	f.mu.Unlock()
	require.NoError(t, WaitForNamespace(t.Context(), c, "payments"))
	assert.Zero(t, f.noNamespace)

	f.mu.Lock()
	f.noNamespace = 1_000_000
	f.mu.Unlock()
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	require.ErrorContains(t, WaitForNamespace(ctx, c, "payments"), `the Temporal namespace "payments" is not there`)
}
