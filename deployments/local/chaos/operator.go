package main

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/quittance/quittance/deployments/local/invariants"
)

// exception is what a person must decide.
type exception struct {
	ID      string   `json:"id"`
	Kind    string   `json:"kind"`
	Subject string   `json:"subject"`
	Choices []string `json:"choices"`
}

// decide is an operator who goes through a company's open exceptions, looks into Saferpay's Backoffice, and decides what is
// true. Calm says that nothing is disturbed any more, so that what the Backoffice doesn't show did not happen. It returns how
// many are open.
func (c *company) decide(ctx context.Context, calm bool, decided *hits) (open int, err error) {
	list, err := invariants.All[exception](c.read(ctx), "/exceptions?open=true")
	if err != nil {
		return 0, err
	}
	for _, e := range list {
		choice, err := c.choose(ctx, e, calm)
		if err != nil {
			return len(list), err
		}
		if choice == "" {
			continue
		}
		// It may have cleared up meanwhile, or be tried again at this moment: then it is looked at once more.
		a, err := c.call(ctx, http.MethodPost, "/exceptions/"+e.ID+"/resolve", object{"choice": choice, "note": "Looked up in the Backoffice."})
		if err != nil {
			return len(list), err
		}
		if a.status == http.StatusOK {
			decided.add(e.Kind + ": " + choice)
		}
	}
	return len(list), nil
}

// choose says what is right about an exception, or nothing as long as that can't be known.
func (c *company) choose(ctx context.Context, e exception, calm bool) (string, error) {
	offered := func(choices ...string) string {
		for _, choice := range choices {
			if slices.Contains(e.Choices, choice) {
				return choice
			}
		}
		return ""
	}
	switch {
	case e.Kind == "double_payment":
		if !slices.Contains(c.decisions, e.ID) {
			c.decisions = append(c.decisions, e.ID)
		}
		return []string{"refund", "keep"}[len(c.decisions)%2], nil
	case e.Kind == "webhook_disabled":
		return offered("acknowledge"), c.must(ctx, http.MethodPatch, "/webhook-endpoints/"+c.endpoint, object{"enabled": true}, nil)
	case e.Kind == "refund_unclear" && !calm:
		return "", nil
	case e.Kind == "refund_unclear" || e.Kind == "refund_stuck" || e.Kind == "refund_by_hand":
		return c.lookAtRefund(ctx, e)
	default:
		return offered("try_again", "record", "book", "release", "accept", "acknowledge", "keep"), nil
	}
}

// lookAtRefund looks for a refund at Saferpay by its order id.
func (c *company) lookAtRefund(ctx context.Context, e exception) (string, error) {
	var r invariants.Refund
	if err := c.must(ctx, http.MethodGet, "/refunds/"+e.Subject, nil, &r); err != nil {
		return "", err
	}
	var all []invariants.Transaction
	if err := c.cluster.steer(ctx, http.MethodGet, "/_sim/transactions", nil, &all); err != nil {
		return "", err
	}
	found := invariants.Of(all, r.Saferpay)
	switch {
	case len(found) == 0 && strings.HasSuffix(e.Subject, "a"): // some merchants would rather not
		return "it_did_not", nil
	case len(found) == 0 && e.Kind == "refund_by_hand":
		return "it_did_not", nil
	case len(found) == 0:
		return "try_again", nil
	case found[0].Status == "CAPTURED":
		return "it_happened", nil
	case found[0].Status == "PENDING":
		return "", nil
	default: // accepted, but without its capture the payer gets nothing
		return "it_happened", c.cluster.steer(ctx, http.MethodPatch, "/_sim/transactions/"+found[0].ID, object{"status": "CAPTURED"}, nil)
	}
}
