// SPDX-License-Identifier: Apache-2.0

// Reads a dashboard of Grafana by the types that Grafana Labs makes from its schema, and says what
// does not fit: unknown fields, fields that are missing, wrong types.
package main

import (
	"fmt"
	"io"
	"os"

	"github.com/grafana/grafana-foundation-sdk/go/cog/plugins"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
)

func main() {
	plugins.RegisterDefaultPlugins()
	content, err := io.ReadAll(os.Stdin)
	refuse(err)
	var read dashboard.Dashboard
	refuse(read.UnmarshalJSONStrict(content))
	refuse(read.Validate())
}

// A list of no errors is an error that says nothing.
func refuse(err error) {
	if err != nil && err.Error() != "" {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
