package main

import (
	"context"
	"encoding/json"
	"errors"
	"os"

	"github.com/quittance/quittance/deployments/local/process"
	"github.com/quittance/quittance/deployments/local/temporal"
)

// The Temporal server is a library. To be killed on its own it needs a process of its own, and that is this program started
// once more with this variable.
const temporalVariable = "QUITTANCE_CHAOS_TEMPORAL"

// Names of Temporal's databases on Postgres, of the role that owns them, and of its namespace.
const (
	temporalDatabase   = "temporal"
	visibilityDatabase = "temporal_visibility"
	temporalRole       = "temporal"
	namespace          = "default"
)

type temporalSettings struct {
	Port            int
	DatabaseAddress string
	Password        string
}

// temporalProcess starts the Temporal server in a process of its own.
func temporalProcess(logFile string, s temporalSettings) (*process.Process, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	settings, err := json.Marshal(s) // #nosec G117 -- for the environment of our own child only
	if err != nil {
		return nil, err
	}
	return startLogged(logFile, []string{temporalVariable + "=" + string(settings)}, self)
}

// runTemporal is what such a process does until it is killed.
func runTemporal(settings string) error {
	var s temporalSettings
	if err := json.Unmarshal([]byte(settings), &s); err != nil {
		return err
	}
	on := temporal.Database{Address: s.DatabaseAddress, Role: temporalRole, Password: s.Password}
	store, visibility := on, on
	store.Name, visibility.Name = temporalDatabase, visibilityDatabase
	if _, err := temporal.Start(context.Background(), temporal.Options{
		Port: s.Port, Store: store, Visibility: visibility, Namespace: namespace, Log: os.Stderr,
	}); err != nil {
		return errors.Join(errors.New("the Temporal server did not start"), err)
	}
	select {}
}
