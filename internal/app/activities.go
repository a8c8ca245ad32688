package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"

	"github.com/quittance/quittance/activities"
	"github.com/quittance/quittance/activities/account"
	"github.com/quittance/quittance/activities/collection"
	"github.com/quittance/quittance/activities/delivery"
	"github.com/quittance/quittance/activities/escalation"
	"github.com/quittance/quittance/activities/fetching"
	"github.com/quittance/quittance/activities/gate"
	"github.com/quittance/quittance/activities/onboarding"
	"github.com/quittance/quittance/activities/payermail"
	"github.com/quittance/quittance/activities/reconciliation"
	"github.com/quittance/quittance/activities/refunding"
	"github.com/quittance/quittance/activities/retention"
	"github.com/quittance/quittance/api"
	"github.com/quittance/quittance/internal/booking"
	"github.com/quittance/quittance/internal/config"
	"github.com/quittance/quittance/internal/letter"
	"github.com/quittance/quittance/internal/mail"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/postgres"
	"github.com/quittance/quittance/internal/saferpay"
	"github.com/quittance/quittance/internal/sftp"
	"github.com/quittance/quittance/internal/webhook"
	"github.com/quittance/quittance/worker"
)

// What the activities need of a transaction, Postgres has; records relies on it.
var (
	_ account.Tx                = (*postgres.Tx)(nil)
	_ collection.Tx             = (*postgres.Tx)(nil)
	_ collection.PageTx         = (*postgres.Tx)(nil)
	_ refunding.Tx              = (*postgres.Tx)(nil)
	_ onboarding.Tx             = (*postgres.Tx)(nil)
	_ reconciliation.ReportTx   = (*postgres.Tx)(nil)
	_ reconciliation.BooksTx    = (*postgres.Tx)(nil)
	_ reconciliation.ReceiptsTx = (*postgres.Tx)(nil)
	_ collection.BankTx         = (*postgres.Tx)(nil)
	_ collection.ReminderTx     = (*postgres.Tx)(nil)
	_ fetching.Tx               = (*postgres.Tx)(nil)
	_ delivery.Tx               = (*postgres.Tx)(nil)
	_ escalation.Tx             = (*postgres.Tx)(nil)
	_ retention.Tx              = (*postgres.Tx)(nil)
)

// records returns the store's transactions as one of the interfaces above.
func records[T any](store *postgres.Store) activities.InCompany[T] {
	return func(ctx context.Context, companyID string, fn func(T) error) error {
		return store.InCompany(ctx, companyID, func(tx *postgres.Tx) error { return fn(any(tx).(T)) })
	}
}

// What the activities call at Saferpay, its client has; saferpayAccess relies on it.
var (
	_ collection.Gateway     = (*saferpay.Client)(nil)
	_ refunding.Gateway      = (*saferpay.Client)(nil)
	_ onboarding.Gateway     = (*saferpay.Client)(nil)
	_ reconciliation.Gateway = (*saferpay.Client)(nil)
)

// saferpayAccess returns the way to accounts at Saferpay, as one of the interfaces above.
func saferpayAccess[G any](p parts, clients callers) account.Access[G] {
	gateways := map[merchant.Environment]G{}
	for environment, client := range clients {
		gateways[environment] = any(client).(G)
	}
	return account.Access[G]{InCompany: records[account.Tx](p.store), Gateways: gateways, Secrets: p.keyring, Onboarding: p.commands, Now: now}
}

// callers are the clients of Saferpay.
type callers map[merchant.Environment]*saferpay.Client

func newCallers(cfg config.Config, p parts) callers {
	timed := saferpay.WithTimings(p.metrics.Timings("quittance_saferpay_request_duration_seconds",
		"How long Saferpay took to answer, by operation and by what came of it: answered, refused, failed or silent.", "operation", "outcome"))
	return callers{
		merchant.Test: saferpay.NewClient(cfg.Saferpay.TestURL, timed), merchant.Live: saferpay.NewClient(cfg.Saferpay.LiveURL, timed),
	}
}

