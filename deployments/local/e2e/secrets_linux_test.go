package e2e

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"

	"github.com/quittance/quittance/deployments/local/stack"
	"github.com/quittance/quittance/workflows/contract"
)

// haystack is everything that a run left behind, by the name of the place.
type haystack map[string][]byte

// hidden is a secret of the run, with all the places that know it in clear, as they must. Beside them the books of the simulator may,
// where Saferpay knows it.
type hidden struct {
	what, secret string
	places       []string
	saferpay     bool
}

// TestSecretsOfARunAreFoundNowhere plants secrets in a run with payments, a refund, failures and refusals, everything logged,
// and then looks for them in all logs, in every column of every table of the product and of Temporal (histories as they are
// stored), in metrics, messages and answers: as they are, in base64, hexadecimal, and as URLs and JSON write them.
func TestSecretsOfARunAreFoundNowhere(t *testing.T) {
	t.Parallel()
	const (
		customer, address, contact = "Ottilie Geheimrat", "ottilie.geheimrat@verschwiegen.example", "kontakt@diskret.example"
		paper                      = "Passnummer X9183774 der Inhaberin"
		guessed, smtpPassword      = "Guessed+Password/91=", "Smtp+Password/77="
		guessedKey                 = "qk_test_guessed0123456789abcdefgh"
	)
	binary := buildProduct(t)
	options := ownOptions(t)
	options.OnlyInfra = true
	s := startStack(t, options)
	everything := stack.Variable{Name: "QUITTANCE_LOG_LEVEL", Value: "debug"}
	api, worker := startProcess(t, s, binary, "api", everything), startProcess(t, s, binary, "worker", everything)
	var answers bytes.Buffer
	refused := func(a answer, status int) {
		t.Helper()
		a.gives(status, nil)
		answers.Write(a.body)
		for name, values := range a.header {
			_, _ = fmt.Fprintf(&answers, "%s: %s\n", name, values)
		}
	}

	a := unverified(t, s, "700777")
	passwords := []string{"Planted+Password/1=", "Planted+Password/2="}
	a.credentials["api_password"] = passwords[0]
	a.change(t, object{"password": passwords[0]})
	c := newCompany(t, s)
	c.call("PATCH", "/settings", object{"contact_email": contact}).gives(200, nil)
	r := c.listen(nil)
	var endpoint struct{ Secret string }
	c.call("POST", r.path()+"/rotate-secret", nil).gives(200, &endpoint)

	// Credentials: wrong ones, unreadable ones, right ones, and others later.
	var service paymentService
	c.call("POST", "/payment-services", object{"provider": "worldline_saferpay", "environment": "test"}).gives(201, &service)
	credentials := "/payment-services/" + service.ID + "/credentials"
	wrong := maps.Clone(a.credentials)
	wrong["api_password"] = guessed
	refused(c.call("PUT", credentials, wrong), 422)
	wrong["api_password"] = []string{guessed}
	refused(c.call("PUT", credentials, wrong), 422)
	wrong["api_password"], wrong["more"] = guessed, guessed
	refused(c.call("PUT", credentials, wrong), 422)
	refused(c.call("PUT", credentials, []byte(`{"api_password": "`+guessed+`" oops`)), 400)
	c.call("PUT", credentials, a.credentials).gives(200, &service)
	require.Equal(t, "in_verification", service.Status)
	c.upload(service.ID, "pass.pdf", "%PDF-1.7 "+paper).gives(202, nil)
	await(t, patience, func() int { return len(c.mailsTo(acquirer)) }, func(n int) bool { return n == 1 })
	refused(c.upload(service.ID, "pass.txt", paper), 422)
	a.contract(t, object{"method": "VISA", "currencies": []string{"CHF"}}, object{"method": "MASTERCARD", "currencies": []string{"CHF"}})
	admin := &company{t: t, stack: s, key: stack.AdminKey}
	admin.call("POST", "/payment-services/"+service.ID+"/verification", object{"decision": "approved", "reason": "Told by mail."}).gives(200, &service)
	c.call("POST", "/payment-services/"+service.ID+"/default", nil).gives(200, nil)

	// Keys: one more, rotated; a guessed one.
	var key struct{ ID, Key string }
	admin.call("POST", "/companies/"+c.id+"/api-keys", object{"scopes": []string{"read"}}).gives(201, &key)
	keys := []string{c.key, key.Key}
	admin.call("POST", "/companies/"+c.id+"/api-keys/"+key.ID+"/rotate", nil).gives(201, &key)
	keys = append(keys, key.Key)
	for _, path := range []string{"/invoices", "/invoices?cursor=" + guessedKey} {
		refused((&company{t: t, stack: s, key: guessedKey}).call("GET", path, nil), 401)
	}
	refused(send(t, "POST", s.CodecURL()+"/decode", []byte(`{"payloads":[]}`), http.Header{"Authorization": {"Bearer " + guessedKey}}), 401)

	// A session of the console: by its link, which works once.
	opened, err := url.Parse(c.consoleLink("C. Favre", "manager", "de", "/console"))
	require.NoError(t, err)
	var session struct{ Token string }
	(&company{t: t, stack: s, key: opened.Query().Get("code")}).call("POST", "/console-sessions/enter", nil).gives(200, &session)

	// Payments: one that the first card doesn't pay, refunded in part; one through Saferpay's failures.
	issue := func(number string) invoice {
		t.Helper()
		inv, body := invoice{company: c}, newInvoice("108.00")
		body["number"], body["customer"] = number, object{"name": customer, "email": address, "language": "de"}
		made := send(t, "POST", s.APIURL()+"/v1/invoices", body, http.Header{"Authorization": {"Bearer " + c.key}, "Idempotency-Key": {number}})
		made.gives(201, &inv)
		refused(c.call("POST", "/invoices", body), 409)
		c.call("POST", "/invoices/"+inv.ID+"/issue", object{"send_email": true}).gives(200, &inv)
		return inv
	}
	inv := issue("S-1")
	inv.payNow("card").pay(declinedCard)
	inv.payNow("card").pay(visa)
	paid := inv.requireCollectedOnce("108.00").Payments[0].ID
	c.refund(paid, object{"amount": "8.00", "reason": "Kulanz"}).becomes(c, "captured")
	failing := issue("S-2")
	for _, fault := range []object{
		{"operation": "PaymentPage/Assert", "kind": "http_500_before", "times": 1},
		{"operation": "Transaction/Capture", "kind": "html_502", "times": 1},
	} {
		armFault(t, s, fault)
	}
	failing.payNow("card").pay(visa)
	failing.requireCollectedOnce("108.00")
	send(t, "GET", s.APIURL()+"/i/"+guessedKey, nil, nil).gives(404, nil) // the page links to itself in other languages
	refused(send(t, "GET", s.APIURL()+"/webhooks/saferpay/"+guessedKey+"/success", nil, nil), 404)

	// The password changes, and then the mail server refuses ours.
	a.change(t, object{"password": passwords[1]})
	suspended := issue("S-3")
	suspended.pressPayNow("card").gives(409, nil) // the page shows the invoice
	c.becomes(service.ID, "suspended")
	a.credentials["api_password"] = passwords[1]
	c.call("PUT", credentials, a.credentials).gives(200, nil)
	worker.Kill()
	unmailed := startProcess(t, s, binary, "worker", everything,
		stack.Variable{Name: "QUITTANCE_SMTP_URL", Value: "smtp://mailer:" + url.QueryEscape(smtpPassword) + "@127.0.0.1:" + strconv.Itoa(options.Ports.SMTP)})
	issue("S-4")
	await(t, patience, unmailed.said, func(log string) bool { return strings.Contains(log, "SMTP") })
	for _, m := range r.gets(10) {
		answers.Write(m.body)
		for name, values := range m.header {
			_, _ = fmt.Fprintf(&answers, "%s: %s\n", name, values)
		}
	}
	known, err := proto.Marshal(historyOf(t, operator(t, s, decoding(t, s)), contract.InvoicePaymentID(inv.ID)))
	require.NoError(t, err)
	notified := regexp.MustCompile(`"notification_secret":"([^"]+)"`).FindSubmatch(known)
	require.NotNil(t, notified)

	places := haystack{"answers and messages": answers.Bytes()}
	for name, p := range map[string]running{"log: api": api, "log: worker": worker, "log: worker without mail": unmailed} {
		require.Contains(t, p.said(), "level=DEBUG", "%s has everything", name)
		places[name] = []byte(p.said())
	}
	for name, address := range map[string]string{"metrics: api": s.APIURL(), "metrics: worker": "http://127.0.0.1:" + strconv.Itoa(options.Ports.Worker)} {
		places[name] = send(t, "GET", address+"/metrics", nil, nil).body
	}
	places.addFiles(t, options.DataDir)
	for _, database := range []string{"quittance", "temporal", "temporal_visibility"} {
		places.addTables(t, s.SuperuserURL(), database)
	}
	require.Greater(t, len(places), 80)
	require.Contains(t, string(places["table: temporal.history_node"]), "Ask Saferpay what became of it", "histories are read as they are stored")

	for _, h := range []hidden{
		{what: "the API password", secret: passwords[1], saferpay: true},
		{what: "the API password of before", secret: passwords[0], saferpay: true},
		{what: "the API password and its user", secret: fmt.Sprint(a.credentials["api_username"], ":", passwords[1])},
		{what: "a guessed API password", secret: guessed},
		{what: "a key of the company", secret: keys[0]},
		{what: "a replaced key", secret: keys[1]},
		{what: "its successor", secret: keys[2]},
		{what: "a key that somebody guessed", secret: guessedKey},
		{what: "the code of a link to the console", secret: opened.Query().Get("code")},
		{what: "the token of a session of the console", secret: session.Token},
		{what: "the administrator's key", secret: stack.AdminKey},
		{what: "the operators' key", secret: stack.OperatorKey},
		{what: "the secret of the webhook endpoint", secret: strings.TrimPrefix(endpoint.Secret, "whsec_")},
		{what: "its secret of before", secret: strings.TrimPrefix(r.secret, "whsec_")},
		{what: "the master key", secret: masterKey(t, s), places: []string{"file: master.key"}},
		{what: "what is in the master key", secret: insideOf(t, masterKey(t, s)), places: []string{"file: master.key"}},
		{what: "the password of the mail server", secret: smtpPassword},
		{what: "the password of the database", secret: databasePassword(t, s), places: []string{"file: quittance.json"}},
		{what: "the document", secret: paper},
		{what: "the customer's name", secret: customer},
		{what: "the customer's address", secret: address},
		{what: "the company's contact", secret: contact, places: []string{"table: quittance.audit_log", "table: quittance.companies", "table: quittance.security_notices"}},
		{what: "the token of the public link", secret: token(inv), saferpay: true},
		{what: "the secret of the notification address", secret: string(notified[1]), saferpay: true},
		{what: "the number of the card", secret: visa},
	} {
		found := places.with(h.secret)
		if h.saferpay {
			found = slices.DeleteFunc(found, func(place string) bool { return place == "file: simulator.json" })
		}
		assert.ElementsMatch(t, h.places, found, "%s: where it is", h.what)
	}
}

