package postgres

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype/zeronull"

	"github.com/quittance/quittance/internal/id"
	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/personal"
	"github.com/quittance/quittance/internal/problem"
	"github.com/quittance/quittance/internal/sealed"
)

// Sealer seals what the database keeps, see secrets.Keyring.
type Sealer interface {
	SealAt(plaintext []byte, at sealed.Place) ([]byte, error)
	OpenAt(value []byte, at sealed.Place) ([]byte, error)
}

// customerKeys open and find what is kept of customers.
type customerKeys struct {
	personal.Keys
	sealer Sealer
}

// Unlock lets the store read and write customers, and makes the keys of the installation that this needs, unless the database has them.
// Call it before any invoice is read.
func (s *Store) Unlock(ctx context.Context, sealer Sealer) error {
	keys := &customerKeys{sealer: sealer}
	for id, key := range map[string]*[]byte{"customer index": &keys.Index, "online documents": &keys.Links} {
		place := sealed.InstallationKey.Of(sealed.InstallationKeys, id)
		fresh, err := sealer.SealAt(personal.NewKey(), place)
		if err != nil {
			return err
		}
		if _, err := s.pool.Exec(ctx, `insert into installation_keys (id, sealed_key) values ($1, $2) on conflict do nothing`, id, fresh); err != nil {
			return failed(err, "make the key %q of the installation", id)
		}
		var kept []byte
		if err := s.route(ctx, "key", `select sealed_key from installation_keys where id = $1`, id, &kept); err != nil {
			return err
		}
		if *key, err = sealer.OpenAt(kept, place); err != nil {
			return failed(err, "open the key %q of the installation", id)
		}
	}
	s.customers = keys
	return nil
}

var errLocked = errors.New("the store was not unlocked: it can't read or write customers")

// who is whose an invoice is, as the database has it.
type who struct {
	customerID string
	key        []byte // nil once the customer is erased
	fields     []byte // what is sealed of the invoice
}

// fields are what is known of a person in one invoice. They are sealed together.
type fields struct {
	Name        string          `json:"name"`
	Email       string          `json:"email,omitempty"`
	Address     invoice.Address `json:"address,omitzero"`
	EmailTo     string          `json:"email_to,omitempty"`
	EmailReason string          `json:"email_reason,omitempty"`
}

func fieldsOf(i invoice.Invoice) ([]byte, error) {
	return json.Marshal(fields{i.Customer.Name, i.Customer.Email, i.Content.Address, i.Email.To, i.Email.Reason})
}

// reached is what is known of a person in one reminder.
type reached struct {
	To     string `json:"to"`
	Reason string `json:"reason,omitempty"`
}

// placeOf and placeOfReminder are for what the fields of an invoice and of its reminders are sealed.
func placeOf(invoiceID string) string         { return "invoice_customers/" + invoiceID }
func placeOfReminder(invoiceID string) string { return "invoice_reminders/" + invoiceID }

// openKey returns the key of a customer.
func (k *customerKeys) openKey(companyID, customerID string, kept []byte) ([]byte, error) {
	if k == nil {
		return nil, errLocked
	}
	key, err := k.sealer.OpenAt(kept, sealed.CustomerKey.Of(companyID, customerID))
	return key, failed(err, "open the key of customer %s", customerID)
}

// keptReminder is a reminder as remindersOf reads it.
type keptReminder struct {
	invoice.Reminder
	Personal []byte
}

// kept is what the columns of an invoice say of its customer.
type kept struct {
	customerID           *string // nil while it stands in the columns of before
	erasedAt             time.Time
	key, personal        []byte
	name, email          string // of before
	emailTo, emailReason string
	linkVersion          int
	token                string
	reminders            []keptReminder
}

// fill puts what is kept of the customer into the invoice, and returns whose it is.
func (k *customerKeys) fill(i *invoice.Invoice, from kept) (w who, err error) {
	if k == nil {
		return w, errLocked
	}
	i.Token = from.token
	for _, r := range from.reminders {
		i.Reminders = append(i.Reminders, r.Reminder)
	}
	if from.customerID == nil {
		i.Customer.Name, i.Customer.Email, i.Email.To, i.Email.Reason = from.name, from.email, from.emailTo, from.emailReason
		return w, nil
	}
	i.Token, i.Customer.ErasedAt, w.customerID = k.Token(i.ID, from.linkVersion), from.erasedAt, *from.customerID
	if from.key == nil {
		w.fields, err = fieldsOf(*i)
		return w, err
	}
	if w.key, err = k.openKey(i.CompanyID, w.customerID, from.key); err != nil {
		return w, err
	}
	if w.fields, err = personal.Open(w.key, from.personal, placeOf(i.ID)); err != nil {
		return w, failed(err, "read the customer of invoice %s", i.ID)
	}
	var f fields
	if err := json.Unmarshal(w.fields, &f); err != nil {
		return w, failed(err, "read the customer of invoice %s", i.ID)
	}
	i.Customer.Name, i.Customer.Email, i.Content.Address, i.Email.To, i.Email.Reason = f.Name, f.Email, f.Address, f.EmailTo, f.EmailReason
	for n, r := range from.reminders {
		if r.Personal == nil {
			continue
		}
		var to reached
		opened, err := personal.Open(w.key, r.Personal, placeOfReminder(i.ID))
		if err == nil {
			err = json.Unmarshal(opened, &to)
		}
		if err != nil {
			return w, failed(err, "read the reminders of invoice %s", i.ID)
		}
		i.Reminders[n].Email.To, i.Reminders[n].Email.Reason = to.To, to.Reason
	}
	return w, nil
}

