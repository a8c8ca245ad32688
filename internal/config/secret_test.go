package config

import (
	"cmp"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// replace puts another content in the place of the file in one step, as Kubernetes and most programs do.
func replace(t *testing.T, file, content string) {
	t.Helper()
	require.NoError(t, os.WriteFile(file+".new", []byte(content), 0o600))
	require.NoError(t, os.Rename(file+".new", file))
}

func TestEverySecretComesFromAFileAndIsTakenUpWhenItChanges(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	file := func(name string) string { return filepath.Join(folder, name) }
	first := map[string]string{
		"QUITTANCE_DATABASE_URL": "postgres://u:one@127.0.0.1/q", "QUITTANCE_MIGRATION_DATABASE_URL": "postgres://o:one@127.0.0.1/q", "QUITTANCE_SMTP_URL": "smtps://u:one@mail.example.ch",
	}
	environment := map[string]string{ // where the client secret belongs
		"QUITTANCE_OPERATOR_ISSUER": "https://login.example.ch", "QUITTANCE_OPERATOR_CLIENT_ID": "quittance", "QUITTANCE_OPERATOR_CLAIM": "groups", "QUITTANCE_OPERATOR_VALUE": "operations",
	}
	for name := range new(Config).secrets() {
		environment[name+"_FILE"] = file(name)
		replace(t, file(name), cmp.Or(first[name], "one")+"\n")
	}
	cfg, err := Parse(environment)
	require.NoError(t, err)
	secrets := cfg.secrets()
	for name, secret := range secrets {
		require.Equal(t, cmp.Or(first[name], "one"), secret.Reveal(), name)
		replace(t, file(name), "two")
	}
	reveals := func(value string) {
		t.Helper()
		for name, secret := range secrets {
			require.Eventually(t, func() bool { return secret.Reveal() == value }, 10*time.Second, 20*time.Millisecond, name)
		}
	}
	reveals("two")
	for name := range secrets {
		replace(t, file(name), " \n")
	}
	assert.Never(t, func() bool { return cfg.API.AdminKey.Reveal() != "two" }, 2*secretFresh, 100*time.Millisecond, "an empty file opens no door")
	for name := range secrets {
		require.NoError(t, os.Remove(file(name)))
	}
	assert.Never(t, func() bool { return cfg.API.AdminKey.Reveal() != "two" }, 2*secretFresh, 100*time.Millisecond, "nor does one that is missing")
	for name := range secrets {
		replace(t, file(name), "three")
	}
	reveals("three")
}

// TestEverySecretOfTheSettingsHasItsFile finds the fields by their type.
func TestEverySecretOfTheSettingsHasItsFile(t *testing.T) {
	t.Parallel()
	var cfg Config
	var all []*Secret
	var look func(v reflect.Value)
	look = func(v reflect.Value) {
		for i := range v.NumField() {
			field := v.Field(i)
			if secret, ok := field.Addr().Interface().(*Secret); ok {
				all = append(all, secret)
			} else if field.Kind() == reflect.Struct {
				look(field)
			}
		}
	}
	look(reflect.ValueOf(&cfg).Elem())
	var named []*Secret
	for name, secret := range cfg.secrets() {
		assert.Contains(t, variables, name)
		named = append(named, secret)
	}
	assert.Len(t, named, len(all))
	for _, secret := range all {
		assert.True(t, slices.Contains(named, secret)) // the same field, not an equal one
	}
}

func TestASecretThatIsNowhereIsNotSet(t *testing.T) {
	t.Parallel()
	for _, s := range []Secret{{}, NewSecret("")} {
		assert.False(t, s.IsSet())
		assert.Empty(t, s.Reveal())
	}
	assert.True(t, NewSecret("x").IsSet())
}
