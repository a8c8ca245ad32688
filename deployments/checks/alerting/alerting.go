// Package alerting evaluates the alert rules with Prometheus' own code.
package alerting

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/promqltest"
	"github.com/prometheus/prometheus/rules"
)

// Firing evaluates the rules of the file again and again over series in Prometheus' own notation ("up 0 1x10", a sample a minute from time
// 0 on), as promtool does. It returns what fires at each of the times, by name and by the label that the alert has.
func Firing(ctx context.Context, file, series string, step time.Duration, at ...time.Duration) (fires map[time.Duration][]string, err error) {
	suite, err := promqltest.NewLazyLoader("load 1m\n  "+strings.ReplaceAll(strings.TrimSpace(series), "\n", "\n  "), promqltest.LazyLoaderOpts{
		EnableAtModifier: true, EnableNegativeOffset: true,
	})
	if err != nil {
		return nil, fmt.Errorf("read the series: %w", err)
	}
	defer func() { err = errors.Join(err, suite.Close()) }()
	suite.SubqueryInterval = time.Minute
	manager := rules.NewManager(&rules.ManagerOptions{
		QueryFunc: rules.EngineQueryFunc(suite.QueryEngine(), suite.Storage()), Queryable: suite.Storage(), AppendableV2: suite.Storage(), Context: ctx,
		NotifyFunc: func(context.Context, string, ...*rules.Alert) {}, Logger: slog.New(slog.DiscardHandler), Registerer: prometheus.NewRegistry(),
	})
	groups, errs := manager.LoadGroups(time.Minute, labels.EmptyLabels(), "", nil, false, file)
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	fires = map[time.Duration][]string{}
	for since := time.Duration(0); since <= slices.Max(at); since += step {
		suite.WithSamplesTill(time.Unix(0, 0).Add(since), func(e error) { err = errors.Join(err, e) })
		for _, group := range groups {
			group.Eval(ctx, time.Unix(0, 0).Add(since))
			names, e := firingOf(group)
			err = errors.Join(err, e)
			if slices.Contains(at, since) && len(names) > 0 {
				fires[since] = append(fires[since], names...)
			}
		}
		if err != nil {
			return nil, fmt.Errorf("evaluate the rules at %s: %w", since, err)
		}
	}
	return fires, nil
}

func firingOf(group *rules.Group) (names []string, err error) {
	for _, rule := range group.Rules() {
		if rule.LastError() != nil {
			err = errors.Join(err, fmt.Errorf("%s: %w", rule.Name(), rule.LastError()))
		}
	}
	for _, rule := range group.AlertingRules() {
		for _, alert := range rule.ActiveAlerts() {
			if alert.State == rules.StateFiring {
				names = append(names, strings.TrimSpace(rule.Name()+" "+alert.Labels.Get("task_queue")+alert.Labels.Get("operation")+alert.Labels.Get("currency")))
			}
		}
	}
	return names, err
}
