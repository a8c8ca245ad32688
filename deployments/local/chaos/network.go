package main

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	toxiproxy "github.com/Shopify/toxiproxy/v2"
	"github.com/rs/zerolog"
)

// The links between the parts; each is a proxy of its own, at which faults can be put in the way. The one in front of the API
// is for payers and Saferpay's notifications.
const (
	apiToPostgres      = "api → Postgres"
	apiToTemporal      = "api → Temporal"
	workerToPostgres   = "worker → Postgres"
	workerToTemporal   = "worker → Temporal"
	temporalToPostgres = "Temporal → Postgres"
	workerToSaferpay   = "worker → Saferpay"
	workerToMail       = "worker → mail server"
	workerToReceiver   = "worker → webhook receiver"
	publicToAPI        = "payers, Saferpay → api"
)

var links = []string{
	apiToPostgres, apiToTemporal, workerToPostgres, workerToTemporal, temporalToPostgres, workerToSaferpay, workerToMail, workerToReceiver, publicToAPI,
}

// cutOff is a link on which nobody listens any more; it is no toxic.
const cutOff = "cut off"

// toxics by the name under which a table counts them: what Toxiproxy calls them, and with which attributes.
var toxics = map[string]struct {
	toxic      string
	attributes map[string]int
}{
	"latency":           {"latency", map[string]int{"latency": 300, "jitter": 250}},
	"low bandwidth":     {"bandwidth", map[string]int{"rate": 8}}, // KB/s
	"connections reset": {"reset_peer", map[string]int{"timeout": 0}},
	"no answer":         {"timeout", map[string]int{"timeout": 0}}, // nothing arrives as long as it lasts, then the connection breaks
	"answers cut short": {"limit_data", map[string]int{"bytes": 3000}},
	cutOff:              {},
}

// network has the links.
type network struct {
	mu      sync.Mutex
	proxies map[string]*toxiproxy.Proxy
	holding map[string]int // faults that still hold a link cut off
	next    int
}

// newNetwork listens for each link on the port in from and passes on to the port in to.
func newNetwork(from, to map[string]int) (*network, error) {
	zerolog.SetGlobalLevel(zerolog.Disabled) // toxics log to standard output by themselves
	server := toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop())
	n := &network{proxies: map[string]*toxiproxy.Proxy{}, holding: map[string]int{}}
	for _, link := range links {
		p := toxiproxy.NewProxy(server, link, local(from[link]), local(to[link]))
		if err := p.Start(); err != nil {
			n.stop()
			return nil, fmt.Errorf("open the link %s: %w", link, err)
		}
		n.proxies[link] = p
	}
	return n, nil
}

// disturb puts the fault in the way until its time is over, or until ctx ends.
func (n *network) disturb(ctx context.Context, f Fault) error {
	n.mu.Lock()
	n.next++
	name := "fault-" + strconv.Itoa(n.next)
	n.mu.Unlock()
	p := n.proxies[f.Target]
	if f.Kind == cutOff {
		n.cut(p, 1)
		pause(ctx, f.For)
		n.cut(p, -1)
		return nil
	}
	direction := "downstream"
	if f.Upward {
		direction = "upstream"
	}
	description, err := json.Marshal(map[string]any{
		"name": name, "type": toxics[f.Kind].toxic, "stream": direction, "attributes": toxics[f.Kind].attributes,
	})
	if err != nil {
		return err
	}
	if _, err := p.Toxics.AddToxicJson(strings.NewReader(string(description))); err != nil {
		return fmt.Errorf("disturb %s by %s: %w", f.Target, f.Kind, err)
	}
	pause(ctx, f.For)
	return p.Toxics.RemoveToxic(context.WithoutCancel(ctx), name)
}

// cut closes the link while anything holds it cut off.
func (n *network) cut(p *toxiproxy.Proxy, by int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.holding[p.Name] += by
	if n.holding[p.Name] > 0 {
		p.Stop()
	} else {
		_ = p.Start() // it fails only when it is open
	}
}

func (n *network) stop() {
	for _, p := range n.proxies {
		p.Stop()
	}
}

func local(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }

// pause waits, or returns earlier when ctx ends.
func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
