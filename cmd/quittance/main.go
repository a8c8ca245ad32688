// Command quittance runs the parts of Quittance: the API, the worker, and what an operator does by hand. Its settings come
// from the environment; what is missing is said by name.
package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/alecthomas/kong"

	"github.com/quittance/quittance/internal/app"
	"github.com/quittance/quittance/internal/config"
	"github.com/quittance/quittance/internal/secrets"
	"github.com/quittance/quittance/internal/telemetry"
)

type commands struct {
	API     apiCommand     `cmd:"" name:"api" help:"Answer REST calls, payers and Saferpay's notifications."`
	Console consoleCommand `cmd:"" help:"Serve the console apart from the API."`
	Worker  workerCommand  `cmd:"" help:"Run the workflows and their activities."`
	Codec   codecCommand   `cmd:"" help:"Decrypt what workflows carry for operators in Temporal Web."`
	Migrate migrateCommand `cmd:"" help:"Bring the database and Temporal's search attributes up to date, then end."`
	Admin   adminCommands  `cmd:"" help:"What an operator does by hand."`
}

type adminCommands struct {
	GenerateKey   generateKey   `cmd:"" help:"Print a new value for QUITTANCE_MASTER_KEY."`
	VerifyJournal verifyJournal `cmd:"" help:"Walk the hash chain of a company's journal, or of all, and name the first broken entry."`
	VerifyAudit   verifyAudit   `cmd:"" help:"Walk the hash chain of a company's audit log, or of all, and name the first broken entry."`
	VerifyHead    verifyHead    `cmd:"" help:"Check a signed head of a journal, and an export against it, with files alone."`
	SigningKey    signingKey    `cmd:"" help:"Print the public key with which signed heads are checked."`
	RotateKeys    rotateKeys    `cmd:"" help:"Add a data key, and seal everything again that the database holds, while everything runs."`
	ForgetOldKeys forgetOldKeys `cmd:"" help:"Remove all data keys but the newest, once nothing needs them."`
	Promote       promote       `cmd:"" help:"Have workflows begin and go on under the worker version QUITTANCE_BUILD_ID, whose program this is, once it has shown that it can."`
	Sweep         sweep         `cmd:"" help:"Compare Saferpay's report with the record now, and not only at night."`
	TakeUp        takeUp        `cmd:"" help:"After a restore, before a worker runs: start a workflow for everything that the record shows as not ended."`
}

// process is what every command needs.
type process struct {
	ctx context.Context //nolint:containedctx // lives as long as the command
	log *slog.Logger
	cfg config.Config
}

type (
	apiCommand     struct{}
	consoleCommand struct{}
	workerCommand  struct{}
	codecCommand   struct{}
	migrateCommand struct{}
	generateKey    struct{}
	rotateKeys     struct{}
	forgetOldKeys  struct{}
	promote        struct {
		Percent float32       `default:"100" help:"How many of the workflows, in percent: below 100 the rest stays with the current version, and 0 takes them back."`
		Wait    time.Duration `help:"How long to wait for workers of the version."`
		Replay  int32         `default:"50" help:"How many open workflows of each type and age are replayed under this code first; 0 promotes what can't take them on, too."`
	}
	takeUp struct{}
	sweep  struct {
		Services []string `arg:"" optional:"" name:"payment-service" help:"Ids of payment services, psv_…; those of all companies without any."`
	}
	verifyJournal struct {
		Company string   `arg:"" optional:"" help:"The company's id, cmp_…; all companies without it."`
		Head    []string `type:"existingfile" help:"A head that was kept, as GET /v1/journal/heads/{day} answered it: the journal must still go through it. May be given more than once."`
	}
	verifyAudit struct {
		Company string `arg:"" optional:"" help:"The company's id, cmp_…; all companies without it."`
	}
	verifyHead struct {
		Head    string `arg:"" type:"existingfile" help:"The head that was kept, as GET /v1/journal/heads/{day} answered it."`
		Key     string `required:"" type:"existingfile" help:"The public key, in PEM, as 'quittance admin signing-key' printed it."`
		Journal string `type:"existingfile" help:"The journal, as GET /v1/journal answered it with Accept: application/x-ndjson."`
	}
	signingKey struct {
		Renew bool `help:"Make another key, which signs from now on."`
	}
)

