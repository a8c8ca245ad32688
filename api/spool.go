package api

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"

	"github.com/quittance/quittance/internal/problem"
	"github.com/quittance/quittance/internal/settlement"
)

// maxMRX is the largest MRX, in bytes: some hundred thousand transactions.
const maxMRX = 1 << 30

// maxMemory is the largest MRX that is kept in memory, in bytes.
const maxMemory = 1 << 20

// sniffed is how much of a file says what it is, in bytes.
const sniffed = 4096

// spoolTimeout is how long an MRX that is too large for memory may take, to come and to be imported.
const spoolTimeout = 15 * time.Minute

// spooled is a body on disk. Its file has no name any more, so that nothing is left of it, however the process ends.
type spooled struct {
	*os.File
	hash [sha256.Size]byte
	size int64
}

// spool reads the body of a settlement file. It returns what was read, or for a large MRX the file on disk, which the caller closes. Any
// other file larger than maxSettlement is a *http.MaxBytesError.
func spool(w http.ResponseWriter, r *http.Request) (small []byte, large *spooled, err error) {
	body := bufio.NewReaderSize(r.Body, sniffed)
	head, _ := body.Peek(sniffed) // its error comes again
	isMRX, most := settlement.IsMRX(head), int64(maxSettlement)
	if isMRX {
		most = maxMemory
	}
	small, err = io.ReadAll(io.LimitReader(body, most+1))
	if err != nil || int64(len(small)) <= most {
		return small, nil, err
	}
	if !isMRX {
		return nil, nil, &http.MaxBytesError{Limit: maxSettlement}
	}
	response := http.NewResponseController(w)
	_ = response.SetReadDeadline(time.Now().Add(spoolTimeout)) // where it isn't supported, there is none
	_ = response.SetWriteDeadline(time.Now().Add(spoolTimeout))
	file, err := os.CreateTemp("", "settlement-*")
	if err != nil {
		return nil, nil, fmt.Errorf("keep a large settlement file: %w", err)
	}
	large = &spooled{File: file}
	defer func() {
		if err != nil {
			err = errors.Join(err, large.Close())
		}
	}()
	if err = os.Remove(file.Name()); err != nil {
		return nil, nil, fmt.Errorf("keep a large settlement file: %w", err)
	}
	hash := sha256.New()
	rest := http.MaxBytesReader(w, io.NopCloser(body), maxMRX-int64(len(small)))
	if large.size, err = io.Copy(io.MultiWriter(file, hash), io.MultiReader(bytes.NewReader(small), rest)); err != nil {
		return nil, nil, err
	}
	large.hash = [sha256.Size]byte(hash.Sum(nil))
	_, err = large.Seek(0, io.SeekStart)
	return nil, large, err
}

// spoolBody is readBody for settlement files in XML.
func (s *server) spoolBody(w http.ResponseWriter, r *http.Request, next http.Handler) {
	small, large, err := spool(w, r)
	_, tooLarge := errors.AsType[*http.MaxBytesError](err)
	switch {
	case tooLarge:
		s.refuse(w, r, problem.New(problem.TooLarge, "The body may have at most %d bytes, or %d if it is an MRX.", maxSettlement, maxMRX))
		return
	case err != nil:
		s.refuse(w, r, problem.New(problem.Malformed, "The body broke off while it was read."))
		return
	case large == nil:
		r.Body = io.NopCloser(bytes.NewReader(small))
	default:
		r.Body = large
		defer func() { _ = large.Close() }()
	}
	next.ServeHTTP(w, r)
}

// isSpooled reports whether the body of a request is on disk.
func isSpooled(r *http.Request) bool {
	_, is := r.Body.(*spooled)
	return is
}

type spooledKey struct{}

// hideBody takes a body that is on disk out of the way of the validator, which would read it into memory.
func hideBody(r *http.Request) *http.Request {
	if !isSpooled(r) {
		return r
	}
	hidden := r.WithContext(context.WithValue(r.Context(), spooledKey{}, r.Body))
	hidden.Body = http.NoBody
	return hidden
}

// unhideBody puts the body back that hideBody took away.
func unhideBody(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if large, is := r.Context().Value(spooledKey{}).(*spooled); is {
			r.Body = large
		}
		next.ServeHTTP(w, r)
	})
}

// settlementFile is the body of a call that imports a file.
type settlementFile struct {
	io.ReadSeeker
	data []byte // nil when it is on disk
	hash [sha256.Size]byte
	size int64
}

func readSettlementFile(body io.Reader) (settlementFile, error) {
	if large, is := body.(*spooled); is {
		return settlementFile{ReadSeeker: large, hash: large.hash, size: large.size}, nil
	}
	data, err := io.ReadAll(body)
	return settlementFile{ReadSeeker: bytes.NewReader(data), data: data, hash: sha256.Sum256(data), size: int64(len(data))}, err
}

// read reads the file: an MRX, or else a bank's file, or the acquirer's list in CSV.
func (f settlementFile) read(isCSV bool) (settlement.File, error) {
	if !isCSV && (f.data == nil || settlement.IsMRX(f.data[:min(len(f.data), sniffed)])) {
		return settlement.ReadMRX(f)
	}
	return settlement.Read(f.data, isCSV)
}
