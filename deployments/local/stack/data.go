package stack

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/quittance/quittance/internal/secrets"
)

const (
	markerFile = "quittance.json"
	dataFormat = 1
)

// marker stands in the data folder and says that it is ours.
type marker struct {
	Format           int    `json:"format"`
	PostgresPassword string `json:"postgres_password"`
}

// dataFolder is where everything lies that is found again at the next start.
type dataFolder struct {
	path             string
	postgresPassword string
}

// openData makes the folder when it doesn't exist and refuses one that holds anything else.
func openData(path string) (dataFolder, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return dataFolder{}, fmt.Errorf("find the data folder: %w", err)
	}
	m, err := readMarker(path)
	if errors.Is(err, os.ErrNotExist) {
		m, err = makeMarker(path)
	}
	if err != nil {
		return dataFolder{}, err
	}
	if m.Format != dataFormat {
		return dataFolder{}, fmt.Errorf("the data folder %s has format %d and this program reads format %d: choose another folder with QUITTANCE_DATA", path, m.Format, dataFormat)
	}
	d := dataFolder{path: path, postgresPassword: m.PostgresPassword}
	if err := os.MkdirAll(d.file("logs"), 0o700); err != nil {
		return dataFolder{}, fmt.Errorf("make the folder of the logs: %w", err)
	}
	return d, d.ensureMasterKey()
}

func readMarker(path string) (marker, error) {
	var m marker
	content, err := os.ReadFile(filepath.Join(path, markerFile))
	if err != nil {
		return m, fmt.Errorf("open the data folder: %w", err)
	}
	if err := json.Unmarshal(content, &m); err != nil {
		return m, fmt.Errorf("the file %s is damaged: %w", filepath.Join(path, markerFile), err)
	}
	return m, nil
}

func makeMarker(path string) (marker, error) {
	m := marker{Format: dataFormat, PostgresPassword: rand.Text()}
	// The user that runs Postgres on behalf of root must be able to enter; what is secret has its own permissions.
	if err := os.MkdirAll(path, 0o755); err != nil { // #nosec G301
		return m, fmt.Errorf("make the data folder: %w", err)
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		return m, fmt.Errorf("open the data folder: %w", err)
	}
	if len(entries) > 0 {
		return m, fmt.Errorf("the folder %s is not empty (%s) and was not made by Quittance: choose another folder with QUITTANCE_DATA", path, entries[0].Name())
	}
	content, err := json.MarshalIndent(m, "", "  ") // #nosec G117 -- the password belongs into this file
	if err != nil {
		return m, fmt.Errorf("mark the data folder: %w", err)
	}
	if err := os.WriteFile(filepath.Join(path, markerFile), append(content, '\n'), 0o600); err != nil {
		return m, fmt.Errorf("mark the data folder: %w", err)
	}
	return m, nil
}

func (d dataFolder) file(elements ...string) string {
	return filepath.Join(append([]string{d.path}, elements...)...)
}

func (d dataFolder) masterKeyFile() string { return d.file("master.key") }

// ensureMasterKey makes the key once: what was encrypted with it must stay readable.
func (d dataFolder) ensureMasterKey() error {
	if _, err := os.Stat(d.masterKeyFile()); !errors.Is(err, os.ErrNotExist) {
		return err
	}
	key, err := secrets.Generate()
	if err != nil {
		return err
	}
	if err := os.WriteFile(d.masterKeyFile(), key, 0o600); err != nil {
		return fmt.Errorf("keep the master key: %w", err)
	}
	return nil
}
