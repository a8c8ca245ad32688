package temporalkit

import (
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
)

// failures has the details of errors encrypted as all else, for their workflow. The SDK's own converter would write them in plain JSON.
// Messages stay readable: they are sentences for operators and hold no personal data.
type failures struct {
	converter.FailureConverter
	details converter.DataConverter
}

func failuresBy(details converter.DataConverter) failures {
	return failures{temporal.NewDefaultFailureConverter(temporal.DefaultFailureConverterOptions{DataConverter: details}), details}
}

// WithSerializationContext returns the converter for one workflow.
func (f failures) WithSerializationContext(ctx converter.SerializationContext) converter.FailureConverter {
	return failuresBy(converter.WithDataConverterSerializationContext(f.details, ctx))
}
