// Package sftp fetches files from the SFTP servers that companies name. The host key is pinned always, and whatever a server does, a
// look ends in time and takes no more than so many bytes.
package sftp

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pkg/sftp"
	"golang.org/x/crypto/ssh"

	"github.com/quittance/quittance/internal/settlement/source"
)

const (
	// listTimeout is how long a look into a folder may take, from the first byte to the last.
	listTimeout = time.Minute
	// fetchTimeout is how long one file may take.
	fetchTimeout = 10 * time.Minute
	// listBytes is how much a server may send besides the content of a file, in bytes: some hundred thousand names.
	listBytes = 32 << 20
	// readAhead is how much of a file is asked for at once, in bytes.
	readAhead = 256 << 10
)

// ErrChanged means that a file is not what was listed: somebody still writes to it.
var ErrChanged = errors.New("the file changed while it was fetched")

// Dial connects to an address. Its error says in words for a company's people why it can't, as the end of a sentence that begins with
// "host".
type Dial func(ctx context.Context, network, address string) (net.Conn, error)

// Client speaks with servers. It is safe for concurrent use; get one from New.
type Client struct{ dial Dial }

// New returns a client that reaches what dial reaches.
func New(dial Dial) *Client { return &Client{dial} }

// List returns the files of the folder that the source wants, oldest first. An error is a *source.Failure.
func (c *Client) List(ctx context.Context, a source.Access) ([]source.Listed, error) {
	in, err := c.open(ctx, a, listTimeout, listBytes)
	if err != nil {
		return nil, err
	}
	defer in.close()
	entries, err := in.files.ReadDirContext(ctx, a.Folder)
	if err != nil {
		return nil, noFolder(err)
	}
	var found []source.Listed
	for _, e := range entries {
		if e.Mode().IsRegular() && a.Wants(e.Name()) {
			found = append(found, listed(e))
		}
	}
	slices.SortFunc(found, func(x, y source.Listed) int {
		return cmp.Or(x.ModifiedAt.Compare(y.ModifiedAt), strings.Compare(x.Name, y.Name))
	})
	return found, nil
}

func listed(e fs.FileInfo) source.Listed {
	return source.Listed{Name: e.Name(), Size: e.Size(), ModifiedAt: e.ModTime().UTC().Truncate(time.Second)}
}

// Fetch hands the content of a listed file to take. The content ends with an error when the connection is lost, or when the file is
// not what was listed; then that is the error, a *source.Failure or ErrChanged, whatever take returns.
func (c *Client) Fetch(ctx context.Context, a source.Access, wanted source.Listed, take func(io.Reader) error) error {
	if !a.Wants(wanted.Name) {
		return ErrChanged
	}
	in, err := c.open(ctx, a, fetchTimeout, listBytes+2*wanted.Size)
	if err != nil {
		return err
	}
	defer in.close()
	name := path.Join(a.Folder, wanted.Name)
	file, err := in.files.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return ErrChanged
	}
	if err != nil {
		return lost(err, "can't be read there")
	}
	content := &content{file: bufio.NewReaderSize(file, readAhead), wanted: wanted, stat: func() (fs.FileInfo, error) { return in.files.Lstat(name) }}
	if err := content.check(); err != nil {
		return err
	}
	err = take(content)
	if content.failed != nil {
		return content.failed
	}
	return err
}

// content reads a file to its listed end, and then makes sure that this is its end.
type content struct {
	file   io.Reader
	wanted source.Listed
	stat   func() (fs.FileInfo, error)
	read   int64
	failed error // why the content is not whole
}

func (c *content) Read(into []byte) (n int, err error) {
	if c.failed != nil {
		return 0, c.failed
	}
	if left := c.wanted.Size - c.read; int64(len(into)) > left {
		into = into[:left]
	}
	if len(into) > 0 {
		n, err = c.file.Read(into)
		c.read += int64(n)
	}
	switch {
	case c.read == c.wanted.Size && (err == nil || errors.Is(err, io.EOF)):
		if c.failed = c.check(); c.failed != nil {
			return 0, c.failed
		}
		return n, io.EOF
	case errors.Is(err, io.EOF):
		c.failed = ErrChanged
	case err != nil:
		c.failed = lost(err, "was lost while a file was fetched")
	}
	return n, c.failed
}

func (c *content) check() error {
	now, err := c.stat()
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return ErrChanged
	case err != nil:
		return lost(err, "was lost while a file was fetched")
	case !now.Mode().IsRegular() || now.Size() != c.wanted.Size || !now.ModTime().UTC().Truncate(time.Second).Equal(c.wanted.ModifiedAt):
		return ErrChanged
	}
	return nil
}

// session is a sign-in at a server.
type session struct {
	files *sftp.Client
	close func()
}

// open signs in. A host key of another kind than the pinned one is no reason to give up, until all were tried.
func (c *Client) open(ctx context.Context, a source.Access, timeout time.Duration, budget int64) (session, error) {
	want, algorithms := pinned(a.HostKey)
	var seen string // the first key that the server showed
	for _, family := range algorithms {
		in, shown, err := c.signIn(ctx, a, want, family, timeout, budget)
		if seen = cmp.Or(seen, shown); err == nil {
			return in, nil
		}
		if !errors.Is(err, errOtherKey) {
			return session{}, err
		}
	}
	if seen == "" {
		return session{}, &source.Failure{Field: "host_key", Reason: "is of a kind that the server doesn't have"}
	}
	return session{}, &source.Failure{
		Field: "host_key", Reason: fmt.Sprintf("is not that of the server, which shows %s; ask whoever runs the server before you change it", seen),
	}
}

