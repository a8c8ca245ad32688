package api

import (
	"bytes"
	"context"
	"io"
	"net/http"

	"github.com/go-chi/chi/v5/middleware"

	"github.com/quittance/quittance/internal/id"
	"github.com/quittance/quittance/internal/idempotency"
	"github.com/quittance/quittance/internal/problem"
	"github.com/quittance/quittance/internal/sealed"
	"github.com/quittance/quittance/internal/text"
)

// maxIdempotencyKey is the length of the longest key, in characters.
const maxIdempotencyKey = 255

// once answers a POST that is sent again with the same Idempotency-Key as it was answered the first time. A request that was
// never answered, because this process ended or something behind it failed, is carried out again with the same ids.
func (s *server) once(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		key := r.Header.Get("Idempotency-Key")
		if r.Method != http.MethodPost || key == "" || callerOf(r.Context()).nobody {
			next.ServeHTTP(w, r)
			return
		}
		request, err := s.take(r, key)
		if err != nil {
			s.refuse(w, r, err)
			return
		}
		if request.Answer != nil {
			s.replay(w, r, request)
			return
		}
		s.carryOut(w, r, request, next)
	})
}

// take reads the request, whose body next still finds, and returns what becomes of it.
func (s *server) take(r *http.Request, key string) (idempotency.Request, error) {
	if err := problem.InvalidFields(text.Line("Idempotency-Key", &key, 1, maxIdempotencyKey)...); err != nil {
		return idempotency.Request{}, err
	}
	body, err := s.fingerprinted(r)
	if err != nil {
		return idempotency.Request{}, err
	}
	now := s.now()
	return s.Store.TakeRequest(r.Context(), idempotency.Request{
		Owner: ownerOf(r.Context()), Key: key, Fingerprint: idempotency.Fingerprint(r.Method, r.URL.RequestURI(), repeatable(r, body)),
		Seed: id.NewSeed(), CreatedAt: now, TakenAt: now,
	})
}

// fingerprinted returns what two requests with the same body have in common. The body is read again behind it.
func (s *server) fingerprinted(r *http.Request) ([]byte, error) {
	if large, is := r.Body.(*spooled); is {
		return large.hash[:], nil
	}
	body, err := io.ReadAll(r.Body)
	r.Body = io.NopCloser(bytes.NewReader(body))
	return body, err
}

func ownerOf(ctx context.Context) string {
	if c := callerOf(ctx); !c.admin {
		return c.companyID
	}
	return idempotency.Administrator
}

func (s *server) replay(w http.ResponseWriter, r *http.Request, request idempotency.Request) {
	body, err := s.Sealer.OpenAt(request.Answer.Sealed, sealed.Answer.Of(request.Owner, request.Key))
	if err != nil {
		s.refuse(w, r, err)
		return
	}
	w.Header().Set("Content-Type", request.Answer.ContentType)
	w.Header().Set("Idempotent-Replayed", "true")
	w.WriteHeader(request.Answer.Status)
	_, _ = w.Write(body) // it fails only when the caller has gone
}

// carryOut keeps the answer before it sends it: a result, or a refusal that stays true. One that may pass is not kept.
func (s *server) carryOut(w http.ResponseWriter, r *http.Request, request idempotency.Request, next http.Handler) {
	var kept bool
	ctx := context.WithoutCancel(r.Context()) // the answer matters most to a caller who has gone
	defer func() {
		if kept {
			return
		}
		if err := s.Store.GiveUpRequest(ctx, request); err != nil {
			s.Logger.WarnContext(ctx, "idempotency key not freed", "request_id", requestID(ctx), "error", err)
		}
	}()

	var body bytes.Buffer
	answer := middleware.NewWrapResponseWriter(w, r.ProtoMajor)
	answer.Tee(&body)
	answer.Discard() // until it is kept
	var refusal problem.Code
	inner := context.WithValue(context.WithValue(r.Context(), requestKey{}, request), refusalKey{}, &refusal)
	next.ServeHTTP(answer, r.WithContext(inner))
	request.Refused = answer.Status() >= http.StatusBadRequest && answer.Status() < http.StatusInternalServerError
	if answer.Status() < http.StatusBadRequest || staysTrue[refusal] {
		value, err := s.Sealer.SealAt(body.Bytes(), sealed.Answer.Of(request.Owner, request.Key))
		if err == nil {
			err = s.Store.AnswerRequest(ctx, request, idempotency.Answer{
				Status: answer.Status(), ContentType: w.Header().Get("Content-Type"), Sealed: value,
			})
		}
		if kept = err == nil; !kept {
			s.Logger.WarnContext(ctx, "answer not kept for repetitions", "request_id", requestID(ctx), "error", err)
		}
	}
	w.WriteHeader(answer.Status())
	_, _ = w.Write(body.Bytes()) // it fails only when the caller has gone
}

type requestKey struct{}

type refusalKey struct{}

// staysTrue are the refusals that the same request gets for ever. All others may be another answer once something else has
// changed: what a request lacks is added, what is in progress ends, a number becomes free.
var staysTrue = map[problem.Code]bool{
	problem.NotFound:           true,
	problem.InvoiceNotDraft:    true,
	problem.InvoiceCancelled:   true,
	problem.ExceptionResolved:  true,
	problem.EntryNotBalanced:   true,
	problem.EntryNotReversible: true,
	problem.EntryReversed:      true,
}

// noteRefusal tells who keeps the answer to a request what it is refused for.
func noteRefusal(ctx context.Context, code problem.Code) {
	if refusal, ok := ctx.Value(refusalKey{}).(*problem.Code); ok {
		*refusal = code
	}
}

// newID returns the id of what a request creates: the same one when the request is carried out again.
func newID(ctx context.Context, prefix string) string {
	if request, ok := ctx.Value(requestKey{}).(idempotency.Request); ok {
		return request.Seed.ID(prefix)
	}
	return id.New(prefix)
}

// repeated reports whether the request was begun before and not answered, so that what it asks for may be there already.
func repeated(ctx context.Context) bool {
	request, ok := ctx.Value(requestKey{}).(idempotency.Request)
	return ok && request.Repeated
}