// keepCustomer stores what is known of the invoice's customer, unless it is what was read of it. Another mail address is another customer.
// An erased customer is problem.CustomerErased.
func (tx *Tx) keepCustomer(ctx context.Context, i invoice.Invoice) error {
	if tx.customers == nil {
		return errLocked
	}
	plain, err := fieldsOf(i)
	if err != nil {
		return err
	}
	was, read := tx.whose[i.ID]
	switch {
	case read && bytes.Equal(was.fields, plain):
		return nil
	case !i.Customer.ErasedAt.IsZero() && i.Customer.Name == "" && i.Customer.Email == "" && i.Content.Address == (invoice.Address{}):
		return nil // to whom a mail went, and why it failed, is forgotten too
	case !i.Customer.ErasedAt.IsZero():
		return problem.New(problem.CustomerErased, "The customer of invoice %s was erased. Nothing can be known of them again here: write another invoice.", i.Number)
	}
	now, err := tx.customerOf(ctx, i, was)
	if err != nil {
		return err
	}
	moved := was.customerID != "" && was.customerID != now.customerID
	if moved && i.Email.To != i.Customer.Email { // that was another customer, who must not be known through this one
		i.Email.To = ""
		if plain, err = fieldsOf(i); err != nil {
			return err
		}
	}
	value, err := personal.Seal(now.key, plain, placeOf(i.ID))
	if err != nil {
		return err
	}
	_, err = tx.tx.Exec(ctx, `
		insert into invoice_customers (company_id, invoice_id, customer_id, personal, mailable, name_index, email_index)
		values ($1, $2, $3, $4, $5, $6, $7)
		on conflict (company_id, invoice_id) do update set customer_id = excluded.customer_id, personal = excluded.personal,
			mailable = excluded.mailable, name_index = excluded.name_index, email_index = excluded.email_index`,
		i.CompanyID, i.ID, now.customerID, value, i.Customer.Email != "",
		tx.customers.Pieces(i.CompanyID, personal.Name, i.Customer.Name), tx.customers.Pieces(i.CompanyID, personal.Email, i.Customer.Email))
	if err != nil {
		return failed(err, "store the customer of invoice %s", i.ID)
	}
	now.fields = plain
	tx.whose[i.ID] = now
	if !moved {
		return nil
	}
	for _, r := range i.Reminders { // they were sealed with another key
		r.Email.To = ""
		if err := tx.SaveReminder(ctx, i.ID, r); err != nil {
			return err
		}
	}
	return nil
}

// customerOf returns the customer to whom the invoice belongs now: the one of its mail address; without one it stays whose it was, or is
// a customer of its own. Nobody can
// erase that customer until the transaction ends.
func (tx *Tx) customerOf(ctx context.Context, i invoice.Invoice, was who) (w who, err error) {
	var index []byte
	if i.Customer.Email != "" {
		index = tx.customers.Address(i.CompanyID, i.Customer.Email)
	}
	fresh := who{customerID: id.New(id.Customer), key: personal.NewKey()}
	sealedKey, err := tx.customers.sealer.SealAt(fresh.key, sealed.CustomerKey.Of(i.CompanyID, fresh.customerID))
	if err != nil {
		return w, err
	}
	for {
		found, err := all(ctx, tx.tx, pgx.RowToStructByPos[sealedCustomer], "look up the customer of an invoice", `
			with known as (
				select id, sealed_key from customers where address_index = $4 or id = $5 and $4::bytea is null for key share
			), made as (
				insert into customers (company_id, id, sealed_key, address_index, created_at) select $1, $2, $3, $4, now()
				where not exists (select from known) on conflict (company_id, address_index) do nothing returning id, sealed_key
			)
			select id, sealed_key from known union all select id, sealed_key from made`,
			i.CompanyID, fresh.customerID, sealedKey, index, was.customerID)
		if err != nil {
			return w, err
		}
		if len(found) == 0 { // somebody else has just made that customer
			continue
		}
		if found[0].ID == fresh.customerID {
			return fresh, nil
		}
		w.customerID = found[0].ID
		w.key, err = tx.customers.openKey(i.CompanyID, w.customerID, found[0].Key)
		return w, err
	}
}

// sealedCustomer is a customer with the key, sealed; nil once erased.
type sealedCustomer struct {
	ID  string
	Key []byte
}

// sealReached returns what is known of a person in a reminder of the invoice, sealed; nil for an erased customer.
func (tx *Tx) sealReached(ctx context.Context, invoiceID string, r invoice.Reminder) ([]byte, error) {
	w, read := tx.whose[invoiceID]
	if !read {
		if _, err := tx.Invoice(ctx, invoiceID); err != nil {
			return nil, err
		}
		w = tx.whose[invoiceID]
	}
	if w.key == nil {
		return nil, nil
	}
	plain, err := json.Marshal(reached{r.Email.To, r.Email.Reason})
	if err != nil {
		return nil, err
	}
	return personal.Seal(w.key, plain, placeOfReminder(invoiceID))
}

// scanned is zeronull's time, for columns that may be null.
func scanned(t *time.Time) *zeronull.Timestamptz { return (*zeronull.Timestamptz)(t) }
