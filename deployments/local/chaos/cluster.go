package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"go.temporal.io/sdk/client"

	"github.com/quittance/quittance/deployments/local/mailsink"
	"github.com/quittance/quittance/deployments/local/stack"
	"github.com/quittance/quittance/internal/testing/freeport"
	"github.com/quittance/quittance/internal/testing/simulator"
)

// cluster is a whole Quittance of which every part can be killed on its own: Postgres, Temporal, several of api and worker.
// Saferpay, the mail server and the receiver of webhooks belong to others, and are in this process.
type cluster struct {
	options   Options
	folder    string
	password  string // of every role of Postgres
	ports     ports
	network   *network
	mu        sync.Mutex // of parts
	parts     map[string]*part
	deploying sync.Mutex // one version at a time
	database  *database
	balancer  *balancer
	receiver  *receiver
	saferpay  *simulator.Simulator
	operator  client.Client // of Temporal
	hits      *hits
	skew      atomic.Int64 // by how much Saferpay's clock is ahead
	builds    []string     // of the workers
	other     region
	stops     []func() error
}

// ports on 127.0.0.1.
type ports struct {
	postgres, temporal, otherPostgres, otherTemporal, balancer, simulator, smtp, mail, receiver int
	apis, workers                                                                               []int
	links                                                                                       map[string]int
}

func newPorts(ctx context.Context, o Options) (ports, error) {
	free, err := freeport.Take(ctx, 9+o.APIs+o.Workers+len(links))
	if err != nil {
		return ports{}, err
	}
	take := func() int {
		port := free[0]
		free = free[1:]
		return port
	}
	p := ports{
		postgres: take(), temporal: take(), otherPostgres: take(), otherTemporal: take(), balancer: take(), simulator: take(), smtp: take(), mail: take(), receiver: take(), links: map[string]int{},
	}
	for range o.APIs {
		p.apis = append(p.apis, take())
	}
	for range o.Workers {
		p.workers = append(p.workers, take())
	}
	for _, link := range links {
		p.links[link] = take()
	}
	return p, nil
}

// behind is where each link leads.
func (p ports) behind() map[string]int {
	return map[string]int{
		apiToPostgres: p.postgres, workerToPostgres: p.postgres, temporalToPostgres: p.postgres,
		apiToTemporal: p.temporal, workerToTemporal: p.temporal,
		workerToSaferpay: p.simulator, workerToMail: p.smtp, workerToReceiver: p.receiver, publicToAPI: p.balancer,
	}
}

// newCluster starts everything and returns when it answers.
func newCluster(ctx context.Context, o Options, folder string) (*cluster, error) {
	c := &cluster{options: o, folder: folder, parts: map[string]*part{}, hits: newHits(), receiver: newReceiver(), builds: make([]string, o.Workers)}
	if err := c.start(ctx); err != nil {
		return nil, errors.Join(err, c.stop())
	}
	return c, nil
}

func (c *cluster) start(ctx context.Context) (err error) {
	if c.ports, err = newPorts(ctx, c.options); err != nil {
		return err
	}
	if c.network, err = newNetwork(c.ports.links, c.ports.behind()); err != nil {
		return err
	}
	if err := os.Mkdir(c.logs(), 0o700); err != nil {
		return err
	}
	if c.password, err = c.databasePassword(); err != nil {
		return err
	}
	if err := c.startOthers(ctx); err != nil {
		return err
	}
	if err := c.startPostgres(ctx); err != nil {
		return err
	}
	if err := c.startTemporal(ctx); err != nil {
		return err
	}
	if c.operator, err = c.newOperator(); err != nil {
		return err
	}
	c.stops = append(c.stops, func() error {
		c.operator.Close()
		return nil
	})
	if err := c.startProduct(ctx); err != nil || !c.options.Failover {
		return err
	}
	return c.startStandby(ctx)
}

