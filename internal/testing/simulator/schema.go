package simulator

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// A field checks one value of a request and returns what is wrong with it, as sentences that begin with its path.
// Values are what encoding/json yields with UseNumber.
type field func(path string, value any) []string

// object is the fields of a JSON object by name. Names that are not listed are refused: Saferpay itself lets most of
// them pass, but a misspelt optional field must not go unnoticed here.
type object map[string]member

type member struct {
	field    field
	required bool
}

func required(f field) member { return member{f, true} }
func optional(f field) member { return member{f, false} }

func (o object) check(path string, value any) []string {
	fields, ok := value.(map[string]any)
	if !ok {
		return invalid(path)
	}
	var problems []string
	for _, name := range slices.Sorted(maps.Keys(o)) {
		at := join(path, name)
		switch value, present := fields[name]; {
		case present && value != nil:
			problems = append(problems, o[name].field(at, value)...)
		case o[name].required:
			problems = append(problems, fmt.Sprintf("%s: The field %s is required.", at, name))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		if _, known := o[name]; !known {
			problems = append(problems, fmt.Sprintf("%.200s: The field is unknown.", join(path, name)))
		}
	}
	return problems
}

// Formats of the specification, chapter "Formats".
var (
	idCharacters           = regexp.MustCompile(`^[A-Za-z0-9.:_-]*$`)
	numericCharacters      = regexp.MustCompile(`^[0-9]*$`)
	alphaNumericCharacters = regexp.MustCompile(`^[A-Za-z0-9]*$`)
	anyCharacters          = regexp.MustCompile(`(?s)^.*$`)
	currencyCode           = regexp.MustCompile(`^[A-Z]{3}$`)
	latinCharacters        = regexp.MustCompile(`^[\x{20}-\x{7E}\x{A0}-\x{FF}ŠšŽžŒœŸ€]*$`) // ISO 8859-15
	minorUnits             = regexp.MustCompile(`^[1-9][0-9]{0,11}$`)                      // no sign, no point, not zero
	minorUnitsOrZero       = regexp.MustCompile(`^(0|[1-9][0-9]{0,11})$`)
	countryCode            = regexp.MustCompile(`^[A-Z]{2}$`)
	subdivisionCode        = regexp.MustCompile(`^([A-Z]{2}-)?[A-Z0-9]{1,3}$`)
	dayCharacters          = regexp.MustCompile(`^[A-Za-z0-9-]*$`) // called AlphaNumeric, but the example is 1990-05-31
	languageCode           = regexp.MustCompile(`^[a-z]{2}(-[A-Za-z]{2,4})?$`)
)

func text(characters *regexp.Regexp, shortest, longest int) field {
	return func(path string, value any) []string {
		s, ok := value.(string)
		if n := utf8.RuneCountInString(s); !ok || n < shortest || n > longest || !characters.MatchString(s) {
			return invalid(path)
		}
		return nil
	}
}

func id(longest int) field  { return text(idCharacters, 1, longest) }
func utf8text(n int) field  { return text(anyCharacters, 1, n) }
func latinText(n int) field { return text(latinCharacters, 1, n) }

func oneOf(v ...string) field {
	return func(path string, value any) []string {
		if s, ok := value.(string); !ok || !slices.Contains(v, s) {
			return invalid(path)
		}
		return nil
	}
}

func listOf(element field) field {
	return func(path string, value any) []string {
		elements, ok := value.([]any)
		if !ok {
			return invalid(path)
		}
		var problems []string
		for i, e := range elements {
			problems = append(problems, element(path+"["+strconv.Itoa(i)+"]", e)...)
		}
		return problems
	}
}

func integer(least, most int64) field {
	return func(path string, value any) []string {
		number, ok := value.(json.Number)
		if n, err := number.Int64(); !ok || err != nil || n < least || n > most {
			return invalid(path)
		}
		return nil
	}
}

func boolean(path string, value any) []string {
	if _, ok := value.(bool); !ok {
		return invalid(path)
	}
	return nil
}

// webAddress is an absolute http or https URL of at most 2000 characters.
func webAddress(path string, value any) []string {
	s, _ := value.(string)
	u, err := url.Parse(s)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") || len(s) > 2000 {
		return invalid(path)
	}
	return nil
}

// date is a moment in ISO 8601, with its zone.
func date(path string, value any) []string {
	s, _ := value.(string)
	if _, err := time.Parse(time.RFC3339, s); err != nil {
		return invalid(path)
	}
	return nil
}

// oneAtLeast is an object of which one of the alternatives must be given.
func oneAtLeast(o object, alternatives ...string) field {
	return func(path string, value any) []string {
		problems := o.check(path, value)
		given, ok := value.(map[string]any)
		if ok && !slices.ContainsFunc(alternatives, func(name string) bool { return given[name] != nil }) {
			problems = append(problems, fmt.Sprintf("%s: One of %s is required.", path, strings.Join(alternatives, ", ")))
		}
		return problems
	}
}

func invalid(path string) []string {
	name := path
	for i := len(path) - 1; i >= 0; i-- {
		if path[i] == '.' {
			name = path[i+1:]
			break
		}
	}
	return []string{fmt.Sprintf("%s: The field %s is invalid.", path, name)}
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}
