package e2e

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha512"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// axe-core (https://github.com/dequelabs/axe-core, MPL 2.0) finds what keeps people from using a page. It is a program for browsers,
// which is fetched once from where it is published, and kept in the user's cache.
const (
	axeArchive   = "axe-core-4.14.1.tgz"
	axeIntegrity = "FHfa+lmNjQZfJz1q8wKqIDwC6DExcHt/pkjNQb09a3NPjCKg2rhu5qb2S4r76ASyFNNtuFooJpZe37OgudVGtQ==" // SHA-512, as npm publishes it
	axeTimeout   = 30 * time.Second
)

// axe returns the source of axe-core.
func axe(t *testing.T) string {
	t.Helper()
	archive, err := axeOnce()
	if err != nil {
		t.Skipf("axe-core can't be fetched, without which accessibility is not tested: %v", err)
	}
	sum := sha512.Sum512(archive)
	require.Equal(t, axeIntegrity, base64.StdEncoding.EncodeToString(sum[:]))
	unpacked, err := gzip.NewReader(bytes.NewReader(archive))
	require.NoError(t, err)
	for files := tar.NewReader(unpacked); ; {
		file, err := files.Next()
		require.NoError(t, err, "there is no axe.min.js in it")
		if file.Name == "package/axe.min.js" {
			source, err := io.ReadAll(files)
			require.NoError(t, err)
			return string(source)
		}
	}
}

var axeOnce = sync.OnceValues(func() ([]byte, error) {
	folder, err := os.UserCacheDir()
	if err != nil {
		return nil, err
	}
	kept := filepath.Join(folder, "quittance", axeArchive)
	if archive, err := os.ReadFile(kept); err == nil {
		return archive, nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), axeTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://registry.npmjs.org/axe-core/-/"+axeArchive, http.NoBody)
	if err != nil {
		return nil, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s: %s", request.URL, response.Status)
	}
	archive, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Dir(kept), 0o750); err != nil {
		return nil, err
	}
	return archive, os.WriteFile(kept, archive, 0o600)
})