// steps builds the activities on their adapters.
func steps(cfg config.Config, p parts, clients callers, log *slog.Logger) (worker.Activities, error) {
	sender, err := mail.NewSender(cfg.Mail.SMTPURL.Reveal, cfg.Mail.From)
	if err != nil {
		return worker.Activities{}, fmt.Errorf("QUITTANCE_SMTP_URL or QUITTANCE_MAIL_FROM: %w", err)
	}
	return worker.Activities{
		Collection: &collection.Activities{
			InCompany: records[collection.Tx](p.store), InPages: records[collection.PageTx](p.store), InEmails: records[collection.EmailTx](p.store), InBank: records[collection.BankTx](p.store),
			InReminders: records[collection.ReminderTx](p.store),
			InDisputes:  records[booking.DisputeTx](p.store),
			Saferpay:    saferpayAccess[collection.Gateway](p, clients),
			Send:        post(sender), Paper: paper(p, cfg.PublicURL), PublicURL: cfg.PublicURL, Now: now,
		},
		Refunding: &refunding.Activities{
			InCompany: records[refunding.Tx](p.store), Saferpay: saferpayAccess[refunding.Gateway](p, clients), Now: now,
		},
		PayerMail: &payermail.Activities{InCompany: records[payermail.Tx](p.store), Send: post(sender), PublicURL: cfg.PublicURL, Now: now},
		Onboarding: &onboarding.Activities{
			InCompany: records[onboarding.Tx](p.store), Saferpay: saferpayAccess[onboarding.Gateway](p, clients), Secrets: p.keyring,
			Workflows: p.commands, Upkeep: p.store.Upkeep, Send: post(sender), PublicURL: cfg.PublicURL, Operators: cfg.Mail.Operators, TestToAcquirer: cfg.Mail.TestToAcquirer, Now: now,
		},
		Schedules: &onboarding.Schedules{Temporal: p.temporal.ScheduleClient()},
		Reconciliation: &reconciliation.Activities{
			InReport: records[reconciliation.ReportTx](p.store), InBooks: records[reconciliation.BooksTx](p.store),
			InReceipts: records[reconciliation.ReceiptsTx](p.store), Invoices: p.commands, Upkeep: p.store.Upkeep, Sweeps: p.commands,
			Saferpay: saferpayAccess[reconciliation.Gateway](p, clients), Now: now,
		},
		Fetching: &fetching.Activities{
			InCompany: records[fetching.Tx](p.store), Secrets: p.keyring, Servers: sftp.New(webhook.NewDial(cfg.Webhooks.Loopback)),
			Import: importing(p, log), TimeScale: cfg.TimeScale, Now: now,
		},
		Delivery: &delivery.Activities{
			InCompany: records[delivery.Tx](p.store), Secrets: p.keyring, Post: tell(webhook.NewClient(cfg.Webhooks.Loopback)), Send: post(sender), Now: now,
			Turns: delivery.NewTurns(), Told: p.metrics.Temporal().Timer("quittance_webhook_first_attempt").Record,
		},
		Escalation: &escalation.Activities{InCompany: records[escalation.Tx](p.store), Now: now},
		Retention:  &retention.Activities{InCompany: records[retention.Tx](p.store), Companies: p.store.Companies, Send: post(sender), Now: now},
		Gate:       &gate.Activities{Works: p.store.SchemaCurrent},
	}, nil
}

// paper makes the PDFs that go with mails.
func paper(p parts, publicURL string) func(ctx context.Context, companyID, invoiceID string) (name string, pdf []byte, err error) {
	papers := api.Papers{Sealer: p.keyring, PublicURL: publicURL}
	return func(ctx context.Context, companyID, invoiceID string) (name string, pdf []byte, err error) {
		err = p.store.InCompany(ctx, companyID, func(tx *postgres.Tx) error {
			name, pdf, err = papers.Attachment(ctx, tx, invoiceID)
			return err
		})
		return name, pdf, err
	}
}

// importing imports settlement files as the API does.
func importing(p parts, log *slog.Logger) func(context.Context, string, string, io.Reader) (fetching.Import, error) {
	importer := api.NewImporter(api.Options{Store: store{p.store}, Collection: p.commands, Sealer: p.keyring, Logger: log})
	return func(ctx context.Context, companyID, key string, file io.Reader) (fetching.Import, error) {
		settlementID, known, err := importer.Import(ctx, companyID, key, file)
		return fetching.Import{SettlementID: settlementID, Known: known}, err
	}
}

// post sends letters as mails.
func post(sender *mail.Sender) activities.Send {
	return func(ctx context.Context, l letter.Letter) error {
		message := mail.Message{ID: l.ID, To: l.To, ReplyTo: l.ReplyTo, Subject: l.Subject, Text: l.Text, HTML: l.HTML}
		for _, a := range l.Attachments {
			message.Attachments = append(message.Attachments, mail.Attachment(a))
		}
		err := sender.Send(ctx, message)
		if errors.Is(err, mail.ErrPermanent) {
			reason := strings.TrimPrefix(err.Error(), mail.ErrPermanent.Error()+": ")
			return &activities.UndeliverableError{Reason: strings.ToUpper(reason[:1]) + strings.TrimSuffix(reason[1:], ".") + "."}
		}
		return err
	}
}

// tell sends messages to webhook endpoints.
func tell(client *webhook.Client) func(context.Context, delivery.Message) (delivery.Answer, error) {
	return func(ctx context.Context, m delivery.Message) (delivery.Answer, error) {
		answer, err := client.Post(ctx, webhook.Message(m))
		if errors.Is(err, webhook.ErrNotSent) {
			err = errors.Join(delivery.ErrNotSent, err)
		}
		return delivery.Answer(answer), err
	}
}
