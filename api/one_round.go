package api

import (
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"github.com/quittance/quittance/internal/problem"
)

// inOneRound adds to what openapi.yaml refuses in a body whatever else is wrong with it, so that the caller mends it once.
func (s *server) inOneRound(r *http.Request, operation string, err error) error {
	refused, ok := errors.AsType[*problem.Error](err)
	check := bodyChecks[operation]
	if !ok || refused.Code != problem.Invalid || check == nil {
		return err
	}
	var fields map[string]any
	if json.NewDecoder(r.Body).Decode(&fields) != nil || fields == nil { // it is no object
		return err
	}
	for _, field := range refused.Fields {
		remove(fields, strings.Split(field.Name, "."))
	}
	body, unreadable := json.Marshal(fields)
	if unreadable != nil {
		return err
	}
	both, ok := errors.AsType[*problem.Error](problem.Together(err, check(s, body)))
	if !ok || both.Code != problem.Invalid {
		return err
	}
	return problem.InvalidFields(both.Fields[:min(len(both.Fields), maxFaults)]...)
}

// remove takes the value at that path out of what was read from JSON.
func remove(value any, path []string) {
	switch value := value.(type) {
	case map[string]any:
		if len(path) == 1 {
			delete(value, path[0])
		} else {
			remove(value[path[0]], path[1:])
		}
	case []any:
		if i, err := strconv.Atoi(path[0]); err == nil && i >= 0 && i < len(value) && len(path) > 1 {
			remove(value[i], path[1:])
		}
	}
}
