package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
)

// isJSON reports whether a request says that its body is JSON.
func isJSON(r *http.Request) bool {
	mediaType, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	return err == nil && mediaType == "application/json"
}

// checkJSON returns what is wrong with a body that has to be one JSON value, in which no object has a name twice: of two amounts, who
// checks a request and who carries it out could each take another one (RFC 8259, section 4).
func checkJSON(body []byte) error {
	if err := json.Unmarshal(body, new(json.RawMessage)); err != nil {
		return err
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	var names []map[string]bool // of the objects that are open; nil for a list
	for isName := false; ; {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		switch delim, _ := token.(json.Delim); {
		case delim == '{':
			names = append(names, map[string]bool{})
		case delim == '[':
			names = append(names, nil)
		case delim != 0: // closes
			names = names[:len(names)-1]
		case isName:
			name, seen := token.(string), names[len(names)-1]
			if seen[name] {
				return fmt.Errorf("%q stands twice in one object", name)
			}
			seen[name] = true
			isName = false // its value follows
			continue
		}
		isName = len(names) > 0 && names[len(names)-1] != nil
	}
}
