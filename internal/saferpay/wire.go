package saferpay

import (
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/quittance/quittance/internal/money"
)

// Answers of the JSON API as they travel. What the specification calls mandatory has no omitempty, so that an answer
// encodes as it was decoded.

type responseHeader struct {
	SpecVersion string
	RequestID   string `json:"RequestId"`
}

// MinorAmount is money as Saferpay writes it: an integer string in minor units, so that "10800" CHF are 108 francs.
type MinorAmount struct {
	Value        string
	CurrencyCode string // ISO 4217, any currency
}

func minorAmount(a money.Amount) MinorAmount {
	return MinorAmount{strconv.FormatInt(a.Minor(), 10), string(a.Currency())}
}

// money returns the amount, which must be positive and in a currency that we know.
func (a MinorAmount) money() (money.Amount, error) {
	currency, err := money.ParseCurrency(a.CurrencyCode)
	if err != nil {
		return money.Amount{}, fmt.Errorf("its currency %q is not supported", a.CurrencyCode)
	}
	minor, err := strconv.ParseInt(a.Value, 10, 64)
	if err != nil || minor <= 0 {
		return money.Amount{}, fmt.Errorf("its amount %q is not a positive number of minor units", a.Value)
	}
	return money.FromMinor(minor, currency), nil
}

// transactionResponse is what Assert, Inquire and Refund answer.
type transactionResponse struct {
	ResponseHeader  responseHeader
	Transaction     wireTransaction
	PaymentMeans    wireMeans
	Payer           *Payer           `json:",omitempty"`
	Liability       *wireLiability   `json:",omitempty"`
	Dcc             *Conversion      `json:",omitempty"`
	FraudPrevention *fraudPrevention `json:",omitempty"`

	amount money.Amount // of the transaction, once validated
}

type wireTransaction struct {
	Type                    TransactionType
	Status                  TransactionStatus
	ID                      string `json:"Id"`
	Date                    time.Time
	Amount                  MinorAmount
	OrderID                 string           `json:"OrderId,omitempty"`
	CaptureID               string           `json:"CaptureId,omitempty"`
	AcquirerName            string           `json:",omitempty"`
	AcquirerReference       string           `json:",omitempty"`
	SixTransactionReference string           `json:",omitempty"`
	ApprovalCode            string           `json:",omitempty"`
	IssuerReference         *IssuerReference `json:",omitempty"`
}

type wireMeans struct {
	Brand       brand
	DisplayText string
	Wallet      string `json:",omitempty"`
	Card        *Card  `json:",omitempty"`
}

type brand struct {
	PaymentMethod string `json:",omitempty"`
	Name          string
}

type wireLiability struct {
	LiabilityShift bool
	LiableEntity   string
	InPSD2Scope    string   `json:"InPsd2Scope,omitempty"`
	ThreeDS        *ThreeDS `json:"ThreeDs,omitempty"`
}

type fraudPrevention struct {
	Result string `json:",omitempty"`
}

func (r *transactionResponse) validate() (err error) {
	if r.Transaction.ID == "" {
		return errors.New("it has no Transaction.Id")
	}
	switch r.Transaction.Status {
	case StatusAuthorized, StatusCaptured, StatusPending, StatusCanceled:
	default:
		return fmt.Errorf("its Transaction.Status %q is not a known one", r.Transaction.Status)
	}
	r.amount, err = r.Transaction.Amount.money()
	return err
}

func (r *transactionResponse) transaction() Transaction {
	t := r.Transaction
	return Transaction{
		ID: t.ID, Type: t.Type, Status: t.Status, Amount: r.amount, OrderID: t.OrderID, CaptureID: t.CaptureID, Date: t.Date,
		AcquirerName: t.AcquirerName, AcquirerReference: t.AcquirerReference, ApprovalCode: t.ApprovalCode,
		SixTransactionReference: t.SixTransactionReference, IssuerReference: t.IssuerReference,
	}
}

func (r *transactionResponse) assertion() Assertion {
	a := Assertion{
		Transaction: r.transaction(), Method: r.PaymentMeans.Brand.PaymentMethod, Brand: r.PaymentMeans.Brand.Name, PaymentMeans: r.PaymentMeans.DisplayText,
		Wallet: r.PaymentMeans.Wallet, Card: r.PaymentMeans.Card, Conversion: r.Dcc,
	}
	if r.Liability != nil {
		a.LiabilityShift, a.LiableEntity = r.Liability.LiabilityShift, r.Liability.LiableEntity
		a.InPSD2Scope, a.ThreeDS = r.Liability.InPSD2Scope, r.Liability.ThreeDS
	}
	if r.FraudPrevention != nil {
		a.FraudCheck = r.FraudPrevention.Result
	}
	if r.Payer != nil {
		a.Payer = *r.Payer
	}
	return a
}

type captureResponse struct {
	ResponseHeader responseHeader
	CaptureID      string `json:"CaptureId,omitempty"`
	Status         TransactionStatus
	Date           time.Time
}

func (r *captureResponse) validate() error { return settled(r.Status) }

type cancelResponse struct {
	ResponseHeader responseHeader
	TransactionID  string `json:"TransactionId"`
	OrderID        string `json:"OrderId,omitempty"`
	Date           time.Time
}

func (r *cancelResponse) validate() error {
	if r.TransactionID == "" {
		return errors.New("it has no TransactionId")
	}
	return nil
}

// progressResponse is what AssertCapture and AssertRefund answer.
type progressResponse struct {
	ResponseHeader responseHeader
	TransactionID  string `json:"TransactionId"`
	OrderID        string `json:"OrderId,omitempty"`
	Status         TransactionStatus
	Date           time.Time
}

func (r *progressResponse) validate() error {
	if r.TransactionID == "" {
		return errors.New("it has no TransactionId")
	}
	return settled(r.Status)
}

func settled(status TransactionStatus) error {
	if status != StatusCaptured && status != StatusPending {
		return fmt.Errorf("its Status %q is neither CAPTURED nor PENDING", status)
	}
	return nil
}

// headerResponse is an answer that says nothing but that it is one: it repeats the request's id.
type headerResponse struct {
	ResponseHeader responseHeader
}

func (r *headerResponse) validate() error {
	if r.ResponseHeader.RequestID == "" {
		return errors.New("it has no ResponseHeader.RequestId")
	}
	return nil
}

// errorMessage is Saferpay's error answer.
type errorMessage struct {
	ResponseHeader   responseHeader
	Behavior         string
	ErrorName        string
	ErrorMessage     string
	ErrorDetail      []string `json:",omitempty"`
	PayerMessage     string   `json:",omitempty"`
	ProcessorName    string   `json:",omitempty"`
	ProcessorResult  string   `json:",omitempty"`
	ProcessorMessage string   `json:",omitempty"`
	TransactionID    string   `json:"TransactionId,omitempty"`
	OrderID          string   `json:"OrderId,omitempty"`
}
