package temporal

import (
	"github.com/temporalio/ui-server/v2/server"
	"github.com/temporalio/ui-server/v2/server/config"
	"github.com/temporalio/ui-server/v2/server/server_options"
)

// Web is a running Temporal Web.
type Web struct {
	server *server.Server
	done   chan struct{}
}

// StartWeb serves Temporal Web on 127.0.0.1 for the cluster at the address. The port must be free: the server underneath
// ends the process when it can't listen. codecURL is where it has payloads decoded, for operators who signed in there.
func StartWeb(port int, temporalAddress, namespace, codecURL string) *Web {
	w := &Web{
		server: server.NewServer(server_options.WithConfigProvider(webConfig{
			TemporalGRPCAddress: temporalAddress,
			DefaultNamespace:    namespace,
			Host:                loopback,
			Port:                port,
			EnableUI:            true,
			HideLogs:            true,
			Codec: config.Codec{
				Endpoint: codecURL, IncludeCredentials: true,
				DefaultErrorMessage: "Sign in at the codec server to read this.", DefaultErrorLink: codecURL,
			},
			// The page asks nobody outside this machine for news.
			DisableNewsFetch: true,
			// A plain http address on this machine.
			CORS: config.CORS{CookieInsecure: true},
		})),
		done: make(chan struct{}),
	}
	go func() {
		defer close(w.done)
		_ = w.server.Start() // it returns no other error than nil
	}()
	return w
}

// Stop ends Temporal Web.
func (w *Web) Stop() {
	w.server.Stop()
	<-w.done
}

type webConfig config.Config

// GetConfig implements config.ConfigProvider.
func (c webConfig) GetConfig() (*config.Config, error) { return (*config.Config)(&c), nil }
