package temporalkit

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
)

// RegisterSearchAttributes adds the custom search attributes that the namespace does not have yet, and returns when all of them
// can be used. It may be called repeatedly, and by several processes at once.
//
// The error is a sentence: the cluster refuses, an attribute exists with another type, or ctx ended first.
func RegisterSearchAttributes(ctx context.Context, c client.Client, namespace string, attributes map[string]enumspb.IndexedValueType) error {
	missing, err := missingSearchAttributes(ctx, c, namespace, attributes)
	if err != nil {
		return err
	}
	if len(missing) > 0 {
		_, err := c.OperatorService().AddSearchAttributes(ctx, &operatorservice.AddSearchAttributesRequest{
			Namespace: namespace, SearchAttributes: missing,
		})
		var exists *serviceerror.AlreadyExists
		if err != nil && !errors.As(err, &exists) {
			return fmt.Errorf("the Temporal cluster does not let Quittance add search attributes (%w); someone who administers it can, with: %s",
				err, createCommands(namespace, missing))
		}
	}
	if err := waitUntilSearchable(ctx, c, namespace, slices.Sorted(maps.Keys(attributes))); err != nil {
		return fmt.Errorf("the search attributes of the Temporal namespace %q cannot be used yet: %w", namespace, err)
	}
	return nil
}

func missingSearchAttributes(ctx context.Context, c client.Client, namespace string, wanted map[string]enumspb.IndexedValueType) (map[string]enumspb.IndexedValueType, error) {
	answer, err := c.OperatorService().ListSearchAttributes(ctx, &operatorservice.ListSearchAttributesRequest{Namespace: namespace})
	if err != nil {
		return nil, fmt.Errorf("the search attributes of the Temporal namespace %q cannot be listed: %w", namespace, err)
	}
	missing := map[string]enumspb.IndexedValueType{}
	for _, name := range slices.Sorted(maps.Keys(wanted)) {
		has, ok := answer.GetCustomAttributes()[name]
		switch {
		case !ok:
			missing[name] = wanted[name]
		case has != wanted[name]:
			return nil, fmt.Errorf("the search attribute %s of the Temporal namespace %q is a %s, but Quittance needs a %s: remove it or use a namespace of its own",
				name, namespace, has, wanted[name])
		}
	}
	return missing, nil
}

// waitUntilSearchable queries for workflows by every attribute until the cluster accepts the query. The frontend lists a new
// attribute at once, but accepts it in a query only when its copy of the namespace is refreshed.
func waitUntilSearchable(ctx context.Context, c client.Client, namespace string, names []string) error {
	query := strings.Join(names, " IS NULL AND ") + " IS NULL"
	return poll(ctx, func() error {
		_, err := c.CountWorkflow(ctx, &workflowservice.CountWorkflowExecutionsRequest{Namespace: namespace, Query: query})
		return err
	})
}

func createCommands(namespace string, attributes map[string]enumspb.IndexedValueType) string {
	var commands []string
	for _, name := range slices.Sorted(maps.Keys(attributes)) {
		commands = append(commands, fmt.Sprintf("temporal operator search-attribute create --namespace %s --name %s --type %s", namespace, name, attributes[name]))
	}
	return strings.Join(commands, " && ")
}
