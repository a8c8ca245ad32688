package qrbill

import (
	"fmt"

	goqr "github.com/piglig/go-qr"
)

// maxVersion is the largest code: 117 × 117 modules.
const maxVersion = 25

// Code is a QR code: Code[row][column] reports whether that module is dark. It has neither a border nor the Swiss cross.
type Code [][]bool

// Encode returns the code of a payload: error correction M, at most version 25, UTF-8 without a mark of its own.
//
// It writes bytes only, as the guidelines ask for: a reader need not put digits and letters together.
func Encode(payload string) (Code, error) {
	bytes, err := goqr.MakeBytes([]byte(payload))
	if err != nil {
		return nil, fmt.Errorf("QR code: %w", err)
	}
	code, err := goqr.EncodeSegments([]*goqr.QrSegment{bytes}, goqr.Medium, goqr.MinVersion, maxVersion, -1, false)
	if err != nil {
		return nil, fmt.Errorf("QR code: %w", err)
	}
	modules := make(Code, code.Size())
	for row := range modules {
		modules[row] = make([]bool, code.Size())
		for column := range modules[row] {
			modules[row][column] = code.Module(column, row)
		}
	}
	return modules, nil
}
