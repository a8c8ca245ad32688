package qrbill

import "strings"

// numberLength is how many digits the references of both kinds share that ReferenceFor makes of one id.
const numberLength = 20

// Number returns the 20 digits that the QR reference and the creditor reference of one id share, see ReferenceFor; "" for a
// reference of another form. Two ids have the same number about once in 10^20.
func (r Reference) Number() string {
	switch {
	case r.kind == QRR:
		return r.text[qrrLength-1-numberLength : qrrLength-1]
	case r.kind == SCOR && len(r.text) == 4+numberLength && strings.Trim(r.text[4:], digits) == "":
		return r.text[4:]
	default:
		return ""
	}
}

// IsFor reports whether ReferenceFor makes the reference of that id, for one kind of account or the other.
func (r Reference) IsFor(id string) bool {
	number := numberFor(id)
	if r.kind == QRR {
		return r.text[:qrrLength-1] == number
	}
	return r.Number() != "" && r.Number() == number[len(number)-numberLength:]
}

// Find returns what stands anywhere in a text in the form of the references that ReferenceFor makes: 27 digits, or RF and 22
// digits, with or without blanks between them. Check digits may be wrong, see ParseReference.
func Find(text string) (found []string) {
	text = strings.ToUpper(text)
	for i := range len(text) {
		switch {
		case strings.HasPrefix(text[i:], scorPrefix):
			if s, ok := digitsFrom(text[i+len(scorPrefix):], 2+numberLength); ok {
				found = append(found, scorPrefix+s)
			}
		case isDigit(text[i]) && (i == 0 || !isDigit(text[i-1])):
			if s, ok := digitsFrom(text[i:], qrrLength); ok {
				found = append(found, s)
			}
		}
	}
	return found
}

// digitsFrom returns the first n digits of a text in which nothing but blanks stands between them, if no further one follows at
// once.
func digitsFrom(text string, n int) (string, bool) {
	var s strings.Builder
	for i := range len(text) {
		switch {
		case isDigit(text[i]):
			s.WriteByte(text[i])
		case text[i] != ' ':
			return "", false
		}
		if s.Len() == n {
			return s.String(), i+1 == len(text) || !isDigit(text[i+1])
		}
	}
	return "", false
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// Near returns the references that differ from a text of Find in one digit, or in two neighbours that changed places.
func Near(text string) (near []Reference) {
	try := func(changed []byte) {
		if r, err := ParseReference(string(changed)); err == nil && r.Number() != "" {
			near = append(near, r)
		}
	}
	for i := range len(text) {
		if !isDigit(text[i]) {
			continue
		}
		for d := byte('0'); d <= '9'; d++ {
			if d != text[i] {
				changed := []byte(text)
				changed[i] = d
				try(changed)
			}
		}
		if i > 0 && isDigit(text[i-1]) && text[i-1] != text[i] {
			changed := []byte(text)
			changed[i-1], changed[i] = changed[i], changed[i-1]
			try(changed)
		}
	}
	return near
}
