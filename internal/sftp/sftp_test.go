package sftp_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/ssh"

	"github.com/quittance/quittance/internal/problem"
	"github.com/quittance/quittance/internal/settlement/source"
	"github.com/quittance/quittance/internal/sftp"
	"github.com/quittance/quittance/internal/testing/sftptest"
	"github.com/quittance/quittance/internal/webhook"
)

var monday = time.Date(2026, 11, 23, 6, 0, 0, 0, time.UTC)

func newClient() *sftp.Client { return sftp.New(webhook.NewDial(true)) }

// failed returns the failure that err must be.
func failed(t *testing.T, err error) source.Failure {
	t.Helper()
	f, ok := errors.AsType[*source.Failure](err)
	require.True(t, ok, "%v", err)
	assert.NotContains(t, f.Error(), sftptest.Password)
	assert.NotContains(t, f.Error(), "127.0.0.1", "an address tells what our resolver knows")
	return *f
}

func TestTheFolderIsListedOldestFirst(t *testing.T) {
	t.Parallel()
	s := sftptest.Start(t)
	s.Put("b.MRXD", "1", monday)
	s.Put("a.MRXD", "22", monday.Add(time.Hour))
	s.Put("c.MRXD", "333", monday)
	s.Put("readme.txt", "x", monday)
	s.Put("tab\t.MRXD", "x", monday)
	require.NoError(t, os.Mkdir(filepath.Join(s.Dir, "folder.MRXD"), 0o700))
	require.NoError(t, os.Symlink("/etc/passwd", filepath.Join(s.Dir, "link.MRXD")))
	files, err := newClient().List(t.Context(), s.Access(func(a *source.Access) { a.Pattern = "*.MRXD" }))
	require.NoError(t, err)
	assert.Equal(t, []source.Listed{
		{Name: "b.MRXD", Size: 1, ModifiedAt: monday}, {Name: "c.MRXD", Size: 3, ModifiedAt: monday}, {Name: "a.MRXD", Size: 2, ModifiedAt: monday.Add(time.Hour)},
	}, files)
}

func TestEitherSecretAndAnyFormOfTheHostKeyOpens(t *testing.T) {
	t.Parallel()
	s := sftptest.Start(t)
	c := newClient()
	for name, change := range map[string]func(*source.Access){
		"the password":             func(*source.Access) {},
		"the private key":          func(a *source.Access) { a.Auth, a.Secret = source.PrivateKey, s.PrivateKey },
		"a line of known_hosts":    func(a *source.Access) { a.HostKey = sftptest.Line(s.HostKey) },
		"a line of another kind":   func(a *source.Access) { a.HostKey = sftptest.Line(s.RSAKey) },
		"another fingerprint":      func(a *source.Access) { a.HostKey = ssh.FingerprintSHA256(s.RSAKey) },
		"a fingerprint with blank": func(a *source.Access) { a.HostKey = " " + a.HostKey + "= " },
	} {
		a := s.Access(change)
		require.NoError(t, c.Check(&a), name)
		_, err := c.List(t.Context(), a)
		require.NoError(t, err, name)
	}
}

func TestAServerThatAsksForThePasswordGetsIt(t *testing.T) {
	t.Parallel()
	s := sftptest.Start(t, sftptest.Asking)
	_, err := newClient().List(t.Context(), s.Access())
	require.NoError(t, err)
	_, err = newClient().List(t.Context(), s.Access(func(a *source.Access) { a.Secret = "wrong" }))
	assert.Equal(t, "password", failed(t, err).Field)
	taken, refused := s.Logins()
	assert.Equal(t, []int{1, 1}, []int{taken, refused}, "a wrong password is tried once")
	twice := sftptest.Start(t, sftptest.Asking, func(c *ssh.ServerConfig) {
		c.KeyboardInteractiveCallback = func(_ ssh.ConnMetadata, ask ssh.KeyboardInteractiveChallenge) (*ssh.Permissions, error) {
			_, err := ask("", "", []string{"Password: ", "Code: "}, []bool{false, true})
			return nil, err
		}
	})
	_, err = newClient().List(t.Context(), twice.Access())
	assert.Equal(t, "password is not all that the server asks for", failed(t, err).Error())
}

