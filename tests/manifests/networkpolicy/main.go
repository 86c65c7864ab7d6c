// SPDX-License-Identifier: Apache-2.0

// Asks the evaluator of kube-network-policies which packets NetworkPolicies let through.
//
// Reads JSON values from stdin, one case each, and prints a list of booleans for each, one for each
// packet. The evaluator is private to its package: the build compiles its file beside these.
//
// With the argument "yaml" it reads JSON strings instead, and prints what Kubernetes' own library
// makes of each as YAML: its JSON, or null where it refuses the text.
package main

import (
	"encoding/json"
	"errors"
	"io"
	"log"
	"os"

	"sigs.k8s.io/yaml"
)

func main() {
	in, out := json.NewDecoder(os.Stdin), json.NewEncoder(os.Stdout)
	if len(os.Args) > 1 && os.Args[1] == "yaml" {
		readYAML(in, out)
		return
	}
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

func readYAML(in *json.Decoder, out *json.Encoder) {
	for {
		var text string
		if err := in.Decode(&text); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			log.Fatal(err)
		}
		var answer *json.RawMessage
		if made, err := yaml.YAMLToJSON([]byte(text)); err == nil {
			raw := json.RawMessage(made)
			answer = &raw
		}
		if err := out.Encode(map[string]*json.RawMessage{"value": answer}); err != nil {
			log.Fatal(err)
		}
	}
}
