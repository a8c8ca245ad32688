package simulator

// The containers that requests are made of (Saferpay JSON API 1.53). The simulator acts on few of them but checks all, so
// that what passes here has the right form there.

var headerSchema = object{
	"SpecVersion":    required(oneOf(specVersions()...)),
	"CustomerId":     required(text(numericCharacters, 1, 8)),
	"RequestId":      required(id(50)),
	"RetryIndicator": required(integer(0, 9)),
	"ClientInfo": optional(object{
		"ShopInfo": optional(latinText(100)),
		"OsInfo":   optional(latinText(100)),
	}.check),
}

// amountSchema is AmountWithoutZero, amountOrZeroSchema is AmountWithZero.
var (
	amountSchema = object{
		"Value":        required(text(minorUnits, 1, 12)),
		"CurrencyCode": required(text(currencyCode, 3, 3)),
	}
	amountOrZeroSchema = object{
		"Value":        required(text(minorUnitsOrZero, 1, 12)),
		"CurrencyCode": required(text(currencyCode, 3, 3)),
	}
)

var paymentSchema = object{
	"Amount":      required(amountSchema.check),
	"OrderId":     optional(id(80)),
	"Description": required(utf8text(1000)),
	"PayerNote":   optional(utf8text(50)),
	"MandateId":   optional(id(35)),
	"Options": optional(object{
		"AllowPartialAuthorization": optional(boolean),
		"PreAuth":                   optional(boolean),
	}.check),
	"Installment": optional(object{"Initial": required(boolean)}.check),
	"Recurring":   optional(object{"Initial": required(boolean)}.check),
}

var notificationSchema = object{
	"SuccessNotifyUrl":     optional(webAddress),
	"FailNotifyUrl":        optional(webAddress),
	"MerchantEmails":       optional(listOf(utf8text(1000))),
	"PayerEmail":           optional(utf8text(1000)),
	"PayerDccReceiptEmail": optional(utf8text(1000)),
}

var pendingNotificationSchema = object{
	"MerchantEmails": optional(listOf(utf8text(1000))),
	"NotifyUrl":      optional(webAddress),
}

var payerSchema = object{
	"LanguageCode":          optional(text(languageCode, 2, 7)),
	"Id":                    optional(utf8text(1000)),
	"AcceptHeader":          optional(utf8text(1000)),
	"BillingAddress":        optional(billingAddressSchema().check),
	"ColorDepth":            optional(oneOf("1bit", "4bits", "8bits", "15bits", "16bits", "24bits", "32bits", "48bits")),
	"DeliveryAddress":       optional(addressSchema().check),
	"IpAddress":             optional(utf8text(15)),
	"Ipv6Address":           optional(utf8text(45)),
	"JavaEnabled":           optional(boolean),
	"JavaScriptEnabled":     optional(boolean),
	"ScreenHeight":          optional(integer(0, 1<<31)),
	"ScreenWidth":           optional(integer(0, 1<<31)),
	"TimeZoneOffsetMinutes": optional(integer(-1440, 1440)),
	"UserAgent":             optional(utf8text(1000)),
}

func addressSchema() object {
	return object{
		"City":                   optional(utf8text(100)),
		"Company":                optional(utf8text(100)),
		"CountryCode":            optional(text(countryCode, 2, 2)),
		"CountrySubdivisionCode": optional(text(subdivisionCode, 1, 6)),
		"DateOfBirth":            optional(text(dayCharacters, 10, 10)),
		"Email":                  optional(utf8text(1000)),
		"FirstName":              optional(utf8text(100)),
		"Gender":                 optional(oneOf(genders...)),
		"LastName":               optional(utf8text(100)),
		"Phone":                  optional(utf8text(100)),
		"Street":                 optional(utf8text(100)),
		"Street2":                optional(utf8text(100)),
		"Zip":                    optional(utf8text(100)),
	}
}

func billingAddressSchema() object {
	billing := addressSchema()
	billing["VatNumber"] = optional(utf8text(25))
	return billing
}

var genders = []string{"MALE", "FEMALE", "DIVERSE", "COMPANY"}

// addressForm lists the fields that the payer must fill in on the payment page.
func addressForm(fields ...string) object {
	return object{
		"AddressSource":   required(oneOf("NONE", "SAFERPAY", "PREFER_PAYMENTMETHOD")),
		"MandatoryFields": optional(listOf(oneOf(fields...))),
	}
}

