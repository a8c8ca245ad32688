package api

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/go-chi/chi/v5"
	validator "github.com/oapi-codegen/nethttp-middleware"

	"github.com/quittance/quittance/api/internal/spec"
	"github.com/quittance/quittance/internal/problem"
	"github.com/quittance/quittance/internal/share"
)

// maxBody is the largest body of a call, in bytes.
const maxBody = 1 << 20

// uploadTimeout is how long an upload may take, on a slow line.
const uploadTimeout = 2 * time.Minute

// maxFaults is how many fields at fault one answer names; a caller with more has other worries.
const maxFaults = 20

// calls routes the calls of openapi.yaml: who is it, is the body JSON, does the request fit the specification, do it.
func (s *server) calls(r chi.Router) {
	imports := &share.Share{Each: importsAtOnce, Together: importsTogether, Waiting: shareQueue}
	calls := &share.Share{Each: callsAtOnce, Waiting: callsQueue}
	exports := &share.Share{Each: exportsAtOnce, Together: exportsTogether, Waiting: shareQueue}
	r.Use(private, s.limitSignIns(), s.logSignIns, s.authenticate, s.limitKeys, s.limitAtOnce(imports, isSettlement, "imports"), s.limitAtOnce(calls, anyCall, "calls"), s.readBody, s.limitTime,
		s.validate(), s.once, s.onBehalf, s.audited, noteAccept, noteCSV, s.limitAtOnce(exports, isExport, "exports"))
	refuseAsMalformed := func(w http.ResponseWriter, r *http.Request, err error) {
		if errors.Is(err, http.ErrNotMultipart) {
			s.refuse(w, r, problem.New(problem.UnsupportedMedia, "Send the file with Content-Type: multipart/form-data, in the field file."))
			return
		}
		s.refuse(w, r, problem.New(problem.Malformed, "The request can't be read: %s.", err))
	}
	handler := spec.NewStrictHandlerWithOptions(s, nil, spec.StrictHTTPServerOptions{
		RequestErrorHandlerFunc:  refuseAsMalformed,
		ResponseErrorHandlerFunc: s.refuse,
	})
	spec.HandlerWithOptions(handler, spec.ChiServerOptions{BaseRouter: r, ErrorHandlerFunc: refuseAsMalformed})
}

// readBody reads the body before anything else does, and refuses one that is too large or not JSON. The decoders behind it
// would stop reading after the first JSON value.
func (s *server) readBody(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		limit, isFile := longestBody(r)
		if isFile {
			_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(uploadTimeout)) // where it isn't supported, there is none
		}
		if isSettlement(r) && strings.Contains(r.Header.Get("Content-Type"), "xml") {
			s.spoolBody(w, r, next)
			return
		}
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, limit))
		if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
			s.refuse(w, r, problem.New(problem.TooLarge, "The body may have at most %d bytes.", limit))
			return
		}
		if err != nil {
			s.refuse(w, r, problem.New(problem.Malformed, "The body broke off while it was read."))
			return
		}
		if isJSON(r) && len(body) > 0 {
			if err := checkJSON(body); err != nil {
				s.refuse(w, r, problem.New(problem.Malformed, "The body is not valid JSON: %s.", err))
				return
			}
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		next.ServeHTTP(w, r)
	})
}

// longestBody returns how many bytes the body of a call may have, and whether it is a file, which takes its time.
func longestBody(r *http.Request) (limit int64, isFile bool) {
	switch {
	case isUpload(r):
		return maxUpload, true
	case isSettlement(r):
		return maxSettlement, true
	case isPDF(r):
		return maxPDF, true
	default:
		return maxBody, false
	}
}

// validate holds every request against openapi.yaml, after authorize.
func (s *server) validate() func(http.Handler) http.Handler {
	doc := specification()
	dates := openapi3.WithStringFormatValidators(map[string]openapi3.StringFormatValidator{
		"date": openapi3.NewCallbackValidator(func(s string) error {
			_, err := time.Parse(time.DateOnly, s)
			return err
		}),
	})
	whole, withoutBody := s.validator(doc, false, dates), s.validator(doc, true, dates) // a file is looked at by who takes it
	return func(next http.Handler) http.Handler {
		call, upload := whole(next), withoutBody(unhideBody(next))
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if isUpload(r) || isSpooled(r) || isArchive(r) {
				upload.ServeHTTP(w, hideBody(r))
				return
			}
			call.ServeHTTP(w, r)
		})
	}
}

