package merchant

// How many a company may have of what each costs work for all, or is listed at once. All limits are in docs/api.md.
const (
	MaxServices     = 20  // payment services that are not disconnected
	MaxPastServices = 100 // payment services, the disconnected ones too
	MaxBankAccounts = 100
	MaxAPIKeys      = 100 // that have not ended
)
