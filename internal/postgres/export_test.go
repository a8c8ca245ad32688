package postgres

// TablesWithPrivileges returns the tables that privileges has a line for.
func TablesWithPrivileges() (tables []string) {
	for _, p := range privileges {
		tables = append(tables, p.table)
	}
	return tables
}
