package settlement

import (
	"bytes"
	"regexp"
	"strings"
)

// Kind is what a file is that Quittance doesn't take.
type Kind string

// The kinds of files that people have at hand in place of the right one.
const (
	kindMT940    Kind = "mt940"
	kindVersion  Kind = "camt_version"
	kindIntraday Kind = "camt_052"
	kindPain     Kind = "pain"
	kindPDF      Kind = "pdf"
	kindExcel    Kind = "excel"
	kindBankList Kind = "bank_csv"
	kindImage    Kind = "image"
	kindArchive  Kind = "archive" // another archive than zip and gzip, or one within another
	kindTooLarge Kind = "archive_too_large"
	kindBroken   Kind = "archive_broken"
)

// toOrder is what to order at the bank.
const toOrder = "Order camt.053 (statements) or camt.054 (notifications) in version 001.08 of the Swiss Payment Standards from the bank, as XML"

// sentences is a sentence for each kind, without its end. For a message of ISO 20022, %s is its name.
var sentences = map[Kind]string{
	kindMT940:    "this is an MT940 or MT942 (SWIFT), which says too little of payouts. " + toOrder,
	kindVersion:  "this is %s, and only the versions 001.04 and 001.08 are read. " + toOrder,
	kindIntraday: "this is %s, an account report within the day, which is not final. " + toOrder,
	kindPain:     "this is %s, which orders payments or answers to that, and no statement. " + toOrder,
	kindPDF:      "this is a PDF, which is for people. " + toOrder,
	kindExcel:    "this is an Excel or OpenDocument file. " + toOrder + "; a list of the acquirer has to be saved as CSV",
	kindBankList: "this looks like a bank's list of bookings in CSV, in which each bank writes something else. " + toOrder,
	kindImage:    "this is a picture. " + toOrder,
	kindArchive:  "this is an archive of another kind than zip or gzip, or one within another archive. Unpack it, and send the files or one zip of them",
	kindTooLarge: "the archive is too large: at most 500 files, 100 MiB when unpacked, and 300 times its own size. Send its files in parts",
	kindBroken:   "the archive is damaged, encrypted or empty. Download it again, or send the files that are in it",
}

func refuseKind(kind Kind, begins []byte) *FileError {
	reason := sentences[kind]
	if strings.Contains(reason, "%s") {
		reason = strings.ReplaceAll(reason, "%s", string(messageName.FindSubmatch(begins)[1]))
	}
	return &FileError{Kind: kind, Faults: []Fault{{1, reason}}}
}

var (
	messageName = regexp.MustCompile(`urn:iso:std:iso:20022:tech:xsd:((?:camt\.05[234]|pain\.\d{3})\.\d{3}\.\d{2})`)
	swift       = regexp.MustCompile(`(?s)^\s*(?:\{1:.*?\{4:\s*)?:20:.*?\n:(?:21|25|28C?|60[FM]):`)
)

// otherKind returns what a file that begins like that is, if it is of a kind that is not taken; else nothing.
func otherKind(begins []byte) Kind {
	starts := func(with ...string) bool {
		for _, w := range with {
			if bytes.HasPrefix(begins, []byte(w)) {
				return true
			}
		}
		return false
	}
	switch {
	case starts("%PDF-"):
		return kindPDF
	case starts("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"): // Excel until 2003
		return kindExcel
	case starts("\x89PNG", "\xff\xd8\xff", "GIF8", "II*\x00", "MM\x00*"):
		return kindImage
	case starts("PK\x03\x04", "PK\x05\x06", "\x1f\x8b", "Rar!", "7z\xbc\xaf\x27\x1c", "BZh", "\xfd7zXZ\x00", "\x28\xb5\x2f\xfd") || isTar(begins):
		return kindArchive
	case swift.Match(begins):
		return kindMT940
	}
	found := messageName.FindSubmatch(begins)
	if found == nil {
		return ""
	}
	name := string(found[1])
	switch {
	case strings.HasPrefix(name, "pain."):
		return kindPain
	case strings.HasPrefix(name, "camt.052"):
		return kindIntraday
	case !strings.HasSuffix(name, ".001.04") && !strings.HasSuffix(name, ".001.08"):
		return kindVersion
	default:
		return ""
	}
}

func isTar(begins []byte) bool { return len(begins) > 262 && string(begins[257:262]) == "ustar" }

// CheckKind returns a *FileError when a file that begins like that is of a kind that is not taken.
func CheckKind(file []byte) error {
	begins := file[:min(len(file), sniffed)]
	if kind := otherKind(begins); kind != "" {
		return refuseKind(kind, begins)
	}
	return nil
}

// CheckList returns a *FileError when a list looks like that of a bank, see isBankList.
func CheckList(list []byte) error {
	if !isBankList(list[:min(len(list), sniffed)]) {
		return nil
	}
	return refuseKind(kindBankList, nil)
}

// isBankList reports whether a list has the columns of a bank: a balance, or debits beside credits, and no fees.
func isBankList(begins []byte) bool {
	text := strings.ToLower(string(begins))
	has := func(words ...string) bool {
		for _, w := range words {
			if strings.Contains(text, w) {
				return true
			}
		}
		return false
	}
	date := has("datum", "buchung", "valuta", "abschlussdatum", "date de", "date comptable", "valeur", "data", "date")
	balance := has("saldo", "solde", "balance")
	sides := has("belastung", "lastschrift", "débit", "debit", "addebit") && has("gutschrift", "crédit", "credit", "accredit")
	return date && (balance || sides) && !has("payout_reference", "merchant", "terminal", "gross", "brand")
}