// with returns the places where the secret is, in any of the forms that something may write it in.
func (all haystack) with(secret string) (found []string) {
	quoted, _ := json.Marshal(secret)
	forms := [][]byte{
		[]byte(secret), quoted[1 : len(quoted)-1], []byte(url.QueryEscape(secret)), []byte(url.PathEscape(secret)),
		[]byte(hex.EncodeToString([]byte(secret))), []byte(strings.ToUpper(hex.EncodeToString([]byte(secret)))),
	}
	for shift := range 3 { // base64 of a text that has the secret in it, wherever it begins
		padded := append(bytes.Repeat([]byte{0}, shift), secret...)
		encoded := base64.RawStdEncoding.EncodeToString(padded[:len(padded)/3*3])[(shift*4+2)/3:]
		forms = append(forms, []byte(encoded), []byte(strings.NewReplacer("+", "-", "/", "_").Replace(encoded)))
	}
	for place, content := range all {
		if slices.ContainsFunc(forms, func(form []byte) bool { return bytes.Contains(content, form) }) {
			found = append(found, place)
		}
	}
	slices.Sort(found)
	return found
}

// addFiles adds what the stack wrote to its folder: logs, and the data of parts that are no Postgres.
func (all haystack) addFiles(t *testing.T, folder string) {
	t.Helper()
	require.NoError(t, filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := strings.TrimPrefix(strings.TrimPrefix(path, folder), "/")
		if name == "postgres/cluster" {
			return fs.SkipDir // its tables are added as such
		}
		if entry.Type().IsRegular() {
			all["file: "+name], err = os.ReadFile(path)
		}
		return err
	}))
}

