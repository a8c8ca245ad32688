package api

import (
	"bytes"
	"context"
	"crypto/sha256"
	"io"
	"net/http"
	"strings"

	"github.com/quittance/quittance/internal/settlement"
)

// settlementFile is a file to import: the body of a call, or a file of an archive.
type settlementFile struct {
	io.ReadSeeker
	member *settlement.Member // of an archive; nil for a body by itself
	isCSV  bool
	hash   [sha256.Size]byte
	size   int64
	parsed settlement.File
	id     string // of its settlement, if it is new
}

// readSettlementFiles reads the body of a call that imports a file, or the files in it when it is an archive. PassedOver are the
// names of those in an archive that are none.
func (s *server) readSettlementFiles(ctx context.Context, body io.Reader) (files []settlementFile, passedOver []string, err error) {
	if large, is := body.(*spooled); is {
		files = []settlementFile{{ReadSeeker: large, hash: large.hash, size: large.size}}
	} else {
		data, err := io.ReadAll(body)
		if err != nil {
			return nil, nil, err
		}
		if settlement.IsArchive(data) {
			if files, passedOver, err = unpacked(data); err != nil {
				return nil, nil, err
			}
		} else {
			files = []settlementFile{{ReadSeeker: bytes.NewReader(data), hash: sha256.Sum256(data), size: int64(len(data)), isCSV: ctx.Value(sentCSVKey{}) != nil}}
		}
	}
	for i := range files {
		f := &files[i]
		if f.parsed, err = s.readFile(ctx, *f); err != nil {
			return nil, nil, f.named(err)
		}
	}
	return files, passedOver, nil
}

func unpacked(data []byte) (files []settlementFile, passedOver []string, err error) {
	members, passedOver, err := settlement.Unpack(data)
	for _, m := range members {
		files = append(files, settlementFile{ReadSeeker: m, member: m, isCSV: !m.IsXML(), hash: m.Hash, size: m.Size})
	}
	return files, passedOver, err
}

// content returns the whole file.
func (f settlementFile) content() ([]byte, error) {
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	return io.ReadAll(f)
}

// named returns the faults of a file with its name in the archive; any other error stays what it is.
func (f settlementFile) named(err error) error {
	if f.member == nil || f.member.Name == "" {
		return err
	}
	return f.member.Named(err)
}

// isArchive reports whether a call says that its body is a zip or gzip. The validator would unpack it.
func isArchive(r *http.Request) bool {
	kind := r.Header.Get("Content-Type")
	return isSettlement(r) && (strings.HasPrefix(kind, "application/zip") || strings.HasPrefix(kind, "application/gzip"))
}