func (apiCommand) Run(p *process) error     { return app.RunAPI(p.ctx, p.cfg, p.log) }
func (consoleCommand) Run(p *process) error { return app.RunConsole(p.ctx, p.cfg, p.log) }
func (workerCommand) Run(p *process) error  { return app.RunWorker(p.ctx, p.cfg, p.log) }
func (codecCommand) Run(p *process) error   { return app.RunCodec(p.ctx, p.cfg, p.log) }
func (migrateCommand) Run(p *process) error { return app.Migrate(p.ctx, p.cfg, p.log) }
func (rotateKeys) Run(p *process) error     { return app.RotateKeys(p.ctx, p.cfg, p.log, say) }
func (forgetOldKeys) Run(p *process) error  { return app.ForgetOldKeys(p.ctx, p.cfg, p.log, say) }

func (a promote) Run(p *process) error { return app.Promote(p.ctx, p.cfg, p.log, app.Promotion(a)) }

func (s sweep) Run(p *process) error { return app.Sweep(p.ctx, p.cfg, p.log, s.Services...) }

func (takeUp) Run(p *process) error {
	done, err := app.TakeUp(p.ctx, p.cfg, p.log)
	fmt.Printf("Taken up: %d payments, %d refunds, %d payment services, %d requested currencies, %d findings, %d deliveries, bank receipts of %d companies.\n",
		done.Payments, done.Refunds, done.PaymentServices, done.Currencies, done.Findings, done.Deliveries, done.BankReceipts)
	return err
}

func (v verifyJournal) Run(p *process) error {
	var kept []app.SignedHead
	for _, name := range v.Head {
		head, err := readHead(name)
		if err != nil {
			return err
		}
		kept = append(kept, head)
	}
	return app.VerifyJournals(p.ctx, p.cfg, say, v.Company, kept...)
}

func (v verifyAudit) Run(p *process) error { return app.VerifyAudits(p.ctx, p.cfg, say, v.Company) }

func (v verifyHead) Run(*process) error {
	head, err := readHead(v.Head)
	if err != nil {
		return err
	}
	key, err := os.ReadFile(v.Key)
	if err != nil {
		return err
	}
	if err := head.Verify(key); err != nil {
		return err
	}
	fmt.Printf("This key signed that the journal of %s had %d entries at the end of %s.\n", head.CompanyID, head.Entries, head.Day)
	if v.Journal == "" {
		return nil
	}
	journal, err := os.Open(v.Journal)
	if err != nil {
		return err
	}
	defer func() { _ = journal.Close() }()
	entries, err := app.VerifyExport(journal, head)
	if err != nil {
		return err
	}
	fmt.Printf("The export begins with these entries, unchanged, and has %d in all.\n", entries)
	return nil
}

func readHead(name string) (app.SignedHead, error) {
	file, err := os.Open(name)
	if err != nil {
		return app.SignedHead{}, err
	}
	defer func() { _ = file.Close() }()
	head, err := app.ReadSignedHead(file)
	if err != nil {
		return head, fmt.Errorf("%s: %w", name, err)
	}
	return head, nil
}

func (s signingKey) Run(p *process) error {
	publicPEM, err := app.PublicSigningKey(p.ctx, p.cfg, s.Renew)
	fmt.Print(publicPEM)
	return err
}

// say prints what a command does.
func say(format string, args ...any) { fmt.Printf(format+"\n", args...) }

func (generateKey) Run(*process) error {
	key, err := secrets.Generate()
	if err == nil {
		fmt.Println(string(key))
	}
	return err
}

func main() {
	var c commands
	command := kong.Parse(&c, kong.Name("quittance"), kong.Description("Durable payment processing for invoices."), kong.UsageOnError())
	cfg, err := config.Load()
	if err == nil {
		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
		defer stop()
		log := telemetry.NewLogger(os.Stderr, cfg.Log)
		slog.SetDefault(log) // what package config says of secrets that change
		err = command.Run(&process{ctx: ctx, log: log, cfg: cfg})
	}
	if err != nil && !errors.Is(err, context.Canceled) {
		fmt.Fprintln(os.Stderr, "quittance:", err)
		os.Exit(1)
	}
}