var (
	billingAddressForm = addressForm("CITY", "COMPANY", "VATNUMBER", "COUNTRY", "EMAIL", "FIRSTNAME", "LASTNAME", "PHONE",
		"SALUTATION", "STATE", "STREET", "ZIP")
	deliveryAddressForm = addressForm("CITY", "COMPANY", "COUNTRY", "EMAIL", "FIRSTNAME", "LASTNAME", "PHONE", "SALUTATION",
		"STATE", "STREET", "ZIP")
)

var orderSchema = object{"Items": required(listOf(object{
	"CategoryName":   optional(utf8text(100)),
	"Description":    optional(utf8text(200)),
	"DiscountAmount": optional(utf8text(1000)),
	"Id":             optional(utf8text(100)),
	"ImageUrl":       optional(webAddress),
	"IsPreOrder":     optional(boolean),
	"Name":           optional(utf8text(200)),
	"ProductUrl":     optional(webAddress),
	"Quantity":       optional(integer(0, 1<<31)),
	"TaxAmount":      optional(utf8text(1000)),
	"TaxRate":        optional(utf8text(1000)),
	"Type":           optional(oneOf("DIGITAL", "PHYSICAL", "SERVICE", "GIFTCARD", "DISCOUNT", "SHIPPINGFEE", "SALESTAX", "SURCHARGE")),
	"UnitPrice":      optional(utf8text(1000)),
	"VariantId":      optional(utf8text(100)),
}.check))}

var riskSchema = object{
	"DeliveryType":                   optional(oneOf("EMAIL", "SHOP", "HOMEDELIVERY", "PICKUP", "HQ")),
	"DeviceFingerprintTransactionId": optional(utf8text(1000)),
	"IsB2B":                          optional(boolean),
	"PayerProfile": optional(object{
		"Company":                optional(utf8text(100)),
		"CreationDate":           optional(date),
		"DateOfBirth":            optional(text(dayCharacters, 10, 10)),
		"Email":                  optional(utf8text(1000)),
		"FirstName":              optional(utf8text(100)),
		"Gender":                 optional(oneOf(genders...)),
		"HasAccount":             optional(boolean),
		"HasPassword":            optional(boolean),
		"LastLoginDate":          optional(date),
		"LastName":               optional(utf8text(100)),
		"PasswordForgotten":      optional(boolean),
		"PasswordLastChangeDate": optional(date),
		"Phone": optional(object{
			"Main":   optional(utf8text(100)),
			"Mobile": optional(utf8text(100)),
			"Work":   optional(utf8text(100)),
		}.check),
		"SecondaryEmail": optional(utf8text(1000)),
	}.check),
}

var marketplaceSchema = object{
	"SubmerchantId": required(id(15)),
	"Fee":           optional(amountSchema.check),
	"FeeRefund":     optional(amountSchema.check),
}

var installmentsSchema = object{"ChosenPlan": optional(object{
	"AnnualPercentageRate":        optional(utf8text(1000)),
	"FirstInstallmentAmount":      optional(amountOrZeroSchema.check),
	"InstallmentFee":              optional(amountOrZeroSchema.check),
	"InterestRate":                optional(utf8text(1000)),
	"NumberOfInstallments":        required(integer(0, 1<<31)),
	"SubsequentInstallmentAmount": optional(amountOrZeroSchema.check),
	"TotalAmountDue":              optional(amountOrZeroSchema.check),
}.check)}

var fundDistributorSchema = object{"ForeignRetailer": optional(object{
	"City":        optional(utf8text(13)),
	"CountryCode": required(text(countryCode, 2, 2)),
	"Name":        optional(utf8text(14)),
	"Street":      optional(utf8text(48)),
	"Zip":         optional(utf8text(10)),
}.check)}

// transactionReference names a transaction by its own id or its order's; each is optional by itself, but one must be
// there.
func transactionReference(path string, value any) []string {
	return oneAtLeast(object{
		"TransactionId": optional(text(alphaNumericCharacters, 1, 64)),
		"OrderId":       optional(id(80)),
	}, "TransactionId", "OrderId")(path, value)
}

// captureReference names a capture, or the transaction that was captured.
func captureReference(path string, value any) []string {
	return oneAtLeast(object{
		"CaptureId":     optional(id(64)),
		"TransactionId": optional(text(alphaNumericCharacters, 1, 64)),
		"OrderId":       optional(id(80)),
		"OrderPartId":   optional(id(80)),
	}, "CaptureId", "TransactionId", "OrderId")(path, value)
}
