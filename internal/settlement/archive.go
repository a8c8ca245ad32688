package settlement

import (
	"archive/zip"
	"bufio"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
)

// What an archive may hold at most. Real statements become 5 to 60 times smaller.
const (
	maxMembers  = 500
	maxUnpacked = 100 << 20 // bytes, of all members together
	maxRatio    = 300       // of that, once it is more than a few pages
	minForRatio = 1 << 20
)

// Member is a file in an archive. It is unpacked while it is read, and again from the start for each Seek to there.
type Member struct {
	Name string
	Hash [sha256.Size]byte
	Size int64 // unpacked, in bytes

	open   func() (io.ReadCloser, error)
	now    io.ReadCloser
	begins []byte
}

// IsXML reports whether the file begins like XML; a list in CSV doesn't.
func (m *Member) IsXML() bool {
	return bytes.HasPrefix(bytes.TrimLeft(m.begins, "\ufeff \r\n\t"), []byte("<"))
}

// IsArchive reports whether a file that begins like that is a zip or gzip.
func IsArchive(head []byte) bool {
	return bytes.HasPrefix(head, []byte("PK\x03\x04")) || bytes.HasPrefix(head, []byte("PK\x05\x06")) || bytes.HasPrefix(head, []byte("\x1f\x8b"))
}

// Unpack returns the files of a zip or gzip, in their order, and the names of those that are passed over: banks add PDFs and pictures
// to statements. Nothing of them is kept in memory. An archive that is larger than allowed, damaged or without a file to read,
// or that has another archive in it, is a *FileError.
func Unpack(data []byte) (members []*Member, passedOver []string, err error) {
	if !bytes.HasPrefix(data, []byte("PK")) {
		m := &Member{open: func() (io.ReadCloser, error) { return gzip.NewReader(bytes.NewReader(data)) }}
		if _, err := m.measure(maxUnpacked, len(data)); err != nil {
			return nil, nil, err
		}
		if kind := otherKind(m.begins); kind != "" {
			return nil, nil, refuseKind(kind, m.begins)
		}
		return []*Member{m}, nil, nil
	}
	archive, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return nil, nil, refuseKind(kindBroken, nil)
	}
	if isOffice(archive) {
		return nil, nil, refuseKind(kindExcel, nil)
	}
	if len(archive.File) > maxMembers {
		return nil, nil, refuseKind(kindTooLarge, nil)
	}
	left := int64(maxUnpacked)
	for _, f := range archive.File {
		if f.FileInfo().IsDir() || isJunk(f.Name) {
			continue
		}
		m := &Member{Name: nameOf(f.Name), open: f.Open}
		if left, err = m.measure(left, len(data)); err != nil {
			return nil, nil, m.Named(err)
		}
		switch kind := otherKind(m.begins); kind {
		case "":
			members = append(members, m)
		case kindPDF, kindImage:
			passedOver = append(passedOver, m.Name)
		default:
			return nil, nil, m.Named(refuseKind(kind, m.begins))
		}
	}
	switch {
	case len(members) > 0:
		return members, passedOver, nil
	case len(passedOver) > 0:
		return nil, nil, (&Member{Name: passedOver[0]}).Named(refuseKind(kindPDF, nil))
	default:
		return nil, nil, refuseKind(kindBroken, nil)
	}
}

// isOffice reports whether a zip is what Excel, or a program like it, writes.
func isOffice(archive *zip.Reader) bool {
	for _, f := range archive.File {
		if f.Name == "[Content_Types].xml" || f.Name == "mimetype" {
			return true
		}
	}
	return false
}

// isJunk reports whether a file was put into a zip by an operating system.
func isJunk(name string) bool {
	return strings.HasPrefix(name, "__MACOSX/") || strings.HasPrefix(path.Base(name), ".") || strings.EqualFold(path.Base(name), "thumbs.db")
}

// nameOf returns a name in the form in which it is safe to show.
func nameOf(name string) string {
	name = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return -1
		}
		return r
	}, strings.ToValidUTF8(name, "?"))
	if len(name) > 100 {
		name = strings.ToValidUTF8(name[:100], "") + "…"
	}
	return name
}

// Named returns a *FileError with the name of the member; any other error stays what it is.
func (m *Member) Named(err error) error {
	if refused, ok := errors.AsType[*FileError](err); ok {
		return &FileError{Kind: refused.Kind, File: m.Name, Faults: refused.Faults}
	}
	return err
}

// measure reads the member once, up to a limit that it lowers, and takes note of what it is.
func (m *Member) measure(left int64, packed int) (int64, error) {
	if _, err := m.Seek(0, io.SeekStart); err != nil {
		return left, err
	}
	r := bufio.NewReaderSize(m, sniffed)
	m.begins, _ = r.Peek(sniffed) // its error comes again
	m.begins = bytes.Clone(m.begins)
	hash := sha256.New()
	size, err := io.Copy(hash, io.LimitReader(r, left+1))
	if err != nil {
		return left, errors.Join(err, m.now.Close())
	}
	left -= size
	if unpacked := maxUnpacked - left; left < 0 || unpacked > minForRatio && unpacked > maxRatio*int64(packed) {
		_ = m.now.Close()
		return left, refuseKind(kindTooLarge, nil)
	}
	m.Size, m.Hash = size, [sha256.Size]byte(hash.Sum(nil))
	return left, m.now.Close()
}

// Read reads on; a damaged archive is a *FileError.
func (m *Member) Read(p []byte) (int, error) {
	n, err := m.now.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		return n, refuseKind(kindBroken, nil)
	}
	return n, err
}

// Seek goes back to the start, and nowhere else.
func (m *Member) Seek(offset int64, whence int) (int64, error) {
	if offset != 0 || whence != io.SeekStart {
		return 0, fmt.Errorf("a file in an archive is read from its start only")
	}
	if m.now != nil {
		_ = m.now.Close() // what is left of it is of no interest
	}
	now, err := m.open()
	if err != nil {
		return 0, refuseKind(kindBroken, nil)
	}
	m.now = now
	return 0, nil
}
