package camt

// The elements of the messages that matter here, as the schemas of ISO 20022 name them. The two versions differ in what an
// entry's status and a party look like; a struct has the fields of both. Line is set by tokens.

type wireHeader struct {
	Line  int       `xml:"line,attr"`
	ID    string    `xml:"MsgId"`
	Made  string    `xml:"CreDtTm"`
	Pages wirePages `xml:"MsgPgntn"`
}

// wirePages is a MsgPgntn, StmtPgntn or NtfctnPgntn.
type wirePages struct {
	Number string `xml:"PgNb"`
	Last   string `xml:"LastPgInd"`
}

func (w wirePages) page() Page {
	last, _ := indicator(0, "", w.Last)
	n := number(clean(w.Number))
	if n < 1 || n > maxPages {
		return Page{}
	}
	return Page{Number: n, Last: last}
}

type wirePeriod struct {
	From string `xml:"FrDtTm"`
	To   string `xml:"ToDtTm"`
}

type wireAccount struct {
	Line     int    `xml:"line,attr"`
	IBAN     string `xml:"Id>IBAN"`
	Other    string `xml:"Id>Othr>Id"`
	Currency string `xml:"Ccy"`
}

type wireAmount struct {
	Line     int    `xml:"line,attr"`
	Currency string `xml:"Ccy,attr"`
	Value    string `xml:",chardata"`
}

type wireDate struct {
	Line int    `xml:"line,attr"`
	Day  string `xml:"Dt"`
	Time string `xml:"DtTm"`
}

type wireBalance struct {
	Line   int        `xml:"line,attr"`
	Code   string     `xml:"Tp>CdOrPrtry>Cd"`
	Amount wireAmount `xml:"Amt"`
	Sign   string     `xml:"CdtDbtInd"`
}

// wireTotals is a TtlNtries, TtlCdtNtries or TtlDbtNtries.
type wireTotals struct {
	Line  int    `xml:"line,attr"`
	Count string `xml:"NbOfNtries"`
	Sum   string `xml:"Sum"`
}

type wireSummary struct {
	All     *wireTotals `xml:"TtlNtries"`
	Credits *wireTotals `xml:"TtlCdtNtries"`
	Debits  *wireTotals `xml:"TtlDbtNtries"`
}

type wireEntry struct {
	Line     int        `xml:"line,attr"`
	EntryRef string     `xml:"NtryRef"`
	Amount   wireAmount `xml:"Amt"`
	Sign     string     `xml:"CdtDbtInd"`
	Reversal string     `xml:"RvslInd"`
	Status   struct {
		Code04 string `xml:",chardata"` // Sts in version 04
		Code   string `xml:"Cd"`        // Sts/Cd in version 08
		Own    string `xml:"Prtry"`
	} `xml:"Sts"`
	Booked    wireDate          `xml:"BookgDt"`
	Value     wireDate          `xml:"ValDt"`
	Reference string            `xml:"AcctSvcrRef"`
	Amounts   wireAmountDetails `xml:"AmtDtls"`
	Charges   wireCharges       `xml:"Chrgs"`
	Groups    []wireGroup       `xml:"NtryDtls"`
	Text      string            `xml:"AddtlNtryInf"`
	Domain    string            `xml:"BkTxCd>Domn>Cd"`
	Family    string            `xml:"BkTxCd>Domn>Fmly>Cd"`
	SubFamily string            `xml:"BkTxCd>Domn>Fmly>SubFmlyCd"`
}

// wireGroup is an NtryDtls: a batch, transactions, or both.
type wireGroup struct {
	Batch *struct {
		Line  int         `xml:"line,attr"`
		Count string      `xml:"NbOfTxs"`
		Total *wireAmount `xml:"TtlAmt"`
		Sign  string      `xml:"CdtDbtInd"`
	} `xml:"Btch"`
	Details []wireDetail `xml:"TxDtls"`
}

type wireDetail struct {
	Line       int               `xml:"line,attr"`
	References wireReferences    `xml:"Refs"`
	Amount     *wireAmount       `xml:"Amt"`
	Sign       string            `xml:"CdtDbtInd"`
	Amounts    wireAmountDetails `xml:"AmtDtls"`
	Charges    wireCharges       `xml:"Chrgs"`
	Debtor     wireParty         `xml:"RltdPties>Dbtr"`
	LastDebtor wireParty         `xml:"RltdPties>UltmtDbtr"`
	Creditor   wireParty         `xml:"RltdPties>Cdtr"`
	LastCredit wireParty         `xml:"RltdPties>UltmtCdtr"`
	Credited   string            `xml:"RltdPties>CdtrAcct>Id>IBAN"`
	Remittance wireRemittance    `xml:"RmtInf"`
	Text       string            `xml:"AddtlTxInf"`
}

type wireReferences struct {
	Message     string   `xml:"MsgId"`
	Servicer    string   `xml:"AcctSvcrRef"`
	Batch       string   `xml:"PmtInfId"`
	Instruction string   `xml:"InstrId"`
	EndToEnd    string   `xml:"EndToEndId"`
	Transaction string   `xml:"TxId"`
	Mandate     string   `xml:"MndtId"`
	Clearing    string   `xml:"ClrSysRef"`
	Own         []string `xml:"Prtry>Ref"`
}

type wireAmountDetails struct {
	Instructed *wireAmount `xml:"InstdAmt>Amt"`
	Transacted *wireAmount `xml:"TxAmt>Amt"`
}

type wireCharges struct {
	Records []struct {
		Amount   wireAmount `xml:"Amt"`
		Sign     string     `xml:"CdtDbtInd"`
		Included string     `xml:"ChrgInclInd"`
	} `xml:"Rcrd"`
}

type wireParty struct {
	Name04 string `xml:"Nm"`     // in version 04
	Name   string `xml:"Pty>Nm"` // in version 08
	Agent  string `xml:"Agt>FinInstnId>Nm"`
}

type wireRemittance struct {
	Unstructured []string `xml:"Ustrd"`
	Structured   []struct {
		Reference string   `xml:"CdtrRefInf>Ref"`
		Document  []string `xml:"RfrdDocInf>Nb"`
		Text      []string `xml:"AddtlRmtInf"`
	} `xml:"Strd"`
}
