package config

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync"
	"time"
)

// Secret is a value that no log line, error or JSON document ever shows: every way of printing it gives "[redacted]". It was given
// itself, or in a file, which may change while the process runs.
type Secret struct {
	value string
	file  *secretFile // nil when the value itself was given
}

const redacted = "[redacted]"

// NewSecret returns the value as a secret.
func NewSecret(value string) Secret { return Secret{value: value} }

// secretFromFile returns what the file holds, without space around it, as the secret of that variable.
func secretFromFile(variable, path string) (Secret, error) {
	value, err := readSecret(path)
	return Secret{file: &secretFile{variable: variable, path: path, value: value, readAt: time.Now()}}, err
}

// IsSet reports whether there is a value.
func (s Secret) IsSet() bool { return s != Secret{} }

// Reveal returns the value itself, for the one place that needs it, when it needs it. That of a file changes within secretFresh of it.
func (s Secret) Reveal() string {
	if s.file == nil {
		return s.value
	}
	return s.file.reveal()
}

// UnmarshalText takes the value itself.
func (s *Secret) UnmarshalText(text []byte) error {
	*s = NewSecret(string(text))
	return nil
}

// Format prints "[redacted]" for every verb and flag of package fmt.
func (Secret) Format(state fmt.State, _ rune) { _, _ = state.Write([]byte(redacted)) }

// LogValue prints "[redacted]" through package slog.
func (Secret) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText prints "[redacted]" through the encoders of the standard library, encoding/json among them.
func (Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// secretFresh is how long what was read of a file is taken for what stands in it.
const secretFresh = time.Second

// secretFile is a file that holds a secret. While it can't be read, is empty, or is refused, its last value stays.
type secretFile struct {
	variable, path string
	refuse         func(value string) bool // what is not taken up; nil for nothing

	mu     sync.Mutex
	value  string
	readAt time.Time
	failed bool
}

func (f *secretFile) reveal() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	if time.Since(f.readAt) < secretFresh {
		return f.value
	}
	value, err := readSecret(f.path)
	if err == nil && value != f.value && f.refuse != nil && f.refuse(value) {
		err = errors.New("it is unsafe")
	}
	switch {
	case err != nil && !f.failed:
		slog.Warn("secret not taken up", "variable", f.variable, "error", err)
	case err == nil && value != f.value:
		slog.Info("secret taken up", "variable", f.variable)
		f.value = value
	}
	f.readAt, f.failed = time.Now(), err != nil
	return f.value
}

func readSecret(path string) (string, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	value := strings.TrimSpace(string(content))
	if value == "" {
		return "", errors.New("it is empty")
	}
	return value, nil
}
