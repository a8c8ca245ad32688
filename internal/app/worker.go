package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/quittance/quittance/activities"
	"github.com/quittance/quittance/internal/config"
	"github.com/quittance/quittance/internal/letter"
	"github.com/quittance/quittance/internal/mail"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/postgres"
	"github.com/quittance/quittance/internal/saferpay"
	"github.com/quittance/quittance/internal/telemetry"
	"github.com/quittance/quittance/internal/webhook"
	"github.com/quittance/quittance/worker"
	"github.com/quittance/quittance/workflows"
)

// RunWorker runs workflows and activities until ctx ends.
func RunWorker(ctx context.Context, cfg config.Config, log *slog.Logger) error {
	if err := cfg.ForWorker(); err != nil {
		return err
	}
	stop, err := trace(ctx, "worker", log)
	if err != nil {
		return err
	}
	defer stop()
	p, err := connect(ctx, cfg, log)
	if err != nil {
		return err
	}
	defer p.close()
	go p.keyring.Follow(ctx, log)
	steps, err := steps(cfg, p)
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", telemetry.Healthz)
	mux.Handle("GET /readyz", telemetry.Readyz(log, p.checks()))
	mux.Handle("GET /metrics", p.metrics.Handler())
	p.metrics.Watch(watched(p.store))
	relay := worker.Relay{Outbox: p.store, Deliver: workflows.Commands{Temporal: p.temporal}.Deliver, Logger: log}
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return serve(ctx, cfg.Worker.Address, mux, log) })
	group.Go(func() error {
		return worker.Run(ctx, p.temporal, steps, worker.Options{
			DeploymentName: cfg.Worker.DeploymentName, BuildID: cfg.Worker.BuildID, TimeScale: cfg.TimeScale,
		})
	})
	group.Go(func() error {
		relay.Run(ctx)
		return nil
	})
	group.Go(func() error {
		worker.KeepHouse(ctx, func(ctx context.Context) error { return p.store.Prune(ctx, now()) }, log)
		return nil
	})
	return group.Wait()
}

// now is the time to the microsecond, which is what Postgres keeps.
func now() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }

// steps builds the activities on their adapters.
func steps(cfg config.Config, p parts) (worker.Activities, error) {
	sender, err := mail.NewSender(cfg.Mail.SMTPURL.Reveal(), cfg.Mail.From)
	if err != nil {
		return worker.Activities{}, fmt.Errorf("QUITTANCE_SMTP_URL or QUITTANCE_MAIL_FROM: %w", err)
	}
	processes := workflows.Commands{Temporal: p.temporal}
	test, live := saferpay.NewClient(cfg.Saferpay.TestURL), saferpay.NewClient(cfg.Saferpay.LiveURL)
	records := func(ctx context.Context, companyID string, fn func(activities.Tx) error) error {
		return p.store.InCompany(ctx, companyID, func(tx *postgres.Tx) error { return fn(tx) })
	}
	return worker.Activities{
		Books: &activities.Books{InCompany: records, Now: now},
		Saferpay: &activities.Saferpay{
			InCompany: records, Secrets: p.keyring, Processes: processes, PublicURL: cfg.PublicURL, Now: now,
			Gateways: map[merchant.Environment]activities.Gateway{merchant.Test: test, merchant.Live: live},
		},
		Merchants: &activities.Merchants{
			InCompany: records, Secrets: p.keyring, Processes: processes, PublicURL: cfg.PublicURL, Now: now,
			Terminals: map[merchant.Environment]activities.TerminalReader{merchant.Test: test, merchant.Live: live},
		},
		Mail: &activities.Mail{
			InCompany: records, Secrets: p.keyring, PublicURL: cfg.PublicURL, Operators: cfg.Mail.Operators,
			TestToAcquirer: cfg.Mail.TestToAcquirer, Send: post(sender),
		},
		Schedules: &activities.Schedules{
			Temporal: p.temporal.ScheduleClient(), Daily: workflows.Workflows{TimeScale: cfg.TimeScale}.DailySchedules, Now: now,
		},
		Webhooks: &activities.Webhooks{InCompany: records, Secrets: p.keyring, Now: now, Post: tell(webhook.NewClient(cfg.Webhooks.Loopback))},
	}, nil
}

// post sends letters as mails.
func post(sender *mail.Sender) func(context.Context, letter.Letter) error {
	return func(ctx context.Context, l letter.Letter) error {
		message := mail.Message{ID: l.ID, To: l.To, ReplyTo: l.ReplyTo, Subject: l.Subject, Text: l.Text, HTML: l.HTML}
		for _, a := range l.Attachments {
			message.Attachments = append(message.Attachments, mail.Attachment(a))
		}
		err := sender.Send(ctx, message)
		if errors.Is(err, mail.ErrPermanent) {
			return errors.Join(activities.ErrUndeliverable, err)
		}
		return err
	}
}

// tell sends messages to webhook endpoints.
func tell(client *webhook.Client) func(context.Context, activities.Message) (activities.Answer, error) {
	return func(ctx context.Context, m activities.Message) (activities.Answer, error) {
		answer, err := client.Post(ctx, webhook.Message(m))
		if errors.Is(err, webhook.ErrNotSent) {
			err = errors.Join(activities.ErrNotSent, err)
		}
		return activities.Answer(answer), err
	}
}
