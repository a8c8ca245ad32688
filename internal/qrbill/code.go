package qrbill

import (
	"errors"
	"fmt"

	goqr "github.com/piglig/go-qr"
)

// The versions of codes: the largest, 117 × 117 modules, and those that a bill does not get.
//
// Versions 7 to 13 have an alignment pattern in the middle, where the Swiss cross hides it. Some readers then take the cross for it and
// fail (github.com/mchehab/zbar, issues 121, 167 and 216). Version 14 has modules as large as those of 13, to 0.04 mm.
const (
	maxVersion    = 25
	firstAvoided  = 7
	afterAvoided  = 14
	anyMask       = -1
	keepMediumEcc = false
)

// Code is a QR code: Code[row][column] reports whether that module is dark. It has neither a border nor the Swiss cross.
type Code [][]bool

// Encode returns the code of a payload: error correction M, at most version 25, all of it as bytes of UTF-8.
func Encode(payload string) (Code, error) {
	bytes, err := goqr.MakeBytes([]byte(payload))
	if err != nil {
		return nil, fmt.Errorf("QR code: %w", err)
	}
	segments := []*goqr.QrSegment{bytes}
	code, err := goqr.EncodeSegments(segments, goqr.Medium, goqr.MinVersion, firstAvoided-1, anyMask, keepMediumEcc)
	if errors.Is(err, goqr.ErrDataTooLong) {
		code, err = goqr.EncodeSegments(segments, goqr.Medium, afterAvoided, maxVersion, anyMask, keepMediumEcc)
	}
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
