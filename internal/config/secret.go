package config

import (
	"fmt"
	"log/slog"
)

// Secret is a value that no log line, error or JSON document ever shows: every way of printing it gives "[redacted]".
type Secret string

const redacted = "[redacted]"

// Reveal returns the value itself, for the one place that needs it.
func (s Secret) Reveal() string { return string(s) }

// Format prints "[redacted]" for every verb and flag of package fmt.
func (Secret) Format(state fmt.State, _ rune) { _, _ = state.Write([]byte(redacted)) }

// LogValue prints "[redacted]" through package slog.
func (Secret) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText prints "[redacted]" through the encoders of the standard library, encoding/json among them.
func (Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }
