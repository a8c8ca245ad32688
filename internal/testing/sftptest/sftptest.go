// Package sftptest is a real SFTP server in the process of a test.
package sftptest

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"encoding/pem"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pkg/sftp"
	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/ssh"

	"github.com/quittance/quittance/internal/settlement/source"
)

// User and Password open every server.
const (
	User     = "merchant-4711"
	Password = "s3cr3t-of-the-folder"
)

// Server is an SFTP server on 127.0.0.1 with one folder, "out", and two host keys.
type Server struct {
	Port            int
	HostKey, RSAKey ssh.PublicKey // of the kinds Ed25519 and RSA
	PrivateKey      string        // which opens it as the password does, in PEM
	Dir             string        // the folder
	t               testing.TB
	mu              sync.Mutex
	logins, refused int
	cutAfter        int64 // bytes of an answer; 0 for never
	connections     map[net.Conn]bool
}

// Asking lets a server ask for the password instead of taking it, as some do.
func Asking(c *ssh.ServerConfig) {
	taken := c.PasswordCallback
	c.PasswordCallback = nil
	c.KeyboardInteractiveCallback = func(c ssh.ConnMetadata, ask ssh.KeyboardInteractiveChallenge) (*ssh.Permissions, error) {
		answers, err := ask("", "", []string{"Password: "}, []bool{false})
		if err != nil {
			return nil, err
		}
		return taken(c, []byte(answers[0]))
	}
}

// Start starts a server that ends with the test.
func Start(t testing.TB, changes ...func(*ssh.ServerConfig)) *Server {
	t.Helper()
	home := t.TempDir()
	s := &Server{t: t, Dir: filepath.Join(home, "out"), connections: map[net.Conn]bool{}}
	require.NoError(t, os.Mkdir(s.Dir, 0o700))
	_, own, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	block, err := ssh.MarshalPrivateKey(own, "")
	require.NoError(t, err)
	s.PrivateKey = string(pem.EncodeToMemory(block))
	allowed, err := ssh.NewSignerFromKey(own)
	require.NoError(t, err)
	config := &ssh.ServerConfig{
		PasswordCallback: func(c ssh.ConnMetadata, password []byte) (*ssh.Permissions, error) {
			return s.admit(c.User() == User && string(password) == Password)
		},
		PublicKeyCallback: func(c ssh.ConnMetadata, key ssh.PublicKey) (*ssh.Permissions, error) {
			return s.admit(c.User() == User && string(key.Marshal()) == string(allowed.PublicKey().Marshal()))
		},
	}
	for _, change := range changes {
		change(config)
	}
	_, elliptic, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	old, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	for key, public := range map[any]*ssh.PublicKey{&elliptic: &s.HostKey, old: &s.RSAKey} {
		signer, err := ssh.NewSignerFromKey(key)
		require.NoError(t, err)
		config.AddHostKey(signer)
		*public = signer.PublicKey()
	}
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	s.Port = listener.Addr().(*net.TCPAddr).Port
	var running sync.WaitGroup
	running.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			running.Go(func() { s.serve(conn, config, home) })
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
		s.mu.Lock()
		for conn := range s.connections {
			_ = conn.Close()
		}
		s.mu.Unlock()
		running.Wait()
	})
	return s
}

func (s *Server) admit(yes bool) (*ssh.Permissions, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if yes {
		s.logins++
		return nil, nil
	}
	s.refused++
	return nil, io.EOF
}

func (s *Server) serve(conn net.Conn, config *ssh.ServerConfig, home string) {
	s.mu.Lock()
	s.connections[conn] = true
	if s.cutAfter > 0 {
		conn = &cut{conn, s.cutAfter}
	}
	s.mu.Unlock()
	defer func() { _ = conn.Close() }()
	in, channels, requests, err := ssh.NewServerConn(conn, config)
	if err != nil {
		return
	}
	defer func() { _ = in.Close() }()
	go ssh.DiscardRequests(requests)
	for offered := range channels {
		channel, asked, err := offered.Accept()
		if err != nil {
			return
		}
		go func() {
			for request := range asked {
				_ = request.Reply(request.Type == "subsystem", nil)
			}
		}()
		files, err := sftp.NewServer(channel, sftp.WithServerWorkingDirectory(home), sftp.ReadOnly())
		if err != nil {
			return
		}
		_ = files.Serve()
		_ = channel.Close()
	}
}

// cut is a connection that breaks off after so many bytes of answers.
type cut struct {
	net.Conn
	left int64
}

func (c *cut) Write(p []byte) (int, error) {
	if c.left -= int64(len(p)); c.left < 0 {
		_ = c.Close()
		return 0, io.ErrClosedPipe
	}
	return c.Conn.Write(p)
}

// CutAfter lets connections that begin from now on break off after so many bytes of answers; 0 lets them live.
func (s *Server) CutAfter(bytes int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cutAfter = bytes
}

// Logins returns how many sign-ins were taken, and how many were refused.
func (s *Server) Logins() (taken, refused int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.logins, s.refused
}

// Put writes a file into the folder, last changed then.
func (s *Server) Put(name, content string, at time.Time) {
	s.t.Helper()
	file := filepath.Join(s.Dir, name)
	require.NoError(s.t, os.WriteFile(file, []byte(content), 0o600))
	require.NoError(s.t, os.Chtimes(file, at, at))
}

// Remove removes a file from the folder.
func (s *Server) Remove(name string) {
	s.t.Helper()
	require.NoError(s.t, os.Remove(filepath.Join(s.Dir, name)))
}

// Access returns the right access with the password, after the changes.
func (s *Server) Access(changes ...func(*source.Access)) source.Access {
	a := source.Access{Source: source.Source{
		Host: "127.0.0.1", Port: s.Port, User: User, Folder: "out", Pattern: "*", HostKey: ssh.FingerprintSHA256(s.HostKey), Auth: source.Password, Enabled: true,
	}, Secret: Password}
	for _, change := range changes {
		change(&a)
	}
	return a
}

// Line returns a host key as a line of known_hosts.
func Line(key ssh.PublicKey) string {
	return "sftp.acquirer.example " + strings.TrimSpace(string(ssh.MarshalAuthorizedKey(key))) + " acquirer"
}