func TestAServerWithAnotherHostKeyIsToldNothing(t *testing.T) {
	t.Parallel()
	s, other := sftptest.Start(t), sftptest.Start(t)
	for _, key := range []string{ssh.FingerprintSHA256(other.HostKey), sftptest.Line(other.HostKey), sftptest.Line(other.RSAKey)} {
		a := s.Access(func(a *source.Access) { a.HostKey = key })
		require.NoError(t, newClient().Check(&a))
		_, err := newClient().List(t.Context(), a)
		f := failed(t, err)
		assert.Equal(t, "host_key", f.Field)
		assert.False(t, f.Passing)
		assert.Contains(t, f.Reason, "SHA256:")
		assert.True(t, strings.Contains(f.Reason, ssh.FingerprintSHA256(s.HostKey)) || strings.Contains(f.Reason, ssh.FingerprintSHA256(s.RSAKey)), f.Reason)
	}
	taken, refused := s.Logins()
	assert.Equal(t, []int{0, 0}, []int{taken, refused})
}

func TestAHostKeyOfAKindThatTheServerDoesNotHaveIsRefused(t *testing.T) {
	t.Parallel()
	s := sftptest.Start(t)
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	public, err := ssh.NewPublicKey(&key.PublicKey)
	require.NoError(t, err)
	_, err = newClient().List(t.Context(), s.Access(func(a *source.Access) { a.HostKey = strings.TrimSpace(string(ssh.MarshalAuthorizedKey(public))) }))
	f := failed(t, err)
	assert.Equal(t, source.Failure{Field: "host_key", Reason: "is of a kind that the server doesn't have"}, f)
}

func TestWhatIsWrongNamesItsField(t *testing.T) {
	t.Parallel()
	s := sftptest.Start(t)
	s.Put("file", "x", monday)
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = silent.Close() })
	go func() {
		for {
			conn, err := silent.Accept()
			if err != nil {
				return
			}
			_, _ = io.WriteString(conn, "220 mail.example ESMTP\r\n")
			_ = conn.Close()
		}
	}()
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, closed.Close())
	stranger := sftptest.Start(t)
	for want, change := range map[string]func(*source.Access){
		"password is not taken by the server for this user":    func(a *source.Access) { a.Secret = "wrong" },
		"private_key is not taken by the server for this user": func(a *source.Access) { a.Auth, a.Secret = source.PrivateKey, stranger.PrivateKey },
		"private_key can't be read":                            func(a *source.Access) { a.Auth, a.Secret = source.PrivateKey, "none" },
		"folder is not there":                                  func(a *source.Access) { a.Folder = "in" },
		"host leads to no address on the public internet":      func(a *source.Access) { a.Host = "sftp.invalid" },
		"host refused the connection":                          func(a *source.Access) { a.Port = closed.Addr().(*net.TCPAddr).Port },
		"host did not answer as an SSH server does":            func(a *source.Access) { a.Port = silent.Addr().(*net.TCPAddr).Port },
	} {
		_, err := newClient().List(t.Context(), s.Access(change))
		f := failed(t, err)
		assert.Equal(t, want, f.Error())
		assert.Equal(t, f.Field == "host", f.Passing, want)
	}
	_, err = newClient().List(t.Context(), s.Access(func(a *source.Access) { a.Folder = "out/file" }))
	assert.Equal(t, "folder", failed(t, err).Field)
}

func TestNoAddressInsideIsReached(t *testing.T) {
	t.Parallel()
	s := sftptest.Start(t)
	_, err := sftp.New(webhook.NewDial(false)).List(t.Context(), s.Access())
	assert.Equal(t, "host leads to no address on the public internet", failed(t, err).Error())
	taken, _ := s.Logins()
	assert.Zero(t, taken)
}

func fetch(c *sftp.Client, a source.Access, l source.Listed) (content string, err error) {
	err = c.Fetch(context.Background(), a, l, func(r io.Reader) error {
		data, err := io.ReadAll(r)
		content = string(data)
		return err
	})
	return content, err
}

func TestAFileIsFetchedWhole(t *testing.T) {
	t.Parallel()
	s := sftptest.Start(t)
	large := strings.Repeat("0123456789abcdef", 200_000) // 3.2 MB
	for name, content := range map[string]string{"large": large, "small": "x", "empty": ""} {
		s.Put(name, content, monday)
		got, err := fetch(newClient(), s.Access(), source.Listed{Name: name, Size: int64(len(content)), ModifiedAt: monday})
		require.NoError(t, err)
		require.Len(t, got, len(content), name) // a difference of megabytes says nothing
		require.Equal(t, 0, strings.Compare(content, got), name)
	}
	refusal := errors.New("it is broken")
	err := newClient().Fetch(t.Context(), s.Access(), source.Listed{Name: "small", Size: 1, ModifiedAt: monday}, func(io.Reader) error { return refusal })
	assert.Equal(t, refusal, err, "what take returns")
}

