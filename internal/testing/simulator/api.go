package simulator

import (
	"bytes"
	"encoding/json"
	"io"
	"mime"
	"net/http"
	"strings"
	"time"

	"github.com/quittance/quittance/internal/saferpay"
)

const maxRequest = 1 << 20 // bytes

// reply is an answer of the API as JSON.
type reply map[string]any

// caller is the authenticated customer of a call, and the URL at which it reached the simulator.
type caller struct {
	*account
	baseURL  string
	leftOpen time.Duration // how long the acquirer leaves the answer to this call open, see faultPending
}

// Operations that merchants may use besides Quittance.
const (
	operationMultipartCapture  = "Transaction/MultipartCapture"
	operationMultipartFinalize = "Transaction/MultipartFinalize"
)

// operation carries out a request of a caller. The answer is a reply or a refusal.
type operation func(by caller, body []byte) (reply, *refusal)

func (s *Simulator) routeAPI() {
	for name, run := range map[string]operation{
		saferpay.OperationInitialize:    handle(initializeSchema, s.initialize),
		saferpay.OperationAssert:        handle(assertSchema, s.assert),
		saferpay.OperationCapture:       handle(captureSchema, s.capture),
		saferpay.OperationAssertCapture: handle(captureReferenceSchema, s.assertCapture),
		operationMultipartCapture:       handle(multipartSchema, s.multipartCapture),
		operationMultipartFinalize:      handle(referenceSchema, s.multipartFinalize),
		saferpay.OperationCancel:        handle(referenceSchema, s.cancelTransaction),
		saferpay.OperationRefund:        handle(refundSchema, s.refund),
		saferpay.OperationAssertRefund:  handle(referenceSchema, s.assertRefund),
		saferpay.OperationInquire:       handle(referenceSchema, s.inquire),
		saferpay.OperationBatchClose:    handle(batchSchema, s.closeBatch),
	} {
		s.mux.HandleFunc("POST /api/Payment/v1/"+name, s.faulty(name, func(w http.ResponseWriter, r *http.Request) {
			s.serveOperation(w, r, name, run)
		}))
	}
}

// readHeader reads what is readable of a request's header, since errors repeat its id, too.
func readHeader(body []byte) requestHeader {
	var request struct{ RequestHeader requestHeader }
	_ = json.Unmarshal(body, &request)
	return request.RequestHeader
}

// headerOf is readHeader for both APIs: the Management API has its header in HTTP's.
func headerOf(r *http.Request, body []byte) requestHeader {
	if r.Method == http.MethodGet {
		return requestHeader{SpecVersion: r.Header.Get("Saferpay-ApiVersion"), RequestID: r.Header.Get("Saferpay-RequestId")}
	}
	return readHeader(body)
}

// reply renders the ResponseHeader to a request.
func (h requestHeader) reply() reply {
	return reply{"SpecVersion": h.SpecVersion, "RequestId": h.RequestID}
}

// handle puts the checks of a schema before an operation.
func handle[Request any](schema object, run func(caller, Request) (reply, *refusal)) operation {
	return func(by caller, body []byte) (reply, *refusal) {
		var request Request
		if problems := decodeRequest(body, schema, &request); len(problems) > 0 {
			return nil, refuse(saferpay.NameValidationFailed, problems...)
		}
		if readHeader(body).CustomerID != by.CustomerID {
			return nil, refuse(saferpay.NameAuthenticationFailed, "Invalid credentials")
		}
		return run(by, request)
	}
}

func (s *Simulator) serveOperation(w http.ResponseWriter, r *http.Request, name string, run operation) {
	if mediaType, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); mediaType != "application/json" {
		http.Error(w, "Content-Type must be application/json", http.StatusUnsupportedMediaType)
		return
	}
	if !acceptsJSON(r) {
		http.Error(w, "Accept must allow application/json", http.StatusNotAcceptable)
		return
	}
	body, _ := io.ReadAll(r.Body) // all of it is here already: faulty has read it
	header := readHeader(body)
	var answer reply
	customer, refused := s.authenticate(r)
	if refused == nil {
		answer, refused = run(caller{customer, s.baseURL(r), leftOpen(r)}, body)
	}
	status, result := http.StatusOK, "success"
	if refused != nil {
		status, answer, result = refused.status(), refused.reply(), refused.name
	}
	s.log.Debug("simulator call answered", "operation", name, "result", result, "details", answer["ErrorDetail"])
	answer["ResponseHeader"] = header.reply()
	writeJSON(w, status, answer)
}

// authenticate finds the customer of the HTTP Basic user.
func (s *Simulator) authenticate(r *http.Request) (*account, *refusal) {
	user, password, ok := r.BasicAuth()
	s.mu.Lock()
	defer s.mu.Unlock()
	customer := s.books.userNamed(user)
	if !ok || customer == nil || customer.Password != password {
		return nil, refuse(saferpay.NameAuthenticationFailed, "Invalid credentials")
	}
	return customer, nil
}

// baseURL is where payers reach the simulator.
func (s *Simulator) baseURL(r *http.Request) string {
	if s.options.PublicURL != "" {
		return strings.TrimRight(s.options.PublicURL, "/")
	}
	return "http://" + r.Host
}

// acceptsJSON is as strict as Saferpay: the header has to be there.
func acceptsJSON(r *http.Request) bool {
	for _, accepted := range strings.Split(r.Header.Get("Accept"), ",") {
		switch mediaType, _, _ := mime.ParseMediaType(accepted); mediaType {
		case "application/json", "application/*", "*/*":
			return true
		}
	}
	return false
}

func writeJSON(w http.ResponseWriter, status int, answer any) {
	var body bytes.Buffer
	encoder := json.NewEncoder(&body)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(answer) // replies always encode
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(body.Bytes())
}