func (s *server) validator(doc *openapi3.T, withoutBody bool, dates openapi3.SchemaValidationOption) func(http.Handler) http.Handler {
	return validator.OapiRequestValidatorWithOptions(doc, &validator.Options{
		SilenceServersWarning: true, // the only server is a path, so no host is looked at
		Options: openapi3filter.Options{
			ExcludeRequestBody:      withoutBody,
			MultiError:              true,
			SkipSettingDefaults:     true,
			AuthenticationFunc:      authorize,
			SchemaValidationOptions: []openapi3.SchemaValidationOption{dates},
		},
		ErrorHandlerWithOpts: func(_ context.Context, err error, w http.ResponseWriter, r *http.Request, opts validator.ErrorHandlerOpts) {
			switch {
			case errors.Is(err, routers.ErrMethodNotAllowed):
				s.methodNotAllowed(w, r)
			case errors.Is(err, routers.ErrPathNotFound):
				s.notFound(w, r)
			default:
				err = invalidRequest(err)
				if opts.MatchedRoute != nil {
					err = s.inOneRound(r, opts.MatchedRoute.Route.Operation.OperationID, err)
				}
				s.refuse(w, r, err)
			}
		},
	})
}

// invalidRequest returns the problem behind what the validator found.
func invalidRequest(err error) error {
	if p, ok := errors.AsType[*problem.Error](err); ok {
		return p // from authorize, and before any other fault
	}
	var fields []problem.Field
	for _, fault := range each[*openapi3filter.RequestError](err) {
		switch {
		case fault.Parameter != nil && fault.Parameter.In == openapi3.ParameterInPath:
			return problem.New(problem.NotFound, "There is no such thing: %s is not an id of that kind.", fault.Parameter.Name)
		case fault.Parameter != nil:
			fields = append(fields, faults(fault.Parameter.Name, fault.Err)...)
		case errors.Is(fault.Err, openapi3filter.ErrInvalidRequired):
			return problem.New(problem.Malformed, "This call needs a body.")
		case fault.Err == nil: // the validator knows no body of that content type
			types := slices.Sorted(maps.Keys(fault.RequestBody.Content))
			return problem.New(problem.UnsupportedMedia, "Send the body with Content-Type: %s.", strings.Join(types, " or "))
		default:
			fields = append(fields, faults("body", fault.Err)...)
		}
	}
	if len(fields) == 0 {
		return err
	}
	return problem.InvalidFields(fields[:min(len(fields), maxFaults)]...)
}

// each returns the errors of type E in err, which may be many in one. It looks at err itself first: an error of type E may
// have many errors of another type behind it.
func each[E error](err error) []E {
	many, ok := err.(openapi3.MultiError) //nolint:errorlint // see above
	if !ok {
		if one, ok := errors.AsType[E](err); ok {
			return []E{one}
		}
	}
	var found []E
	for _, one := range many {
		found = append(found, each[E](one)...)
	}
	return found
}

// faults names the fields behind an error of the body or of one parameter, each once; whole is the name of what has no
// path of its own.
func faults(whole string, err error) []problem.Field {
	var fields []problem.Field
	seen := map[string]bool{}
	for _, fault := range each[*openapi3.SchemaError](err) {
		name := strings.Join(fault.JSONPointer(), ".")
		if fault.SchemaField == "properties" {
			name = strings.TrimPrefix(name+"."+unknownProperty(fault), ".")
		}
		if name == "" {
			name = whole
		}
		if !seen[name] {
			seen[name] = true
			fields = append(fields, problem.Field{Name: name, Message: complaint(fault)})
		}
	}
	if len(fields) == 0 {
		return []problem.Field{{Name: whole, Message: "can't be read"}}
	}
	return fields
}

// unknownProperty returns the name of a property that the schema doesn't have; the validator tells it only in its sentence.
func unknownProperty(fault *openapi3.SchemaError) string {
	var name string
	_, _ = fmt.Sscanf(fault.Reason, "property %q is unsupported", &name)
	return clip(name)
}

// clip shortens a name that the caller has made up.
func clip(name string) string { return name[:min(len(name), 100)] }

// complaint says what is wrong with a value, in the same voice as the domain, and without repeating the value.
func complaint(fault *openapi3.SchemaError) string {
	schema := fault.Schema
	switch fault.SchemaField {
	case "properties":
		return "is not a field of this request"
	case "required":
		return "is missing"
	case "nullable":
		return "must not be null"
	case "type":
		return "must be of type " + strings.Join(schema.Type.Slice(), " or ")
	case "enum":
		return "must be one of " + strings.Trim(strings.ReplaceAll(fmt.Sprint(schema.Enum), " ", ", "), "[]")
	case "minLength", "maxLength":
		if schema.MaxLength == nil {
			return fmt.Sprintf("must have at least %d characters", schema.MinLength)
		}
		if schema.MinLength == *schema.MaxLength {
			return fmt.Sprintf("must have %d characters", schema.MinLength)
		}
		return fmt.Sprintf("must have %d to %d characters", schema.MinLength, *schema.MaxLength)
	case "pattern":
		if schema.Example != nil {
			return fmt.Sprintf("must look like %q", schema.Example)
		}
	case "format":
		return "must be a date such as " + fmt.Sprint(schema.Example)
	case "allOf": // of a schema with a description of its own
		if inner := each[*openapi3.SchemaError](fault.Origin); len(inner) > 0 {
			return complaint(inner[0])
		}
	}
	return "is not valid: " + fault.Reason
}
