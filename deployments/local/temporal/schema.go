package temporal

import (
	"go.temporal.io/server/common/config"
	"go.temporal.io/server/common/log"
	"go.temporal.io/server/common/persistence/sql/sqlplugin/postgresql"
	"go.temporal.io/server/tools/common/schema"
	"go.temporal.io/server/tools/sql"
)

// connections is the size of one pool; Temporal opens one for each of its two databases and service.
const connections = 10

// Database is one of Temporal's databases on Postgres.
type Database struct {
	// Address is host and port of the Postgres server.
	Address              string
	Name, Role, Password string
}

func (d Database) config() *config.SQL {
	return &config.SQL{
		PluginName:      postgresql.PluginNamePGX,
		ConnectAddr:     d.Address,
		ConnectProtocol: "tcp",
		DatabaseName:    d.Name,
		User:            d.Role,
		Password:        d.Password,
		MaxConns:        connections,
		MaxIdleConns:    connections,
	}
}

// updateSchema brings an empty or older database to the schema version of this server; name is one of those that the
// server's module embeds.
func (d Database) updateSchema(name string, logger log.Logger) error {
	connection, err := sql.NewConnection(d.config(), logger)
	if err != nil {
		return err
	}
	defer connection.Close()
	// A database that has a version already keeps it.
	if err := schema.NewSetupSchemaTask(connection, &schema.SetupConfig{InitialVersion: "0.0"}, logger).Run(); err != nil {
		return err
	}
	return schema.NewUpdateSchemaTask(connection, &schema.UpdateConfig{SchemaName: name}, logger).Run()
}