func TestAFileThatIsNotAsItWasListedIsNotFetched(t *testing.T) {
	t.Parallel()
	s := sftptest.Start(t)
	s.Put("grew", "12345", monday)
	s.Put("touched", "1234", monday.Add(time.Minute))
	require.NoError(t, os.Symlink("/etc/passwd", filepath.Join(s.Dir, "link")))
	for _, name := range []string{"grew", "touched", "gone", "link", "../secret", "..", "/etc/passwd", `..\x`, ""} {
		_, err := fetch(newClient(), s.Access(), source.Listed{Name: name, Size: 4, ModifiedAt: monday})
		require.ErrorIs(t, err, sftp.ErrChanged, name)
	}
}

func TestAFileThatGrowsWhileItIsFetchedIsRefusedAtItsEnd(t *testing.T) {
	t.Parallel()
	s := sftptest.Start(t)
	content := strings.Repeat("x", 1<<20)
	s.Put("file", content, monday)
	err := newClient().Fetch(t.Context(), s.Access(), source.Listed{Name: "file", Size: 1 << 20, ModifiedAt: monday}, func(r io.Reader) error {
		_, err := io.CopyN(io.Discard, r, 1<<19)
		require.NoError(t, err)
		s.Put("file", content+"y", monday)
		_, err = io.ReadAll(r)
		require.ErrorIs(t, err, sftp.ErrChanged)
		return nil
	})
	require.ErrorIs(t, err, sftp.ErrChanged, "although take saw nothing wrong")
}

func TestAConnectionThatIsLostInTheMiddleIsAFailure(t *testing.T) {
	t.Parallel()
	s := sftptest.Start(t)
	s.Put("file", strings.Repeat("x", 4<<20), monday)
	s.CutAfter(1 << 20)
	_, err := fetch(newClient(), s.Access(), source.Listed{Name: "file", Size: 4 << 20, ModifiedAt: monday})
	assert.Equal(t, source.Failure{Field: "host", Reason: "was lost while a file was fetched", Passing: true}, failed(t, err))
	s.CutAfter(2000) // in the handshake
	_, err = newClient().List(t.Context(), s.Access())
	assert.True(t, failed(t, err).Passing)
}

func TestALookEndsWithItsContext(t *testing.T) {
	t.Parallel()
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = silent.Close() })
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		conn, err := silent.Accept()
		if err == nil {
			t.Cleanup(func() { _ = conn.Close() })
			cancel()
		}
	}()
	s := sftptest.Start(t)
	_, err = newClient().List(ctx, s.Access(func(a *source.Access) { a.Port = silent.Addr().(*net.TCPAddr).Port }))
	assert.Equal(t, "host", failed(t, err).Field)
}

func TestTwoHundredFilesAreListed(t *testing.T) {
	t.Parallel()
	s := sftptest.Start(t)
	for i := range 200 {
		s.Put(fmt.Sprintf("%03d.csv", i), "x", monday.Add(time.Duration(i)*time.Minute))
	}
	files, err := newClient().List(t.Context(), s.Access())
	require.NoError(t, err)
	require.Len(t, files, 200)
	assert.Equal(t, []string{"000.csv", "199.csv"}, []string{files[0].Name, files[199].Name})
}

func TestKeysThatCanNotBeReadAreNamed(t *testing.T) {
	t.Parallel()
	s := sftptest.Start(t)
	signer, err := ssh.ParseRawPrivateKey([]byte(s.PrivateKey))
	require.NoError(t, err)
	locked, err := ssh.MarshalPrivateKeyWithPassphrase(signer, "", []byte("passphrase"))
	require.NoError(t, err)
	for _, wrong := range []struct{ field, hostKey, key string }{
		{"host_key", "", s.PrivateKey},
		{"host_key", "MD5:16:27:ac:a5:76:28:2d:36:63:1b:56:4d:eb:df:a6:48", s.PrivateKey},
		{"host_key", "SHA256:short", s.PrivateKey},
		{"private_key", sftptest.Line(s.HostKey), "none"},
		{"private_key", sftptest.Line(s.HostKey), string(pem.EncodeToMemory(locked))},
	} {
		a := s.Access(func(a *source.Access) { a.HostKey, a.Auth, a.Secret = wrong.hostKey, source.PrivateKey, wrong.key })
		refused, ok := errors.AsType[*problem.Error](newClient().Check(&a))
		require.True(t, ok, wrong)
		require.Len(t, refused.Fields, 1)
		assert.Equal(t, wrong.field, refused.Fields[0].Name)
		assert.NotContains(t, refused.Fields[0].Message, "BEGIN")
	}
}
