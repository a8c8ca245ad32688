package csvlist

import (
	"regexp"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// vocabulary is how acquirers, and programs that take in their lists, call the columns in English, German, French and Italian: without
// accents and signs, see fold. What only this column is called comes first; what others may be called as well comes last.
var vocabulary = map[Field][]string{
	PayoutReference: {
		"payout reference", "payout id", "payout number", "payment number", "payment no", "payment reference", "payment ref", "payment id", "settlement id",
		"settlement number", "settlement reference", "remittance number", "auszahlungsreferenz", "auszahlungsnummer", "auszahlungs nr", "auszahlung nr",
		"vergutungsnummer", "vergutungs nr", "zahlungsnummer", "zahlungsreferenz", "abrechnungsnummer", "abrechnungs nr", "numero de versement", "no de versement",
		"reference de versement", "reference du versement", "numero de paiement", "reference de paiement", "reference du paiement", "numero accredito",
		"riferimento accredito", "riferimento dell accredito", "numero pagamento", "numero di pagamento", "riferimento pagamento", "riferimento del pagamento", "payout",
	},
	PayoutDate: {
		"payout date", "paym date", "payment date", "settlement date", "value date", "date of payment", "date of payout", "auszahlungsdatum", "datum auszahlung",
		"vergutungsdatum", "zahlungsdatum", "gutschriftsdatum", "valutadatum", "valuta datum", "date de versement", "date du versement", "date de paiement",
		"date du paiement", "date valeur", "date de valeur", "data accredito", "data di accredito", "data pagamento", "data di pagamento", "data del pagamento",
		"data valuta", "valuta", "value", "valeur",
	},
	TransactionDate: {
		"transaction date", "trx date", "date of transaction", "sales date", "date of sale", "purchase date", "transaktionsdatum", "trx datum", "datum transaktion",
		"kaufdatum", "verkaufsdatum", "umsatzdatum", "einkaufsdatum", "date de transaction", "date de la transaction", "date transaction", "date d achat",
		"date de vente", "data transazione", "data della transazione", "data di transazione", "data vendita", "data di vendita", "data acquisto", "belegdatum",
		"buchungsdatum", "date", "datum", "data",
	},
	OrderID: {
		"order id", "orderid", "order number", "order no", "order reference", "additional merchant data", "addl merchant data", "merchant reference",
		"merchant ref", "merchant order id", "bestellnummer", "bestell nr", "bestell id", "auftragsnummer", "auftrags nr", "handlerreferenz", "handler referenz",
		"referenz des handlers", "zusatzliche handlerdaten", "numero de commande", "no de commande", "id de commande", "reference commercant", "reference du commercant",
		"reference marchand", "donnees supplementaires du commercant", "numero d ordine", "numero ordine", "id ordine", "riferimento commerciante",
		"riferimento esercente", "dati aggiuntivi dell esercente", "terminal trx", "terminal trx no", "referenznummer", "referenz", "reference", "riferimento",
	},
	AuthorizationCode: {
		"authorization code", "authorisation code", "authorization number", "auth code", "auth no", "authno", "auth number", "approval code", "autorisierungscode",
		"autorisationscode", "autorisierungsnummer", "autorisationsnummer", "autorisierungs nr", "genehmigungscode", "genehmigungsnummer", "code d autorisation",
		"code autorisation", "numero d autorisation", "no d autorisation", "codice di autorizzazione", "codice autorizzazione", "numero di autorizzazione", "autorisierung",
		"autorisation", "autorizzazione",
	},
	Card: {
		"card number", "card no", "masked card number", "masked pan", "pan", "masked card", "kartennummer", "karten nr", "kartennr", "maskierte kartennummer",
		"numero de carte", "no de carte", "numero de la carte", "numero carta", "numero di carta", "numero della carta", "karte", "carte", "carta",
	},
	Brand: {
		"brand", "card brand", "card type", "payment method", "payment means", "kartenmarke", "marke", "kartentyp", "kartenart", "zahlungsmittel", "zahlungsart",
		"marque", "marque de carte", "type de carte", "moyen de paiement", "mode de paiement", "marca", "marca della carta", "circuito", "tipo di carta", "tipo carta",
		"mezzo di pagamento", "metodo di pagamento", "product", "produkt", "produit", "prodotto", "scheme", "zahlart",
	},
	Type: {
		"transaction type", "trx type", "type of transaction", "transaktionstyp", "transaktionsart", "trx typ", "trx art", "geschaftsart", "buchungsart", "vorgang",
		"type de transaction", "genre de transaction", "type d operation", "tipo di transazione", "tipo transazione", "tipo di operazione", "tipo operazione", "type", "typ", "art", "genre",
		"tipo",
	},
	Currency: {
		"currency", "settlement currency", "payout currency", "ccy", "curr", "wahrung", "auszahlungswahrung", "abrechnungswahrung", "transaktionswahrung", "whg",
		"devise", "monnaie", "devise du versement", "divisa", "moneta", "valuta", "currency code", "wahrungscode",
	},
	Gross: {
		"gross amount", "gross", "amount gross", "bruttobetrag", "brutto", "betrag brutto", "montant brut", "brut", "importo lordo", "lordo", "transaction amount",
		"trx amount", "transaktionsbetrag", "betrag der transaktion", "montant de la transaction", "montant transaction", "importo della transazione",
		"importo transazione", "umsatz", "amount", "betrag", "montant", "importo",
	},
	Fee: {
		"comm amount", "commission amount", "fee amount", "commission", "commissions", "fee", "fees", "comm", "charges", "kommission", "kommissionsbetrag", "betrag kommission",
		"gebuhr", "gebuhren", "gebuhrenbetrag", "kom", "frais", "montant de la commission", "montant commission", "montant des frais", "commissione", "commissioni",
		"importo commissione", "importo della commissione", "spese", "kosten",
	},
	Net: {
		"net amount", "net", "amount net", "nettobetrag", "netto", "betrag netto", "auszahlungsbetrag", "vergutungsbetrag", "gutschriftsbetrag", "payout amount",
		"montant net", "montant verse", "montant du versement", "importo netto", "importo accreditato", "importo accredito",
	},
}

// fold brings a name into the form in which names are compared: small letters and digits, without accents, and with one blank for
// all else. An umlaut may be written with an e, and a number in many ways.
func fold(name string) string {
	var b strings.Builder
	for _, r := range norm.NFKD.String(strings.ToLower(name)) {
		switch {
		case r == 'ß':
			b.WriteString("ss")
		case unicode.Is(unicode.Mn, r):
		case unicode.IsLetter(r) || unicode.IsDigit(r):
			b.WriteRune(r)
		default:
			b.WriteByte(' ')
		}
	}
	words := strings.Fields(b.String())
	for i, word := range words {
		if slices.Contains([]string{"numero", "number", "nummer", "nr", "num", "n"}, word) {
			words[i] = "no"
		}
	}
	return umlauts.Replace(strings.Join(words, " "))
}

var umlauts = strings.NewReplacer("ae", "a", "oe", "o", "ue", "u")

// folded is the vocabulary as names are compared with it.
var folded = func() map[Field][]string {
	all := map[Field][]string{}
	for field, words := range vocabulary {
		for _, word := range words {
			all[field] = append(all[field], fold(word))
		}
	}
	return all
}()

// named returns how much the name of a column says for a field, from 0 to 100: most when the column is called as the field is.
func named(field Field, name string) (best int) {
	name = fold(name)
	for i, word := range folded[field] {
		score := 0
		if name == word {
			score = 100 - i
		} else if strings.Contains(" "+name+" ", " "+word+" ") {
			score = 20 + min(len(word), 20) - i/4
		}
		best = max(best, score)
	}
	return best
}

// Kind is what a line is about, as the type of it says.
type Kind int

// The kinds of lines.
const (
	Unknown Kind = iota
	Sale
	Refund
	Chargeback
	ChargebackWon
	FeeOnly
)

// The words of types in the four languages, folded.
var (
	wonWords        = regexp.MustCompile(`\b(won|reversed|reversal|representment|re presentment|second presentment|gewonnen|ruckgangig|storno|storniert|gagne|annule\w*|annulation|vint[oa]|annullat[oa]|storno)\b`)
	chargebackWords = regexp.MustCompile(`charge ?back|ruckbelast|dispute|retrofactur|riaddebito|impaye`)
	feeWords        = regexp.MustCompile(`\b(fees?|gebuhr(en)?|\w+gebuhr(en)?|frais|commissions?|kommission(en)?|tassa|tasse|commissione|commissioni|spese|canone|abonnement|abbonamento|rental|\w*miete)\b`)
	refundWords     = regexp.MustCompile(`\b(refund(ed)?|gutschrift|ruckerstattung|ruckvergutung|erstattung|remboursement|rembourse|avoir|rimborso|storno|reversal|return|retour)\b`)
	saleWords       = regexp.MustCompile(`\b(sale|sales|purchase|payment|capture|kauf|verkauf|zahlung|belastung|umsatz|achat|vente|paiement|acquisto|vendita|pagamento|e commerce)\b`)
)

// KindOf returns what the type of a line says; Unknown for a word that says nothing. Credit and debit say nothing: they are kinds of
// cards as well.
func KindOf(cell string) Kind {
	word := fold(cell)
	switch {
	case chargebackWords.MatchString(word) && wonWords.MatchString(word):
		return ChargebackWon
	case chargebackWords.MatchString(word):
		return Chargeback
	case feeWords.MatchString(word):
		return FeeOnly
	case refundWords.MatchString(word):
		return Refund
	case saleWords.MatchString(word):
		return Sale
	default:
		return Unknown
	}
}

// totalWords matches what a line of totals is called.
var totalWords = regexp.MustCompile(`^(sub ?total\w*|grand total|total\w*|gesamt\w*|summe\w*|zwischensumme\w*|zwischentotal\w*|somme|sous total|sum|somma|subtotale)\b`)

// IsTotal reports whether a cell says that its line is a total.
func IsTotal(cell string) bool { return totalWords.MatchString(fold(cell)) }