// addTables adds every column of every table, bytes as they are.
func (all haystack) addTables(t *testing.T, superuserURL, database string) {
	t.Helper()
	at, err := url.Parse(superuserURL)
	require.NoError(t, err)
	at.Path = "/" + database
	conn, err := pgx.Connect(t.Context(), at.String())
	require.NoError(t, err)
	defer conn.Close(t.Context())
	rows, err := conn.Query(t.Context(), `select tablename from pg_tables where schemaname = 'public'`)
	require.NoError(t, err)
	tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(t, err)
	for _, table := range tables {
		var content bytes.Buffer
		_, err := conn.PgConn().CopyTo(t.Context(), &content, "copy "+pgx.Identifier{table}.Sanitize()+" to stdout (format binary)")
		require.NoError(t, err)
		all["table: "+database+"."+table] = content.Bytes()
	}
}

// insideOf returns the key itself out of a key set, as Tink writes it.
func insideOf(t *testing.T, keySet string) string {
	t.Helper()
	document, err := base64.StdEncoding.DecodeString(keySet)
	require.NoError(t, err)
	value := regexp.MustCompile(`"value":\s*"([^"]+)"`).FindSubmatch(document)
	require.NotNil(t, value)
	return string(value[1])
}

func databasePassword(t *testing.T, s *stack.Stack) string {
	t.Helper()
	at, err := url.Parse(s.DatabaseURL())
	require.NoError(t, err)
	password, found := at.User.Password()
	require.True(t, found)
	return password
}
