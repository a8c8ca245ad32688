package embeddedpg

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// debianPrograms is where Debian's and Ubuntu's packages put the server programs of each major version.
const debianPrograms = "/usr/lib/postgresql/*/bin"

// ErrNotInstalled says that this machine has no Postgres server programs.
var ErrNotInstalled = errors.New("found no Postgres server on this machine: install the package postgresql (apt-get install postgresql), or put initdb and postgres on PATH")

type binaries struct {
	major            int
	initdb, postgres string
}

// findBinaries returns the programs of the highest version, or, for a cluster that exists, of the version that made it:
// Postgres can't read the files of another major version.
func findBinaries(ctx context.Context, cluster string) (binaries, error) {
	folders, err := filepath.Glob(debianPrograms)
	if err != nil {
		return binaries{}, fmt.Errorf("look for Postgres: %w", err)
	}
	if onPath, err := exec.LookPath("postgres"); err == nil {
		if program, err := filepath.EvalSymlinks(onPath); err == nil {
			folders = append(folders, filepath.Dir(program))
		}
	}
	wanted, err := clusterVersion(cluster)
	if err != nil {
		return binaries{}, err
	}
	var best binaries
	for _, folder := range folders {
		found, ok := programsIn(ctx, folder)
		if ok && found.major > best.major && (wanted == 0 || found.major == wanted) {
			best = found
		}
	}
	switch {
	case best.major > 0:
		return best, nil
	case wanted > 0:
		return binaries{}, fmt.Errorf("the data in %s was written by Postgres %d, which is not installed: install postgresql-%d, or start with another data folder", cluster, wanted, wanted)
	default:
		return binaries{}, ErrNotInstalled
	}
}

var versionNumber = regexp.MustCompile(`\d+`)

func programsIn(ctx context.Context, folder string) (binaries, bool) {
	b := binaries{initdb: filepath.Join(folder, "initdb"), postgres: filepath.Join(folder, "postgres")}
	if _, err := os.Stat(b.initdb); err != nil {
		return binaries{}, false
	}
	out, err := exec.CommandContext(ctx, b.postgres, "--version").Output() // postgres (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)
	if err != nil {
		return binaries{}, false
	}
	b.major, err = strconv.Atoi(versionNumber.FindString(string(out)))
	return b, err == nil
}

// clusterVersion returns the major version that made the cluster, 0 when there is none yet.
func clusterVersion(cluster string) (int, error) {
	text, err := os.ReadFile(filepath.Join(cluster, "PG_VERSION"))
	if errors.Is(err, os.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("read the version of the Postgres data: %w", err)
	}
	version, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		return 0, fmt.Errorf("read the version of the Postgres data in %s: %w", cluster, err)
	}
	return version, nil
}
