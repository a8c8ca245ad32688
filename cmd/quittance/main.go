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

	"github.com/alecthomas/kong"

	"github.com/quittance/quittance/internal/app"
	"github.com/quittance/quittance/internal/config"
	"github.com/quittance/quittance/internal/secrets"
	"github.com/quittance/quittance/internal/telemetry"
)

type commands struct {
	API     apiCommand     `cmd:"" name:"api" help:"Answer REST calls, payers and Saferpay's notifications."`
	Worker  workerCommand  `cmd:"" help:"Run the workflows and their activities."`
	Codec   codecCommand   `cmd:"" help:"Decrypt what workflows carry for operators in Temporal Web."`
	Migrate migrateCommand `cmd:"" help:"Bring the database and Temporal's search attributes up to date, then end."`
	Admin   adminCommands  `cmd:"" help:"What an operator does by hand."`
}

type adminCommands struct {
	GenerateKey   generateKey   `cmd:"" help:"Print a new value for QUITTANCE_MASTER_KEY."`
	VerifyJournal verifyJournal `cmd:"" help:"Walk the hash chain of a company's journal and name the first broken entry."`
	Promote       promote       `cmd:"" help:"Make the worker version QUITTANCE_BUILD_ID the one that new workflows start on."`
}

// process is what every command needs.
type process struct {
	ctx context.Context //nolint:containedctx // lives as long as the command
	log *slog.Logger
	cfg config.Config
}

type (
	apiCommand     struct{}
	workerCommand  struct{}
	codecCommand   struct{}
	migrateCommand struct{}
	generateKey    struct{}
	promote        struct{}
	verifyJournal  struct {
		Company string `arg:"" help:"The company's id, cmp_…"`
	}
)

func (apiCommand) Run(p *process) error     { return app.RunAPI(p.ctx, p.cfg, p.log) }
func (workerCommand) Run(p *process) error  { return app.RunWorker(p.ctx, p.cfg, p.log) }
func (codecCommand) Run(p *process) error   { return app.RunCodec(p.ctx, p.cfg, p.log) }
func (migrateCommand) Run(p *process) error { return app.Migrate(p.ctx, p.cfg, p.log) }
func (promote) Run(p *process) error        { return app.Promote(p.ctx, p.cfg, p.log) }

func (v verifyJournal) Run(p *process) error {
	if err := app.VerifyJournal(p.ctx, p.cfg, v.Company); err != nil {
		return err
	}
	fmt.Println("The journal of", v.Company, "is intact.")
	return nil
}

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
		err = command.Run(&process{ctx: ctx, log: telemetry.NewLogger(os.Stderr, cfg.Log), cfg: cfg})
	}
	if err != nil && !errors.Is(err, context.Canceled) {
		fmt.Fprintln(os.Stderr, "quittance:", err)
		os.Exit(1)
	}
}