// startProduct brings the schema up to date and starts worker and API.
func (c *cluster) startProduct(ctx context.Context) error {
	// Temporal listens a moment before it answers.
	if err := await(ctx, "quittance migrate", func(ctx context.Context) error { return c.command(ctx, nil, "migrate") }); err != nil {
		return err
	}
	for i := range c.options.Workers {
		if err := c.startWorker(ctx, i, "chaos-1"); err != nil {
			return err
		}
	}
	if err := c.promote(ctx, "chaos-1"); err != nil {
		return err
	}
	if err := c.startAPIs(ctx); err != nil {
		return err
	}
	var instances []string
	for _, port := range c.ports.apis {
		instances = append(instances, local(port))
	}
	c.balancer = newBalancer(instances)
	if err := c.serve(ctx, c.ports.balancer, c.balancer.handler()); err != nil {
		return err
	}
	for _, port := range append(c.ports.apis, c.ports.workers...) {
		if err := awaitOK(ctx, "http://"+local(port)+"/readyz"); err != nil {
			return err
		}
	}
	return nil
}

func (c *cluster) startAPIs(ctx context.Context) error {
	for i, port := range c.ports.apis {
		name := "api-" + strconv.Itoa(i+1)
		variables := append(c.environment(c.ports.links[apiToPostgres], c.ports.links[apiToTemporal]),
			"QUITTANCE_API_ADDRESS="+local(port), "QUITTANCE_LIMIT_PAGES=100000", "QUITTANCE_LIMIT_CALLS=100000") // all payers have one address here
		if err := c.add(ctx, name, product(c.options.Binary, "api", c.log(name), variables)); err != nil {
			return err
		}
	}
	return nil
}

func (c *cluster) add(ctx context.Context, name string, start func(context.Context) (running, error)) error {
	p, err := newPart(ctx, name, start)
	if err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.parts[name] = p
	return nil
}

// part returns the one of that name, or nil.
func (c *cluster) part(name string) *part {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.parts[name]
}

// startOthers starts what belongs to others.
func (c *cluster) startOthers(ctx context.Context) (err error) {
	c.saferpay, err = simulator.Open(simulator.Options{
		PublicURL: "http://" + local(c.ports.simulator), TimeScale: float64(c.options.TimeScale), DataFile: filepath.Join(c.folder, "saferpay.json"),
		Now: func() time.Time { return time.Now().Add(time.Duration(c.skew.Load())) }, Logger: slog.New(c.hits),
	})
	if err != nil {
		return err
	}
	c.stops = append(c.stops, c.saferpay.Close)
	smtp, err := listen(ctx, c.ports.smtp)
	if err != nil {
		return err
	}
	inbox, err := listen(ctx, c.ports.mail)
	if err != nil {
		return errors.Join(err, smtp.Close())
	}
	c.stops = append(c.stops, mailsink.Start(smtp, inbox).Stop)
	return errors.Join(c.serve(ctx, c.ports.simulator, c.saferpay), c.serve(ctx, c.ports.receiver, c.receiver))
}

func (c *cluster) serve(ctx context.Context, port int, handler http.Handler) error {
	listener, err := listen(ctx, port)
	if err != nil {
		return err
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: time.Minute}
	go func() { _ = server.Serve(listener) }() // it ends when it is closed
	c.stops = append(c.stops, server.Close)
	return nil
}

func (c *cluster) startPostgres(ctx context.Context) error {
	err := c.add(ctx, "postgres", func(ctx context.Context) (running, error) {
		d, err := startDatabase(ctx, filepath.Join(c.folder, "postgres"), c.password, c.ports.postgres)
		if c.database == nil { // the ones that follow have the same address
			c.database = d
		}
		return d, err
	})
	if err != nil {
		return err
	}
	for _, name := range []string{temporalDatabase, visibilityDatabase} {
		err = errors.Join(err, c.database.EnsureDatabase(ctx, name, temporalRole))
	}
	return errors.Join(err, c.database.EnsureDatabase(ctx, productDatabase, productDatabase, processesRole))
}

func (c *cluster) startTemporal(ctx context.Context) error {
	err := c.add(ctx, "temporal", func(context.Context) (running, error) {
		return temporalProcess(c.log("temporal"), temporalSettings{
			Port: c.ports.temporal, DatabaseAddress: local(c.ports.links[temporalToPostgres]), Password: c.password,
		})
	})
	if err != nil {
		return err
	}
	return awaitListening(ctx, local(c.ports.temporal))
}

