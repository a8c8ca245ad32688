package app

import (
	"context"
	"log/slog"

	"github.com/quittance/quittance/internal/codecserver"
	"github.com/quittance/quittance/internal/config"
	"github.com/quittance/quittance/internal/temporalkit"
)

// RunCodec decrypts payloads for operators in Temporal Web until ctx ends.
func RunCodec(ctx context.Context, cfg config.Config, log *slog.Logger) error {
	if err := cfg.ForCodec(); err != nil {
		return err
	}
	noteUnsafe(cfg, log)
	store, keyring, err := openStoreAndKeys(ctx, cfg)
	if err != nil {
		return err
	}
	defer store.Close()
	if err := checkRole(ctx, cfg, store, log); err != nil {
		return err
	}
	go keyring.Follow(ctx, log)
	return serve(ctx, cfg.Codec.Address, codecserver.New(codecserver.Options{
		Codec:          temporalkit.Codec(keyring),
		Sealer:         keyring,
		OperatorKey:    cfg.Codec.OperatorKey.Reveal,
		TrustedProxies: cfg.API.TrustedProxies,
		TemporalWebURL: cfg.Codec.TemporalWebURL,
		Logger:         log,
	}), log)
}