// errOtherKey means that the server has another host key than the pinned one, or none of that kind. Nothing was told to it.
var errOtherKey = errors.New("another host key")

// errMoreAsked means that the server asks for more than a password.
var errMoreAsked = errors.New("more is asked than a password")

func (c *Client) signIn(ctx context.Context, a source.Access, want string, algorithms []string, timeout time.Duration, budget int64) (
	in session, shown string, err error,
) {
	methods := []ssh.AuthMethod{ssh.Password(a.Secret), ssh.KeyboardInteractive(answerWith(a.Secret))}
	if a.Auth == source.PrivateKey {
		key, err := ssh.ParsePrivateKey([]byte(a.Secret))
		if err != nil {
			return in, "", &source.Failure{Field: "private_key", Reason: "can't be read"}
		}
		methods = []ssh.AuthMethod{ssh.PublicKeys(key)}
	}
	raw, err := c.dial(ctx, "tcp", net.JoinHostPort(a.Host, strconv.Itoa(a.Port)))
	if err != nil {
		return in, "", &source.Failure{Field: "host", Reason: err.Error(), Passing: true}
	}
	_ = raw.SetDeadline(time.Now().Add(timeout)) // of the whole session; a connection that knows none is closed with ctx
	stop := context.AfterFunc(ctx, func() { _ = raw.Close() })
	end := func() {
		stop()
		_ = raw.Close()
	}
	defer func() {
		if err != nil {
			end()
		}
	}()
	trusted := false
	conn, channels, requests, err := ssh.NewClientConn(&bounded{raw, budget}, a.Host, &ssh.ClientConfig{
		User: a.User, Auth: methods, HostKeyAlgorithms: algorithms, ClientVersion: "SSH-2.0-Quittance",
		HostKeyCallback: func(_ string, _ net.Addr, key ssh.PublicKey) error {
			if shown = ssh.FingerprintSHA256(key); shown != want {
				return errOtherKey
			}
			trusted = true
			return nil
		},
	})
	negotiation, ok := errors.AsType[*ssh.AlgorithmNegotiationError](err)
	noneOfThatKind := ok && strings.Contains(negotiation.What, "host key")
	switch {
	case err == nil:
	case errors.Is(err, errOtherKey), shown != "" && !trusted, noneOfThatKind:
		return in, shown, errOtherKey
	case trusted && strings.Contains(err.Error(), "unable to authenticate"): // the library has no type for it
		return in, shown, &source.Failure{Field: string(a.Auth), Reason: "is not taken by the server for this user"}
	case errors.Is(err, errMoreAsked):
		return in, shown, &source.Failure{Field: string(a.Auth), Reason: "is not all that the server asks for"}
	default:
		return in, shown, lost(err, "did not answer as an SSH server does")
	}
	client := ssh.NewClient(conn, channels, requests)
	files, err := sftp.NewClient(client, sftp.UseConcurrentReads(true))
	if err != nil {
		_ = client.Close()
		return in, shown, lost(err, "offers no SFTP")
	}
	return session{files, func() {
		_ = files.Close()
		_ = client.Close()
		end()
	}}, shown, nil
}

// answerWith answers the one hidden question of a server that asks for a password instead of taking it (RFC 4256). It answers nothing
// else: a second factor is none of ours.
func answerWith(password string) ssh.KeyboardInteractiveChallenge {
	return func(_, _ string, questions []string, shown []bool) ([]string, error) {
		switch {
		case len(questions) == 0:
			return nil, nil
		case len(questions) == 1 && !shown[0]:
			return []string{password}, nil
		default:
			return nil, errMoreAsked
		}
	}
}

// lost is a failure that may pass.
func lost(err error, otherwise string) *source.Failure {
	var network net.Error
	reason := otherwise
	if errors.As(err, &network) && network.Timeout() {
		reason = "took too long to answer"
	}
	return &source.Failure{Field: "host", Reason: reason, Passing: true}
}

// noFolder says why a folder can't be read.
func noFolder(err error) *source.Failure {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return &source.Failure{Field: "folder", Reason: "is not there"}
	case errors.Is(err, fs.ErrPermission):
		return &source.Failure{Field: "folder", Reason: "may not be read by this user"}
	default:
		if status, ok := errors.AsType[*sftp.StatusError](err); ok && status.FxCode() == sftp.ErrSSHFxFailure {
			return &source.Failure{Field: "folder", Reason: "can't be read: it may be a file"}
		}
		return lost(err, "was lost while its folder was read")
	}
}

// bounded is a connection from which only so many bytes are read.
type bounded struct {
	net.Conn
	left int64
}

func (b *bounded) Read(into []byte) (int, error) {
	if b.left <= 0 {
		return 0, errors.New("the server sent too much")
	}
	n, err := b.Conn.Read(into)
	b.left -= int64(n)
	return n, err
}