// startWorker starts the worker in that slot, as that version; one that runs there is ended first.
func (c *cluster) startWorker(ctx context.Context, slot int, build string) error {
	name := "worker-" + strconv.Itoa(slot+1)
	if before := c.part(name); before != nil {
		before.stop()
	}
	c.builds[slot] = build
	variables := append(c.environment(c.ports.links[workerToPostgres], c.ports.links[workerToTemporal]),
		"QUITTANCE_WORKER_ADDRESS="+local(c.ports.workers[slot]), "QUITTANCE_BUILD_ID="+build)
	return c.add(ctx, name, product(c.options.Binary, "worker", c.log(name), variables))
}

// promote makes new workflows start on that version. It is tried until a worker of the version has shown itself to Temporal,
// which takes its time while Temporal is disturbed.
func (c *cluster) promote(ctx context.Context, build string) error {
	ctx, cancel := context.WithTimeout(ctx, promotedWithin)
	defer cancel()
	for {
		err := c.command(ctx, []string{"QUITTANCE_BUILD_ID=" + build}, "admin", "promote")
		if err == nil || ctx.Err() != nil {
			return err
		}
		pause(ctx, restartAfter)
	}
}

// command runs a command of the product to its end, as an operator does who is near the servers.
func (c *cluster) command(ctx context.Context, variables []string, arguments ...string) error {
	p, err := startLogged(c.log("commands"), append(c.environment(c.ports.postgres, c.ports.temporal), variables...), c.options.Binary, arguments...)
	if err != nil {
		return err
	}
	select {
	case <-p.Ended():
	case <-ctx.Done():
		p.Kill()
	}
	if !p.Succeeded() {
		return fmt.Errorf("quittance %v failed: see %s", arguments, c.log("commands"))
	}
	return nil
}

// As in every local stack.
const (
	productDatabase = "quittance" // and the role that owns it
	processesRole   = "quittance_app"
)

// environment are the variables with which a part finds the others, Postgres and Temporal on these ports.
func (c *cluster) environment(postgres, temporal int) []string {
	l := c.ports.links
	found, err := stack.Environment(stack.Options{DataDir: filepath.Join(c.folder, "keys"), TimeScale: c.options.TimeScale, Ports: stack.Ports{
		API: l[publicToAPI], Temporal: temporal, Simulator: l[workerToSaferpay], Postgres: postgres, SMTP: l[workerToMail],
	}})
	if err != nil {
		panic(err) // the folder has been made, or databasePassword would have said why not
	}
	return stack.Assignments(found)
}

func (c *cluster) databasePassword() (string, error) {
	found, err := stack.Environment(stack.Options{DataDir: filepath.Join(c.folder, "keys")})
	if err != nil {
		return "", err
	}
	for _, v := range found {
		if v.Name == "QUITTANCE_DATABASE_URL" {
			u, err := url.Parse(v.Value)
			if err != nil {
				return "", err
			}
			password, _ := u.User.Password()
			return password, nil
		}
	}
	return "", errors.New("the local stack has no QUITTANCE_DATABASE_URL")
}

func (c *cluster) logs() string           { return filepath.Join(c.folder, "logs") }
func (c *cluster) log(part string) string { return filepath.Join(c.logs(), part+".log") }
func (c *cluster) apiURL() string         { return "http://" + local(c.ports.balancer) }
func (c *cluster) saferpayURL() string    { return "http://" + local(c.ports.simulator) }
func (c *cluster) receiverURL() string    { return "http://" + local(c.ports.links[workerToReceiver]) }

// stop ends everything, the parts that use others first.
func (c *cluster) stop() error {
	for _, name := range c.stopOrder() {
		c.part(name).stop()
	}
	if c.network != nil {
		c.network.stop()
	}
	var failures []error
	for _, stop := range c.stops {
		failures = append(failures, stop())
	}
	return errors.Join(failures...)
}

func (c *cluster) stopOrder() (order []string) {
	for _, name := range sortedKeys(c.parts) {
		if name != "postgres" && name != "temporal" {
			order = append(order, name)
		}
	}
	for _, name := range []string{"temporal", "postgres"} {
		if c.parts[name] != nil {
			order = append(order, name)
		}
	}
	return order
}
