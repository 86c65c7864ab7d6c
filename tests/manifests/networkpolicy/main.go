// SPDX-License-Identifier: Apache-2.0

// Asks the evaluator of kube-network-policies which packets NetworkPolicies let through.
//
// Reads JSON values from stdin, one case each, and prints a list of booleans for each, one for each
// packet. The evaluator is private to its package: the build compiles its file beside these.
package main

import (
	"encoding/json"
	"errors"
	"io"
	"log"
	"os"
)

func main() {
	in, out := json.NewDecoder(os.Stdin), json.NewEncoder(os.Stdout)
	for {
		var asked Case
		if err := in.Decode(&asked); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			log.Fatal(err)
		}
		if err := out.Encode(Verdicts(asked)); err != nil {
			log.Fatal(err)
		}
	}
}
